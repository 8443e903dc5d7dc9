"""Response objects at work: what they offer, subclasses, and methods replaced on the class."""

from __future__ import annotations

import copy
import datetime
import pickle

import werkzeug.wrappers
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    NotFound,
    RequestedRangeNotSatisfiable,
    TooManyRequests,
    Unauthorized,
)
from werkzeug.test import create_environ, run_wsgi_app

import flask
from flask import Response, make_response

from ..harness import Lab, family, scenario

USES = {
    "text": lambda r: r.text,
    "data": lambda r: r.data,
    "get_data": lambda r: r.get_data(as_text=True),
    "set_data": lambda r: (r.set_data("new \u00fc"), r.headers["Content-Length"], r.data),
    "data_bytes": lambda r: (setattr(r, "data", b"b"), r.content_length),
    "status": lambda r: (setattr(r, "status", "299 Own"), r.status_code, r.status),
    "status_number": lambda r: (setattr(r, "status", 404), r.status_code, r.status),
    "status_code": lambda r: (setattr(r, "status_code", 999), r.status),
    "mimetype": lambda r: (setattr(r, "mimetype", "text/csv"), r.content_type, r.mimetype_params),
    "content_type": lambda r: (
        setattr(r, "content_type", "a/b; c=d"),
        r.mimetype,
        r.mimetype_params,
    ),
    "headers": lambda r: (r.headers.set("X-A", "1"), r.headers.getlist("x-a"), len(r.headers)),
    "headers_replaced": lambda r: (
        setattr(r, "headers", type(r.headers)([("X-B", "2")])),
        list(r.headers),
    ),
    "headers_deleted": lambda r: (r.headers.pop("Content-Type"), r.mimetype, list(r.headers)),
    "headers_clear": lambda r: (r.headers.clear(), list(r.headers)),
    "headers_copy": lambda r: (r.headers.copy() == r.headers, r.headers.copy() is r.headers),
    "headers_contains": lambda r: ("content-TYPE" in r.headers, r.headers.get("content-type")),
    "header_newline": lambda r: r.headers.set("X-A", "a\nb"),
    "content_length": lambda r: (
        r.content_length,
        setattr(r, "content_length", 3),
        r.content_length,
    ),
    "calculate": lambda r: r.calculate_content_length(),
    "is_sequence": lambda r: (r.is_sequence, r.is_streamed),
    "response": lambda r: (type(r.response).__name__, list(r.response)),
    "response_assigned": lambda r: (setattr(r, "response", iter(["a", "b"])), r.is_streamed),
    "iter_encoded": lambda r: list(r.iter_encoded()),
    "freeze": lambda r: (r.freeze(), "ETag" in r.headers, r.content_length),
    "add_etag": lambda r: (r.add_etag(), r.get_etag()[0] is not None),
    "set_etag": lambda r: (r.set_etag("x", weak=True), r.get_etag(), r.headers["ETag"]),
    "make_sequence": lambda r: (r.make_sequence(), r.is_sequence),
    "json": lambda r: (r.is_json, r.get_json(silent=True)),
    "set_cookie": lambda r: (r.set_cookie("a", "b"), r.headers.getlist("Set-Cookie")),
    "vary": lambda r: (r.vary.add("A"), r.vary.add("a"), r.vary.add("B"), str(r.vary)),
    "cache_control": lambda r: (
        setattr(r.cache_control, "no_store", True),
        setattr(r.cache_control, "max_age", 5),
        str(r.cache_control),
    ),
    "allow": lambda r: (r.allow.add("GET"), str(r.allow)),
    "date": lambda r: (setattr(r, "date", datetime.datetime(2024, 1, 2)), r.headers["Date"]),
    "expires": lambda r: (setattr(r, "expires", datetime.datetime(2050, 1, 2)), str(r.expires)),
    "age": lambda r: (setattr(r, "age", 5), r.age, r.headers["Age"]),
    "retry_after": lambda r: (setattr(r, "retry_after", 30), r.headers["Retry-After"]),
    "location": lambda r: (setattr(r, "location", "/x"), r.headers["Location"]),
    "content_range": lambda r: (r.content_range.set(0, 5, 10), r.headers.get("Content-Range")),
    "www_authenticate": lambda r: str(r.www_authenticate),
    "accept_ranges": lambda r: r.accept_ranges,
    "csp": lambda r: (
        setattr(r.content_security_policy, "default_src", "'self'"),
        r.headers.get("Content-Security-Policy"),
    ),
    "stream": lambda r: (r.stream.write(b"more"), r.data, r.headers.get("Content-Length")),
    "close": lambda r: (r.call_on_close(lambda: None) is not None, r.close()),
    "context": lambda r: r.__enter__() is r,
    "max_cookie_size": lambda r: r.max_cookie_size,
    "repr": repr,
    "attribute": lambda r: (setattr(r, "own", 5), r.own),
    "default_mimetype": lambda r: (r.default_mimetype, r.default_status),
    "direct_passthrough": lambda r: (setattr(r, "direct_passthrough", True), r.direct_passthrough),
    "copy": lambda r: (copy.copy(r).data, list(copy.copy(r).headers)),
    "pickle": lambda r: pickle.loads(pickle.dumps(r)).data,
    "equality": lambda r: (r == r, r == Response("text"), len({r, r})),
    "wsgi_headers": lambda r: list(r.get_wsgi_headers(create_environ("/x"))),
    "wsgi_response": lambda r: r.get_wsgi_response(create_environ("/x"))[1],
    "app_iter": lambda r: list(r.get_app_iter(create_environ("/x"))),
    "app_iter_head": lambda r: list(r.get_app_iter(create_environ("/x", method="HEAD"))),
    "called": lambda r: [
        part if isinstance(part, (str, bytes)) else list(part)
        for part in run_wsgi_app(r, create_environ("/x"))
    ],
    "dir": lambda r: {"headers", "status", "data", "set_cookie", "json", "response"} <= set(dir(r)),
}


