"""A server for tests that holds an application to the ASGI specification, message by message."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Application = Callable[..., Any]

WITHOUT_BODY = {204, 304}


class SpecViolation(AssertionError):
    """Raised for a message that the ASGI specification doesn't allow at its place."""


def check(condition: object, fault: str) -> None:
    if not condition:
        raise SpecViolation(fault)


def http_scope(path: str = "/", method: str = "GET", **changes: Any) -> dict[str, Any]:
    """Make a scope as uvicorn does."""
    path, _, query = path.partition("?")
    headers = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in changes.pop("headers", [])]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
        "state": {},
        "extensions": {},
        "headers": [(b"host", b"localhost"), *headers],
        **changes,
    }


class Exchange:
    """One request, what the application sends for it, and a check of each message.

    :param body: the pieces of the request's body.
    :param disconnect_after: pieces of the body received before the client goes away; ``None``
        stays until :meth:`disconnect`.
    :param send_delay: how long each message takes to be sent, in seconds.
    """

    def __init__(
        self,
        scope: dict[str, Any],
        body: Iterable[bytes] = (),
        *,
        disconnect_after: int | None = None,
        send_delay: float = 0.0,
    ) -> None:
        self.scope = scope
        self.pieces = list(body)
        self.received = 0
        self.disconnect_after = disconnect_after
        self.send_delay = send_delay
        self.gone = asyncio.Event()
        self.started = asyncio.Event()
        self.messages: list[Message] = []
        self.start: Message | None = None
        self.chunks: list[bytes] = []
        self.path: str | None = None
        self.is_complete = False
        self.receiving = 0

    # The server's side

    async def receive(self) -> Message:
        self.receiving += 1
        check(self.receiving == 1, "'receive' was called while another call waits")
        try:
            return await self._receive()
        finally:
            self.receiving -= 1

    async def _receive(self) -> Message:
        await asyncio.sleep(0)
        if self.gone.is_set() or self.received == self.disconnect_after:
            self.gone.set()
            return {"type": "http.disconnect"}
        if self.received < max(len(self.pieces), 1):
            piece = self.pieces[self.received] if self.pieces else b""
            self.received += 1
            more = self.received < len(self.pieces) or self.received == self.disconnect_after
            return {"type": "http.request", "body": piece, "more_body": more}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    def disconnect(self) -> None:
        self.gone.set()

    async def send(self, message: Message) -> None:
        check(type(message.get("type")) is str, f"no message type: {message!r}")
        if self.send_delay:
            await asyncio.sleep(self.send_delay)
        if self.gone.is_set():
            return  # as servers do
        self._check(message)
        self.messages.append(message)

    def _check(self, message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.start":
            self._check_start(message)
        elif kind == "http.response.body":
            self._check_body(message)
        elif kind == "http.response.pathsend":
            check(self.start is not None and not self.is_complete, f"{kind} out of place")
            check(kind in self.scope["extensions"], "the server has no pathsend")
            self.path = message["path"]
            self.is_complete = True
        else:
            check(False, f"unknown message {kind!r}")

    def _check_start(self, message: Message) -> None:
        check(self.start is None, "the response was started twice")
        check(type(message["status"]) is int, "the status is no int")
        for header in message["headers"]:
            check(isinstance(header, tuple) and len(header) == 2, f"bad header {header!r}")
            name, value = header
            check(type(name) is bytes and type(value) is bytes, f"header of text: {header!r}")
            check(name == name.lower() and name.strip(), f"bad header name {name!r}")
            check(not {10, 13, 0} & set(name + value), f"line end in header {header!r}")
        self.start = message
        self.started.set()

    def _check_body(self, message: Message) -> None:
        check(self.start is not None, "a body before the start")
        check(not self.is_complete, "a body after the end of the response")
        body = message.get("body", b"")
        check(type(body) is bytes, f"a body of {type(body)}")
        assert self.start is not None
        is_head = self.scope["method"] == "HEAD"
        if is_head or self.start["status"] in WITHOUT_BODY:
            check(not body, "a body where the response can't have any")
        self.chunks.append(body)
        self.is_complete = not message.get("more_body", False)
        announced = self.headers.get("content-length")
        if self.is_complete and announced is not None and not is_head and self.status != 304:
            check(len(self.body) == int(announced), "the body is not as long as announced")

    # What tests look at

    @property
    def status(self) -> int:
        assert self.start is not None
        return int(self.start["status"])

    @property
    def headers(self) -> dict[str, str]:
        assert self.start is not None
        return {k.decode("latin-1"): v.decode("latin-1") for k, v in self.start["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)

    async def run(self, app: Application, timeout: float = 20) -> Exchange:
        """Have the application handle the request, to its end."""
        async with asyncio.timeout(timeout):
            await app(self.scope, self.receive, self.send)
        if not self.gone.is_set():
            check(self.is_complete, "the application returned before the end of the response")
        return self


async def request(
    app: Application, path: str = "/", method: str = "GET", **options: Any
) -> Exchange:
    """Send one request to an application."""
    body = options.pop("body", ())
    own = {k: options.pop(k) for k in ("disconnect_after", "send_delay") if k in options}
    pieces = [body] if isinstance(body, bytes) else body
    return await Exchange(http_scope(path, method, **options), pieces, **own).run(app)


class Lifespan:
    """A server that speaks the lifespan protocol: ``async with Lifespan(app): ...``."""

    def __init__(self, app: Application) -> None:
        self.app = app
        self.incoming: asyncio.Queue[Message] = asyncio.Queue()
        self.outgoing: asyncio.Queue[Message] = asyncio.Queue()
        self.shutdown: Message | None = None

    async def exchange(self, kind: str) -> Message:
        await self.incoming.put({"type": kind})
        getter = asyncio.ensure_future(self.outgoing.get())
        await asyncio.wait((getter, self.task), timeout=20, return_when="FIRST_COMPLETED")
        if not getter.done():
            getter.cancel()
            await self.task
            raise SpecViolation("the application left the lifespan without an answer")
        return getter.result()

    async def __aenter__(self) -> Lifespan:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
        call: Awaitable[None] = self.app(scope, self.incoming.get, self.outgoing.put)
        self.task = asyncio.ensure_future(call)
        self.startup = await self.exchange("lifespan.startup")
        check(self.startup["type"].startswith("lifespan.startup."), f"bad {self.startup!r}")
        return self

    async def __aexit__(self, *error: object) -> None:
        if self.startup["type"] == "lifespan.startup.complete":
            self.shutdown = await self.exchange("lifespan.shutdown")
            check(self.shutdown["type"].startswith("lifespan.shutdown."), f"bad {self.shutdown!r}")
        await asyncio.wait_for(self.task, 20)
