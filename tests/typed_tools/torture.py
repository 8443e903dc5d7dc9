"""An application with every kind of parameter, model and response, for tools to try."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import uuid
from typing import Annotated, Any, Generic, Literal, NamedTuple, NotRequired, TypedDict, TypeVar

import attrs
import msgspec
import pydantic
from msgspec import Meta
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import NotFound

from flask import Blueprint, Flask
from flask.openapi import OpenAPI, operation
from flask.params import (
    Body,
    Cookie,
    File,
    Form,
    Header,
    Query,
    answer_with_problems,
    responds,
)
from flask.views import MethodView

T = TypeVar("T")


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Cat(msgspec.Struct, tag="cat", forbid_unknown_fields=True):
    lives: Annotated[int, Meta(ge=0, le=9)]


class Dog(msgspec.Struct, tag="dog"):
    name: Annotated[str, Meta(min_length=1)]
    colour: Colour = Colour.RED


class Point(msgspec.Struct, array_like=True):
    x: float
    y: float


class Pair(NamedTuple):
    left: int
    right: str


@dataclasses.dataclass
class Address:
    city: Annotated[str, Meta(max_length=20)]
    lines: list[str] = dataclasses.field(default_factory=list)


@attrs.define
class Size:
    width: Annotated[int, Meta(ge=1)]
    height: int = 1


class Options(TypedDict):
    dark: bool
    level: NotRequired[Level]


class Tree(msgspec.Struct):
    value: int
    children: list[Tree] = []


class Everything(msgspec.Struct, rename="camel"):
    """One field of each kind."""

    text_value: Annotated[str, Meta(min_length=1, max_length=10)]
    code: Annotated[str, Meta(pattern="^[A-Z]{3}-[0-9]{2}$")]
    number: Annotated[int, Meta(gt=-10, lt=10)]
    ratio: Annotated[float, Meta(ge=0, le=1)]
    even: Annotated[int, Meta(multiple_of=2)]
    amount: decimal.Decimal
    day: datetime.date
    moment: datetime.datetime
    took: datetime.timedelta
    key: uuid.UUID
    raw: bytes
    flag: bool
    colour: Colour
    level: Level
    letter: Literal["a", "b"]
    pet: Cat | Dog
    point: Point
    pair: Pair
    address: Address
    size: Size
    options: Options
    counts: Annotated[dict[str, Annotated[int, Meta(ge=0)]], Meta(max_length=3)]
    by_number: dict[int, str]
    fixed: tuple[int, str]
    some: Annotated[list[Annotated[int, Meta(ge=0)]], Meta(min_length=1, max_length=4)]
    unique: set[int]
    maybe: int | None = None
    either: int | str | list[int] = 0
    anything: Any = None


class Page(msgspec.Struct, Generic[T]):
    items: list[T]
    total: int


class Model(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid")
    name: str = pydantic.Field(min_length=1, max_length=10)
    born: datetime.date | None = None
    tags: list[Colour] = []


class Filter(msgspec.Struct):
    low: Annotated[int, Meta(ge=0)] = 0
    colours: list[Colour] = []


class Login(msgspec.Struct):
    name: Annotated[str, Meta(min_length=1)]
    remember: bool = False


app = Flask(__name__)
OpenAPI(
    app,
    title="Torture",
    version="1.0",
    license={"name": "BSD-3-Clause", "identifier": "BSD-3-Clause"},
    description="Every kind of thing.",
    tags={"things": "A class of views."},
)
answer_with_problems(app)


@app.post("/everything")
@operation(tags=["models"])
def everything(it: Body[Everything]) -> Everything:
    """Echo a model with fields of every kind."""
    return it


@app.post("/tree")
@operation(tags=["models"])
def tree(it: Body[Tree]) -> Tree:
    """Echo a model that holds itself."""
    return it


@app.post("/pages")
@operation(tags=["models"])
def pages(it: Body[Page[Cat | Dog]]) -> Page[Cat | Dog]:
    """Echo a generic model."""
    return it


@app.post("/pydantic")
@operation(tags=["models"])
def pydantic_model(it: Body[list[Model]]) -> list[Model]:
    """Echo pydantic's models."""
    return it


@app.post("/optional")
@operation(tags=["models"])
def optional(it: Body[Address | None] = None) -> Address | tuple[None, Literal[204]]:
    """Echo a body that may be missing."""
    return (None, 204) if it is None else it


@app.get("/query")
@operation(tags=["parameters"])
def query(
    number: Annotated[int, Query(ge=0, le=100)],
    ratio: Query[float | None] = None,
    flag: Query[bool] = False,
    word: Annotated[str, Query(pattern="^[a-z]*$", max_length=8)] = "",
    colour: Query[Colour | None] = None,
    level: Query[Level] = Level.LOW,
    day: Query[datetime.date | None] = None,
    key: Query[uuid.UUID | None] = None,
    choice: Query[Literal[1, 2]] = 1,
    numbers: Annotated[list[int], Query(max_length=3)] = [],  # noqa: B006
) -> dict[str, str]:
    """Take parameters of every type."""
    given = (number, ratio, flag, word, colour, level, day, key, choice, numbers)
    return {str(place): repr(it) for place, it in enumerate(given)}


@app.get("/filter")
@operation(tags=["parameters"])
def filtered(it: Query[Filter]) -> Filter:
    """Take a model of query parameters."""
    return it


@app.get("/headers")
@operation(tags=["parameters"])
def headers(
    x_number: Header[int],
    x_list: Header[list[int]] = [],  # noqa: B006
    session: Cookie[str | None] = None,
) -> dict[str, str]:
    """Take headers and cookies."""
    return {"number": str(x_number), "list": repr(x_list), "session": str(session)}


@app.get("/paths/<int:number>/<float:ratio>/<uuid:key>/<any(a, b):letter>/<string(length=2):lang>")
@operation(tags=["parameters"])
def paths(
    number: Annotated[int, Meta(le=1000)], ratio: float, key: uuid.UUID, letter: str, lang: str
) -> dict[str, str]:
    """Take variables of a path."""
    return {"path": repr((number, ratio, key, letter, lang))}


@app.post("/form")
@operation(tags=["forms"])
def form(it: Form[Login], age: Annotated[int, Form(ge=0)] = 0) -> Login:
    """Take a form."""
    return it


@app.post("/files")
@operation(tags=["forms"])
@responds(201)
def files(
    number: Form[int],
    one: Annotated[FileStorage, File(max_size=100_000)],
) -> dict[str, int]:
    """Take uploads."""
    return {"size": len(one.read()), "number": number}


@app.post("/raw")
@operation(tags=["forms"])
def raw(it: Body[bytes]) -> dict[str, int]:
    """Take bytes."""
    return {"size": len(it)}


class Things(MethodView):
    """A class of views."""

    def get(self, number: Annotated[int, Meta(le=2**31)]) -> Cat:
        """Show a cat."""
        if number > 9:
            raise NotFound("Cats have nine lives.")
        return Cat(number)

    def put(self, number: Annotated[int, Meta(le=2**31)], it: Body[Cat | Dog]) -> Cat | Dog:
        """Store a pet."""
        return it

    async def delete(self, number: Annotated[int, Meta(le=2**31)]) -> tuple[None, Literal[204]]:
        """Delete a pet."""
        return None, 204


bp = Blueprint("things", __name__, url_prefix="/things")
bp.add_url_rule("/<int:number>", view_func=Things.as_view("thing"))
app.register_blueprint(bp)
