"""The same request again, after something changed: nothing stale, nothing of one in the next."""

from __future__ import annotations

import os

import werkzeug.exceptions as http

import flask
from flask import Blueprint, abort, request, session, url_for

from ..harness import Lab, family, scenario


def spoil(response):
    """Change a response as much as a hook can."""
    response.headers["X-Spoiled"] = request.args.get("n", "?")
    response.headers.pop("Content-Type", None)
    response.headers.add("Set-Cookie", "spoiled=1")
    response.status_code = 418
    response.data = b"spoiled"
    return response


PATHS = {
    "view": "/",
    "missing": "/none",
    "method": "POST /",
    "options": "OPTIONS /",
    "head": "HEAD /",
    "redirect": "/slash",
    "static": "/static/a.txt",
    "json": "/json",
    "abort": "/abort",
    "crash": "/crash",
    "template": "/template",
    "fixed": "/fixed",
}


def shop(lab: Lab, **options):
    lab.file("static/a.txt", "static content")
    app = lab.app(SECRET_KEY="k", **options)
    fixed = flask.Response("fixed", headers={"X-Fixed": "1"})
    app.add_url_rule("/", "index", lambda: "index")
    app.add_url_rule("/slash/", "slash", lambda: "slash")
    app.add_url_rule("/json", "json", lambda: {"a": 1})
    app.add_url_rule("/abort", "abort", lambda: abort(409))
    app.add_url_rule("/crash", "crash", lambda: 1 / 0)
    app.add_url_rule("/template", "template", lambda: flask.render_template_string("t"))
    app.add_url_rule("/fixed", "fixed", lambda: fixed)
    return app


@family(**PATHS)
def spoiled_once(lab: Lab, path):
    """One request's hook spoils its response; the next request's must be whole."""
    app = shop(lab)
    client = app.test_client()
    seen = [lab.hit(client, path)]
    app.after_request_funcs[None].append(lambda r: spoil(r) if "n" in request.args else r)
    seen.append(lab.hit(client, path + "?n=1"))
    seen.append(lab.hit(client, path))
    seen.append(lab.hit(app, path))
    return seen


@family(**PATHS)
def headers_object_kept(lab: Lab, path):
    """A hook keeps the headers of one response, and writes to them during the next."""
    app, kept = shop(lab), []

    @app.after_request
    def keep(response):
        for headers in kept:
            headers["X-Late"] = "late"
        kept.append(response.headers)
        return response

    return [lab.hit(app, path) for _ in range(3)]


@family(**PATHS)
def twice_with_other_settings(lab: Lab, path):
    app = shop(lab)
    seen = [lab.hit(app, path)]
    app.config.update(SEND_FILE_MAX_AGE_DEFAULT=60, PREFERRED_URL_SCHEME="https")
    app.json.compact = False
    app.response_class = type("Own", (flask.Response,), {"default_mimetype": "text/own"})
    return [*seen, lab.hit(app, path)]


@scenario
def view_values_mutated_by_the_view(lab: Lab):
    app = lab.app()

    @app.get("/<x>/<y>")
    def view(**values):
        values.clear()
        request.view_args["x"] = "spoiled"
        request.args.__dict__.setdefault("own", 1)
        return "spoiled"

    @app.get("/list/<path:p>")
    def listing(p):
        return f"{request.view_args} {p}"

    return [
        lab.brief(app, "/a/b"),
        lab.brief(app, "/a/b"),
        lab.brief(app, "/list/x/y"),
        lab.brief(app, "/list/x/y"),
    ]


@scenario
def rule_defaults_mutated_by_the_view(lab: Lab):
    app = lab.app()

    @app.get("/", defaults={"items": [1]})
    def index(items):
        request.view_args["more"] = 1
        return str(sorted(request.view_args))

    return [lab.brief(app), lab.brief(app)]


