"""One WebSocket connection, in the terms of ASGI: accept, receive, send, close.

Messages are received from the server when the handler asks for one.  Only while the handler waits
for something else does a task of its own receive, so that a disconnect is noticed there too.
"""

from __future__ import annotations

import asyncio
import enum
import typing as t
from collections import deque
from types import CoroutineType

from ..doors.drive import drive_on
from .errors import WebsocketDisconnected, two_receivers
from .messages import (
    Data,
    Message,
    Receive,
    Send,
    check_close,
    message_of,
    raw_headers,
    says_gone,
    size_of,
)

TOO_BIG = 1009
LOST = 1006
WATCH_AFTER = 0.2
"""Seconds that a handler may wait for something else before a disconnect is looked out for."""

CANCEL_AFTER = 5.0
"""Seconds after a disconnect in which a handler may take the messages that came before it."""

MOST_AHEAD = 16
"""Maximum number of messages that are received before the handler asks for them."""

MOST_AT_ONCE = 64
"""Messages after which sending yields to the event loop, if none was received in between."""


class State(enum.Enum):
    """A connection's place in its life."""

    CONNECTING = "connecting"
    """The client waits for an answer to its handshake."""

    OPEN = "open"
    """Accepted: messages go both ways."""

    CLOSED = "closed"
    """Refused, closed by either side, or lost."""


CONNECTING, OPEN, CLOSED = State

ENDED = object()


