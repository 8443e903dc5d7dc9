"""Which steps of a request an application has replaced.

Subclasses, instances and agents replace methods.  A request may take the direct way only where
the built-in method is still the one that would be called.
"""

from __future__ import annotations

import typing as t

from ..ctx import AppContext, RequestContext

if t.TYPE_CHECKING:
    from ..app import Flask

STEPS = frozenset(
    {
        "app_context",
        "create_url_adapter",
        "dispatch_request",
        "do_teardown_appcontext",
        "do_teardown_request",
        "finalize_request",
        "full_dispatch_request",
        "make_response",
        "preprocess_request",
        "process_response",
        "request_context",
    }
)
"""The methods whose work the direct way does itself; the others it calls."""

REGISTRIES = frozenset(
    {
        "after_request_funcs",
        "before_request_funcs",
        "blueprints",
        "error_handler_spec",
        "teardown_appcontext_funcs",
        "teardown_request_funcs",
        "template_context_processors",
        "url_default_functions",
        "url_map",
        "url_value_preprocessors",
        "view_functions",
    }
)
"""The attributes that hold what was declared."""

OTHERS = frozenset(
    {
        "_got_first_request",
        "config",
        "ensure_sync",
        "inject_url_defaults",
        "json",
        "request_class",
        "response_class",
        "session_interface",
        "subdomain_matching",
        "url_for",
    }
)
"""What else a compiled pipeline depends on."""

WATCHED = STEPS | REGISTRIES | OTHERS


def is_built_in(app: Flask, base: type, name: str) -> bool:
    """Whether a method of the application is the one that the base class came with."""
    if name in app.__dict__:
        return False
    return getattr(type(app), name) is _ORIGINALS.get((base, name))


def remember(base: type) -> None:
    """Note the base class's own methods, before anyone can replace them on the class."""
    for name in WATCHED:
        method = getattr(base, name, None)
        if method is not None:
            _ORIGINALS[base, name] = method


def contexts_are_standard() -> bool:
    """Whether nobody replaced the methods of the context classes."""
    return _context_methods() == _CONTEXT_METHODS


def _context_methods() -> list[t.Any]:
    return [
        getattr(context_class, name, None)
        for context_class in (AppContext, RequestContext)
        for name in sorted(context_class.watched_names)
    ]


_CONTEXT_METHODS = _context_methods()
_ORIGINALS: dict[tuple[type, str], t.Any] = {}
