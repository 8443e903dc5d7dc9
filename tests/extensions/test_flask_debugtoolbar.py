"""Flask-DebugToolbar: panels added to HTML pages by an overridden `dispatch_request`."""

from __future__ import annotations

import pytest
from flask_debugtoolbar import DebugToolbarExtension

from flask import Flask, abort, redirect, render_template_string

PAGE = "<!doctype html><html><body>{{ greeting }}</body></html>"


@pytest.fixture
def app():
    app = Flask(__name__)
    app.debug = True
    app.secret_key = "k"
    DebugToolbarExtension(app)

    @app.route("/<name>")
    def page(name):
        app.logger.warning("a noted warning")
        return render_template_string(PAGE, greeting=f"Hello {name}")

    @app.route("/data")
    def data():
        return {"a": 1}

    @app.route("/moved")
    def moved():
        return redirect("/there")

    @app.route("/missing")
    def missing():
        abort(404)

    @app.errorhandler(404)
    def not_found(error):
        return "<html><body>nothing</body></html>", 404

    return app


@pytest.fixture
def client(app):
    return app.test_client()


def test_toolbar_is_put_before_the_end_of_the_page(client):
    answer = client.get("/Ann")
    assert "Hello Ann" in answer.text
    for panel in ("TimerDebugPanel", "TemplateDebugPanel", "RouteListDebugPanel"):
        assert panel in answer.text
    assert "a noted warning" in answer.text
    assert int(answer.headers["Content-Length"]) == len(answer.data)


def test_error_pages_have_it_too(client):
    answer = client.get("/missing")
    assert answer.status_code == 404
    assert "flDebug" in answer.text


def test_other_content_is_left_alone(client):
    assert client.get("/data").json == {"a": 1}
    assert client.options("/data").headers["Allow"]
    assert client.post("/data").status_code == 405


def test_a_redirect_is_held_back_for_a_look(client):
    answer = client.get("/moved")
    assert answer.status_code == 200
    assert 'href="/there"' in answer.text
    client.application.config["DEBUG_TB_INTERCEPT_REDIRECTS"] = False
    assert client.get("/moved").location == "/there"


def test_its_static_files_are_served(client):
    with client.get("/_debug_toolbar/static/js/toolbar.js") as answer:
        assert answer.status_code == 200
    assert client.get("/_debug_toolbar/static/js/absent.js").status_code == 404


def test_the_profiler_wraps_the_view(app, client):
    app.config["DEBUG_TB_PROFILER_ENABLED"] = True
    text = client.get("/Ann").text
    assert "Hello Ann" in text
    assert "render_template_string" in text


def test_without_a_secret_key_it_says_so():
    app = Flask(__name__)
    app.debug = True
    with pytest.raises(RuntimeError, match="SECRET_KEY"):
        DebugToolbarExtension(app)


def test_it_is_off_without_debug():
    app = Flask(__name__)
    app.secret_key = "k"
    DebugToolbarExtension(app)
    app.add_url_rule("/", "page", lambda: "<html><body>plain</body></html>")
    assert app.test_client().get("/").text == "<html><body>plain</body></html>"
