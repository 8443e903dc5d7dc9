"""Steps of the pipeline replaced without calling on, and registries replaced."""

from __future__ import annotations

import functools

from werkzeug.exceptions import NotFound
from werkzeug.test import create_environ

import flask
from flask import request

from ..harness import Lab, family, scenario
from .overrides import PATHS, shop, wrap

REPLACED = {
    "dispatch_request": lambda: "replaced",
    "preprocess_request": lambda: "replaced",
    "full_dispatch_request": lambda: flask.Response("replaced", 299),
    "handle_user_exception": lambda error: (f"user {type(error).__name__}", 297),
    "handle_exception": lambda error: flask.Response(f"exception {type(error).__name__}", 298),
    "handle_http_exception": lambda error: (f"http {error.code}", 296),
    "make_response": lambda rv: flask.Response(f"made of {type(rv).__name__}"),
    "process_response": lambda response: flask.Response("processed"),
    "finalize_request": lambda rv, from_error_handler=False: flask.Response(
        f"final {from_error_handler}"
    ),
    "log_exception": lambda exc_info: None,
    "raise_routing_exception": lambda request: "routing",
    "make_default_options_response": lambda: flask.Response("options"),
    "ensure_sync": lambda function: lambda *a, **k: "synced",
    "do_teardown_request": lambda *a: None,
    "do_teardown_appcontext": lambda *a: None,
    "trap_http_exception": lambda error: True,
    "should_ignore_error": lambda error: True,
}


@family(**REPLACED)
def replaced_on_the_instance(lab: Lab, replacement):
    name = next(key for key, value in REPLACED.items() if value is replacement)
    app = shop(lab)
    app.teardown_request(lambda error: lab.say("teardown", error))
    before = lab.brief(app)
    setattr(app, name, replacement)
    return [before, lab.briefs(app, *PATHS)]


@family(**REPLACED)
def replaced_in_a_subclass(lab: Lab, replacement):
    name = next(key for key, value in REPLACED.items() if value is replacement)
    kind = type(
        "Shop", (flask.Flask,), {name: lambda self, *args, **kwargs: replacement(*args, **kwargs)}
    )
    app = shop(lab, kind)
    app.teardown_request(lambda error: lab.say("teardown", error))
    return lab.briefs(app, *PATHS)


@scenario
def raise_routing_exception_called_when(lab: Lab):
    class Shop(flask.Flask):
        def raise_routing_exception(self, request):
            lab.say("routing", type(request.routing_exception).__name__)
            super().raise_routing_exception(request)

    app = shop(lab, Shop)
    return lab.codes(app, "/none", "/slash", "DELETE /", "/")


@scenario
def finalize_request_arguments(lab: Lab):
    class Shop(flask.Flask):
        def finalize_request(self, rv, from_error_handler=False):
            lab.say("finalize", type(rv).__name__, from_error_handler)
            return super().finalize_request(rv, from_error_handler)

    return lab.codes(shop(lab, Shop), *PATHS)


@scenario
def handler_arguments(lab: Lab):
    class Shop(flask.Flask):
        def handle_user_exception(self, e):
            lab.say("user", type(e).__name__)
            return super().handle_user_exception(e)

        def handle_http_exception(self, e):
            lab.say("http", type(e).__name__)
            return super().handle_http_exception(e)

        def handle_exception(self, e):
            lab.say("exception", type(e).__name__)
            return super().handle_exception(e)

        def log_exception(self, exc_info):
            lab.say("log", exc_info[0].__name__, exc_info[2] is not None)

    return lab.codes(shop(lab, Shop), *PATHS)


@scenario
def dispatch_request_with_its_own_routing(lab: Lab):
    class Shop(flask.Flask):
        def dispatch_request(self):
            if request.path.startswith("/own/"):
                return f"own {request.path[5:]}"
            return super().dispatch_request()

    app = shop(lab, Shop)
    return lab.briefs(app, "/own/thing", "/", "/none")


