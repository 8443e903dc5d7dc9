"""functions-framework: functions of a source file served over HTTP, events decoded."""

from __future__ import annotations

import sys

import pytest
from functions_framework import create_app
from functions_framework.exceptions import MissingTargetException
from server_process import running

# It logs where it listens only if asked to.
LOGGING = {"GUNICORN_LOG_LEVEL": "info"}
SOURCE = """
import functions_framework
from flask import abort, jsonify, render_template


@functions_framework.http
def hello(request):
    name = request.args.get("name", "World")
    if name == "nobody":
        abort(404)
    if name == "broken":
        raise LookupError(name)
    return f"Hello {name} {request.method} {request.path}"


def plain(request):
    return jsonify(request.get_json()), 201, {"X-Kind": "plain"}


def page(request):
    return render_template("page.html", word="a<b")


class Word:
    def __init__(self, text):
        self.text = text

    @staticmethod
    def from_dict(data):
        return Word(data["text"])

    def to_dict(self):
        return {"text": self.text}


@functions_framework.typed
def typed(word: Word):
    return Word(word.text * 2)


@functions_framework.cloud_event
def on_event(event):
    print(event["type"], event.data["word"], flush=True)


@functions_framework.errorhandler(LookupError)
def handle(error):
    return f"lost {error}", 418
"""


@pytest.fixture
def source(tmp_path):
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.html").write_text("<b>{{ word }}</b>")
    file = tmp_path / "main.py"
    file.write_text(SOURCE)
    return str(file)


def test_a_function_answers_every_path_and_method(source):
    client = create_app("hello", source).test_client()
    assert client.get("/").text == "Hello World GET /"
    assert client.put("/any/path?name=Ann").text == "Hello Ann PUT /any/path"
    assert client.get("/robots.txt").status_code == 404
    assert client.get("/?name=nobody").status_code == 404


def test_its_own_error_handler(source):
    answer = create_app("hello", source).test_client().get("/?name=broken")
    assert (answer.status_code, answer.text) == (418, "lost broken")


def test_any_answer_a_view_may_give(source):
    client = create_app("plain", source).test_client()
    answer = client.post("/", json={"a": [1]})
    assert (answer.status_code, answer.json, answer.headers["X-Kind"]) == (201, {"a": [1]}, "plain")
    assert client.post("/", data="{", content_type="application/json").status_code == 400
    assert create_app("page", source).test_client().get("/").text == "<b>a&lt;b</b>"


def test_typed_functions(source):
    client = create_app("typed", source).test_client()
    assert client.post("/", json={"text": "ab"}).text == '{"text": "abab"}'
    assert client.post("/", json={"word": "ab"}).status_code == 500


def test_cloud_events_are_decoded(source, capsys):
    client = create_app("on_event", source, "cloudevent").test_client()
    headers = {
        "ce-specversion": "1.0",
        "ce-id": "1",
        "ce-type": "shop.sold",
        "ce-source": "shop",
    }
    assert client.post("/", json={"word": "book"}, headers=headers).text == "OK"
    assert "shop.sold book" in capsys.readouterr().out
    assert client.post("/", json={"word": "book"}).status_code == 400


def test_a_missing_function_is_reported(source):
    with pytest.raises(MissingTargetException):
        create_app("absent", source)


@pytest.mark.uses("gunicorn")
def test_from_the_command_line(source, tmp_path):
    arguments = ["--target", "hello", "--source", source, "--host", "127.0.0.1", "--port", "0"]
    command = [sys.executable, "-m", "functions_framework", *arguments]
    with running(command, tmp_path, tmp_path / "log", **LOGGING) as server:
        assert server.fetch("/a?name=Ann").text == "Hello Ann GET /a"
        assert server.fetch("/?name=nobody").status == 404
