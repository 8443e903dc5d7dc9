"""Methods of rules: HEAD and OPTIONS that come by themselves, ``methods=``, registering rules."""

from __future__ import annotations

import functools

import flask
from flask import request

from ..harness import Lab, family, scenario

ALL = (
    "GET",
    "HEAD",
    "OPTIONS",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "TRACE",
    "CONNECT",
    "PROPFIND",
    "get",
)


def method():
    return request.method


def every_method(lab: Lab, app):
    seen = {}
    for name in ALL:
        answer = lab.hit(app, "/", method=name)
        seen[name] = [
            answer["status"],
            [h for h in answer["headers"] if h.startswith("Allow")],
            answer.get("body", "")[:10],
        ]
    return seen


RULES = {
    "default": {},
    "get": {"methods": ["GET"]},
    "post": {"methods": ["POST"]},
    "both": {"methods": ["GET", "POST"]},
    "lower": {"methods": ["get", "post"]},
    "head": {"methods": ["HEAD"]},
    "options": {"methods": ["OPTIONS"]},
    "options_and_get": {"methods": ["GET", "OPTIONS"]},
    "empty": {"methods": []},
    "none": {"methods": None},
    "tuple": {"methods": ("PUT", "DELETE")},
    "set": {"methods": {"PATCH"}},
    "odd": {"methods": ["PROPFIND"]},
    "automatic_true": {"methods": ["POST"], "provide_automatic_options": True},
    "automatic_false": {"provide_automatic_options": False},
    "automatic_false_options": {"methods": ["OPTIONS"], "provide_automatic_options": False},
    "automatic_true_options": {"methods": ["OPTIONS", "GET"], "provide_automatic_options": True},
    "generator": {"methods": iter(["GET", "PUT"])},
}


@family(**RULES)
def rule(lab: Lab, options):
    app = lab.app()
    if "methods" in options and not isinstance(options["methods"], (list, tuple, set, type(None))):
        options = {"methods": iter(["GET", "PUT"])}
    app.add_url_rule("/", "index", method, **options)
    made = next(r for r in app.url_map.iter_rules() if r.endpoint == "index")
    return [every_method(lab, app), sorted(made.methods), made.provide_automatic_options]


@family(text={"methods": "GET"}, number={"methods": [1]}, integer={"methods": 5})
def wrong_methods(lab: Lab, options):
    return lab.raises(lab.app().add_url_rule, "/", "index", method, **options)


@family(true=True, false=False)
def automatic_options_setting(lab: Lab, value):
    app = lab.app()
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = value
    app.add_url_rule("/", "index", method, methods=["GET", "POST"])
    app.add_url_rule("/forced", "forced", method, provide_automatic_options=True)
    app.add_url_rule("/own", "own", method, methods=["OPTIONS"])
    return [
        lab.hit(app, "OPTIONS /"),
        lab.hit(app, "OPTIONS /forced"),
        lab.hit(app, "OPTIONS /own"),
    ]


@scenario
def attributes_of_the_view_function(lab: Lab):
    app = lab.app()

    def view():
        return request.method

    view.methods = ["POST", "put"]
    view.provide_automatic_options = False
    view.required_methods = {"DELETE", "OPTIONS"}
    app.add_url_rule("/", "index", view)
    made = next(r for r in app.url_map.iter_rules() if r.endpoint == "index")
    return [every_method(lab, app), sorted(made.methods)]


@scenario
def required_methods_with_methods_given(lab: Lab):
    app = lab.app()

    def view():
        return request.method

    view.required_methods = ["OPTIONS", "PATCH"]
    app.add_url_rule("/", "index", view, methods=["GET"])
    return every_method(lab, app)


@scenario
def attribute_against_argument(lab: Lab):
    app = lab.app()

    def view():
        return request.method

    view.methods = ["POST"]
    view.provide_automatic_options = False
    app.add_url_rule("/", "index", view, methods=["PUT"], provide_automatic_options=True)
    return every_method(lab, app)


@scenario
def options_response_of_several_rules_of_one_path(lab: Lab):
    app = lab.app()
    app.add_url_rule("/", "a", method, methods=["GET"])
    app.add_url_rule("/", "b", method, methods=["POST", "DELETE"])
    app.add_url_rule("/", "c", method, methods=["PUT"])
    app.add_url_rule("/<x>", "d", lambda x: x, methods=["PATCH"])
    return [
        lab.hit(app, "OPTIONS /"),
        every_method(lab, app),
        lab.hit(app, "OPTIONS /x"),
        lab.hit(app, "GET /x"),
    ]


