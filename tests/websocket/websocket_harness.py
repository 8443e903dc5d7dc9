"""A server's side of one WebSocket, which holds the application to the ASGI specification."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

Message = MutableMapping[str, Any]


class SpecViolation(AssertionError):
    """Raised for a message that the ASGI specification doesn't allow at its place."""


def websocket_scope(path: str = "/", **changes: Any) -> dict[str, Any]:
    """Make a scope as uvicorn does."""
    path, _, query = path.partition("?")
    headers = [(k.encode("latin-1"), v.encode("latin-1")) for k, v in changes.pop("headers", [])]
    return {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "ws",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
        "state": {},
        "subprotocols": [],
        "extensions": {"websocket.http.response": {}},
        "headers": [
            (b"host", b"localhost"),
            (b"connection", b"Upgrade"),
            (b"upgrade", b"websocket"),
            *headers,
        ],
        **changes,
    }


class Peer:
    """One connection: ``async with Peer(app, "/path") as peer: ...``.

    :param stuck: sending a message to the client never ends, as its window is full.
    """

    def __init__(self, app: Any, path: str = "/", *, stuck: bool = False, **changes: Any) -> None:
        self.app = app
        self.scope = websocket_scope(path, **changes)
        self.stuck = stuck
        self.incoming: asyncio.Queue[Message] = asyncio.Queue()
        self.incoming.put_nowait({"type": "websocket.connect"})
        self.sent: list[Message] = []
        self.news = asyncio.Event()
        self.receiving = 0
        self.received = 0
        self.phase = "connecting"

    # The server's side

    async def receive(self) -> Message:
        self.receiving += 1
        if self.receiving > 1:
            raise SpecViolation("'receive' was called while another call waits")
        try:
            message = await self.incoming.get()
            self.received += 1
            return message
        finally:
            self.receiving -= 1

    async def send(self, message: Message) -> None:
        self._check(message["type"])
        if message["type"] == "websocket.send":
            text, data = message.get("text"), message.get("bytes")
            if (text is None) == (data is None):
                raise SpecViolation(f"a message of both kinds or none: {message!r}")
            if self.stuck:
                await asyncio.Event().wait()
        self.sent.append(message)
        self.news.set()

    def _check(self, kind: str) -> None:
        allowed = {
            "connecting": {
                "websocket.accept": "open",
                "websocket.close": "closed",
                "websocket.http.response.start": "refused",
            },
            "open": {"websocket.send": "open", "websocket.close": "closed"},
            "refused": {"websocket.http.response.body": "closed"},
            "closed": {},
        }[self.phase]
        if kind not in allowed:
            raise SpecViolation(f"{kind!r} was sent while {self.phase}")
        self.phase = allowed[kind]

    # What tests do

    def say(self, *messages: str | bytes) -> None:
        for data in messages:
            kind = "text" if isinstance(data, str) else "bytes"
            self.incoming.put_nowait({"type": "websocket.receive", kind: data})

    def leave(self, code: int = 1001, reason: str = "") -> None:
        self.incoming.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.phase = "closed" if self.phase == "open" else self.phase

    async def hear(self, count: int = 1) -> list[Message]:
        """Wait until this many messages were sent, and return all of them."""
        async with asyncio.timeout(20):
            while len(self.sent) < count:
                self.news.clear()
                await self.news.wait()
        return self.sent

    @property
    def texts(self) -> list[str]:
        return [message["text"] for message in self.sent if "text" in message]

    async def __aenter__(self) -> Peer:
        self.task = asyncio.ensure_future(self.app.asgi_app(self.scope, self.receive, self.send))
        return self

    async def __aexit__(self, kind: Any, *error: object) -> None:
        self.leave()
        async with asyncio.timeout(20):
            await asyncio.wait((self.task,))
        if kind is None:
            await self.task

    async def end(self) -> None:
        """Wait for the end of the handler, without a disconnect."""
        async with asyncio.timeout(20):
            await asyncio.wait((self.task,))
        await self.task
