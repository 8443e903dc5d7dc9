"""Handlers that are ordinary functions, and code outside of the handler's own."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

import flask
from flask import Flask, copy_current_request_context, current_app, g, request, session
from flask.testing.websockets import WebsocketResponseError
from flask.websockets import (
    State,
    WebsocketDisconnected,
    copy_current_websocket_context,
    has_websocket_context,
    sync_websocket,
    websocket,
)


@pytest.fixture
def app() -> Iterator[Flask]:
    app = Flask(__name__)
    app.testing = True
    app.secret_key = "key"
    yield app
    door = app._asgi_door
    if door is not None:
        door.close()


def test_sync_handler_has_blocking_methods_in_a_thread(app: Flask) -> None:
    threads = []

    @app.websocket("/<name>")
    def handler(name: str) -> None:
        threads.append(threading.current_thread().name)
        assert sync_websocket.path == f"/{name}"
        sync_websocket.accept({"X-A": "1"}, "chat")
        assert sync_websocket.receive_json() == [1]
        sync_websocket.send_json(name=name)
        for message in sync_websocket:
            sync_websocket.send(message)
        threads.append(str(sync_websocket.close_code))

    with app.test_client().websocket("/a", subprotocols=["chat"]) as socket:
        assert (socket.headers["X-A"], socket.subprotocol) == ("1", "chat")
        socket.send_json([1])
        assert socket.receive_json() == {"name": "a"}
        socket.send(b"x")
        assert socket.receive() == b"x"
        socket.close(3000)
    assert threads[0].startswith("flask-request")
    assert threads[1] == "3000"


def test_sync_handler_is_told_of_a_disconnect(app: Flask) -> None:
    told = []

    @app.websocket("/")
    def handler() -> None:
        sync_websocket.accept()
        try:
            sync_websocket.receive()
        except WebsocketDisconnected as error:
            told.append(error.code)
            with pytest.raises(WebsocketDisconnected):
                sync_websocket.send("late")
            raise

    with app.test_client().websocket("/") as socket:
        socket.disconnect()
    assert told == [1006]


def test_sync_handler_that_is_busy_is_told_when_it_sends(app: Flask) -> None:
    told = []

    @app.websocket("/")
    def handler() -> None:
        sync_websocket.accept()
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            time.sleep(0.01)
            try:
                sync_websocket.send("tick")
            except WebsocketDisconnected:
                told.append(True)
                raise

    with app.test_client().websocket("/") as socket:
        assert socket.receive() == "tick"
    assert told == [True]


def test_receive_with_a_timeout(app: Flask) -> None:
    @app.websocket("/")
    def handler() -> None:
        with pytest.raises(TimeoutError):
            sync_websocket.receive(timeout=0.01)
        sync_websocket.send("timed out")
        sync_websocket.send(sync_websocket.receive(timeout=20))

    with app.test_client().websocket("/") as socket:
        assert socket.receive() == "timed out"
        socket.send("x")
        assert socket.receive() == "x"


def test_sync_handler_refuses_and_closes(app: Flask) -> None:
    @app.websocket("/no")
    def no() -> tuple[str, int]:
        return "no", 401

    @app.websocket("/closes")
    def closes() -> None:
        sync_websocket.accept()
        sync_websocket.close(4000, "bye")
        assert sync_websocket.state is State.CLOSED

    with (
        pytest.raises(WebsocketResponseError) as caught,
        app.test_client().websocket("/no"),
    ):
        raise AssertionError("accepted")
    assert caught.value.response.status_code == 401
    with app.test_client().websocket("/closes") as socket:
        assert list(socket) == []
        assert (socket.close_code, socket.close_reason) == (4000, "bye")


def test_threads_of_sync_handlers_are_bounded(app: Flask) -> None:
    app.config["WEBSOCKET_THREADS"] = 1

    @app.websocket("/")
    def handler() -> None:
        sync_websocket.send("open")
        for _ in sync_websocket:
            pass

    client = app.test_client()
    with client.websocket("/") as first:
        assert first.receive() == "open"
        with pytest.raises(WebsocketResponseError) as caught, client.websocket("/"):
            raise AssertionError("accepted")
        assert caught.value.response.status_code == 503
    with client.websocket("/") as second:
        assert second.receive() == "open"


def test_sync_proxy_on_the_loop_is_refused_instead_of_blocking_it(app: Flask) -> None:
    @app.websocket("/")
    async def handler() -> None:
        with pytest.raises(RuntimeError, match="would block"):
            sync_websocket.send("x")
        await websocket.send("fine")

    with app.test_client().websocket("/") as socket:
        assert socket.receive() == "fine"


def test_proxies_outside_of_a_handler_say_so(app: Flask) -> None:
    assert not has_websocket_context()
    with app.test_request_context("/"):
        assert not has_websocket_context()
        with pytest.raises(RuntimeError, match="Working outside of websocket context"):
            websocket.path  # noqa: B018
        with pytest.raises(RuntimeError, match="Working outside of websocket context"):
            sync_websocket.path  # noqa: B018
        with pytest.raises(RuntimeError, match="copy_current_websocket_context"):
            copy_current_websocket_context(len)


def test_websocket_context_is_current_in_tasks_and_in_bound_functions(app: Flask) -> None:
    @app.websocket("/")
    async def handler() -> None:
        assert has_websocket_context()
        g.value = "kept"

        def look() -> list[object]:
            return [websocket.path, request.path, g.value, session.get("a"), current_app.name]

        async def look_async() -> list[object]:
            return look()

        expected = look()
        assert await asyncio.ensure_future(look_async()) == expected
        results: list[object] = []
        bound = copy_current_websocket_context(look)
        thread = threading.Thread(target=lambda: results.append(bound()))
        thread.start()
        await asyncio.to_thread(thread.join)
        assert results == [expected]

        def in_thread() -> None:
            results.append(asyncio.run(bound_async()))  # type: ignore[arg-type]
            results.append(has_websocket_context())

        bound_async = copy_current_websocket_context(look_async)
        thread = threading.Thread(target=in_thread)
        thread.start()
        await asyncio.to_thread(thread.join)
        assert results[1:] == [expected, False]
        assert g.value == "kept"  # and the end of a bound function tears nothing down
        assert copy_current_request_context(lambda: request.path)() == "/"
        await websocket.send("fine")

    with app.test_client().websocket("/") as socket:
        assert socket.receive() == "fine"


def test_names_are_there_without_an_import_of_the_package() -> None:
    program = (
        "import sys, flask\n"
        "app = flask.Flask('x')\n"
        "app.test_client().get('/')\n"
        "assert 'flask.websockets' not in sys.modules\n"
        "from flask import websocket, has_websocket_context, copy_current_websocket_context\n"
        "assert not has_websocket_context()\n"
        "assert 'flask.websockets' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    assert flask.websocket is websocket


def test_handlers_are_no_typed_views(app: Flask) -> None:
    from typing import Annotated

    from flask.params import Query

    @app.websocket("/<name>")
    async def handler(name: str, page: Annotated[int, Query()] = 1) -> None:
        await websocket.send(f"{name} {page}")

    with app.test_client().websocket("/a") as socket:
        assert socket.receive() == "a 1"
