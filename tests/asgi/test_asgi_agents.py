"""Packages that replace ``Flask.__call__`` by a function for WSGI alone, as Sentry's SDK does."""

from __future__ import annotations

import asyncio
from typing import Any
from unittest import mock

import httpx
import pytest

from flask import Flask, request, websocket


def make_app() -> Flask:
    app = Flask(__name__)

    @app.get("/sync")
    def sync() -> str:
        return request.environ.get("agent", "unseen")

    @app.get("/async")
    async def view() -> str:
        await asyncio.sleep(0)
        return request.environ.get("agent", "unseen")

    @app.websocket("/echo")
    async def echo() -> None:
        await websocket.send(await websocket.receive())

    return app


@pytest.fixture
def replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    old = Flask.__call__

    def call(self: Any, environ: Any, start_response: Any) -> Any:
        environ["agent"] = "seen"
        return old(self, environ, start_response)

    monkeypatch.setattr(Flask, "__call__", call)


def ask(app: Any, path: str) -> str:
    async def get() -> str:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://a.example") as client:
            return (await client.get(path)).text

    return asyncio.run(get())


def as_version_2(app: Any) -> Any:
    """Call an application as uvicorn calls what is no coroutine function."""

    async def call(scope: Any, receive: Any, send: Any) -> None:
        await app(scope)(receive, send)

    return call


@pytest.mark.parametrize("path", ["/sync", "/async"])
def test_every_way_of_calling_reaches_the_package(replaced: None, path: str) -> None:
    app = make_app()
    assert app.test_client().get(path).text == "seen"
    assert ask(app, path) == "seen"
    assert ask(as_version_2(app), path) == "seen"
    with app.test_client().websocket("/echo") as socket:
        socket.send("x")
        assert socket.receive() == "x"


def test_second_package_is_served_too(replaced: None, monkeypatch: pytest.MonkeyPatch) -> None:
    make_app()
    old = Flask.__call__
    seen = []

    def call(self: Any, environ: Any, start_response: Any) -> Any:
        seen.append(environ["PATH_INFO"])
        return old(self, environ, start_response)

    monkeypatch.setattr(Flask, "__call__", call)
    assert ask(as_version_2(make_app()), "/sync") == "seen"
    assert seen == ["/sync"]


def test_other_replacements_are_left_alone() -> None:
    def call(self: Any, *args: Any) -> Any:
        return original(self, *args)

    original = Flask.__call__
    for replacement in (call, mock.MagicMock()):
        with mock.patch.object(Flask, "__call__", replacement):
            make_app()
            assert vars(Flask)["__call__"] is replacement
    make_app()
    assert Flask.__call__ is original
