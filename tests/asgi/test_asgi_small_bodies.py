"""Small bodies on the plain path are held to those that are received step by step, and to WSGI."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from unittest import mock

import pytest
from werkzeug.exceptions import ClientDisconnected
from werkzeug.wrappers import Request as RequestBase

from flask import Flask, Request, request
from flask.doors import asgi
from flask.http.encoded import EncodedBody

from .harness import Exchange, Message, http_scope
from .test_asgi_plain import step_by_step

JSON = json.dumps({"name": "Lämp", "numbers": [1, 2]}).encode()


def make(**settings: Any) -> Flask:
    app = Flask(__name__)
    app.config.update(settings)

    def add(name: str, read: Any) -> None:
        async def view() -> Any:
            return {"read": repr(read())}

        app.add_url_rule(f"/{name}", name, view, methods=["POST"])

    for name, read in READS.items():
        add(name, read)
    return app


def limited() -> Any:
    request.max_content_length = 3
    return request.get_json()


def replaced() -> Any:
    request.get_data = lambda *args, **kwargs: b"[1]"  # type: ignore[method-assign, assignment]
    return request.get_json()


def own_module() -> Any:
    request.json_module = mock.Mock(loads=lambda data: ["own", data])
    return request.get_json()


def kept() -> Any:
    request.get_json()["new"] = 1
    return request.get_json(), request.get_json(cache=False), request.get_json(silent=True)


def environ() -> Any:
    return {
        key: value
        for key, value in sorted(request.environ.items())
        if key not in {"wsgi.input", "wsgi.errors", "asgi.scope", "werkzeug.request"}
    }


READS = {
    "json": lambda: request.get_json(),
    "property": lambda: request.json,
    "silent": lambda: request.get_json(silent=True),
    "silent-then-loud": lambda: (request.get_json(silent=True), request.get_json()),
    "force": lambda: request.get_json(force=True),
    "no-cache": lambda: (request.get_json(cache=False), request.get_data()),
    "kept": kept,
    "is-json": lambda: (request.is_json, request.get_json()),
    "data": lambda: (request.get_json(), request.data, request.get_data(as_text=True)),
    "data-first": lambda: (request.data, request.get_json()),
    "stream": lambda: request.stream.read(),
    "stream-after": lambda: (request.get_json(), request.stream.read()),
    "stream-first": lambda: (request.stream.read(), request.get_json(silent=True)),
    "input": lambda: request.environ["wsgi.input"].read(),
    "input-after": lambda: (request.get_json(), request.environ["wsgi.input"].read()),
    "form": lambda: (request.form, request.values, request.files),
    "form-first": lambda: (request.form, request.get_json(silent=True)),
    "environ": environ,
    "own-request": lambda: request.environ["werkzeug.request"] is request._get_current_object(),  # type: ignore[attr-defined]
    "head": lambda: (request.method, request.path, request.mimetype),
    "nothing": lambda: None,
    "limited": limited,
    "replaced": replaced,
    "own-module": own_module,
}

BODIES: dict[str, tuple[bytes, str]] = {
    "json": (JSON, "application/json"),
    "json with charset": (JSON, "application/json; charset=utf-8"),
    "another json": (JSON, "application/problem+json"),
    "scalar": (b"7", "application/json"),
    "no json": (b"{nothing", "application/json"),
    "no utf-8": (b'"\xff"', "application/json"),
    "text": (JSON, "text/plain"),
    "form": (b"a=1&b=2", "application/x-www-form-urlencoded"),
    "no type": (JSON, ""),
    "empty": (b"", "application/json"),
}


class AtOnce(Exchange):
    """A server that has the body when it calls the application."""

    async def _receive(self) -> Message:
        if self.received < len(self.pieces):
            self.received += 1
            more = self.received < len(self.pieces)
            piece = self.pieces[self.received - 1]
            return {"type": "http.request", "body": piece, "more_body": more}
        return await super()._receive()


async def post(
    app: Flask,
    path: str,
    pieces: list[bytes],
    kind: str,
    server: type[Exchange] = AtOnce,
    **own: Any,
) -> Any:
    """Send a request as the third to its host, when everything is compiled."""
    headers = [("content-length", str(sum(map(len, pieces)))), *own.pop("headers", [])]
    if kind:
        headers.append(("content-type", kind))
    for _ in range(3):
        exchange = server(http_scope(path, "POST", headers=headers), pieces, **own)
        await exchange.run(app)
        if exchange.start is None:
            return None
    return exchange.status, exchange.headers, exchange.body


def both(path: str, pieces: list[bytes], kind: str, settings: Any = (), **own: Any) -> Any:
    """Have an application answer on the plain path and step by step; return the one answer."""
    plain = asyncio.run(post(make(**dict(settings)), path, pieces, kind, **own))
    slow = asyncio.run(post(step_by_step(make(**dict(settings))), path, pieces, kind, **own))
    assert plain == slow
    return plain


@pytest.mark.parametrize("read", READS)
def test_what_a_view_reads_is_the_same(read: str) -> None:
    async def answers(app: Flask) -> list[Any]:
        return [await post(app, f"/{read}", [data], kind) for data, kind in BODIES.values()]

    plain = asyncio.run(answers(make()))
    assert plain == asyncio.run(answers(step_by_step(make())))


@pytest.mark.parametrize("read", [read for read in READS if read != "environ"])
def test_werkzeugs_methods_read_the_same(read: str) -> None:
    def answers() -> list[Any]:
        client = make().test_client()
        return [
            client.post(f"/{read}", data=data, headers={"Content-Type": kind} if kind else {}).data
            for data, kind in BODIES.values()
        ]

    async def by_asgi() -> list[Any]:
        app = make()
        return [(await post(app, f"/{read}", [data], kind))[2] for data, kind in BODIES.values()]

    quick = answers()
    assert quick == asyncio.run(by_asgi())
    with mock.patch.object(Request, "get_json", RequestBase.get_json):
        assert quick == answers()


def takes_plain_path(app: Flask, monkeypatch: pytest.MonkeyPatch, *how: Any, **own: Any) -> bool:
    """Tell whether the third request does without the conductor."""
    asked: list[int] = []
    inner = asgi.serve_on_loop

    async def counted(*args: Any) -> None:
        asked.append(1)
        await inner(*args)

    monkeypatch.setattr(asgi, "serve_on_loop", counted)
    asyncio.run(post(app, *how, **own))
    return len(asked) < 3


def test_small_body_that_is_there_takes_the_plain_path(monkeypatch: pytest.MonkeyPatch) -> None:
    how = ("/json", [JSON], "application/json")
    assert takes_plain_path(make(), monkeypatch, *how)
    assert not takes_plain_path(step_by_step(make()), monkeypatch, *how)


@pytest.mark.parametrize(
    ("settings", "pieces", "own"),
    [
        ({"ASGI_BODY_MEMORY": 4}, [JSON], {}),
        ({"MAX_CONTENT_LENGTH": 4}, [JSON], {}),
        ({}, [JSON[:4], JSON[4:]], {}),
        ({}, [JSON], {"server": Exchange}),
        ({}, [JSON], {"headers": [("content-length", "4")]}),
        ({}, [JSON], {"headers": [("content-type", "text/plain")]}),
        ({}, [JSON], {"headers": [("transfer-encoding", "chunked")]}),
        ({}, [JSON], {"headers": [("host", "other.example")]}),
        ({}, [JSON[:4], b""], {"disconnect_after": 1}),
    ],
)
def test_other_bodies_are_received_step_by_step(
    settings: Any, pieces: list[bytes], own: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    how = ("/json", pieces, "application/json")
    both(*how, settings, **own)
    assert not takes_plain_path(make(**settings), monkeypatch, *how, **own)


@pytest.mark.parametrize("announced", ["1", "99", "-1", "x", "9" * 30, "1_0", " 3"])
def test_length_that_is_not_the_bodys(announced: str) -> None:
    class Announced(AtOnce):
        def __init__(self, scope: Any, *args: Any) -> None:
            scope["headers"][1] = (b"content-length", announced.encode())
            super().__init__(scope, *args)

    both("/json", [b"[1]"], "application/json", server=Announced)


def test_host_that_came_twice_is_not_taken_for_the_known_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = make()
    asyncio.run(post(app, "/json", [JSON], "application/json"))

    class Twice(AtOnce):
        def __init__(self, scope: Any, *args: Any) -> None:
            scope["headers"].insert(0, (b"host", b"unknown.example"))
            super().__init__(scope, *args)

    assert not takes_plain_path(app, monkeypatch, "/json", [JSON], "application/json", server=Twice)


def test_server_whose_receive_fails() -> None:
    class Failing(AtOnce):
        async def _receive(self) -> Message:
            raise OSError("gone")

    status, _, _ = both("/json", [JSON], "application/json", server=Failing)
    assert status == ClientDisconnected.code


def test_client_that_sends_no_body_is_waited_for_with_a_bound() -> None:
    class Silent(AtOnce):
        async def _receive(self) -> Message:
            return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]

    settings = {"BODY_TIMEOUT": 0.05}
    assert both("/json", [JSON], "application/json", settings, server=Silent)[0] == 408


@pytest.mark.parametrize("name", ["is_json", "mimetype", "max_content_length"])
def test_patched_request_is_asked(name: str) -> None:
    values = {"is_json": False, "mimetype": "text/plain", "max_content_length": 3}
    with mock.patch.object(Request, name, property(lambda self: values[name])):
        assert both("/json", [JSON], "application/json")[0] in {413, 415}


def test_patch_after_the_first_requests_is_noticed() -> None:
    async def test(app: Flask) -> Any:
        first = await post(app, "/json", [JSON], "application/json")
        with mock.patch.object(Request, "get_data", return_value=b"[5]"):
            return first, await post(app, "/json", [JSON], "application/json")

    plain, slow = asyncio.run(test(make())), asyncio.run(test(step_by_step(make())))
    assert plain == slow
    assert json.loads(plain[1][2]) == {"read": "[5]"}


def test_subclass_of_request_is_made_with_its_environ() -> None:
    class Own(Request):
        def __init__(self, environ: Any, *args: Any, **kwargs: Any) -> None:
            environ["own.key"] = "own"
            super().__init__(environ, *args, **kwargs)

    def build() -> Flask:
        app = make()
        app.request_class = Own

        @app.post("/own")
        async def own() -> dict[str, Any]:
            return {"key": request.environ["own.key"], "json": request.get_json()}

        return app

    plain = asyncio.run(post(build(), "/own", [JSON], "application/json"))
    assert plain == asyncio.run(post(step_by_step(build()), "/own", [JSON], "application/json"))
    assert json.loads(plain[2])["key"] == "own"


def test_request_outlives_its_end() -> None:
    app = make()
    held: list[Any] = []
    app.add_url_rule("/hold", "hold", hold_in(held), methods=["POST"])
    asyncio.run(post(app, "/hold", [JSON], "application/json"))
    assert held[-1].environ["REQUEST_METHOD"] == "POST"
    assert held[-1].get_json()["numbers"] == [1, 2]


@pytest.mark.parametrize("change", [lambda app: app, step_by_step])
@pytest.mark.parametrize("asks_for_environ", [False, True])
def test_request_is_closed_at_its_end(change: Any, asks_for_environ: bool) -> None:
    app = change(make())
    closed: list[str] = []
    held: list[Any] = []

    @app.post("/closing")
    async def closing() -> str:
        held.append(request.environ if asks_for_environ else {})
        request.close = lambda: closed.append(request.path)  # type: ignore[method-assign]
        return "closing"

    asyncio.run(post(app, "/closing", [JSON], "application/json"))
    assert closed == ["/closing"] * 3
    assert held[-1].get("werkzeug.request") is None


def hold_in(held: list[Any]) -> Any:
    async def hold() -> str:
        held.append(request._get_current_object())  # type: ignore[attr-defined]
        return "held"

    return hold


def test_body_that_a_view_encoded_itself() -> None:
    def build() -> Flask:
        app = Flask(__name__)

        @app.route("/encoded", methods=["GET", "HEAD", "POST"])
        async def encoded() -> Any:
            return EncodedBody(b"\x00\x01", ("Content-Type", "application/octet-stream"))

        return app

    plain = asyncio.run(post(build(), "/encoded", [b"x"], ""))
    assert plain == asyncio.run(post(step_by_step(build()), "/encoded", [b"x"], ""))
    assert plain[1]["content-type"] == "application/octet-stream"
    assert plain[2] == b"\x00\x01"