@scenario
def handle_exception_as_partial(lab: Lab):
    """As REST extensions do it: the original is kept and called for what isn't theirs."""
    app = shop(lab)

    def mine(original, error):
        if request.path.startswith("/fail"):
            return app.make_response(({"error": type(error).__name__}, 500))
        return original(error)

    app.handle_exception = functools.partial(mine, app.handle_exception)
    app.handle_user_exception = functools.partial(mine, app.handle_user_exception)
    return lab.briefs(app, "/fail", "/abort", "/handled", "/none", "/")


@scenario
def wsgi_middleware_on_the_instance(lab: Lab):
    app = shop(lab)
    first = lab.brief(app)
    inner = app.wsgi_app

    def middleware(environ, start_response):
        lab.say("middleware", environ["PATH_INFO"])
        environ["PATH_INFO"] = environ["PATH_INFO"].replace("/old", "")

        def start(status, headers, exc_info=None):
            return start_response(status, [*headers, ("X-Middleware", "1")], exc_info)

        return inner(environ, start)

    app.wsgi_app = middleware
    return [first, lab.hit(app, "/old/")]


@scenario
def call_goes_through_wsgi_app(lab: Lab):
    app = shop(lab)
    app.wsgi_app = lambda environ, start_response: (start_response("200 OK", []), [b"other"])[1]
    return lab.wsgi(app, create_environ("/"))


@scenario
def wsgi_app_called_directly(lab: Lab):
    app = shop(lab)
    return lab.wsgi(app.wsgi_app, create_environ("/"))


@scenario
def request_context_of_ones_own(lab: Lab):
    class Context(flask.ctx.RequestContext):
        def push(self):
            lab.say("push")
            super().push()

        def pop(self, *args):
            lab.say("pop", len(args))
            super().pop(*args)

    class Shop(flask.Flask):
        def request_context(self, environ):
            return Context(self, environ)

    app = shop(lab, Shop)
    return [
        lab.codes(app, "/", "/fail", "/none"),
        [type(c).__name__ for c in [app.test_request_context("/")]],
    ]


@scenario
def app_context_of_ones_own(lab: Lab):
    class Context(flask.ctx.AppContext):
        def push(self):
            lab.say("push")
            super().push()

        def pop(self, *args):
            lab.say("pop", len(args))
            super().pop(*args)

    class Shop(flask.Flask):
        def app_context(self):
            lab.say("app_context")
            return Context(self)

    app = shop(lab, Shop)
    return lab.codes(app, "/", "/none")


@scenario
def context_methods_patched_on_the_class(lab: Lab):
    for name in ("push", "pop", "match_request", "__enter__", "__exit__"):
        lab.patch(
            flask.ctx.RequestContext,
            name,
            wrap(lab, f"request {name}", getattr(flask.ctx.RequestContext, name)),
        )
    for name in ("push", "pop", "__enter__", "__exit__"):
        lab.patch(
            flask.ctx.AppContext,
            name,
            wrap(lab, f"app {name}", getattr(flask.ctx.AppContext, name)),
        )
    app = shop(lab)
    codes = lab.codes(app, "/", "/none")
    lab.say("by hand")
    with app.test_request_context("/"):
        pass
    with app.app_context():
        pass
    return codes


@scenario
def session_interface_methods_patched(lab: Lab):
    from flask.sessions import SecureCookieSessionInterface, SessionInterface

    for name in ("open_session", "save_session", "get_signing_serializer"):
        lab.patch(
            SecureCookieSessionInterface,
            name,
            wrap(lab, name, getattr(SecureCookieSessionInterface, name)),
        )
    for name in ("should_set_cookie", "is_null_session", "make_null_session", "get_cookie_name"):
        lab.patch(SessionInterface, name, wrap(lab, name, getattr(SessionInterface, name)))
    app = shop(lab)
    client = app.test_client()
    return lab.codes(client, "/", "/session", "/none")