@scenario
def options_runs_hooks_but_not_the_view(lab: Lab):
    app = lab.app()
    app.before_request(lambda: lab.say("before", request.method))
    app.after_request(lambda response: (lab.say("after"), response)[1])
    app.add_url_rule("/", "index", lambda: (lab.say("view"), "x")[1])
    return lab.hit(app, "OPTIONS /")


@scenario
def make_default_options_response_overridden(lab: Lab):
    class Shop(flask.Flask):
        def make_default_options_response(self):
            response = super().make_default_options_response()
            response.headers["X-Options"] = "own"
            return response

    app = lab.app(cls=Shop)
    app.add_url_rule("/", "index", method)
    with app.test_request_context("/"):
        direct = sorted(app.make_default_options_response().allow)
    return [direct, lab.hit(app, "OPTIONS /")]


@scenario
def options_of_a_missing_page(lab: Lab):
    app = lab.app()
    app.add_url_rule("/", "index", method)
    return lab.codes(
        app, "OPTIONS /nowhere", "OPTIONS /static/x", "HEAD /static/x", "POST /static/x"
    )


@scenario
def head_has_headers_but_no_body(lab: Lab):
    app = lab.app()
    app.add_url_rule("/", "index", lambda: ("x" * 100, {"X-A": "1"}))
    app.add_url_rule("/stream", "stream", lambda: flask.Response(iter(["a", "b"])))
    app.add_url_rule("/json", "json", lambda: {"a": 1})
    return lab.hits(app, "HEAD /", "HEAD /stream", "HEAD /json", "HEAD /none")


@scenario
def head_of_a_head_rule_of_its_own(lab: Lab):
    app = lab.app()
    app.add_url_rule("/", "head", lambda: ("", 204), methods=["HEAD"])
    app.add_url_rule("/", "get", lambda: "get", methods=["GET"])
    return [lab.code(app, "/"), lab.code(app, "HEAD /")]


@family("get", "post", "put", "delete", "patch")
def shortcut(lab: Lab, name):
    app = lab.app()

    def index():
        return request.method

    back = getattr(app, name)("/", endpoint="chosen")(index)
    return [
        back is index,
        every_method(lab, app),
        lab.raises(getattr(app, name), "/x", methods=["GET"]),
        sorted(app.view_functions),
    ]


@family("get", "route")
def shortcut_of_a_blueprint(lab: Lab, name):
    app, bp = lab.app(), flask.Blueprint("bp", __name__)
    getattr(bp, name)("/")(method)
    app.register_blueprint(bp)
    return [sorted(app.view_functions), lab.code(app), lab.code(app, "POST /")]


@scenario
def endpoint_names(lab: Lab):
    app = lab.app()

    def plain():
        return "plain"

    app.route("/1")(plain)
    app.route("/2", endpoint="named")(plain)
    app.route("/3", endpoint="dotted.name")(plain)
    app.add_url_rule("/4", view_func=plain)
    app.add_url_rule("/5", "no_view")
    app.add_url_rule("/6", endpoint="by_keyword", view_func=plain)
    return [
        sorted(app.view_functions),
        [[r.rule, r.endpoint] for r in app.url_map.iter_rules()],
        lab.codes(app, "/1", "/2", "/3", "/4", "/5", "/6"),
    ]


@scenario
def endpoint_taken(lab: Lab):
    app = lab.app()

    def one():
        return "1"

    def two():
        return "2"

    app.add_url_rule("/1", "same", one)
    again = lab.raises(app.add_url_rule, "/1b", "same", one)
    other = lab.raises(app.add_url_rule, "/2", "same", two)
    return [again, other, lab.codes(app, "/1", "/1b", "/2")]


UNNAMED = {
    "lambda": lambda: "l",
    "partial": functools.partial(method),
    "object": type("Callable", (), {"__call__": lambda self: "c"})(),
}


@family(**UNNAMED)
def views_without_a_plain_name(lab: Lab, view):
    app = lab.app()
    without = lab.raises(app.add_url_rule, "/", view_func=view)
    lab.raises(app.add_url_rule, "/named", "named", view)
    return [without, sorted(app.view_functions), lab.code(app, "/named")]


