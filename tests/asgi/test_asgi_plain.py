"""The path of plain async views, written out by hand, is held to the conductor.

Each request is sent to two applications that are alike: one takes the plain path, and the other
goes step by step.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
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
    session,
    url_for,
)
from flask.doors import asgi
from flask.signals import appcontext_pushed, request_finished, request_tearing_down

from .harness import Exchange, http_scope

Test = Callable[[], Awaitable[None]]


class Own(Exception):
    pass


def make() -> Flask:
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

    @app.errorhandler(Own)
    async def handle(error: Own) -> tuple[str, int]:
        return "handled", 418

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
        await exchange.run(app)
        left = has_app_context() or has_request_context()
    return exchange.status, exchange.headers, exchange.body, left


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("path", PATHS)
def test_both_answer_alike(path: str, change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Sessions are signed in the same second on both ways.
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self: 1_800_000_000)

    async def test() -> None:
        plain = await ask(make(), path, CHANGES[change])
        slow = await ask(step_by_step(make()), path, CHANGES[change])
        assert plain == slow
        assert not plain[-1]

    asyncio.run(test())


def takes_plain_path(app: Flask, path: str, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Tell whether the third request for a path does without the conductor."""
    asked: list[int] = []
    inner = asgi.serve_on_loop

    async def counted(*args: Any) -> None:
        asked.append(1)
        await inner(*args)

    monkeypatch.setattr(asgi, "serve_on_loop", counted)

    async def test() -> None:
        await ask(app, path, {})

    asyncio.run(test())
    return len(asked) < 3


@pytest.mark.parametrize("path", ["/text", "/waits", "/json/7", "/error"])
def test_plain_requests_take_the_plain_path(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert takes_plain_path(make(), path, monkeypatch)
    assert not takes_plain_path(step_by_step(make()), path, monkeypatch)


def hook(app: Flask) -> None:
    app.before_request(lambda: None)


def context_teardown(app: Flask) -> None:
    app.teardown_appcontext(lambda error: None)


def trusted(app: Flask) -> None:
    app.config["TRUSTED_HOSTS"] = ["localhost"]


@pytest.mark.parametrize("declare", [hook, context_teardown, trusted])
def test_others_do_not(declare: Callable[[Flask], None], monkeypatch: pytest.MonkeyPatch) -> None:
    app = make()
    declare(app)
    assert not takes_plain_path(app, "/text", monkeypatch)


@pytest.mark.parametrize("owner", ["config", "class"])
def test_hosts_that_are_trusted_from_now_on_count(owner: str) -> None:
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

    assert asyncio.run(test(make())) == [200, 400]


@pytest.mark.parametrize(
    "signal", [request_started, request_finished, request_tearing_down, appcontext_pushed]
)
def test_receivers_are_told(signal: Any) -> None:
    seen: list[object] = []

    def receive(sender: Any, **values: Any) -> None:
        seen.append(sender)

    async def test(app: Flask) -> None:
        await ask(app, "/text", {})
        with signal.connected_to(receive, app):
            await ask(app, "/text", {})

    for app in (make(), step_by_step(make())):
        seen.clear()
        asyncio.run(test(app))
        assert seen == [app, app, app]


@pytest.mark.parametrize("path", ["/text", "/json/7"])
def test_what_is_replaced_later_is_noticed(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
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

    plain, slow = asyncio.run(test(make())), asyncio.run(test(step_by_step(make())))
    assert plain == slow
    assert [answer[2] for answer in plain[1:]] == [b"another", b"from a hook", b"made"]


def test_patched_response_and_subclass_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
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

    plain, slow = asyncio.run(test(make())), asyncio.run(test(step_by_step(make())))
    assert plain == slow


def test_context_of_another_request_goes_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    app = make()

    async def test() -> None:
        await ask(app, "/text", {})
        with app.app_context():
            status, *_ = await ask(app, "/g", {})
            assert status == 200
            assert has_app_context()

    asyncio.run(test())
