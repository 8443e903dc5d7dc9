"""A real EventSource and a real WebSocket: Chromium's, against the application on both doors."""

from __future__ import annotations

import asyncio
import shutil
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
import uvicorn
from werkzeug.serving import make_server

from flask import Flask, session, url_for, websocket
from flask.sse import ServerSentEvent, event_stream, last_event_id

CHROMIUM = shutil.which("chromium")
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium package"),
]

PAGE = """<!doctype html><title>Real-time</title><link rel=icon href="data:,">
<script>
const seen = [];
function listen() {
  window.source = new EventSource("/events");
  source.onopen = () => seen.push("open");
  source.onmessage = (event) => seen.push(["message", event.data, event.lastEventId]);
  source.addEventListener("tick", (event) => seen.push(["tick", event.data, event.lastEventId]));
}
function talk(url) {
  window.socket = new WebSocket(url);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => seen.push("open");
  socket.onerror = () => seen.push("error");
  socket.onclose = (event) => seen.push(["close", event.code, event.reason, event.wasClean]);
  socket.onmessage = (event) =>
    seen.push(typeof event.data == "string" ? event.data : event.data.byteLength);
}
</script>
"""


def until(condition: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def create_app() -> Flask:
    app = Flask(__name__)
    app.secret_key = "key"
    app.extensions["ended"] = ended = []
    app.extensions["ids"] = ids = []

    @app.get("/")
    def index() -> str:
        session["user"] = "ada"
        return PAGE

    @app.get("/events")
    async def events() -> Any:
        ids.append(last_event_id())

        async def generate() -> AsyncIterator[Any]:
            try:
                yield "one\ntwo"
                yield ServerSentEvent({"n": 1}, event="tick", id="\N{SNOWMAN}1")
                if len(ids) > 1:
                    await asyncio.Event().wait()
            finally:
                ended.append("events")

        return event_stream(generate(), retry=50, keep_alive=0.1)

    @app.get("/url")
    def url() -> str:
        return url_for("echo", _external=True)

    @app.websocket("/echo")
    async def echo() -> None:
        await websocket.send(f"hello {session['user']}")
        async for message in websocket:
            if message == "enough":
                await websocket.close(4000, "as you like")
            else:
                await websocket.send(message)
        ended.append(websocket.close_code)

    return app


def serve_by_wsgi(app: Flask) -> tuple[Any, Callable[[], None], int]:
    server = make_server("127.0.0.1", 0, app, threaded=True)

    def stop() -> None:
        server.shutdown()
        server.server_close()

    return server.serve_forever, stop, server.server_port


def serve_by_asgi(app: Flask) -> tuple[Any, Callable[[], None], int]:
    config = uvicorn.Config(app, port=0, log_level="warning", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    socket = config.bind_socket()

    def stop() -> None:
        server.should_exit = True

    return lambda: server.run([socket]), stop, socket.getsockname()[1]


Served = tuple[Flask, str]


@pytest.fixture(params=[serve_by_wsgi, serve_by_asgi], ids=["wsgi", "asgi"])
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    app = create_app()
    serve, stop, port = request.param(app)
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield app, f"http://127.0.0.1:{port}"
    stop()
    thread.join(20)


@pytest.fixture
def page() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser.new_page()
        browser.close()


def test_event_source_reads_reconnects_and_ends(served: Served, page: Any) -> None:
    app, url = served
    page.goto(url)
    page.evaluate("listen()")
    # The stream ends after two events; the page connects again and says what it saw last.
    page.wait_for_function("seen.length >= 6")
    once = ["open", ["message", "one\ntwo", ""], ["tick", '{"n": 1}', "\N{SNOWMAN}1"]]
    again = ["open", ["message", "one\ntwo", "\N{SNOWMAN}1"], once[2]]
    assert page.evaluate("seen") == [*once, *again]
    assert app.extensions["ids"] == [None, "\N{SNOWMAN}1"]
    assert app.extensions["ended"] == ["events"]
    page.close()
    until(lambda: app.extensions["ended"] == ["events"] * 2)


@pytest.mark.parametrize("served", [serve_by_asgi], ids=["asgi"], indirect=True)
def test_websocket_talks_and_is_closed(served: Served, page: Any) -> None:
    app, url = served
    page.goto(url)
    page.evaluate("fetch('/url').then((answer) => answer.text()).then(talk)")
    page.wait_for_function("seen.length == 2")
    page.evaluate("socket.send('text'); socket.send(new Uint8Array(70000))")
    page.wait_for_function("seen.length == 4")
    page.evaluate("socket.send('enough')")
    page.wait_for_function("seen.length == 5")
    assert page.evaluate("seen") == [
        "open",
        "hello ada",
        "text",
        70000,
        ["close", 4000, "as you like", True],
    ]
    until(lambda: app.extensions["ended"] == [4000])


@pytest.mark.parametrize("served", [serve_by_asgi], ids=["asgi"], indirect=True)
def test_page_that_is_closed_ends_its_websocket(served: Served, page: Any) -> None:
    app, url = served
    page.goto(url)
    page.evaluate("talk(location.href.replace('http', 'ws') + 'echo')")
    page.wait_for_function("seen.length == 2")
    page.close()
    until(lambda: app.extensions["ended"] == [1001])


@pytest.mark.parametrize("served", [serve_by_asgi], ids=["asgi"], indirect=True)
def test_page_of_another_site_can_not_open_a_websocket(served: Served, page: Any) -> None:
    _, url = served
    other = create_app()
    serve, stop, port = serve_by_wsgi(other)
    thread = threading.Thread(target=serve)
    thread.start()
    try:
        page.goto(f"http://localhost:{port}")
        page.evaluate("url => talk(url)", url.replace("http", "ws") + "/echo")
        page.wait_for_function("seen.length == 2")
        assert page.evaluate("seen") == ["error", ["close", 1006, "", False]]
    finally:
        stop()
        thread.join()
