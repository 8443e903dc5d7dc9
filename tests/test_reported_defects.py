"""Defects that users of the original have reported: absent here.

Each is a program whose output tells. Where there is an interpreter with the original, a second
test runs the same program there and shows the defect.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import typing as t
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ORACLE = Path(os.environ.get("HIPFLASK_ORACLE", ROOT / ".work" / "oracle" / "bin" / "python"))

needs_original = pytest.mark.skipif(
    not ORACLE.exists(),
    reason="needs an interpreter with the original: make differential, or set HIPFLASK_ORACLE",
)


def needs_module(interpreter: Path | str, *names: str) -> None:
    """Skip the test unless an interpreter has modules that a program needs."""
    imports = f"import {', '.join(names)}"
    if subprocess.run([interpreter, "-c", imports], capture_output=True, timeout=60).returncode:
        pytest.skip(f"{' or '.join(names)} is not installed for {interpreter}")


def run(program: str, interpreter: Path | str, folder: Path) -> t.Any:
    """Run a program and return the object that it printed as JSON."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if interpreter == sys.executable:
        environ["PYTHONPATH"] = str(ROOT / "src")
    done = subprocess.run(
        [interpreter, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=100,
        cwd=folder,
        env=environ,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# A stream that is abandoned and finalised on another thread (pallets/flask #6123)

ABANDONED_STREAM = """
    import json
    from concurrent.futures import ThreadPoolExecutor
    from flask import Flask, has_app_context, has_request_context, stream_with_context
    from werkzeug.test import EnvironBuilder

    app = Flask("app")
    torn_down = []
    app.teardown_appcontext(lambda error: torn_down.append("app"))
    app.teardown_request(lambda error: torn_down.append("request"))

    @app.get("/stream")
    def stream():
        return stream_with_context(str(number) for number in range(9)), {"X": "stream"}

    @app.get("/")
    def plain():
        return "plain"

    def begin():
        body = app(EnvironBuilder("/stream").get_environ(), lambda *args: None)
        next(iter(body))
        return body

    with ThreadPoolExecutor(1) as worker:
        body = worker.submit(begin).result()
        torn_down.clear()
        try:
            body.close()  # in this thread, not in the worker
        except Exception as error:
            torn_down.append(type(error).__name__)
        ended = torn_down.copy()
        del body
        left = worker.submit(lambda: [has_app_context(), has_request_context()]).result()
        torn_down.clear()
        worker.submit(app.test_client().get, "/").result()
    print(json.dumps({"end of stream": ended, "left": left, "next request": torn_down}))
"""


def test_an_abandoned_stream_leaves_nothing_on_the_worker_thread(tmp_path: Path) -> None:
    assert run(ABANDONED_STREAM, sys.executable, tmp_path) == {
        "end of stream": ["request", "app"],
        "left": [False, False],
        "next request": ["request", "app"],
    }


@needs_original
def test_original_an_abandoned_stream_stays_current(tmp_path: Path) -> None:
    found = run(ABANDONED_STREAM, ORACLE, tmp_path)

    assert found["left"] == [True, True]
    assert "app" not in found["next request"]


# Async views, hooks, handlers and teardown under gevent (#5881, #5256)

GEVENT = """
    import gevent.monkey
    gevent.monkey.patch_all()

    import asyncio, json, logging
    import gevent
    from flask import Flask, request

    logging.disable()
    app = Flask("app")
    failures = []

    @app.before_request
    async def before():
        await asyncio.sleep(0.001)

    @app.get("/<int:number>")
    async def view(number):
        await asyncio.sleep(0.01)
        return str(1 // (number % 5)) + request.path

    @app.errorhandler(ZeroDivisionError)
    async def division(error):
        await asyncio.sleep(0.001)
        return "handled" + request.path

    @app.teardown_request
    async def teardown(error):
        await asyncio.sleep(0.001)

    def get(number):
        try:
            text = app.test_client().get(f"/{number}").text
        except Exception as error:
            failures.append(repr(error))
        else:
            if not text.endswith(f"/{number}"):
                failures.append(text)

    gevent.joinall([gevent.spawn(get, number) for number in range(100)])
    print(json.dumps(len(failures)))
"""


def test_async_code_serves_a_hundred_greenlets(tmp_path: Path) -> None:
    needs_module(sys.executable, "gevent", "asgiref")
    assert run(GEVENT, sys.executable, tmp_path) == 0


@needs_original
def test_original_async_code_fails_under_gevent(tmp_path: Path) -> None:
    needs_module(ORACLE, "gevent", "asgiref")
    assert run(GEVENT, ORACLE, tmp_path) > 10


# One function of copy_current_request_context, several times at once (#5396, #5252)

COPIED_CONTEXT = """
    import json, threading
    from concurrent.futures import ThreadPoolExecutor
    from flask import Flask, copy_current_request_context, request, session

    app = Flask("app")
    app.secret_key = "copied"
    entered = [threading.Event() for _ in range(6)]
    left = [threading.Event() for _ in range(6)]

    @app.get("/")
    def view():
        session["name"] = "visitor"

        @copy_current_request_context
        def work(number):
            # All are inside at once, and the first to enter is the first to leave.
            entered[number + 1].set()
            entered[5].wait(20)
            left[number].wait(20)
            return f"{number} {request.path} {session['name']}"

        def outcome(number):
            entered[number].wait(20)
            try:
                return work(number)
            except Exception as error:
                return type(error).__name__
            finally:
                entered[number + 1].set()
                left[number + 1].set()

        entered[0].set()
        left[0].set()
        with ThreadPoolExecutor(5) as pool:
            return list(pool.map(outcome, range(5)))

    print(json.dumps(app.test_client().get("/").json))
"""


def test_a_copied_context_serves_several_threads_at_once(tmp_path: Path) -> None:
    found = run(COPIED_CONTEXT, sys.executable, tmp_path)
    assert found == [f"{number} / visitor" for number in range(5)]


@needs_original
def test_original_a_copied_context_fails_in_several_threads(tmp_path: Path) -> None:
    found = run(COPIED_CONTEXT, ORACLE, tmp_path)
    assert found[0] == "ValueError"


# What is raised while the response is being delivered (#6100)

DELIVERY = """
    import json
    from flask import Flask, Response, stream_with_context
    from werkzeug.test import EnvironBuilder

    class StepByStep(Flask):
        def full_dispatch_request(self):
            return super().full_dispatch_request()

    class Undeliverable(Response):
        def __call__(self, environ, start_response):
            raise LookupError("response")

    def fail():
        yield "begun"
        raise LookupError("stream")

    def deliver(app_class, path, problem=None):
        app = app_class("app")
        app.testing = True
        told = []
        app.teardown_request(lambda error: told.append(repr(error)))
        app.teardown_appcontext(lambda error: told.append(repr(error)))
        app.register_error_handler(Exception, lambda error: told.append("handler"))
        app.add_url_rule("/text", view_func=lambda: "text", endpoint="text")
        app.add_url_rule("/json", view_func=lambda: {}, endpoint="json")
        app.add_url_rule("/object", view_func=lambda: Response(""), endpoint="object")
        app.add_url_rule("/raises", view_func=lambda: Undeliverable(""), endpoint="raises")
        app.add_url_rule("/stream", view_func=lambda: stream_with_context(fail()), endpoint="s")

        def start_response(*args):
            if problem is not None:
                raise problem

        try:
            body = app(EnvironBuilder(path).get_environ(), start_response)
            if path == "/stream":
                told.clear()
                next(iter(body))
                next(iter(body))
        except (LookupError, OSError) as error:
            told.append(f"raised {error!r}")
        return told

    found = {}
    for app_class in (Flask, StepByStep):
        name = app_class.__name__
        for path in ("/text", "/json", "/object"):
            found[f"{name} {path}"] = deliver(app_class, path, LookupError("start"))
            found[f"{name} {path} gone"] = deliver(app_class, path, BrokenPipeError("gone"))
        found[f"{name} /raises"] = deliver(app_class, "/raises")
        found[f"{name} /stream"] = deliver(app_class, "/stream")
    print(json.dumps(found))
"""


def test_teardown_is_told_what_kept_a_response_from_being_delivered(tmp_path: Path) -> None:
    def told(error: str) -> list[str]:
        return [error, error, f"raised {error}"]

    gone = ["None", "None", "raised BrokenPipeError('gone')"]
    expected = {}
    for name in ("Flask", "StepByStep"):
        for path in ("/text", "/json", "/object"):
            expected[f"{name} {path}"] = told("LookupError('start')")
            expected[f"{name} {path} gone"] = gone
        expected[f"{name} /raises"] = told("LookupError('response')")
        expected[f"{name} /stream"] = told("LookupError('stream')")

    assert run(DELIVERY, sys.executable, tmp_path) == expected


@needs_original
def test_original_teardown_is_not_told_what_failed(tmp_path: Path) -> None:
    found = run(DELIVERY, ORACLE, tmp_path)

    assert found["Flask /raises"] == ["None", "None", "raised LookupError('response')"]
    assert found["Flask /text"] == ["None", "None", "raised LookupError('start')"]


DISCONNECT = """
    import json
    from flask import Flask, stream_with_context
    from werkzeug.test import EnvironBuilder

    app = Flask("app")
    told = []
    app.teardown_request(lambda error: told.append(repr(error)))
    app.teardown_appcontext(lambda error: told.append(repr(error)))

    @app.get("/")
    def view():
        return stream_with_context(str(number) for number in range(9))

    body = app(EnvironBuilder("/").get_environ(), lambda *args: None)
    next(iter(body))
    told.clear()
    body.close()
    print(json.dumps(told))
"""


def test_a_client_that_goes_away_during_a_stream_is_no_error(tmp_path: Path) -> None:
    assert run(DISCONNECT, sys.executable, tmp_path) == ["None", "None"]


@needs_original
def test_original_a_client_that_goes_away_is_an_error(tmp_path: Path) -> None:
    assert run(DISCONNECT, ORACLE, tmp_path) == ["GeneratorExit()", "GeneratorExit()"]


# Reference cycles around request, exception and uploaded files (#5709, #2763)

CYCLES = """
    import gc, io, json, logging, weakref
    from flask import Flask, Response, abort, request, session, stream_with_context
    from flask.globals import request_ctx
    from werkzeug.test import EnvironBuilder

    logging.disable()

    class StepByStep(Flask):
        def full_dispatch_request(self):
            return super().full_dispatch_request()

    class Handled(Exception):
        pass

    class Unhandled(Exception):
        pass

    def declare(app, watched):
        def watch(name, thing):
            watched.append((name, weakref.ref(thing)))
            return thing

        @app.before_request
        def begin():
            watch("request", request._get_current_object())
            watch("context", request_ctx._get_current_object())
            for name, file in request.files.items():
                watch(f"file {name}", file)
                watch(f"content of {name}", file.stream)

        @app.route("/plain", methods=["GET", "POST"])
        def plain():
            return request.form.get("text", "")

        @app.get("/session")
        def use_session():
            session["used"] = True
            watch("session", request_ctx.session)
            return {}

        @app.errorhandler(Handled)
        def handle(error):
            return "handled"

        @app.route("/handled", methods=["GET", "POST"])
        def raise_handled():
            raise watch("exception", Handled())

        @app.route("/unhandled", methods=["GET", "POST"])
        def raise_unhandled():
            raise watch("exception", Unhandled())

        @app.get("/abort")
        def give_up():
            try:
                abort(403)
            except Exception as error:
                watch("exception", error)
                raise

        @app.get("/bad-key")
        def bad_key():
            return request.args["missing"]

        @app.get("/stream")
        def stream():
            return Response(str(number) for number in range(3))

        @app.get("/stream-in-context")
        def stream_in_context():
            return stream_with_context(request.path for _ in range(3))

        @app.get("/stream-fails")
        def stream_fails():
            def fail():
                yield request.path
                raise watch("exception", Unhandled())

            return stream_with_context(fail())

        @app.teardown_request
        def end(error):
            if request.path == "/teardown-fails":
                raise watch("exception", Unhandled())

        @app.get("/teardown-fails")
        def teardown_fails():
            return ""

        return app

    def alive_after(app, watched, path, options):
        if options.get("method") == "POST":
            files = {
                "small": (io.BytesIO(b"x"), "small"),
                "large": (io.BytesIO(b"x" * 600_000), "large"),
            }
            options = options | {"data": {"text": "form", **files}}
        builder = EnvironBuilder(path, **options)
        environ = builder.get_environ()
        builder.close()
        del builder
        watched.clear()
        gc.collect()
        gc.disable()
        try:
            body = app(environ, lambda *args: None)
            try:
                for _ in body:
                    pass
            finally:
                if hasattr(body, "close"):
                    body.close()
                del body
        except Unhandled:
            pass
        del environ
        alive = [name for name, reference in watched if reference() is not None]
        gc.enable()
        assert watched
        return alive

    requests = [(path, {}) for path in PATHS] + [
        ("/plain", {"method": "POST"}),
        ("/handled", {"method": "POST"}),
        ("/unhandled", {"method": "POST"}),
        ("/plain", {"method": "PUT"}),
    ]
    found = {}
    for app_class in (Flask, StepByStep):
        watched = []
        app = app_class("app")
        app.secret_key = "cycles"
        declare(app, watched)
        for path, options in requests:
            alive_after(app, watched, path, options)  # the first request also fills caches
            key = f"{app_class.__name__} {options.get('method', 'GET')} {path}"
            found[key] = alive_after(app, watched, path, options)
    print(json.dumps(found))
"""

PATHS = [
    "/plain",
    "/session",
    "/handled",
    "/unhandled",
    "/abort",
    "/bad-key",
    "/missing",
    "/stream",
    "/stream-in-context",
    "/stream-fails",
    "/teardown-fails",
]


def test_nothing_outlives_its_request_for_want_of_the_garbage_collector(tmp_path: Path) -> None:
    found = run(CYCLES.replace("PATHS", repr(PATHS)), sys.executable, tmp_path)

    assert len(found) == 2 * (len(PATHS) + 4)
    assert {name: alive for name, alive in found.items() if alive} == {}


@needs_original
def test_original_errors_keep_the_request_and_its_files(tmp_path: Path) -> None:
    found = run(CYCLES.replace("PATHS", repr(PATHS)), ORACLE, tmp_path)

    assert "exception" in found["Flask GET /unhandled"]
    assert {"request", "file large", "content of large"} <= set(found["Flask POST /unhandled"])
    assert found["Flask GET /abort"]
    assert found["Flask GET /missing"]


ASYNC_CYCLES = """
    import gc, json, logging, time, weakref
    from flask import Flask, request

    logging.disable()
    app = Flask("app")
    watched = []

    class Unhandled(Exception):
        pass

    def watch(thing):
        watched.append(weakref.ref(thing))
        return thing

    async def fail():
        raise watch(Unhandled())

    @app.get("/fails")
    async def fails():
        watch(request._get_current_object())
        try:
            await fail()
        finally:
            watch(request._get_current_object())

    @app.get("/nested")
    async def nested():
        watch(request._get_current_object())
        try:
            app.ensure_sync(fail)()
        except Unhandled:
            return "caught"

    alive = {}
    for path in ("/fails", "/nested"):
        for _ in range(2):
            watched.clear()
            gc.collect()
            gc.disable()
            app.wsgi_app(
                {
                    "REQUEST_METHOD": "GET",
                    "PATH_INFO": path,
                    "SERVER_NAME": "localhost",
                    "SERVER_PORT": "80",
                    "wsgi.url_scheme": "http",
                },
                lambda *args: None,
            )
            for _ in range(100):  # the thread of the nested call may not have let go yet
                alive[path] = sum(reference() is not None for reference in watched)
                if not alive[path]:
                    break
                time.sleep(0.01)
            gc.enable()
            assert len(watched) == 2 + (path == "/fails")
    print(json.dumps(alive))
"""


def test_errors_of_async_views_do_not_outlive_their_request_either(tmp_path: Path) -> None:
    needs_module(sys.executable, "asgiref")
    assert run(ASYNC_CYCLES, sys.executable, tmp_path) == {"/fails": 0, "/nested": 0}


# An application that cannot be imported (#3361)

BROKEN = {
    "import": ("from flask import Flask\nimport missing_dependency\n", "missing_dependency"),
    "error": ("raise ValueError('while importing')\n", "ValueError: while importing"),
    "factory": (
        "def create_app():\n    raise ValueError('in the factory')\n",
        "ValueError: in the factory",
    ),
}


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("command", ["greet", "greet --help", "routes", "shell", "run", "--help"])
def test_an_application_that_cannot_be_imported_shows_its_traceback(
    tmp_path: Path, broken: str, command: str
) -> None:
    # Releases before 3 said that there was no such command; the original has mended that since.
    source, reason = BROKEN[broken]
    file = tmp_path / "app.py"
    file.write_text(source)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("FLASK_")}
    environ["PYTHONPATH"] = str(ROOT / "src")

    done = subprocess.run(
        [sys.executable, "-m", "flask", *command.split()],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        env=environ,
        stdin=subprocess.DEVNULL,
    )

    assert (done.returncode == 0) == (command == "--help")
    assert "Traceback (most recent call last)" in done.stderr
    assert f'File "{file}"' in done.stderr
    assert reason in done.stderr
