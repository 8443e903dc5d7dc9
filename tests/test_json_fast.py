"""The provider over orjson answers as the default one does, but for what it documents."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import json
import sys
import typing as t
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

import flask
from flask import Flask, request, session
from flask.json.fast import FastJSONProvider
from flask.json.provider import DefaultJSONProvider


@dataclasses.dataclass
class Point:
    x: int
    when: datetime.date


def make_app(fast: bool = True) -> Flask:
    app = Flask("fast")
    app.secret_key = "fast"
    if fast:
        app.json = FastJSONProvider(app)

    @app.route("/", methods=["GET", "POST"])
    def echo() -> t.Any:
        session["asked"] = (request.method, Markup("<b>"))
        return request.get_json(silent=True) or {"b": 1, "a": [None]}

    return app


VALUES: list[t.Any] = [
    {"b": 1, "a": [1.5, True, None, "x"]},
    [],
    {"date": datetime.date(2020, 1, 2), "time": datetime.datetime(2020, 1, 2, 3, 4, 5)},
    {"decimal": decimal.Decimal("1.50"), "uuid": uuid.UUID(int=7)},
    [Point(1, datetime.date(2020, 1, 2))],
    {"markup": Markup("<b>")},
    {1: "a", 2: "b"},
    {"big": 2**70},
    (1, (2, 3)),
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_values_are_written_as_by_the_default_provider(value: t.Any) -> None:
    app = make_app()
    with app.app_context():
        assert app.json.response(value).data == DefaultJSONProvider(app).response(value).data


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(plain)
def test_what_is_written_reads_as_by_the_default_provider(value: t.Any) -> None:
    app = Flask("written")
    provider = FastJSONProvider(app)
    try:
        text = provider.dumps(value)
    except UnicodeEncodeError:
        return  # a lone surrogate is no text that can be sent
    assert json.loads(text) == json.loads(DefaultJSONProvider(app).dumps(value))


def test_an_application_answers_alike_with_either_provider() -> None:
    for options in ({}, {"method": "POST", "json": {"ä": [1, {"z": 1, "y": 2}]}}):
        answers = []
        for fast in (True, False):
            client = make_app(fast).test_client()
            answer = client.open("/", **options)
            answers.append((answer.status, answer.mimetype, answer.get_json()))
            assert client.get_cookie("session") is not None
        assert answers[0] == answers[1]


def test_broken_json_is_a_bad_request() -> None:
    client = make_app().test_client()
    app = client.application
    assert app.json.__class__ is FastJSONProvider
    answer = client.post("/", data=b"{\xff", content_type="application/json")
    assert answer.status_code == 200  # the view asked for it silently
    with pytest.raises(json.JSONDecodeError):
        app.json.loads(b"{\xff")


def test_the_documented_differences() -> None:
    provider = FastJSONProvider(Flask("differences"))
    assert provider.dumps("ä") == '"ä"'
    assert provider.dumps([float("nan"), float("inf")]) == "[null,null]"
    assert provider.dumps({10: 1, 9: 2, "a": 3}) == '{"10":1,"9":2,"a":3}'
    with pytest.raises(json.JSONDecodeError):
        provider.loads("NaN")


def test_responses_are_indented_in_debug_mode() -> None:
    app = make_app()
    app.debug = True
    assert app.test_client().get("/").text == '{\n  "a": [\n    null\n  ],\n  "b": 1\n}\n'


def test_arguments_of_the_standard_library_are_honoured() -> None:
    app = make_app()
    assert app.json.dumps({"a": 1}, indent=1) == '{\n "a": 1\n}'
    assert app.json.loads("1.5", parse_float=str) == "1.5"
    app.json.ensure_ascii = True  # type: ignore[attr-defined]
    assert app.json.dumps("ä") == '"\\u00e4"'


def test_what_nobody_can_write_is_a_type_error() -> None:
    with pytest.raises(TypeError):
        make_app().json.dumps(object())


# The configuration


def test_one_setting_chooses_it() -> None:
    app = Flask("fast")
    app.config["JSON_PROVIDER"] = "fast"
    app.add_url_rule("/", "index", lambda: {"a": "é"})
    assert type(app.json) is FastJSONProvider
    assert app.test_client().get("/").data == '{"a":"é"}\n'.encode()
    with app.app_context():
        assert flask.json.dumps("é") == '"é"'
    assert app.jinja_env.policies["json.dumps_function"].__self__ is app.json


def test_a_class_may_be_set_too() -> None:
    class Own(DefaultJSONProvider):
        pass

    app = Flask("fast")
    app.config.from_mapping(JSON_PROVIDER=Own)
    assert type(app.json) is Own
    assert app.json is app.json


@pytest.mark.parametrize("setting", ["orjson", dict, 1])
def test_anything_else_is_named(setting: object) -> None:
    app = Flask("fast")
    app.config["JSON_PROVIDER"] = setting
    with pytest.raises(ValueError, match="'JSON_PROVIDER' is"):
        _ = app.json


def test_without_the_setting_nothing_changes() -> None:
    assert type(Flask("fast").json) is DefaultJSONProvider


def test_an_assigned_provider_and_a_class_of_the_applications_own_come_first() -> None:
    class Own(DefaultJSONProvider):
        made = 0

        def __init__(self, app: t.Any) -> None:
            super().__init__(app)
            Own.made += 1

    class App(Flask):
        json_provider_class = Own

    app = App("fast")
    assert Own.made == 1  # as the application is made
    app.config["JSON_PROVIDER"] = "fast"
    assert type(app.json) is Own
    other = Flask("fast")
    other.config["JSON_PROVIDER"] = "fast"
    other.json = provider = Own(other)
    assert other.json is provider


def test_an_attribute_of_a_subclass_gives_way_to_the_provider() -> None:
    class App(Flask):
        json = "overwritten"  # type: ignore[assignment]

    assert type(App("fast").json) is DefaultJSONProvider


def test_the_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "orjson", None)
    monkeypatch.delitem(sys.modules, "flask.json.fast")
    app = Flask("fast")
    app.config["JSON_PROVIDER"] = "fast"
    with pytest.raises(ImportError, match=r"flask\[fast\]"):
        _ = app.json
