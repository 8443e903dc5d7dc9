"""The explanations of debug mode: when they come, and that they say what matters."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import jinja2
import pytest
from werkzeug.exceptions import BadRequestKeyError
from werkzeug.routing import RequestRedirect

from flask import Blueprint, Flask, render_template, request
from flask.debughelpers import (
    DebugFilesKeyError,
    FormDataRoutingRedirect,
    UnexpectedUnicodeError,
    attach_enctype_error_multidict,
    explain_template_loading_attempts,
)
from flask.wrappers import Request


@pytest.fixture
def app() -> Flask:
    app = Flask("shop")
    app.debug = True
    return app


def test_error_classes_can_be_caught_as_their_kind() -> None:
    assert issubclass(UnexpectedUnicodeError, (AssertionError, UnicodeError))
    assert UnexpectedUnicodeError.__mro__[1:3] == (AssertionError, UnicodeError)
    assert DebugFilesKeyError.__mro__[1:4] == (KeyError, LookupError, AssertionError)
    assert FormDataRoutingRedirect.__mro__[1] is AssertionError


# Files that came as their names


def test_file_sent_as_its_name_is_explained(app: Flask) -> None:
    with (
        app.test_request_context(method="POST", data={"photo": "cat.png"}),
        pytest.raises(DebugFilesKeyError) as caught,
    ):
        request.files["photo"]
    text = str(caught.value)
    assert text == caught.value.msg
    assert "'photo'" in text
    assert "multipart/form-data" in text
    assert "application/x-www-form-urlencoded" in text
    assert "'cat.png'" in text
    assert caught.value.__cause__ is None


def test_other_missing_files_stay_plain_bad_requests(app: Flask) -> None:
    with app.test_request_context(method="POST", data={"photo": "cat.png"}):
        with pytest.raises(BadRequestKeyError) as caught:
            request.files["video"]
        assert not isinstance(caught.value, DebugFilesKeyError)
        assert request.files.get("photo") is None
        assert request.files.getlist("photo") == []
        assert "photo" not in request.files


@pytest.mark.parametrize(
    "arguments",
    [
        {"data": {"photo": "cat.png", "file": (BytesIO(b"x"), "x.txt")}},
        {"data": {"photo": "cat.png"}, "content_type": "multipart/form-data"},
    ],
    ids=["with a file", "without a file"],
)
def test_multipart_forms_need_no_explanation(app: Flask, arguments: dict[str, Any]) -> None:
    with (
        app.test_request_context(method="POST", **arguments),
        pytest.raises(BadRequestKeyError) as caught,
    ):
        request.files["photo"]
    assert not isinstance(caught.value, DebugFilesKeyError)


def test_without_debug_mode_nothing_is_explained(app: Flask) -> None:
    app.debug = False
    with (
        app.test_request_context(method="POST", data={"photo": "cat.png"}),
        pytest.raises(BadRequestKeyError) as caught,
    ):
        request.files["photo"]
    assert not isinstance(caught.value, DebugFilesKeyError)


def test_explaining_files_look_like_ordinary_files(app: Flask) -> None:
    context = app.test_request_context(method="POST", data={"photo": "cat.png"})
    files = context.request.files
    ordinary = type(files)
    attach_enctype_error_multidict(context.request)
    assert context.request.files is files
    assert isinstance(files, ordinary)
    assert type(files) is not ordinary
    assert (type(files).__name__, type(files).__module__) == (
        ordinary.__name__,
        ordinary.__module__,
    )


def test_key_of_a_file_that_came_is_found(app: Flask) -> None:
    context = app.test_request_context(method="POST", data={"file": (BytesIO(b"x"), "x.txt")})
    attach_enctype_error_multidict(context.request)
    assert context.request.files["file"].filename == "x.txt"
    context.request.close()


# Redirects that would lose a form


def redirect_of(app: Flask, path: str, target: str, code: int) -> FormDataRoutingRedirect:
    context = app.test_request_context(path, method="POST")
    redirect = RequestRedirect(target)
    redirect.code = code
    context.request.routing_exception = redirect
    return FormDataRoutingRedirect(context.request)


def test_lost_form_is_explained_with_both_urls() -> None:
    error = redirect_of(Flask("shop"), "/buy?item=1", "http://localhost/pay", 302)
    text = str(error)
    assert "POST" in text
    assert "'http://localhost/buy?item=1'" in text
    assert "'http://localhost/pay'" in text
    assert "302" in text
    assert "307" in text
    assert "slash" not in text


@pytest.mark.parametrize("query", ["", "?item=1"])
def test_missing_slash_is_pointed_out(query: str) -> None:
    error = redirect_of(Flask("shop"), f"/buy{query}", f"http://localhost/buy/{query}", 301)
    assert "slash" in str(error)


@pytest.mark.parametrize("code", [301, 302, 303, 305])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_routing_raises_it_for_redirects_that_lose_the_body(
    app: Flask, code: int, method: str
) -> None:
    with app.test_request_context("/buy", method=method):
        redirect = RequestRedirect("http://localhost/buy/")
        redirect.code = code
        request.routing_exception = redirect
        with pytest.raises(FormDataRoutingRedirect):
            app.raise_routing_exception(request._get_current_object())  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("method", "code", "debug"),
    [
        ("GET", 301, True),
        ("HEAD", 301, True),
        ("OPTIONS", 301, True),
        ("POST", 307, True),
        ("POST", 308, True),
        ("POST", 301, False),
    ],
)
def test_routing_raises_the_redirect_itself_otherwise(
    app: Flask, method: str, code: int, debug: bool
) -> None:
    app.debug = debug
    with app.test_request_context("/buy", method=method):
        redirect = RequestRedirect("http://localhost/buy/")
        redirect.code = code
        request.routing_exception = redirect
        with pytest.raises(RequestRedirect):
            app.raise_routing_exception(request._get_current_object())  # type: ignore[attr-defined]


# Templates


class Collecting(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture
def records(app: Flask) -> Iterator[list[logging.LogRecord]]:
    handler = Collecting()
    app.logger.addHandler(handler)
    app.logger.propagate = False
    yield handler.records
    app.logger.removeHandler(handler)
    app.logger.propagate = True


def found(path: str | None) -> tuple[str, str | None, None]:
    return "source", path, None


def test_attempts_are_logged_in_one_record_at_info(
    app: Flask, records: list[logging.LogRecord]
) -> None:
    loader = jinja2.FileSystemLoader(["/one", "/two"])
    explain_template_loading_attempts(app, "cart.html", [(loader, app, None)])
    assert [record.levelno for record in records] == [logging.INFO]
    text = records[0].getMessage()
    assert "'cart.html'" in text
    assert "'shop'" in text
    assert "FileSystemLoader" in text
    assert "/one" in text
    assert "/two" in text
    assert "TemplateNotFound" in text


def test_loader_settings_that_are_no_text_are_left_out(
    app: Flask, records: list[logging.LogRecord]
) -> None:
    loader = jinja2.FunctionLoader(lambda name: None)
    explain_template_loading_attempts(app, "cart.html", [(loader, app, None)])
    assert "FunctionLoader()" in records[0].getMessage()


def test_one_hit_is_shown_with_its_place(app: Flask, records: list[logging.LogRecord]) -> None:
    blueprint = Blueprint("cart", "logging")
    attempts: list[Any] = [
        (jinja2.DictLoader({}), app, None),
        (jinja2.DictLoader({}), blueprint, found("/b/cart.html")),
    ]
    explain_template_loading_attempts(app, "cart.html", attempts)
    text = records[0].getMessage()
    assert "'cart' of 'logging'" in text
    assert "/b/cart.html" in text
    assert "TemplateNotFound" not in text
    assert "=>" not in text


def test_several_hits_are_warned_of(app: Flask, records: list[logging.LogRecord]) -> None:
    blueprint = Blueprint("cart", "logging")
    attempts: list[Any] = [
        (jinja2.DictLoader({}), app, found("/a/cart.html")),
        (jinja2.DictLoader({}), blueprint, found(None)),
    ]
    explain_template_loading_attempts(app, "cart.html", attempts)
    text = records[0].getMessage()
    assert "2 loaders" in text
    assert "memory" in text


def test_owner_of_another_kind_is_shown_as_it_is(
    app: Flask, records: list[logging.LogRecord]
) -> None:
    attempts: list[Any] = [(jinja2.DictLoader({}), {"a": 1}, None)]
    explain_template_loading_attempts(app, "cart.html", attempts)
    assert "{'a': 1}" in records[0].getMessage()


def test_blueprint_of_the_request_gets_a_hint(app: Flask, records: list[logging.LogRecord]) -> None:
    blueprint = Blueprint("cart", "logging")

    @blueprint.get("/cart")
    def show() -> str:
        explain_template_loading_attempts(app, "cart.html", [])
        return ""

    app.register_blueprint(blueprint)
    app.test_client().get("/cart")
    assert "blueprint 'cart'" in records[0].getMessage()
    explain_template_loading_attempts(app, "cart.html", [])
    assert "blueprint" not in records[1].getMessage()


def test_option_turns_the_explanation_on(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "cart.html").write_text("cart", encoding="utf-8")
    app = Flask("shop", root_path=str(tmp_path))
    app.config["EXPLAIN_TEMPLATE_LOADING"] = True
    handler = Collecting()
    app.logger.addHandler(handler)
    app.logger.setLevel(logging.INFO)
    app.logger.propagate = False
    try:
        with app.app_context():
            assert render_template("cart.html") == "cart"
            with pytest.raises(jinja2.TemplateNotFound):
                render_template("missing.html")
    finally:
        app.logger.removeHandler(handler)
        app.logger.setLevel(logging.NOTSET)
        app.logger.propagate = True
    hit, miss = [record.getMessage() for record in handler.records]
    assert str(tmp_path / "templates" / "cart.html") in hit
    assert "'missing.html'" in miss


def test_request_class_keeps_its_own_files(app: Flask) -> None:
    class Strict(Request):
        def _load_form_data(self) -> None:
            super()._load_form_data()

    app.request_class = Strict
    with (
        app.test_request_context(method="POST", data={"photo": "cat.png"}),
        pytest.raises(DebugFilesKeyError),
    ):
        request.files["photo"]
