"""The response of sync code: from ``start_response`` and an iterable to ``send``.

A :class:`Transfer` has two sides.  In a worker thread it calls the WSGI application, goes over the
body and closes it.  On the loop it sends what the thread has.  The usual response, one piece, comes
over in one message; the pieces of a stream wait for each other.
"""

from __future__ import annotations

import asyncio
import logging
import os
import stat
import typing as t
from collections import deque
from contextvars import Context
from queue import Empty, SimpleQueue

from werkzeug.wsgi import FileWrapper

from ..http.headers import full_content_type
from .body import Inlet

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from .body import Message, PulledBody
    from .threads import Mailbox

logger = logging.getLogger("flask.asgi")

Send = t.Callable[[t.MutableMapping[str, t.Any]], t.Awaitable[None]]
WHOLE_BODIES = frozenset({list, tuple, type(iter(())), type(iter([]))})
"""Types of bodies of which all pieces are there; iterators are what plain responses give."""

RawHeaders = list[tuple[bytes, bytes]]
Application = t.Callable[..., t.Iterable[bytes]]

MOST_IN_FLIGHT = 2
"""Maximum number of chunks of a stream that a thread produces ahead of sending."""


class ClientGone(OSError):
    """Raised in a worker thread where a response has nobody left to go to."""


class PathFile(FileWrapper):
    """A file that is the body of a response, which the server may send by its path."""

    def sendable_path(self) -> str | None:
        """Return the absolute path, if that leads to the whole of the file that is open."""
        file: t.Any = self.file
        try:
            name, opened = file.name, os.fstat(file.fileno())
            if not isinstance(name, str) or file.tell() or not stat.S_ISREG(opened.st_mode):
                return None
            path = os.path.abspath(name)
            return path if os.path.samestat(os.stat(path), opened) else None
        except (AttributeError, OSError, ValueError):
            return None


