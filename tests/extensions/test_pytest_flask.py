"""pytest-flask: a project's tests, run by pytest in a separate process."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

CONFTEST = """
import flask
import pytest

@pytest.fixture(scope="session")
def app():
    app = flask.Flask("shop")
    app.config["NAME"] = "shop"
    app.get("/")(lambda: {"hello": flask.request.args.get("name", "world")})
    app.get("/accept", endpoint="accept")(lambda: flask.request.headers.get("Accept", "none"))
    return app
"""

GOOD = """
import flask
import pytest
from urllib.request import urlopen

def test_client_has_json(client):
    assert client.get("/?name=ada").json == {"hello": "ada"}

def test_status_code_compares_with_the_answer(client):
    assert client.get("/") == 200
    assert client.get("/nowhere") == 404

def test_context_is_pushed():
    assert not flask.has_request_context()

def test_context_is_pushed_with_the_app(app):
    assert flask.current_app._get_current_object() is app
    assert flask.url_for("accept") == "/accept"
    flask.g.mine = 1

def test_context_is_new_each_time(app):
    assert "mine" not in flask.g

def test_config(config):
    assert config["NAME"] == "shop"

@pytest.mark.options(name="other", debug=True)
def test_options_hold_for_a_test(app, config):
    assert app.config["NAME"] == "other"
    assert app.config["DEBUG"] is True

def test_options_are_undone(config):
    assert config["NAME"] == "shop"

def test_accept(client, accept_json, accept_any):
    assert client.get("/accept", headers=accept_json).text == "application/json"
    assert client.get("/accept", headers=accept_any).text in ("*", "*/*")

@pytest.mark.usefixtures("client_class")
class TestPages:
    def test_client_of_a_class(self):
        assert self.client.get("/").json == {"hello": "world"}

def test_live_server(live_server):
    address = flask.url_for("accept", _external=True)
    assert address.endswith(f":{live_server.port}/accept")
    with urlopen(f"http://{live_server.host}:{live_server.port}/accept") as answer:
        assert answer.status == 200
        assert answer.read() == b"none"
"""

BAD = """
def test_wrong_status(client):
    assert client.get("/nowhere") == 200
"""


@pytest.fixture
def run_tests(tmp_path: Path, run_command):
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "conftest.py").write_text(CONFTEST)

    def run(program: str) -> str:
        (tmp_path / "test_shop.py").write_text(program)
        done = run_command("pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=line")
        return done.stdout + done.stderr

    return run


@pytest.mark.skipif(sys.platform != "linux", reason="live_server forks")
def test_tests_of_a_project_pass(run_tests) -> None:
    output = run_tests(GOOD)
    assert "12 passed" in output, output


def test_wrong_status_fails_and_shows_both(run_tests) -> None:
    output = run_tests(BAD)
    assert "1 failed" in output
    assert "404 NOT FOUND" in output
