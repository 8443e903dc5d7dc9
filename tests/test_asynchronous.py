"""Async views, hooks, handlers and receivers: on a loop that stays with the thread."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import importlib.util
import os
import subprocess
import sys
import textwrap
import threading
import time
import traceback
import typing as t
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from flask import (
    Flask,
    appcontext_tearing_down,
    asynchronous,
    flash,
    g,
    message_flashed,
    render_template_string,
    request,
    request_finished,
    session,
    stream_with_context,
)
from flask.views import MethodView, View

colour: contextvars.ContextVar[str] = contextvars.ContextVar("colour", default="none")


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.secret_key = "asynchronous"
    app.testing = True
    return app


def run_script(script: str, *options: str) -> str:
    """Run a script in another process, which must neither fail nor complain."""
    done = subprocess.run(
        [sys.executable, *options, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


# What may be async


def test_views_hooks_and_teardown_functions_may_be_async(app: Flask) -> None:
    events: list[str] = []

    def note(name: str) -> t.Callable[..., t.Any]:
        async def hook(*args: t.Any) -> t.Any:
            await asyncio.sleep(0)
            events.append(f"{name} {request.path}")
            return args[0] if name == "after_request" else None

        return hook

    app.before_request(note("before_request"))
    app.after_request(note("after_request"))
    app.teardown_request(note("teardown_request"))

    @app.teardown_appcontext
    async def teardown_appcontext(error: BaseException | None) -> None:
        events.append(f"teardown_appcontext {error}")

    @app.get("/")
    async def view() -> dict[str, str]:
        await asyncio.sleep(0)
        session["seen"] = request.path
        return {"path": request.path}

    response = app.test_client().get("/")

    assert response.json == {"path": "/"}
    assert "session=" in response.headers["Set-Cookie"]
    assert events == [
        "before_request /",
        "after_request /",
        "teardown_request /",
        "teardown_appcontext None",
    ]


def test_a_hook_before_the_view_may_answer_asynchronously(app: Flask) -> None:
    @app.before_request
    async def answer() -> str:
        return "early"

    @app.get("/")
    def view() -> str:
        raise AssertionError("called although there was an answer")

    assert app.test_client().get("/").text == "early"


def test_error_handlers_may_be_async_and_see_the_error_being_handled(app: Flask) -> None:
    handled: list[BaseException | None] = []

    @app.errorhandler(ZeroDivisionError)
    async def division(error: ZeroDivisionError) -> tuple[str, int]:
        handled.append(sys.exc_info()[1])
        return str(error), 418

    @app.get("/")
    async def view() -> str:
        return str(1 / 0)

    response = app.test_client().get("/")

    assert (response.status_code, response.text) == (418, "division by zero")
    assert [type(error) for error in handled] == [ZeroDivisionError]


def test_class_based_views_may_be_async(app: Flask) -> None:
    class Methods(MethodView):
        async def get(self) -> str:
            return f"get {request.path}"

        async def post(self) -> str:
            return f"post {request.path}"

    class Single(View):
        methods: t.ClassVar = ["GET"]

        async def dispatch_request(self) -> str:
            return f"dispatch {request.path}"

    app.add_url_rule("/methods", view_func=Methods.as_view("methods"))
    app.add_url_rule("/single", view_func=Single.as_view("single"))
    client = app.test_client()

    assert client.get("/methods").text == "get /methods"
    assert client.post("/methods").text == "post /methods"
    assert client.get("/single").text == "dispatch /single"


def test_receivers_of_signals_may_be_async(app: Flask) -> None:
    received: list[str] = []

    async def finished(sender: Flask, response: t.Any, **extra: t.Any) -> None:
        await asyncio.sleep(0)
        received.append(f"finished {response.status_code} {request.path}")

    async def tearing_down(sender: Flask, **extra: t.Any) -> None:
        received.append("tearing down")

    @app.get("/")
    def view() -> str:
        return ""

    with (
        request_finished.connected_to(finished, app),
        appcontext_tearing_down.connected_to(tearing_down, app),
    ):
        app.test_client().get("/")

    assert received == ["finished 200 /", "tearing down"]


def test_functions_that_are_only_marked_as_coroutine_functions_may_return_any_awaitable() -> None:
    class Answer:
        def __call__(self) -> t.Any:
            future = asyncio.get_running_loop().create_future()
            future.set_result("answer")
            return future

    assert asynchronous.to_sync(Answer())() == "answer"


def test_without_asgiref_async_functions_are_refused(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def view() -> str:
        return ""

    monkeypatch.setitem(sys.modules, "asgiref.sync", None)

    with pytest.raises(RuntimeError, match="asgiref"):
        app.ensure_sync(view)


def test_what_ensure_sync_returns_is_not_async_itself(app: Flask) -> None:
    async def view() -> str:
        return "called"

    once = app.ensure_sync(view)

    assert app.ensure_sync(once) is once
    assert once() == "called"


# Context variables


def test_the_coroutine_sees_the_callers_context_variables() -> None:
    async def read() -> str:
        await asyncio.sleep(0)
        return colour.get()

    def call() -> str:
        colour.set("red")
        return asynchronous.to_sync(read)()

    assert contextvars.copy_context().run(call) == "red"


@pytest.mark.parametrize("fails", [False, True])
def test_the_caller_sees_the_context_variables_that_the_coroutine_set(fails: bool) -> None:
    async def write() -> None:
        colour.set("blue")
        await asyncio.sleep(0)
        if fails:
            raise LookupError("after writing")

    def call() -> str:
        try:
            asynchronous.to_sync(write)()
        except LookupError:
            assert fails
        return colour.get()

    assert contextvars.copy_context().run(call) == "blue"


def test_g_and_session_are_shared_with_sync_hooks(app: Flask) -> None:
    @app.before_request
    def before() -> None:
        g.visits = ["before"]
        colour.set("green")

    @app.get("/")
    async def view() -> str:
        g.visits.append(colour.get())
        colour.set("yellow")
        return ""

    @app.after_request
    def after(response: t.Any) -> t.Any:
        g.visits.append(colour.get())
        response.headers["Visits"] = " ".join(g.visits)
        return response

    visits = contextvars.copy_context().run(app.test_client().get, "/").headers["Visits"]

    assert visits == "before green yellow"


def test_a_stream_made_in_an_async_view_has_its_request(app: Flask) -> None:
    @app.get("/")
    async def view() -> t.Any:
        @stream_with_context
        def stream() -> Iterator[str]:
            yield request.path
            yield g.get("missing", "!")

        return stream()

    assert app.test_client().get("/").text == "/!"


# What a call leaves behind


def test_tasks_left_behind_are_cancelled_before_the_call_returns() -> None:
    events: list[str] = []

    async def linger() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0)
            events.append("ended")

    async def leave() -> str:
        task = asyncio.create_task(linger())
        await asyncio.sleep(0)
        events.append(f"done {task.done()}")
        return "left"

    assert asynchronous.to_sync(leave)() == "left"
    assert events == ["done False", "ended"]


def test_what_a_task_left_behind_raises_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def linger() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            raise ValueError("while being cancelled") from None

    async def leave() -> None:
        events.append(asyncio.create_task(linger()))
        await asyncio.sleep(0)

    events: list[t.Any] = []
    asynchronous.to_sync(leave)()

    (record,) = caplog.records
    assert record.name == "asyncio"
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], ValueError)


def test_generators_left_suspended_are_closed_before_the_call_returns() -> None:
    events: list[str] = []
    kept: list[AsyncIterator[int]] = []

    async def numbers() -> AsyncIterator[int]:
        try:
            yield 1
            yield 2
        finally:
            await asyncio.sleep(0)
            events.append("closed")

    async def take_one() -> int:
        kept.append(numbers())
        return await anext(kept[-1])

    take = asynchronous.to_sync(take_one)

    assert (take(), events) == (1, ["closed"])
    assert (take(), events) == (1, ["closed", "closed"])


# Exceptions


def test_an_exception_comes_through_with_a_short_traceback() -> None:
    async def inner() -> None:
        await asyncio.sleep(0)
        raise KeyError("lost")

    async def view() -> None:
        await inner()

    with pytest.raises(KeyError) as caught:
        asynchronous.to_sync(view)()

    frames = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert frames[1:] == ["call", "run", "view", "inner"]
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


def test_an_exception_of_an_async_view_is_answered_like_any_other(app: Flask) -> None:
    app.testing = False
    app.logger.disabled = True

    @app.get("/")
    async def view() -> str:
        raise ValueError

    assert app.test_client().get("/").status_code == 500


@pytest.mark.parametrize("error_class", [KeyboardInterrupt, SystemExit, asyncio.CancelledError])
def test_what_ends_programs_comes_through_once_and_the_loop_goes_on(
    error_class: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    events: list[str] = []

    async def linger() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            events.append("cancelled")

    async def stop() -> None:
        tasks.append(asyncio.create_task(linger()))
        await asyncio.sleep(0)
        raise error_class("stop")

    async def go_on() -> str:
        await asyncio.sleep(0)
        return "on"

    tasks: list[t.Any] = []
    with pytest.raises(error_class, match="stop"):
        asynchronous.to_sync(stop)()

    assert events == ["cancelled"]
    assert asynchronous.to_sync(go_on)() == "on"
    gc.collect()
    assert not caplog.records


def test_ctrl_c_ends_a_coroutine_that_waits() -> None:
    assert (
        run_script(
            """
            import asyncio, os, signal, threading
            from flask import asynchronous

            async def wait():
                try:
                    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
                    await asyncio.sleep(60)
                finally:
                    print("cleaned up")

            try:
                asynchronous.to_sync(wait)()
            except KeyboardInterrupt:
                print("interrupted")
            """
        )
        == "cleaned up\ninterrupted\n"
    )


# Loops and threads


def test_requests_on_one_thread_share_one_loop(app: Flask) -> None:
    loops: list[asyncio.AbstractEventLoop] = []
    threads: set[int] = set()

    @app.get("/")
    async def view() -> str:
        loops.append(asyncio.get_running_loop())
        threads.add(threading.get_ident())
        return ""

    client = app.test_client()
    client.get("/")
    client.get("/")

    assert len(loops) == 2
    assert loops[0] is loops[1]
    assert threads == {threading.get_ident()}


def test_a_loop_that_somebody_closed_is_replaced() -> None:
    async def get_loop() -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    loop = asynchronous.to_sync(get_loop)()
    loop.close()
    another = asynchronous.to_sync(get_loop)()

    assert another is not loop
    assert not another.is_closed()


async def leave_nothing() -> None:
    await asyncio.sleep(0)


async def leave_a_cancelled_timer() -> None:
    asyncio.get_running_loop().call_later(60, print).cancel()


async def wait_with_a_limit() -> None:
    await asyncio.wait_for(asyncio.sleep(0), 60)


async def wait_for_a_thread() -> None:
    await asyncio.to_thread(int)


async def leave_a_timer() -> None:
    asyncio.get_running_loop().call_later(60, print)


async def set_up_anew() -> None:
    asyncio.get_running_loop().slow_callback_duration = 7


async def leave_a_callback_of_a_callback() -> None:
    loop = asyncio.get_running_loop()
    loop.call_soon(loop.call_soon, print, "called, though late")


async def leave_a_thread_at_work() -> None:
    asyncio.get_running_loop().run_in_executor(None, time.sleep, 0.01)


@pytest.mark.parametrize(
    ("leave", "stays"),
    [
        (leave_nothing, True),
        (leave_a_cancelled_timer, True),
        (wait_with_a_limit, True),
        (wait_for_a_thread, True),
        (leave_a_timer, False),
        (set_up_anew, False),
        (leave_a_callback_of_a_callback, False),
        (leave_a_thread_at_work, False),
    ],
)
def test_a_loop_stays_only_if_it_is_left_as_it_was_found(
    leave: Callable[[], Coroutine[t.Any, t.Any, None]], stays: bool
) -> None:
    async def view() -> asyncio.AbstractEventLoop:
        await leave()
        return asyncio.get_running_loop()

    first, second = asynchronous.to_sync(view)(), asynchronous.to_sync(view)()

    assert (first is second) is stays
    assert first.is_closed() is not stays
    assert not stays or not first._scheduled  # type: ignore[attr-defined]


def test_threads_have_loops_of_their_own_which_end_with_them(app: Flask) -> None:
    together = threading.Barrier(4)

    @app.get("/<int:number>")
    async def view(number: int) -> str:
        loops.append(asyncio.get_running_loop())
        together.wait(10)  # all four are in their views now
        await asyncio.sleep(0.01)
        return f"{number} {request.path}"

    loops: list[asyncio.AbstractEventLoop] = []
    with ThreadPoolExecutor(4) as pool:
        paths = [f"/{number}" for number in range(4)]
        bodies = list(pool.map(lambda path: app.test_client().get(path).text, paths))

    assert bodies == [f"{number} /{number}" for number in range(4)]
    assert len(set(map(id, loops))) == 4
    assert all(loop.is_closed() for loop in loops)


def test_calls_from_async_code_run_on_another_loop(app: Flask) -> None:
    async def inner() -> tuple[asyncio.AbstractEventLoop, str, BaseException | None]:
        await asyncio.sleep(0)
        before = colour.get()
        colour.set("inner")
        return asyncio.get_running_loop(), before, sys.exc_info()[1]

    async def outer() -> None:
        colour.set("outer")
        error = ValueError("being handled")
        try:
            raise error
        except ValueError:
            lines = len(traceback.extract_tb(error.__traceback__))
            loop, before, handled = app.ensure_sync(inner)()
        assert loop is not asyncio.get_running_loop()
        assert (before, colour.get()) == ("outer", "inner")
        assert handled is error
        assert len(traceback.extract_tb(error.__traceback__)) == lines

    asyncio.run(outer())


def test_exceptions_come_through_from_the_other_loop(app: Flask) -> None:
    async def inner() -> None:
        raise KeyError("inner")

    async def outer() -> str:
        with pytest.raises(KeyError, match="inner"):
            app.ensure_sync(inner)()
        return "caught"

    assert asynchronous.to_sync(outer)() == "caught"


def test_calls_may_be_nested_as_deep_as_they_come(app: Flask) -> None:
    async def nest(depth: int) -> int:
        await asyncio.sleep(0)
        return 1 + app.ensure_sync(nest)(depth - 1) if depth else 0

    assert app.ensure_sync(nest)(20) == 20


def test_async_views_may_do_what_calls_async_functions(app: Flask) -> None:
    received: list[str] = []

    async def flashed(sender: Flask, message: str, **extra: t.Any) -> None:
        await asyncio.sleep(0)
        received.append(f"{message} {request.path}")

    @app.context_processor
    async def names() -> dict[str, str]:
        await asyncio.sleep(0)
        return {"path": request.path}

    @app.get("/page")
    async def view() -> str:
        flash("hello")
        return render_template_string("{{ path }}")

    with message_flashed.connected_to(flashed, app):
        assert app.test_client().get("/page").text == "/page"

    assert received == ["hello /page"]


def test_requests_may_come_from_async_code(app: Flask) -> None:
    @app.get("/")
    async def view() -> str:
        await asyncio.sleep(0)
        return request.path

    async def main() -> list[str]:
        client = app.test_client()
        return [client.get("/").text, await asyncio.to_thread(lambda: client.get("/").text)]

    assert asyncio.run(main()) == ["/", "/"]


def test_sync_code_called_by_asgiref_may_call_async_code_again(app: Flask) -> None:
    from asgiref.sync import async_to_sync, sync_to_async

    async def where() -> tuple[asyncio.AbstractEventLoop, str]:
        await asyncio.sleep(0)
        return asyncio.get_running_loop(), colour.get()

    def sync() -> list[t.Any]:
        return [app.ensure_sync(where)(), async_to_sync(where)()]

    async def view() -> None:
        colour.set("view")
        loop = asyncio.get_running_loop()
        assert await sync_to_async(sync)() == [(loop, "view")] * 2

    app.ensure_sync(view)()


def test_behind_an_asgi_adapter_async_views_run_on_the_servers_loop(app: Flask) -> None:
    from asgiref.wsgi import WsgiToAsgi

    loops: list[asyncio.AbstractEventLoop] = []

    @app.get("/")
    async def view() -> str:
        loops.append(asyncio.get_running_loop())
        return request.path

    async def main() -> None:
        sent: list[t.Any] = []

        async def receive() -> t.Any:
            return {"type": "http.request"}

        async def send(event: t.Any) -> None:
            sent.append(event)

        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "GET",
            "path": "/",
            "query_string": b"",
            "headers": [(b"host", b"localhost")],
        }
        await WsgiToAsgi(app)(scope, receive, send)
        assert sent[0]["status"] == 200
        assert b"".join(event.get("body", b"") for event in sent) == b"/"
        assert loops == [asyncio.get_running_loop()]

    asyncio.run(main())


def test_sync_to_async_of_several_threads_does_not_wait_for_each_other(app: Flask) -> None:
    from asgiref.sync import sync_to_async

    together = threading.Barrier(3)

    @app.get("/")
    async def view() -> str:
        await sync_to_async(together.wait)(10)
        return "met"

    with ThreadPoolExecutor(3) as pool:
        bodies = list(pool.map(lambda _: app.test_client().get("/").text, range(3)))

    assert bodies == ["met"] * 3


# The end of threads and processes


def test_nothing_is_left_open_when_a_process_exits() -> None:
    assert (
        run_script(
            """
            import asyncio, threading
            from flask import Flask

            app = Flask("app")

            async def inner():
                await asyncio.to_thread(threading.get_ident)

            @app.get("/")
            async def view():
                app.ensure_sync(inner)()
                return "served"

            def serve():
                print(app.test_client().get("/").text)

            serve()
            thread = threading.Thread(target=serve)
            thread.start()
            thread.join()
            """,
            "-X",
            "dev",
            "-W",
            "error",
        )
        == "served\nserved\n"
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform cannot fork")
def test_a_forked_process_has_loops_of_its_own_and_leaves_the_parents_alone() -> None:
    out = run_script(
        """
        import asyncio, os, sys, threading
        from flask import asynchronous

        async def work():
            # Waking the loop from a thread takes what a child might have unregistered.
            await asyncio.wait_for(asyncio.to_thread(threading.get_ident), 5)
            return id(asyncio.get_running_loop())

        call = asynchronous.to_sync(work)
        stop, ready, turn = threading.Event(), threading.Event(), threading.Event()

        def keep_busy():
            first = call()
            ready.set()
            turn.wait()
            assert call() == first

        thread = threading.Thread(target=keep_busy)
        thread.start()
        ready.wait()
        loop = call()
        loops = list(asynchronous.loop.open_loops)
        assert len(loops) == 2
        pid = os.fork()
        if pid == 0:
            assert all(loop.is_closed() for loop in loops)
            assert call() == call()
            print("child", flush=True)
            sys.exit(0)
        assert os.waitpid(pid, 0)[1] == 0
        assert call() == loop
        turn.set()
        thread.join()
        print("parent")
        """,
        "-W",
        "error::ResourceWarning",
        "-W",
        "ignore::DeprecationWarning",  # of forking with threads, which is the point here
    )
    assert out == "child\nparent\n"


# gevent

needs_gevent = pytest.mark.skipif(
    importlib.util.find_spec("gevent") is None, reason="gevent is not installed"
)

GEVENT_APP = """
    import gevent.monkey
    gevent.monkey.patch_all({patch})

    import asyncio, sys, threading, time
    import gevent
    from flask import Flask, g, render_template_string, request

    app = Flask("app")
    running = most = 0
    failures = []

    @app.before_request
    async def before():
        await asyncio.sleep(0.001)
        g.path = request.path

    @app.context_processor
    async def names():
        await asyncio.sleep(0.001)
        return {{"path": request.path}}

    @app.errorhandler(LookupError)
    async def lookup(error):
        await asyncio.sleep(0.001)
        return f"handled {{g.path}}"

    @app.teardown_request
    async def teardown(error):
        await asyncio.sleep(0.001)
        if request.path != g.path:
            failures.append(request.path)

    @app.get("/<int:number>")
    async def view(number):
        global running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.1)
        await asyncio.to_thread(time.sleep, 0.001)
        running -= 1
        if number % 10 == 3:
            raise LookupError
        if number % 10 == 4:
            return render_template_string("rendered {{{{ path }}}}")
        return f"{{g.path}} {{request.path}}"

    def expected(number):
        path = f"/{{number}}"
        return {{3: f"handled {{path}}", 4: f"rendered {{path}}"}}.get(
            number % 10, f"{{path}} {{path}}"
        )
