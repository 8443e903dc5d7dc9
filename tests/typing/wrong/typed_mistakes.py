"""Mistakes in typed views; each must be refused on its line."""

from typing import Annotated, Literal

import msgspec

from flask import Flask
from flask.openapi import OpenAPI, operation
from flask.params import Body, Query, responds

app = Flask(__name__)


class Item(msgspec.Struct):
    name: str


class Plain:
    pass


@app.put("/items")
def put_item(item: Body[Item], page: Query[int] = 1) -> Item:
    print(item.nam)  # refused: no such field
    page.upper()  # refused: an int has no upper
    return page  # refused: not an Item


@app.get("/default")
def default(page: Query[int] = "1") -> str:  # refused: the default is no int
    return ""


@app.get("/constrained")
def constrained(page: Annotated[int, Query(ge=1)] = "") -> str:  # refused: text is no int
    return ""


@app.get("/plain")  # refused: not a kind of model
def plain() -> Plain:
    return Plain()


@app.get("/status")
def status() -> tuple[Item, Literal[201]]:
    return Item("a"), 200  # refused: not the declared status


put_item({"name": "a"})  # refused: a dict is no Item
put_item(Item("a"), page="2")  # refused: an int is wanted


@app.get("/responds")
@responds("201")  # refused: a status is a number
def with_responds() -> Item:
    return Item("a")


OpenAPI(app, page="redoc")  # refused: no such page


@app.get("/described")
@operation(deprecated="since 1.1")  # refused: a flag
def described() -> str:
    return ""
