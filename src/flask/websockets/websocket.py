"""The WebSocket that a handler talks to: its connection, and the handshake that it began with."""

from __future__ import annotations

import typing as t
from urllib.parse import urlsplit, urlunsplit

from .connection import Connection
from .messages import Receive, Send

if t.TYPE_CHECKING:
    from werkzeug.datastructures import EnvironHeaders, ImmutableMultiDict, MultiDict
    from werkzeug.routing import Rule

    from ..wrappers import Request
    from .context import WebsocketContext

SCHEMES = {"http": "ws", "https": "wss"}


class Websocket(Connection):
    """The current WebSocket: what :data:`flask.websocket` stands for in a handler.

    Iterate it to receive until the connection is closed:

    .. code-block:: python

        @app.websocket("/echo")
        async def echo():
            async for message in websocket:
                await websocket.send(message)

    :param context: the context of the connection.
    """

    __slots__ = ("_context",)

    def __init__(
        self,
        context: WebsocketContext,
        receive: Receive,
        send: Send,
        limit: int,
        timeout: float | None,
    ) -> None:
        super().__init__(receive, send, limit, timeout)
        self._context = context

    # JSON

    async def receive_json(self) -> t.Any:
        """Return what the next message has as JSON.

        :raises ValueError: if it is no JSON.
        """
        return self._context.app.json.loads(await self.receive())

    async def send_json(self, *args: t.Any, **kwargs: t.Any) -> None:
        """Send data as JSON; the arguments are those of :func:`flask.jsonify`."""
        await self.send(self._context.app.json.dumps(json_data(args, kwargs)))

    # The handshake

    async def _response_headers(self) -> list[tuple[bytes, bytes]]:
        return await self._context.session_headers()

    @property
    def request(self) -> Request:
        """The handshake, a GET request; also :data:`flask.request`."""
        return self._context.request

    @property
    def subprotocols(self) -> list[str]:
        """The subprotocols that the client asks for, the best first."""
        scope = self._context.scope
        return list(scope.get("subprotocols") or ())

    @property
    def requested_subprotocols(self) -> list[str]:
        """The same as :attr:`subprotocols`."""
        return self.subprotocols

    @property
    def args(self) -> MultiDict[str, str]:
        """The variables of the query string."""
        return self.request.args

    @property
    def headers(self) -> EnvironHeaders:
        """The headers of the handshake."""
        return t.cast("EnvironHeaders", self.request.headers)

    @property
    def cookies(self) -> ImmutableMultiDict[str, str]:
        """The cookies that came with the handshake."""
        return self.request.cookies

    @property
    def origin(self) -> str | None:
        """The origin of the page that opened the WebSocket; ``None``: not from a browser."""
        return self.request.headers.get("Origin")

    @property
    def remote_addr(self) -> str | None:
        """The address of the client."""
        return self.request.remote_addr

    # The URL

    @property
    def path(self) -> str:
        """The path of the URL, below the application's root."""
        return self.request.path

    @property
    def full_path(self) -> str:
        """The path with the query string."""
        return self.request.full_path

    @property
    def query_string(self) -> bytes:
        """The query string as it came."""
        return self.request.query_string

    @property
    def root_path(self) -> str:
        """The path that the application is mounted at."""
        return self.request.root_path

    @property
    def host(self) -> str:
        """The host that the client connected to, with the port if it is not the usual one."""
        return self.request.host

    @property
    def scheme(self) -> str:
        """``ws``, or ``wss`` over TLS."""
        return SCHEMES.get(self.request.scheme, self.request.scheme)

    @property
    def is_secure(self) -> bool:
        """True if the connection uses TLS."""
        return self.request.is_secure

    @property
    def url(self) -> str:
        """The whole URL, which begins with ``ws:`` or ``wss:``."""
        return self._as_websocket(self.request.url)

    @property
    def base_url(self) -> str:
        """The same without the query string."""
        return self._as_websocket(self.request.base_url)

    @property
    def host_url(self) -> str:
        """Scheme and host, with a slash at the end."""
        return self._as_websocket(self.request.host_url)

    def _as_websocket(self, url: str) -> str:
        return urlunsplit(urlsplit(url)._replace(scheme=self.scheme))

    # Routing

    @property
    def url_rule(self) -> Rule | None:
        """The rule that matched."""
        return self.request.url_rule

    @property
    def view_args(self) -> dict[str, t.Any] | None:
        """URL variables by name."""
        return self.request.view_args

    @property
    def endpoint(self) -> str | None:
        """The endpoint that matched."""
        return self.request.endpoint

    @property
    def blueprint(self) -> str | None:
        """The name of the endpoint's blueprint; ``None``: it is the application's own."""
        return self.request.blueprint

    @property
    def blueprints(self) -> list[str]:
        """The names of the blueprint and of those around it, innermost first."""
        return self.request.blueprints

    def __repr__(self) -> str:
        return f"<Websocket {self.url!r} ({self.state.value})>"


def json_data(args: tuple[t.Any, ...], kwargs: dict[str, t.Any]) -> t.Any:
    """Return what the arguments of :func:`flask.jsonify` stand for.

    :raises TypeError: for both kinds of arguments at once.
    """
    if args and kwargs:
        raise TypeError("'send_json' takes positional or keyword arguments, not both.")
    if len(args) == 1:
        return args[0]
    return list(args) if args else kwargs
