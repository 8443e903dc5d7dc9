"""The steps of a request that an application has replaced.

Subclasses, instances and agents replace methods. The pipeline calls replaced steps and does the
work of the others without calling their methods.
"""

from __future__ import annotations

import typing as t
from operator import attrgetter

from .plan import HOOKS

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
"""Methods of the application whose work the pipeline does itself. It calls all others."""

REGISTRIES = (
    *(hook.registry for hook in HOOKS.values()),
    "error_handler_spec",
    "teardown_appcontext_funcs",
    "url_default_functions",
    "view_functions",
)
"""Attributes with registries."""

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
    """Flags for each step, true if the application replaced it."""

    if t.TYPE_CHECKING:

        def __getattr__(self, name: str) -> bool: ...

    def __init__(self, app: t.Any, built_in: type) -> None:
        own, cls = vars(app), type(app)
        known = BUILT_IN[built_in]
        # PERF: nearly all applications replace none; then the flags are those of the class.
        if _methods_of(cls) == tuple(known.values()) and own.keys().isdisjoint(STEPS):
            return
        for name in STEPS:
            method = getattr(cls, name)
            method = getattr(method, "stands_for", None) or method
            if name in own or method is not known[name]:
                setattr(self, name, True)

    def any(self, besides: t.Container[str] = ()) -> bool:
        """True if a step of every request was replaced."""
        return any(name not in _URL_STEPS and name not in besides for name in vars(self))

    def step(self, method: F) -> F:
        """Return the function to call for a replaced step that answers an exception."""
        return method


for _name in STEPS:
    setattr(Replaced, _name, False)

_methods_of = attrgetter(*STEPS)
_URL_STEPS = {"inject_url_defaults", "url_for"}

BUILT_IN: dict[type, dict[str, t.Any]] = {}


def remember(cls: type) -> None:
    """Record the built-in methods of an application class before users can replace them."""
    BUILT_IN[cls] = {name: getattr(cls, name) for name in STEPS}
