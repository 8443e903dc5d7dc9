"""Each kind of model: read from JSON and from strings, with its own checks."""

import dataclasses
from typing import Annotated, Any, Generic, TypedDict, TypeVar

import attrs
import msgspec
import pydantic
import pytest

from flask import Flask, json
from flask.openapi import OpenAPI
from flask.params import Body, Form, Query

T = TypeVar("T")


class Struct(msgspec.Struct):
    count: Annotated[int, msgspec.Meta(ge=1)]
    tags: list[str] = []


@dataclasses.dataclass
class Data:
    count: Annotated[int, msgspec.Meta(ge=1)]
    tags: list[str] = dataclasses.field(default_factory=list)


@attrs.define
class Attrs:
    count: Annotated[int, msgspec.Meta(ge=1)]
    tags: list[str] = attrs.field(factory=list)


class Typed(TypedDict):
    count: Annotated[int, msgspec.Meta(ge=1)]
    tags: list[str]


class Model(pydantic.BaseModel):
    count: int = pydantic.Field(ge=1)
    tags: list[str] = []


class Box(msgspec.Struct, Generic[T]):
    content: T


MODELS = [Struct, Data, Attrs, Typed, Model]


def client_for(annotation: Any) -> Any:
    app = Flask(__name__)
    app.testing = True

    def view(it: Any) -> dict[str, Any]:
        read = it if isinstance(it, dict) else {"count": it.count, "tags": it.tags}
        return {"kind": type(it).__name__, **read}

    view.__annotations__ = {"it": annotation}
    app.add_url_rule("/", view_func=view, methods=["GET", "POST"])
    return app.test_client()


def errors(response: Any) -> list[tuple[str, str, str]]:
    assert response.status_code == 422
    found = json.loads(response.data)["errors"]
    return [(it["in"], it["pointer"], it["code"]) for it in found]


@pytest.mark.parametrize("model", MODELS)
def test_a_model_is_read_from_json(model: Any) -> None:
    client = client_for(Body[model])
    kind = "dict" if model is Typed else model.__name__
    sent = client.post("/", json={"count": 2, "tags": ["a"]})
    assert sent.json == {"kind": kind, "count": 2, "tags": ["a"]}
    assert errors(client.post("/", json={"count": 0, "tags": [1, "a", 2]})) == [
        ("body", "/count", "minimum"),
        ("body", "/tags/0", "type"),
        ("body", "/tags/2", "type"),
    ]
    assert client.post("/", data=b"{", content_type="application/json").status_code == 400


@pytest.mark.parametrize("model", MODELS)
def test_json_is_strict(model: Any) -> None:
    client = client_for(Body[model])
    for count in ("2", True, 2.5, None, [2]):
        assert errors(client.post("/", json={"count": count, "tags": []})) == [
            ("body", "/count", "type")
        ]


@pytest.mark.parametrize("model", MODELS)
def test_a_model_is_read_from_strings(model: Any) -> None:
    client = client_for(Query[model])
    assert client.get("/?count=2&tags=a&tags=b").json["tags"] == ["a", "b"]
    assert errors(client.get("/?count=x&tags=a")) == [("query", "/count", "type")]
    form = client_for(Form[model])
    assert form.post("/", data={"count": "2", "tags": ["a"]}).json["count"] == 2


def test_generic_models_are_read() -> None:
    app = Flask(__name__)

    @app.post("/")
    def view(it: Body[Box[list[Struct]]]) -> str:
        return repr(it)

    client = app.test_client()
    sent = client.post("/", json={"content": [{"count": 1}]})
    assert sent.text == "Box(content=[Struct(count=1, tags=[])])"
    refused = client.post("/", json={"content": [{"count": 0}]})
    assert errors(refused) == [("body", "/content/0/count", "minimum")]


def test_lists_of_pydantic_models_are_read_by_pydantic() -> None:
    app = Flask(__name__)

    @app.post("/")
    def view(it: Body[list[Model]]) -> str:
        return repr(it)

    client = app.test_client()
    assert client.post("/", json=[{"count": 1}]).text == "[Model(count=1, tags=[])]"
    refused = client.post("/", json=[{"count": 1}, {"count": 0}])
    assert errors(refused) == [("body", "/1/count", "minimum")]


