"""The URL map: rules and settings that are added later count from the next request."""

from __future__ import annotations

import pytest
import werkzeug.routing
from werkzeug.routing import Rule, Submount

from flask import Flask
from flask.routing.map import Map


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.add_url_rule("/", "index", lambda: "index")
    assert app.test_client().get("/").text == "index"
    return app


def test_rules_added_to_the_map_are_found(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/later").status_code == 404
    app.url_map.add(Rule("/later", endpoint="index", methods=["GET"]))
    assert client.get("/later").text == "index"
    app.url_map.add(Submount("/under", [Rule("/<int:n>", endpoint="number")]))
    app.view_functions["number"] = lambda n: str(n)
    assert client.get("/under/7").text == "7"
    assert client.get("/under/x").status_code == 404


@pytest.mark.parametrize(
    ("setting", "path", "before", "after"),
    [("merge_slashes", "/a//b", 308, 404), ("strict_slashes", "/dir", 308, 308)],
)
def test_settings_of_the_map_count(
    app: Flask, setting: str, path: str, before: int, after: int
) -> None:
    app.url_map.add(Rule("/a/b", endpoint="index", methods=["GET"]))
    app.url_map.add(Rule("/dir/", endpoint="index", methods=["GET"]))
    client = app.test_client()
    assert client.get(path).status_code == before
    setattr(app.url_map, setting, False)
    assert client.get(path).status_code == after


def test_another_map_is_used(app: Flask) -> None:
    app.url_map = Map([Rule("/other", endpoint="index", methods=["GET"])])
    client = app.test_client()
    assert client.get("/other").text == "index"
    assert client.get("/").status_code == 404


def test_werkzeugs_own_map_is_used(app: Flask) -> None:
    app.url_map = werkzeug.routing.Map([Rule("/other", endpoint="index", methods=["GET"])])
    client = app.test_client()
    assert client.get("/other").text == "index"
    assert client.get("/").status_code == 404
    app.url_map.add(Rule("/third", endpoint="index", methods=["GET"]))
    assert client.get("/third").text == "index"


def test_a_map_counts_its_changes() -> None:
    made = Map()
    seen = [made.version]
    made.add(Rule("/a", endpoint="one"))
    seen.append(made.version)
    made.redirect_defaults = False
    seen.append(made.version)
    made.sort_parameters = True
    assert seen[0] < seen[1] < seen[2] == made.version
