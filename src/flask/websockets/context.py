"""The context of a WebSocket."""

from __future__ import annotations

import contextlib
import typing as t
from contextvars import ContextVar
from functools import update_wrapper

from ..ctx import ACTIVE, ENDED, AppContext, RequestContext
from ..doors.scope import environ_of
from ..globals import _cv_app, _cv_request, _make_proxy
from ..helpers import is_async
from ..wrappers import lazy_attribute
from .blocking import SyncWebsocket
from .messages import Receive, Send
from .websocket import Websocket

if t.TYPE_CHECKING:
    from contextvars import Token

    from _typeshed.wsgi import WSGIEnvironment

    from ..app import Flask
    from ..doors.scope import Scope
    from ..sessions import SessionMixin

F = t.TypeVar("F", bound=t.Callable[..., t.Any])

DEFAULT_LIMIT = 1024 * 1024
"""The size of the largest message where ``MAX_WEBSOCKET_MESSAGE`` doesn't say, in bytes."""

_cv_websocket: ContextVar[WebsocketContext] = ContextVar("flask.websocket_ctx")

_NO_WEBSOCKET = (
    "Working outside of websocket context.\n\n"
    "Something here asked for the current WebSocket while none was open. Use it in a handler that"
    " '@app.websocket' declares, or in a function that such a handler calls."
)

Run = t.Callable[..., t.Awaitable[t.Any]]


class WebsocketContext(RequestContext):
    """One WebSocket on its way through the application.

    Its handshake is the current request, so that ``request``, ``session`` and ``url_for`` work.

    :param scope: of the connection, from the ASGI server, as are ``receive`` and ``send``.
    :param run: calls a function of the application where it belongs.
    """

    def __init__(
        self, app: Flask, scope: Scope, receive: Receive, send: Send, run: Run | None = None
    ) -> None:
        self.app = app
        self.scope = scope
        self._run = run
        config = app.config
        self.websocket = Websocket(
            self,
            receive,
            send,
            config.get("MAX_WEBSOCKET_MESSAGE", DEFAULT_LIMIT),
            config.get("RESPONSE_TIMEOUT", 60.0),
        )
        self._app_context: AppContext | None = None
        self._websocket_token: Token[WebsocketContext] | None = None

    @lazy_attribute
    def environ(self) -> WSGIEnvironment:
        """The WSGI environment of the handshake."""
        return environ_of_handshake(self.scope)

    @lazy_attribute
    def sync_websocket(self) -> SyncWebsocket:
        """The WebSocket for functions that block."""
        return SyncWebsocket(self.websocket)

    def copy(self) -> t.Any:
        """Return a context with the handshake alone."""
        return RequestContext(self.app, self.request.environ, self.request, self._session)

    # Contexts

    def enter(self) -> None:
        """Make this the current WebSocket, request and application."""
        app_context = self._app_context = self.app.app_context()
        app_context.push()
        self._tokens = ((_cv_request.set(self), app_context),)
        self._websocket_token = _cv_websocket.set(self)
        self.state = ACTIVE

    def leave(self) -> None:
        """Restore what was current before, without the application's context."""
        ((token, _),) = self._tokens
        self._tokens = ()
        self.state = ENDED
        if self._websocket_token is not None:
            _cv_websocket.reset(self._websocket_token)
        _cv_request.reset(token)
        if self._routing_error is not None:
            self.clear_routing_traceback()

    @contextlib.contextmanager
    def shared(self) -> t.Iterator[None]:
        """Make the WebSocket current elsewhere too, in another thread for example."""
        assert self._app_context is not None
        tokens: tuple[t.Any, ...] = (
            (_cv_app, _cv_app.set(self._app_context)),
            (_cv_request, _cv_request.set(self)),
            (_cv_websocket, _cv_websocket.set(self)),
        )
        try:
            yield
        finally:
            for variable, token in reversed(tokens):
                variable.reset(token)

    # The session

    async def session_headers(self) -> list[tuple[bytes, bytes]]:
        """Save the session; return the headers that saving it adds to the handshake's response."""
        session = self._session_object
        if session is None:
            return []
        response = self.app.response_class()
        before = len(response.headers)
        await self.save_session(session, response)
        return [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in list(response.headers)[before:]
        ]

    async def save_session(self, session: SessionMixin, response: t.Any) -> None:
        """Have the session interface save the session."""
        interface = self.app.session_interface
        if not interface.is_null_session(session):
            await self.call(interface.save_session, self.app, session, response)

    async def call(self, function: t.Callable[..., t.Any], *args: t.Any) -> t.Any:
        """Call a function of the framework, or what replaces it, where it may block."""
        if self._run is None:
            return function(*args)
        return await self._run(function, *args)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.websocket!r} of {self.app.name}>"


def environ_of_handshake(scope: Scope) -> WSGIEnvironment:
    """Return the environ of the GET request that a WebSocket begins with."""
    secure = scope.get("scheme") in {"wss", "https"}
    request = {
        "http_version": "1.1",
        **scope,
        "method": "GET",
        "scheme": "https" if secure else "http",
    }
    environ = environ_of(request)
    environ["asgi.scope"] = scope
    # Over HTTP/2 (:rfc:`8441`) there are no such headers, by which rules are told apart.
    environ["HTTP_UPGRADE"] = "websocket"
    environ["HTTP_CONNECTION"] = "Upgrade"
    return environ


def has_websocket_context() -> bool:
    """Return whether a WebSocket is current, so that :data:`flask.websocket` is available."""
    return _cv_websocket.get(None) is not None


def copy_current_websocket_context(f: F) -> F:
    """Return the function bound to the current WebSocket, to be called from elsewhere.

    Tasks that a handler starts don't need it; threads and callbacks of other libraries do.  What it
    shares ends with the connection.

    :raises RuntimeError: outside of a handler.
    """
    context = _cv_websocket.get(None)
    if context is None:
        raise RuntimeError(
            "'copy_current_websocket_context' can only be used in a WebSocket handler, where there"
            " is a WebSocket to copy."
        )

    def wrapper(*args: t.Any, **kwargs: t.Any) -> t.Any:
        with context.shared():
            return f(*args, **kwargs)

    async def async_wrapper(*args: t.Any, **kwargs: t.Any) -> t.Any:
        with context.shared():
            return await f(*args, **kwargs)

    chosen = async_wrapper if is_async(f) else wrapper
    return t.cast("F", update_wrapper(chosen, f))


websocket: Websocket = _make_proxy(  # type: ignore[assignment]
    t.cast(t.Any, _cv_websocket), "websocket", _NO_WEBSOCKET
)
"""The WebSocket of the handler that runs."""

sync_websocket: SyncWebsocket = _make_proxy(  # type: ignore[assignment]
    t.cast(t.Any, _cv_websocket), "sync_websocket", _NO_WEBSOCKET
)
"""The same for handlers that are no coroutine functions."""
