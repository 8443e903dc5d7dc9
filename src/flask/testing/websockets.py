"""WebSockets of the test clients: the server's side of a connection to the ASGI entry point."""

from __future__ import annotations

import asyncio
import typing as t

from werkzeug.datastructures import Headers
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.test import TestResponse
from werkzeug.wrappers import Request as WerkzeugRequest

from ..doors.lifespan import HomeLoop
from .asgi import headers_from, scope_of

if t.TYPE_CHECKING:
    from types import TracebackType

    from ..doors.body import Message
    from ..doors.scope import Scope
    from .client import FlaskClient

NORMAL = 1000
LOST = 1006
END_WITHIN = 10.0
"""Seconds that a handler may take to end once its connection is closed."""


class WebsocketResponseError(Exception):
    """Raised by a test client whose handshake the application refuses.

    :param response: the response to the handshake.
    """

    def __init__(self, response: TestResponse) -> None:
        super().__init__(f"The WebSocket was refused: {response.status}")
        self.response = response


class WebsocketDisconnectError(Exception):
    """Raised by a test client that receives from a connection that the application has closed.

    :param code: the status code.
    :param reason: text that came with the code.
    """

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(f"The application closed the WebSocket: {code} {reason}".rstrip())
        self.code = code
        self.reason = reason


class WebsocketTestConnection:
    """A WebSocket to the application, in an async test.

    .. code-block:: python

        async with client.websocket("/echo") as socket:
            await socket.send("hello")
            assert await socket.receive() == "hello"

    Entering the block waits for the answer to the handshake.  Leaving it closes the connection,
    waits for the end of the handler, and raises what the handler raised.

    :param client: has the application and the cookies.
    :param request: the handshake.
    :param subprotocols: those that the client asks for, the best first.
    """

    def __init__(
        self, client: FlaskClient, request: WerkzeugRequest, subprotocols: t.Sequence[str] = ()
    ) -> None:
        self._client = client
        self._request = request
        self._subprotocols = list(subprotocols)
        self.subprotocol: str | None = None
        """The one that the application chose."""
        self.headers = Headers()
        """The headers of the response to the handshake."""
        self.close_code: int | None = None
        """The code that the application closed the connection with; ``None``: it did not."""
        self.close_reason = ""
        """Text that came with the code."""

    async def __aenter__(self) -> t.Self:
        self._incoming: asyncio.Queue[Message] = asyncio.Queue()
        self._outgoing: asyncio.Queue[Message | None] = asyncio.Queue()
        self._is_accepted = False
        self._start: Message | None = None
        self._body: list[bytes] = []
        environ = self._request.environ
        self._client._add_cookies_to_wsgi(environ)
        self._incoming.put_nowait({"type": "websocket.connect"})
        self._task = asyncio.ensure_future(self._serve(self._scope()))
        answer = await self._outgoing.get()
        if answer is None:
            await self._task
            raise AssertionError("The application returned without an answer to the handshake.")
        if answer["type"] != "websocket.accept":
            raise await self._refused(answer)
        self._is_accepted = True
        self.subprotocol = answer.get("subprotocol")
        self.headers = headers_from(answer.get("headers") or ())
        self._client._keep_cookies(environ, self.headers)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        await self.close()
        _, running = await asyncio.wait((self._task,), timeout=END_WITHIN)
        if running:
            self._task.cancel()
            await asyncio.wait((self._task,))
            if exc_value is None:
                raise AssertionError(
                    f"The handler of {self._request.path!r} has not ended {END_WITHIN:g} seconds"
                    " after the connection. Does it wait for a task that goes on?"
                )
        elif exc_value is None:
            await self._task

    def _scope(self) -> Scope:
        scope = scope_of(self._request.environ)
        scope["type"] = "websocket"
        scope["scheme"] = "wss" if scope["scheme"] == "https" else "ws"
        del scope["method"]
        scope["subprotocols"] = self._subprotocols
        scope["extensions"] = {"websocket.http.response": {}}
        scope["headers"] += [(b"connection", b"Upgrade"), (b"upgrade", b"websocket")]
        if self._subprotocols:
            names = ", ".join(self._subprotocols).encode("latin-1")
            scope["headers"].append((b"sec-websocket-protocol", names))
        return scope

    async def _serve(self, scope: Scope) -> None:
        try:
            app = self._client.application
            await app.asgi_app(scope, self._incoming.get, self._send)
        finally:
            self._outgoing.put_nowait(None)

    async def _send(self, message: Message) -> None:
        self._outgoing.put_nowait(message)

    async def _refused(self, answer: Message | None) -> WebsocketResponseError:
        status, headers, body = 403, Headers(), []
        while answer is not None:
            if answer["type"].endswith(".start"):
                status, headers = answer["status"], headers_from(answer["headers"])
            elif answer["type"].endswith(".body"):
                body.append(answer.get("body", b""))
            answer = await self._outgoing.get()
        await self._task
        self._client._keep_cookies(self._request.environ, headers)
        line = f"{status} {HTTP_STATUS_CODES.get(status, 'Unknown').upper()}"
        wrapper: t.Any = self._client.response_wrapper
        response = wrapper(body, line, headers, request=self._request)
        response.json_module = self._client.application.json
        return WebsocketResponseError(response)

    async def receive(self) -> str | bytes:
        """Return the next message of the application.

        :raises WebsocketDisconnectError: if it closed the connection.
        """
        message = None if self.close_code is not None else await self._outgoing.get()
        if message is None:
            if self._task.done():
                await self._task
            raise WebsocketDisconnectError(self.close_code or LOST, self.close_reason)
        if message["type"] == "websocket.close":
            self.close_code = code = message.get("code") or NORMAL
            self.close_reason = message.get("reason") or ""
            raise WebsocketDisconnectError(code, self.close_reason)
        text: str | None = message.get("text")
        return t.cast(bytes, message["bytes"]) if text is None else text

    async def receive_json(self) -> t.Any:
        """Return what the next message has as JSON."""
        return self._client.application.json.loads(await self.receive())

    async def send(self, data: str | bytes) -> None:
        """Send a message: ``str`` as text, ``bytes`` as binary data."""
        kind = "text" if isinstance(data, str) else "bytes"
        self._incoming.put_nowait({"type": "websocket.receive", kind: data})

    async def send_json(self, *args: t.Any, **kwargs: t.Any) -> None:
        """Send data as JSON; the arguments are those of :func:`flask.jsonify`."""
        from ..websockets.websocket import json_data

        await self.send(self._client.application.json.dumps(json_data(args, kwargs)))

    async def close(self, code: int = NORMAL, reason: str = "") -> None:
        """Close the connection."""
        self._incoming.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})

    async def disconnect(self) -> None:
        """Go away without a word, as a client does that loses its network."""
        await self.close(LOST)

    def __aiter__(self) -> t.Self:
        return self

    async def __anext__(self) -> str | bytes:
        try:
            return await self.receive()
        except WebsocketDisconnectError:
            raise StopAsyncIteration from None


