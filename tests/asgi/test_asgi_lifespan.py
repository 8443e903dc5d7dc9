"""Functions around serving, and background tasks: by the protocol, and without it."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import textwrap
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest

from flask import Blueprint, Flask, current_app, has_request_context

from .harness import Lifespan
from .harness import request as send_request

Test = Callable[[], Awaitable[None]]


def run(test: Test) -> None:
    asyncio.run(test())


async def happens(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.add_url_rule("/", view_func=lambda: "hello", endpoint="index")
    return app


def test_order_of_what_runs_around_serving(app: Flask) -> None:
    order: list[str] = []
    bp = Blueprint("bp", __name__)

    @app.before_serving
    def before() -> None:
        order.append(f"before {current_app.name == app.name}")

    @app.before_serving
    async def before_async() -> None:
        order.append(f"before async {current_app.name == app.name}")

    @bp.before_serving
    def before_bp() -> None:
        order.append("before bp")

    @app.while_serving
    def outer() -> Iterator[None]:
        order.append("enter outer")
        yield
        order.append("leave outer")

    @bp.while_serving
    async def inner() -> AsyncIterator[None]:
        order.append("enter inner")
        yield
        order.append("leave inner")

    @app.after_serving
    async def after() -> None:
        order.append("after")

    @bp.after_serving
    def after_bp() -> None:
        order.append("after bp")

    app.register_blueprint(bp)

    async def test() -> None:
        async with Lifespan(app) as lifespan:
            order.append((await send_request(app)).body.decode())
        assert lifespan.shutdown == {"type": "lifespan.shutdown.complete"}

    run(test)
    assert order == [
        "before True",
        "before async True",
        "before bp",
        "enter outer",
        "enter inner",
        "hello",
        "after",
        "after bp",
        "leave inner",
        "leave outer",
    ]


def test_sync_generator_stays_in_one_thread(app: Flask) -> None:
    threads: list[int] = []

    @app.while_serving
    def generator() -> Iterator[None]:
        threads.append(threading.get_ident())
        yield
        threads.append(threading.get_ident())

    async def test() -> None:
        async with Lifespan(app):
            pass

    run(test)
    assert len(threads) == 2
    assert len(set(threads)) == 1
    assert threads[0] != threading.get_ident()


def test_failure_before_serving_stops_the_server_with_its_message(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    left: list[int] = []

    @app.while_serving
    def generator() -> Iterator[None]:
        yield
        left.append(1)

    @app.while_serving
    def failing() -> Iterator[None]:
        raise ConnectionError("no database at db.example")
        yield

    async def test() -> None:
        async with Lifespan(app) as lifespan:
            pass
        assert lifespan.startup == {
            "type": "lifespan.startup.failed",
            "message": "ConnectionError: no database at db.example",
        }

    run(test)
    assert left == [1]
    assert "no database" in caplog.text


def test_failure_after_serving_does_not_keep_others_from_running(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    ran: list[int] = []

    @app.after_serving
    def failing() -> None:
        raise LookupError("first")

    app.after_serving(lambda: ran.append(1))

    @app.while_serving
    async def twice() -> AsyncIterator[None]:
        yield
        yield

    async def test() -> None:
        async with Lifespan(app) as lifespan:
            pass
        assert lifespan.shutdown is not None
        assert lifespan.shutdown["message"] == "LookupError: first"

    run(test)
    assert ran == [1]
    assert "yields more than once" in caplog.text


def test_declaring_is_over_with_the_first_request(app: Flask) -> None:
    app.test_client().get("/")
    app._got_first_request = True
    with pytest.raises(AssertionError, match="before_serving"):
        app.before_serving(lambda: None)


def run_program(source: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(source)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")[:-1]


def test_under_wsgi_they_run_around_the_first_request_and_the_end_of_the_process() -> None:
    assert run_program(
        """
        from flask import Flask
        app = Flask(__name__)

        @app.before_serving
        async def before():
            print("before")

        @app.while_serving
        async def serving():
            print("enter")
            yield
            print("leave")

        app.after_serving(lambda: print("after"))
        app.add_url_rule("/", view_func=lambda: "hello")
        print("declared")
        for _ in range(2):
            print(app.test_client().get("/").text)
        """
    ) == ["declared", "before", "enter", "hello", "hello", "after", "leave"]


@pytest.mark.parametrize("declare", ["def after():", "async def after():"])
def test_started_on_a_servers_loop_they_run_at_the_end_of_the_process(declare: str) -> None:
    assert run_program(
        f"""
        import asyncio
        from flask import Flask
        from tests.asgi.harness import request
        app = Flask(__name__)

        @app.after_serving
        {declare}
            print("after")

        @app.get("/")
        async def index():
            return "hello"

        print(asyncio.run(request(app)).body.decode())
        """
    ) == ["hello", "after"]


def test_under_wsgi_a_failure_is_raised_and_tried_again(app: Flask) -> None:
    tries: list[int] = []

    @app.before_serving
    def failing_once() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise ConnectionError("not yet")

    client = app.test_client()
    with pytest.raises(ConnectionError, match="not yet"):
        client.get("/")
    assert client.get("/").text == "hello"
    assert client.get("/").text == "hello"
    assert len(tries) == 2


def test_server_without_the_protocol_starts_at_the_first_request(app: Flask) -> None:
    started: list[int] = []
    app.before_serving(lambda: started.append(1))

    async def test() -> None:
        answers = await asyncio.gather(*[send_request(app) for _ in range(5)])
        assert {answer.body for answer in answers} == {b"hello"}

    run(test)
    assert started == [1]


def test_importing_flask_does_not_import_asyncio() -> None:
    assert run_program(
        """
        import sys, flask
        app = flask.Flask("app")
        app.add_url_rule("/", view_func=lambda: "hello")
        app.test_client().get("/")
        print("asyncio" in sys.modules)
        """
    ) == ["False"]


# Background tasks


def test_background_task_runs_after_the_response(app: Flask) -> None:
    order: list[str] = []
    done = threading.Event()

    @app.get("/task")
    def view() -> str:
        app.add_background_task(task, "argument", key="value")
        order.append("view")
        return "sent"

    def task(argument: str, key: str) -> None:
        order.append(f"{argument} {key} {current_app.name == app.name}")
        done.set()

    @app.teardown_request
    def teardown(error: BaseException | None) -> None:
        order.append("teardown")

    async def test() -> None:
        assert (await send_request(app, "/task")).body == b"sent"
        await happens(done.is_set)

    run(test)
    assert order == ["view", "teardown", "argument value True"]


@pytest.mark.parametrize("door", ["wsgi", "asgi"])
def test_async_and_sync_tasks_through_both_doors(app: Flask, door: str) -> None:
    seen: list[str] = []
    done = threading.Event()

    async def async_task() -> None:
        await asyncio.sleep(0)
        seen.append(f"async {has_request_context()}")
        app.add_background_task(sync_task)

    def sync_task() -> None:
        seen.append(f"sync {current_app.name == app.name}")
        done.set()

    @app.get("/task")
    def view() -> str:
        app.add_background_task(async_task)
        return "sent"

    with app.test_client(door=door).get("/task") as response:
        assert response.text == "sent"
    assert done.wait(10)
    assert seen == ["async False", "sync True"]


def test_error_of_a_background_task_is_logged(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    def failing() -> None:
        raise LookupError("in the background")

    async def test() -> None:
        app.add_background_task(failing)
        await happens(lambda: "in the background" in caplog.text)

    with caplog.at_level(logging.ERROR):
        run(test)


def test_shutdown_waits_for_background_tasks_with_a_bound(app: Flask) -> None:
    app.config["BACKGROUND_TASK_SHUTDOWN_TIMEOUT"] = 0.3
    seen: list[str] = []

    async def short() -> None:
        await asyncio.sleep(0.05)
        seen.append("short")

    async def endless() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            seen.append("cancelled")

    async def test() -> None:
        async with Lifespan(app):
            app.add_background_task(short)
            app.add_background_task(endless)
            await asyncio.sleep(0)

    run(test)
    assert seen == ["short", "cancelled"]


def test_background_tasks_of_a_wsgi_process_are_finished_at_its_end() -> None:
    assert run_program(
        """
        import time
        from flask import Flask
        app = Flask(__name__)

        def task():
            time.sleep(0.2)
            print("done")

        with app.app_context():
            app.add_background_task(task)
        """
    ) == ["done"]


def test_background_task_that_starts_another_at_the_end_of_a_wsgi_process() -> None:
    assert run_program(
        """
        import asyncio
        from flask import Flask
        app = Flask(__name__)

        async def first():
            await asyncio.sleep(0.1)
            app.add_background_task(print, "second")
            await asyncio.sleep(0.1)

        with app.app_context():
            app.add_background_task(first)
        """
    ) == ["second"]


def test_tasks_without_a_bound_are_refused(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flask.doors.background.MOST_PENDING", 3)
    release = threading.Event()
    for _ in range(3):
        app.add_background_task(release.wait, 10)
    with pytest.raises(RuntimeError, match="not ended yet"):
        app.add_background_task(print)
    release.set()
