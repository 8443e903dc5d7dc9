"""Bodies that are read or sent piece by piece, beside their slow twins, Werkzeug's."""

from __future__ import annotations

import io
import typing as t
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.utils import cached_property
from werkzeug.wrappers import Request as PlainRequest
from werkzeug.wsgi import ClosingIterator, LimitedStream

from flask import Flask, Request, Response
from flask.http.streams import BodyStream, StreamBody


class Trickle(io.RawIOBase):
    """An input as servers have it: ``read`` gives what has come so far, and perhaps fails."""

    def __init__(self, pieces: list[bytes | type[Exception]]) -> None:
        self.pieces = list(pieces)

    def read(self, size: int = -1) -> bytes:
        if not self.pieces:
            return b""
        piece = self.pieces[0]
        if isinstance(piece, type):
            raise piece
        data, rest = (piece, b"") if size < 0 else (piece[:size], piece[size:])
        if rest:
            self.pieces[0] = rest
        else:
            del self.pieces[0]
        return data

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: t.Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class ReadOnly:
    """An input with nothing but what WSGI asks for."""

    def __init__(self, stream: Trickle) -> None:
        self.read = stream.read


def outcome(action: t.Callable[[], t.Any]) -> t.Any:
    try:
        return action()
    except Exception as error:
        return type(error)


pieces = st.lists(
    st.binary(min_size=1, max_size=6) | st.sampled_from([OSError, ValueError]), max_size=4
)
sizes = st.integers(-1, 8)


@given(pieces, st.integers(0, 20), st.lists(sizes, max_size=3), st.booleans())
def test_a_body_is_read_as_by_werkzeug(
    given_pieces: list[t.Any], limit: int, reads: list[int], only_read: bool
) -> None:
    def walk(kind: type[LimitedStream]) -> list[t.Any]:
        source: t.Any = Trickle(given_pieces)
        stream = kind(ReadOnly(source) if only_read else source, limit)
        seen: list[t.Any] = []
        for size in [*reads, -1, -1]:
            seen.append(outcome(lambda size=size: (stream.read(size), stream.tell())))  # type: ignore[misc]
            if isinstance(seen[-1], type):
                break  # after an error the input is of no more use
        return seen

    assert walk(BodyStream) == walk(LimitedStream)


@pytest.mark.parametrize("size", [0, 1, 64 * 1024 - 1, 64 * 1024, 64 * 1024 + 1, 200_000])
def test_bodies_around_the_bound_are_read_whole(size: int) -> None:
    body = bytes(size)
    environ = {"wsgi.input": io.BytesIO(body + b"more"), "CONTENT_LENGTH": str(size)}
    assert Request(environ).get_data() == body


LENGTHS = [
    "",
    "5",
    "05",
    "0",
    "-1",
    "+5",
    " 5",
    "5 ",
    "five",
    "\N{ARABIC-INDIC DIGIT FIVE}",
    "9" * 30,
    "9" * 5000,
    "5.0",
]


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("more", [{}, {"HTTP_TRANSFER_ENCODING": "chunked"}], ids=["", "chunked"])
def test_a_length_means_what_it_means_to_werkzeug(length: str, more: dict[str, str]) -> None:
    def read(kind: type[PlainRequest]) -> t.Any:
        source = Trickle([b"hello world"])
        environ = {"wsgi.input": source, "CONTENT_LENGTH": length, **more}
        return outcome(kind(environ).get_data), len(source.pieces and source.pieces[0])

    assert read(Request) == read(PlainRequest)


@pytest.mark.parametrize("more", [{}, {"wsgi.input_terminated": True}], ids=["", "terminated"])
@pytest.mark.parametrize("limit", [None, 4, 5])
def test_a_limit_holds_before_anything_is_read(more: dict[str, t.Any], limit: int | None) -> None:
    source = Trickle([b"hello"])
    request = Request({"wsgi.input": source, "CONTENT_LENGTH": "5", **more})
    request.max_content_length = limit
    if limit == 4:
        with pytest.raises(RequestEntityTooLarge):
            request.get_data()
        assert source.pieces == [b"hello"]
    else:
        assert request.get_data() == b"hello"


