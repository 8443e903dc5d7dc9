"""A request's body: from ``receive`` to a file that can be read as ``wsgi.input``.

A small body is read on the loop before any code of the application runs.  A large one is pulled by
the thread that reads it, a few messages ahead, so that neither side waits for the other and no
more than that is ever in memory.
"""

from __future__ import annotations

import asyncio
import io
import typing as t
from functools import partial
from queue import Empty, SimpleQueue

from werkzeug.exceptions import ClientDisconnected, RequestTimeout

from .drive import drive_on

if t.TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from _typeshed.wsgi import WSGIEnvironment

    from .threads import Mailbox

Message = t.MutableMapping[str, t.Any]
Receive = t.Callable[[], t.Awaitable[Message]]

_MOST_AHEAD = 2
"""Maximum number of messages that a pulled body is received ahead of its reader."""


def expects_body(environ: WSGIEnvironment) -> bool:
    """Return whether a request may have a body, which then must be received."""
    if "CONTENT_LENGTH" in environ:
        return bool(environ["CONTENT_LENGTH"] != "0")
    # HTTP/1 announces each body; later versions don't have to.
    return "HTTP_TRANSFER_ENCODING" in environ or environ["SERVER_PROTOCOL"] >= "HTTP/2"


class Inlet:
    """Receiver of one request's messages, the only caller of its ``receive``.

    :param receive: the server's function.
    :param timeout: seconds to wait for one message of the body; ``None`` for no limit.
    """

    __slots__ = ("_receive", "failure", "is_complete", "is_disconnected", "is_owned", "timeout")

    def __init__(self, receive: Receive, timeout: float | None) -> None:
        self._receive = receive
        self.timeout = timeout
        self.is_complete = False
        """True if the whole body was received."""
        self.is_disconnected = False
        self.is_owned = False
        """True if a view reads the body itself, so that nothing else may receive."""
        self.failure: Exception | None = None
        """Exception that ended the body early, raised to its readers."""

    @property
    def is_over(self) -> bool:
        """True if the body is complete or has failed."""
        return self.is_complete or self.failure is not None

    async def next_piece(self) -> bytes:
        """Return the next piece of the body; empty once there is no more of it."""
        while not self.is_over:
            try:
                async with asyncio.timeout(self.timeout):
                    message = await self._receive()
            except TimeoutError:
                self.failure = RequestTimeout()
                break
            except Exception as error:
                self.failure = ClientDisconnected()
                self.failure.__cause__ = error
                break
            piece = self._take(message)
            if piece:
                return piece
        return b""

    def _take(self, message: Message) -> bytes:
        kind = message["type"]
        if kind == "http.disconnect":
            self.is_disconnected = True
            self.failure = ClientDisconnected()
            return b""
        if kind != "http.request":
            raise RuntimeError(f"The ASGI server sent {kind!r} where a request's body was due.")
        self.is_complete = not message.get("more_body", False)
        return message.get("body") or b""

    async def wait_for_disconnect(self) -> None:
        """Wait until the client disconnects; drop the rest of the body."""
        while not self.is_disconnected:
            message = await self._receive()
            self.is_disconnected = message["type"] == "http.disconnect"


def receive_at_once(receive: Receive, length: int) -> bytes | Receive:
    """Return the whole body if it is available already, else a function to receive it.

    :param length: as the client announced it.
    :returns: for a body that is not there, or not as announced, a function that begins with what
        came of the first call, so that nothing is lost.
    """
    # PERF: most servers have a small body when they call the application. To wait for it with
    # a bound takes longer than to parse it.
    coroutine = _call(receive)
    try:
        awaited = coroutine.send(None)
    except StopIteration as stop:
        message = stop.value
        body = message.get("body")
        is_all = message.get("type") == "http.request" and not message.get("more_body")
        if is_all and type(body) is bytes and len(body) == length:
            return body
        return _Begun(receive, partial(_return, message))
    except Exception as error:
        return _Begun(receive, partial(_raise, error))
    return _Begun(receive, partial(drive_on, coroutine, awaited))


async def _call(receive: Receive) -> Message:
    return await receive()


async def _return(message: Message) -> Message:
    return message


async def _raise(error: Exception) -> Message:
    raise error


