"""Response classes of an application's own: what constructors and ``force_type`` are given."""

from __future__ import annotations

from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response as Plain

import flask
from flask import Response, request

from ..harness import Lab, family, scenario


def serving(lab: Lab, response_class, **options):
    """An application whose views return each kind of value."""
    app = lab.app(**options)
    app.response_class = response_class

    @app.get("/<kind>")
    def index(kind):
        return VALUES[kind]()

    @app.get("/slash/")
    def slash():
        return "slash"

    return app


def call_as_wsgi(environ, start_response):
    start_response("203 NON-AUTHORITATIVE INFORMATION", [("X-Inner", "1")])
    return [b"inner"]


VALUES = {
    "text": lambda: "text",
    "bytes": lambda: b"bytes",
    "generator": lambda: iter(["a", "b"]),
    "object": lambda: {"a": 1},
    "array": lambda: [1],
    "jsonify": lambda: flask.jsonify(a=1),
    "jsonify_status": lambda: (flask.jsonify(a=1), 201),
    "tuple": lambda: ("text", 201, {"X-A": "1"}),
    "pairs": lambda: ("text", [("X-A", "1")]),
    "object_status": lambda: ({"a": 1}, 201, {"X-A": "1"}),
    "foreign": lambda: Plain("foreign", 202),
    "flask": lambda: Response("flask", 202),
    "wsgi": lambda: call_as_wsgi,
    "redirect": lambda: flask.redirect("/text"),
    "abort": lambda: flask.abort(409),
    "abort_foreign": lambda: flask.abort(Plain("aborted", 410)),
    "returned_error": lambda: NotFound("returned"),
    "error_status": lambda: (NotFound("returned"), 418),
    "make": lambda: flask.make_response("made", 202),
    "empty": lambda: flask.make_response(),
    "file": lambda: flask.send_file(__import__("io").BytesIO(b"file"), mimetype="text/plain"),
    "fails": lambda: 1 / 0,
    "options": lambda: flask.current_app.make_default_options_response(),
}
PATHS = [f"/{kind}" for kind in VALUES]


def of_kind(value) -> str:
    if isinstance(value, (str, bytes, int, type(None), list, dict, tuple)):
        return f"{type(value).__name__} {value!r}"
    return "iterator" if hasattr(value, "__next__") else type(value).__name__


def shown(name: str, value) -> str:
    return f"{name}={of_kind(dict(value) if name == 'headers' and value else value)}"


class Noting(Response):
    """Notes the arguments that it is made from, as they are given."""

    lab: Lab

    def __init__(self, *args, **kwargs):
        given = [of_kind(arg) for arg in args]
        given += [shown(name, value) for name, value in kwargs.items()]
        self.lab.say("init", [g for g in given if "<!doctype" not in g])
        super().__init__(*args, **kwargs)

    @classmethod
    def force_type(cls, response, environ=None):
        cls.lab.say("force", type(response).__name__, environ is not None)
        return super().force_type(response, environ)


@family(*PATHS, "/", "/slash", "POST /text", "OPTIONS /text", "HEAD /text")
def arguments(lab: Lab, path):
    Noting.lab = lab
    return lab.hit(serving(lab, Noting), path)


@family(*PATHS, "/", "/slash")
def arguments_in_debug_mode(lab: Lab, path):
    Noting.lab = lab
    app = serving(lab, Noting, DEBUG=True, PROPAGATE_EXCEPTIONS=False)
    return lab.brief(app, path)


class Typed(Response):
    def __init__(self, response=None, status=None, headers=None, **kwargs):
        super().__init__(response, status, headers, content_type="application/json", **kwargs)


class TypedByDefault(Response):
    def __init__(self, response=None, status=None, headers=None, content_type=None, **kwargs):
        content_type = content_type or "text/x-own"
        super().__init__(response, status, headers, content_type=content_type, **kwargs)


class OnlyBody(Response):
    def __init__(self, response=None, **kwargs):
        super().__init__(response, **kwargs)


class BodyRequired(Response):
    def __init__(self, response, **kwargs):
        super().__init__(response, **kwargs)


class TextOnly(Response):
    def __init__(self, response=None, *args, **kwargs):
        if isinstance(response, str):
            response = f"[{response}]"
        super().__init__(response, *args, **kwargs)


