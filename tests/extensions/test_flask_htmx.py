"""Flask-HTMX: request headers read in views and templates, responses with htmx headers."""

from __future__ import annotations

import pytest
from flask_htmx import HTMX, make_response
from flask_htmx.responses import HTMXResponseClientRedirect, HTMXResponseStopPolling

from flask import Flask, render_template_string


@pytest.fixture
def app():
    app = Flask(__name__)
    htmx = HTMX(app)

    @app.route("/")
    def index():
        return render_template_string("{% if htmx %}part{% else %}<html>whole{% endif %}")

    @app.route("/ask")
    def ask():
        return [bool(htmx), htmx.boosted, htmx.target, htmx.trigger, htmx.current_url]

    @app.route("/answer")
    def answer():
        return make_response("text", 201, trigger={"saved": 1}, push_url=False, reswap="delete")

    @app.route("/wrong")
    def wrong():
        return make_response("text", reswap="sideways")

    app.add_url_rule("/stop", "stop", lambda: HTMXResponseStopPolling("done"))
    app.add_url_rule("/go", "go", lambda: HTMXResponseClientRedirect("/there"))
    return app


@pytest.fixture
def client(app):
    return app.test_client()


def test_a_part_of_the_page_answers_htmx(client):
    assert client.get("/").text == "<html>whole"
    assert client.get("/", headers={"HX-Request": "true"}).text == "part"


def test_request_headers_are_attributes(client):
    headers = {"HX-Request": "true", "HX-Boosted": "true", "HX-Target": "list", "HX-Trigger": "b"}
    headers["HX-Current-URL"] = "http://localhost/"
    assert client.get("/ask", headers=headers).json == [
        True,
        True,
        "list",
        "b",
        "http://localhost/",
    ]
    assert client.get("/ask").json == [False, False, None, None, None]


def test_answers_carry_headers_for_htmx(client):
    answer = client.get("/answer")
    assert (answer.status_code, answer.text) == (201, "text")
    assert answer.headers["HX-Trigger"] == '{"saved": 1}'
    assert answer.headers["HX-Push-Url"] == "false"
    assert answer.headers["HX-Reswap"] == "delete"
    assert client.get("/stop").status_code == 286
    assert client.get("/go").headers["HX-Redirect"] == "/there"
    assert client.get("/wrong").status_code == 500
