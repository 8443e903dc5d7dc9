"""The plan: all properties of an endpoint's requests that are known in advance."""

from __future__ import annotations

import typing as t

from .invalidation import Revision

if t.TYPE_CHECKING:
    from .program import RequestProgram

Hooks = tuple[t.Callable[..., t.Any], ...]


class HookKind(t.NamedTuple):
    """A kind of function that runs with requests: where it is declared and when it runs."""

    registry: str
    """The attribute of applications and blueprints that has lists of them by blueprint name."""

    when: t.Literal["before", "after", "end"]
    """Before the view: the application's first, then the blueprints' from the outermost in.
    After the view and at the end of the request: the other way round.
    """

    may_be_async: bool = True


HOOKS = {
    "preprocessors": HookKind("url_value_preprocessors", "before", may_be_async=False),
    "before": HookKind("before_request_funcs", "before"),
    "after": HookKind("after_request_funcs", "after"),
    "teardown": HookKind("teardown_request_funcs", "end"),
}
"""The kinds of hooks, by the attribute of :class:`Plan` that has them."""

_MAX_HANDLERS = 256


class Plan:
    """The steps of the requests for one endpoint, in their final order.

    It is compiled on the first request for the endpoint and valid until a declaration changes. A
    step without functions is an empty tuple.
    """

    __slots__ = (
        *HOOKS,
        "blueprints",
        "endpoint",
        "handlers",
        "has_no_pre_hooks",
        "has_plain_answer",
        "has_plain_end",
        "is_direct",
        "is_plain",
        "program",
        "revision",
        "view",
    )

    program: RequestProgram
    """The plan's program."""

    revision: Revision
    """Revision of the program. The plan is valid while its program is the current one."""

    endpoint: str | None
    """The endpoint; ``None`` for requests that no rule matched."""

    blueprints: tuple[str, ...]
    """Names of the endpoint's blueprint and its parents, innermost first."""

    view: t.Callable[..., t.Any] | None
    """Function called with the URL variables; ``None`` if it is missing, which is an error."""

    preprocessors: Hooks
    """URL value preprocessors: the application's, then the blueprints', outermost first."""

    before: Hooks
    """``before_request`` functions: the application's, then the blueprints', outermost first."""

    after: Hooks
    """``after_request`` functions: the innermost blueprint's first, the application's last, each
    group in reverse order of registration.
    """

    teardown: Hooks
    """``teardown_request`` functions, in the order of :attr:`after`."""

    handlers: dict[type[BaseException], t.Callable[..., t.Any] | None]
    """Error handlers by exception class, filled on demand."""

    has_no_pre_hooks: bool
    """True if no hook runs before the view."""

    is_direct: bool
    """True if a request goes directly from its match to the view."""

    has_plain_answer: bool
    """True if text from the view goes to the server without a further step."""

    has_plain_end: bool
    """True if only the contexts end after the response."""

    is_plain: bool
    """True if there is a view and no other step, so that the entry point can do it all."""

    def keep_handler(
        self, error_class: type[BaseException], handler: t.Callable[..., t.Any] | None
    ) -> None:
        """Store the handler of an exception class, up to a maximum number of classes."""
        if len(self.handlers) < _MAX_HANDLERS:
            self.handlers[error_class] = handler
