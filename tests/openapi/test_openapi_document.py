"""The OpenAPI document: what rules and views declare, as OpenAPI 3.1 says it."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import uuid
from typing import Annotated, Any, Generic, Literal, TypedDict, TypeVar

import attrs
import msgspec
import pydantic
import pytest
from werkzeug.datastructures import FileStorage

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

Meta = msgspec.Meta
T = TypeVar("T")
REF = "#/components/schemas/"


class Item(msgspec.Struct):
    """A thing to sell."""

    name: Annotated[str, Meta(min_length=1, max_length=80)]
    price: Annotated[float, Meta(ge=0)]
    tags: list[str] = []


class Fault(msgspec.Struct):
    reason: str


def document_of(declare: Any, **settings: Any) -> dict[str, Any]:
    """Answer the document of an application that a function declares the views of."""
    app = Flask(__name__)
    OpenAPI(app, **{"title": "Shop", "version": "2.1", **settings})
    declare(app)
    response = app.test_client().get("/openapi.json")
    assert response.status_code == 200
    found: dict[str, Any] = response.get_json()
    return found


def operation_of(rule: str, view: Any, method: str = "post", **settings: Any) -> Any:
    """Answer the only operation of an application with one view."""
    document = document_of(
        lambda app: app.add_url_rule(rule, "view", view, methods=[method]), **settings
    )
    [item] = document["paths"].values()
    return item[method]


def test_a_document_says_what_the_api_is() -> None:
    document = document_of(
        lambda app: None,
        summary="Sells things",
        description="*All* of it",
        contact={"name": "Us"},
        license={"name": "MIT"},
        servers=[{"url": "https://shop.example/api"}],
        tags={"items": "Things"},
        extra={"x-team": "shop"},
    )
    assert document == {
        "openapi": "3.1.1",
        "info": {
            "title": "Shop",
            "version": "2.1",
            "summary": "Sells things",
            "description": "*All* of it",
            "contact": {"name": "Us"},
            "license": {"name": "MIT"},
        },
        "servers": [{"url": "https://shop.example/api"}],
        "paths": {},
        "security": [],
        "tags": [{"name": "items", "description": "Things"}],
        "x-team": "shop",
    }


def test_an_operation_is_described_by_the_views_docstring() -> None:
    def put_item(item_id: int, item: Body[Item]) -> Item:
        """Store an item.

        It may be *new*.
        """
        return item

    found = operation_of("/items/<int:item_id>", put_item)
    assert found["operationId"] == "view"
    assert found["summary"] == "Store an item."
    assert found["description"] == "It may be *new*."
    assert found["parameters"] == [
        {
            "name": "item_id",
            "in": "path",
            "required": True,
            "schema": {"type": "integer", "minimum": 0},
        }
    ]
    assert found["requestBody"] == {
        "content": {"application/json": {"schema": {"$ref": REF + "Item"}}},
        "required": True,
    }
    assert found["responses"]["200"] == {
        "description": "OK",
        "content": {"application/json": {"schema": {"$ref": REF + "Item"}}},
    }
    assert set(found["responses"]) == {"200", "400", "404", "413", "415", "422"}


@pytest.mark.parametrize(
    ("converter", "schema"),
    [
        ("", {"type": "string", "minLength": 1}),
        ("string:", {"type": "string", "minLength": 1}),
        ("string(length=2):", {"type": "string", "minLength": 2, "maxLength": 2}),
        ("string(minlength=2, maxlength=5):", {"type": "string", "minLength": 2, "maxLength": 5}),
        ("int:", {"type": "integer", "minimum": 0}),
        ("int(signed=True):", {"type": "integer"}),
        ("int(min=2, max=9):", {"type": "integer", "minimum": 2, "maximum": 9}),
        ("int(fixed_digits=3):", {"type": "integer", "minimum": 0, "maximum": 999}),
        ("float:", {"type": "number", "minimum": 0}),
        ("path:", {"type": "string", "minLength": 1}),
        ("uuid:", {"type": "string", "format": "uuid"}),
        ("any(b, a):", {"type": "string", "enum": ["a", "b"]}),
    ],
)
def test_variables_of_a_path_are_held_to_their_converter(converter: str, schema: Any) -> None:
    def view(it: Any, page: Query[int] = 1) -> str:
        return ""

    document = document_of(lambda app: app.add_url_rule(f"/a/<{converter}it>/b", "view", view))
    [parameter] = [
        it for it in document["paths"]["/a/{it}/b"]["get"]["parameters"] if it["in"] == "path"
    ]
    assert parameter["schema"] == schema


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@pytest.mark.parametrize(
    ("kind", "schema"),
    [
        (int, {"type": "integer"}),
        (str, {"type": "string"}),
        (bool, {"type": "boolean"}),
        (float, {"type": "number"}),
        (int | None, {"type": "integer"}),
        (Annotated[int, Query(ge=1)], {"type": "integer", "minimum": 1}),
        (Annotated[int, Query(lt=9)], {"type": "integer", "exclusiveMaximum": 9}),
        (Annotated[str, Query(pattern="^a")], {"type": "string", "pattern": "^a"}),
        (Annotated[str, Query(max_length=3)], {"type": "string", "maxLength": 3}),
        (Literal["a", "b"], {"enum": ["a", "b"], "type": "string"}),
        (datetime.date, {"type": "string", "format": "date"}),
        (datetime.datetime, {"type": "string", "format": "date-time"}),
        (uuid.UUID, {"type": "string", "format": "uuid"}),
        (list[int], {"type": "array", "items": {"type": "integer"}}),
        (Colour, {"$ref": REF + "Colour"}),
        (int | str, {"type": ["integer", "string"]}),
    ],
)  # fmt: skip
def test_parameters_have_the_schema_of_their_type(kind: Any, schema: Any) -> None:
    def view(it: Any) -> str:
        return ""

    view.__annotations__["it"] = kind if hasattr(kind, "__metadata__") else Query[kind]
    [parameter] = operation_of("/", view)["parameters"]
    assert parameter["schema"] == schema
    assert parameter["required"]


def test_constraints_of_a_paths_variable_are_added_to_its_converters() -> None:
    def view(it: Annotated[int, Meta(le=9, description="Small")]) -> str:
        return ""

    found = operation_of("/<int:it>", view)
    assert found["parameters"][0]["schema"] == {
        "type": "integer",
        "minimum": 0,
        "maximum": 9,
        "description": "Small",
    }
    assert "422" in found["responses"]


def test_errors_are_problems_where_the_application_answers_with_them() -> None:
    @responds(others={409: "Taken"})
    def view(it: int) -> Item:
        raise NotImplementedError

    def declare(app: Flask) -> None:
        answer_with_problems(app)
        app.add_url_rule("/<int:it>", view_func=view)

    problem = {"application/problem+json": {"schema": {"$ref": REF + "ProblemDetails"}}}
    found = document_of(declare)["paths"]["/{it}"]["get"]["responses"]
    assert found["409"] == {"description": "Taken", "content": problem}
    assert found["404"]["content"] == problem
    plain = document_of(lambda app: app.add_url_rule("/<int:it>", view_func=view))
    assert plain["paths"]["/{it}"]["get"]["responses"]["409"] == {"description": "Taken"}


def test_parameters_are_documented() -> None:
    def view(
        page: Annotated[
            int,
            Query(
                alias="p",
                title="Page",
                description="From 1",
                examples=[1, 2],
                deprecated=True,
                ge=1,
            ),
        ] = 1,
        ids: Query[list[int]] = [],  # noqa: B006
        x_trace: Header[str | None] = None,
        theme: Cookie[str] = "light",
        internal: Annotated[str, Query(include_in_schema=False)] = "",
        extra: Annotated[int, Query(extra_json_schema={"x-unit": "m"})] = 0,
    ) -> str:
        return ""

    assert operation_of("/", view)["parameters"] == [
        {
            "name": "p",
            "in": "query",
            "description": "From 1",
            "deprecated": True,
            "schema": {"type": "integer", "minimum": 1, "title": "Page", "default": 1},
            "examples": {"1": {"value": 1}, "2": {"value": 2}},
        },
        {
            "name": "ids",
            "in": "query",
            "explode": True,
            "schema": {"type": "array", "items": {"type": "integer"}, "default": []},
        },
        {
            "name": "extra",
            "in": "query",
            "schema": {"type": "integer", "default": 0, "x-unit": "m"},
        },
        {"name": "x-trace", "in": "header", "schema": {"type": "string"}},
        {"name": "theme", "in": "cookie", "schema": {"type": "string", "default": "light"}},
    ]


def test_a_model_of_the_query_is_a_parameter_for_each_field() -> None:
    class Filter(msgspec.Struct):
        low: Annotated[int, Meta(ge=0)]
        tags: list[str] = []

    def view(it: Query[Filter]) -> str:
        return ""

    assert operation_of("/", view)["parameters"] == [
        {
            "name": "low",
            "in": "query",
            "required": True,
            "schema": {"type": "integer", "minimum": 0},
        },
        {
            "name": "tags",
            "in": "query",
            "explode": True,
            "schema": {"type": "array", "items": {"type": "string"}, "default": []},
        },
    ]


# Schemas


class Cat(msgspec.Struct, tag="cat"):
    lives: int


class Dog(msgspec.Struct, tag="dog", forbid_unknown_fields=True):
    name: str


class Node(msgspec.Struct):
    children: list[Node] = []


class Page(msgspec.Struct, Generic[T]):
    items: list[T]


@dataclasses.dataclass
class Point:
    x: int
    y: int = 0


@attrs.define
class Size:
    width: int


class Row(TypedDict):
    name: str


class Numbers(msgspec.Struct):
    amount: decimal.Decimal
    took: datetime.timedelta
    raw: bytes
    counts: dict[int, int]
    pair: tuple[int, str]
    unique: set[int]


def components_of(kind: Any) -> Any:
    def view(it: Any) -> str:
        return ""

    view.__annotations__["it"] = Body[kind]
    document = document_of(lambda app: app.add_url_rule("/", "view", view, methods=["POST"]))
    body = document["paths"]["/"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    schemas = document.get("components", {}).get("schemas", {})
    return body, {name: it for name, it in schemas.items() if not name.startswith("Problem")}


def test_a_model_is_one_component() -> None:
    assert components_of(Item) == (
        {"$ref": REF + "Item"},
        {
            "Item": {
                "title": "Item",
                "description": "A thing to sell.",
                "type": "object",
                "properties": {
                    "name": {"type": "string", "minLength": 1, "maxLength": 80},
                    "price": {"type": "number", "minimum": 0.0},
                    "tags": {"type": "array", "items": {"type": "string"}, "default": []},
                },
                "required": ["name", "price"],
            }
        },
    )


def test_tagged_unions_have_a_discriminator() -> None:
    body, components = components_of(Cat | Dog)
    assert body == {
        "oneOf": [{"$ref": REF + "Cat"}, {"$ref": REF + "Dog"}],
        "discriminator": {
            "propertyName": "type",
            "mapping": {"cat": REF + "Cat", "dog": REF + "Dog"},
        },
    }
    assert components["Cat"]["properties"]["type"] == {"const": "cat", "type": "string"}
    assert components["Cat"]["required"] == ["type", "lives"]
    assert components["Dog"]["additionalProperties"] is False


def test_recursive_and_generic_models_are_components() -> None:
    _, recursive = components_of(Node)
    assert recursive["Node"]["properties"]["children"]["items"] == {"$ref": REF + "Node"}
    body, generic = components_of(Page[Item])
    assert body == {"$ref": REF + "Page_Item"}
    assert generic["Page_Item"]["properties"]["items"]["items"] == {"$ref": REF + "Item"}


@pytest.mark.parametrize("model", [Point, Size, Row])
def test_each_kind_of_model_is_a_component(model: Any) -> None:
    body, components = components_of(model)
    assert body == {"$ref": REF + model.__name__}
    assert components[model.__name__]["type"] == "object"
    assert components[model.__name__]["required"] == [next(iter(model.__annotations__))]


def test_types_that_are_strings_in_json_say_of_which_form() -> None:
    _, components = components_of(Numbers)
    properties = components["Numbers"]["properties"]
    assert properties["amount"]["anyOf"][0]["format"] == "decimal"
    assert properties["took"]["pattern"].startswith("^[+-]?P")
    assert properties["raw"]["contentEncoding"] == "base64"
    assert properties["counts"]["propertyNames"] == {"pattern": "^-?(?:0|[1-9][0-9]*)$"}
    assert properties["pair"]["prefixItems"] == [{"type": "integer"}, {"type": "string"}]
    assert "uniqueItems" not in properties["unique"]  # for repeated ones are accepted


def test_classes_of_one_name_are_told_apart() -> None:
    def make(kind: Any) -> Any:
        return msgspec.defstruct("Same", [("it", kind)])

    one, other = make(int), make(str)

    def view(first: Body[Any]) -> Any: ...

    view.__annotations__ = {"first": Body[one], "return": other}
    document = document_of(lambda app: app.add_url_rule("/", "view", view, methods=["POST"]))
    schemas = document["components"]["schemas"]
    assert schemas["Same"]["properties"]["it"] == {"type": "integer"}
    assert schemas["Same2"]["properties"]["it"] == {"type": "string"}


class Plain(pydantic.BaseModel):
    name: str


class Default(pydantic.BaseModel):
    name: str = "a"
    inner: Plain | None = None


def test_pydantic_models_differ_by_direction_only_where_they_do() -> None:
    def view(one: Body[Default]) -> Default:
        return one

    document = document_of(lambda app: app.add_url_rule("/", "view", view, methods=["POST"]))
    found = document["paths"]["/"]["post"]
    taken = found["requestBody"]["content"]["application/json"]["schema"]
    sent = found["responses"]["200"]["content"]["application/json"]["schema"]
    assert taken == {"$ref": REF + "Default"}
    schemas = document["components"]["schemas"]
    assert schemas["Default"]["properties"]["inner"]["anyOf"][0] == {"$ref": REF + "Plain"}
    assert "Plain" in schemas
    assert "PlainOutput" not in schemas
    assert sent["$ref"].removeprefix(REF) in schemas


# Bodies and responses


def test_forms_and_files_are_described() -> None:
    def view(
        title: Form[str],
        picture: Annotated[
            FileStorage, File(content_types=["image/png", "image/jpeg"], description="Shown large")
        ],
        notes: File[list[bytes]] = [],  # noqa: B006
    ) -> str:
        return ""

    body = operation_of("/", view)["requestBody"]
    assert list(body["content"]) == ["multipart/form-data"]
    described = body["content"]["multipart/form-data"]
    assert described["schema"]["properties"] == {
        "title": {"type": "string"},
        "picture": {"type": "string", "format": "binary", "description": "Shown large"},
        "notes": {"type": "array", "items": {"type": "string", "format": "binary"}},
    }
    assert described["schema"]["required"] == ["title", "picture"]
    assert described["encoding"] == {"picture": {"contentType": "image/png, image/jpeg"}}


def test_bodies_of_other_types_are_described() -> None:
    def view(it: Annotated[bytes, Body(content_type=["image/png", "image/gif"])]) -> str:
        return ""

    body = operation_of("/", view)["requestBody"]
    assert body["content"] == {"image/png": {}, "image/gif": {}}


def test_examples_of_a_body_are_shown() -> None:
    @operation(examples={"cheap": Item("a", 1)})
    def view(it: Annotated[Item, Body(examples=[Item("b", 2)], description="New")]) -> str:
        return ""

    body = operation_of("/", view)["requestBody"]
    assert body["description"] == "New"
    assert body["content"]["application/json"]["examples"] == {
        "1": {"value": {"name": "b", "price": 2, "tags": []}},
        "cheap": {"value": {"name": "a", "price": 1, "tags": []}},
    }


def test_each_declared_response_is_described() -> None:
    @responds(
        201,
        description="Made",
        headers={"Location": str},
        others={409: (Fault, "Taken"), 410: "Gone for good", 411: None},
    )
    def view(it: Query[int]) -> Item | tuple[Fault, Literal[404]] | tuple[None, Literal[204]]:
        raise NotImplementedError

    found = operation_of("/", view)["responses"]
    json = "application/json"
    assert found["201"] == {
        "description": "Made",
        "headers": {"Location": {"schema": {"type": "string"}}},
        "content": {json: {"schema": {"$ref": REF + "Item"}}},
    }
    assert found["204"] == {"description": "No Content"}
    assert found["404"]["content"] == {json: {"schema": {"$ref": REF + "Fault"}}}
    assert found["409"]["description"] == "Taken"
    assert found["410"] == {"description": "Gone for good"}
    assert found["411"] == {"description": "Length Required"}
    assert found["422"]["content"] == {
        "application/problem+json": {"schema": {"$ref": REF + "ProblemDetails"}}
    }


def test_two_bodies_of_one_status_are_alternatives() -> None:
    def view(it: Query[int]) -> tuple[Item, Literal[200]] | tuple[Fault, Literal[200]]:
        raise NotImplementedError

    content = operation_of("/", view)["responses"]["200"]["content"]["application/json"]
    assert content["schema"] == {"anyOf": [{"$ref": REF + "Item"}, {"$ref": REF + "Fault"}]}


def test_security_is_described() -> None:
    @operation(security=["key", {"oauth": ["write"], "key": []}])
    def own(it: Query[int]) -> str:
        return ""

    @operation(security=[])
    def public(it: Query[int]) -> str:
        return ""

    def usual(it: Query[int]) -> str:
        return ""

    def declare(app: Flask) -> None:
        for view in (own, public, usual):
            app.add_url_rule(f"/{view.__name__}", view_func=view)

    schemes = {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}
    document = document_of(declare, security_schemes=schemes, security=["key"])
    assert document["security"] == [{"key": []}]
    assert document["components"]["securitySchemes"] == schemes
    found = {path: item["get"] for path, item in document["paths"].items()}
    assert found["/own"]["security"] == [{"key": []}, {"oauth": ["write"], "key": []}]
    assert found["/public"]["security"] == []
    assert "401" not in found["/public"]["responses"]
    assert "security" not in found["/usual"]
    assert "401" in found["/usual"]["responses"]


def test_metadata_replaces_what_is_worked_out() -> None:
    @operation(
        summary="Short",
        description="Long",
        operation_id="doIt",
        tags=["a"],
        deprecated=True,
        extra={"x-rate": 5},
    )
    def view(it: Query[int]) -> str:
        """Other."""
        return ""

    found = operation_of("/", view)
    wanted = {
        "summary": "Short",
        "description": "Long",
        "operationId": "doIt",
        "tags": ["a"],
        "deprecated": True,
        "x-rate": 5,
    }
    assert wanted.items() <= found.items()


# Which views


def test_blueprints_are_tags_and_classes_have_an_operation_for_each_method() -> None:
    class Items(MethodView):
        def get(self, page: Query[int] = 1) -> list[Item]:
            """List them."""
            return []

        def post(self, item: Body[Item]) -> Item:
            return item

        def delete(self) -> str:
            return ""

    bp = Blueprint("shop", __name__, url_prefix="/shop")
    bp.add_url_rule("/items", view_func=Items.as_view("items"))
    document = document_of(lambda app: app.register_blueprint(bp), tags={"shop": "All of it"})
    item = document["paths"]["/shop/items"]
    assert set(item) == {"get", "post"}
    assert item["get"]["operationId"] == "shop_items_get"
    assert item["get"]["summary"] == "List them."
    assert item["get"]["tags"] == ["shop"]
    assert "requestBody" not in item["get"]
    assert document["tags"] == [{"name": "shop", "description": "All of it"}]


def test_untyped_views_are_listed_if_wanted() -> None:
    def declare(app: Flask) -> None:
        app.add_url_rule("/<int:number>", view_func=plain, methods=["GET", "POST"])

    def plain(number: int) -> str:
        """Show it."""
        return ""

    assert document_of(declare)["paths"] == {}
    listed = document_of(declare, include_untyped=True)["paths"]["/{number}"]
    assert listed["get"]["summary"] == "Show it."
    assert listed["get"]["responses"]["200"]["content"] == {
        "text/html": {"schema": {"type": "string"}}
    }
    assert listed["get"]["operationId"] != listed["post"]["operationId"]


def test_hidden_views_are_not_listed() -> None:
    @operation(hidden=True)
    def view(it: Query[int]) -> str:
        return ""

    assert document_of(lambda app: app.add_url_rule("/", "view", view))["paths"] == {}


def test_webhooks_are_described() -> None:
    def ordered(order: Body[Item]) -> tuple[None, Literal[204]]:
        """Tell that something was ordered."""
        raise NotImplementedError

    document = document_of(lambda app: None, webhooks={"ordered": ordered})
    hook = document["webhooks"]["ordered"]["post"]
    assert hook["summary"] == "Tell that something was ordered."
    assert hook["requestBody"]["content"]["application/json"]["schema"] == {"$ref": REF + "Item"}
    assert "204" in hook["responses"]


def test_views_registered_before_are_typed_by_their_result() -> None:
    def declare(app: Flask) -> None:
        app.view_functions["late"] = late
        app.url_map.add(app.url_rule_class("/late", endpoint="late", methods=["GET"]))
        OpenAPI(app, document_url="/second.json", docs_url=None, name="second")

    def late() -> Item:
        return Item("a", 1)

    assert "/late" in document_of(declare)["paths"]
