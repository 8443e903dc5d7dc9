"""A WebSocket over a socket that a WSGI server hands over: frames on one side, ASGI on the other.

The protocol itself (:rfc:`6455`) is wsproto's, from the ``websocket`` extra.
"""

from __future__ import annotations

import asyncio
import typing as t
from collections import deque

from wsproto import ConnectionType, WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    RejectConnection,
    RejectData,
    Request,
    TextMessage,
)
from wsproto.extensions import PerMessageDeflate
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from .connection import LOST, MOST_AHEAD, TOO_BIG
from .messages import Message

PING_EVERY = 20.0
"""Seconds after which an idle client is asked whether it is there, and then given up."""

LINGER = 5.0
"""Seconds that a client has to answer a close."""


class SocketProtocol(asyncio.Protocol):
    """The server's side of one WebSocket.

    :param headers: of the handshake.
    :param limit: the size of the largest message, in bytes.
    :raises ~wsproto.utilities.RemoteProtocolError: for a request that is no handshake.
    """

    def __init__(self, headers: list[tuple[bytes, bytes]], limit: int) -> None:
        self._ws = WSConnection(ConnectionType.SERVER)
        self._ws.initiate_upgrade_connection(headers, "/")  # which was routed already
        self.request = t.cast(Request, next(iter(self._ws.events())))
        self._limit = limit
        self._parts: list[t.Any] = []
        self._size = 0
        self._messages: deque[Message] = deque([{"type": "websocket.connect"}])
        self._arrived = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._is_paused = False
        self._is_alive = True
        self._close_code: int | None = None
        self._has_failed = False
        self.ended = asyncio.Event()

    # From the socket

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = t.cast(asyncio.Transport, transport)
        self._ping = asyncio.get_running_loop().call_later(PING_EVERY, self._check)

    def connection_lost(self, exc: Exception | None) -> None:
        self._ping.cancel()
        self._end(LOST)
        self._writable.set()
        self.ended.set()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        self._is_alive = True
        if self._has_failed:
            return
        try:
            self._ws.receive_data(data)
            for event in self._ws.events():
                self._handle(event)
        except RemoteProtocolError as error:
            self._fail(error.event_hint or CloseConnection(code=1002))

    def _handle(self, event: Event) -> None:
        if isinstance(event, (TextMessage, BytesMessage)):
            self._handle_data(event)
        elif isinstance(event, Ping):
            self._write(event.response())
        elif isinstance(event, CloseConnection):
            if self._ws.state is ConnectionState.OPEN:  # not the client's, but for a wrong frame
                self._fail(event)
                return
            if self._ws.state is ConnectionState.REMOTE_CLOSING:
                self._write(event.response())
            self._end(event.code, event.reason or "")
            self._transport.close()

    def _handle_data(self, event: TextMessage | BytesMessage) -> None:
        if self._close_code is not None:
            return  # a message that crossed our close
        self._size += len(event.data)
        if self._size > self._limit:
            self._fail(CloseConnection(code=TOO_BIG, reason="The message is too big."))
            return
        self._parts.append(event.data)
        if not event.message_finished:
            return
        if isinstance(event, TextMessage):
            self._put({"type": "websocket.receive", "text": "".join(self._parts)})
        else:
            self._put({"type": "websocket.receive", "bytes": b"".join(self._parts)})
        self._parts, self._size = [], 0

    def _put(self, message: Message) -> None:
        self._messages.append(message)
        self._arrived.set()
        if len(self._messages) >= MOST_AHEAD and not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()

    def _fail(self, event: Event) -> None:
        """Close the connection because of what the client sent."""
        code = event.code if isinstance(event, CloseConnection) else LOST
        self._write(event)
        self._end(code)
        self._has_failed = True
        if not self._transport.is_closing():
            # Not closed at once: with data that nobody reads, that would throw the frame away.
            self._transport.write_eof()
            self._linger()

    def _end(self, code: int, reason: str = "") -> None:
        """Tell the application, once, that no more messages will come."""
        if self._close_code is None:
            self._close_code = code
            self._put({"type": "websocket.disconnect", "code": code, "reason": reason})

    def _check(self) -> None:
        """Ping a client that was silent; give up one that was silent since the last ping."""
        if not self._is_alive:
            self._transport.abort()
            return
        self._is_alive = False
        self._write(Ping())
        self._ping = asyncio.get_running_loop().call_later(PING_EVERY, self._check)

    def _write(self, event: Event) -> None:
        try:
            data = self._ws.send(event)
        except LocalProtocolError:  # closed by the other side meanwhile
            return
        if not self._transport.is_closing():
            self._transport.write(data)

    def _linger(self) -> None:
        """Close the socket once the client has answered the close, or had the time to."""
        if self._is_paused:
            self._is_paused = False
            self._transport.resume_reading()
        self._ping.cancel()
        self._ping = asyncio.get_running_loop().call_later(LINGER, self._transport.abort)

    # From the application

    async def receive(self) -> Message:
        """Return the next message, as ASGI has it."""
        while not self._messages:
            self._arrived.clear()
            await self._arrived.wait()
        message = self._messages.popleft()
        if self._is_paused and not self._transport.is_closing():
            self._is_paused = False
            self._transport.resume_reading()
        return message

    async def send(self, message: Message) -> None:
        """Send a message, as ASGI has it; wait while the client doesn't read.

        :raises OSError: if the client is gone.
        """
        kind = message["type"]
        if self._transport.is_closing():
            if kind == "websocket.close":
                return
            raise ConnectionResetError("The client is gone.")
        if kind == "websocket.send":
            text = message.get("text")
            if text is None:
                self._write(BytesMessage(data=message["bytes"]))
            else:
                self._write(TextMessage(data=text))
        else:
            self._send_control(kind, message)
        if not self._writable.is_set():
            await self._writable.wait()
            if self._transport.is_closing():
                raise ConnectionResetError("The client is gone.")

    def _send_control(self, kind: str, message: Message) -> None:
        if kind == "websocket.accept":
            self._write(
                AcceptConnection(
                    subprotocol=message.get("subprotocol"),
                    extensions=[PerMessageDeflate()] if self.request.extensions else [],
                    extra_headers=list(message.get("headers") or ()),
                )
            )
        elif kind == "websocket.close" and self._ws.state is ConnectionState.CONNECTING:
            self._write(RejectConnection(status_code=403))
            self._transport.close()
        elif kind == "websocket.close":
            self._close_code = self._close_code or message["code"]
            self._write(CloseConnection(code=message["code"], reason=message.get("reason") or None))
            self._linger()
        elif kind == "websocket.http.response.start":
            self._write(
                RejectConnection(
                    status_code=message["status"], headers=list(message["headers"]), has_body=True
                )
            )
        else:
            self._write(RejectData(data=message["body"]))
            self._transport.close()