class Waiter:
    """Awaited by a task until :meth:`wake` is called on the task's loop."""

    # PERF: an asyncio.Future resumes its task in the next turn of the loop, after another look at
    # the sockets. Tasks accept any object that behaves like one; this one resumes at once.

    __slots__ = (
        "_asyncio_future_blocking",
        "_callback",
        "_context",
        "_is_cancelled",
        "_is_done",
        "_loop",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._asyncio_future_blocking = False
        self._callback: t.Callable[[t.Any], object] | None = None
        self._is_done = False
        self._is_cancelled = False

    def wake(self) -> None:
        """Resume the task; from a callback of the loop, not from another task."""
        if not self._is_done:
            self._is_done = True
            callback, self._callback = self._callback, None
            if callback is not None:
                self._context.run(callback, self)

    def __await__(self) -> t.Generator[t.Any, None, None]:
        if not self._is_done:
            self._asyncio_future_blocking = True
            yield self
        self.result()

    # As a task uses it

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return self._loop

    def add_done_callback(self, callback: t.Callable[[t.Any], object], *, context: Context) -> None:
        self._callback, self._context = callback, context

    def result(self) -> None:
        if self._is_cancelled:
            raise asyncio.CancelledError

    def cancel(self, msg: t.Any = None) -> bool:
        if self._is_done:
            return False
        self._is_done = self._is_cancelled = True
        callback, self._callback = self._callback, None
        if callback is not None:
            self._loop.call_soon(callback, self, context=self._context)
        return True


class Transfer:
    """One request on its way through a WSGI application in a worker thread.

    :param application: called with the environ.
    :param context: what the application runs in; ``None``: what is current in its thread.
    :param timeout: how long a piece may take to be sent, in seconds; ``None``: for ever.
    :param at_end: called in the thread when it has done its work, before the loop is told.
    """

    __slots__ = (
        "_acknowledged",
        "_application",
        "_at_end",
        "_context",
        "_environ",
        "_error",
        "_headers",
        "_in_flight",
        "_is_ended",
        "_is_gone",
        "_is_started",
        "_is_stream",
        "_mailbox",
        "_path",
        "_pieces",
        "_status",
        "_timeout",
        "_waiter",
    )

    def __init__(
        self,
        application: Application,
        environ: WSGIEnvironment,
        mailbox: Mailbox,
        context: Context | None,
        timeout: float | None,
        at_end: t.Callable[[], None] | None = None,
    ) -> None:
        self._application = application
        self._at_end = at_end
        self._environ = environ
        self._mailbox = mailbox
        self._context = context
        self._timeout = timeout
        self._waiter = Waiter(mailbox.loop)
        self._pieces: deque[bytes] = deque()
        self._status: int | None = None
        self._headers: RawHeaders = []
        self._path: str | None = None
        self._error: BaseException | None = None
        self._is_stream = False
        self._is_started = False
        self._is_ended = False
        self._is_gone = False

    # In the worker thread

    def run(self) -> None:
        """Call the application, and go over the body to its end; in a worker thread."""
        pieces = self.begin()
        if pieces is not None:
            if self._context is None:
                self._exhaust(pieces)
            else:
                self._context.run(self._exhaust, pieces)

    def begin(self) -> t.Iterator[None] | None:
        """Call the application.

        :returns: ``None`` where that was all, or else what goes over the body: to be run to its
            end, with :meth:`wait_for_room` between the steps.
        """
        try:
            return self._call() if self._context is None else self._context.run(self._call)
        except BaseException as error:
            self._end(error)
            return None

    def resume(self, pieces: t.Iterator[None]) -> bool:
        """Take one step of what :meth:`begin` returned; return whether there may be more."""
        try:
            if self._context is None:
                next(pieces)
            else:
                self._context.run(next, pieces)
        except StopIteration:
            return False
        return True

    def _call(self) -> t.Iterator[None] | None:
        return self._take(self._application(self._environ, self._start_response))

    def _take(self, body: t.Iterable[bytes]) -> t.Iterator[None] | None:
        """Take over what the application returned."""
        kind = type(body)
        if kind in WHOLE_BODIES and self._status is not None:
            body = tuple(body)
            if body:
                self._pieces.append(b"".join(body))
            self._end(None)
            return None
        return self._go_over(body)

    def _exhaust(self, pieces: t.Iterator[None]) -> None:
        for _ in pieces:
            self.wait_for_room()

    def _end(self, error: BaseException | None) -> None:
        if error is not None and self._is_gone:
            logger.error("A response that nobody waits for failed", exc_info=error)
        else:
            self._error = error
        self._is_ended = True
        if self._at_end is not None:
            self._at_end()
        self._mailbox.post(self._wake)

    def _start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: t.Any = None
    ) -> t.Callable[[bytes], None]:
        if exc_info is not None:
            try:
                if self._is_started:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None  # its traceback holds this frame
        elif self._status is not None:
            raise AssertionError("The response was started before: 'start_response' is called once")
        raw = raw_headers(headers)
        self._status = int(status.partition(" ")[0])
        self._headers = raw
        return self._write

    def _write(self, piece: bytes) -> None:
        """Send a piece, as the callable that ``start_response`` returns does."""
        self._become_stream()
        self._put(piece)
        self.wait_for_room()

    def _become_stream(self) -> None:
        if not self._is_stream:
            self._acknowledged: SimpleQueue[None] = SimpleQueue()
            self._in_flight = 0
            self._is_stream = True

    def _go_over(self, body: t.Iterable[bytes]) -> t.Iterator[None]:
        """Send the pieces of a body, yielding after each, and close it."""
        error: BaseException | None = None
        try:
            try:
                if isinstance(body, PathFile) and self._sends_whole_file():
                    self._path = body.sendable_path()
                if self._path is None:
                    yield from self._put_all(body)
            finally:
                close = getattr(body, "close", None)
                if close is not None:
                    close()
        except (ClientGone, GeneratorExit):
            pass
        except BaseException as raised:
            error = raised
        self._end(error)
        del error

    def _put_all(self, body: t.Iterable[bytes]) -> t.Iterator[None]:
        self._become_stream()
        for piece in body:
            if piece:
                self._put(piece)
                yield
        if self._status is None:
            raise AssertionError("The application ended without 'start_response'.")

    def _sends_whole_file(self) -> bool:
        return self._status == 200 and self._environ["REQUEST_METHOD"] == "GET"

    def _put(self, piece: bytes) -> None:
        if self._status is None:
            raise AssertionError("The application sent a body before 'start_response'.")
        if self._is_gone:
            raise ClientGone
        self._is_started = True
        self._pieces.append(piece)
        self._in_flight += 1
        self._mailbox.post(self._wake)

    def wait_for_room(self, most: int = MOST_IN_FLIGHT) -> None:
        """Wait until a piece may be made: fewer than so many are on their way."""
        if not self._is_stream:
            return
        while self._in_flight >= most and not self._is_gone:
            try:
                # The loop has its own bound; this one is for a loop that ended.
                self._acknowledged.get(timeout=self._timeout and self._timeout + 5)
            except Empty:
                self._is_gone = True
            self._in_flight -= 1

    # On the loop

    def _wake(self) -> None:
        self._waiter.wake()

    def abandon(self) -> None:
        """Have the thread stop at the next piece: there is nobody to send it to."""
        self._is_gone = True
        if self._is_stream:
            self._acknowledged.put(None)

    async def deliver(self, send: Send, inlet: Inlet, pulled: PulledBody | None) -> None:
        """Send what comes from the thread until the response is over or the client gone.

        :param inlet: by which a disconnect is noticed.
        :raises BaseException: what the application raised, for the server to answer or log.
        """
        try:
            await self._waiter
            if self._is_stream:
                await self._deliver_stream(send, inlet, pulled)
            elif self._error is not None:
                raise self._error
            else:
                await self._deliver_whole(send)
        except BaseException:
            self.abandon()
            raise
        finally:
            self._error = None  # its traceback holds this frame

    def _start_message(self) -> Message:
        return {"type": "http.response.start", "status": self._status, "headers": self._headers}

    async def _deliver_whole(self, send: Send) -> None:
        await send(self._start_message())
        if self._path is not None:
            await send({"type": "http.response.pathsend", "path": self._path})
            return
        body = self._pieces[0] if self._pieces and self._sends_body() else b""
        await send({"type": "http.response.body", "body": body})

    def _sends_body(self) -> bool:
        return sends_body(self._environ, self._status or 0)

    async def _deliver_stream(self, send: Send, inlet: Inlet, pulled: PulledBody | None) -> None:
        watcher = asyncio.ensure_future(self._watch(inlet, pulled))
        try:
            await self._send_pieces(send)
        finally:
            watcher.cancel()

    async def _watch(self, inlet: Inlet, pulled: PulledBody | None) -> None:
        """Note when the client goes away, which no server tells those who send."""
        if pulled is not None:
            await pulled.received()
        try:
            await inlet.wait_for_disconnect()
        except Exception:
            # A server whose 'receive' fails is not one to send to either.
            inlet.is_disconnected = True
        if inlet.is_disconnected:
            self.abandon()
            self._mailbox.loop.call_soon(self._wake)  # this task can't step into another

    async def _send_pieces(self, send: Send) -> None:
        is_announced = False
        sends_body = self._sends_body()
        while not self._is_gone:
            self._waiter = Waiter(self._mailbox.loop)
            while self._pieces and not self._is_gone:
                if not is_announced:
                    is_announced = True
                    await send(self._start_message())
                piece = self._pieces.popleft()
                await self._send_piece(send, piece if sends_body else b"")
            if self._is_ended and not self._pieces:
                await self._end_stream(send, is_announced)
                return
            await self._waiter

    async def _end_stream(self, send: Send, is_announced: bool) -> None:
        if self._error is not None:
            raise self._error
        if not self._is_gone:
            if not is_announced:
                await send(self._start_message())
            await send({"type": "http.response.body", "body": b""})

    async def _send_piece(self, send: Send, piece: bytes) -> None:
        bound = asyncio.timeout(self._timeout)
        try:
            if piece:
                async with bound:
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
        except OSError:
            if bound.expired():
                raise  # so that the server closes the connection
            self.abandon()
        finally:
            self._acknowledged.put(None)