@scenario
def request_class_methods_patched(lab: Lab):
    lab.patch(
        flask.Request, "_load_form_data", wrap(lab, "load form", flask.Request._load_form_data)
    )
    lab.patch(
        flask.Request,
        "on_json_loading_failed",
        wrap(lab, "json failed", flask.Request.on_json_loading_failed),
    )
    app = lab.app()
    app.add_url_rule(
        "/",
        "index",
        lambda: f"{len(request.form)} {request.get_json(silent=False)}",
        methods=["POST"],
    )
    return lab.code(app, "POST /", data="{", content_type="application/json")


@scenario
def registries_of_every_kind_replaced_after_the_first_request(lab: Lab):
    app = shop(lab)
    first = lab.briefs(app, "/", "/template", "/none", "/url")
    app.view_functions = {**app.view_functions, "index": lambda: "new index"}
    app.template_context_processors = {None: [lambda: {"x": "new x"}]}
    app.error_handler_spec = {None: {404: {NotFound: lambda error: ("new 404", 404)}, None: {}}}
    app.url_default_functions = {None: [lambda endpoint, values: values.update(added=1)]}
    app.url_value_preprocessors = {None: [lambda endpoint, values: lab.say("pull", endpoint)]}
    app.before_request_funcs = {None: [lambda: lab.say("before")]}
    return [first, lab.briefs(app, "/", "/template", "/none") | {"/url": lab.code(app, "/url")}]


@scenario
def registry_with_missing_none_key(lab: Lab):
    app = shop(lab)
    lab.code(app)
    app.before_request_funcs, app.after_request_funcs, app.teardown_request_funcs = {}, {}, {}
    app.url_value_preprocessors, app.url_default_functions = {}, {}
    return lab.codes(app, "/", "/none", "/url")


@scenario
def methods_patched_for_setting_up(lab: Lab):
    """Agents wrap the decorators too; they call on by keyword."""
    for name in (
        "add_url_rule",
        "endpoint",
        "register_error_handler",
        "before_request",
        "after_request",
        "teardown_request",
        "register_blueprint",
        "errorhandler",
        "route",
    ):
        lab.patch(flask.Flask, name, wrap(lab, name, getattr(flask.Flask, name)))
    app = lab.app()
    lab.say("made")
    app.route("/a")(lambda: "a")
    app.add_url_rule(rule="/b", endpoint="b", view_func=lambda: "b", provide_automatic_options=None)
    app.endpoint("c")(lambda: "c")
    app.errorhandler(404)(lambda error: "404")
    app.register_error_handler(code_or_exception=409, f=lambda error: "409")
    app.before_request(f=lambda: None)
    bp = flask.Blueprint("bp", __name__)
    bp.get("/d")(lambda: "d")
    bp.before_request(lambda: None)
    app.register_blueprint(bp)
    return lab.briefs(app, "/a", "/b", "/bp/d", "/d")


@scenario
def blueprint_methods_patched_for_setting_up(lab: Lab):
    for name in (
        "add_url_rule",
        "before_request",
        "app_errorhandler",
        "before_app_request",
        "endpoint",
        "register",
        "record",
    ):
        lab.patch(flask.Blueprint, name, wrap(lab, name, getattr(flask.Blueprint, name)))
    bp = flask.Blueprint("bp", __name__)
    bp.get("/a")(lambda: "a")
    bp.before_request(lambda: None)
    bp.before_app_request(lambda: None)
    bp.app_errorhandler(404)(lambda error: "404")
    app = lab.app()
    lab.say("register")
    app.register_blueprint(bp)
    return lab.briefs(app, "/a", "/none")


@scenario
def class_replaced_in_the_module(lab: Lab):
    class Traced(flask.Flask):
        def wsgi_app(self, environ, start_response):
            lab.say("traced")
            return super().wsgi_app(environ, start_response)

    lab.patch(flask, "Flask", Traced)
    app = flask.Flask("shop")
    app.add_url_rule("/", "index", lambda: "x")
    return [lab.brief(app), type(app).__name__]


