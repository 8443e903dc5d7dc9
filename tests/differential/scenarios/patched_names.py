"""Names that tests of applications patch, in Flask's modules and below them."""

from __future__ import annotations

import io
from unittest import mock

import werkzeug.utils
import werkzeug.wrappers

import flask
import flask.helpers
import flask.json
import flask.json.provider
import flask.templating
import flask.views
import flask.wrappers
from flask import request, session
from flask.json.provider import DefaultJSONProvider

from ..harness import Lab, family, scenario


class Stand:
    """Stands in for a proxy: some attributes are its own, all others the proxy's."""

    def __init__(self, proxy, **own):
        self._proxy = proxy
        vars(self).update(own)

    def __getattr__(self, name):
        return getattr(self._proxy, name)

    def __bool__(self):
        return True


class CurrentJson:
    def __getattr__(self, name):
        return getattr(flask.current_app.json, name)


def serving(lab: Lab, **options):
    app = lab.app(SECRET_KEY="k", **options)
    lab.file("static/f.css", "body {}")
    add = app.add_url_rule
    add("/json", "json", lambda: {"b": 1, "a": 2})
    add("/list", "list", lambda: [1])
    add("/jsonify", "jsonify", lambda: flask.jsonify(a=1))
    add("/dumps", "dumps", lambda: flask.json.dumps({"a": 1}))
    add("/loads", "loads", lambda: repr(request.get_json()), methods=["POST"])
    add("/text", "text", lambda: "text")
    add("/cookie", "cookie", _set_cookie)
    add("/session", "session", lambda: session.update(a=1) or "session")
    add("/file", "file", lambda: flask.send_from_directory("static", "f.css"))
    add("/sent", "sent", lambda: flask.send_file(io.BytesIO(b"sent"), "text/plain"))
    add("/url", "url", lambda: flask.url_for("text"))
    add("/redirect", "redirect", lambda: flask.redirect("/text"))
    add("/abort", "abort", lambda: flask.abort(404))
    add("/make", "make", lambda: flask.make_response("made", 202))
    add("/flash", "flash", lambda: flask.flash("f") or repr(flask.get_flashed_messages()))
    add("/template", "template", lambda: flask.render_template_string("t {{ 1 }}"))
    add("/method", view_func=Methods.as_view("method"))
    add("/size", "size", lambda: f"{request.max_content_length} {request.max_form_parts}")
    add("/cookie_size", "cookie_size", lambda: f"{flask.make_response('x').max_cookie_size}")
    return app


def _set_cookie():
    response = flask.make_response("cookie")
    response.set_cookie("flavour", "plain")
    return response


class Methods(flask.views.MethodView):
    def get(self):
        return "by get"

    def post(self):
        return "by post"