class Forced(Response):
    @classmethod
    def force_type(cls, rv, environ=None):
        if isinstance(rv, dict):
            rv = flask.jsonify(rv)
        answer = super().force_type(rv, environ)
        answer.headers["X-Forced"] = type(rv).__name__
        return answer


class ForcedFromAny(Response):
    @classmethod
    def force_type(cls, rv, environ=None):
        if not callable(rv):
            rv = cls(repr(rv))
        return super().force_type(rv, environ)


class OtherBase(Plain):
    """Not a subclass of Flask's response."""


class XML(Response):
    default_mimetype = "application/xml"


class Created(Response):
    default_status = 201


CLASSES = {
    cls.__name__: cls
    for cls in (
        Typed,
        TypedByDefault,
        OnlyBody,
        BodyRequired,
        TextOnly,
        Forced,
        ForcedFromAny,
        OtherBase,
        XML,
        Created,
    )
}


@family(**CLASSES)
def typical(lab: Lab, cls):
    return lab.hits(serving(lab, cls), *PATHS, "/none/at/all", "/slash")


@family(**CLASSES)
def typical_with_handlers(lab: Lab, cls):
    app = serving(lab, cls)
    app.errorhandler(404)(lambda error: error)
    app.errorhandler(409)(lambda error: (error, 408))
    app.errorhandler(500)(lambda error: error.get_response())
    return lab.hits(app, "/none/at/all", "/abort", "/fails", "/returned_error")


@scenario
def a_function_in_place_of_a_class(lab: Lab):
    app = lab.app()

    class Own(Response):
        pass

    app.response_class = Own
    app.add_url_rule("/", view_func=lambda: "text")
    app.add_url_rule("/json", view_func=lambda: {"a": 1})
    app.after_request(lambda response: (lab.say(type(response).__name__), response)[1])
    return lab.hits(app, "/", "/json", "/none")


@scenario
def a_class_that_is_replaced_between_requests(lab: Lab):
    app = serving(lab, Response)
    first = lab.hits(app, "/text", "/object", "/abort")
    app.response_class = Typed
    return first, lab.hits(app, "/text", "/object", "/abort")


# Exceptions that answer by themselves


class Moved(HTTPException):
    """Never calls the constructor of its base."""

    code = 303

    def __init__(self, where):
        self.where = where

    def get_response(self, *args, **kwargs):
        return flask.redirect(self.where, 303)


class MovedByRouting(RequestRedirect):
    def __init__(self, where):
        self.where = where

    def get_response(self, *args, **kwargs):
        return flask.redirect(self.where, 303)


class WithHeaders(HTTPException):
    code = 429
    description = "slow down"

    def get_headers(self, environ=None, scope=None):
        return [*super().get_headers(environ, scope), ("Retry-After", "3")]


class WithBody(HTTPException):
    code = 418

    def get_body(self, environ=None, scope=None):
        return '{"teapot": true}'

    def get_headers(self, environ=None, scope=None):
        return [("Content-Type", "application/json")]


class Called(HTTPException):
    code = 418

    def __call__(self, environ, start_response):
        start_response("299 CALLED", [])
        return [b"called"]


class WithoutCode(HTTPException):
    def get_response(self, environ=None, scope=None):
        return Plain("no code", 402)


class ReadsEnviron(HTTPException):
    code = 418

    def get_body(self, environ=None, scope=None):
        return f"environ {environ is not None} {environ['PATH_INFO'] if environ else None}"


class OddCode(HTTPException):
    code = 799
    description = "odd"


class ByProperty(HTTPException):
    @property
    def response(self):
        return Plain("by property", 417)

    @response.setter
    def response(self, value):
        pass


ERRORS = {
    "moved": lambda: Moved("/x"),
    "moved_by_routing": lambda: MovedByRouting("/x"),
    "headers": WithHeaders,
    "body": WithBody,
    "called": Called,
    "without_code": WithoutCode,
    "environ": ReadsEnviron,
    "odd_code": OddCode,
    "property": ByProperty,
    "given_response": lambda: NotFound(response=Plain("given", 405)),
    "given_call": lambda: NotFound(response=call_as_wsgi),
}


@family(**ERRORS)
def error_that_answers_itself(lab: Lab, make):
    app = lab.app()

    @app.get("/raised")
    def raised():
        raise make()

    @app.get("/returned")
    def returned():
        return make()

    @app.get("/with_status")
    def with_status():
        return make(), 206, {"X-A": "1"}

    return lab.hits(app, "/raised", "/returned", "/with_status")