@scenario
def helpers_patched_in_the_module(lab: Lab):
    import flask.templating

    lab.patch(flask.templating, "_render", wrap(lab, "_render", flask.templating._render))
    app = shop(lab)
    return lab.briefs(app, "/template")


@scenario
def ensure_sync_is_asked_for(lab: Lab):
    class Shop(flask.Flask):
        def ensure_sync(self, func):
            lab.say("ensure_sync", getattr(func, "__name__", "?"))
            return super().ensure_sync(func)

    app = lab.app(cls=Shop)

    def view():
        return "view"

    def before():
        pass

    def after(response):
        return response

    def teardown(error):
        pass

    def handler(error):
        return "handled", 404

    def app_teardown(error):
        pass

    def processor():
        return {}

    def pull(endpoint, values):
        pass

    app.add_url_rule("/", view_func=view)
    app.before_request(before)
    app.after_request(after)
    app.teardown_request(teardown)
    app.teardown_appcontext(app_teardown)
    app.register_error_handler(404, handler)
    app.context_processor(processor)
    app.url_value_preprocessor(pull)
    return lab.codes(app, "/", "/none")


@scenario
def werkzeug_debug_preserve_hook(lab: Lab):
    app = shop(lab, PROPAGATE_EXCEPTIONS=True)
    kept = []
    environ = create_environ("/fail")
    environ["werkzeug.debug.preserve_context"] = kept.append
    app.teardown_request(lambda error: lab.say("teardown", error))
    answer = lab.wsgi(app, environ)
    return [answer, [type(item).__name__ for item in kept], lab.state()]


@scenario
def test_client_class_and_runner_class(lab: Lab):
    class Client(flask.testing.FlaskClient):
        def open(self, *args, **kwargs):
            lab.say("open")
            return super().open(*args, **kwargs)

    class Runner(flask.testing.FlaskCliRunner):
        def invoke(self, *args, **kwargs):
            lab.say("invoke")
            return super().invoke(*args, **kwargs)

    app = shop(lab)
    app.test_client_class = Client
    app.test_cli_runner_class = Runner
    app.cli.command("hello")(lambda: print("hello"))
    return [
        app.test_client().get("/").status_code,
        app.test_cli_runner().invoke(args=["hello"]).output,
    ]


@scenario
def should_ignore_error(lab: Lab):
    class Shop(flask.Flask):
        def should_ignore_error(self, error):
            lab.say("should_ignore_error", error)
            return isinstance(error, ZeroDivisionError)

    app = shop(lab, Shop)
    app.teardown_request(lambda error: lab.say("teardown", error))
    return lab.codes(app, "/", "/fail", "/handled")


@scenario
def property_overrides(lab: Lab):
    class Shop(flask.Flask):
        @property
        def name(self):
            return "named"

        @property
        def propagate(self):
            return True

        @property
        def logger(self):
            import logging

            return logging.getLogger("own.logger")

    app = shop(lab, Shop)
    return [repr(app), lab.code(app, "/fail")]


@scenario
def instance_attributes_shadow_methods_of_a_subclass(lab: Lab):
    class Shop(flask.Flask):
        def dispatch_request(self):
            return "class " + str(super().dispatch_request())

    app = shop(lab, Shop)
    one = lab.brief(app)
    app.dispatch_request = lambda: "instance"
    two = lab.brief(app)
    del app.dispatch_request
    return [one, two, lab.brief(app)]


@scenario
def unpatched_again(lab: Lab):
    app = shop(lab)
    seen = [lab.brief(app)]
    original = flask.Flask.dispatch_request
    flask.Flask.dispatch_request = lambda self: "patched"
    try:
        seen.append(lab.brief(app))
    finally:
        flask.Flask.dispatch_request = original
    return [*seen, lab.brief(app)]
