"""JSON sent to the application and read from responses."""

from __future__ import annotations

import json

import flask

from ..harness import Lab, family, scenario
from .jsons import Shouting

BODIES = {
    "good": (b'{"a": 1}', "application/json"),
    "list": (b"[1]", "application/json"),
    "charset": ('{"a": "\u00fc"}'.encode(), "application/json; charset=utf-8"),
    "vendor": (b'{"a": 1}', "application/vnd.api+json"),
    "text": (b'{"a": 1}', "text/plain"),
    "none": (b'{"a": 1}', None),
    "bad": (b"{", "application/json"),
    "empty": (b"", "application/json"),
    "null": (b"null", "application/json"),
    "utf16": ('{"a": 1}'.encode("utf-16"), "application/json"),
    "latin": (b'{"a": "\xe9"}', "application/json"),
    "bom": (b'\xef\xbb\xbf{"a": 1}', "application/json"),
    "nan": (b"NaN", "application/json"),
    "upper": (b"{}", "APPLICATION/JSON"),
    "json_like": (b"{}", "application/jsonx"),
    "deep": (b"[" * 50 + b"]" * 50, "application/json"),
    "duplicate": (b'{"a": 1, "a": 2}', "application/json"),
}


@family(**BODIES)
def get_json(lab: Lab, case):
    body, kind = case
    app = lab.app(PROPAGATE_EXCEPTIONS=True)
    seen = []
    for options in ({}, {"silent": True}, {"force": True}, {"force": True, "silent": True}):

        def view(options=options):
            return f"{flask.request.is_json} {flask.request.get_json(**options)!r}"

        app = lab.app()
        app.add_url_rule("/", "index", view, methods=["POST"])
        seen.append(lab.brief(app, "POST /", data=body, content_type=kind))
    other = lab.app()
    other.add_url_rule("/", "index", lambda: repr(flask.request.json), methods=["POST"])
    return [*seen, lab.brief(other, "POST /", data=body, content_type=kind)]


@scenario
def json_errors_in_debug_or_not(lab: Lab):
    seen = {}
    for options in ({}, {"DEBUG": True}, {"TESTING": True}, {"TRAP_BAD_REQUEST_ERRORS": True}):
        app = lab.app(**options)
        app.add_url_rule("/", "index", lambda: str(flask.request.get_json()), methods=["POST"])

        @app.errorhandler(400)
        def bad(error):
            return (
                f"{type(error).__name__} cause={type(error.__cause__).__name__} "
                f"told={'Expecting' in str(error.description)}",
                400,
            )

        app.register_error_handler(415, lambda error: (type(error).__name__, 415))
        seen[str(options)] = [
            lab.brief(app, "POST /", data="{", content_type="application/json"),
            lab.brief(app, "POST /", data="{", content_type="text/plain"),
            lab.brief(app, "POST /", data="", content_type="application/json"),
        ]
    return seen


@scenario
def on_json_loading_failed_overridden(lab: Lab):
    class Lenient(flask.Request):
        def on_json_loading_failed(self, e):
            return {"failed": type(e).__name__}

    app = lab.app()
    app.request_class = Lenient
    app.add_url_rule("/", "index", lambda: flask.request.get_json(), methods=["POST"])
    return [
        lab.brief(app, "POST /", data="{", content_type="application/json"),
        lab.brief(app, "POST /", data="{", content_type="text/plain"),
    ]


@scenario
def get_json_is_cached(lab: Lab):
    app = lab.app()

    @app.post("/")
    def index():
        first = flask.request.get_json()
        first["x"] = "changed"
        again = flask.request.get_json(cache=False)
        return f"{flask.request.get_json()} {flask.request.json is first} {again}"

    return lab.brief(app, "POST /", json={"a": 1})


@scenario
def get_json_cached_by_silent_failure(lab: Lab):
    app = lab.app()

    @app.post("/")
    def index():
        first = flask.request.get_json(silent=True)
        return f"{first} {lab.raises(flask.request.get_json)} {flask.request.get_json(silent=True)}"

    return lab.brief(app, "POST /", data="{", content_type="application/json")


@scenario
def request_json_module(lab: Lab):
    class Module:
        @staticmethod
        def loads(text, **options):
            return {"module": len(text)}

        dumps = staticmethod(json.dumps)

    class Own(flask.Request):
        json_module = Module

    app = lab.app()
    app.request_class = Own
    app.add_url_rule("/", "index", lambda: flask.request.get_json(), methods=["POST"])
    return lab.brief(app, "POST /", data="[1, 2]", content_type="application/json")


@scenario
def response_get_json(lab: Lab):
    app = lab.app()
    app.add_url_rule("/", "index", lambda: {"a": (1, 2)})
    app.add_url_rule("/text", "text", lambda: "[1]")
    client = app.test_client()
    one, two = client.get("/"), client.get("/text")
    return [
        one.json,
        one.get_json(),
        one.is_json,
        two.json,
        two.get_json(silent=True),
        two.is_json,
        lab.raises(lambda: two.get_json(force=True)),
    ]


@scenario
def response_json_uses_the_apps_provider(lab: Lab):
    app = lab.app()
    app.json = Shouting(app)
    app.add_url_rule("/", "index", lambda: {"a": 1})
    response = app.test_client().get("/")
    return [response.json, type(response).__name__]


@scenario
def aborting_with_json(lab: Lab):
    app = lab.app()
    app.register_error_handler(
        Exception, lambda error: ({"error": type(error).__name__}, getattr(error, "code", 500))
    )
    app.add_url_rule("/zero", "zero", lambda: 1 / 0)
    return lab.hits(app, "/none", "/zero")
