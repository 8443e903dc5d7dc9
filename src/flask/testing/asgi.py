"""The sync test client's connection to the ASGI entry point."""

from __future__ import annotations

import asyncio
import threading
import typing as t
from contextvars import copy_context
from queue import SimpleQueue
from urllib.parse import quote

from werkzeug.datastructures import Headers
from werkzeug.http import HTTP_STATUS_CODES

from ..doors.lifespan import HomeLoop
from ..doors.scope import EXTRA, WORKERS, Scope

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from ..app import Flask
    from ..doors.body import Message
    from ..doors.sending import Transfer

Answer = tuple[t.Iterable[bytes], str, Headers]
"""The body, the status line and the headers of a response."""

PIECE = 64 * 1024
"""Maximum number of bytes of a request body in one message."""

_FROM_SCOPE = {
    "CONTENT_LENGTH",
    "CONTENT_TYPE",
    "PATH_INFO",
    "QUERY_STRING",
    "REMOTE_ADDR",
    "REMOTE_PORT",
    "REQUEST_METHOD",
    "SCRIPT_NAME",
    "SERVER_NAME",
    "SERVER_PORT",
    "SERVER_PROTOCOL",
    "asgi.scope",
    "wsgi.file_wrapper",
    "wsgi.input",
    "wsgi.input_terminated",
    "wsgi.url_scheme",
}
"""Environ keys that the entry point derives from a scope; others are passed beside it."""


def scope_of(environ: WSGIEnvironment) -> Scope:
    """Return the ASGI scope of the request that an environ describes."""
    root = environ.get("SCRIPT_NAME", "").encode("latin-1")
    path = root + environ.get("PATH_INFO", "").encode("latin-1")
    port = environ.get("SERVER_PORT", "80")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": environ.get("SERVER_PROTOCOL", "HTTP/1.1").removeprefix("HTTP/"),
        "method": environ["REQUEST_METHOD"],
        "scheme": environ["wsgi.url_scheme"],
        "path": path.decode(errors="replace"),
        "raw_path": quote(path).encode(),
        "query_string": environ.get("QUERY_STRING", "").encode("latin-1"),
        "root_path": root.decode(errors="replace"),
        "headers": _headers_of(environ),
        "client": (environ.get("REMOTE_ADDR", ""), 0),
        "server": (environ.get("SERVER_NAME", "localhost"), int(port) if port else None),
        "extensions": {},
        EXTRA: {
            key: value
            for key, value in environ.items()
            if key not in _FROM_SCOPE and not key.startswith("HTTP_")
        },
    }


def _headers_of(environ: WSGIEnvironment) -> list[tuple[bytes, bytes]]:
    headers: list[tuple[bytes, bytes]] = []
    for key, value in environ.items():
        name = key.removeprefix("HTTP_")
        if (name != key or key in {"CONTENT_TYPE", "CONTENT_LENGTH"}) and value != "":
            raw_name = name.replace("_", "-").lower().encode("latin-1")
            headers.append((raw_name, str(value).encode("latin-1")))
    if _is_chunked(environ) and "HTTP_TRANSFER_ENCODING" not in environ:
        headers.append((b"transfer-encoding", b"chunked"))
    return headers


def _is_chunked(environ: WSGIEnvironment) -> bool:
    """Return whether the request has a body of unknown length."""
    if environ.get("CONTENT_LENGTH"):
        return False
    return bool(environ.get("wsgi.input_terminated")) or "HTTP_TRANSFER_ENCODING" in environ


def headers_from(raw: t.Iterable[tuple[bytes, bytes]]) -> Headers:
    """Return headers with their names written as in HTTP/1, which ASGI has in lower case."""
    return Headers([(_usual_name(name), value.decode("latin-1")) for name, value in raw])


def _usual_name(raw: bytes) -> str:
    name = raw.decode("latin-1")
    return _UNUSUAL_NAMES.get(name) or name.title()


_UNUSUAL_NAMES = {
    name.lower(): name
    for name in ("ETag", "WWW-Authenticate", "Content-MD5", "X-XSS-Protection", "X-UA-Compatible")
}


class Feed:
    """A ``receive`` callable that sends the body in an environ's input."""

    def __init__(self, environ: WSGIEnvironment) -> None:
        self._input = environ.get("wsgi.input")
        length = (environ.get("CONTENT_LENGTH") or "").strip()
        self._rest = int(length) if length.isdecimal() else None
        if self._rest is None and not _is_chunked(environ):
            self._rest = 0
        self._begin = self._position()
        self._is_over = False
        self.gone = asyncio.Event()

    def _position(self) -> int | None:
        try:
            return int(t.cast(t.Any, self._input).tell())
        except (AttributeError, OSError, ValueError):
            return None

    def rewind(self) -> None:
        """Make the body readable again, for the request that follows a redirect."""
        if self._begin is not None and self._input is not None and not self._input.closed:
            self._input.seek(self._begin)

    async def receive(self) -> Message:
        if self.gone.is_set():
            return {"type": "http.disconnect"}
        if self._is_over:
            await self.gone.wait()
            return {"type": "http.disconnect"}
        size = PIECE if self._rest is None else min(PIECE, self._rest)
        try:
            piece = self._input.read(size) if size and self._input is not None else b""
        except (OSError, ValueError):
            piece, self._rest = b"", 1
        if self._rest is not None:
            if size and not piece:  # less than was announced: the client went away
                self.gone.set()
                return {"type": "http.disconnect"}
            self._rest -= len(piece)
        more = bool(piece) if self._rest is None else self._rest > 0
        self._is_over = not more
        return {"type": "http.request", "body": piece, "more_body": more}