@scenario
def static_file_changes(lab: Lab):
    app = shop(lab)
    seen = [lab.hit(app, "/static/a.txt")]
    lab.file("static/a.txt", "changed!", mtime=1_650_000_000)
    seen.append(lab.hit(app, "/static/a.txt"))
    os.unlink(lab.tmp / "static/a.txt")
    seen.append(lab.code(app, "/static/a.txt"))
    (lab.tmp / "static/a.txt").mkdir()
    seen.append(lab.code(app, "/static/a.txt"))
    (lab.tmp / "static/a.txt").rmdir()
    lab.file("static/a.txt", "back", mtime=1_650_000_001)
    return [*seen, lab.hit(app, "/static/a.txt")]


@scenario
def static_file_of_the_same_size_and_time(lab: Lab):
    app = shop(lab)
    seen = [lab.hit(app, "/static/a.txt").get("body")]
    lab.file("static/a.txt", "other  content")
    return [*seen, lab.hit(app, "/static/a.txt").get("body")]


@scenario
def symbolic_links(lab: Lab):
    app = shop(lab)
    lab.file("elsewhere.txt", "elsewhere")
    os.symlink(lab.tmp / "elsewhere.txt", lab.tmp / "static/link.txt")
    os.symlink(lab.tmp / "nowhere.txt", lab.tmp / "static/dangling.txt")
    return lab.briefs(app, "/static/link.txt", "/static/dangling.txt")


@scenario
def rules_added_change_what_was_missing(lab: Lab):
    app = shop(lab)
    seen = [lab.code(app, "/late"), lab.hit(app, "OPTIONS /")["headers"], lab.code(app, "POST /")]
    app.url_map.add(app.url_rule_class("/late", endpoint="index", methods=["GET"]))
    app.url_map.add(app.url_rule_class("/", endpoint="index", methods=["POST"]))
    seen += [lab.code(app, "/late"), lab.hit(app, "OPTIONS /")["headers"], lab.code(app, "POST /")]
    with app.test_request_context("/"):
        seen.append(url_for("index"))
    return seen


@scenario
def better_rule_added_later(lab: Lab):
    app = lab.app()
    app.add_url_rule("/<path:anything>", "wide", lambda anything: "wide")
    app.view_functions["narrow"] = lambda **values: f"narrow {values}"
    seen = [lab.brief(app, "/a/b")]
    app.url_map.add(app.url_rule_class("/a/<x>", endpoint="narrow"))
    seen.append(lab.brief(app, "/a/b"))
    app.url_map.add(app.url_rule_class("/a/b", endpoint="narrow"))
    return [*seen, lab.brief(app, "/a/b"), lab.brief(app, "/a/c"), lab.brief(app, "/b")]


@scenario
def converters_replaced_between_requests(lab: Lab):
    from werkzeug.routing import BaseConverter

    class Shout(BaseConverter):
        def to_python(self, value):
            return value.upper()

        def to_url(self, value):
            return value.lower()

    app = lab.app()
    app.add_url_rule("/<string:x>", "x", lambda x: x)
    seen = [lab.brief(app, "/abc")]
    app.url_map.converters["string"] = Shout
    app.url_map.add(app.url_rule_class("/new/<string:x>", endpoint="x"))
    with app.test_request_context("/"):
        urls = [url_for("x", x="MIXED")]
    return [*seen, lab.brief(app, "/abc"), lab.brief(app, "/new/abc"), urls]


@scenario
def strictness_of_the_map_changed_between_requests(lab: Lab):
    app = shop(lab)
    seen = [lab.code(app, "/slash"), lab.code(app, "/json/"), lab.code(app, "//json")]
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    return [*seen, lab.code(app, "/slash"), lab.code(app, "/json/"), lab.code(app, "//json")]


@scenario
def server_name_changed_between_requests(lab: Lab):
    app = shop(lab)
    app.add_url_rule("/url", "url", lambda: url_for("index", _external=True))
    seen = [lab.brief(app, "/url")]
    app.config["SERVER_NAME"] = "named.example"
    seen.append(lab.brief(app, "/url"))
    app.config["PREFERRED_URL_SCHEME"] = "https"
    with app.app_context():
        seen.append(url_for("index"))
    app.config["APPLICATION_ROOT"] = "/root"
    with app.app_context():
        seen.append(url_for("index"))
    return [*seen, lab.brief(app, "/url")]


