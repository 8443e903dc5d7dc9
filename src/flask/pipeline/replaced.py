"""Which steps of a request an application has replaced.

Subclasses, instances and agents replace methods.  A replaced step is called in its place in the
pipeline; the others are done without calling their methods.
"""

from __future__ import annotations

import typing as t

F = t.TypeVar("F", bound=t.Callable[..., t.Any])

STEPS = (
    "_find_error_handler",
    "app_context",
    "create_url_adapter",
    "dispatch_request",
    "do_teardown_appcontext",
    "do_teardown_request",
    "ensure_sync",
    "finalize_request",
    "full_dispatch_request",
    "handle_exception",
    "handle_http_exception",
    "handle_user_exception",
    "inject_url_defaults",
    "make_response",
    "preprocess_request",
    "process_response",
    "request_context",
    "url_for",
)
"""Methods of the application whose work the pipeline does itself; it calls all others."""

REGISTRIES = (
    "after_request_funcs",
    "before_request_funcs",
    "error_handler_spec",
    "teardown_appcontext_funcs",
    "teardown_request_funcs",
    "url_default_functions",
    "url_value_preprocessors",
    "view_functions",
)
"""Attributes that hold what was declared."""

SETTINGS = (
    "__class__",
    "config",
    "json",
    "request_class",
    "response_class",
    "session_interface",
    "subdomain_matching",
    "url_map",
)
"""Other attributes that a program depends on."""

WATCHED = frozenset((*STEPS, *REGISTRIES, *SETTINGS))


class Replaced:
    """For each step, whether the application replaced it."""

    __slots__ = STEPS

    if t.TYPE_CHECKING:

        def __getattr__(self, name: str) -> bool: ...

    def __init__(self, app: t.Any, built_in: type) -> None:
        own, cls = vars(app), type(app)
        for name in STEPS:
            method = getattr(cls, name)
            method = getattr(method, "stands_for", None) or method
            setattr(self, name, name in own or method is not BUILT_IN[built_in][name])

    def any(self, besides: t.Container[str] = ()) -> bool:
        """Whether any step was replaced that a request always takes."""
        names = [name for name in STEPS if name not in _URL_STEPS and name not in besides]
        return any(getattr(self, name) for name in names)

    def step(self, method: F) -> F:
        """Return the function to call for a replaced step that answers an exception."""
        return method


_URL_STEPS = {"inject_url_defaults", "url_for"}

BUILT_IN: dict[type, dict[str, t.Any]] = {}


def remember(cls: type) -> None:
    """Note the built-in methods of an application class, before anyone can replace them."""
    BUILT_IN[cls] = {name: getattr(cls, name) for name in STEPS}
