"""Hooks that rewrite the request on its way to the view."""

from __future__ import annotations

import werkzeug.exceptions as http
from werkzeug.routing import RequestRedirect

import flask
from flask import Blueprint, g, request
from flask.globals import request_ctx

from ..harness import Lab, family, scenario


def told(**values):
    return f"{request.endpoint} {request.path} {request.blueprint} {sorted(values.items())}"


def shop(lab: Lab, **options):
    app = lab.app(**options)
    app.add_url_rule("/", "index", told)
    app.add_url_rule("/other/<x>", "other", told)
    app.add_url_rule("/post", "post", told, methods=["POST"])
    app.add_url_rule("/slash/", "slash", told)
    bp = Blueprint("bp", __name__, url_prefix="/bp")
    bp.before_request(lambda: lab.say("bp before"))
    bp.after_request(lambda response: (lab.say("bp after"), response)[1])
    bp.teardown_request(lambda error: lab.say("bp teardown"))
    bp.register_error_handler(Exception, lambda error: (f"bp {type(error).__name__}", 299))
    bp.add_url_rule("/<x>", "view", told)
    app.register_blueprint(bp)
    return app


def rule_of(app, endpoint):
    return next(iter(app.url_map.iter_rules(endpoint)))


def set_rule(app, endpoint, **values):
    request.url_rule = rule_of(app, endpoint)
    request.view_args = values


CHANGES = {
    "rule": lambda app: set_rule(app, "other", x="rewritten"),
    "rule_of_a_blueprint": lambda app: set_rule(app, "bp.view", x="rewritten"),
    "arguments": lambda app: setattr(request, "view_args", {"x": "given"}),
    "no_arguments": lambda app: setattr(request, "view_args", None),
    "no_rule": lambda app: setattr(request, "url_rule", None),
    "exception": lambda app: setattr(request, "routing_exception", http.Gone()),
    "redirect": lambda app: setattr(request, "routing_exception", RequestRedirect("/to")),
    "no_exception": lambda app: setattr(request, "routing_exception", None),
    "plain_exception": lambda app: setattr(request, "routing_exception", LookupError("plain")),
    "forgiven": lambda app: (
        setattr(request, "routing_exception", None),
        set_rule(app, "other", x="forgiven"),
    ),
    "environ": lambda app: request.environ.update(PATH_INFO="/other/env"),
    "matched_again": lambda app: (
        request.environ.update(PATH_INFO="/other/again"),
        setattr(request_ctx, "url_adapter", app.create_url_adapter(request)),
        request_ctx.match_request(),
    ),
    "method": lambda app: setattr(request, "method", "POST"),
    "path": lambda app: setattr(request, "path", "/changed"),
    "args": lambda app: setattr(request, "args", {"changed": "1"}),
    "options": lambda app: setattr(rule_of(app, "index"), "provide_automatic_options", False),
}
PATHS = ("/", "/other/x", "/bp/x", "/none", "/slash", "OPTIONS /", "/post")


def rewritten(lab: Lab, place: str, change):
    app = shop(lab)

    def hook(*args):
        if request.args.get("go"):
            change(app)

    getattr(app, place)(hook)
    seen = {}
    for path in PATHS:
        lab.say("->", path)
        seen[path] = [lab.brief(app, path + "?go=1"), lab.brief(app, path)]
    return seen


@family(**CHANGES)
def in_before_request(lab: Lab, change):
    return rewritten(lab, "before_request", change)


@family(**CHANGES)
def in_url_value_preprocessor(lab: Lab, change):
    return rewritten(lab, "url_value_preprocessor", change)


@family(**CHANGES)
def in_request_started(lab: Lab, change):
    app = shop(lab)

    def receive(sender, **values):
        if request.args.get("go"):
            change(app)

    with flask.request_started.connected_to(receive, app):
        return {path: lab.brief(app, path + "?go=1") for path in PATHS}


@family("rule", "exception", "environ", "arguments", "no_rule")
def in_dispatch_request(lab: Lab, name):
    class Shop(flask.Flask):
        def dispatch_request(self):
            if request.args.get("go"):
                CHANGES[name](self)
            return super().dispatch_request()

    app = shop(lab, cls=Shop)
    return {path: lab.brief(app, path + "?go=1") for path in PATHS}


@family(
    "PATH_INFO", "REQUEST_METHOD", "QUERY_STRING", "HTTP_HOST", "SCRIPT_NAME", "wsgi.url_scheme"
)
def environ_rewritten_by_middleware(lab: Lab, key):
    app = shop(lab)
    app.add_url_rule("/see/<x>", "see", lambda x: f"{x} {request.url} {request.method}")
    inner = app.wsgi_app
    values = {
        "PATH_INFO": "/see/middle",
        "REQUEST_METHOD": "PUT",
        "QUERY_STRING": "by=middleware",
        "HTTP_HOST": "middle.example",
        "SCRIPT_NAME": "/mounted",
        "wsgi.url_scheme": "https",
    }

    def middleware(environ, start_response):
        environ[key] = values[key]
        return inner(environ, start_response)

    app.wsgi_app = middleware
    return lab.briefs(app, "/see/1?a=b", "/", "/slash")


@scenario
def environ_changed_after_parts_were_read(lab: Lab):
    app = lab.app()

    @app.get("/")
    def index():
        before = [request.path, request.args.get("a"), request.cookies.get("c"), request.host]
        request.environ.update(
            PATH_INFO="/later", QUERY_STRING="a=later", HTTP_COOKIE="c=later", HTTP_HOST="later"
        )
        after = [request.path, request.args.get("a"), request.cookies.get("c"), request.host]
        return f"{before} {after} {request.headers['Host']} {request.full_path}"

    return lab.brief(app, "/?a=first", cookie="c=first")


@scenario
def environ_changed_before_parts_are_read(lab: Lab):
    app = lab.app()

    @app.before_request
    def change():
        request.environ.update(
            QUERY_STRING="a=later", HTTP_COOKIE="c=later", HTTP_HOST="later", HTTP_X_NEW="new"
        )

    @app.get("/")
    def index():
        return (
            f"{request.args.get('a')} {request.cookies} {request.host} {request.headers['X-New']}"
        )

    return lab.brief(app, "/?a=first")


@scenario
def user_loaded_onto_the_context(lab: Lab):
    """As login extensions do it: attributes on the context, on g and on the request."""
    app = lab.app()

    @app.before_request
    def load():
        request_ctx.user = "context user"
        g._login_user = "g user"
        request.user = "request user"
        flask.globals.app_ctx.extra = "app context"

    @app.get("/")
    def index():
        return f"{request_ctx.user} {g._login_user} {request.user} {flask.globals.app_ctx.extra}"

    return [lab.brief(app), lab.brief(app)]


@scenario
def endpoint_is_read_only(lab: Lab):
    app = shop(lab)
    with app.test_request_context("/"):
        return [
            lab.raises(setattr, request, name, "x")
            for name in ("endpoint", "blueprint", "blueprints")
        ]
