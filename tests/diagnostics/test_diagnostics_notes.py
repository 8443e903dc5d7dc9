"""Exceptions that nobody handled come with a note on where the trouble is, and what was meant.

The original raises the same exceptions with the same texts, and without a note.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jinja2 import StrictUndefined, TemplateNotFound, TemplatesNotFound, UndefinedError
from werkzeug.routing import BuildError

import flask
from flask import Blueprint, Flask, render_template, render_template_string, url_for
from flask.diagnostics import notes


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "index.html").write_text("{{ user.name }}\n{{ usr }}\n")
    app = Flask("shop", root_path=str(tmp_path), static_folder=None)
    app.testing = True
    app.jinja_options = {"undefined": StrictUndefined}
    return app


def note_of(app: Flask, view: Any, error: type[Exception]) -> tuple[Any, str]:
    """Have a view fail in a request, and answer the error and its note."""
    app.add_url_rule("/", "index", view)
    with pytest.raises(error) as caught:
        app.test_client().get("/")
    (note,) = caught.value.__notes__
    return caught.value, note


# Templates


def test_missing_template_comes_with_the_folders_and_the_nearest_name(
    app: Flask, tmp_path: Path
) -> None:
    bp = Blueprint("admin", "admin", root_path=str(tmp_path / "admin"), template_folder="pages")
    app.register_blueprint(bp)
    error, note = note_of(app, lambda: render_template("indx.html"), TemplateNotFound)
    assert (str(error), error.name) == ("indx.html", "indx.html")
    folders = [tmp_path / "templates", f"{tmp_path / 'admin' / 'pages'} (no such folder)"]
    assert note == f"Searched: {folders[0]}, {folders[1]}. Did you mean 'index.html'?"


def test_missing_templates_come_with_a_hint_for_each(app: Flask) -> None:
    def view() -> str:
        return render_template(["inde.html", "zzz"])

    _, note = note_of(app, view, TemplatesNotFound)
    assert note.endswith(" Did you mean 'index.html'?")
    assert note.count("Did you mean") == 1


def test_template_missing_in_a_template_is_told_of_as_well(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "templates" / "child.html").write_text("{% extends 'bsae' %}")
    (tmp_path / "templates" / "base").write_text("")
    _, note = note_of(app, lambda: render_template("child.html"), TemplateNotFound)
    assert note.endswith("Did you mean 'base'?")


def test_undefined_name_comes_with_template_line_and_nearest_name(app: Flask) -> None:
    user = {"name": "Mira"}
    error, note = note_of(app, lambda: render_template("index.html", user=user), UndefinedError)
    assert str(error) == "'usr' is undefined"
    assert note.endswith("index.html, line 2. Did you mean 'user'?")


def test_undefined_attribute_comes_with_template_and_line(app: Flask) -> None:
    source = "\n\n{{ g.nothing.more }}"
    _, note = note_of(app, lambda: render_template_string(source), UndefinedError)
    assert note == "In the template <template>, line 3."


# URLs


def test_endpoint_of_a_blueprint_that_is_not_registered(app: Flask) -> None:
    app.register_blueprint(Blueprint("auht", "auht"))
    error, note = note_of(app, lambda: url_for("auth.login"), BuildError)
    assert "Could not build url for endpoint 'auth.login'" in str(error)
    assert note == (
        "No blueprint 'auth' is registered with the application 'shop' (registered: auht). Is"
        " 'app.register_blueprint(...)' missing? Did you mean 'auht'?"
    )


@pytest.mark.parametrize("endpoint", ["nothing", "auth.nothing"])
def test_other_unknown_endpoints_get_no_note(app: Flask, endpoint: str) -> None:
    app.register_blueprint(Blueprint("auth", "auth"))
    app.add_url_rule("/", "index", lambda: url_for(endpoint))
    with pytest.raises(BuildError) as caught:
        app.test_client().get("/")
    assert not hasattr(caught.value, "__notes__")


# Where notes appear


def test_note_is_in_the_log(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    app.testing = False
    app.add_url_rule("/", "index", lambda: render_template("indx.html"))
    assert app.test_client().get("/").status_code == 500
    assert "Did you mean 'index.html'?" in caplog.text


def test_note_is_there_for_receivers_and_handlers(app: Flask) -> None:
    seen: list[list[str]] = []

    def note(sender: Flask, exception: Exception, **extra: object) -> None:
        seen.append(exception.__notes__)

    app.testing = False
    app.add_url_rule("/", "index", lambda: url_for("auth.login"))
    with flask.got_request_exception.connected_to(note, app):
        app.test_client().get("/")
    assert "No blueprint 'auth'" in seen[0][0]


def test_an_error_raised_twice_gets_its_note_once(app: Flask) -> None:
    error = TemplateNotFound("indx.html")

    def view() -> str:
        raise error

    app.add_url_rule("/", "index", view)
    for _ in range(2):
        with pytest.raises(TemplateNotFound):
            app.test_client().get("/")
    assert len(error.__notes__) == 1


def test_help_that_fails_leaves_the_error_as_it_is(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(app: Flask, error: Exception) -> str:
        raise RuntimeError

    monkeypatch.setitem(notes._EXPLANATIONS, LookupError, fail)
    error = LookupError("x")
    notes.annotate(app, error)
    assert not hasattr(error, "__notes__")
