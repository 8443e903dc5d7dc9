"""Infinities and NaN, which JSON doesn't have, are refused in every part of a request."""

import dataclasses
import decimal
import json
from typing import Annotated, Any

import attrs
import msgspec
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask import Flask
from flask.params import Body, Form, Header, Query
from flask.params.finite import json_may_be_not_finite, may_be_not_finite

SPELLINGS = (
    "NaN",
    "nan",
    "sNaN",
    "-NaN7",
    "Infinity",
    "-inf",
    " NaN ",
    "\tinf",
    "N_aN",
    "\u3000Inf",
)


class Struct(msgspec.Struct):
    size: float = 0.0
    price: decimal.Decimal = decimal.Decimal(0)


class Model(pydantic.BaseModel):
    size: float = 0.0
    price: decimal.Decimal = decimal.Decimal(0)


@attrs.define
class Positive:
    """A model whose own check can't compare with NaN."""

    price: decimal.Decimal = attrs.field(validator=attrs.validators.gt(0))


@dataclasses.dataclass
class Order:
    numbers: list[int]
    position: Positive


class Node(msgspec.Struct):
    price: decimal.Decimal
    next: "Node | None" = None


def client_for(annotation: Any) -> Any:
    app = Flask(__name__)
    app.testing = True

    def view(it: Any) -> str:
        return repr(it)

    view.__annotations__ = {"it": annotation}
    app.add_url_rule("/", view_func=view, methods=["GET", "POST"])
    return app.test_client()


def pointers(response: Any) -> list[str]:
    assert response.status_code == 422, response.text
    return [it["pointer"] for it in json.loads(response.data)["errors"]]


@pytest.mark.parametrize("model", [Struct, Model])
@pytest.mark.parametrize("field", ["size", "price"])
def test_models_of_strings_refuse_them(model: Any, field: str) -> None:
    for text in ("nan", "inf", "-Infinity"):
        sent = client_for(Form[model]).post("/", data={field: text})
        assert pointers(sent) == [f"/{field}"]
        sent = client_for(Query[model]).get("/", query_string={field: text})
        assert pointers(sent) == [f"/{field}"]
    assert client_for(Form[model]).post("/", data={"size": "1.5", "price": "2"}).status_code == 200


@pytest.mark.parametrize("text", SPELLINGS)
def test_decimals_refuse_them(text: str) -> None:
    assert pointers(client_for(Query[decimal.Decimal]).get("/", query_string={"it": text})) == [
        "/it"
    ]
    body = {"price": text}
    for document in (json.dumps(body), json.dumps(body, ensure_ascii=False)):
        client = client_for(Body[Struct])
        assert pointers(client.post("/", data=document, content_type="application/json")) == [
            "/price"
        ]
    escaped = '{"price": "' + "".join(f"\\u{ord(letter):04x}" for letter in text) + '"}'
    sent = client_for(Body[Struct]).post("/", data=escaped, content_type="application/json")
    assert pointers(sent) == ["/price"]


def test_decimals_in_headers_refuse_them() -> None:
    client = client_for(Header[list[decimal.Decimal]])
    assert client.get("/", headers={"It": "1, 2.5"}).text == "[Decimal('1'), Decimal('2.5')]"
    assert pointers(client.get("/", headers={"It": "1, NaN"})) == ["/it"]


def test_they_are_refused_before_a_models_own_check_compares_them() -> None:
    client = client_for(Body[Positive])
    assert client.post("/", json={"price": "4"}).status_code == 200
    for text in ("NaN", "sNaN"):
        assert pointers(client.post("/", json={"price": text})) == ["/price"]


def test_other_faults_dont_hide_them_from_the_check() -> None:
    body = {"position": {"price": "NaN"}, "numbers": ["x"] * 100}
    assert len(pointers(client_for(Body[Order]).post("/", json=body))) == 50


def test_deep_data_dont_hide_them() -> None:
    body = '{"price":"1","next":' * 400 + '{"price":"NaN"}' + "}" * 400
    sent = client_for(Body[Node]).post("/", data=body, content_type="application/json")
    assert sent.status_code == 422


def test_words_that_begin_alike_are_accepted() -> None:
    class Named(msgspec.Struct):
        name: str
        price: decimal.Decimal
        counts: dict[str, int]

    body = {"name": "Nancy", "price": "1", "counts": {"inf": 1, "nan": 2.0}}
    sent = client_for(Body[Named]).post("/", json=body)
    assert sent.status_code == 200
    assert "'Nancy', price=Decimal('1'), counts={'inf': 1, 'nan': 2}" in sent.text


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e400", "1" * 400 + ".0"])
def test_pydantics_json_is_that_of_other_models(text: str) -> None:
    for model in (Model, Struct):
        body = f'{{"size": {text}}}'
        sent = client_for(Body[model]).post("/", data=body, content_type="application/json")
        assert sent.status_code == 400


def test_message_pack_refuses_them() -> None:
    kind = "application/msgpack"
    client = client_for(Annotated[Struct, Body(content_type=kind)])
    for size, status in ((1.5, 200), (float("inf"), 422), (float("nan"), 422)):
        body = msgspec.msgpack.encode({"size": size})
        assert client.post("/", data=body, content_type=kind).status_code == status


@given(st.text(st.sampled_from("nNaAiIfFsStTyY _+-1\t\n\u3000\u00a0"), max_size=9))
def test_every_spelling_that_decimals_accept_is_noticed(text: str) -> None:
    try:
        is_finite = decimal.Decimal(text).is_finite()
    except decimal.InvalidOperation:
        return
    if not is_finite:
        assert may_be_not_finite({"a": [text]})
        assert json_may_be_not_finite(msgspec.json.encode([text]))