@family(**ERRORS)
def error_that_answers_itself_by_own_class(lab: Lab, make):
    Noting.lab = lab
    app = lab.app()
    app.response_class = Noting

    @app.get("/raised")
    def raised():
        raise make()

    return lab.hits(app, "/raised", "HEAD /raised")


@family("get_response", "get_body", "get_headers", "get_description", "name", "__call__")
def patched_exception_method(lab: Lab, name):
    app = serving(lab, Response)
    before = lab.hits(app, "/abort", "/none/at/all")
    if name == "name":
        lab.patch(HTTPException, name, "Patched")
    elif name == "get_headers":
        lab.patch(HTTPException, name, lambda self, *a, **k: [("Content-Type", "text/patched")])
    elif name == "get_response":
        lab.patch(HTTPException, name, lambda self, *a, **k: Plain("patched", 298))
    elif name == "__call__":
        lab.patch(HTTPException, name, lambda self, e, s: Plain("called", 298)(e, s))
    else:
        lab.patch(HTTPException, name, lambda self, *a, **k: "patched")
    return before, lab.hits(app, "/abort", "/none/at/all")


# Responses changed after they were made


CHANGES = {
    "replaced": lambda r: setattr(r, "response", [b"other text"]),
    "replaced_by_text": lambda r: setattr(r, "response", ["other text"]),
    "emptied": lambda r: setattr(r, "response", []),
    "cleared": lambda r: r.response.clear(),
    "appended": lambda r: r.response.append(b"more"),
    "item_set": lambda r: r.response.__setitem__(0, b"item"),
    "tuple": lambda r: setattr(r, "response", (b"a", b"b")),
    "generator": lambda r: setattr(r, "response", (c for c in ("a", "b"))),
    "iterator": lambda r: setattr(r, "response", iter([b"a", b"b"])),
    "data": lambda r: setattr(r, "data", "data"),
    "set_data": lambda r: r.set_data(b"set"),
    "dict_headers": lambda r: setattr(r, "headers", {"X-A": "1", "Content-Type": "text/x"}),
    "list_headers": lambda r: setattr(r, "headers", [("X-A", "1")]),
    "headers_object": lambda r: setattr(r, "headers", flask.Response(headers={"X": "1"}).headers),
    "passthrough": lambda r: setattr(r, "direct_passthrough", True),
    "no_length": lambda r: setattr(r, "automatically_set_content_length", False),
    "own_close": lambda r: setattr(r, "close", lambda: None),
    "status": lambda r: setattr(r, "status", "299 Odd"),
    "status_code": lambda r: setattr(r, "status_code", 204),
    "not_modified": lambda r: setattr(r, "status_code", 304),
    "private_status": lambda r: setattr(r, "_status", "298 Private"),
    "delete_length": lambda r: r.headers.pop("Content-Length", None),
    "wrong_length": lambda r: r.headers.__setitem__("Content-Length", "3"),
    "get_wsgi_headers": lambda r: setattr(
        r, "get_wsgi_headers", lambda environ: flask.Response(headers={"X-Own": "1"}).headers
    ),
    "get_app_iter": lambda r: setattr(r, "get_app_iter", lambda environ: [b"own iter"]),
    "iter_encoded": lambda r: setattr(r, "iter_encoded", lambda: iter([b"own encoded"])),
    "get_wsgi_response": lambda r: setattr(
        r, "get_wsgi_response", lambda environ: ([b"own"], "297 OWN", [("X-Own", "1")])
    ),
    "location": lambda r: r.headers.__setitem__("Location", "/ä"),
    "corrected": lambda r: (
        setattr(r, "autocorrect_location_header", True),
        r.headers.__setitem__("Location", "x"),
    ),
}
FIRST = ["/text", "/generator", "/object", "/foreign", "/empty"]


@family(**CHANGES)
def changed_after_it_was_made(lab: Lab, change):
    app = serving(lab, Response)

    @app.after_request
    def after(response):
        if response.status_code < 500:
            change(response)
        return response

    return {path: lab.raises(lab.hit, app, path) for path in (*FIRST, "HEAD /text", "HEAD /array")}


