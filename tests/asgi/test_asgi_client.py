"""Test clients that go through the ASGI door: the async one, and the sync one by choice."""

from __future__ import annotations

import asyncio
import io
import threading
import time
from collections.abc import Awaitable, Callable, Iterator

import pytest
from werkzeug.test import ClientRedirectError

from flask import Flask, Response, g, redirect, request, session, stream_with_context
from flask.testing import FlaskClient

Test = Callable[[], Awaitable[None]]


def run(test: Test) -> None:
    asyncio.run(test())


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.secret_key = "key"
    app.testing = True
    app.extensions["closed"] = closed = []

    @app.get("/")
    def index() -> dict[str, object]:
        return {"args": request.args, "count": session.get("count", 0)}

    @app.route("/count", methods=["POST"])
    def count() -> Response:
        session["count"] = session.get("count", 0) + 1
        return redirect("/")  # type: ignore[return-value]

    @app.post("/again")
    def again() -> Response:
        return redirect("/echo", 307)  # type: ignore[return-value]

    @app.post("/echo")
    def echo() -> bytes:
        return request.get_data()

    @app.get("/loop")
    def loop() -> Response:
        return redirect("/loop")  # type: ignore[return-value]

    @app.get("/stream")
    def stream() -> Response:
        def pieces() -> Iterator[str]:
            try:
                for number in range(1000):
                    yield f"{number}\n"
            finally:
                closed.append(threading.get_ident())

        return Response(stream_with_context(pieces()))

    @app.get("/boom")
    def boom() -> str:
        raise LookupError("in the view")

    return app


# Async


def test_async_client_sends_requests_and_keeps_cookies(app: Flask) -> None:
    async def test() -> None:
        client = app.async_test_client()
        answer = await client.get("/?a=1")
        assert answer.status == "200 OK"
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.json == {"args": {"a": "1"}, "count": 0}
        answer = await client.post("/count", follow_redirects=True)
        assert answer.json == {"args": {}, "count": 1}
        assert [item.status_code for item in answer.history] == [302]
        assert client.get_cookie("session") is not None
        with client.session_transaction() as stored:
            stored["count"] = 41
        answer = await client.post("/count", follow_redirects=True)
        assert answer.json == {"args": {}, "count": 42}
        client.delete_cookie("session")
        assert (await client.get("/")).json["count"] == 0  # type: ignore[index]

    run(test)


def test_async_client_sends_a_body_again_after_307(app: Flask) -> None:
    async def test() -> None:
        client = app.async_test_client()
        answer = await client.post("/again", data=b"data", follow_redirects=True)
        assert answer.data == b"data"

    run(test)


def test_async_client_leaves_a_circle_of_redirects(app: Flask) -> None:
    async def test() -> None:
        with pytest.raises(ClientRedirectError):
            await app.async_test_client().get("/loop", follow_redirects=True)

    run(test)


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "head", "options"])
def test_async_client_has_each_method(method: str) -> None:
    app = Flask(__name__)
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    app.add_url_rule("/", view_func=lambda: {"is": request.method}, endpoint="x", methods=methods)

    async def test() -> None:
        answer = await getattr(app.async_test_client(), method)("/")
        assert answer.status_code == 200
        if method != "head":
            assert answer.json == {"is": method.upper()}

    run(test)


def test_async_client_starts_and_stops_the_application(app: Flask) -> None:
    order: list[str] = []

    @app.while_serving
    async def serving():  # type: ignore[no-untyped-def]
        order.append("start")
        yield
        order.append("stop")

    async def test() -> None:
        async with app.async_test_client() as client:
            order.append((await client.get("/")).status)
        async with app.async_test_client() as client:
            order.append((await client.get("/")).status)

    run(test)
    assert order == ["start", "200 OK", "stop"] * 2


def test_async_client_reports_a_failed_start(app: Flask) -> None:
    @app.before_serving
    def failing() -> None:
        raise ConnectionError("no database")

    async def test() -> None:
        with pytest.raises(RuntimeError, match="no database"):
            async with app.async_test_client():
                pass

    run(test)


