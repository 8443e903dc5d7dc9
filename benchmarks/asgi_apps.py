"""A few requests, written for six ASGI frameworks and for the protocol alone, and their worker.

`python -m benchmarks.asgi_apps NAME ROW` answers the request of a row as often as each line of
standard input says, and prints the CPU time of all threads in nanoseconds. A framework is imported
only by its own function. Servers load `create`, which reads the environment variable
BENCH_APPLICATION.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]

GREETING = {"message": "Hello, World!", "count": 3, "done": True}
POSTED = {"name": "Lamp", "numbers": [1, 2, 3]}
HTML = "text/html; charset=utf-8"


@dataclass(frozen=True)
class Row:
    """One request, and how many of it are in flight at the same time."""

    title: str
    path: str
    answer: Any
    body: bytes | None = None
    in_flight: int = 1
    targets: tuple[tuple[str, float], ...] = ()
    """Peers, and what part of their time is asked for."""


FALCON = (("falcon", 1.0),)
ROWS = {
    "async-text": Row("async view, text", "/", "Hello, World!", targets=FALCON),
    "async-one": Row("async view, one parameter", "/hello/ann", "Hello, ann!", targets=FALCON),
    "async-two": Row(
        "async view, two parameters", "/users/ann/posts/7", "ann: post 7", targets=FALCON
    ),
    "async-json": Row("async view, dict to JSON", "/json", GREETING, targets=FALCON),
    "async-echo": Row(
        "async view, JSON in, JSON out",
        "/echo",
        {"name": "Lamp", "total": 6},
        json.dumps(POSTED).encode(),
        targets=FALCON,
    ),
    "sync-64": Row(
        "sync view, 64 requests in flight",
        "/sync",
        "Hello, World!",
        in_flight=64,
        targets=(("starlette", 0.3),),
    ),
    "sync-1": Row(
        "sync view, one after another", "/sync", "Hello, World!", targets=(("starlette", 0.5),)
    ),
}
WITHOUT = {"falcon": ("sync-64", "sync-1"), "blacksheep": ("sync-64", "sync-1")}
"""Rows that a framework doesn't have: these two call no sync function in a thread by themselves."""