def see_changed_error_page(lab: Lab, change):
    app = serving(lab, Response)

    @app.after_request
    def after(response):
        if response.status_code < 500:
            change(response)
        return response

    return {path: lab.raises(lab.hit, app, path) for path in ("/abort", "/none/at/all")}


# The original's error pages are iterators.
OF_A_LIST = {
    "appended": CHANGES["appended"],
    "cleared": CHANGES["cleared"],
    "delete_length": CHANGES["delete_length"],
    "dict_headers": CHANGES["dict_headers"],
    "headers_object": CHANGES["headers_object"],
    "item_set": CHANGES["item_set"],
    "list_headers": CHANGES["list_headers"],
}


@family(**{name: change for name, change in CHANGES.items() if name not in OF_A_LIST})
def changed_error_page(lab: Lab, change):
    return see_changed_error_page(lab, change)


@family(**OF_A_LIST)
def error_page_changed_as_a_list(lab: Lab, change):
    return see_changed_error_page(lab, change)


@family(**CHANGES)
def changed_in_the_view(lab: Lab, change):
    app = lab.app()

    @app.get("/<kind>")
    def index(kind):
        response = flask.make_response(VALUES[kind]())
        change(response)
        return response

    return {path: lab.raises(lab.hit, app, path) for path in ("/text", "/generator", "/object")}


@family(**CHANGES)
def changed_after_its_headers_were_read(lab: Lab, change):
    app = lab.app()

    @app.get("/<kind>")
    def index(kind):
        response = flask.make_response(VALUES[kind]())
        assert response.headers is not None
        change(response)
        return response

    return {path: lab.raises(lab.hit, app, path) for path in ("/text", "/generator", "/object")}


@scenario
def headers_of_changed_response_by_hand(lab: Lab):
    app = lab.app()
    seen = {}
    with app.test_request_context():
        for name, change in CHANGES.items():
            response = flask.make_response("text")
            change(response)
            environ = {**request.environ}
            seen[name] = lab.raises(
                lambda response=response, environ=environ: list(response.get_wsgi_headers(environ))
            )
    return seen


# Subclasses that override what the constructor and the emission use


class SetData(Response):
    def set_data(self, value):
        super().set_data(value.upper())


class IterEncoded(Response):
    def iter_encoded(self):
        for piece in super().iter_encoded():
            yield piece + b"!"


class StatusProperty(Response):
    @property
    def status(self):
        return self._status

    @status.setter
    def status(self, value):
        Response.status.fset(self, value)
        self.headers["X-Status"] = self._status


class StatusCodeProperty(Response):
    @property
    def status_code(self):
        return self._status_code

    @status_code.setter
    def status_code(self, code):
        Response.status_code.fset(self, 299 if code == 200 else code)


class StatusAlways(Response):
    @property
    def status(self):
        return "296 ALWAYS"

    @status.setter
    def status(self, value):
        Response.status.fset(self, value)


class HeadersProperty(Response):
    @property
    def headers(self):
        return self.__dict__.setdefault("_own_headers", flask.Response().headers.copy())

    @headers.setter
    def headers(self, value):
        value["X-Set"] = "1"
        self.__dict__["_own_headers"] = value


class WsgiHeaders(Response):
    def get_wsgi_headers(self, environ):
        headers = super().get_wsgi_headers(environ)
        headers["X-Wsgi"] = environ["PATH_INFO"]
        return headers


class AppIter(Response):
    def get_app_iter(self, environ):
        return [b"<", *super().get_app_iter(environ), b">"]


class WsgiResponse(Response):
    def get_wsgi_response(self, environ):
        body, status, headers = super().get_wsgi_response(environ)
        return body, status, [*headers, ("X-Last", "1")]


class Called2(Response):
    def __call__(self, environ, start_response):
        self.headers["X-Called"] = "1"
        return super().__call__(environ, start_response)


class NoLength(Response):
    automatically_set_content_length = False


class Corrects(Response):
    autocorrect_location_header = True


class Closing(Response):
    def close(self):
        flask.current_app.extensions["lab"].say("close")
        super().close()


class GetData(Response):
    def get_data(self, as_text=False):
        return super().get_data(as_text)[::-1]


class Setattr(Response):
    def __setattr__(self, name, value):
        if name == "status_code":
            value += 1
        super().__setattr__(name, value)


class Getattribute(Response):
    def __getattribute__(self, name):
        if name == "response":
            return [b"intercepted"]
        return super().__getattribute__(name)