"""


@needs_gevent
def test_a_hundred_requests_at_once_under_gevent() -> None:
    script = textwrap.dedent(GEVENT_APP.format(patch="")) + textwrap.dedent(
        """
        import http.client
        from gevent.pywsgi import WSGIServer

        server = WSGIServer(("127.0.0.1", 0), app, log=None)
        server.start()

        def get(number):
            connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=30)
            connection.request("GET", f"/{number}")
            response = connection.getresponse()
            body = response.read().decode()
            connection.close()
            return response.status, body

        for _ in range(2):
            greenlets = [gevent.spawn(get, number) for number in range(100)]
            gevent.joinall(greenlets, raise_error=True)
            answers = [greenlet.value for greenlet in greenlets]
            assert answers == [(200, expected(number)) for number in range(100)], answers
        server.stop()
        assert failures == []
        assert most > 20, most  # more than gevent's own pool of threads would serve at once
        print("served")
        """
    )
    assert run_script(script) == "served\n"


@needs_gevent
def test_greenlets_of_programs_whose_threads_are_not_patched() -> None:
    script = textwrap.dedent(GEVENT_APP.format(patch="thread=False")) + textwrap.dedent(
        """
        def get(number):
            return app.test_client().get(f"/{number}").text

        greenlets = [gevent.spawn(get, number) for number in range(10)]
        gevent.joinall(greenlets, raise_error=True)
        assert [greenlet.value for greenlet in greenlets] == list(map(expected, range(10)))
        assert failures == []
        print("served")
        """
    )
    assert run_script(script) == "served\n"


@needs_gevent
def test_greenlets_of_unpatched_programs_may_switch_inside_of_coroutines() -> None:
    assert (
        run_script(
            """
            import asyncio
            import gevent
            from flask import Flask, request

            app = Flask("app")

            @app.get("/<int:number>")
            async def view(number):
                await asyncio.sleep(0)
                gevent.sleep(0.01)  # others run now, and find this loop running
                await asyncio.sleep(0)
                return request.path

            def get(number):
                return app.test_client().get(f"/{number}").text

            greenlets = [gevent.spawn(get, number) for number in range(10)]
            gevent.joinall(greenlets, raise_error=True)
            print(*[greenlet.value for greenlet in greenlets])
            """
        )
        == " ".join(f"/{number}" for number in range(10)) + "\n"
    )