class Conversation:
    """One request, sent to the ASGI entry point on an event loop while the caller's thread waits.

    The caller's thread replaces the worker thread: a sync view runs in the thread and context of
    the test, as it does under WSGI.
    """

    def __init__(self, app: Flask, environ: WSGIEnvironment) -> None:
        self._events: SimpleQueue[t.Any] = SimpleQueue()
        self._transfer: Transfer | None = None
        self._steps: t.Iterator[None] | None = None
        self._is_over = False
        self._start: Message | None = None
        home = HomeLoop.get()
        if threading.current_thread() is home.thread:
            home = HomeLoop()  # a view that is running on that loop makes a request itself
        self._home = home
        home.run(self._begin(app, environ, copy_context()))

    # On the loop

    async def _begin(self, app: Flask, environ: WSGIEnvironment, context: t.Any) -> None:
        self._feed = Feed(environ)
        scope = {**scope_of(environ), WORKERS: self}
        loop = asyncio.get_running_loop()
        task = loop.create_task(
            self._converse(app, scope), context=context, name=f"test {scope['path']}"
        )
        self._task = task
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)

    async def _converse(self, app: Flask, scope: Scope) -> None:
        error: BaseException | None = None
        try:
            await app.asgi_app(scope, self._feed.receive, self._send)
        except BaseException as raised:
            error = raised
        self._feed.rewind()
        self._events.put(error)

    async def _send(self, message: Message) -> None:
        self._events.put(message)

    waiting = 0

    def accept(self, transfer: Transfer) -> None:
        """Run a request's sync code in the caller's thread."""
        self._events.put(transfer)

    # In the caller's thread

    def answer(self) -> Answer:
        """Wait for the start of the response. The body is fetched when it is iterated."""
        pieces = self._pieces()
        first = next(pieces, b"")
        if self._start is None:
            raise AssertionError("The application did not start a response.")
        code = self._start["status"]
        headers = headers_from(self._start["headers"])
        phrase = HTTP_STATUS_CODES.get(code, "Unknown")
        return Body(self, first, pieces), f"{code} {phrase.upper()}", headers

    def _pieces(self) -> t.Iterator[bytes]:
        while not self._is_over:
            event = self._next_event()
            if event is None:
                self._is_over = True
            elif isinstance(event, BaseException):
                self._is_over = True
                try:
                    raise event
                finally:
                    del event  # its traceback holds this frame
            elif not isinstance(event, dict):
                self._transfer = event
                self._steps = event.begin()
            elif event["type"] == "http.response.start":
                self._start = event
            elif event.get("body"):
                yield event["body"]

    def _next_event(self) -> t.Any:
        while self._steps is not None and self._events.empty():
            assert self._transfer is not None
            self._transfer.wait_for_room(1)
            if self._events.empty() and not self._transfer.resume(self._steps):
                self._steps = None
        return self._events.get()

    def drop(self) -> None:
        """Disconnect without waiting, because nobody reads the response."""
        if self._task.done():
            return
        self._home.loop.call_soon_threadsafe(self._feed.gone.set)
        if self._steps is not None:
            t.cast(t.Any, self._steps).close()

    def close(self) -> None:
        """Disconnect and close the rest of the response."""
        if self._is_over:
            return
        self._home.loop.call_soon_threadsafe(self._feed.gone.set)
        steps, self._steps = self._steps, None
        if steps is not None:
            t.cast(t.Any, steps).close()
        for _ in self._pieces():
            pass


_tasks: set[asyncio.Task[None]] = set()
"""Tasks that have not ended, which loops themselves don't hold."""


class Body:
    """The body of a response: an iterator that fetches more when asked for it."""

    def __init__(self, conversation: Conversation, first: bytes, rest: t.Iterator[bytes]) -> None:
        self._conversation = conversation
        self._first = first
        self._rest = rest

    def __iter__(self) -> t.Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        first, self._first = self._first, b""
        return first or next(self._rest)

    def close(self) -> None:
        self._conversation.close()

    def __del__(self) -> None:
        self._conversation.drop()


def run_asgi_app(app: Flask, environ: WSGIEnvironment, buffered: bool) -> Answer:
    """Send a request to an application's ASGI entry point.

    :param buffered: read the body before returning.
    """
    conversation = Conversation(app, environ)
    body, status, headers = conversation.answer()
    if buffered:
        try:
            body = list(body)
        finally:
            conversation.close()
    return body, status, headers
