"""AWS Lambda by Mangum, as docs/deploy/aws-lambda.md shows it: a handler of events."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from typing import Any

import pytest

from flask import Flask, Response, request, session

pytestmark = pytest.mark.asgi


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.secret_key = "key"

    @app.route("/sync", methods=["GET", "POST"])
    def sync() -> dict[str, Any]:
        session["seen"] = True
        return {"path": request.path, "q": request.args.get("q"), "form": request.form.get("name")}

    @app.post("/async")
    async def by_coroutine() -> dict[str, Any]:
        await asyncio.sleep(0)
        return {"json": request.get_json(), "ip": request.remote_addr}

    @app.get("/bytes")
    async def data() -> Response:
        return Response(bytes(range(256)), mimetype="application/octet-stream")

    @app.get("/fails")
    async def fails() -> str:
        raise LookupError

    return app


def event(method: str, path: str, body: bytes | None = None, **headers: str) -> dict[str, Any]:
    """Make an event of API Gateway's HTTP API, payload format 2.0."""
    path, _, query = path.partition("?")
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "cookies": [],
        "headers": {
            "host": "id.execute-api.eu-west-1.amazonaws.com",
            **({} if body is None else {"content-length": str(len(body))}),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        },
        "requestContext": {
            "http": {
                "method": method,
                "path": path,
                "sourceIp": "192.0.2.7",
                "protocol": "HTTP/1.1",
            },
            "stage": "$default",
        },
        "body": None if body is None else base64.b64encode(body).decode(),
        "isBase64Encoded": body is not None,
    }


@pytest.fixture
def handler(app: Flask) -> Any:
    mangum = pytest.importorskip("mangum", reason="of tests/asgi/requirements.txt")
    asyncio.set_event_loop(loop := asyncio.new_event_loop())
    yield mangum.Mangum(app)
    asyncio.set_event_loop(None)
    loop.close()


def test_sync_and_async_views(handler: Any) -> None:
    for number in range(3):
        answer = handler(event("GET", f"/sync?q={number}"), {})
        assert answer["statusCode"] == 200
        assert json.loads(answer["body"]) == {"path": "/sync", "q": str(number), "form": None}
        assert answer["cookies"][0].startswith("session=")
        posted = handler(event("POST", "/async", b"[1]", content_type="application/json"), {})
        assert json.loads(posted["body"]) == {"json": [1], "ip": "192.0.2.7"}


def test_form_bytes_and_faults(handler: Any) -> None:
    kind = "application/x-www-form-urlencoded"
    posted = handler(event("POST", "/sync", b"name=\xc3\xa4", content_type=kind), {})
    assert json.loads(posted["body"])["form"] == "\u00e4"
    data = handler(event("GET", "/bytes"), {})
    assert data["isBase64Encoded"]
    assert base64.b64decode(data["body"]) == bytes(range(256))
    assert handler(event("GET", "/nowhere"), {})["statusCode"] == 404
    assert handler(event("GET", "/fails"), {})["statusCode"] == 500


@pytest.mark.parametrize("lifespan", ["auto", "off"])
def test_functions_around_serving(app: Flask, handler: Any, lifespan: str) -> None:
    order: list[str] = []
    app.before_serving(lambda: order.append("before"))
    app.after_serving(lambda: order.append("after"))
    handler.lifespan = lifespan
    for _ in range(2):
        assert handler(event("GET", "/sync"), {})["statusCode"] == 200
    assert order == (["before"] if lifespan == "off" else ["before", "after"] * 2)


def test_threads_do_not_pile_up(handler: Any) -> None:
    for _ in range(30):
        handler(event("GET", "/sync"), {})
    assert threading.active_count() < 12
