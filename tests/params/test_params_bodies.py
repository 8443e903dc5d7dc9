"""Bodies: content types, refusals by status, and who else may read the body."""

import io
from typing import Annotated, Any
from unittest import mock

import msgspec
import pytest

from flask import Flask, Request, json, request
from flask.params import Body, responds


class Item(msgspec.Struct):
    name: str
    size: int = 1


class Closed(msgspec.Struct, forbid_unknown_fields=True):
    name: str


class Node(msgspec.Struct):
    value: int
    children: "list[Node]" = []


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.testing = True
    return app


def post(app: Flask, annotation: Any, data: bytes, content_type: str | None = None) -> Any:
    """Post a body to a view that takes it as the annotation says, and echoes it."""

    def view(it: Any) -> str:
        return repr(it)

    view.__annotations__["it"] = annotation
    app.add_url_rule("/", view_func=view, methods=["POST"])
    return app.test_client().post("/", data=data, content_type=content_type)


def errors(response: Any) -> list[tuple[str, str, str]]:
    assert response.content_type == "application/problem+json"
    found = json.loads(response.data)["errors"]
    return [(it["in"], it["pointer"], it["code"]) for it in found]


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/a+json",
    ],
)
def test_json_is_taken_under_each_of_its_types(app: Flask, content_type: str) -> None:
    response = post(app, Body[Item], b'{"name": "a"}', content_type)
    assert response.text == "Item(name='a', size=1)"


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "json"]
)
def test_another_content_type_is_refused(app: Flask, content_type: str) -> None:
    response = post(app, Body[Item], b'{"name": "a"}', content_type)
    assert response.status_code == 415
    assert errors(response) == [("header", "/Content-Type", "media_type")]


def test_a_body_without_a_content_type_is_refused(app: Flask) -> None:
    response = post(app, Body[Item], b'{"name": "a"}')
    assert response.status_code == 415


@pytest.mark.parametrize("content_type", [None, "application/json"])
def test_no_body_is_a_missing_one(app: Flask, content_type: str | None) -> None:
    response = post(app, Body[Item], b"", content_type)
    assert response.status_code == 422
    assert errors(response) == [("body", "", "missing")]


@pytest.mark.parametrize("content_type", [None, "application/json"])
def test_no_body_is_the_default(app: Flask, content_type: str | None) -> None:
    @app.post("/default")
    def view(it: Body[Item | None] = None) -> str:
        return repr(it)

    client = app.test_client()
    assert client.post("/default", content_type=content_type).text == "None"
    assert client.post("/default", json={"name": "a"}).text == "Item(name='a', size=1)"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"{", "not_json"),
        (b'{"name": "a"} x', "not_json"),
        (b'{"name": NaN}', "not_json"),
        (b'{"name": "a", "size": 1, "other": }', "not_json"),
        (b'{"size": "x", "name": "a" ', "not_json"),
        (b'"\xff"', "not_json"),
        (b"[" * 100_000, "too_deep"),
    ],
)
def test_what_is_not_json_is_a_bad_request(app: Flask, data: bytes, code: str) -> None:
    response = post(app, Body[Item], data, "application/json")
    assert response.status_code == 400
    assert errors(response) == [("body", "", code)]


@pytest.mark.parametrize(
    ("data", "faults"),
    [
        (b"[]", [("body", "", "type")]),
        (b"null", [("body", "", "type")]),
        (b"{}", [("body", "/name", "missing")]),
        (b'{"name": 1, "size": "1"}', [("body", "/name", "type"), ("body", "/size", "type")]),
        (b'{"name": "a", "size": true}', [("body", "/size", "type")]),
        (b'{"name": "a", "size": 1.5}', [("body", "/size", "type")]),
    ],
)
def test_json_of_another_shape_is_refused(app: Flask, data: bytes, faults: Any) -> None:
    response = post(app, Body[Item], data, "application/json")
    assert response.status_code == 422
    assert errors(response) == faults


def test_a_whole_number_is_an_integer_however_it_is_written(app: Flask) -> None:
    data = b'{"name": "a", "size": 4.0}'
    assert post(app, Body[Item], data, "application/json").text == "Item(name='a', size=4)"
    client = app.test_client()
    large = client.post("/", data=b'{"name": "a", "size": 1e300}', content_type="application/json")
    assert errors(large) == [("body", "/size", "type")]


def test_unknown_fields_are_as_the_model_says(app: Flask) -> None:
    assert post(app, Body[Item], b'{"name": "a", "x": 1}', "application/json").status_code == 200
    other = Flask(__name__)
    refused = post(other, Body[Closed], b'{"name": "a", "x/y": 1, "~": 2}', "application/json")
    assert errors(refused) == [("body", "/x~1y", "unknown_field"), ("body", "/~0", "unknown_field")]


def test_a_model_may_hold_itself(app: Flask) -> None:
    data = b'{"value": 1, "children": [{"value": 2}, {"value": "x", "children": [{}]}]}'
    refused = post(app, Body[Node], data, "application/json")
    assert errors(refused) == [
        ("body", "/children/1/value", "type"),
        ("body", "/children/1/children/0/value", "missing"),
    ]


