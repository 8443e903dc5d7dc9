"""The plan: everything about an endpoint's requests that can be worked out before they come."""

from __future__ import annotations

import typing as t

from .invalidation import Revision

if t.TYPE_CHECKING:
    from .program import RequestProgram

Hooks = tuple[t.Callable[..., t.Any], ...]

_MAX_HANDLERS = 256


class Plan:
    """The steps of the requests for one endpoint, in their final order.

    Compiled on the first request for the endpoint and kept until something is declared anew.
    A step for which there is nothing to do is an empty tuple.
    """

    __slots__ = (
        "after",
        "before",
        "blueprints",
        "endpoint",
        "handlers",
        "has_no_pre_hooks",
        "has_plain_answer",
        "has_plain_end",
        "is_direct",
        "is_plain",
        "preprocessors",
        "program",
        "revision",
        "teardown",
        "view",
    )

    program: RequestProgram
    """The program that the plan is a part of."""

    revision: Revision
    """The plan holds for as long as its program is this revision's current one."""

    endpoint: str | None
    """``None``: for requests that no rule matched."""

    blueprints: tuple[str, ...]
    """The names of the endpoint's blueprint and of those around it, innermost first."""

    view: t.Callable[..., t.Any] | None
    """Called with the arguments from the path; ``None``: there is none, which is an error."""

    preprocessors: Hooks
    """URL value preprocessors: the application's, then the blueprints' from the outermost in."""

    before: Hooks
    """``before_request`` functions: the application's, then the blueprints' likewise."""

    after: Hooks
    """``after_request`` functions: the innermost blueprint's first, the application's last, each
    group in reverse order of registration.
    """

    teardown: Hooks
    """``teardown_request`` functions, in the order of :attr:`after`."""

    handlers: dict[type[BaseException], t.Callable[..., t.Any] | None]
    """Error handlers by exception class, as far as they were asked for."""

    has_no_pre_hooks: bool
    """Whether nothing comes before the view."""

    is_direct: bool
    """Whether a request goes from its match to the view."""

    has_plain_answer: bool
    """Whether text that the view returns goes to the server with no step between them."""

    has_plain_end: bool
    """Whether nothing but the contexts' end comes after the answer."""

    is_plain: bool
    """Whether there is a view and no other step, so that the entry point may do it all."""

    def keep_handler(
        self, error_class: type[BaseException], handler: t.Callable[..., t.Any] | None
    ) -> None:
        """Remember the handler of an exception class; classes may be made without end."""
        if len(self.handlers) < _MAX_HANDLERS:
            self.handlers[error_class] = handler
