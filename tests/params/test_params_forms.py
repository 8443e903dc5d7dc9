"""Forms and uploads."""

import io
from typing import Annotated, Any

import msgspec
import pytest
from werkzeug.datastructures import FileStorage

from flask import Flask, json
from flask.params import File, Form


class Login(msgspec.Struct):
    name: Annotated[str, msgspec.Meta(min_length=1)]
    remember: bool = False
    roles: list[str] = []


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.testing = True
    return app


def errors(response: Any) -> list[tuple[str, str]]:
    assert response.status_code == 422
    return [(it["pointer"], it["code"]) for it in json.loads(response.data)["errors"]]


@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "multipart/form-data"]
)
def test_fields_are_converted(app: Flask, content_type: str) -> None:
    @app.post("/")
    def view(age: Form[int], name: Form[str] = "nobody", tags: Form[list[str]] = []) -> str:  # noqa: B006
        return f"{name} {age} {tags}"

    client = app.test_client()
    sent = client.post("/", data={"age": "3", "tags": ["a", "b"]}, content_type=content_type)
    assert sent.text == "nobody 3 ['a', 'b']"
    wrong = client.post("/", data={"age": "x"}, content_type=content_type)
    assert errors(wrong) == [("/age", "type")]


def test_a_model_is_the_whole_form(app: Flask) -> None:
    @app.post("/")
    def view(it: Form[Login]) -> str:
        return repr(it)

    client = app.test_client()
    sent = client.post("/", data={"name": "ada", "remember": "true", "roles": ["a", "b"]})
    assert sent.text == "Login(name='ada', remember=True, roles=['a', 'b'])"
    assert errors(client.post("/", data={"name": "", "remember": "1"})) == [
        ("/name", "too_short"),
        ("/remember", "type"),
    ]
    assert "remember=True" in client.post("/", data={"name": "a", "remember": "on"}).text
    assert errors(client.post("/", data={"name": ["a", "b"]})) == [("/name", "type")]
    assert errors(client.post("/")) == [("/name", "missing")]


def test_another_content_type_is_refused(app: Flask) -> None:
    @app.post("/")
    def view(it: Form[int]) -> str:
        return str(it)

    assert app.test_client().post("/", json={"it": 1}).status_code == 415


def declare_upload(app: Flask) -> None:
    @app.post("/")
    def view(
        title: Form[str],
        picture: Annotated[
            FileStorage, File(max_size=10, content_types=["image/*"], description="A picture")
        ],
        note: File[bytes | None] = None,
    ) -> str:
        return f"{title} {picture.filename} {picture.read()!r} {note!r}"


def upload(content: bytes, name: str = "a.png") -> tuple[io.BytesIO, str]:
    return io.BytesIO(content), name


def test_files_come_with_fields(app: Flask) -> None:
    declare_upload(app)
    client = app.test_client()
    sent = client.post("/", data={"title": "A", "picture": upload(b"abc")})
    assert sent.text == "A a.png b'abc' None"
    sent = client.post(
        "/", data={"title": "A", "picture": upload(b"abc"), "note": upload(b"n", "n.txt")}
    )
    assert sent.text == "A a.png b'abc' b'n'"


def test_all_faults_of_an_upload_are_listed(app: Flask) -> None:
    declare_upload(app)
    client = app.test_client()
    refused = client.post("/", data={"picture": upload(b"a" * 11, "a.txt")})
    assert errors(refused) == [
        ("/title", "missing"),
        ("/picture", "too_long"),
        ("/picture", "media_type"),
    ]
    none = client.post("/", data={"title": "A"}, content_type="multipart/form-data")
    assert errors(none) == [("/picture", "missing")]
    text = client.post("/", data={"title": "A", "picture": upload(b"a"), "note": "text"})
    assert errors(text) == [("/note", "type")]
    unchosen = client.post("/", data={"title": "A", "picture": upload(b"", "")})
    assert errors(unchosen) == [("/picture", "missing")]


def test_a_list_takes_all_files_of_a_name(app: Flask) -> None:
    @app.post("/")
    def view(files: Annotated[list[bytes], File(max_length=2)]) -> str:
        return repr(files)

    client = app.test_client()
    assert client.post("/", data={"files": [upload(b"a"), upload(b"b")]}).text == "[b'a', b'b']"
    three = client.post("/", data={"files": [upload(b"a")] * 0 + [upload(b"x") for _ in range(3)]})
    assert errors(three) == [("/files", "too_long")]
    none = client.post("/", data={}, content_type="multipart/form-data")
    assert errors(none) == [("/files", "missing")]


def test_the_type_of_a_file_is_checked_at_set_up(app: Flask) -> None:
    def view(it: File[int]) -> str:
        return ""

    with pytest.raises(TypeError, match=r"'it' has the type.*FileStorage or bytes"):
        app.add_url_rule("/", view_func=view)