def responses():
    return {
        "made": Response("text", 201, {"X-Made": "1"}),
        "returned": make_response("text"),
        "json": flask.jsonify(a=1),
        "list": Response(["te", "xt"]),
        "stream": Response(iter(["te", "xt"])),
        "bytes": make_response(b"\xff"),
    }


@family(*USES)
def use(lab: Lab, name):
    app = lab.app()
    seen = {}
    with app.test_request_context("/"):
        for kind in responses():
            response = responses()[kind]
            facts = lab.raises(USES[name], response)
            if isinstance(facts.get("returned"), tuple):
                facts["returned"] = [
                    item
                    if isinstance(item, (str, bytes, int, type(None), list, tuple))
                    else str(item)
                    for item in facts["returned"]
                ]
            seen[kind] = [
                facts,
                lab.raises(lambda response=response: sorted(map(str, response.headers))),
            ]
    return seen


@family(*(name for name in USES if name not in {"close", "context"}))
def use_in_after_request(lab: Lab, name):
    app = lab.app()
    app.add_url_rule("/", "index", lambda: "text")
    app.add_url_rule("/json", "json", lambda: {"a": 1})

    @app.after_request
    def after(response):
        lab.raises(USES[name], response)
        return response

    return lab.hits(app, "/", "/json")


@scenario
def error_page_read_in_after_request(lab: Lab):
    app = lab.app()

    @app.after_request
    def after(response):
        lab.say(response.is_sequence, [chunk[:9] for chunk in response.iter_encoded()])
        return response

    return lab.hit(app, "/none")


@scenario
def error_pages_seen_by_a_hook(lab: Lab):
    app = lab.app()

    @app.get("/")
    def index():
        return "index"

    @app.get("/folder/")
    def folder():
        return "folder"

    @app.get("/<kind>")
    def fail(kind):
        raise {
            "busy": TooManyRequests(retry_after=5),
            "who": Unauthorized(www_authenticate=WWWAuthenticate("basic", {"realm": "all"})),
            "range": RequestedRangeNotSatisfiable(10),
            "bad": BadRequest("what?"),
            "no-content": type("Empty", (BadRequest,), {"code": 204})(),
            "no-code": HTTPException("no code"),
            "own-body": type("Own", (BadRequest,), {"get_body": lambda *args: "own"})(),
            "own-headers": type(
                "Own", (BadRequest,), {"get_headers": lambda *args: [("X", "y")]}
            )(),
            "own-place": type(
                "Own", (BadRequest,), {"get_headers": lambda *args: [("Location", "/ü")]}
            )(),
            "own-stream": type("Own", (BadRequest,), {"get_body": lambda *args: iter("own")})(),
            "given": NotFound(response=flask.Response("given")),
            "given-foreign": NotFound(response=werkzeug.wrappers.Response("given")),
        }[kind]

    @app.after_request
    def after(response):
        headers = [(key, value) for key, value in response.headers if key != "Allow"]
        lab.say(response.status, response.is_sequence, response.is_streamed, headers)
        lab.say(type(response).__module__, response.calculate_content_length())
        lab.say(len(response.get_data()), response.is_sequence)
        return response

    kinds = "busy who range bad no-content no-code own-body own-headers own-place own-stream"
    return [
        lab.hit(app, path, method=method)
        for path in (
            "/none/",
            "/folder",
            *map("/{}".format, f"{kinds} given given-foreign".split()),
        )
        for method in ("GET", "HEAD")
    ] + [lab.hit(app, "/", method="PUT")["status"], lab.hit(app, "/", method="put")["status"]]


METHODS = (
    "__init__",
    "__call__",
    "get_wsgi_response",
    "get_wsgi_headers",
    "get_app_iter",
    "close",
    "set_cookie",
)


