"""What extensions add around the views: protection, headers, compression, profiling."""

from __future__ import annotations

import functools

import flask
from flask import Blueprint, g, request, session, url_for

from ..harness import Lab, family, scenario


@scenario
def csrf_protection(lab: Lab):
    app = lab.app(SECRET_KEY="k")
    exempt = set()

    @app.before_request
    def protect():
        if request.method in {"GET", "HEAD", "OPTIONS"} or not request.endpoint:
            return
        view = app.view_functions[request.endpoint]
        if f"{view.__module__}.{view.__name__}" in exempt or request.blueprint in exempt:
            return
        if request.form.get("token") != session.get("token", "none"):
            flask.abort(400, "token")

    app.add_url_rule("/token", "token", lambda: (session.update(token="t"), "t")[1])
    app.add_url_rule("/save", "save", lambda: "saved", methods=["POST"])
    hook = Blueprint("hook", __name__)
    hook.add_url_rule("/hook", "hook", lambda: "hook", methods=["POST"])
    app.register_blueprint(hook)
    exempt.add("hook")
    client = app.test_client()
    return [
        lab.code(client, "POST /save"),
        lab.brief(client, "/token"),
        lab.brief(client, "POST /save", data={"token": "t"}),
        lab.brief(client, "POST /hook"),
        lab.code(client, "POST /none"),
    ]


@scenario
def cross_origin_headers(lab: Lab):
    app = lab.app()

    @app.after_request
    def allow(response):
        response.access_control_allow_origin = "*"
        response.access_control_allow_headers = ["X-A"]
        response.headers.add("Vary", "Origin")
        return response

    app.add_url_rule("/", "index", lambda: "x", methods=["GET", "PUT"])
    app.add_url_rule("/fail", "fail", lambda: 1 / 0)
    return lab.hits(app, "/", "OPTIONS /", "/none", "/fail")


@scenario
def compressing_responses(lab: Lab):
    import gzip

    app = lab.app()

    @app.after_request
    def compress(response):
        if "gzip" in request.accept_encodings and not response.direct_passthrough:
            response.data = gzip.compress(response.get_data(), mtime=0)
            response.headers["Content-Encoding"] = "gzip"
            response.vary.add("Accept-Encoding")
        return response

    app.add_url_rule("/", "index", lambda: "text " * 20)
    response = app.test_client().get("/", headers={"Accept-Encoding": "gzip"})
    plain = gzip.decompress(response.get_data())
    return [plain, response.headers["Vary"], response.headers["Content-Encoding"]]


@scenario
def timing_and_request_ids(lab: Lab):
    app = lab.app()

    @app.before_request
    def begin():
        g.identity = request.headers.get("X-Request-Id", "made")

    @app.after_request
    def finish(response):
        response.headers["X-Request-Id"] = g.identity
        return response

    app.add_url_rule("/", "index", lambda: "x")
    return [
        lab.hit(app, headers={"X-Request-Id": "given"})["headers"],
        lab.hit(app, "/none")["headers"],
    ]


@scenario
def language_of_the_url(lab: Lab):
    app = lab.app()
    bp = Blueprint("site", __name__, url_prefix="/<lang>")

    @bp.url_defaults
    def add(endpoint, values):
        values.setdefault("lang", g.lang)

    @bp.url_value_preprocessor
    def pull(endpoint, values):
        g.lang = values.pop("lang")

    @bp.before_request
    def known():
        if g.lang not in {"de", "en"}:
            flask.abort(404)

    bp.add_url_rule("/", "index", lambda: f"{g.lang} {url_for('.about')} {url_for('site.index')}")
    bp.add_url_rule("/about", "about", lambda: g.lang)
    app.register_blueprint(bp)
    return lab.briefs(app, "/de/", "/en/about", "/fr/")


@scenario
def subclass_with_its_own_defaults(lab: Lab):
    class Request(flask.Request):
        parameter_storage_class = flask.Request.parameter_storage_class

        @property
        def wants_json(self):
            best = self.accept_mimetypes.best_match(["application/json", "text/html"])
            return best == "application/json"

    class Response(flask.Response):
        default_mimetype = "text/plain"

        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.headers["X-Made-By"] = "shop"

    class Shop(flask.Flask):
        request_class = Request
        response_class = Response

        def add_url_rule(self, rule, *args, **options):
            super().add_url_rule(
                "/v1" + rule if rule != "/static/<path:filename>" else rule, *args, **options
            )

        def make_default_options_response(self):
            return self.response_class("options")

    app = lab.app(cls=Shop)
    app.add_url_rule("/", "index", lambda: "json" if request.wants_json else "html")
    return [
        lab.hit(app, "/v1/", headers={"Accept": "application/json"}),
        lab.hit(app, "/v1/", headers={"Accept": "text/html"}),
        lab.hit(app, "OPTIONS /v1/"),
        lab.code(app, "/"),
    ]


@scenario
def streamed_table(lab: Lab):
    app = lab.app()

    @app.get("/table.csv")
    def table():
        def rows():
            yield "a,b\n"
            for number in range(3):
                yield f"{number},{number * int(request.args['factor'])}\n"

        return flask.stream_with_context(rows()), {"Content-Type": "text/csv"}

    return lab.hit(app, "/table.csv?factor=3")


@scenario
def plugins_that_wrap_the_views(lab: Lab):
    app = lab.app()
    app.add_url_rule("/a", "a", lambda: "a")
    app.add_url_rule("/b", "b", lambda: "b")
    first = lab.brief(app, "/a")
    for name, view in list(app.view_functions.items()):

        @functools.wraps(view)
        def wrapped(*args, view=view, name=name, **kwargs):
            lab.say("wrapped", name)
            return view(*args, **kwargs)

        app.view_functions[name] = wrapped
    return [first, lab.briefs(app, "/a", "/b")]


@family("dispatch_request", "full_dispatch_request", "preprocess_request", "wsgi_app")
def profiler_around(lab: Lab, step):
    app = lab.app()
    app.add_url_rule("/<x>", "index", lambda x: x)
    original = getattr(app, step)

    def timed(*args, **kwargs):
        lab.say("enter", flask.has_request_context())
        try:
            return original(*args, **kwargs)
        finally:
            lab.say("leave", flask.has_request_context())

    first = lab.brief(app, "/before")
    setattr(app, step, timed)
    return [first, lab.brief(app, "/after"), lab.code(app, "/no/ne")]
