"""WebSocket handlers, as they stand among an application's views."""

from __future__ import annotations

import typing as t

from werkzeug.exceptions import NotImplemented as NotImplementedResponse

from ..globals import request
from ..helpers import is_async

MISSING = "flask.websocket_missing"
"""The key of an environ with what is missing for a WebSocket, and how to get it."""

USE_ASGI = (
    "Serve the application by ASGI with a WebSocket library, for example by uvicorn: 'python -m pip"
    " install uvicorn websockets'."
)


class Handler:
    """A handler in the place of a view, so that endpoints have one namespace.

    Only a WebSocket connection calls :attr:`function`.  Called as a view, which happens where a
    server doesn't pass WebSockets on, it says what is missing.

    :param function: the application's handler.
    """

    def __init__(self, function: t.Callable[..., t.Any]) -> None:
        self.function = function
        self.is_async = is_async(function)
        self.__name__: str = getattr(function, "__name__", repr(function))
        self.__doc__ = function.__doc__
        self.__module__ = getattr(function, "__module__", None) or __name__

    def __call__(self, **view_args: t.Any) -> t.NoReturn:
        reason = request.environ.get(MISSING)
        raise NotImplementedResponse(
            f"WebSockets are not available on this server. {reason or USE_ASGI}"
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Handler) and other.function is self.function

    def __hash__(self) -> int:
        return hash(self.function)

    def __repr__(self) -> str:
        return f"<WebSocket handler {self.function!r}>"