def called_by(lab: Lab, app, called):
    """Tell for each path whether the method was called at all; how often is nobody's business."""
    seen = {}
    for path in PATHS:
        called.clear()
        code = lab.code(app, path)
        seen[path] = [code, bool(called)]
    return seen


@family(*METHODS)
def method_of_a_subclass(lab: Lab, name):
    called = []

    def method(self, *args, **kwargs):
        called.append(name)
        return getattr(super(kind, self), name)(*args, **kwargs)

    kind = type("Own", (Response,), {name: method})
    app = lab.app(SECRET_KEY="k")
    app.response_class = kind
    fill(app)
    return called_by(lab, app, called)


@scenario
def force_type_of_a_subclass(lab: Lab):
    class Own(Response):
        @classmethod
        def force_type(cls, response, environ=None):
            lab.say(type(response).__name__, environ is not None)
            return super().force_type(response, environ)

    app = lab.app()
    app.response_class = Own
    fill(app)
    return lab.codes(app, "/response", "/werkzeug", "/json", "/stream")


PATHS = (
    "/",
    "/json",
    "/response",
    "/werkzeug",
    "/tuple",
    "/stream",
    "/cookie",
    "/none",
    "HEAD /",
    "OPTIONS /",
)


def fill(app):
    app.add_url_rule("/", "index", lambda: "text")
    app.add_url_rule("/json", "json", lambda: {"a": 1})
    app.add_url_rule("/response", "response", lambda: Response("r"))
    app.add_url_rule("/werkzeug", "werkzeug", lambda: werkzeug.wrappers.Response("w"))
    app.add_url_rule("/tuple", "tuple", lambda: ("x", 201, {"X": "1"}))
    app.add_url_rule("/stream", "stream", lambda: iter(["a", "b"]))
    app.add_url_rule("/cookie", "cookie", lambda: (flask.session.update(a=1), "c")[1])


@family(*METHODS)
def method_patched_on_the_class(lab: Lab, name):
    app = lab.app(SECRET_KEY="k")
    fill(app)
    lab.codes(app, *PATHS)
    original, called = getattr(Response, name), []

    def method(self, *args, **kwargs):
        called.append(name)
        return original(self, *args, **kwargs)

    lab.patch(Response, name, method)
    return called_by(lab, app, called)


ATTRIBUTES = {
    "default_mimetype": "text/own",
    "default_status": 207,
    "autocorrect_location_header": True,
    "automatically_set_content_length": False,
    "json_module": flask.json,
    "max_cookie_size": 10,
    "charset": "latin-1",
}


@family(*ATTRIBUTES)
def attribute_of_a_subclass(lab: Lab, name):
    kind = type("Own", (Response,), {name: ATTRIBUTES[name]})
    app = lab.app(SECRET_KEY="k")
    app.response_class = kind
    fill(app)
    app.add_url_rule("/redirect", "redirect", lambda: flask.redirect("to"))
    return lab.hits(app, "/", "/json", "/tuple", "/stream", "/redirect", "/cookie")


@family("default_mimetype", "default_status", "autocorrect_location_header")
def attribute_patched_on_the_class(lab: Lab, name):
    app = lab.app()
    fill(app)
    app.add_url_rule("/redirect", "redirect", lambda: flask.redirect("to"))
    first = lab.hits(app, "/", "/json", "/redirect")
    lab.patch(Response, name, ATTRIBUTES[name])
    return [first, lab.hits(app, "/", "/json", "/redirect")]


@scenario
def response_called_by_a_middleware(lab: Lab):
    app = lab.app()
    fill(app)
    inner = app.wsgi_app

    def middleware(environ, start_response):
        if environ["PATH_INFO"] == "/stopped":
            return Response("stopped", 503)(environ, start_response)
        made = Response.from_app(inner, environ)
        made.headers["X-Wrapped"] = made.status
        return made(environ, start_response)

    app.wsgi_app = middleware
    return lab.hits(app, "/stopped", "/", "/json", "/stream", "/none")


@scenario
def response_given_to_abort_and_back(lab: Lab):
    app = lab.app()
    kept = Response("kept", 403)
    app.add_url_rule("/", "index", lambda: flask.abort(kept))
    app.after_request(lambda response: (lab.say(response is kept), response)[1])
    return [lab.hit(app), lab.hit(app)]


@scenario
def headers_of_every_kind_of_start_response(lab: Lab):
    app = lab.app()
    fill(app)
    seen = []

    def start_response(status, headers, exc_info=None):
        seen.append(
            [type(status).__name__, type(headers).__name__, {type(h).__name__ for h in headers}]
        )
        seen.append({type(part).__name__ for header in headers for part in header})
        return lambda data: None

    for path in ("/", "/json", "/none", "/stream"):
        body = app(create_environ(path), start_response)
        seen.append({type(chunk).__name__ for chunk in body})
        if hasattr(body, "close"):
            body.close()
    return seen
