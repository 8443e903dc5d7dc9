"""One validated request, written for five frameworks, and the worker that answers it.

`python -m benchmarks.typed_apps NAME` answers it as often as each line of standard input says, and
prints the CPU time of that in nanoseconds. A framework is imported only by its own function.
"""

# Annotations are not postponed: the classes they name are their functions' own.
import asyncio
import io
import json
import sys
import time
from collections.abc import Callable
from typing import Annotated, Any

BODY = {
    "name": "Lamp",
    "price": 12.5,
    "quantity": 3,
    "sku": "LMP-0001",
    "rating": 4.5,
    "tags": ["desk", "led"],
}
RAW = json.dumps(BODY).encode()
PATH, QUERY = "/items/42", "page=2&notify=true"
ANSWER = {"id": 42, "page": 2, "notify": True, "item": BODY}
WRONG = json.dumps({**BODY, "price": -1, "tags": [1]}).encode()


def structs() -> tuple[Any, Any]:
    """The models of the frameworks that work with msgspec."""
    from msgspec import Meta, Struct

    class Item(Struct):
        name: Annotated[str, Meta(min_length=1, max_length=80)]
        price: Annotated[float, Meta(ge=0)]
        quantity: Annotated[int, Meta(ge=1, le=1000)]
        sku: Annotated[str, Meta(pattern="^[A-Z]{3}-[0-9]{4}$")]
        rating: Annotated[float, Meta(ge=0, le=5)]
        tags: Annotated[list[str], Meta(max_length=10)]

    class Stored(Struct):
        id: int
        page: int
        notify: bool
        item: Item

    return Item, Stored


def create_ours() -> Any:
    from flask import Flask
    from flask.params import Body, Query

    Item, Stored = structs()
    app = Flask("typed")

    def put_item(item_id, item, notify=False, page=1):  # type: ignore[no-untyped-def]
        return Stored(item_id, page, notify, item)

    # Written out, for the models are not the module's.
    put_item.__annotations__ = {
        "item_id": int,
        "item": Body[Item],
        "notify": Query[bool],
        "page": Annotated[int, Query(ge=1)],
        "return": Stored,
    }
    app.add_url_rule("/items/<int:item_id>", view_func=put_item, methods=["PUT"])
    return app


def create_falcon() -> Any:
    """Falcon has no validation of its own: msgspec is called by hand."""
    import falcon
    import msgspec

    Item, Stored = structs()
    decode = msgspec.json.Decoder(Item).decode
    encode = msgspec.json.Encoder().encode

    class Resource:
        def on_put(self, req: Any, resp: Any, item_id: int) -> None:
            page = req.get_param_as_int("page", min_value=1, default=1)
            notify = req.get_param_as_bool("notify", default=False)
            try:
                item = decode(req.bounded_stream.read())
            except msgspec.ValidationError as error:
                raise falcon.HTTPUnprocessableEntity(description=str(error)) from error
            resp.content_type = "application/json"
            resp.data = encode(Stored(item_id, page, notify, item))

    app = falcon.App()
    app.add_route("/items/{item_id:int}", Resource())
    return app


def create_apiflask() -> Any:
    from apiflask import APIFlask, Schema
    from apiflask.fields import Boolean, Float, Integer, List, Nested, String
    from apiflask.validators import Length, Range, Regexp

    class Item(Schema):
        name = String(required=True, validate=Length(1, 80))
        price = Float(required=True, validate=Range(min=0))
        quantity = Integer(required=True, validate=Range(1, 1000))
        sku = String(required=True, validate=Regexp("^[A-Z]{3}-[0-9]{4}$"))
        rating = Float(required=True, validate=Range(0, 5))
        tags = List(String(), required=True, validate=Length(max=10))

    class Options(Schema):
        page = Integer(load_default=1, validate=Range(min=1))
        notify = Boolean(load_default=False)

    class Stored(Schema):
        id = Integer()
        page = Integer()
        notify = Boolean()
        item = Nested(Item)

    app = APIFlask("typed")

    @app.put("/items/<int:item_id>")
    @app.input(Item, arg_name="item")
    @app.input(Options, location="query", arg_name="options")
    @app.output(Stored)
    def put_item(item_id: int, item: Any, options: Any) -> Any:
        return {"id": item_id, "item": item, **options}

    return app


