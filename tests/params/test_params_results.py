"""What typed views return, and what is sent."""

import dataclasses
import datetime
import decimal
import uuid
from typing import Annotated, Any, Generic, Literal, TypedDict, TypeVar

import attrs
import msgspec
import pydantic
import pytest
from werkzeug.test import create_environ

import flask.params  # noqa: F401 - what makes a view with a model as its result a typed one
from flask import Flask, Response, jsonify
from flask.params import Query, responds

T = TypeVar("T")


class Item(msgspec.Struct, rename="camel"):
    the_name: str
    made: datetime.date = datetime.date(2024, 2, 29)


ONE = uuid.UUID(int=1)


@dataclasses.dataclass
class Point:
    x: int
    key: uuid.UUID = ONE


@attrs.define
class Size:
    width: decimal.Decimal


class Model(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(populate_by_name=True)
    the_name: str = pydantic.Field(alias="theName")
    made: datetime.date = datetime.date(2024, 2, 29)


class Row(TypedDict):
    made: datetime.date


class Page(msgspec.Struct, Generic[T]):
    items: list[T]


class Fault(msgspec.Struct):
    reason: str


def answer(annotation: Any, value: Any) -> Response:
    """Answer the response to what a view with that annotation returns."""
    app = Flask(__name__)
    app.testing = True

    def view() -> Any:
        return value

    view.__annotations__["return"] = annotation
    app.add_url_rule("/", view_func=view)
    response = app.test_client().get("/")
    assert isinstance(response, Response)
    return response


@pytest.mark.parametrize(
    ("annotation", "value", "body"),
    [
        (Item, Item("a"), '{"theName":"a","made":"2024-02-29"}'),
        (Point, Point(1), '{"x":1,"key":"00000000-0000-0000-0000-000000000001"}'),
        (Size, Size(decimal.Decimal("1.10")), '{"width":"1.10"}'),
        (Model, Model(the_name="a"), '{"theName":"a","made":"2024-02-29"}'),
        (list[Item], [Item("a")], '[{"theName":"a","made":"2024-02-29"}]'),
        (list[Model], [Model(the_name="a")], '[{"theName":"a","made":"2024-02-29"}]'),
        (dict[str, Size], {"p": Size(decimal.Decimal(1))}, '{"p":{"width":"1"}}'),
        (Row, {"made": datetime.date(2024, 2, 29)}, '{"made":"2024-02-29"}'),
        (Page[Item], Page([Item("a")]), '{"items":[{"theName":"a","made":"2024-02-29"}]}'),
        (Item | None, Item("a"), '{"theName":"a","made":"2024-02-29"}'),
        (Item | Fault, Fault("no"), '{"reason":"no"}'),
    ],
)  # fmt: skip
def test_models_become_json(annotation: Any, value: Any, body: str) -> None:
    if annotation is Row:  # names no class of models, so something else has to
        annotation = Row | Item
    response = answer(annotation, value)
    assert response.text == body
    assert response.content_type == "application/json"
    assert response.status_code == 200


def test_a_tuple_adds_status_and_headers() -> None:
    response = answer(tuple[Item, Literal[201]], (Item("a"), 201, {"X-A": "b"}))
    assert (response.status_code, response.headers["X-A"]) == (201, "b")
    assert response.text == '{"theName":"a","made":"2024-02-29"}'
    other = answer(Item | tuple[Fault, Literal[404]], (Fault("no"), 404))
    assert (other.status_code, other.text) == (404, '{"reason":"no"}')


def test_nothing_with_a_status_is_an_empty_body() -> None:
    response = answer(tuple[None, Literal[204]] | tuple[Item, Literal[200]], (None, 204))
    assert (response.status_code, response.data) == (204, b"")
    alone = answer(tuple[None, Literal[204]], (None, 204))
    assert (alone.status_code, alone.data) == (204, b"")


def test_other_values_are_the_frameworks() -> None:
    assert answer(Item | str, "text").content_type == "text/html; charset=utf-8"
    assert answer(Item | dict, {"a": 1}).json == {"a": 1}
    made = Response("made", 202)
    assert answer(Item | Response, made).status_code == 202
    assert answer(Item, ("text", 203)).status_code == 203


def test_an_object_with_the_attributes_of_the_model_is_converted() -> None:
    class Record:
        the_name = "from the database"
        made = datetime.date(2024, 1, 1)
        password = "secret"

    assert answer(Item, Record()).text == '{"theName":"from the database","made":"2024-01-01"}'


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_encoded_result_is_sent_alike_with_and_without_hooks(method: str) -> None:
    plain, hooked = Flask("plain"), Flask("hooked")
    hooked.after_request(lambda response: response)
    answers = []
    for app in (plain, hooked):

        @app.get("/<name>")
        @responds(content_type="application/vnd.item+json")
        def view(name: str) -> Item:
            return Item(name)

        sent: list[Any] = []
        environ = create_environ("/ä", method=method)
        for _ in range(2):  # the first request of a host takes a longer way
            pieces = app(dict(environ), lambda *start: sent.append(start[:2]))  # noqa: B023
            sent.append(b"".join(pieces))
        answers.append(sent)
    assert answers[0] == answers[1]
    assert answers[0][0][0] == "200 OK"
    body = '{"theName":"ä","made":"2024-02-29"}'.encode()
    assert answers[0][3] == (body if method == "GET" else b"")
    assert ("Content-Type", "application/vnd.item+json") in answers[0][2][1]


def test_an_encoded_result_may_be_made_into_a_response() -> None:
    app = Flask(__name__)

    @app.get("/")
    def view() -> Item:
        return Item("a")

    with app.test_request_context():
        encoded: Any = app.view_functions["view"]()
        made = app.make_response((encoded, 201, {"X-A": "b"}))
        assert (made.status_code, made.json["theName"]) == (201, "a")  # type: ignore[index]
        assert made.headers["X-A"] == "b"
        forced = Response.force_type(encoded, create_environ())
        assert forced.data == made.data
        assert forced.content_type == made.content_type == "application/json"


def test_a_status_for_what_is_returned_without_one() -> None:
    app = Flask(__name__)

    @app.get("/<kind>")
    @responds(202, content_type="application/vnd.item+json")
    def view(kind: str) -> Item | str | tuple[str, int] | None:
        values: dict[str, Any] = {"item": Item("a"), "text": "a", "none": None, "own": ("a", 299)}
        return values[kind]  # type: ignore[no-any-return]

    client = app.test_client()
    found = {kind: client.get(f"/{kind}") for kind in ("item", "text", "none", "own")}
    assert {kind: it.status_code for kind, it in found.items()} == {
        "item": 202,
        "text": 202,
        "none": 202,
        "own": 299,
    }
    assert found["item"].content_type == "application/vnd.item+json"


def test_the_applications_response_class_is_used() -> None:
    class Own(Response):
        pass

    app = Flask(__name__)
    app.response_class = Own
    seen = []

    @app.get("/")
    def view() -> Item:
        return Item("a")

    @app.after_request
    def note(response: Response) -> Response:
        seen.append(type(response))
        return response

    assert app.test_client().get("/").json == {"theName": "a", "made": "2024-02-29"}
    assert seen == [Own]


def test_lists_of_a_view_that_declares_no_result_are_the_applications_json() -> None:
    app = Flask(__name__)

    @app.get("/")
    def view(it: Query[int] = 1):  # type: ignore[no-untyped-def]
        return [datetime.date(2024, 2, 29)]

    with app.test_request_context():
        assert app.test_client().get("/").data == jsonify([datetime.date(2024, 2, 29)]).data


class Unknown:
    pass


class Holder(msgspec.Struct):
    value: Annotated[Any, None]


def test_what_has_no_json_is_an_error() -> None:
    with pytest.raises(TypeError, match="Object of type Unknown is not JSON serializable"):
        answer(Holder, Holder(Unknown()))
