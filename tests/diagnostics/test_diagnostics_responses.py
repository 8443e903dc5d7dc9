"""Responses that cannot be what was meant: the message names the view and the remedy."""

from __future__ import annotations

import datetime
import decimal
import logging
from typing import Any

import pytest

from flask import Flask, jsonify


@pytest.fixture
def app() -> Flask:
    app = Flask("shop", static_folder=None)
    app.testing = True
    return app


def serve(app: Flask, value: Any) -> Any:
    app.add_url_rule("/", "index", lambda: value)
    return app.test_client().get("/")


# A view without a return. The original says that None is not valid, and twice why it may be.


def test_view_that_returns_nothing(app: Flask) -> None:
    with pytest.raises(TypeError) as caught:
        serve(app, None)
    assert str(caught.value) == (
        "The view for 'index' did not return a valid response: it returned None. Is a return"
        " statement missing?"
    )


def test_view_that_returns_no_body(app: Flask) -> None:
    with pytest.raises(TypeError, match=r"valid response: the body in \(None, 204\) is None\.$"):
        serve(app, (None, 204))


# A status without a number. The original sends "0 created" and says nothing.


def test_status_without_a_number_is_told_of_once_for_each_view(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    app.add_url_rule("/other", "other", lambda: ("x", "gone", {}))
    response = serve(app, ("x", "created"))
    assert response.status == "0 created"
    for path in ("/", "/other", "/other"):
        app.test_client().get(path)
    first, second = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert first.getMessage() == (
        "The view function for 'index' returned the status 'created', which does not begin with a"
        " number, so it is sent as '0 created'. Return a code, such as 201, or '201 CREATED'."
    )
    assert "'other' returned the status 'gone'" in second.getMessage()


@pytest.mark.parametrize("status", [201, "201", "201 CREATED", "299 Fine", None])
def test_statuses_with_a_number_are_left_alone(
    app: Flask, caplog: pytest.LogCaptureFixture, status: Any
) -> None:
    serve(app, ("x", status))
    assert caplog.records == []


# JSON of an object that it has no type for. The original names the type alone.


class Plant:
    """Has no form in JSON."""


DATA = {
    "total": 2,
    "items": [{"price": decimal.Decimal(1), "at": datetime.date(2024, 1, 2)}, {"of": Plant()}],
}


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("call", [dict, jsonify])
def test_value_without_a_form_in_json_is_told_by_its_place(
    app: Flask, call: Any, debug: bool
) -> None:
    app.debug = debug
    app.add_url_rule("/", "index", lambda: call(DATA))
    with pytest.raises(TypeError) as caught:
        app.test_client().get("/")
    assert str(caught.value) == "Object of type Plant is not JSON serializable"
    (note,) = caught.value.__notes__
    assert note.startswith("The value is data['items'][1]['of'], of type Plant.")
    assert "The view is 'index'." in note
    assert "app.json.default" in note


def test_place_is_told_outside_of_requests_too(app: Flask) -> None:
    with pytest.raises(TypeError) as caught:
        app.json.dumps((1, Plant()), indent=1)
    assert caught.value.__notes__[0].startswith("The value is data[1], of type Plant. Convert")


def test_other_type_errors_get_no_note(app: Flask) -> None:
    with pytest.raises(TypeError) as caught:
        app.json.dumps({(1, 2): 3})
    assert not hasattr(caught.value, "__notes__")


def test_search_for_the_place_has_a_bound(app: Flask) -> None:
    with pytest.raises(TypeError) as caught:
        app.json.dumps([*range(20_000), Plant()])
    assert not hasattr(caught.value, "__notes__")