def create_bare() -> Application:
    """The protocol itself: each answer written by hand, with no framework."""

    async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        path = scope["path"]
        content_type = HTML.encode()
        if path in ("/", "/sync"):
            body = b"Hello, World!"
        elif path.startswith("/hello/"):
            body = f"Hello, {path[7:]}!".encode()
        elif path.startswith("/users/"):
            parts = path.split("/")
            body = f"{parts[2]}: post {int(parts[4])}".encode()
        elif path == "/json":
            content_type = b"application/json"
            body = json.dumps(GREETING).encode()
        else:
            content_type = b"application/json"
            data = json.loads((await receive())["body"])
            body = json.dumps({"name": data["name"], "total": sum(data["numbers"])}).encode()
        headers = [(b"content-type", content_type), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return application


def create_ours() -> Application:
    from flask import Flask, request

    app = Flask("asgi")

    @app.get("/")
    async def index() -> str:
        return "Hello, World!"

    @app.get("/hello/<name>")
    async def hello(name: str) -> str:
        return f"Hello, {name}!"

    @app.get("/users/<name>/posts/<int:number>")
    async def post(name: str, number: int) -> str:
        return f"{name}: post {number}"

    @app.get("/json")
    async def json_out() -> dict[str, Any]:
        return dict(GREETING)

    @app.post("/echo")
    async def echo() -> dict[str, Any]:
        data = request.get_json()
        return {"name": data["name"], "total": sum(data["numbers"])}

    @app.get("/sync")
    def sync() -> str:
        return "Hello, World!"

    return app


def create_quart() -> Application:
    from quart import Quart, request

    app = Quart("asgi")

    @app.get("/")
    async def index() -> str:
        return "Hello, World!"

    @app.get("/hello/<name>")
    async def hello(name: str) -> str:
        return f"Hello, {name}!"

    @app.get("/users/<name>/posts/<int:number>")
    async def post(name: str, number: int) -> str:
        return f"{name}: post {number}"

    @app.get("/json")
    async def json_out() -> dict[str, Any]:
        return dict(GREETING)

    @app.post("/echo")
    async def echo() -> dict[str, Any]:
        data = await request.get_json()
        return {"name": data["name"], "total": sum(data["numbers"])}

    @app.get("/sync")
    def sync() -> str:
        return "Hello, World!"

    return app  # type: ignore[no-any-return]


def create_falcon() -> Application:
    import falcon.asgi

    class Index:
        async def on_get(self, req: Any, resp: Any) -> None:
            resp.content_type = HTML
            resp.text = "Hello, World!"

    class Hello:
        async def on_get(self, req: Any, resp: Any, name: str) -> None:
            resp.content_type = HTML
            resp.text = f"Hello, {name}!"

    class Post:
        async def on_get(self, req: Any, resp: Any, name: str, number: int) -> None:
            resp.content_type = HTML
            resp.text = f"{name}: post {number}"

    class Json:
        async def on_get(self, req: Any, resp: Any) -> None:
            resp.media = GREETING

    class Echo:
        async def on_post(self, req: Any, resp: Any) -> None:
            data = await req.get_media()
            resp.media = {"name": data["name"], "total": sum(data["numbers"])}

    app = falcon.asgi.App()
    app.add_route("/", Index())
    app.add_route("/hello/{name}", Hello())
    app.add_route("/users/{name}/posts/{number:int}", Post())
    app.add_route("/json", Json())
    app.add_route("/echo", Echo())
    return app  # type: ignore[no-any-return]


def create_starlette() -> Application:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import HTMLResponse, JSONResponse
    from starlette.routing import Route

    async def index(request: Request) -> Any:
        return HTMLResponse("Hello, World!")

    async def hello(request: Request) -> Any:
        return HTMLResponse(f"Hello, {request.path_params['name']}!")

    async def post(request: Request) -> Any:
        values = request.path_params
        return HTMLResponse(f"{values['name']}: post {values['number']}")

    async def json_out(request: Request) -> Any:
        return JSONResponse(GREETING)

    async def echo(request: Request) -> Any:
        data = await request.json()
        return JSONResponse({"name": data["name"], "total": sum(data["numbers"])})

    def sync(request: Request) -> Any:
        return HTMLResponse("Hello, World!")

    return Starlette(  # type: ignore[no-any-return]
        routes=[
            Route("/", index),
            Route("/hello/{name}", hello),
            Route("/users/{name}/posts/{number:int}", post),
            Route("/json", json_out),
            Route("/echo", echo, methods=["POST"]),
            Route("/sync", sync),
        ]
    )


def create_fastapi() -> Application:
    from fastapi import Body, FastAPI
    from fastapi.responses import HTMLResponse

    app = FastAPI(openapi_url=None)

    @app.get("/", response_class=HTMLResponse)
    async def index():  # type: ignore[no-untyped-def]
        return "Hello, World!"

    @app.get("/hello/{name}", response_class=HTMLResponse)
    async def hello(name: str):  # type: ignore[no-untyped-def]
        return f"Hello, {name}!"

    @app.get("/users/{name}/posts/{number}", response_class=HTMLResponse)
    async def post(name: str, number: int):  # type: ignore[no-untyped-def]
        return f"{name}: post {number}"

    @app.get("/json")
    async def json_out():  # type: ignore[no-untyped-def]
        return GREETING

    async def echo(data):  # type: ignore[no-untyped-def]
        return {"name": data["name"], "total": sum(data["numbers"])}

    echo.__defaults__ = (Body(),)  # for annotations of this module are text
    echo.__annotations__ = {"data": dict[str, Any]}
    app.post("/echo")(echo)

    @app.get("/sync", response_class=HTMLResponse)
    def sync():  # type: ignore[no-untyped-def]
        return "Hello, World!"

    return app  # type: ignore[no-any-return]


def create_blacksheep() -> Application:
    import blacksheep

    app = blacksheep.Application()
    router = app.router

    @router.get("/")
    async def index():  # type: ignore[no-untyped-def]
        return blacksheep.html("Hello, World!")

    async def hello(name):  # type: ignore[no-untyped-def]
        return blacksheep.html(f"Hello, {name}!")

    async def post(name, number):  # type: ignore[no-untyped-def]
        return blacksheep.html(f"{name}: post {number}")

    @router.get("/json")
    async def json_out():  # type: ignore[no-untyped-def]
        return blacksheep.json(GREETING)

    async def echo(request):  # type: ignore[no-untyped-def]
        data = await request.json()
        return blacksheep.json({"name": data["name"], "total": sum(data["numbers"])})

    hello.__annotations__ = {"name": str}
    post.__annotations__ = {"name": str, "number": int}
    echo.__annotations__ = {"request": blacksheep.Request}
    router.get("/hello/{name}")(hello)
    router.get("/users/{name}/posts/{number}")(post)
    router.post("/echo")(echo)
    return app  # type: ignore[no-any-return]


FACTORIES: dict[str, Callable[[], Application]] = {
    "bare": create_bare,
    "ours": create_ours,
    "falcon": create_falcon,
    "starlette": create_starlette,
    "fastapi": create_fastapi,
    "blacksheep": create_blacksheep,
    "quart": create_quart,
}


def create() -> Application:
    """Make the application that the environment names, for a server."""
    return FACTORIES[os.environ["BENCH_APPLICATION"]]()


# The worker


def scope_of(row: Row) -> dict[str, Any]:
    """A scope as servers make it, with headers as a browser sends them."""
    headers = [
        (b"host", b"localhost:8000"),
        (b"user-agent", b"bench/1.0"),
        (b"accept", b"*/*"),
        (b"connection", b"keep-alive"),
    ]
    if row.body is not None:
        headers.append((b"content-type", b"application/json"))
        headers.append((b"content-length", b"%d" % len(row.body)))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET" if row.body is None else "POST",
        "scheme": "http",
        "path": row.path,
        "raw_path": row.path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": headers,
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }


