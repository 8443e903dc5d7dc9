"""A small HTTP/1.1 client that can do what polite ones can't: dawdle, and vanish.

It checks the wire as strictly as it needs to: a response that ends early, or has bytes after its
end, is a `BrokenAnswer`.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http.cookies import SimpleCookie

HOST = "127.0.0.1"
# Where a machine is so busy that this isn't enough, nothing measured there would mean anything.
TIMEOUT = 30.0


class BrokenAnswer(Exception):
    """The server hung up early, or sent what is no HTTP response."""


class HungUp(BrokenAnswer):
    """The server hung up before the first byte of an answer."""


@dataclass(slots=True)
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""

    def header(self, name: str) -> str:
        """The value of a header that stands there once, or an empty text."""
        values = [value for key, value in self.headers if key == name]
        return values[0] if len(values) == 1 else ""

    def cookie(self, name: str) -> str | None:
        """The value that this answer sets a cookie to."""
        for key, value in self.headers:
            if key == "set-cookie" and name in (morsels := SimpleCookie(value)):
                return f"{name}={morsels[name].value}"
        return None


def head(method: str, target: str, headers: dict[str, str]) -> bytes:
    """The first lines of a request."""
    lines = [f"{method} {target} HTTP/1.1", "Host: load.test"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


class Connection:
    """One connection, for one request after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.is_open = True
        self.answered = 0

    @classmethod
    async def to(cls, port: int, receive_buffer: int | None = None) -> Connection:
        client = socket.socket()
        try:
            client.setblocking(False)
            if receive_buffer is not None:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            loop = asyncio.get_running_loop()
            await asyncio.wait_for(loop.sock_connect(client, (HOST, port)), TIMEOUT)
            limit = receive_buffer or 65536
            return cls(*await asyncio.open_connection(sock=client, limit=limit))
        except BaseException:
            client.close()
            raise

    async def ask(
        self, method: str, target: str, headers: dict[str, str], body: bytes = b""
    ) -> Answer:
        """Send one request and read its whole answer."""
        if body or method == "POST":
            headers = {**headers, "Content-Length": str(len(body))}
        try:
            self.writer.write(head(method, target, headers) + body)
            answer = await self.read_answer()
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            self.close()
            raise BrokenAnswer(f"{type(error).__name__} within an answer") from None
        except BaseException:
            self.close()
            raise
        self.answered += 1
        if answer.header("connection").lower() == "close":
            self.close()
        return answer

    async def send_slowly(self, pieces: Sequence[bytes], seconds: float) -> None:
        """Send piece after piece, with a pause after each."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()
            await asyncio.sleep(seconds)

    async def read_answer(self) -> Answer:
        """Read status, headers and body; raises `TimeoutError` where that takes too long."""
        async with asyncio.timeout(TIMEOUT):
            answer = await self.read_head()
            answer.body = await self._read_body(answer)
        return answer

    async def read_head(self) -> Answer:
        """Read status and headers, and no byte of the body."""
        try:
            lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        except asyncio.IncompleteReadError as error:
            if not error.partial:
                raise HungUp("the server hung up") from None
            raise
        except ConnectionResetError:
            raise HungUp("the server reset the connection") from None
        version, _, status = lines[0].partition(" ")
        if not version.startswith("HTTP/1.") or not status[:3].isdigit():
            raise BrokenAnswer(f"not a status line: {lines[0]!r}")
        pairs = [line.partition(":") for line in lines[1:] if line]
        return Answer(int(status[:3]), [(name.lower(), value.strip()) for name, _, value in pairs])

    async def _read_body(self, answer: Answer) -> bytes:
        if answer.status in (204, 304):
            return b""
        if answer.header("transfer-encoding") == "chunked":
            return b"".join([chunk async for chunk in self.chunks()])
        if length := answer.header("content-length"):
            return await self.reader.readexactly(int(length))
        self.is_open = False
        return await self.reader.read()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Read a chunked body, chunk by chunk."""
        while size := int(await self.reader.readuntil(b"\r\n"), 16):
            yield (await self.reader.readexactly(size + 2))[:-2]
        if await self.reader.readexactly(2) != b"\r\n":
            raise BrokenAnswer("bytes after the last chunk")

    def vanish(self) -> None:
        """Hang up so that the server gets a reset, as from a client that lost its network."""
        raw: socket.socket = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()
        self.is_open = False

    def close(self) -> None:
        self.is_open = False
        self.writer.close()


@asynccontextmanager
async def connected(port: int, receive_buffer: int | None = None) -> AsyncIterator[Connection]:
    """A connection that is closed with the block."""
    connection = await Connection.to(port, receive_buffer)
    try:
        yield connection
    finally:
        connection.close()
