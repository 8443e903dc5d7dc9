"""Streams of request and response bodies, with fewer calls per chunk than Werkzeug's."""

from __future__ import annotations

import typing as t

from werkzeug.wsgi import ClosingIterator, FileWrapper, LimitedStream

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

AT_ONCE = 64 * 1024
"""Maximum number of bytes per read, because servers may allocate a buffer of that size."""


class BodyStream(LimitedStream):
    """A request body of declared length; reading raises an error if it ends early.

    :param position: number of bytes read before.
    """

    def __init__(self, stream: t.IO[bytes], limit: int, position: int = 0) -> None:
        super().__init__(stream, limit)
        self._pos = position

    def readall(self) -> bytes:
        # PERF: the base class reads into a buffer, copies that to a second and a third.
        pieces: list[bytes] = []
        try:
            while (left := self.limit - self._pos) > 0:
                piece = self._stream.read(min(left, AT_ONCE))
                if not piece:
                    break
                self._pos += len(piece)
                pieces.append(piece)
        except (OSError, ValueError) as error:
            self.on_disconnect(error=error)
        if self._pos < self.limit:
            self.on_disconnect()
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def plain_length(environ: WSGIEnvironment) -> int | None:
    """Return the body's length if ``Content-Length`` alone declares it."""
    announced: str = environ.get("CONTENT_LENGTH", "")
    if (
        not 0 < len(announced) < 20
        or not announced.isdecimal()
        or not announced.isascii()
        or "HTTP_TRANSFER_ENCODING" in environ
    ):
        return None
    return int(announced)


class OwnFile(FileWrapper):
    """A file opened for a response, closed at the latest when the response is dropped.

    A response is dropped if a hook fails after the view. Without this class, Python would report
    the file as never closed.
    """

    def __del__(self) -> None:
        self.close()


def close_when_dropped(body: t.Any) -> None:
    """Close the file of a response's body when the response is dropped."""
    if type(body) is FileWrapper:
        body.__class__ = OwnFile


class StreamBody(ClosingIterator):
    """A streamed response body, to be closed by the server."""

    # PERF: the base class is asked for each piece, to ask the iterator. A server that goes over
    # the body asks for its iterator, which may as well be the one below.

    def __init__(self, pieces: t.Iterator[bytes], close: t.Callable[[], None]) -> None:
        super().__init__(pieces, close)
        self._pieces = pieces

    def __iter__(self) -> t.Iterator[bytes]:  # type: ignore[override]
        return self._pieces


class OnePiece:
    """The body of an error page: a stream to everybody who looks at it, yet all there.

    Werkzeug makes such a body out of what an exception sends as a WSGI application.

    :param piece: ``None`` for a body without a piece, which answers ``HEAD``.
    """

    def __init__(self, piece: bytes | None) -> None:
        self.piece = piece

    def __iter__(self) -> OnePiece:
        return self

    def __next__(self) -> bytes:
        piece, self.piece = self.piece, None
        if piece is None:
            raise StopIteration
        return piece


class AsyncBody:
    """The body of a response that is an async iterable.

    On an event loop it is iterated there. A sync caller, such as a WSGI server, waits for each
    chunk.
    """

    def __init__(self, source: t.AsyncIterable[str | bytes]) -> None:
        self._source = source
        self._iterator: t.Any = None
        self._steps: t.Any = None

    def __aiter__(self) -> AsyncBody:
        return self

    async def __anext__(self) -> bytes:
        if self._iterator is None:
            self._iterator = aiter(self._source)
        piece = await anext(self._iterator)
        return piece.encode() if isinstance(piece, str) else piece

    async def aclose(self) -> None:
        """Close the source if it has a close method."""
        close = getattr(self._iterator or self._source, "aclose", None)
        if close is not None:
            await close()

    def __iter__(self) -> AsyncBody:
        return self

    def __next__(self) -> bytes:
        if self._steps is None:
            from ..asynchronous.steps import Steps  # PERF: imports asyncio

            self._steps = Steps()
        try:
            return t.cast(bytes, self._steps.run(self.__anext__()))
        except StopAsyncIteration:
            self.close()
            raise StopIteration from None

    def close(self) -> None:
        """Close the source, for a sync caller."""
        if self._steps is not None:
            self._steps.run(self.aclose())
            self._steps.close()
            self._steps = None