class Slotted(Response):
    __slots__ = ("extra",)


OVERRIDES = {
    cls.__name__: cls
    for cls in (
        SetData,
        IterEncoded,
        StatusProperty,
        StatusCodeProperty,
        StatusAlways,
        HeadersProperty,
        WsgiHeaders,
        AppIter,
        WsgiResponse,
        Called2,
        NoLength,
        Corrects,
        Closing,
        GetData,
        Setattr,
        Getattribute,
        Slotted,
    )
}
SHORT = ["/text", "/bytes", "/generator", "/object", "/tuple", "/abort", "/none/x", "/redirect"]


@family(**OVERRIDES)
def overridden_part(lab: Lab, cls):
    app = serving(lab, cls)
    app.extensions["lab"] = lab
    if cls is Closing:
        return {path: lab.brief(app, path) for path in SHORT}
    return lab.hits(app, *SHORT, "/empty", "/file", "HEAD /text", "HEAD /object")


@family(**OVERRIDES)
def overridden_part_in_a_mixin(lab: Lab, cls):
    if cls in {Closing, Slotted}:
        return None
    own = {k: v for k, v in vars(cls).items() if k not in {"__dict__", "__weakref__"}}
    own.pop("__classcell__", None)
    mixed = type("Mixed", (cls, Response), {})
    return lab.hits(serving(lab, mixed), *SHORT)


def patches(lab: Lab):
    return {
        "set_data": lambda self, value: setattr(self, "response", [b"patched"]),
        "iter_encoded": lambda self: iter([b"patched"]),
        "get_wsgi_headers": lambda self, environ: flask.Response(headers={"X-P": "1"}).headers,
        "get_app_iter": lambda self, environ: [b"patched"],
        "get_wsgi_response": lambda self, environ: ([b"patched"], "295 P", [("X-P", "1")]),
        "__call__": lambda self, environ, start: (start("292 P", [("X-P", "1")]), [b"p"])[1],
        "automatically_set_content_length": False,
        "default_mimetype": "text/x-patched",
        "default_status": 294,
        "autocorrect_location_header": True,
        "status": property(lambda self: "293 P", lambda self, value: None),
        "headers": property(lambda self: flask.Headers() if 0 else {"X-P": "1"}, lambda s, v: None),
        "calculate_content_length": lambda self: 5,
        "close": lambda self: lab.say("close"),
        "is_sequence": False,
    }


PATCHED = [
    "set_data",
    "iter_encoded",
    "get_wsgi_headers",
    "get_app_iter",
    "get_wsgi_response",
    "__call__",
    "automatically_set_content_length",
    "default_mimetype",
    "default_status",
    "autocorrect_location_header",
    "calculate_content_length",
    "close",
]


@family(*PATCHED)
def patched_on_the_class(lab: Lab, name):
    app = serving(lab, Response)
    before = lab.hits(app, "/text", "/object", "/generator")
    lab.patch(Response, name, patches(lab)[name])
    return before, lab.hits(app, "/text", "/object", "/generator", "/abort", "/redirect")


@family(*PATCHED)
def patched_on_werkzeugs_class(lab: Lab, name):
    app = serving(lab, Response)
    before = lab.hits(app, "/text", "/object", "/generator")
    lab.patch(Plain, name, patches(lab)[name])
    return before, lab.hits(app, "/text", "/object", "/generator", "/abort", "/redirect")


@family(*PATCHED)
def patched_before_the_first_request(lab: Lab, name):
    lab.patch(Plain, name, patches(lab)[name])
    return lab.hits(serving(lab, Response), "/text", "/object", "/generator", "/abort")


# Content types


@family(
    "text/html;\tcharset=utf-8", "text/html; charset=latin-1", "text/html\x7f", "", "ä/ö", "a\nb"
)
def content_type(lab: Lab, value):
    app = lab.app()
    app.add_url_rule("/text", view_func=lambda: Response("x", content_type=value))
    app.add_url_rule("/mime", view_func=lambda: Response("x", mimetype=value))
    app.add_url_rule("/stream", view_func=lambda: Response(iter("x"), content_type=value))
    app.add_url_rule("/header", view_func=lambda: ("x", {"Content-Type": value}))
    app.add_url_rule("/list", view_func=lambda: Response(["x"], content_type=value))
    return lab.hits(app, "/text", "/mime", "/stream", "/header", "/list")