@scenario
def description_of_an_exception_class_changed(lab: Lab):
    app = shop(lab)
    first = lab.hit(app, "/none")
    lab.patch(http.NotFound, "description", "other words")
    second = lab.hit(app, "/none")
    lab.patch(http.NotFound, "get_body", lambda self, *args: "own body")
    third = lab.hit(app, "/none")
    lab.patch(http.HTTPException, "get_headers", lambda self, *args: [("X-Own", "1")])
    return [first, second, third, lab.hit(app, "/none"), lab.hit(app, "/abort")]


@scenario
def aborter_mapping_changed_between_requests(lab: Lab):
    class Conflict(http.HTTPException):
        code = 409
        description = "own conflict"

    app = shop(lab)
    first = lab.hit(app, "/abort")
    app.aborter.mapping[409] = Conflict
    return [first, lab.hit(app, "/abort")]


@scenario
def handlers_come_and_go(lab: Lab):
    app = shop(lab)
    seen = [lab.code(app, "/abort"), lab.code(app, "/crash")]
    app.error_handler_spec[None][409][http.Conflict] = lambda error: ("conflict", 299)
    app.error_handler_spec[None][None][ZeroDivisionError] = lambda error: ("zero", 298)
    seen += [lab.code(app, "/abort"), lab.code(app, "/crash")]
    del app.error_handler_spec[None][409]
    app.error_handler_spec[None][None].clear()
    return [*seen, lab.code(app, "/abort"), lab.code(app, "/crash")]


@scenario
def template_changed_in_the_environment(lab: Lab):
    app = lab.app()
    app.add_url_rule("/", "index", lambda: flask.render_template_string("{{ x }}{{ 1|own }}"))
    app.jinja_env.globals["x"] = "one"
    app.jinja_env.filters["own"] = lambda value: "f1"
    first = lab.brief(app)
    app.jinja_env.globals["x"] = "two"
    app.jinja_env.filters["own"] = lambda value: "f2"
    return [first, lab.brief(app)]


@scenario
def string_template_is_compiled_anew(lab: Lab):
    app = lab.app()
    with app.app_context():
        one = flask.render_template_string("{{ x }}", x=1)
        two = flask.render_template_string("{{ x }}", x=2)
        app.jinja_env.autoescape = False
        three = flask.render_template_string("{{ x }}", x="<b>")
        app.jinja_env.variable_start_string, app.jinja_env.variable_end_string = "[[", "]]"
        four = flask.render_template_string("[[ x ]]{{ x }}", x="<b>")
    return [one, two, three, four]


@scenario
def string_templates_of_two_apps(lab: Lab):
    one, two = lab.app("one"), lab.app("two")
    one.jinja_env.filters["own"] = lambda value: "of one"
    two.jinja_env.filters["own"] = lambda value: "of two"
    seen = []
    for app in (one, two, one):
        with app.app_context():
            seen.append(flask.render_template_string("{{ 1|own }}"))
    return seen


@scenario
def session_of_one_visitor_and_the_next(lab: Lab):
    app = lab.app(SECRET_KEY="k")

    @app.get("/put/<value>")
    def put(value):
        session.setdefault("list", []).append(value)
        session.modified = True
        return str(session["list"])

    app.add_url_rule("/get", "get", lambda: str(session.get("list")))
    one, two = app.test_client(), app.test_client()
    return [
        lab.brief(one, "/put/a"),
        lab.brief(two, "/get"),
        lab.brief(one, "/put/b"),
        lab.brief(two, "/put/c"),
        lab.brief(one, "/get"),
        lab.brief(app, "/get"),
    ]


