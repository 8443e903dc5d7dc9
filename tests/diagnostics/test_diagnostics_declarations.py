"""Mistakes in declarations are told of where they are made."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

import pytest

from flask import Blueprint, Flask

METHODS = ["get", "post", "put", "delete", "patch", "route"]


@pytest.fixture
def app() -> Flask:
    return Flask("shop", static_folder=None)


@pytest.fixture
def debugged(app: Flask) -> Flask:
    app.debug = True
    return app


# A decorator without parentheses. The original says nothing: the view is not there.


@pytest.mark.parametrize("decorator", METHODS)
@pytest.mark.parametrize("owner", [Flask("shop"), Blueprint("shop", "shop")])
def test_decorator_without_parentheses_is_told_of(owner: Any, decorator: str) -> None:
    def index() -> str:
        return ""

    with pytest.warns(UserWarning, match="'index' without parentheses") as caught:
        getattr(owner, decorator)(index)
    (warning,) = caught
    assert warning.filename == __file__
    assert f'Write {decorator}("/path")' in str(warning.message)
    assert repr(owner) in str(warning.message)


@pytest.mark.filterwarnings("ignore:.*without parentheses")
def test_decorator_without_parentheses_declares_nothing_as_before(app: Flask) -> None:
    @app.get  # type: ignore[arg-type]
    def index() -> str:
        return ""

    assert list(app.url_map.iter_rules()) == []
    assert app.view_functions == {}


# An unknown converter. The original: LookupError with the converter's name only.


def test_unknown_converter_comes_with_the_rule_and_the_known_ones(app: Flask) -> None:
    with pytest.raises(LookupError, match="'itn'") as caught:
        app.add_url_rule("/item/<itn:n>", "item", lambda n: "")
    (note,) = caught.value.__notes__
    assert note.startswith("In the rule '/item/<itn:n>'. Known converters: any, default, float,")


# A view that does not fit its rule. The original: TypeError when the first request comes.


def index(item: int) -> str:
    return str(item)


def anything(*args: object, **kwargs: object) -> str:
    return ""


def optional(item: int, kind: str = "plant") -> str:
    return kind


class Shop:
    def show(self, item: int) -> str:
        return str(item)


@functools.wraps(index)
def decorated(**kwargs: Any) -> str:
    return index(item=1, **kwargs)


@pytest.mark.parametrize(
    ("rule", "view", "said"),
    [
        ("/", index, "missing a required argument: 'item'"),
        ("/<int:number>", index, "missing a required argument: 'item'"),
        ("/<int:item>/<kind>", index, "unexpected keyword argument 'kind'"),
        ("/<kind>", optional, "missing a required argument: 'item'"),
        ("/<kind>", Shop().show, "missing a required argument: 'item'"),
    ],
)
def test_view_that_does_not_fit_its_rule_is_told_of_in_debug_mode(
    debugged: Flask, rule: str, view: Callable[..., str], said: str
) -> None:
    with pytest.warns(UserWarning, match="does not fit its rule") as caught:
        debugged.add_url_rule(rule, "item", view)
    (warning,) = caught
    text = str(warning.message)
    assert view.__qualname__ in text
    assert repr(rule) in text
    assert said in text
    assert warning.filename == __file__


@pytest.mark.parametrize(
    ("rule", "view", "options"),
    [
        ("/<int:item>", index, {}),
        ("/", index, {"defaults": {"item": 1}}),
        ("/<int:item>", optional, {}),
        ("/<int:item>/<kind>", optional, {}),
        ("/<x>/<y>", anything, {}),
        ("/<x>", decorated, {}),
        ("/<item>", Shop().show, {}),
        ("/<x>", int, {}),
    ],
)
def test_views_that_may_fit_are_left_alone(
    debugged: Flask, rule: str, view: Callable[..., Any], options: dict[str, Any]
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        debugged.add_url_rule(rule, "item", view, **options)


def test_nothing_is_checked_where_a_preprocessor_may_change_the_arguments(debugged: Flask) -> None:
    @debugged.url_value_preprocessor
    def take(endpoint: str | None, values: dict[str, Any] | None) -> None:
        assert values is not None
        values.pop("lang")

    debugged.add_url_rule("/<lang>/<int:item>", "item", index)
    assert debugged.test_client().get("/en/7").text == "7"


def test_nothing_is_checked_for_a_blueprint_with_a_preprocessor(debugged: Flask) -> None:
    bp = Blueprint("shop", "shop")
    bp.add_url_rule("/<lang>/<int:item>", "item", index)

    @bp.url_value_preprocessor
    def take(endpoint: str | None, values: dict[str, Any] | None) -> None:
        assert values is not None
        values.pop("lang")

    debugged.register_blueprint(bp)
    assert debugged.test_client().get("/en/7").text == "7"


def test_nothing_is_checked_without_debug_mode(app: Flask) -> None:
    app.testing = True
    app.add_url_rule("/", "item", index)
    with pytest.raises(TypeError, match="item"):
        app.test_client().get("/")
