"""Handshakes of WebSockets: accepted, refused, and what the handler knows of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from websocket_harness import Peer

from flask import Flask, abort, g, redirect, request, session, url_for, websocket
from flask.testing.websockets import WebsocketResponseError


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.testing = True
    app.secret_key = "key"
    return app


def run(test: Callable[[], Awaitable[Any]]) -> None:
    asyncio.run(test())  # type: ignore[arg-type]


def refusal(app: Flask, path: str = "/", **kwargs: Any) -> Any:
    with (
        pytest.raises(WebsocketResponseError) as caught,
        app.test_client().websocket(path, **kwargs),
    ):
        raise AssertionError("accepted")
    return caught.value.response


# Accepted


def test_accept_sends_headers_and_subprotocol(app: Flask) -> None:
    @app.websocket("/")
    async def handler() -> None:
        assert websocket.subprotocols == ["chat.v2", "chat.v1"]
        assert websocket.requested_subprotocols == websocket.subprotocols
        await websocket.accept({"X-Room": "a"}, subprotocol="chat.v1")

    with app.test_client().websocket("/", subprotocols=["chat.v2", "chat.v1"]) as socket:
        assert socket.subprotocol == "chat.v1"
        assert socket.headers["X-Room"] == "a"


def test_subprotocol_must_be_asked_for(app: Flask) -> None:
    @app.websocket("/")
    async def handler() -> None:
        with pytest.raises(ValueError, match="not among those"):
            await websocket.accept(subprotocol="other")
        await websocket.accept()

    with app.test_client().websocket("/", subprotocols=["chat"]) as socket:
        assert socket.subprotocol is None


@pytest.mark.parametrize(
    "headers",
    [
        {"Upgrade": "h2c"},
        {"Connection": "close"},
        {"Sec-WebSocket-Accept": "x"},
        {"X-A": "1\r\nX-B: 2"},
        {"X-A\r\nX-B": "2"},
    ],
)
def test_headers_of_the_protocol_and_line_breaks_are_refused(
    app: Flask, headers: dict[str, str]
) -> None:
    @app.websocket("/")
    async def handler() -> None:
        with pytest.raises(ValueError, match=r"header|newline"):
            await websocket.accept(headers)
        await websocket.accept()

    with app.test_client().websocket("/") as socket:
        assert list(socket.headers) == []


def test_accept_twice_is_an_error(app: Flask) -> None:
    @app.websocket("/")
    async def handler() -> None:
        await websocket.accept()
        with pytest.raises(RuntimeError, match="it is open"):
            await websocket.accept()

    with app.test_client().websocket("/"):
        pass


def test_handler_knows_the_handshake(app: Flask) -> None:
    @app.websocket("/a/<int:number>")
    async def handler(number: int) -> None:
        await websocket.send_json(
            {
                "number": number,
                "args": websocket.args,
                "cookie": websocket.cookies["c"],
                "header": websocket.headers["X-H"],
                "url": [websocket.url, websocket.base_url, websocket.host_url],
                "path": [websocket.path, websocket.full_path, websocket.root_path],
                "host": websocket.host,
                "scheme": [websocket.scheme, websocket.is_secure],
                "query": websocket.query_string.decode(),
                "route": [websocket.endpoint, websocket.blueprint, websocket.blueprints],
                "rule": str(websocket.url_rule),
                "view_args": websocket.view_args,
                "remote": websocket.remote_addr,
                "origin": websocket.origin,
                "request": [request.method, request.url, request.endpoint],
                "same": websocket.request is request._get_current_object(),  # type: ignore[attr-defined]
            }
        )

    client = app.test_client()
    client.set_cookie("c", "1", domain="example.org")
    with client.websocket(
        "/a/5?x=1", base_url="https://example.org/", headers={"X-H": "h"}
    ) as socket:
        assert socket.receive_json() == {
            "number": 5,
            "args": {"x": "1"},
            "cookie": "1",
            "header": "h",
            "url": [
                "wss://example.org/a/5?x=1",
                "wss://example.org/a/5",
                "wss://example.org/",
            ],
            "path": ["/a/5", "/a/5?x=1", ""],
            "host": "example.org",
            "scheme": ["wss", True],
            "query": "x=1",
            "route": ["handler", None, []],
            "rule": "/a/<int:number>",
            "view_args": {"number": 5},
            "remote": "127.0.0.1",
            "origin": None,
            "request": ["GET", "https://example.org/a/5?x=1", "handler"],
            "same": True,
        }


def test_handshake_over_http_2_has_no_upgrade_header(app: Flask) -> None:
    @app.websocket("/")
    async def handler() -> None:
        await websocket.send(websocket.url)

    async def test() -> None:
        headers = [(b"host", b"example.org")]
        async with Peer(app, headers=[], http_version="2", scheme="wss") as peer:
            assert (await peer.hear(2))[1]["text"] == "wss://localhost/"
        peer = Peer(app, http_version="2")
        peer.scope["headers"] = headers
        async with peer:
            assert (await peer.hear(2))[1]["text"] == "ws://example.org/"

    run(test)


def test_session_is_read_and_what_changes_before_accept_is_sent(app: Flask) -> None:
    @app.post("/login")
    def login() -> str:
        session["user"] = "ada"
        return ""

    @app.websocket("/")
    async def handler() -> None:
        session["visits"] = session.get("visits", 0) + 1
        await websocket.send(f"{session.get('user')} {session['visits']}")

    client = app.test_client()
    client.post("/login")
    for visits in (1, 2):
        with client.websocket("/") as socket:
            assert socket.receive() == f"ada {visits}"
            assert "session=" in socket.headers["Set-Cookie"]
    with client.session_transaction() as kept:
        assert dict(kept) == {"user": "ada", "visits": 2}


def test_session_that_is_not_changed_sends_no_cookie(app: Flask) -> None:
    @app.websocket("/")
    async def handler() -> None:
        await websocket.send(str(session.get("user")))

    with app.test_client().websocket("/") as socket:
        assert socket.receive() == "None"
        assert "Set-Cookie" not in socket.headers


def test_urls_of_websockets_and_views(app: Flask) -> None:
    @app.get("/page")
    def page() -> str:
        return url_for("handler", name="a")

    @app.websocket("/rooms/<name>")
    async def handler(name: str) -> None:
        await websocket.send_json(
            [url_for("page"), url_for("page", _external=True), url_for("handler", name="b")]
        )

    client = app.test_client()
    assert client.get("/page").text == "ws://localhost/rooms/a"
    assert client.get("/page", base_url="https://localhost").text == "wss://localhost/rooms/a"
    with client.websocket("/rooms/a") as socket:
        assert socket.receive_json() == [
            "/page",
            "http://localhost/page",
            "ws://localhost/rooms/b",
        ]


# Refused


@pytest.mark.parametrize("how", ["return", "raise", "response"])
def test_response_before_accept_refuses_the_connection(app: Flask, how: str) -> None:
    @app.websocket("/")
    async def handler() -> Any:
        if how == "return":
            return {"why": "no"}, 401, {"X-Why": "return"}
        if how == "raise":
            abort(401)
        return redirect("/elsewhere")

    answer = refusal(app)
    assert answer.status_code == (302 if how == "response" else 401)
    if how == "return":
        assert (answer.json, answer.headers["X-Why"]) == ({"why": "no"}, "return")


def test_handler_that_never_accepts_refuses(app: Flask) -> None:
    @app.websocket("/")
    async def handler() -> None:
        pass

    assert refusal(app).status_code == 403


def test_close_before_accept_refuses(app: Flask) -> None:
    @app.websocket("/")
    async def handler() -> None:
        await websocket.close()

    assert refusal(app).status_code == 403


def test_refusal_saves_the_session(app: Flask) -> None:
    @app.websocket("/")
    async def handler() -> Any:
        session["tries"] = 1
        return "no", 401

    assert "session=" in refusal(app).headers["Set-Cookie"]


def test_refusal_without_the_extension_is_a_close(app: Flask) -> None:
    @app.websocket("/")
    async def handler() -> Any:
        return "no", 401

    async def test() -> None:
        async with Peer(app, extensions={}) as peer:
            await peer.end()
        assert [message["type"] for message in peer.sent] == ["websocket.close"]

    run(test)


def test_streamed_refusal_is_read_to_its_end_and_closed(app: Flask) -> None:
    closed = []

    @app.websocket("/")
    async def handler() -> Any:
        def pieces() -> Any:
            try:
                yield "a"
                yield "b"
            finally:
                closed.append(True)

        return app.response_class(pieces(), 403)

    assert refusal(app).text == "ab"
    assert closed == [True]


def test_unknown_path_and_path_of_a_view(app: Flask) -> None:
    @app.get("/view")
    def view() -> str:
        return "view"

    @app.websocket("/socket")
    async def handler() -> None:
        await websocket.accept()

    client = app.test_client()
    assert refusal(app, "/nowhere").status_code == 404
    assert refusal(app, "/view").status_code == 400
    assert client.get("/view").text == "view"
    assert client.get("/socket").status_code == 400
    assert client.post("/socket").status_code in {400, 405}


def test_upgrade_by_http_says_what_is_missing(app: Flask) -> None:
    @app.websocket("/")
    async def handler() -> None:
        await websocket.accept()

    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket"}
    for door in ("wsgi", "asgi"):
        answer = app.test_client(door=door).get("/", headers=upgrade)
        assert answer.status_code == 501
        assert "ASGI" in answer.text


def test_application_without_websockets_refuses_them() -> None:
    app = Flask(__name__)
    assert refusal(app).status_code == 403


def test_handler_and_view_can_not_share_an_endpoint(app: Flask) -> None:
    @app.get("/a")
    def name() -> str:
        return ""

    async def handler() -> None: ...

    with pytest.raises(AssertionError, match="overwriting an existing endpoint"):
        app.add_websocket("/b", "name", handler)
    app.add_websocket("/b", "other", handler)
    app.add_websocket("/c", "other", handler)


# The origin


ORIGINS = [
    (None, "localhost", None, True),
    ("http://localhost", "localhost", None, True),
    ("https://localhost", "localhost", None, True),
    ("http://LOCALHOST", "localhost", None, True),
    ("http://localhost:80", "localhost", None, True),
    ("http://localhost:5000", "localhost:5000", None, True),
    ("http://[::1]:5000", "[::1]:5000", None, True),
    ("http://localhost:5001", "localhost:5000", None, False),
    ("http://localhost", "localhost:5000", None, False),
    ("http://evil.example", "localhost", None, False),
    ("http://localhost.evil.example", "localhost", None, False),
    ("http://evil-localhost", "localhost", None, False),
    ("http://localhost@evil.example", "localhost", None, False),
    ("http://evil.example@localhost", "localhost", None, False),
    ("http://localhost:x", "localhost", None, False),
    ("file://localhost", "localhost", None, False),
    ("null", "localhost", None, False),
    ("null", "localhost", ["null"], True),
    ("https://app.example", "localhost", ["https://app.example"], True),
    ("https://app.example", "localhost", "https://app.example", True),
    ("http://app.example", "localhost", ["https://app.example"], False),
    ("https://app.example.evil", "localhost", ["https://app.example"], False),
    ("https://a.app.example", "localhost", ["https://*.app.example"], True),
    ("https://app.example", "localhost", ["https://*.app.example"], False),
    ("https://evilapp.example", "localhost", ["https://*.app.example"], False),
    ("http://a.app.example", "localhost", ["https://*.app.example"], False),
    ("http://evil.example", "localhost", ["*"], True),
]


@pytest.mark.parametrize(("origin", "host", "allowed", "accepted"), ORIGINS)
def test_pages_of_other_origins_are_refused(
    app: Flask, origin: str | None, host: str, allowed: Any, accepted: bool
) -> None:
    if allowed is not None:
        app.config["WEBSOCKET_ALLOWED_ORIGINS"] = allowed
    called = []

    @app.before_websocket
    def before() -> None:
        called.append(True)

    @app.websocket("/")
    async def handler() -> None:
        await websocket.accept()

    headers = {} if origin is None else {"Origin": origin}
    if accepted:
        with app.test_client().websocket("/", base_url=f"http://{host}/", headers=headers):
            pass
    else:
        answer = refusal(app, base_url=f"http://{host}/", headers=headers)
        assert answer.status_code == 403
    assert bool(called) is accepted


def test_empty_origin_is_refused(app: Flask) -> None:
    @app.websocket("/")
    async def handler() -> None:
        await websocket.accept()

    async def test() -> None:
        async with Peer(app, headers=[("origin", "")]) as peer:
            await peer.end()
        assert peer.sent[0]["status"] == 403

    run(test)


def test_insecure_page_can_not_open_a_secure_websocket(app: Flask) -> None:
    @app.websocket("/")
    async def handler() -> None:
        await websocket.accept()

    client = app.test_client()
    with client.websocket(
        "/", base_url="https://localhost/", headers={"Origin": "https://localhost"}
    ):
        pass
    answer = refusal(app, base_url="https://localhost/", headers={"Origin": "http://localhost"})
    assert answer.status_code == 403


def test_refused_origin_is_logged_with_the_setting(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    @app.websocket("/")
    async def handler() -> None:
        await websocket.accept()

    with caplog.at_level(logging.INFO, app.logger.name):
        refusal(app, headers={"Origin": "http://evil.example"})
    assert "WEBSOCKET_ALLOWED_ORIGINS" in caplog.text


def test_hosts_that_are_not_trusted_are_refused(app: Flask) -> None:
    app.config["TRUSTED_HOSTS"] = ["good.example"]

    @app.websocket("/")
    async def handler() -> None:
        await websocket.accept()

    with app.test_client().websocket("/", base_url="http://good.example/"):
        pass
    assert refusal(app, base_url="http://evil.example/").status_code == 400


def test_g_is_of_one_connection(app: Flask) -> None:
    @app.before_websocket
    def before() -> None:
        assert "number" not in g
        g.number = 1

    @app.websocket("/")
    async def handler() -> None:
        await websocket.send(str(g.number))

    for _ in range(2):
        with app.test_client().websocket("/") as socket:
            assert socket.receive() == "1"
