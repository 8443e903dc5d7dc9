"""Hostile input to typed views: an answer below 500, short, and without what was sent."""

from __future__ import annotations

import json
from typing import Annotated, Any, TypedDict

import msgspec
import pydantic
import pytest

from flask import Flask
from flask.params import Body, Cookie, Form, Header, Query

SECRET = "hunter2-hunter2"
MOST_ANSWER = 30_000
"""The most bytes of a refusal: fifty faults with their pointers and messages."""


class Node(msgspec.Struct):
    value: int = 0
    next: Node | None = None
    others: list[Node] = []
    named: dict[str, Node] = {}


class Closed(msgspec.Struct, forbid_unknown_fields=True):
    password: Annotated[str, msgspec.Meta(max_length=5)]
    kind: Annotated[int, msgspec.Meta(ge=0)] = 0


class Model(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid")
    password: str = pydantic.Field(max_length=5)
    numbers: list[int] = []
    inner: Model | None = None


class Row(TypedDict):
    password: Annotated[str, msgspec.Meta(max_length=5)]


KINDS: dict[str, Any] = {
    "node": Node,
    "closed": Closed,
    "pydantic": Model,
    "row": Row,
    "numbers": list[int],
    "floats": list[float],
    "texts": dict[str, str],
    "any": Any,
    "union": int | str | list[int] | None,
}


@pytest.fixture(scope="module")
def client() -> Any:
    app = Flask(__name__)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    for name, kind in KINDS.items():

        def view(it: Any) -> str:
            return "taken"

        view.__annotations__ = {"it": Body[kind]}
        app.add_url_rule(f"/{name}", name, view, methods=["POST"])

    @app.route("/strings", methods=["GET", "POST"])
    def strings(
        number: Query[int] = 0,
        numbers: Query[list[int]] = [],  # noqa: B006
        x_number: Header[int] = 0,
        token: Cookie[Annotated[str, msgspec.Meta(max_length=5)]] = "",
        text: Form[Annotated[str, msgspec.Meta(max_length=5)]] = "",
    ) -> str:
        return "taken"

    return app.test_client(use_cookies=False)


def nested(depth: int, before: str, after: str, inside: str = "1") -> bytes:
    return (before * depth + inside + after * depth).encode()


BODIES = {
    "nothing": b"",
    "deep arrays": b"[" * 200_000,
    "deep arrays, closed": nested(100_000, "[", "]"),
    "deep objects": nested(100_000, '{"next":', "}"),
    "deep, within the limit": nested(300, '{"next":', "}", '{"value":"x"}'),
    "deep in a dict": nested(300, '{"named":{"a":', "}}", "1"),
    "a number of ten million digits": b"1" * 10_000_000,
    "a list with it": b"[" + b"1" * 10_000_000 + b"]",
    "a fraction of a million digits": b"0." + b"1" * 1_000_000,
    "a large exponent": b"[1e999999999]",
    "NaN": b"[NaN]",
    "infinity": b'{"value": -Infinity}',
    "repeated keys": b'{"value": 1, "value": "x", "password": 1, "password": 2}',
    "a lone surrogate": b'{"password": "\\ud800"}',
    "a lone surrogate as a key": b'{"\\udfff": 1}',
    "bytes that are no UTF-8": b'{"password": "\xff\xfe"}',
    "overlong UTF-8": b'["\xc0\x80"]',
    "a byte order mark": b'\xef\xbb\xbf{"password": "a"}',
    "UTF-16": '{"password": "a"}'.encode("utf-16"),
    "a null byte": b'{"password": "\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000"}',
    "half a million wrong items": b"[" + b'"x",' * 500_000 + b'"x"]',
    "half a million right items": b"[" + b"1," * 500_000 + b"1]",
    "many unknown fields": json.dumps({f"{SECRET}{n}": n for n in range(50_000)}).encode(),
    "a long unknown field": json.dumps({"x" * 1_000_000: 1, "password": "a"}).encode(),
    "pointers in keys": json.dumps({"a/b~c" * 1000: {"d/e": 1}}).encode(),
    "white space": b" " * 1_000_000,
    "comments": b"/* no */ {}",
    "two documents": b"{} {}",
    "a secret of the wrong length": json.dumps({"password": SECRET}).encode(),
    "a secret of the wrong type": json.dumps({"password": [SECRET], "kind": SECRET}).encode(),
    "a secret in a list": json.dumps([SECRET, {SECRET: SECRET}]).encode(),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_hostile_body_is_answered_shortly(client: Any, kind: str, body: bytes) -> None:
    response = client.post(f"/{kind}", data=body, content_type="application/json")
    assert response.status_code in (200, 400, 422)
    assert len(response.data) < MOST_ANSWER
    if response.status_code != 200:
        document = json.loads(response.data)
        assert 1 <= len(document["errors"]) <= 50
        messages = [error["message"] for error in document["errors"]]
        assert SECRET not in "".join(messages)


STRINGS = ["", "x", "9" * 100_000, "-", "1e400", "nan", "\0", "%00", "%ff", "%ud800", "a=b", "é"]


@pytest.mark.parametrize("text", STRINGS)
def test_hostile_strings_are_answered_shortly(client: Any, text: str) -> None:
    raw = text.encode().decode("latin1")
    query = f"number={raw}&" + f"numbers={raw}&" * 500 + "=&&;%&%zz=%"
    environ = {
        "QUERY_STRING": query,
        "HTTP_X_NUMBER": raw,
        "HTTP_COOKIE": f"token={raw}{SECRET}; token=; =; {raw}",
    }
    response = client.get("/strings", environ_overrides=environ)
    assert response.status_code == 422
    assert len(response.data) < MOST_ANSWER
    assert SECRET.encode() not in response.data


@pytest.mark.parametrize(
    "body",
    [
        b"text=" + SECRET.encode(),
        b"&".join(b"text=1" for _ in range(900)),
        b"text=%ff%fe%00aaaaa",
        b"=" * 100_000,
    ],
)
def test_hostile_forms_are_answered_shortly(client: Any, body: bytes) -> None:
    response = client.post("/strings", data=body, content_type="application/x-www-form-urlencoded")
    assert response.status_code in (200, 413, 422)
    assert len(response.data) < MOST_ANSWER
    assert SECRET.encode() not in response.data


@pytest.mark.parametrize(
    "content_type",
    ["application/json" + "; a=b" * 10_000, "application/" + "+json" * 10_000, "/", ";", "\xff"],
)
def test_hostile_content_types_are_answered(client: Any, content_type: str) -> None:
    environ = {"CONTENT_TYPE": content_type}
    response = client.post("/node", data=b"{}", environ_overrides=environ)
    assert response.status_code in (200, 415)


WRONG: list[Any] = [None, True, 0, -1, 1.5, "", "x", [], [1], {}, {"a": 1}, [[]], 10**30]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "any"])
@pytest.mark.parametrize("wrong", WRONG, ids=repr)
def test_a_wrong_type_at_each_place_is_answered(client: Any, kind: str, wrong: Any) -> None:
    right = {"value": 1, "next": {"value": 2}, "others": [{}], "named": {"a": {}}}
    documents: list[Any] = [wrong, [wrong], {"password": wrong}, {"a": wrong}]
    documents += [{**right, name: wrong} for name in right]
    documents += [{"next": {"next": wrong}}, {"others": [{}, wrong]}, {"named": {"a": wrong}}]
    for document in documents:
        response = client.post(f"/{kind}", json=document)
        assert response.status_code in (200, 422)
