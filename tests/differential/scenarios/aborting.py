"""`abort`, its forms and the aborter."""

from __future__ import annotations

import werkzeug.exceptions as http
from werkzeug.datastructures import WWWAuthenticate

import flask
from flask import abort

from ..harness import Lab, family, scenario
from .errors import Teapot, naming

ABORTS = {
    "404": lambda: abort(404),
    "404_text": lambda: abort(404, "not here"),
    "404_keyword": lambda: abort(404, description="not here"),
    "401_authenticate": lambda: abort(
        401, www_authenticate=WWWAuthenticate("basic", {"realm": "r"})
    ),
    "405_methods": lambda: abort(405, valid_methods=["GET", "PUT"]),
    "response": lambda: abort(flask.Response("given", 409)),
    "text": lambda: abort("404"),
    "200": lambda: abort(200),
    "unknown": lambda: abort(999),
    "none": lambda: abort(None),
    "response_function": lambda: abort(flask.make_response({"why": "json"}, 422)),
    "413": lambda: abort(413),
    "416": lambda: abort(416, length=10),
    "429": lambda: abort(429, retry_after=30),
    "503": lambda: abort(503, retry_after=5),
    "418": lambda: abort(418),
    "502": lambda: abort(502),
    "response_keyword": lambda: abort(404, response=flask.Response("as keyword", 299)),
    "wsgi_app": lambda: abort(flask.redirect("/elsewhere")),
}


@family(**ABORTS)
def abort_form(lab: Lab, use):
    app = lab.app()
    app.add_url_rule("/", "index", lambda: use())
    return lab.hit(app)


@scenario
def abort_uses_the_apps_aborter(lab: Lab):
    class Payment(http.HTTPException):
        code = 402
        description = "pay"

    app = lab.app()
    app.aborter.mapping[402] = Payment
    app.add_url_rule("/", "index", lambda: abort(402))
    return [lab.code(app), lab.raises(flask.abort, 402), type(app.aborter).__name__]


@scenario
def aborter_class_of_ones_own(lab: Lab):
    class Aborter(http.Aborter):
        def __call__(self, code, *args, **options):
            lab.say("abort", code)
            return super().__call__(code, *args, **options)

    class Shop(flask.Flask):
        aborter_class = Aborter

    app = lab.app(cls=Shop)
    app.add_url_rule("/", "index", lambda: abort(410))
    return lab.code(app)


@scenario
def make_aborter_overridden(lab: Lab):
    class Shop(flask.Flask):
        def make_aborter(self):
            return http.Aborter(extra={700: Teapot})

    app = lab.app(cls=Shop)
    app.add_url_rule("/", "index", lambda: abort(700))
    return lab.code(app)


@scenario
def http_exception_with_a_response(lab: Lab):
    app = lab.app()

    @app.get("/")
    def index():
        raise http.NotFound(response=flask.Response("own page", 404, {"X-Own": "1"}))

    @app.get("/codeless")
    def codeless():
        raise http.HTTPException("nothing", response=flask.Response("codeless", 299))

    @app.get("/bare")
    def bare():
        raise http.HTTPException("bare")

    app.register_error_handler(404, naming("handler"))
    return lab.briefs(app, "/", "/codeless") | lab.codes(app, "/bare")


@scenario
def codeless_http_exception_with_handlers(lab: Lab):
    app = lab.app()
    app.register_error_handler(http.HTTPException, naming("http"))
    app.register_error_handler(Exception, naming("any"))

    @app.get("/")
    def index():
        raise http.HTTPException(response=flask.Response("codeless", 299))

    return lab.brief(app)
