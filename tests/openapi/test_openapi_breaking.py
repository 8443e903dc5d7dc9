"""Breaking changes: found where clients of the earlier document would fail, and only there."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from flask import Blueprint, Flask
from flask.openapi import OpenAPI, find_breaking_changes
from flask.params import Body, Query

JSON = "application/json"

EARLIER: dict[str, Any] = {
    "openapi": "3.1.0",
    "paths": {
        "/items/{id}": {
            "put": {
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}},
                    {"name": "page", "in": "query", "schema": {"type": "integer", "maximum": 9}},
                ],
                "requestBody": {"content": {JSON: {"schema": {"$ref": "#/components/schemas/In"}}}},
                "responses": {
                    "200": {
                        "headers": {"Location": {}},
                        "content": {JSON: {"schema": {"$ref": "#/components/schemas/Out"}}},
                    },
                    "404": {},
                },
            }
        }
    },
    "components": {
        "schemas": {
            "In": {
                "type": "object",
                "properties": {
                    "name": {"type": "string", "minLength": 1},
                    "kind": {"enum": ["a", "b"]},
                    "parts": {"type": "array", "items": {"$ref": "#/components/schemas/In"}},
                },
                "required": ["name"],
            },
            "Out": {
                "type": "object",
                "properties": {"name": {"type": "string"}, "state": {"enum": ["new", "old"]}},
                "required": ["name"],
            },
        }
    },
}

PUT = ("paths", "/items/{id}", "put")
BODY = ("components", "schemas", "In")
SENT = ("components", "schemas", "Out")
NOTHING: Any = object()


def changed(place: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """Answer the earlier document with another value at a place, or nothing there."""
    document = copy.deepcopy(EARLIER)
    target: Any = document
    for step in place[:-1]:
        target = target[step]
    if value is NOTHING:
        del target[place[-1]]
    elif isinstance(target, list) and place[-1] == len(target):
        target.append(value)
    else:
        target[place[-1]] = value
    return document


@pytest.mark.parametrize(
    ("place", "value", "change"),
    [
        (PUT, NOTHING, "PUT /items/{id}: removed"),
        ((*PUT, "parameters", 1), NOTHING, "query parameter 'page': removed"),
        ((*PUT, "parameters", 1, "required"), True, "query parameter 'page': now required"),
        ((*PUT, "parameters", 1, "schema", "maximum"), 8, "maximum changed from 9 to 8"),
        ((*PUT, "parameters", 1, "schema", "minimum"), 1, "minimum changed from None to 1"),
        ((*PUT, "parameters", 0, "schema", "type"), "string", "type integer is now string"),
        (
            (*PUT, "parameters", 2),
            {"name": "new", "in": "header", "required": True, "schema": {}},
            "header parameter 'new': new and required",
        ),
        ((*PUT, "requestBody", "required"), True, "the request body is now required"),
        ((*PUT, "requestBody", "content"), {}, "application/json is no longer accepted"),
        ((*PUT, "responses", "200"), NOTHING, "response 200: removed"),
        ((*PUT, "responses", "200", "content"), {}, "application/json is no longer sent"),
        ((*PUT, "responses", "200", "headers"), {}, "header 'Location' removed"),
        ((*PUT, "security"), [{"key": []}], "other authentication is required"),
        ((*BODY, "required"), ["name", "kind"], "'kind': now required"),
        ((*BODY, "properties", "new"), {}, None),
        ((*BODY, "required"), ["name", "new"], "'new': new and required"),
        ((*BODY, "properties", "kind", "enum"), ["a"], "'kind': the allowed values changed"),
        ((*BODY, "properties", "name", "minLength"), 2, "'name': minLength changed from 1 to 2"),
        ((*BODY, "properties", "name", "pattern"), "^a", "'name': pattern changed from None to ^a"),
        ((*SENT, "required"), [], "'name': no longer always there"),
        ((*SENT, "properties", "name"), NOTHING, "'name': removed"),
        ((*SENT, "properties", "name", "type"), ["null"], "'name': type string is now null"),
        ((*SENT, "properties", "state", "enum"), ["old", "lost"], "the allowed values changed"),
    ],
)  # fmt: skip
def test_a_breaking_change_is_found(place: Any, value: Any, change: str | None) -> None:
    found = find_breaking_changes(EARLIER, changed(place, value))
    if change is None:
        assert found == []
    else:
        assert len(found) == 1
        assert change in found[0]


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ((*PUT, "parameters", 1, "schema", "maximum"), 10),
        ((*PUT, "parameters", 1, "schema", "type"), "number"),
        ((*PUT, "parameters", 2), {"name": "new", "in": "query", "schema": {}}),
        ((*PUT, "responses", "404"), NOTHING),
        ((*PUT, "responses", "201"), {}),
        ((*PUT, "security"), []),
        ((*BODY, "required"), []),
        ((*BODY, "properties", "kind", "enum"), ["a", "b", "c"]),
        ((*BODY, "properties", "name"), NOTHING),
        ((*SENT, "required"), ["name", "state"]),
        ((*SENT, "properties", "state", "enum"), ["new"]),
        ((*SENT, "properties", "more"), {"type": "string"}),
    ],
)
def test_a_change_that_breaks_nothing_is_not_reported(place: Any, value: Any) -> None:
    assert find_breaking_changes(EARLIER, changed(place, value)) == []


def test_another_name_for_a_variable_of_the_path_breaks_nothing() -> None:
    text = json.dumps(EARLIER).replace("{id}", "{item}").replace('"id"', '"item"')
    assert find_breaking_changes(EARLIER, json.loads(text)) == []


def test_a_document_breaks_nothing_of_itself() -> None:
    assert find_breaking_changes(EARLIER, EARLIER) == []


# The command


class Item(msgspec.Struct):
    name: str


class Stricter(msgspec.Struct):
    name: str
    size: int


def make_app(model: Any) -> Flask:
    app = Flask(__name__)
    OpenAPI(app, title="Shop")
    bp = Blueprint("v1", __name__, url_prefix="/v1")
    OpenAPI(bp, title="Version 1")

    def view(it: Any) -> str:
        return ""

    view.__annotations__["it"] = Body[model]
    app.add_url_rule("/items", "items", view, methods=["POST"])

    @bp.get("/")
    def index(page: Query[int] = 1) -> str:
        return ""

    app.register_blueprint(bp)
    return app


def test_the_command_prints_the_document() -> None:
    app = make_app(Item)
    done = app.test_cli_runner().invoke(args=["openapi"])
    assert done.exit_code == 0
    assert json.loads(done.output) == app.test_client().get("/openapi.json").json
    assert done.output.startswith('{\n  "openapi"')
    one_line = app.test_cli_runner().invoke(args=["openapi", "--indent", "0"])
    assert one_line.output.count("\n") == 1


def test_the_command_prints_a_blueprints_document() -> None:
    runner = make_app(Item).test_cli_runner()
    done = runner.invoke(args=["openapi", "--blueprint", "v1"])
    assert json.loads(done.output)["info"]["title"] == "Version 1"
    unknown = runner.invoke(args=["openapi", "--blueprint", "v2"])
    assert unknown.exit_code == 2
    assert "There is no document for 'v2'; blueprints with one: 'v1'." in unknown.output


def test_the_command_fails_on_breaking_changes(tmp_path: Path) -> None:
    kept = tmp_path / "openapi.json"
    runner = make_app(Item).test_cli_runner()
    assert runner.invoke(args=["openapi", "--output", str(kept)]).exit_code == 0
    same = runner.invoke(args=["openapi", "--check", str(kept)])
    assert (same.exit_code, same.output) == (0, "No breaking changes.\n")
    stricter = make_app(Stricter).test_cli_runner().invoke(args=["openapi", "--check", str(kept)])
    assert stricter.exit_code == 1
    assert "POST /items: request body: 'size': new and required" in stricter.output
    kept.write_text("{")
    broken = runner.invoke(args=["openapi", "--check", str(kept)])
    assert broken.exit_code == 1
    assert "is not a JSON document" in broken.output


def test_applications_without_a_document_have_no_such_command() -> None:
    done = Flask(__name__).test_cli_runner().invoke(args=["openapi"])
    assert done.exit_code == 2
    assert "No such command 'openapi'" in done.output