def test_a_shallow_request_refuses_to_read() -> None:
    environ = {"wsgi.input": io.BytesIO(b"x"), "CONTENT_LENGTH": "1"}
    with pytest.raises(RuntimeError, match="shallow"):
        Request(environ, shallow=True).get_data()


def answered(app: t.Any) -> t.Any:
    environ = {"REQUEST_METHOD": "GET", "wsgi.url_scheme": "http", "SERVER_NAME": "localhost"}
    return app(environ, lambda status, headers: None)


@pytest.mark.parametrize(
    "walk", [list, lambda body: [next(body), *body], lambda body: [next(body)]]
)
@pytest.mark.parametrize("pieces", [["a", b"b", "é"], ["only"]])
def test_a_streamed_body_is_that_of_werkzeug(walk: t.Any, pieces: list[t.Any]) -> None:
    seen = []
    for close_at_end in (False, True):
        log: list[str] = []

        def generate(log: list[str] = log) -> Iterator[t.Any]:
            try:
                yield from pieces
            finally:
                log.append("generator closed")

        response = Response(generate())
        if close_at_end:  # such a response is left to the base class
            response.call_on_close(lambda: None)
        body = answered(response)
        assert isinstance(body, ClosingIterator)
        assert isinstance(body, StreamBody) is not close_at_end
        walked = walk(body)
        body.close()
        seen.append((walked, log, response.headers))
    assert seen[0] == seen[1]
    assert seen[0][1] == ["generator closed"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("status", [200, 204, 304])
def test_a_stream_without_a_body_to_send_is_closed_all_the_same(method: str, status: int) -> None:
    app = Flask(__name__)
    closed = []

    def generate() -> Iterator[str]:
        try:
            yield "piece"
            yield "more"
        finally:
            closed.append(True)

    @app.route("/")
    def view() -> Response:
        stream = generate()
        next(stream)
        return Response(stream, status=status)

    answer = app.test_client().open("/", method=method)
    answer.close()
    assert closed == [True]
    assert answer.get_data() == (b"more" if method == "GET" and status == 200 else b"")


@given(
    pieces, st.integers(0, 12), st.lists(st.sampled_from(["cached", "bare", "text"]), max_size=3)
)
def test_data_is_that_of_werkzeug_however_it_arrives(
    given_pieces: list[t.Any], length: int, reads: list[str]
) -> None:
    def walk(kind: type[PlainRequest]) -> list[t.Any]:
        request = kind({"wsgi.input": Trickle(given_pieces), "CONTENT_LENGTH": str(length)})
        seen: list[t.Any] = []
        ways = {
            "cached": request.get_data,
            "bare": lambda: request.get_data(cache=False),
            "text": lambda: request.get_data(as_text=True),
        }
        for name in reads:
            seen.append(outcome(ways[name]))
            if isinstance(seen[-1], type):
                return seen  # after an error the input is of no more use
        return [*seen, outcome(request.stream.read), outcome(request.stream.tell)]

    assert walk(Request) == walk(PlainRequest)


def test_data_that_was_read_is_there_for_forms_and_the_stream_is_at_its_end() -> None:
    body = b"a=1&b=2"
    environ = {
        "REQUEST_METHOD": "POST",
        "wsgi.input": io.BytesIO(body),
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
    }
    request = Request(environ)
    assert request.get_data() == body
    assert request.form.to_dict() == {"a": "1", "b": "2"}
    assert request.stream.read() == b""


def test_a_stream_of_the_application_s_own_is_read() -> None:
    class Shouting(Request):
        @cached_property
        def stream(self) -> t.IO[bytes]:
            return io.BytesIO(self.environ["wsgi.input"].read().upper())

    environ = {"wsgi.input": io.BytesIO(b"hello"), "CONTENT_LENGTH": "5"}
    assert Shouting(environ).get_data() == b"HELLO"
