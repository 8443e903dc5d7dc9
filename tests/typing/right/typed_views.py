"""Typed views: each marker is its type inside of the view, and models may be returned."""

import dataclasses
from typing import Annotated, Literal, TypedDict, assert_type

import attrs
import msgspec
import pydantic
from werkzeug.datastructures import FileStorage

from flask import Blueprint, Flask
from flask.openapi import OpenAPI, operation
from flask.params import (
    Body,
    Cookie,
    File,
    Form,
    Header,
    InvalidInput,
    Query,
    answer_with_problems,
    responds,
    typed,
)
from flask.views import MethodView

app = Flask(__name__)
bp = Blueprint("bp", __name__)


class Item(msgspec.Struct):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
    price: Annotated[float, msgspec.Meta(ge=0)]
    tags: list[str] = []


@dataclasses.dataclass
class Point:
    x: int


@attrs.define
class Size:
    width: int


class Model(pydantic.BaseModel):
    name: str


class Row(TypedDict):
    name: str


@app.put("/items/<int:item_id>")
def put_item(
    item_id: int,
    item: Body[Item],
    notify: Query[bool] = False,
    page: Annotated[int, Query(ge=1, alias="p", description="From 1", examples=[1])] = 1,
    ids: Query[list[int] | None] = None,
    x_token: Header[str] = "",
    session: Cookie[str | None] = None,
) -> Item:
    assert_type(item, Item)
    assert_type(notify, bool)
    assert_type(page, int)
    assert_type(ids, list[int] | None)
    assert_type(x_token, str)
    assert_type(session, str | None)
    assert_type(item.price, float)
    return item


@app.post("/forms")
def form(
    login: Form[Model],
    picture: Annotated[FileStorage, File(max_size=1000, content_types=["image/*"])],
    notes: File[list[bytes]],
) -> tuple[Model, Literal[201]]:
    assert_type(login, Model)
    assert_type(picture, FileStorage)
    assert_type(notes, list[bytes])
    return login, 201


@bp.get("/raw")
def raw(body: Annotated[bytes, Body(content_type="image/png")]) -> list[Item]:
    assert_type(body, bytes)
    return []


@app.get("/point")
async def point() -> Point:
    return Point(1)


@app.get("/size")
@typed
def size(page: Query[int]) -> tuple[Size, int, dict[str, str]]:
    return Size(page), 201, {"X-A": "b"}


@app.get("/row")
@responds(201, headers={"Location": str}, others={404: Model, 409: "Taken", 410: None})
def row() -> Row | tuple[None, Literal[204]]:
    return {"name": "a"}


class Items(MethodView):
    def get(self, page: Query[int] = 1) -> Item | tuple[Point, Literal[404]]:
        return Point(page), 404

    async def post(self, item: Body[Item]) -> Model:
        return Model(name=item.name)


app.add_url_rule("/class", view_func=Items.as_view("items"))


@app.errorhandler(InvalidInput)
def refused(error: InvalidInput) -> tuple[dict[str, object], int]:
    return {"errors": [fault.pointer for fault in error.errors]}, 422


put_item(1, Item("a", 1.0), notify=True)

openapi = OpenAPI(
    app,
    title="Shop",
    version="1.0",
    servers=[{"url": "https://shop.example"}],
    security_schemes={"token": {"type": "http", "scheme": "bearer"}},
    security=["token"],
)
OpenAPI(bp, title="Version 1", page="swagger-ui")
OpenAPI(title="Later").init_app(app)
answer_with_problems(app)
answer_with_problems(bp)


@app.get("/described")
@operation(tags=["items"], security=[{"token": ["read"]}], examples={"one": Item("a", 1.0)})
def described(page: Query[int]) -> list[Item]:
    return []


assert_type(described(1), list[Item])
