"""Requests on one connection, which servers may handle in the context of an earlier one."""

from __future__ import annotations

import asyncio
import http.client
import socket
import threading
import time
from contextvars import Context, copy_context
from typing import Any

import pytest

from flask import Flask, g, has_app_context, has_request_context, request

LARGE = b"x" * 300_000


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)

    @app.before_request
    def begin() -> None:
        g.setdefault("seen", []).append(request.path)

    @app.post("/sync/<name>")
    def sync_view(name: str) -> list[str]:
        while request.stream.read(10_000):
            pass
        return list(g.seen)

    @app.post("/async/<name>")
    async def async_view(name: str) -> list[str]:
        request.get_data()
        await asyncio.sleep(0)
        return list(g.seen)

    return app


def scope_of(path: str) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"localhost"), (b"content-length", b"%d" % len(LARGE))],
        "client": ("127.0.0.1", 5000),
        "server": ("127.0.0.1", 80),
    }


@pytest.mark.parametrize("second", ["/sync/2", "/async/2"])
@pytest.mark.parametrize("first", ["/sync/1", "/async/1"])
def test_request_in_the_context_of_an_earlier_one_has_its_own_g(
    app: Flask, first: str, second: str
) -> None:
    captured: list[Context] = []

    async def ask(path: str) -> bytes:
        left, parts = len(LARGE), []

        async def receive() -> dict[str, Any]:
            nonlocal left
            captured.append(copy_context())
            await asyncio.sleep(0)
            left -= 10_000
            return {"type": "http.request", "body": b"x" * 10_000, "more_body": left > 0}

        async def send(message: Any) -> None:
            captured.append(copy_context())
            parts.append(message.get("body", b""))

        await app.asgi_app(scope_of(path), receive, send)
        return b"".join(parts)

    async def test() -> None:
        await ask(first)
        for context in captured[:]:
            answer = await asyncio.create_task(ask(second), context=context)
            assert first.encode() not in answer
            assert second.encode() in answer

    asyncio.run(test())
    assert not has_app_context()
    assert not has_request_context()


def test_thread_leaves_no_context_to_the_loop(app: Flask) -> None:
    from flask.doors.threads import Mailbox

    async def test() -> None:
        seen: list[bool] = []
        mailbox = Mailbox(asyncio.get_running_loop())

        def work() -> None:
            with app.app_context():
                mailbox.post(lambda: seen.append(has_app_context()))

        thread = threading.Thread(target=work)
        thread.start()
        while not seen:
            await asyncio.sleep(0.001)
        thread.join()
        assert seen == [False]

    asyncio.run(test())


@pytest.mark.parametrize("first", ["/sync/1", "/async/1"])
def test_requests_on_a_kept_connection_of_uvicorn(app: Flask, first: str) -> None:
    uvicorn = pytest.importorskip("uvicorn", reason="uvicorn is not installed")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        config = uvicorn.Config(app, log_level="warning", loop="asyncio", http="h11")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            while not server.started:
                time.sleep(0.005)
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            for path in (first, "/sync/2", first, "/async/3"):
                connection.request("POST", path, LARGE)
                answer = connection.getresponse().read()
                assert answer.count(b"/") == path.count("/"), answer
            connection.close()
        finally:
            server.should_exit = True
            thread.join()
