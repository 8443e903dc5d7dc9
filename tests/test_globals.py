"""Names such as `request` and `g` stand for what is current, and say so if nothing is."""

from __future__ import annotations

import threading

import pytest

import flask
from flask import Flask, current_app, g, request, session


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.secret_key = "globals"
    return app


@pytest.mark.parametrize(
    ("read", "words"),
    [
        (lambda: current_app.name, "outside of application context"),
        (lambda: g.user, "outside of application context"),
        (lambda: setattr(g, "user", 1), "outside of application context"),
        (lambda: request.path, "outside of request context"),
        (lambda: session["a"], "outside of request context"),
        (lambda: session.update(a=1), "outside of request context"),
    ],
)
def test_outside_of_a_context_the_missing_one_is_named(read: object, words: str) -> None:
    with pytest.raises(RuntimeError, match=words):
        read()  # type: ignore[operator]


def test_proxies_stand_for_the_objects_of_the_context(app: Flask) -> None:
    with app.test_request_context("/here?q=1") as context:
        assert current_app._get_current_object() is app
        assert request._get_current_object() is context.request
        assert session._get_current_object() is context.session
        assert current_app == app
        assert request.args["q"] == "1"
        assert isinstance(request, flask.Request)
        assert bool(current_app)
    assert not flask.has_app_context()


def test_what_is_written_through_a_proxy_reaches_the_object(app: Flask) -> None:
    with app.test_request_context() as context:
        session["user"] = "ada"
        g.user = "ada"
        current_app.config["X"] = 1
        request.custom = "mine"  # type: ignore[attr-defined]
        assert context.session["user"] == "ada"
        assert app.config["X"] == 1
        assert context.request.custom == "mine"  # type: ignore[attr-defined]
        del session["user"]
        del g.user
        assert not context.session
        assert "user" not in g


def test_an_attribute_error_names_the_real_object(app: Flask) -> None:
    with app.test_request_context():
        with pytest.raises(AttributeError, match="Request"):
            request.no_such_thing  # type: ignore[attr-defined]  # noqa: B018
        with pytest.raises(AttributeError, match="Flask"):
            current_app.no_such_thing  # type: ignore[attr-defined]  # noqa: B018


def test_each_thread_has_its_own_context(app: Flask) -> None:
    seen: list[object] = []

    def look() -> None:
        seen.append(flask.has_request_context())
        with app.test_request_context("/other"):
            seen.append(request.path)

    with app.test_request_context("/mine"):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
        assert request.path == "/mine"
    assert seen == [False, "/other"]


def test_the_innermost_context_is_current(app: Flask) -> None:
    other = Flask("other")
    with app.test_request_context("/outer"):
        with other.test_request_context("/inner"):
            assert current_app.name == "other"
            assert request.path == "/inner"
        assert current_app.name == __name__
        assert request.path == "/outer"
        with other.app_context():
            assert current_app.name == "other"
            assert request.path == "/outer"