def test_messagepack_is_taken_where_it_is_declared(app: Flask) -> None:
    annotation = Annotated[Item, Body(content_type=["application/json", "application/msgpack"])]
    data = msgspec.msgpack.encode({"name": "a"})
    assert post(app, annotation, data, "application/msgpack").text == "Item(name='a', size=1)"
    client = app.test_client()
    wrong = msgspec.msgpack.encode({"name": 1})
    refused = client.post("/", data=wrong, content_type="application/msgpack")
    assert errors(refused) == [("body", "/name", "type")]
    garbage = client.post("/", data=b"\xc1", content_type="application/msgpack")
    assert (garbage.status_code, errors(garbage)) == (400, [("body", "", "not_msgpack")])
    assert client.post("/", json={"name": "a"}).status_code == 200


def test_bytes_are_the_body_as_it_is(app: Flask) -> None:
    assert post(app, Body[bytes], b"\0\xff", "application/octet-stream").text == r"b'\x00\xff'"
    assert app.test_client().post("/", data=b"{}", content_type="text/plain").status_code == 415


def test_ranges_of_media_types_are_accepted(app: Flask) -> None:
    annotation = Annotated[bytes, Body(content_type="image/*", max_length=3)]
    assert post(app, annotation, b"abc", "image/png").text == "b'abc'"
    client = app.test_client()
    refused = client.post("/", data=b"abcd", content_type="image/png")
    assert errors(refused) == [("body", "", "too_long")]


def test_text_is_decoded(app: Flask) -> None:
    annotation = Annotated[str, Body(content_type="text/plain")]
    assert post(app, annotation, "ä".encode(), "text/plain").text == "'ä'"
    client = app.test_client()
    latin = client.post("/", data=b"\xe4", content_type="text/plain; charset=latin1")
    assert latin.text == "'ä'"
    for charset in ("utf-8", "no-such-charset"):
        refused = client.post("/", data=b"\xe4", content_type=f"text/plain; charset={charset}")
        assert refused.status_code == 400


def test_a_string_is_json_unless_another_type_is_declared(app: Flask) -> None:
    assert post(app, Body[str], b'"a"', "application/json").text == "'a'"


def test_a_body_that_is_too_long_is_refused(app: Flask) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 20
    assert post(app, Body[Item], b'{"name": "a"}', "application/json").status_code == 200
    long = app.test_client().post("/", json={"name": "a" * 20})
    assert long.status_code == 413


def test_the_body_can_be_read_again(app: Flask) -> None:
    seen = []

    @app.post("/")
    def view(it: Body[Item]) -> str:
        seen.append(request.get_data())
        return repr(request.json)

    @app.after_request
    def note(response: Any) -> Any:
        seen.append(request.get_data())
        return response

    assert app.test_client().post("/", json={"name": "a"}).text == "{'name': 'a'}"
    assert [json.loads(it) for it in seen] == [{"name": "a"}, {"name": "a"}]


def test_a_hook_may_have_read_the_body_before(app: Flask) -> None:
    app.before_request(lambda: request.get_data() and None)
    assert post(app, Body[Item], b'{"name": "a"}', "application/json").status_code == 200


def test_a_request_class_may_read_the_body_its_own_way(app: Flask) -> None:
    class Own(Request):
        def get_data(self, *args: Any, **kwargs: Any) -> Any:
            return super().get_data(*args, **kwargs).replace(b"a", b"b")

    app.request_class = Own
    response = post(app, Body[Item], b'{"nbme": "a"}'.replace(b"nb", b"na"), "application/json")
    assert response.status_code == 422  # "name" became "nbme"


def test_a_patched_request_reads_the_body(app: Flask) -> None:
    with mock.patch.object(Request, "get_data", return_value=b'{"name": "patched"}'):
        response = post(app, Body[Item], b'{"name": "a"}', "application/json")
    assert "patched" in response.text


class InPieces(io.RawIOBase):
    """A stream that gives one byte at a time."""

    def __init__(self, data: bytes) -> None:
        self.data = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self.data.read(1)

    def readinto(self, buffer: Any) -> int:
        piece = self.read()
        buffer[: len(piece)] = piece
        return len(piece)


class Broken(InPieces):
    def read(self, size: int = -1) -> bytes:
        raise OSError("connection reset")


BODY = b'{"name": "a"}'


@pytest.mark.parametrize(
    ("stream", "length", "status"),
    [
        (InPieces(BODY), len(BODY), 200),
        (InPieces(BODY), len(BODY) + 1, 400),
        (Broken(BODY), len(BODY), 400),
        (io.BytesIO(BODY + b"next"), len(BODY), 200),
    ],
)
def test_the_announced_length_is_read(app: Flask, stream: Any, length: int, status: int) -> None:
    @app.post("/")
    @responds(200)
    def view(it: Body[Item]) -> str:
        return it.name

    response = app.test_client().post(
        "/",
        content_type="application/json",
        environ_overrides={"wsgi.input": stream, "CONTENT_LENGTH": str(length)},
    )
    assert response.status_code == status


@pytest.mark.parametrize("size", [10, 70_000])
def test_short_and_long_bodies_are_read_alike(app: Flask, size: int) -> None:
    @app.post("/")
    def view(it: Body[Item]) -> str:
        return str(len(it.name))

    assert app.test_client().post("/", json={"name": "a" * size}).text == str(size)
