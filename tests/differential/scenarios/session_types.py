"""What a session can hold and how it is written."""

from __future__ import annotations

import datetime
import decimal

from markupsafe import Markup
from werkzeug.datastructures import CombinedMultiDict, MultiDict

from flask import session
from flask.json.tag import JSONTag, TaggedJSONSerializer
from flask.sessions import (
    SecureCookieSessionInterface,
)

from ..harness import Lab, family, scenario
from .sessions import everything


@family(*everything())
def stored_type(lab: Lab, name):
    app = lab.app(SECRET_KEY="key")
    value = everything()[name]
    app.add_url_rule("/set", "put", lambda: (session.update(v=value), "set")[1])
    app.add_url_rule(
        "/get",
        "get",
        lambda: f"{type(session['v']).__name__} {session['v']!r} {session['v'] == value}",
    )
    client = app.test_client()
    return [lab.hit(client, "/set"), lab.brief(client, "/get")]


class Retold(dict):
    """A dict whose items are not those that it keeps."""

    def items(self):
        return [("told", 1)]


UNSTORABLE = {
    "multi": MultiDict([("a", "1"), ("b", "2"), ("a", "3")]),
    "combined": CombinedMultiDict([MultiDict([("b", "1"), ("a", "2")]), MultiDict([("a", "3")])]),
    "in_a_list": [CombinedMultiDict([MultiDict([("b", "1"), ("a", "2")])])],
    "retold": Retold(kept=2),
    "object": object(),
    "set": {1, 2},
    "class": dict,
    "complex": 1j,
    "int_key": {1: "a"},
    "none_key": {None: "a"},
    "naive_datetime": datetime.datetime(2024, 1, 2, 3, 4, 5),
    "date": datetime.date(2024, 1, 2),
    "decimal": decimal.Decimal("1.10"),
    "html": type("Html", (), {"__html__": lambda self: "<i>made</i>"})(),
    "html_string": Markup("<i>&amp;</i>"),
    "mixed_keys": {1: "a", "b": 2},
    "nan": float("nan"),
    "big": 2**70,
    "bytearray": bytearray(b"abc"),
}


@family(**UNSTORABLE)
def odd_type(lab: Lab, value):
    app = lab.app(SECRET_KEY="key", PROPAGATE_EXCEPTIONS=True)
    app.add_url_rule("/set", "put", lambda: (session.update(v=value), "set")[1])
    app.add_url_rule("/get", "get", lambda: f"{type(session['v']).__name__} {session['v']!r}")
    client = app.test_client()
    return [lab.hit(client, "/set"), lab.brief(client, "/get")]


@family("str", "tuple", "int", "none")
def keys_that_are_not_text(lab: Lab, kind):
    app = lab.app(SECRET_KEY="key", PROPAGATE_EXCEPTIONS=True)
    key = {"str": "k", "tuple": (1, 2), "int": 5, "none": None}[kind]
    app.add_url_rule("/set", "put", lambda: (session.update({key: "v"}), "set")[1])
    app.add_url_rule("/get", "get", lambda: repr(dict(session)))
    client = app.test_client()
    return [lab.hit(client, "/set"), lab.brief(client, "/get")]


@scenario
def serializer_round_trip(lab: Lab):
    serializer = TaggedJSONSerializer()
    text = serializer.dumps(everything())
    return [text, serializer.loads(text) == everything()]


@family(
    plain='{"a":1}',
    tuple='{" t":[1,2]}',
    bytes='{" b":"AP8="}',
    markup='{" m":"<b>"}',
    uuid='{" u":"12345678123456781234567812345678"}',
    date='{" d":"Thu, 29 Feb 2024 12:30:15 GMT"}',
    dict='{" di":{" t__":1}}',
    unknown='{" zz":1}',
    wrong_uuid='{" u":"nonsense"}',
    two='{" t":[1]," b":"x"}',
    not_json="nope",
    nested='{" t":[{" b":"YQ=="},{" t":[]}]}',
    wrong_bytes='{" b":"@@@"}',
)
def serializer_loads(lab: Lab, text):
    value = lab.raises(TaggedJSONSerializer().loads, text)
    return value | {"repr": repr(value.get("returned"))}


@scenario
def serializer_tags_and_order(lab: Lab):
    serializer = TaggedJSONSerializer()
    return [
        [tag.__name__ for tag in serializer.default_tags],
        list(serializer.tags),
        [type(tag).__name__ for tag in serializer.order],
    ]


class Point:
    def __init__(self, x, y):
        self.x, self.y = x, y


class TagPoint(JSONTag):
    key = " pt"

    def check(self, value):
        return isinstance(value, Point)

    def to_json(self, value):
        return [value.x, value.y]

    def to_python(self, value):
        return Point(*value)


@scenario
def tag_of_ones_own_in_a_session(lab: Lab):
    app = lab.app(SECRET_KEY="key")
    interface = SecureCookieSessionInterface()
    interface.serializer = TaggedJSONSerializer()
    interface.serializer.register(TagPoint)
    app.session_interface = interface
    app.add_url_rule("/set", "put", lambda: (session.update(v=Point(3, 4)), "set")[1])
    app.add_url_rule("/get", "get", lambda: f"{session['v'].x},{session['v'].y}")
    client = app.test_client()
    return [lab.hit(client, "/set"), lab.brief(client, "/get")]


@scenario
def registering_tags(lab: Lab):
    serializer = TaggedJSONSerializer()

    class Other(TagPoint):
        pass

    class Keyless(TagPoint):
        key = ""

    serializer.register(TagPoint, index=0)
    first = type(serializer.order[0]).__name__
    taken = lab.raises(serializer.register, Other)
    serializer.register(Other, force=True)
    serializer.register(Keyless, index=-1)
    return [
        first,
        taken,
        type(serializer.tags[" pt"]).__name__,
        [type(t).__name__ for t in serializer.order],
    ]


@scenario
def untag_and_tag_by_hand(lab: Lab):
    serializer = TaggedJSONSerializer()
    return [
        serializer.tag((1, b"a")),
        serializer.tag({"a": (1,)}),
        serializer.tag([1, (2,)]),
        serializer.tag("x"),
        serializer.untag({" t": [1]}),
        serializer.untag({"a": 1}),
        serializer.untag({}),
        serializer.untag({" t": 1, "b": 2}),
    ]