@scenario
def rule_without_a_view_and_endpoint(lab: Lab):
    return lab.raises(lab.app().add_url_rule, "/")


@scenario
def endpoint_with_a_dot_on_a_blueprint(lab: Lab):
    bp = flask.Blueprint("bp", __name__)

    def dotted():
        return ""

    dotted.__name__ = "a.b"
    return [
        lab.raises(bp.add_url_rule, "/", "a.b", method),
        lab.raises(bp.add_url_rule, "/", view_func=dotted),
        lab.raises(bp.route("/x", endpoint="x.y"), method),
    ]


@scenario
def route_stacked(lab: Lab):
    app = lab.app()

    @app.route("/a")
    @app.route("/b/<x>", methods=["POST"])
    def view(x="default"):
        return f"{request.endpoint} {x}"

    return lab.briefs(app, "/a", "POST /a", "POST /b/5", "/b/5")


@scenario
def positional_arguments_of_add_url_rule(lab: Lab):
    app = lab.app()
    app.add_url_rule("/", "index", method, False, methods=["GET"])
    return every_method(lab, app)


SETUP = {
    "route": lambda app: app.route("/late")(method),
    "add_url_rule": lambda app: app.add_url_rule("/late", "late", method),
    "endpoint": lambda app: app.endpoint("late")(method),
    "before_request": lambda app: app.before_request(method),
    "after_request": lambda app: app.after_request(method),
    "teardown_request": lambda app: app.teardown_request(method),
    "teardown_appcontext": lambda app: app.teardown_appcontext(method),
    "errorhandler": lambda app: app.errorhandler(404)(method),
    "register_error_handler": lambda app: app.register_error_handler(404, method),
    "context_processor": lambda app: app.context_processor(dict),
    "url_defaults": lambda app: app.url_defaults(method),
    "url_value_preprocessor": lambda app: app.url_value_preprocessor(method),
    "template_filter": lambda app: app.template_filter("x")(method),
    "template_test": lambda app: app.template_test("x")(method),
    "template_global": lambda app: app.template_global("x")(method),
    "add_template_filter": lambda app: app.add_template_filter(method, "x"),
    "add_template_test": lambda app: app.add_template_test(method, "x"),
    "add_template_global": lambda app: app.add_template_global(method, "x"),
    "register_blueprint": lambda app: app.register_blueprint(flask.Blueprint("late", __name__)),
    "shell_context_processor": lambda app: app.shell_context_processor(dict),
    "get": lambda app: app.get("/late")(method),
    "jinja_env": lambda app: app.jinja_env.globals.update(x=1),
    "config": lambda app: app.config.update(X=1),
    "cli": lambda app: app.cli.command("late")(method),
    "extensions": lambda app: app.extensions.update(x=1),
    "secret_key": lambda app: setattr(app, "secret_key", "x"),
    "debug": lambda app: setattr(app, "debug", True),
    "jinja_options": lambda app: app.jinja_options.update(trim_blocks=True),
}


@family(**SETUP)
def setup_after_the_first_request(lab: Lab, use):
    app = lab.app()
    app.add_url_rule("/", "index", method)
    fresh = lab.raises(use, lab.app())
    in_context = lab.app()
    with in_context.test_request_context("/"):
        pass
    lab.code(app)
    return [fresh, lab.raises(use, in_context), lab.raises(use, app)]


@scenario
def setup_inside_a_view(lab: Lab):
    app = lab.app()

    @app.get("/")
    def index():
        return str(lab.raises(app.add_url_rule, "/late", "late", method)["raised"])

    return lab.brief(app)


@scenario
def setup_of_a_blueprint_after_registering(lab: Lab):
    seen = {}
    for name, use in SETUP.items():
        if name in {
            "teardown_appcontext",
            "shell_context_processor",
            "template_filter",
            "template_test",
            "template_global",
            "add_template_filter",
            "add_template_test",
            "add_template_global",
            "jinja_env",
            "config",
            "extensions",
            "secret_key",
            "debug",
            "jinja_options",
        }:
            continue
        app, bp = lab.app(), flask.Blueprint("bp", __name__)
        app.register_blueprint(bp)
        seen[name] = lab.raises(use, bp)
    return seen
