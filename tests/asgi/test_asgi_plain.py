"""The paths of plain views, written out by hand, are held to the conductor.

Each request is sent to two applications that are alike: one takes the plain path, and the other
goes step by step. The views are coroutine functions, or sync ones, which are answered in a thread.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

import pytest
from itsdangerous import TimestampSigner

from flask import (
    Flask,
    Request,
    Response,
    abort,
    after_this_request,
    flash,
    g,
    has_app_context,
    has_request_context,
    make_response,
    request,
    request_started,
    send_file,
    session,
    url_for,
)
from flask.doors import asgi
from flask.http.encoded import EncodedBody
from flask.signals import (
    appcontext_popped,
    appcontext_pushed,
    request_finished,
    request_tearing_down,
)

from .harness import Exchange, http_scope

Test = Callable[[], Awaitable[None]]


class Own(Exception):
    pass


class Exit(BaseException):
    """Raised for what is no error, as when a process is to end."""


KINDS = ("async", "sync", "mixed")
"""Applications of coroutine functions, of sync ones, and of sync ones beside another one."""


def in_thread(view: Callable[..., Any]) -> Callable[..., Any]:
    """Make a sync view of a coroutine function."""

    def sync_view(**arguments: Any) -> Any:
        assert threading.current_thread() is not threading.main_thread()
        coroutine = view(**arguments)
        try:
            while True:
                coroutine.send(None)
        except StopIteration as stop:
            return stop.value

    return sync_view


def make(kind: str = "async") -> Flask:
    app = Flask(__name__)
    app.secret_key = "key"

    @app.get("/text")
    async def text() -> str:
        return "text ä"

    @app.get("/waits")
    async def waits() -> str:
        await asyncio.sleep(0)
        return request.path

    @app.get("/json/<int:number>")
    async def json(number: int) -> dict[str, int]:
        return {"number": number}

    @app.get("/list/", defaults={"page": 1})
    @app.get("/list/<int:page>")
    async def listing(page: int) -> list[int]:
        return [page]

    @app.get("/bytes")
    async def data() -> bytes:
        return b"bytes"

    @app.get("/tuple")
    async def with_status() -> tuple[str, int, dict[str, str]]:
        return "made", 201, {"X-Own": "1"}

    @app.get("/response")
    async def response() -> Response:
        return make_response("response")

    @app.get("/none")
    async def nothing() -> None:
        return None

    @app.get("/error")
    async def error() -> str:
        raise LookupError

    @app.get("/own")
    async def own() -> str:
        raise Own

    @app.get("/abort")
    async def aborted() -> str:
        abort(409)

    @app.get("/session")
    async def with_session() -> str:
        session["seen"] = True
        flash("message")
        return "session"

    @app.get("/after")
    async def after() -> str:
        @after_this_request
        def add(response: Response) -> Response:
            response.headers["X-After"] = "1"
            return response

        return "after"

    @app.get("/g")
    async def with_g() -> str:
        g.value = "g"
        return f"{g.value} {url_for('text')} {request.args.get('q')} {request.host_url}"

    @app.get("/environ")
    async def environ() -> dict[str, str]:
        return {key: str(request.environ[key]) for key in ("PATH_INFO", "HTTP_HOST", "SERVER_NAME")}

    @app.get("/file")
    async def file() -> Response:
        response = send_file(__file__, mimetype="text/plain")
        del response.headers["Date"]  # which differs from second to second
        return response

    @app.get("/stream")
    async def stream() -> Response:
        return Response(piece for piece in ("a", "b"))

    @app.get("/exits")
    async def exits() -> str:
        raise Exit

    @app.errorhandler(Own)
    async def handle(error: Own) -> tuple[str, int]:
        return "handled", 418

    if kind != "async":
        for endpoint, view in list(app.view_functions.items()):
            if endpoint != "static":
                app.view_functions[endpoint] = in_thread(view)
    if kind == "mixed":

        @app.get("/beside")
        async def beside() -> str:
            return "beside"

    return app


PATHS = [
    "/text",
    "HEAD /text",
    "OPTIONS /text",
    "POST /text",
    "/waits",
    "/json/7",
    "/json/x",
    "/list/",
    "/list/1",
    "/list/2",
    "//text",
    "/bytes",
    "/tuple",
    "/response",
    "HEAD /response",
    "/none",
    "/error",
    "/own",
    "/abort",
    "/session",
    "/after",
    "/g?q=1",
    "/environ",
    "/file",
    "HEAD /file",
    "/stream",
    "/exits",
    "/nowhere",
]
CHANGES: dict[str, dict[str, Any]] = {
    "nothing": {},
    "cookie": {"headers": [("cookie", "a=1")]},
    "https": {"scheme": "https"},
    "http 1.0": {"http_version": "1.0"},
    "http 2": {"http_version": "2"},
    "root": {"root_path": "/root"},
    "body": {"headers": [("content-length", "4")]},
    "chunked": {"headers": [("transfer-encoding", "chunked")]},
    "upgrade": {"headers": [("upgrade", "h2c")]},
    "two hosts": {"headers": [("host", "other.example")]},
    "pathsend": {"extensions": {"http.response.pathsend": {}}},
}


def step_by_step(app: Flask) -> Flask:
    """Have an application never take the plain path."""
    app._open_asgi_door()._use = lambda *args: None  # type: ignore[method-assign]
    return app


async def ask(app: Flask, path: str, changes: dict[str, Any]) -> tuple[Any, ...]:
    """Send a request as the third to its host, when everything is compiled."""
    method, _, target = path.rpartition(" ")
    for _ in range(3):
        exchange = Exchange(http_scope(target, method or "GET", **changes), [b"data"])
        try:
            await exchange.run(app)
        except Exit:
            return "raised", has_app_context() or has_request_context()
        left = has_app_context() or has_request_context()
    return exchange.status, exchange.headers, exchange.body, exchange.path, left


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("kind", KINDS)
def test_both_answer_alike(
    kind: str, path: str, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Sessions are signed in the same second on both ways.
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self: 1_800_000_000)

    async def test() -> None:
        plain = await ask(make(kind), path, CHANGES[change])
        slow = await ask(step_by_step(make(kind)), path, CHANGES[change])
        assert plain == slow
        assert not plain[-1]

    asyncio.run(test())


def takes_plain_path(app: Flask, path: str, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Tell whether the third request for a path does without the conductor."""
    asked: list[int] = []

    def count(owner: Any, name: str) -> None:
        inner = getattr(owner, name)

        async def counted(*args: Any) -> None:
            asked.append(1)
            await inner(*args)

        monkeypatch.setattr(owner, name, counted)

    count(asgi, "serve_on_loop")
    door = app._asgi_door or app._open_asgi_door()
    count(door, "serve_wsgi")

    async def test() -> None:
        await ask(app, path, {})

    asyncio.run(test())
    return len(asked) < 3


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("path", ["/text", "/waits", "/json/7", "/error"])
def test_plain_requests_take_the_plain_path(
    path: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert takes_plain_path(make(kind), path, monkeypatch)
    assert not takes_plain_path(step_by_step(make(kind)), path, monkeypatch)


def hook(app: Flask) -> None:
    app.before_request(lambda: None)


def context_teardown(app: Flask) -> None:
    app.teardown_appcontext(lambda error: None)


def trusted(app: Flask) -> None:
    app.config["TRUSTED_HOSTS"] = ["localhost"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("declare", [hook, context_teardown, trusted])
def test_others_do_not(
    declare: Callable[[Flask], None], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make(kind)
    declare(app)
    assert not takes_plain_path(app, "/text", monkeypatch)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("owner", ["config", "class"])
def test_hosts_that_are_trusted_from_now_on_count(owner: str, kind: str) -> None:
    class OwnRequest(Request):
        pass

    async def test(app: Flask) -> list[int]:
        if owner == "class":
            app.request_class = OwnRequest
        seen = [(await ask(app, "/text", {}))[0]]
        if owner == "config":
            app.config["TRUSTED_HOSTS"] = ["other.example"]
        else:
            OwnRequest.trusted_hosts = ["other.example"]
        seen.append((await ask(app, "/text", {}))[0])
        return seen

    assert asyncio.run(test(make(kind))) == [200, 400]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "signal", [request_started, request_finished, request_tearing_down, appcontext_pushed]
)
def test_receivers_are_told(signal: Any, kind: str) -> None:
    seen: list[object] = []

    def receive(sender: Any, **values: Any) -> None:
        seen.append(sender)

    async def test(app: Flask) -> None:
        await ask(app, "/text", {})
        with signal.connected_to(receive, app):
            await ask(app, "/text", {})

    for app in (make(kind), step_by_step(make(kind))):
        seen.clear()
        asyncio.run(test(app))
        assert seen == [app, app, app]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("path", ["/text", "/json/7"])
def test_what_is_replaced_later_is_noticed(path: str, kind: str) -> None:
    async def view(**arguments: object) -> str:
        return "another"

    async def test(app: Flask) -> list[Any]:
        seen = [await ask(app, path, {})]
        app.view_functions["text"] = app.view_functions["json"] = view
        seen.append(await ask(app, path, {}))
        app.after_request_funcs.setdefault(None, []).append(
            lambda response: Response("from a hook")
        )
        seen.append(await ask(app, path, {}))
        app.after_request_funcs.clear()
        app.make_response = lambda rv: Response("made")  # type: ignore[method-assign]
        seen.append(await ask(app, path, {}))
        return seen

    plain, slow = asyncio.run(test(make(kind))), asyncio.run(test(step_by_step(make(kind))))
    assert plain == slow
    assert [answer[2] for answer in plain[1:]] == [b"another", b"from a hook", b"made"]


@pytest.mark.parametrize("kind", KINDS)
def test_patched_response_and_subclass_are_noticed(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Mine(Response):
        default_mimetype = "text/plain"

    async def test(app: Flask) -> list[Any]:
        seen = [await ask(app, "/text", {})]
        app.response_class = Mine
        seen.append(await ask(app, "/text", {}))
        app.response_class = Response
        with monkeypatch.context() as patch:
            patch.setattr(Response, "default_mimetype", "text/x-own")
            seen.append(await ask(app, "/bytes", {}))
        return seen

    plain, slow = asyncio.run(test(make(kind))), asyncio.run(test(step_by_step(make(kind))))
    assert plain == slow


@pytest.mark.parametrize("kind", KINDS)
def test_context_of_another_request_goes_step_by_step(kind: str) -> None:
    app = make(kind)

    async def test() -> None:
        await ask(app, "/text", {})
        with app.app_context():
            status, *_ = await ask(app, "/g", {})
            assert status == 200
            assert has_app_context()

    asyncio.run(test())


# Sync views, answered in a thread


def answers(build: Callable[[], Flask], path: str) -> list[Any]:
    """Ask an application that takes the plain path, and one that goes step by step."""
    return [asyncio.run(ask(app, path, {})) for app in (build(), step_by_step(build()))]


def test_body_that_a_sync_view_encoded_itself() -> None:
    def build() -> Flask:
        app = make("sync")
        body = EncodedBody(b"\x00\x01", ("Content-Type", "application/octet-stream"))
        app.add_url_rule("/encoded", "encoded", lambda: body)
        return app

    plain, slow = answers(build, "/encoded")
    assert plain == slow
    assert plain[1]["content-type"] == "application/octet-stream"


@pytest.mark.parametrize("asks_for_environ", [False, True])
@pytest.mark.parametrize("change", [lambda app: app, step_by_step])
def test_request_of_a_sync_view_is_closed_at_its_end(change: Any, asks_for_environ: bool) -> None:
    app = change(make("sync"))
    closed: list[str] = []
    held: list[Any] = []

    @app.get("/closing")
    def closing() -> str:
        held.append(request.environ if asks_for_environ else {})
        request.close = lambda: closed.append(request.path)  # type: ignore[method-assign]
        return "closing"

    asyncio.run(ask(app, "/closing", {}))
    assert closed == ["/closing"] * 3
    assert held[-1].get("werkzeug.request") is None


@pytest.mark.parametrize("signal", [request_finished, request_tearing_down, appcontext_popped])
def test_receivers_that_a_sync_view_connects_are_told(signal: Any) -> None:
    def seen_by(app: Flask) -> list[object]:
        seen: list[object] = []

        def receive(sender: object, **values: object) -> None:
            seen.append(sender)

        @app.get("/connects")
        def connects() -> str:
            signal.connect(receive, app)
            return "connected"

        try:
            asyncio.run(ask(app, "/text", {}))
            asyncio.run(ask(app, "/connects", {}))
        finally:
            signal.disconnect(receive)  # from all senders, or the signal keeps it
        return seen

    plain, slow = make("sync"), step_by_step(make("sync"))
    assert seen_by(plain) == [plain] * 3
    assert seen_by(slow) == [slow] * 3


def test_teardown_that_a_sync_view_declares_runs() -> None:
    def seen_by(app: Flask) -> list[str]:
        seen: list[str] = []

        @app.get("/declares")
        def declares() -> str:
            functions = [lambda error: seen.append("torn down")]
            app.teardown_request_funcs[None] = functions  # type: ignore[assignment]
            return "declared"

        asyncio.run(ask(app, "/text", {}))
        asyncio.run(ask(app, "/declares", {}))
        return seen

    assert seen_by(make("sync")) == seen_by(step_by_step(make("sync"))) == ["torn down"] * 3


def test_sync_view_and_end_of_its_request_have_one_thread() -> None:
    app = make("sync")
    threads: list[int] = []

    @app.get("/threads")
    def view() -> str:
        threads.append(threading.get_ident())
        request.close = lambda: threads.append(threading.get_ident())  # type: ignore[method-assign]
        return "threads"

    asyncio.run(ask(app, "/threads", {}))
    assert len(threads) == 6
    assert threads[::2] == threads[1::2]


def test_sync_views_leave_no_context_to_their_thread() -> None:
    app = make("sync")
    app.config["ASGI_THREADS"] = 1
    variable: ContextVar[str] = ContextVar("variable", default="unset")
    seen: list[Any] = []

    @app.get("/sets")
    def sets() -> str:
        seen.append((variable.get(), g.get("name")))
        variable.set("set")
        g.name = "set"
        return "sets"

    asyncio.run(ask(app, "/sets", {}))
    assert seen == [("unset", None)] * 3


def test_plain_requests_beyond_the_backlog_are_refused() -> None:
    app = make("sync")
    app.config.update(ASGI_THREADS=1, ASGI_BACKLOG=2)
    release = threading.Event()

    @app.get("/waits-for-release")
    def waits_for_release() -> str:
        release.wait(10)
        return "released"

    async def test() -> list[int]:
        await ask(app, "/text", {})
        exchanges = [Exchange(http_scope("/waits-for-release")) for _ in range(5)]
        tasks = [asyncio.ensure_future(it.run(app)) for it in exchanges]
        while not exchanges[-1].is_complete:
            await asyncio.sleep(0.001)
        release.set()
        await asyncio.gather(*tasks)
        return sorted(it.status for it in exchanges)

    statuses = asyncio.run(test())
    assert set(statuses) == {200, 503}
    assert statuses[-1] == 503


def test_sync_view_of_a_client_that_leaves_runs_to_its_end() -> None:
    app = make("sync")
    ended: list[str] = []

    @app.get("/long")
    def long() -> str:
        threading.Event().wait(0.05)
        ended.append("view")
        return "long"

    async def test() -> None:
        await ask(app, "/text", {})
        task = asyncio.ensure_future(Exchange(http_scope("/long")).run(app))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        while not ended:
            await asyncio.sleep(0.001)
        assert (await ask(app, "/text", {}))[0] == 200

    asyncio.run(test())


def test_functions_before_serving_have_run_before_a_sync_view() -> None:
    app = make("sync")
    seen: list[str] = []

    @app.before_serving
    def begin() -> None:
        seen.append("begun")

    asyncio.run(ask(app, "/text", {}))
    assert seen == ["begun"]
    assert app._asgi_door is not None
    assert app._asgi_door.handle is None
