"""What a view may return, what it becomes, and how a response goes out."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import enum
import io
import types

from markupsafe import Markup
from werkzeug.datastructures import Headers, MultiDict
from werkzeug.wrappers import Response as WerkzeugResponse

import flask
from flask import Response, make_response

from ..harness import Lab, family, scenario


class Text(str):
    pass


class Own(Response):
    default_mimetype = "text/own"


class OtherBase(WerkzeugResponse):
    pass


def wsgi(environ, start_response):
    start_response("203 From WSGI", [("Content-Type", "text/wsgi"), ("X-W", "1"), ("X-W", "2")])
    return [b"wsgi ", environ["PATH_INFO"].encode()]


@dataclasses.dataclass
class Data:
    a: int


class Status(enum.IntEnum):
    TEAPOT = 418


RETURNS = {
    "text": lambda: "text",
    "empty": lambda: "",
    "unicode": lambda: "\u00fc\u2603",
    "bytes": lambda: b"\xff\x00",
    "bytearray": lambda: bytearray(b"ba"),
    "markup": lambda: Markup("<b>"),
    "str_subclass": lambda: Text("sub"),
    "none": lambda: None,
    "true": lambda: True,
    "int": lambda: 5,
    "float": lambda: 1.5,
    "set": lambda: {1},
    "object": object,
    "class": lambda: str,
    "dict": lambda: {"a": 1},
    "dict_empty": dict,
    "ordered": lambda: collections.OrderedDict(a=1),
    "list": lambda: [1, {"b": None}],
    "list_empty": list,
    "dataclass": lambda: Data(1),
    "memoryview": lambda: memoryview(b"m"),
    "defaultdict": lambda: collections.defaultdict(int, a=1),
    "multidict": lambda: MultiDict([("a", 1), ("a", 2)]),
    "mappingproxy": lambda: types.MappingProxyType({"a": 1}),
    "generator": lambda: (c for c in "abc"),
    "generator_bytes": lambda: (c for c in (b"a", b"b")),
    "iterator": lambda: iter(["x", "y"]),
    "list_iterator": lambda: iter([b"x"]),
    "map": lambda: map(str, [1, 2]),
    "range": lambda: range(3),
    "file": lambda: io.BytesIO(b"file"),
    "stringio": lambda: io.StringIO("sio"),
    "response": lambda: Response("r", 201),
    "own": lambda: Own("own"),
    "werkzeug": lambda: WerkzeugResponse("w", 202),
    "other_base": lambda: OtherBase("o", headers={"X-O": "1"}),
    "wsgi": lambda: wsgi,
    "coroutine_like": lambda: types.SimpleNamespace(),
    "tuple_status": lambda: ("x", 201),
    "tuple_status_text": lambda: ("x", "299 Very Own"),
    "tuple_status_text_number": lambda: ("x", "404"),
    "tuple_status_bad": lambda: ("x", "bad status"),
    "tuple_status_enum": lambda: ("x", Status.TEAPOT),
    "tuple_headers_dict": lambda: ("x", {"X-A": "1"}),
    "tuple_headers_list": lambda: ("x", [("X-A", "1"), ("X-A", "2")]),
    "tuple_headers_tuple": lambda: ("x", (("X-A", "1"),)),
    "tuple_headers_object": lambda: ("x", Headers([("X-A", "1"), ("X-A", "2")])),
    "tuple_headers_multi": lambda: ("x", {"X-A": ["1", "2"]}),
    "tuple_three": lambda: ("x", 202, {"X-A": "1"}),
    "tuple_three_list": lambda: ("x", 202, [("X-A", "1")]),
    "tuple_one": lambda: ("x",),
    "tuple_none": lambda: (),
    "tuple_four": lambda: ("x", 1, {}, 2),
    "tuple_wrong_order": lambda: ("x", {"X-A": "1"}, 202),
    "tuple_none_status": lambda: ("x", None),
    "tuple_none_headers": lambda: ("x", 201, None),
    "tuple_none_body": lambda: (None, 204),
    "tuple_content_type": lambda: ("x", {"Content-Type": "text/plain"}),
    "tuple_content_type_json": lambda: ({"a": 1}, {"Content-Type": "application/problem+json"}),
    "tuple_dict_status": lambda: ({"a": 1}, 201),
    "tuple_list_status": lambda: ([1], 201),
    "tuple_response_status": lambda: (Response("r", 201, {"X-R": "1"}), 209, {"X-A": "2"}),
    "tuple_response_headers": lambda: (
        Response("r", headers=[("X-R", "1"), ("X-R", "2")]),
        {"X-R": "3"},
    ),
    "tuple_response_status_text": lambda: (Response("r"), "298 Told"),
    "tuple_wsgi": lambda: (wsgi, 207, {"X-W": "3"}),
    "tuple_list_body_list": lambda: ("x", [1, 2]),
    "tuple_int_only": lambda: (1, 2),
    "tuple_status_zero": lambda: ("x", 0),
    "tuple_status_99": lambda: ("x", 99),
    "tuple_status_1000": lambda: ("x", 1000),
    "tuple_204": lambda: ("", 204),
    "tuple_304": lambda: ("body", 304),
    "tuple_100": lambda: ("x", 100),
    "tuple_dict_three": lambda: ({"a": 1}, 201, {"X-A": "1"}),
    "tuple_generator": lambda: ((c for c in "ab"), 206),
    "namedtuple": lambda: collections.namedtuple("R", "body status")("n", 203),
    "nested_tuple": lambda: (("x", 201), 202),
    "list_tuple": lambda: [("a", 1)],
    "tuple_header_int": lambda: ("x", {"X-A": 5}),
    "tuple_header_newline": lambda: ("x", {"X-A": "a\nb"}),
    "tuple_header_unicode": lambda: ("x", {"X-A": "\u00fc"}),
    "tuple_header_snow": lambda: ("x", {"X-A": "\u2603"}),
    "tuple_header_none": lambda: ("x", {"X-A": None}),
    "tuple_status_true": lambda: ("x", True),
    "tuple_status_float": lambda: ("x", 201.0),
    "tuple_status_bytes": lambda: ("x", b"201"),
    "tuple_status_empty": lambda: ("x", ""),
    "response_class": lambda: Response,
    "exception": lambda: ValueError("x"),
    "http_exception": lambda: flask.current_app.aborter.mapping[404](),
    "decimal_date": lambda: datetime.date(2024, 1, 1),
    "tuple_headers_empty": lambda: ("x", {}),
    "tuple_headers_cookie": lambda: ("x", [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]),
    "tuple_response_content_type": lambda: (
        Response("r", content_type="text/a"),
        {"content-type": "text/b"},
    ),
    "tuple_length": lambda: ("x", {"Content-Length": "77"}),
}


@family(*RETURNS)
def view_returns(lab: Lab, name):
    app = lab.app(PROPAGATE_EXCEPTIONS=True)
    app.add_url_rule("/p", "index", RETURNS[name])
    return lab.hit(app, "/p")


@family(*RETURNS)
def make_response_of(lab: Lab, name):
    app = lab.app()
    with app.test_request_context("/p"):
        try:
            response = make_response(RETURNS[name]())
            return [type(response).__name__, lab.see(response)]
        except Exception as error:
            return lab.facts(error)


MAKE = {
    "nothing": (),
    "one": ("x",),
    "two": ("x", 201),
    "headers": ("x", {"X-A": "1"}),
    "three": ("x", 201, {"X-A": "1"}),
    "tuple": (("x", 201),),
    "none": (None,),
    "four": ("x", 1, {}, 4),
    "dict": ({"a": 1},),
    "dict_status": ({"a": 1}, 202),
    "response": (Response("r", 203),),
}


@family(**MAKE)
def make_response_arguments(lab: Lab, arguments):
    app = lab.app()
    with app.test_request_context("/"):
        try:
            return lab.see(make_response(*arguments))
        except Exception as error:
            return lab.facts(error)


@scenario
def make_response_with_an_app_context_only(lab: Lab):
    app = lab.app()
    with app.app_context():
        return [
            lab.raises(lambda: make_response("x").status),
            lab.raises(lambda: make_response(None)),
            lab.raises(lambda: make_response(wsgi).status),
        ]


@scenario
def response_class_of_the_app(lab: Lab):
    class Shop(flask.Flask):
        response_class = Own

    app = lab.app(cls=Shop)
    app.add_url_rule("/text", "text", lambda: "x")
    app.add_url_rule("/dict", "dict", lambda: {"a": 1})
    app.add_url_rule("/plain", "plain", lambda: Response("plain"))
    app.add_url_rule("/werkzeug", "werkzeug", lambda: WerkzeugResponse("w"))
    app.add_url_rule("/wsgi", "wsgi", lambda: wsgi)
    app.add_url_rule("/redirect", "redirect", lambda: flask.redirect("/"))
    app.after_request(lambda response: (lab.say(type(response).__name__), response)[1])
    return lab.hits(
        app, "/text", "/dict", "/plain", "/werkzeug", "/wsgi", "/redirect", "/none", "OPTIONS /text"
    )


@scenario
def response_class_replaced_after_the_first_request(lab: Lab):
    app = lab.app()
    app.add_url_rule("/", "index", lambda: "x")
    first = lab.hit(app)
    app.response_class = Own
    return [first, lab.hit(app)]


@scenario
def make_response_method_overridden(lab: Lab):
    class Shop(flask.Flask):
        def make_response(self, rv):
            lab.say("make_response", type(rv).__name__)
            if isinstance(rv, Data):
                rv = {"data": rv.a}
            return super().make_response(rv)

    app = lab.app(cls=Shop)
    app.add_url_rule("/", "index", lambda: Data(5))
    app.add_url_rule("/text", "text", lambda: "x")
    app.register_error_handler(404, lambda error: Data(404))
    return lab.briefs(app, "/", "/text", "/none")


@scenario
def response_headers_from_every_side(lab: Lab):
    app = lab.app()

    @app.get("/")
    def index():
        response = make_response("x")
        response.headers["X-A"] = "1"
        response.headers.add("X-A", "2")
        response.headers.extend({"X-B": "3"})
        response.set_cookie(
            "a",
            "1",
            max_age=10,
            httponly=True,
            samesite="Lax",
            path="/p",
            domain="d.example",
            secure=True,
        )
        response.delete_cookie("b")
        response.mimetype = "text/csv"
        response.status = 207
        response.vary.add("X-V")
        response.cache_control.max_age = 5
        response.allow.update(["GET", "PUT"])
        response.last_modified = datetime.datetime(2024, 1, 2, tzinfo=datetime.UTC)
        response.content_language.add("de")
        response.access_control_allow_origin = "*"
        return response

    return lab.hit(app)


COOKIES = {
    "plain": {"key": "a", "value": "b"},
    "empty": {"key": "a"},
    "unicode": {"key": "a", "value": "\u00fc\u2603"},
    "quotes": {"key": "a", "value": 'x "y";,'},
    "max_age": {"key": "a", "value": "b", "max_age": 60},
    "delta": {"key": "a", "value": "b", "max_age": datetime.timedelta(hours=1)},
    "expires": {
        "key": "a",
        "value": "b",
        "expires": datetime.datetime(2050, 1, 1, tzinfo=datetime.UTC),
    },
    "path_none": {"key": "a", "value": "b", "path": None},
    "domain": {"key": "a", "value": "b", "domain": "x.example"},
    "all": {
        "key": "a",
        "value": "b",
        "secure": True,
        "httponly": True,
        "samesite": "Strict",
        "partitioned": True,
    },
    "samesite_bad": {"key": "a", "value": "b", "samesite": "bad"},
    "long": {"key": "a", "value": "v" * 5000},
    "name_odd": {"key": "a b", "value": "c"},
    "newline": {"key": "a", "value": "x\ny"},
}


@family(**COOKIES)
def set_cookie(lab: Lab, options):
    app = lab.app()

    @app.get("/")
    def index():
        response = make_response("x")
        response.set_cookie(**options)
        return response

    return lab.hit(app)


@family(default=None, low=100, off=0, high=100000)
def max_cookie_size(lab: Lab, limit):
    options = {} if limit is None else {"MAX_COOKIE_SIZE": limit}
    app = lab.app(**options)

    @app.get("/")
    def index():
        response = make_response("x")
        response.set_cookie("a", "v" * 4200)
        return f"{response.max_cookie_size}"

    return [lab.brief(app), Response().max_cookie_size]


@scenario
def response_without_a_context(lab: Lab):
    response = Response({"a": 1} and "text", 201, {"X": "1"}, mimetype="text/x")
    return [
        lab.see(response),
        response.default_mimetype,
        response.autocorrect_location_header,
        response.json_module is flask.json,
        response.max_cookie_size,
        repr(response),
    ]


@scenario
def response_json_module_outside(lab: Lab):
    response = Response('{"a": [1]}', mimetype="application/json")
    return [response.get_json(), response.json, Response("x").get_json(silent=True)]


@scenario
def conditional_responses(lab: Lab):
    app = lab.app()

    @app.get("/")
    def index():
        response = make_response("content")
        response.set_etag("tag")
        response.last_modified = datetime.datetime(2024, 1, 2, tzinfo=datetime.UTC)
        return response.make_conditional(flask.request)

    return [
        lab.hit(app),
        lab.hit(app, headers={"If-None-Match": '"tag"'}),
        lab.hit(app, headers={"If-None-Match": '"other"'}),
        lab.hit(app, headers={"If-Modified-Since": "Wed, 03 Jan 2024 00:00:00 GMT"}),
        lab.hit(app, headers={"If-Match": '"other"'}),
        lab.hit(app, headers={"Range": "bytes=0-2"}),
    ]


@scenario
def direct_passthrough_and_iterables(lab: Lab):
    app = lab.app()
    app.add_url_rule("/list", "list", lambda: Response(["a", "b"]))
    app.add_url_rule("/bytes", "bytes", lambda: Response(b"bytes"))
    app.add_url_rule("/tuple", "tuple", lambda: Response(("a", b"b")))
    app.add_url_rule("/gen", "gen", lambda: Response(c for c in "ab"))
    app.add_url_rule("/pass", "pass", lambda: Response(iter([b"p"]), direct_passthrough=True))
    app.add_url_rule("/none", "none", lambda: Response(None))
    return lab.hits(app, "/list", "/bytes", "/tuple", "/gen", "/pass", "/none")


@scenario
def content_length_is_kept_or_made(lab: Lab):
    app = lab.app()

    @app.get("/changed")
    def changed():
        response = make_response("1234")
        response.data = "12"
        return response

    app.after_request(
        lambda response: (setattr(response, "data", response.get_data() + b"!"), response)[1]
    )
    return lab.hits(app, "/changed", "/none")


@scenario
def response_returned_twice(lab: Lab):
    app = lab.app()
    kept = Response("kept")
    app.add_url_rule("/", "index", lambda: kept)
    app.after_request(lambda response: (response.headers.add("X-N", "1"), response)[1])
    return [lab.hit(app), lab.hit(app)]


@scenario
def force_type_and_wsgi_objects(lab: Lab):
    app = lab.app()
    with app.test_request_context("/x"):
        made = app.response_class.force_type(WerkzeugResponse("w"))
        wsgi_made = app.response_class.force_type(wsgi, flask.request.environ)
        return [
            type(made).__name__,
            type(wsgi_made).__name__,
            wsgi_made.get_data(),
            lab.raises(app.response_class.force_type, 5, flask.request.environ),
        ]


@scenario
def status_forms(lab: Lab):
    return [Response(status=s).status for s in (200, "201", "299 Own", 418, 999, "404 NOT FOUND")]