def test_async_client_reads_a_stream_and_leaves_it(app: Flask) -> None:
    async def test() -> None:
        client = app.async_test_client()
        async with client.stream("GET", "/stream") as response:
            assert response.status_code == 200
            async for piece in response:
                assert piece == b"0\n"
                break
        deadline = time.monotonic() + 10
        while not app.extensions["closed"]:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.001)
        assert len((await client.get("/stream")).data.split()) == 1000

    run(test)


def test_async_client_raises_what_the_application_raised(app: Flask) -> None:
    async def test() -> None:
        with pytest.raises(LookupError, match="in the view"):
            await app.async_test_client().get("/boom")

    run(test)


def test_httpx_transport(app: Flask) -> None:
    import httpx

    async def test() -> None:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            answer = await client.get("/?a=1")
            assert answer.json() == {"args": {"a": "1"}, "count": 0}

    run(test)


# Sync


@pytest.fixture(params=["argument", "variable"])
def client(request: pytest.FixtureRequest, app: Flask, monkeypatch: pytest.MonkeyPatch) -> object:
    if request.param == "argument":
        return app.test_client(door="asgi")
    monkeypatch.setenv("FLASK_TEST_CLIENT_DOOR", "asgi")
    return app.test_client()


def test_sync_client_goes_through_the_asgi_door(app: Flask, client: FlaskClient) -> None:
    seen = []
    app.before_request(lambda: seen.append("asgi.scope" in request.environ))
    assert client.get("/?a=1").json == {"args": {"a": "1"}, "count": 0}
    assert app.test_client(door="wsgi").get("/").status_code == 200
    assert seen == [True, False]


def test_unknown_door_is_refused(app: Flask) -> None:
    with pytest.raises(ValueError, match="'wsgi' or 'asgi'"):
        app.test_client(door="back")


def test_sync_views_run_in_the_thread_of_the_test(app: Flask, client: FlaskClient) -> None:
    app.add_url_rule("/thread", view_func=lambda: str(threading.get_ident()), endpoint="thread")
    assert client.get("/thread").text == str(threading.get_ident())


def test_contexts_are_kept_in_a_with_block(app: Flask, client: FlaskClient) -> None:
    @app.before_request
    def before() -> None:
        g.value = "kept"

    with client:
        client.post("/count")
        assert (g.value, request.path, session["count"]) == ("kept", "/count", 1)
        client.get("/?a=2")
        assert request.args["a"] == "2"


def test_context_around_the_test_is_seen(app: Flask, client: FlaskClient) -> None:
    app.add_url_rule("/g", view_func=lambda: str(g.get("outer")), endpoint="g")
    with app.app_context():
        g.outer = "outer"
        assert client.get("/g").text == app.test_client(door="wsgi").get("/g").text


def test_streams_are_read_lazily(app: Flask, client: FlaskClient) -> None:
    response = client.get("/stream")
    assert next(iter(response.response)) == b"0\n"  # type: ignore[call-overload]
    assert app.extensions["closed"] == []
    response.close()
    assert app.extensions["closed"] == [threading.get_ident()]
    assert len(client.get("/stream").data.split()) == 1000
    assert len(client.get("/stream", buffered=True).data.split()) == 1000


def test_response_that_is_dropped_is_closed(app: Flask, client: FlaskClient) -> None:
    client.get("/stream")
    deadline = time.monotonic() + 10
    while not app.extensions["closed"]:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_errors_reach_the_test(app: Flask, client: FlaskClient) -> None:
    with pytest.raises(LookupError, match="in the view"):
        client.get("/boom")
    app.testing = False
    assert client.get("/boom").status_code == 500


def test_large_and_broken_bodies(app: Flask, client: FlaskClient) -> None:
    data = b"x" * 1_000_000
    assert client.post("/echo", data=data).data == data
    environ = {"CONTENT_LENGTH": "10"}
    short = client.post("/echo", input_stream=io.BytesIO(b"abc"), environ_overrides=environ)
    assert short.status_code == 400
    assert client.post("/again", data=b"data", follow_redirects=True).data == b"data"


def test_request_from_inside_a_view(app: Flask, client: FlaskClient) -> None:
    app.add_url_rule("/outer", view_func=lambda: client.get("/").text, endpoint="outer")
    assert "args" in app.test_client(door="asgi").get("/outer").text
