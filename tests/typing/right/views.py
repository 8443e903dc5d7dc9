"""Every documented kind of return value, from functions, coroutines and classes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator
from typing import Any, TypedDict

from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response as BaseResponse

from flask import Flask, Response, jsonify, make_response, render_template, stream_template
from flask.typing import ResponseReturnValue, RouteCallable
from flask.views import MethodView, View

app = Flask(__name__)


class User(TypedDict):
    name: str


@app.route("/str")
def text() -> str:
    return "text"


@app.route("/bytes")
def raw() -> bytes:
    return b"raw"


@app.route("/dict")
def mapping() -> dict[str, Any]:
    return {"a": 1}


@app.route("/typed-dict")
def typed() -> User:
    return {"name": "ada"}


@app.route("/list")
def sequence() -> list[int]:
    return [1, 2]


@app.route("/response")
def response() -> Response:
    return make_response(render_template("index.html", name="ada"), 201, {"X-A": "b"})


@app.route("/json")
def json_response() -> Response:
    return jsonify([1, 2])


@app.route("/base-response")
def base_response() -> BaseResponse:
    return BaseResponse("plain")


@app.route("/status")
def with_status() -> tuple[str, int]:
    return "made", 201


@app.route("/headers")
def with_headers() -> tuple[str, dict[str, str]]:
    return "made", {"X-A": "b"}


@app.route("/header-list")
def with_header_list() -> tuple[str, list[tuple[str, str]]]:
    return "made", [("X-A", "b")]


@app.route("/both")
def with_both() -> tuple[dict[str, Any], int, dict[str, str]]:
    return {"a": 1}, 201, {"X-A": "b"}


@app.route("/headers-object")
def with_headers_object() -> tuple[Response, int, Headers]:
    return Response(), 204, Headers()


@app.route("/iterator")
def iterator() -> Iterator[str]:
    yield "a"


@app.route("/generator")
def generator() -> Generator[str, None, None]:
    yield "a"


@app.route("/streamed")
def streamed() -> Iterator[str]:
    return stream_template("index.html", rows=range(3))


@app.route("/any")
def anything() -> ResponseReturnValue:
    return ("a", 200) if app.debug else {"a": 1}


@app.route("/wsgi")
def wsgi() -> ResponseReturnValue:
    def inner(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [])
        return [b"inner"]

    return inner


@app.route("/async")
async def coroutine() -> str:
    return "async"


@app.route("/async-tuple")
async def coroutine_tuple() -> tuple[dict[str, Any], int]:
    return {"a": 1}, 200


@app.before_request
async def before() -> None:
    return None


@app.after_request
async def after(response: Response) -> Response:
    return response


async def numbers() -> AsyncIterator[int]:
    yield 1


class Page(View):
    methods = ["GET", "POST"]
    init_every_request = False

    def __init__(self, template: str) -> None:
        self.template = template

    def dispatch_request(self) -> ResponseReturnValue:
        return render_template(self.template)


class Item(MethodView):
    def get(self, item_id: int) -> ResponseReturnValue:
        return {"id": item_id}

    def delete(self, item_id: int) -> tuple[str, int]:
        return "", 204


app.add_url_rule("/page", view_func=Page.as_view("page", "page.html"))
app.add_url_rule("/items/<int:item_id>", view_func=Item.as_view("item"))

plain: RouteCallable = text
