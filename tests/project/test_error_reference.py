"""docs/reference/errors.md lists messages that really occur, by words that they really have."""

from __future__ import annotations

import re
import socket
import warnings
from collections.abc import Callable
from contextvars import copy_context
from pathlib import Path

import pytest

from flask import (
    Blueprint,
    Flask,
    after_this_request,
    current_app,
    render_template,
    request,
    session,
    url_for,
)
from flask.cli import ScriptInfo

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "errors.md"
HEADINGS = re.findall(r"^### (.+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)


def application(returned: object = "x") -> Flask:
    """An application with one view, which returns the given value."""
    app = Flask("flask", instance_path="/nowhere")
    app.testing = True
    app.add_url_rule("/", view_func=lambda: returned, endpoint="index")  # type: ignore[arg-type]
    return app


def use_request() -> None:
    assert request.path


def use_application() -> None:
    assert current_app.name


def pop_in_wrong_order() -> None:
    app = application()
    outer, inner = app.test_request_context(), app.test_request_context()

    def pop_outer_first() -> None:
        outer.push()
        inner.push()
        outer.pop()

    # What is current in here ends with it.
    copy_context().run(pop_outer_first)


def write_to_session() -> None:
    with application().test_request_context():
        session["user"] = "ada"


def fill_session() -> None:
    app = application()
    app.secret_key = "key"

    @app.before_request
    def fill() -> None:
        session["text"] = " ".join(map(str, range(5000)))

    with warnings.catch_warnings():
        warnings.simplefilter("error")  # whatever tests in other threads do to the filters
        app.test_client().get("/")


def declare_twice() -> None:
    application().add_url_rule("/other", view_func=lambda: "y", endpoint="index")


def declare_late() -> None:
    app = application()
    app.test_client().get("/")
    app.before_request(lambda: None)


def register_twice() -> None:
    app = application()
    app.register_blueprint(Blueprint("api", __name__))
    app.register_blueprint(Blueprint("api", __name__))


def methods_as_text() -> None:
    application().add_url_rule("/form", view_func=lambda: "y", endpoint="form", methods="POST")  # type: ignore[arg-type]


def build_unknown() -> None:
    with application().test_request_context():
        url_for("nothing")


def build_outside() -> None:
    with application().app_context():
        url_for("index")


def render_missing() -> None:
    with application().app_context():
        render_template("missing.html")


def upload_name_only() -> None:
    app = application()
    app.debug = True
    app.add_url_rule(
        "/upload", view_func=lambda: str(request.files["f"]), endpoint="u", methods=["POST"]
    )
    app.test_client().post("/upload", data={"f": "name"})


def listen_twice() -> None:
    with socket.create_server(("127.0.0.1", 0)) as first, socket.socket() as second:
        second.bind(first.getsockname())


def load(path: str | None) -> Callable[[], object]:
    return ScriptInfo(path).load_app


def reply(returned: object) -> Callable[[], object]:
    return lambda: application(returned).test_client().get("/")


# Where a heading leaves something out, such as a name, the words that the message has.
MESSAGES: dict[str, tuple[Callable[[], object], str]] = {
    "Working outside of application context": (use_application, ""),
    "Working outside of request context": (use_request, ""),
    "can only be used while a request is handled": (lambda: after_this_request(lambda r: r), ""),
    "Popped wrong context": (pop_in_wrong_order, "Popped wrong .*context"),
    "The session is unavailable because no secret key": (write_to_session, ""),
    "The session cookie is too large": (fill_session, "'session' cookie is too large"),
    "View function mapping is overwriting an existing endpoint": (declare_twice, ""),
    "The setup method can no longer be called": (declare_late, "setup method .* no longer"),
    "The name is already registered": (register_twice, "The name 'api' is already registered"),
    "may not contain a dot": (lambda: Blueprint("a.b", __name__), ""),
    "Allowed methods must be a list of strings": (methods_as_text, ""),
    "The view function returned None": (reply(None), "view for 'index' .*returned None"),
    "is not a valid response": (reply(5), "not (?:return )?a valid response"),
    "Object of type is not JSON serializable": (
        reply({"x": object()}),
        "Object of type object is not JSON serializable",
    ),
    "Could not build url for endpoint": (build_unknown, ""),
    "Unable to build URLs": (build_outside, ""),
    "TemplateNotFound": (render_missing, "missing.html"),
    "No upload arrived": (upload_name_only, ""),
    "The environment variable is not set": (
        lambda: application().config.from_envvar("HIPFLASK_UNSET"),
        "environment variable .* is not set",
    ),
    "Could not locate a Flask application": (load(None), ""),
    "Could not import": (load("no_such_module"), ""),
    "Failed to find Flask application or factory in module": (load("json"), ""),
    "Failed to find attribute": (load("json:nothing"), ""),
    "Address already in use": (listen_twice, ""),
}


def test_every_message_on_the_page_has_a_case() -> None:
    assert [title for title in HEADINGS if not re.match(r"\d{3} ", title)] == list(MESSAGES)


@pytest.mark.parametrize("heading", MESSAGES)
def test_message_on_the_page_occurs(
    heading: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    cause, pattern = MESSAGES[heading]
    with pytest.raises((Exception, SystemExit)) as raised:
        cause()
    # click's errors have their text in an attribute.
    message = getattr(raised.value, "message", None) or str(raised.value)
    assert re.search(pattern or re.escape(heading), message), message


STATUSES = {
    "400": {"method": "POST", "data": {}},
    "404": {"path": "/nothing"},
    "405": {"method": "DELETE"},
    "413": {"method": "POST", "data": {"name": "x" * 200}},
    "415": {"method": "POST", "path": "/json", "data": "x"},
    "500": {"path": "/fail"},
}


@pytest.mark.parametrize("title", [title for title in HEADINGS if re.match(r"\d{3} ", title)])
def test_http_error_on_the_page_occurs(title: str) -> None:
    app = Flask("faulty", instance_path="/nowhere")
    app.config["MAX_CONTENT_LENGTH"] = 100
    app.logger.disabled = True
    app.add_url_rule("/", view_func=lambda: request.form["name"], methods=["GET", "POST"])
    app.add_url_rule("/json", "json", lambda: request.json, methods=["POST"])
    app.add_url_rule("/fail", "fail", lambda: 1 / 0)  # type: ignore[arg-type, return-value]
    options = STATUSES[title[:3]]
    response = app.test_client().open(**{"path": "/", **options})  # type: ignore[arg-type]
    assert response.status.lower() == title.lower()
