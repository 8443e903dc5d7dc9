"""Async views on the server's loop: what runs where, bodies, streams, and clients that leave."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextvars import ContextVar
from typing import Any

import pytest

from flask import Flask, Response, abort, g, jsonify, request, session, stream_with_context
from flask.asgi import body_pieces, non_blocking, streams_body

from .harness import Exchange, Lifespan, http_scope
from .harness import request as send_request

Test = Callable[[], Awaitable[None]]
LOOP = "loop"


def run(test: Test) -> None:
    async def main() -> None:
        threading.current_thread().name = LOOP
        await test()

    before = threading.current_thread().name
    try:
        asyncio.run(main())
    finally:
        threading.current_thread().name = before


def where() -> str:
    return threading.current_thread().name


async def happens(condition: Callable[[], object], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.001)


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.secret_key = "key"

    @app.get("/async")
    async def index() -> str:
        return where()

    @app.get("/sync")
    def index_sync() -> str:
        return where()

    @app.get("/waiting")
    async def waiting() -> str:
        await asyncio.sleep(0.001)
        return f"{where()} {request.path}"

    return app


def length(data: bytes | int) -> list[tuple[str, str]]:
    return [("content-length", str(data if isinstance(data, int) else len(data)))]


def test_async_views_run_on_the_loop_and_sync_ones_in_threads(app: Flask) -> None:
    async def test() -> None:
        for _ in range(3):
            assert (await send_request(app, "/async")).body == b"loop"
            assert (await send_request(app, "/waiting")).body == b"loop /waiting"
            assert (await send_request(app, "/sync")).body.startswith(b"flask-worker")

    run(test)


def test_sync_functions_of_one_request_share_a_thread_and_its_context(app: Flask) -> None:
    variable = ContextVar("variable", default="unset")
    seen: list[tuple[str, str]] = []

    @app.before_request
    def before() -> None:
        g.token = variable.set("set by a hook")
        seen.append(("before", where()))

    @app.after_request
    def after(response: Response) -> Response:
        seen.append(("after", where()))
        return response

    @app.teardown_request
    def teardown(error: BaseException | None) -> None:
        variable.reset(g.token)
        seen.append(("teardown", where()))

    @app.get("/variable")
    async def view() -> str:
        seen.append(("view", where()))
        return variable.get()

    async def test() -> None:
        assert (await send_request(app, "/variable")).body == b"set by a hook"

    run(test)
    threads = {name for step, name in seen if step != "view"}
    assert [step for step, _ in seen] == ["before", "view", "after", "teardown"]
    assert len(threads) == 1
    assert threads.pop().startswith("flask-request")
    assert ("view", LOOP) in seen


def test_marked_functions_and_modules_run_on_the_loop(app: Flask) -> None:
    seen: list[str] = []

    @app.before_request
    @non_blocking
    def marked() -> None:
        seen.append(where())

    @app.after_request
    def of_a_listed_module(response: Response) -> Response:
        seen.append(where())
        return response

    app.config["ASGI_INLINE"] = [__name__.rpartition(".")[0]]

    async def test() -> None:
        assert (await send_request(app, "/async")).body == b"loop"
        assert seen == [LOOP, LOOP]

    run(test)


def test_idle_requests_hold_no_thread_for_a_teardown(app: Flask) -> None:
    release = asyncio.Event()
    count = 0

    @app.teardown_request
    def teardown(error: BaseException | None) -> None:
        nonlocal count
        count += 1

    @app.get("/poll")
    async def poll() -> str:
        await release.wait()
        return "done"

    async def test() -> None:
        tasks = [asyncio.ensure_future(send_request(app, "/poll")) for _ in range(300)]
        for _ in range(20):
            await asyncio.sleep(0)
        assert app._asgi_door._leases.held == 0  # type: ignore[union-attr]
        release.set()
        answers = await asyncio.gather(*tasks)
        assert {answer.body for answer in answers} == {b"done"}

    run(test)
    assert count == 300


def test_held_threads_have_a_bound_at_which_requests_wait(app: Flask) -> None:
    app.config["ASGI_HELD_THREADS"] = 3
    most = 0

    @app.before_request
    def before() -> None:
        pass

    @app.get("/held")
    async def held() -> str:
        nonlocal most
        most = max(most, app._asgi_door._leases.held)  # type: ignore[union-attr]
        await asyncio.sleep(0.001)
        return "held"

    async def test() -> None:
        answers = await asyncio.gather(*[send_request(app, "/held") for _ in range(40)])
        assert {answer.body for answer in answers} == {b"held"}
        assert app._asgi_door._leases.held == 0  # type: ignore[union-attr]

    run(test)
    assert most <= 3


def test_nested_sync_and_async_code_does_not_deadlock(app: Flask) -> None:
    app.config.update(ASGI_HELD_THREADS=4, ASGI_THREADS=2)

    @app.before_request
    def before() -> None:
        g.seen = app.ensure_sync(inner)()

    async def inner() -> str:
        await asyncio.sleep(0)
        return "inner"

    @app.get("/nested")
    async def nested() -> str:
        return f"{g.seen} {await asyncio.to_thread(lambda: app.ensure_sync(inner)())}"

    async def test() -> None:
        answers = await asyncio.gather(*[send_request(app, "/nested") for _ in range(60)])
        assert {answer.body for answer in answers} == {b"inner inner"}

    run(test)


def test_tasks_of_a_view_see_its_request_and_no_other(app: Flask) -> None:
    @app.get("/<name>/task")
    async def task(name: str) -> str:
        async def read() -> str:
            await asyncio.sleep(0.001)
            return request.view_args["name"]  # type: ignore[index]

        return await asyncio.create_task(read())

    async def test() -> None:
        answers = await asyncio.gather(*[send_request(app, f"/{n}/task") for n in range(50)])
        assert [answer.body for answer in answers] == [str(n).encode() for n in range(50)]

    run(test)


def test_errors_sessions_and_handlers(app: Flask) -> None:
    class Odd(Exception):
        pass

    @app.errorhandler(Odd)
    async def odd(error: Odd) -> tuple[str, int]:
        return f"odd {where()}", 418

    @app.errorhandler(404)
    def missing(error: Exception) -> tuple[str, int]:
        return "missing", 404

    @app.get("/odd")
    async def view() -> str:
        raise Odd

    @app.get("/abort")
    async def aborting() -> str:
        abort(403)

    @app.get("/session")
    async def counting() -> Response:
        session["n"] = session.get("n", 0) + 1
        return jsonify(session["n"])

    async def test() -> None:
        answer = await send_request(app, "/odd")
        assert (answer.status, answer.body) == (418, b"odd loop")
        assert (await send_request(app, "/abort")).status == 403
        assert (await send_request(app, "/nowhere")).body == b"missing"
        cookie = (await send_request(app, "/session")).headers["set-cookie"].partition(";")[0]
        again = await send_request(app, "/session", headers=[("cookie", cookie)])
        assert again.body == b"2\n"

    run(test)


def test_error_that_nobody_handles(app: Flask) -> None:
    ended: list[object] = []

    @app.get("/boom")
    async def boom() -> str:
        raise LookupError("in the view")

    async def test() -> None:
        assert (await send_request(app, "/boom")).status == 500
        app.testing = True
        with pytest.raises(LookupError, match="in the view"):
            await send_request(app, "/boom")
        assert ended == []

    run(test)


def test_declarations_and_replaced_steps_are_honoured_later(app: Flask) -> None:
    async def test() -> None:
        assert (await send_request(app, "/async")).body == b"loop"
        app.view_functions["index"] = changed
        assert (await send_request(app, "/async")).body == b"changed"
        app.before_request_funcs.setdefault(None, []).append(lambda: "before")
        assert (await send_request(app, "/async")).body == b"before"
        app.before_request_funcs.clear()
        app.dispatch_request = lambda: where()  # type: ignore[method-assign]
        assert (await send_request(app, "/async")).body.startswith(b"flask-worker")
        del app.dispatch_request
        inner = app.wsgi_app
        app.wsgi_app = lambda *args: inner(*args)  # type: ignore[method-assign]
        app.view_functions["index"] = where_async
        assert not (await send_request(app, "/async")).body.startswith(b"loop")

    async def changed() -> str:
        return "changed"

    async def where_async() -> str:
        return where()

    run(test)


def test_hosts(app: Flask) -> None:
    app.config["TRUSTED_HOSTS"] = None
    app.config["SERVER_NAME"] = "example.org"

    async def test() -> None:
        for host in ("example.org", "other.example", "example.org"):
            scope = http_scope("/async")
            scope["headers"] = [(b"host", host.encode())]
            assert (await Exchange(scope).run(app)).body == b"loop"
        app.config["TRUSTED_HOSTS"] = ["example.org"]
        scope = http_scope("/async")
        scope["headers"] = [(b"host", b"evil.example")]
        assert (await Exchange(scope).run(app)).status == 400
        scope = http_scope("/async")
        scope["headers"] = [(b"host", b"example.org"), (b"host", b"evil.example")]
        assert (await Exchange(scope).run(app)).status == 400

    run(test)


def test_root_path(app: Flask) -> None:
    @app.get("/path")
    async def path() -> list[str]:
        return [request.root_path, request.path]

    async def test() -> None:
        for _ in range(2):
            answer = await send_request(app, "/api/path", root_path="/api")
            assert answer.body == b'["/api","/path"]\n'
            answer = await send_request(app, "/path")
            assert answer.body == b'["","/path"]\n'

    run(test)


# Bodies


@pytest.mark.parametrize("size", [0, 10, 64 * 1024, 64 * 1024 + 1, 2_000_000])
@pytest.mark.parametrize("announced", [True, False])
def test_body_is_there_before_the_view(app: Flask, size: int, announced: bool) -> None:
    @app.post("/echo")
    async def echo() -> bytes:
        return request.get_data()

    data = b"x" * size
    headers = length(data) if announced else [("transfer-encoding", "chunked")]

    async def test() -> None:
        body = [data[start : start + 50_000] for start in range(0, size, 50_000)]
        answer = await send_request(app, "/echo", "POST", body=body, headers=headers)
        assert answer.body == data

    run(test)


@pytest.mark.parametrize("announced", [True, False])
def test_body_beyond_the_limits_is_413(app: Flask, announced: bool) -> None:
    @app.post("/length")
    async def view() -> str:
        return str(len(request.get_data()))

    app.config["ASGI_SPOOL_LIMIT"] = 100_000
    headers = length(3_000_000) if announced else [("transfer-encoding", "chunked")]

    async def test() -> None:
        exchange = Exchange(http_scope("/length", "POST", headers=headers), [b"x" * 30_000] * 100)
        assert (await exchange.run(app)).status == 413
        assert exchange.received <= (0 if announced else 4)
        app.config["MAX_CONTENT_LENGTH"] = 10_000
        exchange = Exchange(http_scope("/length", "POST", headers=headers), [b"x" * 30_000] * 100)
        answer = await exchange.run(app)
        # Of a body of unknown length, the request reads what is allowed, as by WSGI.
        assert (answer.status if announced else answer.body) == (413 if announced else b"10000")

    run(test)


def test_half_a_body_is_400(app: Flask) -> None:
    statuses: list[int] = []

    @app.post("/half")
    async def half() -> str:
        try:
            return str(len(request.get_data()))
        except Exception as error:
            statuses.append(getattr(error, "code", 0))
            raise

    async def test() -> None:
        await send_request(
            app, "/half", "POST", body=[b"x"], headers=length(10), disconnect_after=1
        )

    run(test)
    assert statuses == [400]


def test_body_is_streamed_to_a_view_that_asks_for_it(app: Flask) -> None:
    exchange = Exchange(
        http_scope("/stream", "POST", headers=length(10 * 70_000)), [b"x" * 70_000] * 10
    )
    ahead: list[int] = []

    @app.post("/stream")
    @streams_body
    async def stream() -> str:
        taken = 0
        async for piece in body_pieces():
            taken += len(piece)
            ahead.append(exchange.received - taken // 70_000)
        return str(taken)

    async def test() -> None:
        assert (await exchange.run(app)).body == b"700000"
        app.config["MAX_CONTENT_LENGTH"] = 1000
        chunked = [("transfer-encoding", "chunked")]
        for headers in (length(3000), chunked):
            body = [b"x" * 3000]
            answer = await send_request(app, "/stream", "POST", body=body, headers=headers)
            assert answer.status == 413

    run(test)
    assert ahead == [0] * 10
    app.config["MAX_CONTENT_LENGTH"] = None
    assert app.test_client(door="wsgi").post("/stream", data=b"abc").text == "3"


# Streams


def streaming(app: Flask) -> list[str]:
    """Declare streams; answer the list that tells where they were closed."""
    closed: list[str] = []

    @app.get("/agen")
    async def agen() -> AsyncIterator[str]:  # type: ignore[misc]
        async def pieces() -> AsyncIterator[str]:
            try:
                for number in range(1000):
                    await asyncio.sleep(0)
                    yield f"{number} "
            finally:
                closed.append(where())

        return pieces()

    @app.get("/gen")
    async def gen() -> Response:
        def pieces() -> Iterator[str]:
            try:
                for number in range(1000):
                    yield f"{request.path}{number} "
            finally:
                closed.append(where())

        return Response(stream_with_context(pieces()))

    return closed


def test_async_generator_is_a_body_through_both_doors(app: Flask) -> None:
    closed = streaming(app)
    whole = " ".join(str(number) for number in range(1000)).encode() + b" "

    async def test() -> None:
        answer = await send_request(app, "/agen")
        assert (answer.body, answer.headers["content-type"]) == (whole, "text/html; charset=utf-8")
        assert (await send_request(app, "/agen", "HEAD")).body == b""

    run(test)
    assert closed == [LOOP]
    with app.test_client(door="wsgi") as client:
        assert client.get("/agen").data == whole
        response = client.get("/agen")
        next(iter(response.response))  # type: ignore[call-overload]
        response.close()
    assert len(closed) == 3


def test_sync_generator_of_an_async_view_runs_in_a_thread(app: Flask) -> None:
    closed = streaming(app)

    async def test() -> None:
        answer = await send_request(app, "/gen")
        assert answer.body.startswith(b"/gen0 /gen1 ")
        assert app._asgi_door._leases.held == 0  # type: ignore[union-attr]

    run(test)
    assert [name[:13] for name in closed] == ["flask-request"]


@pytest.mark.parametrize("path", ["/agen", "/gen"])
def test_stream_is_closed_when_the_client_leaves(app: Flask, path: str) -> None:
    closed = streaming(app)

    async def test() -> None:
        exchange = Exchange(http_scope(path), send_delay=0.001)
        task = asyncio.ensure_future(exchange.run(app))
        await happens(lambda: len(exchange.chunks) > 3)
        exchange.disconnect()
        await asyncio.wait_for(task, 10)
        await happens(lambda: closed)
        await happens(lambda: app._asgi_door._leases.held == 0)  # type: ignore[union-attr]

    run(test)
    assert len(closed) == 1


@pytest.mark.parametrize("path", ["/agen", "/gen"])
def test_client_that_does_not_read_is_given_up(app: Flask, path: str) -> None:
    closed = streaming(app)
    app.config["RESPONSE_TIMEOUT"] = 0.05

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            await asyncio.sleep(60)

    async def test() -> None:
        exchange = Exchange(http_scope(path))
        with pytest.raises(TimeoutError):
            await app(exchange.scope, exchange.receive, send)
        await happens(lambda: closed)

    run(test)


# Clients that leave, and cancellation


@pytest.mark.parametrize("hooks", [False, True])
@pytest.mark.parametrize("server_cancels", [False, True])
def test_waiting_view_is_cancelled_and_torn_down_once(
    app: Flask, hooks: bool, server_cancels: bool
) -> None:
    seen: list[str] = []

    @app.get("/wait")
    async def wait() -> str:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise
        return "never"

    if hooks:
        app.before_request(lambda: seen.append("before"))

        @app.teardown_request
        def teardown(error: BaseException | None) -> None:
            seen.append(f"teardown {type(error).__name__}")

    async def test() -> None:
        exchange = Exchange(http_scope("/wait"))
        task = asyncio.ensure_future(exchange.run(app))
        await asyncio.sleep(0.05)
        if server_cancels:
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        else:
            exchange.disconnect()
            await asyncio.wait_for(task, 10)
        assert exchange.messages == []
        assert (await send_request(app, "/async")).body == b"loop"

    run(test)
    expected = ["before", "cancelled", "teardown CancelledError"] if hooks else ["cancelled"]
    assert seen[: len(expected)] == expected
    assert seen.count("teardown CancelledError") == int(hooks)


def test_cancellation_waits_for_a_sync_function(app: Flask) -> None:
    began, release = threading.Event(), threading.Event()
    seen: list[str] = []

    @app.before_request
    def before() -> None:
        began.set()
        release.wait(10)
        seen.append("before ended")

    @app.teardown_request
    def teardown(error: BaseException | None) -> None:
        seen.append("teardown")

    async def test() -> None:
        exchange = Exchange(http_scope("/async"))
        task = asyncio.ensure_future(exchange.run(app))
        await happens(began.is_set)
        task.cancel()
        await asyncio.sleep(0.01)
        assert seen == []
        release.set()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(test)
    assert seen == ["before ended", "teardown"]


def test_receive_that_raises_while_a_view_waits(app: Flask) -> None:
    async def receive() -> Any:
        raise ConnectionError

    async def test() -> None:
        exchange = Exchange(http_scope("/waiting"))
        exchange.receive = receive  # type: ignore[method-assign]
        exchange.gone.set()
        await exchange.run(app)

    run(test)


def test_cancellation_at_every_await_tears_down_once(app: Flask) -> None:
    teardowns: list[object] = []

    @app.before_request
    async def before() -> None:
        await asyncio.sleep(0)

    @app.after_request
    def after(response: Response) -> Response:
        return response

    @app.teardown_request
    async def teardown(error: BaseException | None) -> None:
        teardowns.append(1)

    @app.get("/steps")
    async def view() -> str:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return "steps"

    async def cancel_after(turns: int) -> bool:
        teardowns.clear()
        exchange = Exchange(http_scope("/steps"))
        task = asyncio.ensure_future(exchange.run(app))
        for _ in range(turns):
            await asyncio.sleep(0)
        if task.done():
            return False
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(teardowns) <= 1
        assert app._asgi_door._leases is None or app._asgi_door._leases.held == 0  # type: ignore[union-attr]
        return True

    async def test() -> None:
        await send_request(app, "/steps")
        turns = 1
        while await cancel_after(turns):
            turns += 1
            assert turns < 10_000

    run(test)


def test_functions_around_serving_run_on_the_loop_without_the_protocol(app: Flask) -> None:
    loops: list[object] = []

    @app.before_serving
    async def before() -> None:
        loops.append(asyncio.get_running_loop())

    async def test() -> None:
        await asyncio.gather(*[send_request(app, "/async") for _ in range(5)])
        assert loops == [asyncio.get_running_loop()]

    run(test)


def test_pool_that_is_bound_to_the_loop_works(app: Flask) -> None:
    @app.while_serving
    async def serving() -> AsyncIterator[None]:
        app.extensions["lock"] = asyncio.Lock()
        yield

    @app.get("/locked")
    async def locked() -> str:
        async with app.extensions["lock"]:
            await asyncio.sleep(0.001)
        return "locked"

    async def test() -> None:
        async with Lifespan(app):
            answers = await asyncio.gather(*[send_request(app, "/locked") for _ in range(20)])
        assert {answer.body for answer in answers} == {b"locked"}

    run(test)


# Replaced steps that answer exceptions


def wrap_error_steps(app: Flask, seen: list[Any]) -> Flask:
    """Wrap what Flask-Cors wraps, and one step more, on the instance."""

    def wrapped(name: str, method: Any) -> Any:
        def step(error: Exception) -> Any:
            seen.append((name, type(error).__name__, threading.get_ident(), request.path))
            return method(error)

        return step

    for name in ("handle_exception", "handle_user_exception", "handle_http_exception"):
        setattr(app, name, wrapped(name, getattr(app, name)))
    return app


def make_failing() -> tuple[Flask, list[int]]:
    app = Flask(__name__)
    threads: list[int] = []

    @app.get("/<what>")
    async def view(what: str) -> str:
        threads.append(threading.get_ident())
        await asyncio.sleep(0)
        if what == "missing":
            abort(404)
        raise {"key": KeyError, "lookup": IndexError, "value": ValueError}[what]

    @app.errorhandler(KeyError)
    def handle(error: KeyError) -> tuple[str, int]:
        return "handled", 418

    @app.errorhandler(IndexError)
    async def handle_async(error: IndexError) -> tuple[str, int]:
        await asyncio.sleep(0)
        return f"handled by a coroutine, {request.path}", 419

    @app.after_request
    async def after(response: Response) -> Response:
        response.headers["X-After"] = request.path
        return response

    return app, threads


@pytest.mark.parametrize("what", ["missing", "key", "lookup", "value"])
def test_replaced_error_steps_leave_views_on_the_loop(what: str) -> None:
    app, view_threads = make_failing()
    seen: list[Any] = []
    torn_down: list[Any] = []
    wrap_error_steps(app, seen)
    app.teardown_request(lambda error: torn_down.append(type(error).__name__))
    plain, _ = make_failing()

    async def test() -> None:
        answer = await send_request(app, f"/{what}")
        assert view_threads == [threading.get_ident()]
        unwrapped = await send_request(plain, f"/{what}")
        assert (answer.status, answer.body) == (unwrapped.status, unwrapped.body)
        assert answer.headers == unwrapped.headers
        assert answer.headers["x-after"] == f"/{what}"

    run(test)
    steps = [name for name, *_ in seen]
    wanted = {"missing": ["handle_user_exception", "handle_http_exception"]}
    wanted["value"] = ["handle_user_exception", "handle_exception"]
    assert steps == wanted.get(what, ["handle_user_exception"])
    assert threading.get_ident() not in [thread for _, _, thread, _ in seen]
    assert len(torn_down) == 1