# The name's owner, its name, and what stands in for it, made from what was there.
PATCHES = {
    "helpers.current_app": (
        flask.helpers,
        "current_app",
        lambda old: Stand(
            old,
            url_for=lambda *a, **k: "/stand",
            redirect=lambda *a, **k: "redirected by the stand",
            make_response=lambda rv: "made by the stand",
            aborter=lambda *a, **k: None,
            response_class=lambda: "empty",
            get_send_file_max_age=lambda name: 7,
        ),
    ),
    "helpers.request": (
        flask.helpers,
        "request",
        lambda old: Stand(old, environ={"REQUEST_METHOD": "HEAD", "HTTP_RANGE": "bytes=0-1"}),
    ),
    "helpers.session": (flask.helpers, "session", lambda old: {"_flashes": [("m", "stand")]}),
    "helpers.request_ctx": (flask.helpers, "request_ctx", lambda old: Stand(old, flashes=[])),
    "json.current_app": (
        flask.json,
        "current_app",
        lambda old: Stand(old, json=Stand(CurrentJson(), response=lambda *a, **k: "stand")),
    ),
    "views.request": (flask.views, "request", lambda old: Stand(old, method="POST")),
    "views.current_app": (
        flask.views,
        "current_app",
        lambda old: Stand(old, ensure_sync=lambda f: lambda **k: "stand"),
    ),
    "wrappers.current_app": (
        flask.wrappers,
        "current_app",
        lambda old: Stand(
            old,
            debug=True,
            config={"MAX_CONTENT_LENGTH": 5, "MAX_FORM_PARTS": 6, "MAX_COOKIE_SIZE": 7},
        ),
    ),
    "wrappers.no_current_app": (flask.wrappers, "current_app", lambda old: None),
    "templating.current_app": (
        flask.templating,
        "current_app",
        lambda old: Stand(old, update_template_context=lambda context: context.update(a=1)),
    ),
    "werkzeug.send_file": (
        werkzeug.utils,
        "send_file",
        lambda old: lambda *a, **k: flask.Response(f"sent {sorted(k)}"),
    ),
    "werkzeug.send_from_directory": (
        werkzeug.utils,
        "send_from_directory",
        lambda old: lambda *a, **k: flask.Response(f"from {len(a)} {sorted(k)}"),
    ),
    "provider.dumps": (DefaultJSONProvider, "dumps", lambda old: lambda self, o, **k: '"own"'),
    "provider.loads": (DefaultJSONProvider, "loads", lambda old: lambda self, s, **k: "own"),
    "provider.response": (
        DefaultJSONProvider,
        "response",
        lambda old: lambda self, *a, **k: self._app.response_class("own response"),
    ),
    "provider.prepare": (
        DefaultJSONProvider,
        "_prepare_response_obj",
        lambda old: lambda self, a, k: ["own", old(self, a, k)],
    ),
    "provider.default": (DefaultJSONProvider, "default", lambda old: staticmethod(lambda o: "x")),
    "provider.mimetype": (DefaultJSONProvider, "mimetype", lambda old: "application/own"),
    "response.set_cookie": (
        werkzeug.wrappers.Response,
        "set_cookie",
        lambda old: lambda self, key, *a, **k: self.headers.add("X-Cookie", key),
    ),
    "response.vary": (
        werkzeug.wrappers.Response,
        "delete_cookie",
        lambda old: lambda self, key, *a, **k: self.headers.add("X-Deleted", key),
    ),
}
PATHS = [
    "/json",
    "/list",
    "/jsonify",
    "/dumps",
    "/text",
    "/cookie",
    "/session",
    "/file",
    "/sent",
    "/static/f.css",
    "/url",
    "/redirect",
    "/abort",
    "/make",
    "/flash",
    "/template",
    "/method",
    "/size",
    "/cookie_size",
]


def look(lab: Lab, app):
    seen = {path: lab.raises(lab.hit, app, path) for path in PATHS}
    bad = {"data": "{", "content_type": "application/json"}
    seen["POST /loads"] = lab.raises(lab.hit, app, "POST /loads", json=[1])
    seen["POST bad"] = lab.raises(lab.hit, app, "POST /loads", **bad)
    return seen


@family(**PATCHES)
def before_the_first_request(lab: Lab, patch):
    owner, name, make = patch
    lab.patch(owner, name, make(getattr(owner, name)))
    return look(lab, serving(lab))


@family(**PATCHES)
def after_the_first_request(lab: Lab, patch):
    owner, name, make = patch
    app = serving(lab)
    before = lab.briefs(app, "/json", "/text", "/file", "/url", "/session", "/method")
    with mock.patch.object(owner, name, make(getattr(owner, name))):
        during = look(lab, app)
    after = lab.briefs(app, "/json", "/text", "/file", "/url", "/session", "/method")
    return before, during, after


# On the object, not on its class


@family("dumps", "loads", "response", "_prepare_response_obj", "default", "mimetype", "compact")
def provider_of_the_application(lab: Lab, name):
    app = serving(lab)
    before = lab.briefs(app, "/json", "/jsonify")
    own = {
        "dumps": lambda o, **k: '"own"',
        "loads": lambda s, **k: "own",
        "response": lambda *a, **k: app.response_class("own response"),
        "_prepare_response_obj": lambda a, k: ["own"],
        "default": lambda o: "own",
        "mimetype": "application/own",
        "compact": False,
    }
    setattr(app.json, name, own[name])
    during = look(lab, app)
    delattr(app.json, name)
    return before, during, lab.briefs(app, "/json", "/jsonify")


@scenario
def prepare_response_obj_with_super(lab: Lab):
    class Provider(DefaultJSONProvider):
        def _prepare_response_obj(self, args, kwargs):
            if len(args) == 1 and isinstance(args[0], dict):
                args = ({"data": args[0]},)
            return super()._prepare_response_obj(args, kwargs)

    app = serving(lab)
    app.json = Provider(app)
    both = lab.raises(lambda: app.json._prepare_response_obj((1,), {"a": 1}))
    return lab.hits(app, "/json", "/jsonify", "/list"), both


@scenario
def set_cookie_of_one_response(lab: Lab):
    app = serving(lab)

    @app.after_request
    def after(response):
        response.set_cookie = lambda key, *a, **k: response.headers.add("X-Cookie", key)
        return response

    return lab.hits(app, "/session", "/text")