def sends_body(environ: WSGIEnvironment, status: int) -> bool:
    """Return whether a response has a body."""
    if 100 <= status < 200 or status in (204, 304):
        return False
    return bool(environ["REQUEST_METHOD"] != "HEAD")


_RAW_NAMES: dict[str, bytes] = {}
_MOST_NAMES = 1024
_LONGEST_NAME = 64


def raw_headers(headers: list[tuple[str, str]]) -> RawHeaders:
    """Return headers as ASGI has them: lower case names, both as Latin-1 bytes.

    :raises ValueError: for characters that a header can't have.
    """
    raw: RawHeaders = []
    known = _RAW_NAMES
    for name, value in headers:
        raw_name = known.get(name)
        if raw_name is None:
            raw_name = _raw_name(name)
        try:
            raw.append((raw_name, value.encode("latin-1")))
        except UnicodeEncodeError:
            raise ValueError(
                f"The response header {name!r} has characters outside of Latin-1: {value!r}"
            ) from None
    return raw


def _raw_name(name: str) -> bytes:
    try:
        raw = name.lower().encode("latin-1")
    except UnicodeEncodeError:
        raise ValueError(
            f"The name of the response header {name!r} has characters outside of Latin-1."
        ) from None
    if len(_RAW_NAMES) < _MOST_NAMES and len(name) <= _LONGEST_NAME:
        _RAW_NAMES[name] = raw
    return raw


def text_type(header: tuple[str, str] | None) -> tuple[bytes, bytes]:
    """Return a content type header as ASGI has it; an empty one for ``None``."""
    name, value = header or ("", "")
    return name.lower().encode(), value.encode()


_MOST_TYPES = 16


def raw_type(types: dict[str, tuple[bytes, bytes]], mimetype: str) -> tuple[bytes, bytes]:
    """Return the content type header of a mimetype, and keep it among a few others."""
    raw = text_type(("content-type", full_content_type(mimetype)))
    if len(types) < _MOST_TYPES:
        types[mimetype] = raw
    return raw
