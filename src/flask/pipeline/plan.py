"""The plan: everything about an endpoint's requests that can be worked out before they come."""

from __future__ import annotations

import typing as t

Hooks = tuple[t.Callable[..., t.Any], ...]


class Plan:
    """What happens to the requests for one endpoint, in its final order.

    Compiled on the first request for the endpoint and kept until something is declared anew.
    A step for which there is nothing to do is an empty tuple.
    """

    __slots__ = (
        "after",
        "bare",
        "before",
        "compiled",
        "endpoint",
        "preprocessors",
        "teardown",
        "view",
    )

    compiled: t.Any
    """What the plan is a part of, and is good for."""

    endpoint: str | None
    """``None``: for requests that no rule matched."""

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

    bare: bool
    """Whether there is a view and nothing before it."""