def create_fastapi() -> Any:
    from fastapi import FastAPI, Query
    from pydantic import BaseModel, Field

    class Item(BaseModel):
        name: Annotated[str, Field(min_length=1, max_length=80)]
        price: Annotated[float, Field(ge=0)]
        quantity: Annotated[int, Field(ge=1, le=1000)]
        sku: Annotated[str, Field(pattern="^[A-Z]{3}-[0-9]{4}$")]
        rating: Annotated[float, Field(ge=0, le=5)]
        tags: Annotated[list[str], Field(max_length=10)]

    class Stored(BaseModel):
        id: int
        page: int
        notify: bool
        item: Item

    app = FastAPI()

    async def put_item(item_id, item, notify=False, page=1):  # type: ignore[no-untyped-def]
        return Stored(id=item_id, page=page, notify=notify, item=item)

    put_item.__annotations__ = {
        "item_id": int,
        "item": Item,
        "notify": bool,
        "page": Annotated[int, Query(ge=1)],
        "return": Stored,
    }
    app.put("/items/{item_id}")(put_item)
    return app


def create_litestar() -> Any:
    from litestar import Litestar, put
    from litestar.params import Parameter

    Item, Stored = structs()

    async def put_item(item_id, data, notify=False, page=1):  # type: ignore[no-untyped-def]
        return Stored(item_id, page, notify, data)

    put_item.__annotations__ = {
        "item_id": int,
        "data": Item,
        "notify": bool,
        "page": Annotated[int, Parameter(ge=1)],
        "return": Stored,
    }
    return Litestar([put("/items/{item_id:int}")(put_item)])


WSGI = {"ours": create_ours, "falcon": create_falcon, "apiflask": create_apiflask}
ASGI = {"fastapi": create_fastapi, "litestar": create_litestar}

HEADERS = {"HTTP_HOST": "localhost", "HTTP_ACCEPT": "*/*", "CONTENT_TYPE": "application/json"}


def environ(body: bytes) -> dict[str, Any]:
    return {
        "REQUEST_METHOD": "PUT",
        "SCRIPT_NAME": "",
        "PATH_INFO": PATH,
        "QUERY_STRING": QUERY,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **HEADERS,
    }


def call_wsgi(app: Any, body: bytes) -> tuple[int, bytes]:
    """Answer the request once, as a WSGI server has it answered."""
    started: list[str] = []

    def start_response(status: str, headers: Any, error: Any = None) -> None:
        started.append(status)

    pieces = app(environ(body), start_response)
    data = b"".join(pieces)
    close = getattr(pieces, "close", None)
    if close is not None:
        close()
    return int(started[0][:3]), data


async def call_asgi(app: Any, body: bytes) -> tuple[int, bytes]:
    """Answer the request once, as an ASGI server has it answered."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "PUT",
        "scheme": "http",
        "path": PATH,
        "raw_path": PATH.encode(),
        "root_path": "",
        "query_string": QUERY.encode(),
        "headers": [
            (b"host", b"localhost"),
            (b"accept", b"*/*"),
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
        ],
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 80),
        "state": {},
    }
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent[0]["status"], b"".join(it.get("body", b"") for it in sent)


def spend_wsgi(app: Any, count: int) -> int:
    started = time.process_time_ns()
    for _ in range(count):
        call_wsgi(app, RAW)
    return time.process_time_ns() - started


async def spend_asgi(app: Any, count: int) -> int:
    started = time.process_time_ns()
    for _ in range(count):
        await call_asgi(app, RAW)
    return time.process_time_ns() - started


def check(right: tuple[int, bytes], wrong: tuple[int, bytes]) -> None:
    """Raise unless the right request was answered with the stored item, the wrong one refused."""
    assert right[0] in (200, 201), right
    assert json.loads(right[1]) == ANSWER, right
    assert wrong[0] in (400, 422), wrong


def work(name: str) -> None:
    """Check the answers, then obey orders until there are no more."""
    if name in WSGI:
        app = WSGI[name]()
        check(call_wsgi(app, RAW), call_wsgi(app, WRONG))
        obey(lambda count: spend_wsgi(app, count))
        return
    app = ASGI[name]()

    async def serve() -> None:
        check(await call_asgi(app, RAW), await call_asgi(app, WRONG))
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            print(await spend_asgi(app, int(line)), flush=True)

    print("ready", flush=True)
    asyncio.run(serve())


def obey(spend: Callable[[int], int]) -> None:
    print("ready", flush=True)
    for line in sys.stdin:
        print(spend(int(line)), flush=True)


if __name__ == "__main__":
    work(sys.argv[1])