async def call(app: Application, row: Row, sent: list[Message]) -> None:
    """Have the request answered once, as a server does."""
    messages = [{"type": "http.request", "body": row.body or b"", "more_body": False}]

    async def receive() -> Message:
        if messages:
            return messages.pop()
        return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope_of(row), receive, send)


async def check(app: Application, row: Row) -> None:
    """Raise unless the answer is right."""
    sent: list[Message] = []
    await call(app, row, sent)
    body = b"".join(message.get("body", b"") for message in sent)
    found = body.decode() if isinstance(row.answer, str) else json.loads(body)
    if sent[0]["status"] != 200 or found != row.answer:
        raise SystemExit(f"{row.title}: answered {sent[0]['status']} {body!r}")


async def spend(app: Application, row: Row, count: int) -> int:
    """Nanoseconds of CPU that all threads took for so many requests."""
    started = time.process_time_ns()
    if row.in_flight == 1:
        for _ in range(count):
            await call(app, row, [])
    else:
        for _ in range(max(1, count // row.in_flight)):
            await asyncio.gather(*[call(app, row, []) for _ in range(row.in_flight)])
    return time.process_time_ns() - started


@asynccontextmanager
async def serving(app: Application) -> AsyncIterator[None]:
    """Have the application start and stop, by ASGI's lifespan protocol."""
    told: asyncio.Queue[Message] = asyncio.Queue()
    sent: asyncio.Queue[Message] = asyncio.Queue()
    scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}
    task = asyncio.ensure_future(app(scope, told.get, sent.put))
    told.put_nowait({"type": "lifespan.startup"})
    assert (await sent.get())["type"] == "lifespan.startup.complete"
    yield
    told.put_nowait({"type": "lifespan.shutdown"})
    await task


async def work(name: str, row: Row) -> None:
    """Check the answer, then obey orders until there are no more."""
    app = FACTORIES[name]()
    async with serving(app):
        await check(app, row)
        print("ready", flush=True)
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            print(await spend(app, row, int(line)), flush=True)


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], ROWS[sys.argv[2]]))