class Ordered(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid")
    low: int
    high: int

    @pydantic.model_validator(mode="after")
    def check(self) -> "Ordered":
        if self.low > self.high:
            raise ValueError("low must not exceed high")
        return self


@attrs.define
class AtLeast:
    secret: int = attrs.field(validator=attrs.validators.ge(1_000_000))


@attrs.define
class Even:
    number: int = attrs.field()

    @number.validator
    def check(self, attribute: Any, value: int) -> None:
        if value % 2:
            raise ValueError("must be even")


def test_models_own_checks_are_reported() -> None:
    app = Flask(__name__)

    @app.post("/pydantic")
    def one(it: Body[Ordered]) -> str:
        return ""

    @app.post("/attrs")
    def other(it: Body[list[Even]]) -> str:
        return ""

    @app.post("/at-least")
    def third(it: Body[AtLeast]) -> str:
        return ""

    client = app.test_client()
    short = client.post("/at-least", json={"secret": 31337})
    assert errors(short) == [("body", "", "invalid")]
    assert "31337" not in short.text
    refused = client.post("/pydantic", json={"low": 2, "high": 1})
    assert errors(refused) == [("body", "", "invalid")]
    assert "low must not exceed high" in refused.text
    extra = client.post("/pydantic", json={"low": 1, "high": 1, "x": 1})
    assert errors(extra) == [("body", "/x", "unknown_field")]
    assert errors(client.post("/attrs", json=[{"number": 2}, {"number": 1}])) == [
        ("body", "/1", "invalid")
    ]


class InStruct(msgspec.Struct):
    model: Model
    others: list[Model] = []


@dataclasses.dataclass
class InData:
    model: Model
    others: list[Model] = dataclasses.field(default_factory=list)


@attrs.define
class InAttrs:
    model: Model
    others: list[Model] = attrs.field(factory=list)


class InTyped(TypedDict):
    model: Model
    others: list[Model]


@pytest.mark.parametrize("model", [InStruct, InData, InAttrs, InTyped])
def test_models_of_pydantic_may_be_inside_of_others(model: Any) -> None:
    app = Flask(__name__)
    app.testing = True
    OpenAPI(app, title="Nested", version="1")

    def view(it: Any) -> Any:
        inner = it["others"] if isinstance(it, dict) else it.others
        assert [type(one) for one in inner] == [Model]
        return it

    view.__annotations__ = {"it": Body[model], "return": model}
    app.add_url_rule("/", view_func=view, methods=["POST"])
    client = app.test_client()
    sent = {"model": {"count": 1, "tags": []}, "others": [{"count": 2, "tags": ["a"]}]}
    assert client.post("/", json=sent).json == sent
    wrong = {"model": {"count": 0, "tags": [1]}, "others": [{"count": "2"}, 3, {}]}
    assert sorted(errors(client.post("/", json=wrong))) == [
        ("body", "/model/count", "minimum"),
        ("body", "/model/tags/0", "type"),
        ("body", "/others/0/count", "type"),
        ("body", "/others/1", "type"),
        ("body", "/others/2/count", "missing"),
    ]
    schemas = client.get("/openapi.json").json["components"]["schemas"]
    properties = schemas[model.__name__]["properties"]
    assert properties["model"] == {"$ref": "#/components/schemas/Model"}
    assert properties["others"]["items"] == {"$ref": "#/components/schemas/Model"}
    assert schemas["Model"]["properties"]["count"]["minimum"] == 1


def test_generic_structs_take_models_of_pydantic() -> None:
    app = Flask(__name__)
    app.testing = True

    def view(it: Any) -> Any:
        assert type(it.content) is Model
        return it

    view.__annotations__ = {"it": Body[Box[Model]], "return": Box[Model]}
    app.add_url_rule("/", view_func=view, methods=["POST"])
    client = app.test_client()
    sent = {"content": {"count": 1, "tags": []}}
    assert client.post("/", json=sent).json == sent
    assert errors(client.post("/", json={"content": {"count": 0}})) == [
        ("body", "/content/count", "minimum")
    ]


def test_faults_inside_of_models_are_bounded_and_quote_nothing() -> None:
    client = client_for(Body[InStruct])
    secret = "hunter2"
    sent = client.post("/", json={"model": {"count": 1}, "others": [{"count": secret}] * 200})
    assert len(errors(sent)) == 50
    assert secret not in sent.text