@scenario
def same_cookie_loaded_twice_and_changed(lab: Lab):
    """A cached payload must not be handed out to be changed."""
    app = lab.app(SECRET_KEY="k")
    app.add_url_rule("/get", "get", lambda: str(session.get("d")))

    @app.get("/change")
    def change():
        session["d"]["changed"] = True
        return "changed without notice"

    client = app.test_client()
    with client.session_transaction() as stored:
        stored["d"] = {"a": 1}
    return [lab.brief(client, "/get"), lab.brief(client, "/change"), lab.brief(client, "/get")]


@scenario
def query_arguments_cached_across_requests(lab: Lab):
    app = lab.app()

    @app.get("/")
    def index():
        values = request.args.to_dict(flat=False)
        values.setdefault("a", []).append("spoiled")
        lists = request.args.getlist("a")
        lists.append("spoiled")
        return f"{request.args.getlist('a')} {sorted(request.headers.keys())}"

    return [lab.brief(app, "/?a=1"), lab.brief(app, "/?a=1"), lab.brief(app)]


@scenario
def blueprint_hooks_added_to_the_registry_later(lab: Lab):
    app, bp = lab.app(), Blueprint("bp", __name__, url_prefix="/bp")
    bp.add_url_rule("/", "view", lambda: "view")
    app.register_blueprint(bp)
    seen = [lab.brief(app, "/bp/")]
    app.before_request_funcs.setdefault("bp", []).append(lambda: "stopped")
    seen.append(lab.brief(app, "/bp/"))
    app.before_request_funcs["bp"].pop()
    app.after_request_funcs["bp"].append(lambda r: flask.Response("replaced"))
    seen.append(lab.brief(app, "/bp/"))
    # The blueprint's own registry is copied when it is registered.
    bp.before_request_funcs.setdefault(None, []).append(lambda: "too late")
    return [*seen, lab.brief(app, "/bp/")]


@scenario
def blueprints_mapping_changed(lab: Lab):
    app, bp = lab.app(), Blueprint("bp", __name__, url_prefix="/bp")
    bp.add_url_rule("/", "view", lambda: f"{request.blueprint} {sorted(app.blueprints)}")
    bp.register_error_handler(404, lambda error: "bp 404")
    app.register_blueprint(bp)
    seen = [lab.brief(app, "/bp/")]
    del app.blueprints["bp"]
    return [*seen, lab.brief(app, "/bp/")]


@family("ensure_sync", "async_to_sync")
def replaced_after_views_ran(lab: Lab, name):
    app = lab.app()

    async def coroutine():
        return "coroutine"

    app.add_url_rule("/plain", "plain", lambda: "plain")
    app.add_url_rule("/coroutine", "coroutine", coroutine)
    seen = [lab.briefs(app, "/plain", "/coroutine")]
    setattr(app, name, lambda function: lambda *args, **kwargs: f"through {name}")
    return [*seen, lab.briefs(app, "/plain", "/coroutine")]


@scenario
def view_becomes_a_coroutine_function(lab: Lab):
    app = lab.app()
    app.add_url_rule("/", "index", lambda: "plain")
    seen = [lab.brief(app)]

    async def coroutine():
        return "coroutine"

    app.view_functions["index"] = coroutine
    return [*seen, lab.brief(app)]


@scenario
def request_and_session_class_changed_between_requests(lab: Lab):
    from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

    app = lab.app(SECRET_KEY="k")
    app.add_url_rule(
        "/",
        "index",
        lambda: " ".join(
            type(proxy._get_current_object()).__name__
            for proxy in (request, session, flask.g, flask.current_app)
        ),
    )
    seen = [lab.brief(app)]
    app.request_class = type("OwnRequest", (flask.Request,), {})
    app.app_ctx_globals_class = type("OwnGlobals", (flask.ctx._AppCtxGlobals,), {})
    kind = type("OwnSession", (SecureCookieSession,), {})
    app.session_interface = type(
        "OwnInterface", (SecureCookieSessionInterface,), {"session_class": kind}
    )()
    return [*seen, lab.brief(app)]