class _Begun:
    """A server's function that was called once; the first call here goes on with that one."""

    __slots__ = ("_first", "_receive")

    def __init__(self, receive: Receive, first: t.Callable[[], t.Awaitable[Message]]) -> None:
        self._receive = receive
        self._first: t.Callable[[], t.Awaitable[Message]] | None = first

    def __call__(self) -> t.Awaitable[Message]:
        first, self._first = self._first, None
        return self._receive() if first is None else first()


async def read_ahead(inlet: Inlet, announced: int | None, most: int) -> list[bytes]:
    """Receive a body up to a number of bytes, or less if it ends before; return its pieces.

    :param announced: its length as the client tells it; a longer one is not begun.
    """
    pieces: list[bytes] = []
    if announced is not None and announced > most:
        return pieces
    size = 0
    while size <= most:
        piece = await inlet.next_piece()
        if not piece:
            break
        pieces.append(piece)
        size += len(piece)
    return pieces


class PulledBody(io.RawIOBase):
    """A body that is received while a worker thread reads it.

    :param inlet: where it comes from.
    :param mailbox: of the loop that the inlet belongs to.
    :param pieces: what was received of it before.
    """

    def __init__(self, inlet: Inlet, mailbox: Mailbox, pieces: list[bytes]) -> None:
        super().__init__()
        self._inlet = inlet
        self._mailbox = mailbox
        self._arrived: SimpleQueue[bytes] = SimpleQueue()
        for piece in pieces:
            self._arrived.put(piece)
        self._rest = memoryview(b"")
        self._is_at_end = False
        self._task: asyncio.Task[None] | None = None
        self._room = asyncio.Event()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read what is there into a buffer, waiting for it if nothing is.

        :raises ~werkzeug.exceptions.ClientDisconnected: if the client went away.
        :raises ~werkzeug.exceptions.RequestTimeout: if nothing came for too long.
        """
        if not self._rest and not self._is_at_end:
            self._rest = memoryview(self._next_piece())
            self._is_at_end = not self._rest
        if self._is_at_end and self._inlet.failure is not None:
            raise self._inlet.failure
        view = memoryview(buffer).cast("B")
        size = min(len(view), len(self._rest))
        view[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size

    def _next_piece(self) -> bytes:
        if self._arrived.qsize() < _MOST_AHEAD and not self._inlet.is_over:
            self._mailbox.post(self._make_room)
        timeout = self._inlet.timeout
        try:
            # The loop has its own bound for each message; this one is for a loop that ended.
            return self._arrived.get(timeout=None if timeout is None else timeout + 5)
        except Empty:
            raise RequestTimeout from None

    # On the loop

    def _make_room(self) -> None:
        self._room.set()
        if self._task is None:
            self._task = asyncio.ensure_future(self._pull())

    async def _pull(self) -> None:
        while True:
            if self._arrived.qsize() >= _MOST_AHEAD:
                self._room.clear()
                await self._room.wait()
            self._arrived.put(await self._inlet.next_piece())
            if self._inlet.is_over:
                self._arrived.put(b"")
                break

    async def received(self) -> None:
        """Wait until the body is complete or the client disconnects."""
        self._make_room()
        if self._task is not None:
            await asyncio.wait((self._task,))

    def stop(self) -> None:
        """Stop receiving when the response is finished."""
        if self._task is not None:
            self._task.cancel()
        if not self._inlet.is_over:  # a thread that still reads must not wait
            self._inlet.failure = ClientDisconnected()
            self._arrived.put(b"")


def input_of(
    inlet: Inlet, pieces: list[bytes], mailbox: Mailbox
) -> tuple[t.Any, PulledBody | None]:
    """Return the file for ``wsgi.input``, and what is behind it if the body is not all there."""
    if inlet.failure is not None:
        partial = PulledBody(inlet, mailbox, [*pieces, b""])
        return io.BufferedReader(partial, 64 * 1024), None
    if inlet.is_complete:
        return io.BytesIO(pieces[0] if len(pieces) == 1 else b"".join(pieces)), None
    pulled = PulledBody(inlet, mailbox, pieces)
    return io.BufferedReader(pulled, 64 * 1024), pulled