class Connection:
    """The connection between a handler and a client.

    :param receive: the server's, as is ``send``.
    :param limit: the size of the largest message that is received, in bytes.
    :param timeout: how long the client may take to let a message through, in seconds; ``None``:
        for ever.
    """

    # PERF: there may be thousands of them.
    __slots__ = (
        "__weakref__",
        "_ahead",
        "_ahead_size",
        "_cancels",
        "_is_receiving",
        "_limit",
        "_main",
        "_room",
        "_send_timeout",
        "_sent_at_once",
        "_server_receive",
        "_server_send",
        "_state",
        "_timer",
        "_waiter",
        "_watcher",
        "close_code",
        "close_reason",
        "has_cancelled",
        "is_gone",
        "loop",
    )

    def __init__(
        self, receive: Receive, send: Send, limit: int, timeout: float | None = None
    ) -> None:
        self._server_receive = receive
        self._server_send = send
        self._limit = limit
        self._send_timeout = timeout
        self._sent_at_once = 0
        self._state = CONNECTING
        self._is_receiving = False
        self._ahead: deque[Message] | None = None
        self._ahead_size = 0
        self._waiter: asyncio.Future[Message] | None = None
        self._room: asyncio.Future[None] | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._main: asyncio.Task[t.Any] | None = None
        self._cancels = False
        self.loop = asyncio.get_running_loop()
        self.close_code: int | None = None
        """The status code that the connection was closed with; ``None`` before."""
        self.close_reason = ""
        """Text that came with the code."""
        self.is_gone = False
        """True if the client has closed the connection or it was lost."""
        self.has_cancelled = False
        """True if the handler was cancelled because the client is gone."""

    @property
    def state(self) -> State:
        """State of the connection: waiting to be accepted, open, or closed."""
        return self._state

    # The handshake

    async def accept(
        self,
        headers: t.Mapping[str, str] | t.Iterable[tuple[str, str]] | None = None,
        subprotocol: str | None = None,
    ) -> None:
        """Accept the connection; the first ``receive`` or ``send`` does it too.

        :param headers: headers of the response to the handshake.
        :param subprotocol: one of those that the client asks for.
        :raises RuntimeError: if it was accepted or refused before.
        :raises ValueError: for a subprotocol that the client did not ask for, or a header that
            belongs to the protocol.
        """
        if self._state is not CONNECTING:
            if self.is_gone:
                raise self._disconnected()
            raise RuntimeError(f"The WebSocket cannot be accepted: it is {self._state.value}.")
        if subprotocol is not None and subprotocol not in self.subprotocols:
            raise ValueError(
                f"The subprotocol {subprotocol!r} is not among those that the client asks for:"
                f" {self.subprotocols}."
            )
        raw = raw_headers(headers)
        raw += await self._response_headers()
        if self._state is not CONNECTING:
            raise RuntimeError("The WebSocket was accepted or refused by another task meanwhile.")
        self._state = OPEN
        await self._deliver(
            {"type": "websocket.accept", "subprotocol": subprotocol, "headers": raw}
        )
        self._watch_later()

    @property
    def subprotocols(self) -> list[str]:
        """The subprotocols that the client asks for, the best first."""
        return []

    async def _response_headers(self) -> list[tuple[bytes, bytes]]:
        """Return headers that the framework adds to the response to the handshake."""
        return []

    # Messages

    async def receive(self) -> Data:
        """Return the next message: text as ``str``, binary data as ``bytes``.

        :raises WebsocketDisconnected: if the connection is closed.
        :raises RuntimeError: if another task is receiving.
        """
        if self._state is not OPEN and not self._ahead:
            await self._become_open()
        # PERF: the way of every message. No task and no future in between, for as long as the
        # handler does nothing but receive.
        if self._watcher is None and not self._ahead and not self._is_receiving:
            receiving = self._server_receive()
            if type(receiving) is CoroutineType:
                self._is_receiving = True
                try:
                    message = await receiving
                finally:
                    self._is_receiving = False
                self._sent_at_once = 0
                if self._timer is None:
                    self._watch_later()
            else:
                return await self._receive_by_task(receiving)
        else:
            message = await self._receive_watched()
        text: str | None = message.get("text")
        if text is not None and len(text) * 4 <= self._limit:
            return text
        return await self._data_of(message)

    async def _receive_by_task(self, receiving: t.Awaitable[Message]) -> Data:
        """Receive by a future of the server's own, which loses a message if it is cancelled."""
        self._watcher = self.loop.create_task(self._watch(receiving))
        return await self._data_of(await self._receive_watched())

    async def _data_of(self, message: Message) -> Data:
        """Return what a message has, unless it is too big, or says that the client is gone."""
        text: str | None = message.get("text")
        if text is not None:
            size = len(text)
            if size * 4 > self._limit:  # UTF-8 takes up to four bytes for a character
                size = len(text.encode("utf-8", "surrogatepass"))
            if size > self._limit:
                raise await self._refuse_message()
            return text
        data: bytes | None = message.get("bytes")
        if data is None:
            raise self._note_disconnect(message)
        if len(data) > self._limit:
            raise await self._refuse_message()
        return data

    async def _become_open(self) -> None:
        if self._state is CONNECTING:
            await self.accept()
        else:
            raise self._disconnected()

    async def _refuse_message(self) -> WebsocketDisconnected:
        await self.close(TOO_BIG, "The message is too big.")
        self._cancel_main()
        return self._disconnected()

    async def send(self, data: Data) -> None:
        """Send a message: ``str`` as text, ``bytes`` as binary data.

        :raises WebsocketDisconnected: if the client is gone.
        :raises RuntimeError: after :meth:`close`.
        :raises TypeError: for other data.
        """
        kind = type(data)
        message: Message
        if kind is str:
            message = {"type": "websocket.send", "text": data}
        elif kind is bytes:
            message = {"type": "websocket.send", "bytes": data}
        else:
            message = message_of(data)
        if self._state is not OPEN:
            await self._become_writable()
        # PERF: most messages are sent without waiting for the client. A few coroutines less, and
        # unlike 'coroutine.send', 'next' makes no exception to say that nothing waits.
        if self._sent_at_once < MOST_AT_ONCE:
            sending = self._server_send(message)
            if type(sending) is CoroutineType:
                try:
                    awaited = next(sending.__await__(), ENDED)
                except (OSError, RuntimeError) as error:
                    if not says_gone(error):
                        raise
                    self._lose()
                    raise self._disconnected() from None
                if awaited is ENDED:
                    self._sent_at_once += 1
                    return
                sending = drive_on(sending, awaited)
            await self._deliver(message, sending)
            return
        await self._deliver(message)

    async def _become_writable(self) -> None:
        if self._state is CONNECTING:
            await self.accept()
        elif self.is_gone or self.close_code == TOO_BIG:
            raise self._disconnected()
        else:
            raise RuntimeError("The WebSocket is closed, so nothing can be sent.")

    async def close(self, code: int = 1000, reason: str | None = None) -> None:
        """Close the connection, or refuse it if it was not accepted yet.

        :param code: a status code (:rfc:`6455#section-7.4`): 1000 for a normal end, 3000 to 4999
            for codes of your own.
        :param reason: text for the client, of at most 123 bytes.
        :raises ValueError: for a code that may not be sent, or a longer reason.
        """
        check_close(code, reason)
        if self._state is CLOSED:
            return
        self._state = CLOSED
        self.close_code, self.close_reason = code, reason or ""
        await self._deliver({"type": "websocket.close", "code": code, "reason": reason or ""})

    async def refuse(self, messages: t.Iterable[Message]) -> None:
        """Refuse the connection with messages of ASGI's ``websocket.http.response``."""
        if self._state is not CONNECTING:
            return
        self._state = CLOSED
        self.close_code = LOST
        for message in messages:
            await self._deliver(message)

    def __aiter__(self) -> t.Self:
        return self

    async def __anext__(self) -> Data:
        try:
            # PERF: 'receive' does all of this, as one coroutine more for each message.
            if self._watcher is None and self._state is OPEN and not self._ahead:
                receiving = self._server_receive() if not self._is_receiving else None
                if type(receiving) is CoroutineType:
                    self._is_receiving = True
                    try:
                        message = await receiving
                    finally:
                        self._is_receiving = False
                    self._sent_at_once = 0
                    if self._timer is None:
                        self._watch_later()
                    text: str | None = message.get("text")
                    if text is not None and len(text) * 4 <= self._limit:
                        return text
                    return await self._data_of(message)
                if receiving is not None:
                    return await self._receive_by_task(receiving)
            return await self.receive()
        except WebsocketDisconnected:
            raise StopAsyncIteration from None

    # Sending

    async def _deliver(self, message: Message, sending: t.Awaitable[None] | None = None) -> None:
        """Have the server send a message, within the time that clients have for that.

        :param sending: what the server's ``send`` has returned already.
        """
        try:
            async with asyncio.timeout(self._send_timeout):
                await (sending or self._server_send(message))
            self._sent_at_once += 1
            if self._sent_at_once > MOST_AT_ONCE:
                # Servers that drop what a client that is gone doesn't take never wait, and the
                # loop has to get to the message that says so.
                self._sent_at_once = 0
                await asyncio.sleep(0)
        except (OSError, RuntimeError) as error:  # a TimeoutError is an OSError
            if not says_gone(error):
                raise
            self._lose()
            if message["type"] != "websocket.close":
                raise self._disconnected() from None

    def _lose(self) -> None:
        """Give up a client that is gone, or that doesn't read."""
        self._state = CLOSED
        self.is_gone = True
        if self.close_code is None:
            self.close_code = LOST
        self._cancel_main()

    # Disconnects

    def _note_disconnect(self, message: Message) -> WebsocketDisconnected:
        """Remember that the client closed the connection; return the exception that says so."""
        self._close_for(message)
        self._cancel_main()
        return self._disconnected()

    def _close_for(self, message: Message) -> None:
        self._state = CLOSED
        self.is_gone = True
        if self.close_code is None:
            self.close_code = message.get("code") or LOST
            self.close_reason = message.get("reason") or ""

    def _disconnected(self) -> WebsocketDisconnected:
        return WebsocketDisconnected(self.close_code or LOST, self.close_reason)

    def watch_for(self, main: asyncio.Task[t.Any] | None, cancels: bool = True) -> None:
        """Look out for a disconnect while a handler runs.

        :param main: the handler's task; ``None``: look out no more.
        :param cancels: whether a disconnect cancels it.
        """
        self._main = main
        self._cancels = cancels
        if main is None:
            self._end_watch()

    def _cancel_main(self) -> None:
        main = self._main
        if main is None or self.has_cancelled or not self._cancels or main is _current_task():
            return
        self.has_cancelled = True
        main.cancel()

    # Receiving ahead

    def _watch_later(self) -> None:
        if self._timer is None and self._watcher is None and self._main is not None:
            self._timer = self.loop.call_later(WATCH_AFTER, self._watch_if_idle)

    def _watch_if_idle(self) -> None:
        self._timer = None
        if self._state is OPEN and not self._is_receiving and self._watcher is None:
            self._watcher = self.loop.create_task(self._watch())

    async def _watch(self, receiving: t.Awaitable[Message] | None = None) -> None:
        """Receive until there is a message that the handler waits for, or the client is gone.

        :param receiving: what the server's ``receive`` has returned already.
        """
        try:
            while self._state is OPEN:
                message = await (receiving or self._server_receive())
                receiving = None
                if message["type"] != "websocket.receive":
                    self._end_ahead(message)
                    return
                waiter = self._waiter
                if waiter is not None and not waiter.done():
                    waiter.set_result(message)
                    return
                await self._keep(message)
        except Exception:
            self._end_ahead({"type": "websocket.disconnect", "code": LOST})
        finally:
            self._watcher = None

    async def _keep(self, message: Message) -> None:
        """Keep a message until the handler asks for it; wait if there are too many of them."""
        ahead = self._ahead
        if ahead is None:
            ahead = self._ahead = deque()
        ahead.append(message)
        self._ahead_size += size_of(message)
        while len(ahead) >= MOST_AHEAD or self._ahead_size > self._limit:
            self._room = self.loop.create_future()
            await self._room

    def _end_ahead(self, message: Message) -> None:
        """Have the handler end, now or once it has taken the messages before the disconnect."""
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(message)
        elif self._ahead:
            self._ahead.append(message)
            self._close_for(message)
            self.loop.call_later(CANCEL_AFTER, self._end_late, message)
        else:
            self._note_disconnect(message)

    def _end_late(self, message: Message) -> None:
        if self._ahead and self._ahead[-1] is message:
            self._cancel_main()

    async def _receive_watched(self) -> Message:
        if self._is_receiving:
            raise two_receivers()
        if self._ahead:
            return self._take_ahead()
        waiter: asyncio.Future[Message]
        waiter = self._waiter = self.loop.create_future()
        self._is_receiving = True
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._ahead = deque([waiter.result()])
                self._ahead_size = 0
            raise
        finally:
            self._waiter = None
            self._is_receiving = False
            self._watch_later()

    def _take_ahead(self) -> Message:
        assert self._ahead
        message = self._ahead.popleft()
        self._ahead_size = max(0, self._ahead_size - size_of(message))
        room, self._room = self._room, None
        if room is not None and not room.done():
            room.set_result(None)
        return message

    def _end_watch(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        if self._watcher is not None:
            self._watcher.cancel()
        self._ahead = None


def _current_task() -> asyncio.Task[t.Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:  # a callback of no loop
        return None
