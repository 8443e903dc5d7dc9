"""Sync applications behind ASGI: one thread for all of a request, bodies, responses, faults."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Awaitable, Callable, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import pytest

from flask import Flask, Response, g, request, send_file, stream_with_context
from flask.doors.scope import MalformedScope

from .harness import Exchange, http_scope
from .harness import request as send_request

Test = Callable[[], Awaitable[None]]


def run(test: Test) -> None:
    asyncio.run(test())


def until(condition: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.001)


async def happens(condition: Callable[[], object], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.001)


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.config["ASGI_THREADS"] = 8

    @app.get("/")
    def index() -> str:
        return "hello"

    @app.post("/echo")
    def echo() -> bytes:
        return request.get_data()

    return app


def length(data: bytes | int) -> list[tuple[str, str]]:
    return [("content-length", str(data if isinstance(data, int) else len(data)))]


# Calling forms


def test_one_object_serves_both_protocols(app: Flask) -> None:
    async def test() -> None:
        answer = await send_request(app)
        assert (answer.status, answer.body) == (200, b"hello")
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert len(answer.messages) == 2

    run(test)
    assert app.test_client().get("/").text == "hello"


def test_second_version_of_asgi(app: Flask) -> None:
    async def test() -> None:
        def second(scope: Any, receive: Any, send: Any) -> Any:
            return app(scope)(receive, send)

        assert (await send_request(second)).body == b"hello"

    run(test)


def test_middleware_replaces_asgi_app(app: Flask) -> None:
    inner = app.asgi_app

    async def middleware(scope: Any, receive: Any, send: Any) -> None:
        await inner({**scope, "path": "/"}, receive, send)

    app.asgi_app = middleware  # type: ignore[method-assign]

    async def test() -> None:
        assert (await send_request(app, "/nowhere")).body == b"hello"

    run(test)


def test_wsgi_middleware_takes_part(app: Flask) -> None:
    inner = app.wsgi_app

    def middleware(environ: Any, start_response: Any) -> Any:
        environ["PATH_INFO"] = "/"
        return inner(environ, start_response)

    app.wsgi_app = middleware  # type: ignore[method-assign]

    async def test() -> None:
        assert (await send_request(app, "/nowhere")).body == b"hello"

    run(test)


def test_replaced_call_takes_part() -> None:
    class Wrapped(Flask):
        def __call__(self, environ: Any, start_response: Any) -> Any:  # type: ignore[override]
            environ["PATH_INFO"] = "/"
            return super().__call__(environ, start_response)

    app = Wrapped(__name__)
    app.add_url_rule("/", view_func=lambda: "hello", endpoint="index")

    async def test() -> None:
        assert (await send_request(app.asgi_app, "/nowhere")).body == b"hello"

    run(test)


def test_websocket_is_refused(app: Flask) -> None:
    async def test() -> None:
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "websocket.connect"}

        async def send(message: Any) -> None:
            sent.append(message)

        await app({"type": "websocket", "path": "/"}, receive, send)
        assert sent == [{"type": "websocket.close", "code": 1000}]

    run(test)


def test_unknown_protocol_is_named(app: Flask) -> None:
    async def receive() -> Any:
        raise AssertionError("nothing to receive")

    async def send(message: Any) -> None:
        raise AssertionError("nothing to send")

    async def test() -> None:
        with pytest.raises(ValueError, match="'mqtt'"):
            await app({"type": "mqtt"}, receive, send)

    run(test)


def test_malformed_scope_is_raised_to_the_server(app: Flask) -> None:
    async def test() -> None:
        scope = http_scope()
        del scope["path"]
        with pytest.raises(MalformedScope, match="path"):
            await Exchange(scope).run(app)

    run(test)


# One thread


def test_everything_of_a_request_is_in_one_thread() -> None:
    app = Flask(__name__)
    threads: dict[str, set[int]] = {}

    def note() -> None:
        threads.setdefault(request.args["n"], set()).add(threading.get_ident())

    app.before_request(note)

    @app.teardown_request
    def teardown(error: BaseException | None) -> None:
        note()

    @app.get("/")
    def index() -> Response:
        note()

        def pieces() -> Iterator[str]:
            try:
                for _ in range(3):
                    note()
                    yield "piece"
            finally:
                note()

        return Response(stream_with_context(pieces()))

    async def test() -> None:
        answers = await asyncio.gather(*[send_request(app, f"/?n={n}") for n in range(200)])
        assert {answer.body for answer in answers} == {b"piece" * 3}

    run(test)
    assert len(threads) == 200
    assert {len(seen) for seen in threads.values()} == {1}


def test_sqlite_connection_of_a_request_works_throughout() -> None:
    app = Flask(__name__)

    @app.before_request
    def connect() -> None:
        g.database = sqlite3.connect(":memory:")

    @app.teardown_request
    def close(error: BaseException | None) -> None:
        g.database.execute("select 1")
        g.database.close()

    @app.get("/")
    def index() -> str:
        return str(g.database.execute("select 40 + 2").fetchone()[0])

    async def test() -> None:
        answers = await asyncio.gather(*[send_request(app) for _ in range(50)])
        assert {answer.body for answer in answers} == {b"42"}

    run(test)


def test_context_variables_of_the_server_are_seen_and_not_changed() -> None:
    variable = ContextVar("variable", default="unset")
    app = Flask(__name__)

    @app.get("/")
    def index() -> str:
        seen = variable.get()
        variable.set("changed")
        return seen

    async def test() -> None:
        variable.set("server's")
        assert (await send_request(app)).body == b"server's"
        assert (await send_request(app)).body == b"server's"
        assert variable.get() == "server's"

    run(test)


def test_500_requests_on_8_threads_are_answered_in_turn(app: Flask) -> None:
    order: list[int] = []

    @app.get("/<int:number>")
    def numbered(number: int) -> str:
        order.append(number)
        time.sleep(0.001)
        return str(number)

    async def test() -> None:
        answers = await asyncio.gather(*[send_request(app, f"/{n}") for n in range(500)])
        assert [answer.body for answer in answers] == [str(n).encode() for n in range(500)]

    run(test)
    # A thread that the machine holds up notes its request late.
    assert sum(abs(place - number) >= 50 for place, number in enumerate(order)) < 10


def test_requests_beyond_the_backlog_are_told_to_come_again(app: Flask) -> None:
    app.config.update(ASGI_THREADS=1, ASGI_BACKLOG=2)
    release, began = threading.Event(), threading.Event()

    @app.get("/wait")
    def wait() -> str:
        began.set()
        release.wait(10)
        return "waited"

    async def test() -> None:
        first = asyncio.ensure_future(send_request(app, "/wait"))
        await happens(began.is_set)
        queued = [asyncio.ensure_future(send_request(app)) for _ in range(2)]
        await asyncio.sleep(0)
        refused = await send_request(app)
        assert (refused.status, refused.headers["retry-after"]) == (503, "1")
        release.set()
        answers = await asyncio.gather(first, *queued)
        assert [answer.status for answer in answers] == [200, 200, 200]

    run(test)


def test_nested_sync_and_async_code() -> None:
    app = Flask(__name__)

    @app.get("/")
    async def outer() -> str:
        await asyncio.sleep(0)
        return app.ensure_sync(inner)() + threading.current_thread().name

    async def inner() -> str:
        await asyncio.sleep(0)
        return "inner in "

    async def test() -> None:
        answers = await asyncio.gather(*[send_request(app) for _ in range(60)])
        assert all(answer.body.startswith(b"inner in") for answer in answers)

    run(test)


# Request bodies


@pytest.mark.parametrize("pieces", [1, 2, 7])
@pytest.mark.parametrize("size", [1, 1000, 64 * 1024, 64 * 1024 + 1, 3_000_000])
@pytest.mark.parametrize("announced", [True, False])
def test_body_arrives_whole(app: Flask, size: int, pieces: int, announced: bool) -> None:
    data = os.urandom(size)
    step = -(-size // pieces)
    body = [data[start : start + step] for start in range(0, size, step)]
    headers = length(data) if announced else [("transfer-encoding", "chunked")]

    async def test() -> None:
        answer = await send_request(app, "/echo", "POST", body=body, headers=headers)
        assert answer.body == data

    run(test)


def test_request_without_a_body_does_not_wait_for_one(app: Flask) -> None:
    async def receive() -> Any:
        await asyncio.sleep(60)

    async def test() -> None:
        exchange = Exchange(http_scope("/echo", "POST"))
        exchange.receive = receive  # type: ignore[method-assign]
        assert (await exchange.run(app)).body == b""

    run(test)


def test_http_2_body_needs_no_announcement(app: Flask) -> None:
    async def test() -> None:
        answer = await send_request(app, "/echo", "POST", body=b"data", http_version="2")
        assert answer.body == b"data"

    run(test)


def test_large_body_is_pulled_with_back_pressure(app: Flask) -> None:
    ahead: list[int] = []
    exchange = Exchange(
        http_scope("/slow", "POST", headers=length(100 * 70_000)), [b"x" * 70_000] * 100
    )

    @app.post("/slow")
    def slow() -> str:
        taken = 0
        while piece := request.stream.read(70_000):
            taken += len(piece)
            time.sleep(0.002)
            ahead.append(exchange.received - taken // 70_000)
        return str(taken)

    async def test() -> None:
        assert (await exchange.run(app)).body == b"7000000"

    run(test)
    assert max(ahead) <= 5


def test_large_body_that_nobody_reads_is_not_received(app: Flask) -> None:
    exchange = Exchange(http_scope("/", "POST", headers=length(7_000_000)), [b"x" * 70_000] * 100)

    @app.post("/")
    def ignoring() -> str:
        return "ignored"

    async def test() -> None:
        assert (await exchange.run(app)).body == b"ignored"
        assert exchange.received == 0

    run(test)


def test_announced_body_beyond_the_limit_is_413_before_it_is_received(app: Flask) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 1000
    exchange = Exchange(
        http_scope("/echo", "POST", headers=length(3_000_000)), [b"x" * 3000] * 1000
    )

    async def test() -> None:
        assert (await exchange.run(app)).status == 413
        assert exchange.received == 0

    run(test)


def test_body_of_unknown_length_is_received_up_to_the_limit(app: Flask) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 1000
    headers = [("transfer-encoding", "chunked")]
    exchange = Exchange(http_scope("/echo", "POST", headers=headers), [b"x" * 3000] * 1000)

    async def test() -> None:
        assert len((await exchange.run(app)).body) == 1000  # as Werkzeug does under WSGI
        assert exchange.received <= 4

    run(test)


@pytest.mark.parametrize("size", [100, 1_000_000])
def test_half_a_body_is_400(app: Flask, size: int) -> None:
    statuses: list[int] = []
    app.after_request(lambda response: statuses.append(response.status_code) or response)  # type: ignore[func-returns-value]
    headers = length(size)

    async def test() -> None:
        await send_request(
            app, "/echo", "POST", body=[b"x" * (size // 2)], headers=headers, disconnect_after=1
        )
        await happens(lambda: statuses)

    run(test)
    assert statuses == [400]


def test_half_a_chunked_body_is_400(app: Flask) -> None:
    statuses: list[int] = []
    app.after_request(lambda response: statuses.append(response.status_code) or response)  # type: ignore[func-returns-value]
    headers = [("transfer-encoding", "chunked")]

    async def test() -> None:
        await send_request(
            app, "/echo", "POST", body=[b"x", b"y"], headers=headers, disconnect_after=1
        )
        await happens(lambda: statuses)

    run(test)
    assert statuses == [400]


@pytest.mark.parametrize("size", [100, 1_000_000])
def test_body_that_never_comes_is_408(app: Flask, size: int) -> None:
    app.config["BODY_TIMEOUT"] = 0.05
    exchange = Exchange(http_scope("/echo", "POST", headers=length(size)))

    async def receive() -> Any:
        await asyncio.sleep(60)

    exchange.receive = receive  # type: ignore[method-assign]

    async def test() -> None:
        assert (await exchange.run(app)).status == 408

    run(test)


@pytest.mark.parametrize("size", [100, 1_000_000])
def test_receive_that_raises_is_400(app: Flask, size: int) -> None:
    exchange = Exchange(http_scope("/echo", "POST", headers=length(size)))

    async def receive() -> Any:
        raise ConnectionError("the server failed")

    exchange.receive = receive  # type: ignore[method-assign]

    async def test() -> None:
        assert (await exchange.run(app)).status == 400

    run(test)


def test_lines_of_a_pulled_body(app: Flask) -> None:
    @app.post("/lines")
    def lines() -> str:
        return str([len(line) for line in request.environ["wsgi.input"]])

    async def test() -> None:
        body = [b"a\nbc", b"d\n" + b"x" * 70_000, b"\nend"]
        answer = await send_request(
            app, "/lines", "POST", body=body, headers=length(sum(map(len, body)))
        )
        assert answer.body == b"[2, 4, 70001, 3]"

    run(test)


# Responses


@pytest.mark.parametrize("status", [204, 304])
def test_status_without_a_body(app: Flask, status: int) -> None:
    app.add_url_rule("/s", view_func=lambda: (["data"], status), endpoint="s")

    async def test() -> None:
        answer = await send_request(app, "/s")
        assert (answer.status, answer.body) == (status, b"")

    run(test)


@pytest.mark.parametrize("path", ["/", "/stream", "/file"])
def test_head(app: Flask, path: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"data")
    closed: list[int] = []

    @app.get("/stream")
    def stream() -> Response:
        response = Response(iter([b"a", b"b"]))
        response.call_on_close(lambda: closed.append(1))
        return response

    @app.get("/file")
    def file() -> Response:
        return send_file(tmp_path / "file")

    async def test() -> None:
        answer = await send_request(app, path, "HEAD", extensions={"http.response.pathsend": {}})
        assert (answer.status, answer.body, answer.path) == (200, b"", None)

    run(test)
    assert len(closed) == (path == "/stream")


def test_body_of_a_careless_wsgi_middleware_is_not_sent_to_head(app: Flask) -> None:
    def careless(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Length", "4")])
        return [b"data"]

    app.wsgi_app = careless  # type: ignore[method-assign]

    async def test() -> None:
        assert (await send_request(app, "/", "HEAD")).body == b""

    run(test)


def test_write_callable(app: Flask) -> None:
    def writing(environ: Any, start_response: Any) -> Any:
        write = start_response("200 OK", [])
        write(b"one ")
        write(b"two ")
        return [b"three"]

    app.wsgi_app = writing  # type: ignore[method-assign]

    async def test() -> None:
        assert (await send_request(app)).body == b"one two three"

    run(test)


def test_response_that_starts_with_the_first_piece(app: Flask) -> None:
    def late(environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("201 Created", [("X-A", "1")])
        yield b""
        yield b"late"

    app.wsgi_app = late  # type: ignore[method-assign]

    async def test() -> None:
        answer = await send_request(app)
        assert (answer.status, answer.headers, answer.body) == (201, {"x-a": "1"}, b"late")

    run(test)


def test_start_is_replaced_with_exc_info(app: Flask) -> None:
    def failing(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        try:
            raise ValueError
        except ValueError as error:
            start_response("500 Oops", [], (ValueError, error, None))
        return [b"failed"]

    app.wsgi_app = failing  # type: ignore[method-assign]

    async def test() -> None:
        assert (await send_request(app)).status == 500

    run(test)


@pytest.mark.parametrize("faulty", ["no start", "two starts", "empty", "header"])
def test_faulty_wsgi_middleware_is_reported(app: Flask, faulty: str) -> None:
    def application(environ: Any, start_response: Any) -> Any:
        if faulty == "two starts":
            start_response("200 OK", [])
            start_response("200 OK", [])
        if faulty == "header":
            start_response("200 OK", [("X-Ä€", "snow \u2603")])
        return [] if faulty == "empty" else [b"data"]

    app.wsgi_app = application  # type: ignore[method-assign]

    async def test() -> None:
        with pytest.raises((AssertionError, ValueError), match=r"start|Latin-1"):
            await send_request(app)

    run(test)


def test_first_piece_is_sent_before_the_last_is_made(app: Flask) -> None:
    release = threading.Event()

    @app.get("/stream")
    def stream() -> Response:
        def pieces() -> Iterator[bytes]:
            yield b"first"
            release.wait(10)
            yield b"last"

        return Response(pieces())

    async def test() -> None:
        exchange = Exchange(http_scope("/stream"))
        task = asyncio.ensure_future(exchange.run(app))
        await happens(lambda: exchange.chunks)
        assert exchange.body == b"first"
        release.set()
        await task
        assert exchange.body == b"firstlast"

    run(test)


def test_slow_reader_slows_the_generator(app: Flask) -> None:
    made = 0

    @app.get("/stream")
    def stream() -> Response:
        def pieces() -> Iterator[bytes]:
            nonlocal made
            for _ in range(50):
                made += 1
                yield b"x"

        return Response(pieces())

    async def test() -> None:
        exchange = Exchange(http_scope("/stream"), send_delay=0.002)
        task = asyncio.ensure_future(exchange.run(app))
        ahead = 0
        while not task.done():
            ahead = max(ahead, made - len(exchange.chunks))
            await asyncio.sleep(0)
        await task
        assert exchange.body == b"x" * 50
        assert ahead <= 4

    run(test)


def test_file_is_sent_by_its_path_where_the_server_can(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_bytes(b"data")
    app.add_url_rule("/f", view_func=lambda: send_file(tmp_path / "file.txt"), endpoint="f")

    async def test() -> None:
        offered = {"http.response.pathsend": {}}
        answer = await send_request(app, "/f", extensions=offered)
        assert answer.path == str(tmp_path / "file.txt")
        assert answer.headers["content-length"] == "4"
        partial = await send_request(
            app, "/f", extensions=offered, headers=[("range", "bytes=1-2")]
        )
        assert (partial.status, partial.body, partial.path) == (206, b"at", None)
        plain = await send_request(app, "/f")
        assert (plain.body, plain.path) == (b"data", None)

    run(test)


@pytest.mark.parametrize("put_in_its_place", [b"new contents", None])
def test_file_that_is_no_longer_there_is_not_sent_by_its_path(
    app: Flask, tmp_path: Path, put_in_its_place: bytes | None
) -> None:
    path = tmp_path / "file.txt"
    path.write_bytes(b"old")

    @app.get("/f")
    def view() -> Response:
        response = send_file(path)
        path.unlink()
        if put_in_its_place is not None:
            path.write_bytes(put_in_its_place)
        return response

    async def test() -> None:
        answer = await send_request(app, "/f", extensions={"http.response.pathsend": {}})
        assert (answer.status, answer.body, answer.path) == (200, b"old", None)

    run(test)


# Errors and clients that go away


def test_error_that_nobody_handles_reaches_the_server(app: Flask) -> None:
    app.testing = True
    app.add_url_rule("/boom", view_func=lambda: 1 / 0, endpoint="boom")  # type: ignore[arg-type,return-value]
    ended: list[object] = []
    app.teardown_request(ended.append)

    async def test() -> None:
        with pytest.raises(ZeroDivisionError):
            await send_request(app, "/boom")

    run(test)
    assert [type(error) for error in ended] == [ZeroDivisionError]


def test_error_in_a_stream_reaches_the_server(app: Flask) -> None:
    @app.get("/stream")
    def stream() -> Response:
        def pieces() -> Iterator[bytes]:
            yield b"first"
            raise LookupError("in the stream")

        return Response(pieces())

    async def test() -> None:
        exchange = Exchange(http_scope("/stream"))
        with pytest.raises(LookupError, match="in the stream"):
            await exchange.run(app)
        assert exchange.body == b"first"
        assert not exchange.is_complete

    run(test)


class Streaming:
    """An application with an endless stream, and notes of what became of it."""

    def __init__(self, body: bytes = b"") -> None:
        self.app = app = Flask(__name__)
        self.closed: list[int] = []
        self.thread = 0
        self.teardowns = 0

        @app.teardown_request
        def teardown(error: BaseException | None) -> None:
            self.teardowns += 1

        @app.route("/", methods=["GET", "POST"])
        def stream() -> Response:
            self.thread = threading.get_ident()
            return Response(self.pieces())

    def pieces(self) -> Iterator[bytes]:
        try:
            while True:
                yield b"x"
                time.sleep(0.001)
        finally:
            self.closed.append(threading.get_ident())


def test_generator_is_closed_in_its_thread_when_the_client_goes_away() -> None:
    streaming = Streaming()

    async def test() -> None:
        exchange = Exchange(http_scope())
        task = asyncio.ensure_future(exchange.run(streaming.app))
        await happens(lambda: len(exchange.chunks) > 3)
        exchange.disconnect()
        await asyncio.wait_for(task, 10)
        await happens(lambda: streaming.closed)

    run(test)
    assert streaming.closed == [streaming.thread]
    assert streaming.teardowns == 1


def test_generator_is_closed_when_the_server_cancels() -> None:
    streaming = Streaming()

    async def test() -> None:
        exchange = Exchange(http_scope())
        task = asyncio.ensure_future(exchange.run(streaming.app))
        await happens(lambda: len(exchange.chunks) > 3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await happens(lambda: streaming.closed)

    run(test)
    assert streaming.closed == [streaming.thread]
    assert streaming.teardowns == 1


@pytest.mark.parametrize("error", [ConnectionError, RuntimeError])
@pytest.mark.parametrize("fails_at", [1, 2, 3])
def test_generator_is_closed_when_send_raises(error: type[Exception], fails_at: int) -> None:
    streaming = Streaming()
    calls = 0

    async def send(message: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == fails_at:
            raise error("send failed")

    async def test() -> None:
        exchange = Exchange(http_scope())
        with contextlib.suppress(error):
            await asyncio.wait_for(streaming.app(exchange.scope, exchange.receive, send), 10)
        await happens(lambda: streaming.closed)

    run(test)
    assert streaming.closed == [streaming.thread]
    assert streaming.teardowns == 1


def test_client_that_does_not_read_is_given_up() -> None:
    streaming = Streaming()
    streaming.app.config["RESPONSE_TIMEOUT"] = 0.05

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            await asyncio.sleep(60)

    async def test() -> None:
        exchange = Exchange(http_scope())
        with pytest.raises(TimeoutError):
            await streaming.app(exchange.scope, exchange.receive, send)
        await happens(lambda: streaming.closed)

    run(test)


def test_request_that_is_cancelled_before_the_view_ends_is_torn_down_once(app: Flask) -> None:
    release = threading.Event()
    began = threading.Event()
    teardowns: list[object] = []
    app.teardown_request(teardowns.append)

    @app.get("/wait")
    def wait() -> str:
        began.set()
        release.wait(10)
        return "late"

    async def test() -> None:
        task = asyncio.ensure_future(send_request(app, "/wait"))
        await happens(began.is_set)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert teardowns == []
        release.set()
        await happens(lambda: teardowns)
        await send_request(app)

    run(test)
    assert teardowns == [None, None]


def test_what_a_request_used_is_let_go_of(app: Flask) -> None:
    class Thing:
        pass

    refs: list[weakref.ref[Thing]] = []

    @app.get("/keep")
    def keep() -> str:
        g.thing = Thing()
        refs.append(weakref.ref(g.thing))
        if "error" in request.args:
            raise LookupError
        return "kept"

    app.config["PROPAGATE_EXCEPTIONS"] = True

    async def test() -> None:
        gc.disable()
        try:
            await send_request(app, "/keep")
            await send_request(app, "/")  # the thread has let go of the job before
            assert refs[0]() is None
        finally:
            gc.enable()
        with pytest.raises(LookupError):
            await send_request(app, "/keep?error=1")

    run(test)
    gc.collect()
    assert [ref() for ref in refs] == [None, None]


def test_application_is_collected_with_its_threads() -> None:
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: "hello", endpoint="index")
    asyncio.run(send_request(app))
    crew = app._asgi_door._pool._crew  # type: ignore[union-attr]
    ref = weakref.ref(app)
    del app

    def is_gone() -> bool:
        gc.collect()  # again until the thread has let go of its last request
        return ref() is None and not any(thread.is_alive() for thread in crew.threads)

    until(is_gone)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system can't fork")
def test_forked_server_serves(app: Flask) -> None:
    async def test() -> None:
        assert (await send_request(app)).body == b"hello"

    run(test)
    pid = os.fork()
    if pid == 0:  # pragma: no cover - in the child
        try:
            run(test)
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
