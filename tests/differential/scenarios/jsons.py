"""JSON: what is written, how it is set, providers of one's own."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import io
import json
import pathlib
import uuid
from collections import OrderedDict, namedtuple

from markupsafe import Markup

import flask
from flask import jsonify
from flask.json.provider import DefaultJSONProvider, JSONProvider

from ..harness import Lab, family, scenario


@dataclasses.dataclass
class Point:
    x: int
    y: list


@dataclasses.dataclass
class Nested:
    point: Point
    when: datetime.date


class Html:
    def __html__(self):
        return "<i>html</i>"


class Colour(enum.Enum):
    RED = 1


class Number(enum.IntEnum):
    ONE = 1


Pair = namedtuple("Pair", "a b")

VALUES = {
    "none": None,
    "true": True,
    "int": 5,
    "float": 1.5,
    "text": "x",
    "empty_text": "",
    "list": [1, [2]],
    "dict": {"b": 1, "a": 2},
    "tuple": (1, 2),
    "empty": {},
    "empty_list": [],
    "unicode": "\u00fc\u2603\U0001f600",
    "date": datetime.date(2024, 2, 29),
    "datetime": datetime.datetime(2024, 2, 29, 12, 30, 15),
    "aware": datetime.datetime(
        2024, 2, 29, 12, 30, 15, tzinfo=datetime.timezone(datetime.timedelta(hours=2))
    ),
    "utc": datetime.datetime(2024, 2, 29, 12, 30, 15, 999999, tzinfo=datetime.UTC),
    "time": datetime.time(1, 2),
    "delta": datetime.timedelta(1),
    "decimal": decimal.Decimal("1.10"),
    "decimal_nan": decimal.Decimal("NaN"),
    "uuid": uuid.UUID(int=7),
    "dataclass": Point(1, [2]),
    "dataclass_nested": Nested(Point(1, [Point(2, [])]), datetime.date(2024, 1, 2)),
    "dataclass_class": Point,
    "html": Html(),
    "markup": Markup("<b>"),
    "enum": Colour.RED,
    "int_enum": Number.ONE,
    "namedtuple": Pair(1, 2),
    "ordered": OrderedDict([("z", 1), ("a", 2)]),
    "bytes": b"x",
    "set": {1},
    "object": object(),
    "int_keys": {2: "b", 1: "a"},
    "mixed_keys": {"a": 1, 2: "b"},
    "none_key": {None: 1},
    "bool_key": {True: 1},
    "tuple_key": {(1, 2): 3},
    "date_key": {datetime.date(2024, 1, 2): 1},
    "mixed_none": {"a": 1, None: 2},
    "nan": float("nan"),
    "infinity": float("inf"),
    "big": 2**80,
    "escapes": '</script>\u2028"\\\x00',
    "nested_html": {"a": [Html()]},
    "range": range(3),
    "generator": (n for n in range(2)),
    "path": pathlib.PurePosixPath("/x"),
    "exception": ValueError("x"),
    "complex": 1j,
    "surrogate": "\ud800",
}


@family(*VALUES)
def jsonify_value(lab: Lab, name):
    value = VALUES[name] if name != "generator" else (n for n in range(2))
    app = lab.app()
    with app.test_request_context("/"):
        try:
            return lab.see(jsonify(value))
        except Exception as error:
            return lab.facts(error)


@family(*VALUES)
def dumps_value(lab: Lab, name):
    value = VALUES[name] if name != "generator" else (n for n in range(2))
    app = lab.app()
    with app.app_context():
        inside = lab.raises(flask.json.dumps, value)
    return [inside, lab.raises(flask.json.dumps, value), lab.raises(app.json.dumps, value)]


FORMS = {
    "nothing": ((), {}),
    "one": ((1,), {}),
    "several": ((1, 2, "x"), {}),
    "keywords": ((), {"b": 1, "a": 2}),
    "both": ((1,), {"a": 2}),
    "list": (([1, 2],), {}),
    "dict": (({"a": 1},), {}),
    "none": ((None,), {}),
    "dict_keywords": (({"a": 1},), {"b": 2}),
    "nested": (([{"a": (1, 2)}],), {}),
}


@family(**FORMS)
def jsonify_form(lab: Lab, form):
    app = lab.app()
    with app.app_context():
        facts = lab.raises(lambda: jsonify(*form[0], **form[1]).get_data(as_text=True))
        return [
            facts,
            lab.raises(lambda: app.json.response(*form[0], **form[1]).get_data(as_text=True)),
        ]


SETTINGS = {
    "compact_true": {"compact": True},
    "compact_false": {"compact": False},
    "ascii_false": {"ensure_ascii": False},
    "unsorted": {"sort_keys": False},
    "mimetype": {"mimetype": "application/vnd.x+json"},
    "all": {"compact": False, "ensure_ascii": False, "sort_keys": False, "mimetype": "text/json"},
}
SAMPLE = {"z": [1, {"b": 2}], "a": "\u00fc"}


@family(**SETTINGS)
def provider_setting(lab: Lab, settings):
    seen = []
    for debug in (False, True):
        app = lab.app(DEBUG=debug)
        for name, value in settings.items():
            setattr(app.json, name, value)
        app.add_url_rule("/", "index", lambda: SAMPLE)
        seen.append(lab.hit(app))
    with app.app_context():
        return [
            *seen,
            flask.json.dumps(SAMPLE),
            flask.json.dumps(SAMPLE, sort_keys=True, ensure_ascii=True),
            flask.json.dumps(SAMPLE, indent=1),
        ]


@scenario
def settings_on_the_class(lab: Lab):
    lab.patch(DefaultJSONProvider, "sort_keys", False)
    lab.patch(DefaultJSONProvider, "mimetype", "text/x-json")
    app = lab.app()
    app.add_url_rule("/", "index", lambda: {"b": 1, "a": 2})
    return lab.hit(app)


@scenario
def settings_changed_between_requests(lab: Lab):
    app = lab.app()
    app.add_url_rule("/", "index", lambda: {"b": 1, "a": 2})
    first = lab.hit(app)
    app.json.sort_keys = False
    app.json.compact = False
    app.json.mimetype = "text/other"
    return [first, lab.hit(app)]


@scenario
def old_config_keys_do_nothing(lab: Lab):
    app = lab.app(
        JSON_SORT_KEYS=False,
        JSONIFY_PRETTYPRINT_REGULAR=True,
        JSON_AS_ASCII=False,
        JSONIFY_MIMETYPE="text/x",
    )
    app.add_url_rule("/", "index", lambda: {"b": "\u00fc", "a": 2})
    return lab.hit(app)


class Shouting(JSONProvider):
    def dumps(self, obj, **kwargs):
        return json.dumps(obj, **kwargs).upper()

    def loads(self, s, **kwargs):
        return {"loaded": s if isinstance(s, str) else s.decode(), "with": sorted(kwargs)}


@scenario
def provider_of_ones_own(lab: Lab):
    app = lab.app()
    app.json = Shouting(app)

    @app.post("/")
    def index():
        return flask.jsonify(got=flask.request.get_json())

    with app.app_context():
        functions = [
            flask.json.dumps({"a": 1}),
            flask.json.loads("x"),
            flask.json.load(io.StringIO("y")),
        ]
        target = io.StringIO()
        flask.json.dump({"a": 2}, target)
    return [
        lab.hit(app, "POST /", json={"k": "v"}),
        functions,
        target.getvalue(),
        lab.brief(app, "POST /", data="raw", content_type="application/json"),
    ]


@scenario
def provider_class_of_a_subclass(lab: Lab):
    class Shop(flask.Flask):
        json_provider_class = Shouting

    app = lab.app(cls=Shop)
    app.add_url_rule("/", "index", lambda: {"a": "b"})
    app.add_url_rule("/list", "list", lambda: ["x"])
    return [type(app.json).__name__, lab.hits(app, "/", "/list")]


@scenario
def provider_with_its_own_default(lab: Lab):
    class Provider(DefaultJSONProvider):
        @staticmethod
        def default(value):
            if isinstance(value, set):
                return sorted(value)
            return DefaultJSONProvider.default(value)

    app = lab.app()
    app.json = Provider(app)
    with app.app_context():
        return [
            flask.json.dumps({"s": {3, 1}, "d": datetime.date(2024, 1, 2)}),
            lab.raises(flask.json.dumps, object()),
        ]


@scenario
def provider_default_replaced_on_the_instance(lab: Lab):
    app = lab.app()
    app.json.default = lambda value: f"default {type(value).__name__}"
    with app.app_context():
        return [
            flask.json.dumps([1, {2}, datetime.date(2024, 1, 2)]),
            jsonify({3}).get_data(as_text=True),
        ]


@scenario
def provider_response_overridden(lab: Lab):
    class Provider(DefaultJSONProvider):
        def response(self, *args, **kwargs):
            lab.say("response", list(args), kwargs)
            made = super().response(*args, **kwargs)
            made.headers["X-Json"] = "1"
            return made

    app = lab.app()
    app.json = Provider(app)
    app.add_url_rule("/dict", "dict", lambda: {"a": 1})
    app.add_url_rule("/list", "list", lambda: [1])
    app.add_url_rule("/jsonify", "jsonify", lambda: jsonify(b=2))
    return lab.hits(app, "/dict", "/list", "/jsonify")


@scenario
def abstract_provider(lab: Lab):
    provider = JSONProvider(lab.app())
    return [
        lab.raises(provider.dumps, 1),
        lab.raises(provider.loads, "1"),
        lab.raises(provider.response, 1),
    ]


@scenario
def dumps_options(lab: Lab):
    app = lab.app()
    with app.app_context():
        return [
            flask.json.dumps({"b": 1, "a": 2}, sort_keys=False),
            flask.json.dumps([1, 2], separators=(",", ":")),
            flask.json.dumps({1, 2}, default=sorted),
            flask.json.dumps("\u00fc", ensure_ascii=False),
            flask.json.dumps({"b": 1}, indent=2),
            lab.raises(flask.json.dumps, {"a": float("nan")}, allow_nan=False),
            lab.raises(flask.json.dumps, 1, app=app),
            flask.json.dumps({1: 2, "a": 3}, sort_keys=False),
        ]


@scenario
def loads_and_load(lab: Lab):
    app = lab.app()
    with app.app_context():
        return [
            flask.json.loads('{"a": 1}'),
            flask.json.loads(b'{"a": "\xc3\xbc"}'),
            flask.json.load(io.StringIO("[1]")),
            flask.json.load(io.BytesIO(b"[2]")),
            flask.json.loads("1.10", parse_float=decimal.Decimal),
            lab.raises(flask.json.loads, "{"),
            lab.raises(flask.json.loads, ""),
            lab.raises(flask.json.loads, None),
            flask.json.loads('"\u2603"'.encode("utf-16")),
        ]


@scenario
def dump_to_files(lab: Lab):
    app = lab.app()
    text, binary = io.StringIO(), io.BytesIO()
    with app.app_context():
        flask.json.dump({"b": datetime.date(2024, 1, 2), "a": 1}, text)
        wrong = lab.raises(flask.json.dump, {"a": 1}, binary)
    return [text.getvalue(), wrong, binary.getvalue()]


@scenario
def outside_of_a_context(lab: Lab):
    text = io.StringIO()
    flask.json.dump([datetime.timedelta], text, default=str)
    return [
        text.getvalue(),
        lab.raises(flask.json.dumps, datetime.date(2024, 1, 1)),
        lab.raises(flask.json.dumps, {"b": 1, "a": 1}),
        lab.raises(flask.json.loads, "[1]"),
        lab.raises(flask.json.jsonify, 1),
    ]