class SyncWebsocketTestConnection:
    """The same for other tests: its methods wait.

    :param connection: what happens on an event loop in another thread.
    """

    def __init__(self, connection: WebsocketTestConnection) -> None:
        self._connection = connection
        self._run = HomeLoop.get().run

    def __enter__(self) -> t.Self:
        self._run(self._connection.__aenter__())
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._run(self._connection.__aexit__(exc_type, exc_value, tb))

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol that the application chose."""
        return self._connection.subprotocol

    @property
    def headers(self) -> Headers:
        """The headers of the response to the handshake."""
        return self._connection.headers

    @property
    def close_code(self) -> int | None:
        """The code that the application closed the connection with; ``None``: it did not."""
        return self._connection.close_code

    @property
    def close_reason(self) -> str:
        """Text that came with the code."""
        return self._connection.close_reason

    def receive(self) -> str | bytes:
        """Return the next message of the application.

        :raises WebsocketDisconnectError: if it closed the connection.
        """
        return self._run(self._connection.receive())

    def receive_json(self) -> t.Any:
        """Return what the next message has as JSON."""
        return self._run(self._connection.receive_json())

    def send(self, data: str | bytes) -> None:
        """Send a message: ``str`` as text, ``bytes`` as binary data."""
        self._run(self._connection.send(data))

    def send_json(self, *args: t.Any, **kwargs: t.Any) -> None:
        """Send data as JSON; the arguments are those of :func:`flask.jsonify`."""
        self._run(self._connection.send_json(*args, **kwargs))

    def close(self, code: int = NORMAL, reason: str = "") -> None:
        """Close the connection."""
        self._run(self._connection.close(code, reason))

    def disconnect(self) -> None:
        """Go away without a word, as a client does that loses its network."""
        self._run(self._connection.disconnect())

    def __iter__(self) -> t.Iterator[str | bytes]:
        while True:
            try:
                yield self.receive()
            except WebsocketDisconnectError:
                return
