"""Errors: which handler is chosen, what propagates, what is logged."""

from __future__ import annotations

import werkzeug.exceptions as http
from werkzeug.datastructures import WWWAuthenticate

import flask
from flask import Blueprint, abort, request

from ..harness import Lab, family, scenario


class Base(Exception):
    pass


class Middle(Base):
    pass


class Leaf(Middle):
    pass


class Teapot(http.HTTPException):
    code = 418
    description = "short and stout"


class OwnForbidden(http.Forbidden):
    description = "own"


RAISERS = {
    "/leaf": Leaf,
    "/middle": Middle,
    "/base": Base,
    "/zero": ZeroDivisionError,
    "/key": lambda: KeyError("k"),
    "/404": http.NotFound,
    "/403": http.Forbidden,
    "/own403": OwnForbidden,
    "/500": http.InternalServerError,
    "/teapot": Teapot,
    "/exit": lambda: SystemExit(3),
}


def failing(lab: Lab, **options):
    app = lab.app(**options)
    for path, make in RAISERS.items():

        def view(make=make):
            raise make()

        app.add_url_rule(path, path[1:], view)
    return app


def naming(name: str, status: int = 299):
    def handler(error):
        return f"{name} got {type(error).__name__}", status

    return handler


@family(**{path[1:]: path for path in RAISERS if path != "/exit"})
def without_any_handler(lab: Lab, path):
    return lab.code(failing(lab), path)


@family(**{path[1:]: path for path in RAISERS if path != "/exit"})
def without_any_handler_while_testing(lab: Lab, path):
    return lab.code(failing(lab, TESTING=True), path)


@family(**{path[1:]: path for path in RAISERS if path != "/exit"})
def with_a_handler_for_exception(lab: Lab, path):
    app = failing(lab)
    app.register_error_handler(Exception, naming("exception"))
    return lab.brief(app, path)


@family(**{path[1:]: path for path in RAISERS if path != "/exit"})
def with_a_handler_for_http_exception(lab: Lab, path):
    app = failing(lab)
    app.register_error_handler(http.HTTPException, naming("http"))
    return lab.brief(app, path)


@family(**{path[1:]: path for path in RAISERS if path != "/exit"})
def with_a_handler_for_500(lab: Lab, path):
    app = failing(lab)

    @app.errorhandler(500)
    def handler(error):
        original = getattr(error, "original_exception", "no such attribute")
        return f"{type(error).__name__} from {type(original).__name__}", 500

    return lab.brief(app, path)


@family(**{path[1:]: path for path in RAISERS if path != "/exit"})
def with_handlers_of_every_kind(lab: Lab, path):
    app = failing(lab)
    for kind in (Base, Leaf, 404, http.Forbidden, http.HTTPException, Exception, ArithmeticError):
        app.register_error_handler(kind, naming(str(getattr(kind, "__name__", kind))))
    return lab.brief(app, path)


@scenario
def system_exit_is_not_handled(lab: Lab):
    app = failing(lab)
    app.register_error_handler(Exception, naming("exception"))
    return lab.raises(app.test_client().get, "/exit")


@scenario
def nearest_class_in_the_mro_wins(lab: Lab):
    seen = []
    for kinds in ((Base,), (Base, Middle), (Exception, Middle)):
        app = failing(lab)
        for kind in kinds:
            app.register_error_handler(kind, naming(kind.__name__))
        seen.append(lab.briefs(app, "/leaf", "/middle", "/base"))
    return seen


@scenario
def code_before_class(lab: Lab):
    app = failing(lab)
    app.register_error_handler(http.HTTPException, naming("http"))
    app.register_error_handler(403, naming("code"))
    return lab.briefs(app, "/403", "/own403", "/404")


@scenario
def class_and_code_of_the_same_error(lab: Lab):
    app = failing(lab)
    app.register_error_handler(http.Forbidden, naming("class"))
    app.register_error_handler(403, naming("code"))
    return [lab.briefs(app, "/403", "/own403"), _shape(app)]


@scenario
def subclass_of_a_coded_exception(lab: Lab):
    app = failing(lab)
    app.register_error_handler(OwnForbidden, naming("own"))
    return lab.briefs(app, "/403", "/own403")


def _shape(app):
    return {
        str(scope): {
            str(code): sorted(kind.__name__ for kind in kinds)
            for code, kinds in codes.items()
            if kinds
        }
        for scope, codes in app.error_handler_spec.items()
    }


@scenario
def shape_of_the_registry(lab: Lab):
    app = failing(lab)
    app.register_error_handler(404, naming("a"))
    app.register_error_handler(Base, naming("b"))
    app.register_error_handler(http.HTTPException, naming("c"))
    bp = Blueprint("bp", __name__)
    bp.register_error_handler(403, naming("d"))
    bp.app_errorhandler(500)(naming("e"))
    before = {str(k): {str(c) for c in v} for k, v in bp.error_handler_spec.items()}
    app.register_blueprint(bp)
    return [before, _shape(app)]


def with_blueprint(lab: Lab):
    app = failing(lab)
    bp = Blueprint("bp", __name__, url_prefix="/bp")
    for path, make in RAISERS.items():

        def view(make=make):
            raise make()

        bp.add_url_rule(path, path[1:], view)
    return app, bp


@scenario
def blueprint_before_app(lab: Lab):
    app, bp = with_blueprint(lab)
    bp.register_error_handler(Base, naming("bp"))
    app.register_error_handler(Base, naming("app"))
    app.register_blueprint(bp)
    return lab.briefs(app, "/leaf", "/bp/leaf")


@scenario
def app_code_against_blueprint_class(lab: Lab):
    app, bp = with_blueprint(lab)
    bp.register_error_handler(http.HTTPException, naming("bp http"))
    app.register_error_handler(404, naming("app 404"))
    app.register_blueprint(bp)
    return lab.briefs(app, "/404", "/bp/404", "/bp/403", "/bp/no/such")


@scenario
def app_nearer_class_against_blueprint_wider_class(lab: Lab):
    app, bp = with_blueprint(lab)
    bp.register_error_handler(Exception, naming("bp any"))
    app.register_error_handler(Leaf, naming("app leaf"))
    app.register_blueprint(bp)
    return lab.briefs(app, "/leaf", "/bp/leaf", "/bp/404")


@scenario
def app_errorhandler_of_a_blueprint(lab: Lab):
    app, bp = with_blueprint(lab)
    bp.app_errorhandler(404)(naming("from bp"))
    bp.app_errorhandler(Base)(naming("base from bp"))
    app.register_blueprint(bp)
    return lab.briefs(app, "/404", "/nowhere", "/leaf", "/bp/leaf")


@scenario
def missing_page_below_a_blueprint_prefix_is_the_apps(lab: Lab):
    app, bp = with_blueprint(lab)
    bp.register_error_handler(404, naming("bp 404"))
    bp.register_error_handler(405, naming("bp 405"))
    app.register_blueprint(bp)
    return lab.codes(app, "/bp/nowhere", "POST /bp/404", "/bp/404")


@scenario
def nearest_nested_blueprint(lab: Lab):
    app = lab.app()
    outer = Blueprint("outer", __name__, url_prefix="/outer")
    inner = Blueprint("inner", __name__, url_prefix="/inner")

    def view():
        raise Leaf

    outer.add_url_rule("/", "view", view)
    inner.add_url_rule("/", "view", view)
    outer.register_error_handler(Middle, naming("outer middle"))
    inner.register_error_handler(Base, naming("inner base"))
    app.register_error_handler(Leaf, naming("app leaf"))
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    return lab.briefs(app, "/outer/", "/outer/inner/")


@scenario
def handler_of_the_outer_blueprint_serves_the_inner(lab: Lab):
    app = lab.app()
    outer = Blueprint("outer", __name__, url_prefix="/outer")
    inner = Blueprint("inner", __name__, url_prefix="/inner")

    @inner.get("/")
    def view():
        abort(409)

    outer.register_error_handler(409, naming("outer"))
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    return lab.brief(app, "/outer/inner/")


REGISTERED = {
    "code": 404,
    "unknown_code": 999,
    "text": "404",
    "no_exception_class": dict,
    "instance": ValueError("x"),
    "http_instance": http.NotFound(),
    "base_exception": BaseException,
    "none": None,
    "code_299": 299,
    "code_308": 308,
    "code_200": 200,
    "system_exit": SystemExit,
    "list": [404],
    "function": len,
}


@family(**REGISTERED)
def registering_for(lab: Lab, kind):
    app = lab.app()
    return [
        lab.raises(app.register_error_handler, kind, naming("x")),
        lab.raises(lambda: app.errorhandler(kind)(naming("x")).__name__),
    ]


@scenario
def errorhandler_gives_the_function_back(lab: Lab):
    app = lab.app()

    def handler(error):
        return "x"

    return app.errorhandler(404)(handler) is handler


@scenario
def handler_registered_again_replaces(lab: Lab):
    app = failing(lab)
    app.register_error_handler(404, naming("first"))
    app.register_error_handler(404, naming("second"))
    return lab.brief(app, "/404")


@scenario
def handler_for_redirect_codes(lab: Lab):
    app = lab.app()

    @app.get("/slash/")
    def slash():
        return "slash"

    app.register_error_handler(http.HTTPException, naming("http"))
    return lab.codes(app, "/slash", "/slash/", "/none")


@family(none=None, true=True, false=False)
def propagate_exceptions(lab: Lab, value):
    seen = {}
    for options in ({}, {"TESTING": True}, {"DEBUG": True}):
        app = failing(lab, PROPAGATE_EXCEPTIONS=value, **options)
        seen[str(options)] = lab.codes(app, "/zero", "/404", "/500")
    return seen


@scenario
def propagate_with_a_handler_for_500(lab: Lab):
    app = failing(lab, PROPAGATE_EXCEPTIONS=True)
    app.register_error_handler(500, naming("500"))
    app.register_error_handler(Leaf, naming("leaf"))
    return lab.briefs(app, "/zero", "/500", "/leaf")


@family("code", "class", "http", "any")
def trap_http_exceptions(lab: Lab, kind):
    app = failing(lab, TRAP_HTTP_EXCEPTIONS=True)
    target = {"code": 404, "class": http.NotFound, "http": http.HTTPException, "any": Exception}
    app.register_error_handler(target[kind], naming(kind))
    return lab.briefs(app, "/404", "/403", "/500", "/nowhere")


@scenario
def trap_http_exceptions_without_handler(lab: Lab):
    app = failing(lab, TRAP_HTTP_EXCEPTIONS=True)
    return lab.codes(app, "/404", "/nowhere", "/zero")


def bad_requests(lab: Lab, **options):
    app = lab.app(**options)

    @app.route("/form", methods=["GET", "POST"])
    def form():
        return request.form["missing"]

    @app.get("/args")
    def args():
        return request.args["missing"]

    @app.get("/plain")
    def plain():
        abort(400)

    @app.get("/cookie")
    def cookie():
        return request.cookies["missing"]

    @app.get("/header")
    def header():
        return request.headers["X-Missing"]

    @app.post("/files")
    def files():
        return request.files["missing"].filename

    @app.post("/values")
    def values():
        return request.values["missing"]

    return app


BAD = (
    "/form",
    "POST /form",
    "/args",
    "/plain",
    "/cookie",
    "/header",
    "POST /files",
    "POST /values",
)


@family(none=None, true=True, false=False)
def trap_bad_request_errors(lab: Lab, value):
    return [
        lab.codes(bad_requests(lab, TRAP_BAD_REQUEST_ERRORS=value), *BAD),
        lab.codes(bad_requests(lab, TRAP_BAD_REQUEST_ERRORS=value, DEBUG=True), *BAD),
        lab.codes(bad_requests(lab, TRAP_BAD_REQUEST_ERRORS=value, TESTING=True), *BAD),
    ]


@scenario
def trapped_bad_request_with_a_handler_for_key_error(lab: Lab):
    app = bad_requests(lab, TRAP_BAD_REQUEST_ERRORS=True)
    app.register_error_handler(KeyError, naming("key"))
    return lab.briefs(app, "/args", "/plain")


@scenario
def bad_request_key_shown_or_not(lab: Lab):
    seen = {}
    for name, options in {
        "production": {},
        "debug": {"DEBUG": True, "TRAP_BAD_REQUEST_ERRORS": False},
        "trap": {"TRAP_BAD_REQUEST_ERRORS": True},
        "testing": {"TESTING": True},
    }.items():
        app = bad_requests(lab, **options)

        @app.errorhandler(400)
        def handler(error):
            return str("missing" in error.get_description()), 400

        seen[name] = lab.brief(app, "/args")
    return seen


@scenario
def bad_request_key_error_caught_by_the_view(lab: Lab):
    app = lab.app()

    @app.get("/")
    def index():
        try:
            return request.args["k"]
        except KeyError as error:
            return f"caught {type(error).__name__} {error.args!r}"

    return lab.brief(app)


@scenario
def file_key_in_an_ordinary_form(lab: Lab):
    app = bad_requests(lab, DEBUG=True)
    seen = {}
    app.register_error_handler(
        Exception,
        lambda error: (
            f"{isinstance(error, KeyError)} {isinstance(error, AssertionError)} {'missing' in str(error)}",
            400,
        ),
    )
    seen["form"] = lab.brief(app, "POST /files", data={"missing": "name.txt"})
    seen["multipart"] = lab.brief(
        app, "POST /files", data={"other": "x"}, content_type="multipart/form-data"
    )
    seen["nothing"] = lab.brief(app, "POST /files")
    return seen


@scenario
def error_inside_a_handler(lab: Lab):
    app = failing(lab)

    @app.errorhandler(Leaf)
    def broken(error):
        raise ZeroDivisionError("in handler")

    @app.errorhandler(404)
    def missing(error):
        abort(403)

    app.register_error_handler(ZeroDivisionError, naming("zero"))
    app.register_error_handler(403, naming("403"))
    return lab.codes(app, "/leaf", "/404", "/nowhere")


@scenario
def error_inside_the_handler_for_500(lab: Lab):
    app = failing(lab)

    @app.errorhandler(500)
    def broken(error):
        raise KeyError("in 500")

    return lab.codes(app, "/zero", "/500")


@scenario
def handler_raising_its_own_error_again(lab: Lab):
    app = failing(lab)
    calls = []

    @app.errorhandler(Leaf)
    def again(error):
        calls.append(1)
        raise error

    return [lab.code(app, "/leaf"), len(calls)]


@scenario
def handler_returning_the_http_exception(lab: Lab):
    app = failing(lab)
    app.register_error_handler(404, lambda error: error)
    app.register_error_handler(Leaf, lambda error: http.Gone("by handler"))
    return lab.hits(app, "/404", "/leaf")


@scenario
def handler_returning_nothing(lab: Lab):
    app = failing(lab)
    app.register_error_handler(404, lambda error: None)
    app.register_error_handler(Leaf, lambda error: None)
    return lab.codes(app, "/404", "/leaf")


HANDLER_RETURNS = {
    "dict": {"error": "x"},
    "tuple": ({"error": "x"}, 404, {"X-Why": "because"}),
    "list": [1, 2],
    "text": "plain",
    "text_headers": ("plain", {"X-Why": "b"}),
}


@family(**HANDLER_RETURNS)
def handler_returns(lab: Lab, value):
    app = failing(lab)
    app.register_error_handler(404, lambda error: value)
    return lab.hit(app, "/404")


@scenario
def status_of_a_handler_that_gives_none(lab: Lab):
    app = failing(lab)
    app.register_error_handler(404, lambda error: "no status given")
    app.register_error_handler(500, lambda error: "no status given")
    return lab.briefs(app, "/404", "/zero")


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


@scenario
def logged_for_an_unhandled_error(lab: Lab):
    app = failing(lab)
    lab.code(app, "/zero?x=1")
    return [
        "/zero" in lab.messages[0],
        "[GET]" in lab.messages[0],
        "x=1" in lab.messages[0],
        len(lab.messages),
    ]


@scenario
def nothing_is_logged_for_handled_and_http_errors(lab: Lab):
    app = failing(lab)
    app.register_error_handler(Leaf, naming("leaf"))
    return lab.codes(app, "/leaf", "/404", "/500")


@scenario
def log_exception_by_hand(lab: Lab):
    app = failing(lab)
    with app.test_request_context("/by/hand", method="PUT"):
        try:
            raise ValueError("x")
        except ValueError:
            import sys

            app.log_exception(sys.exc_info())
    return ["/by/hand" in lab.messages[0], "[PUT]" in lab.messages[0]]


@scenario
def got_request_exception_is_sent_for(lab: Lab):
    app = failing(lab)
    lab.watch(app, "got_request_exception", "request_finished")
    app.register_error_handler(Leaf, naming("leaf"))
    return lab.codes(app, "/leaf", "/404", "/500", "/zero")


@scenario
def got_request_exception_while_propagating(lab: Lab):
    app = failing(lab, TESTING=True)
    lab.watch(app, "got_request_exception", "request_finished", "request_tearing_down")
    return lab.code(app, "/zero")


STAGES = (
    "before_request",
    "after_request",
    "teardown_request",
    "teardown_appcontext",
    "url_value_preprocessor",
)


@family(*STAGES)
def error_in_a_hook(lab: Lab, stage):
    app = failing(lab)
    app.add_url_rule("/", "index", lambda: (lab.say("view"), "index")[1])
    app.after_request(lambda response: (lab.say("after", response.status_code), response)[1])
    app.teardown_request(lambda error: lab.say("teardown_request", error))
    app.teardown_appcontext(lambda error: lab.say("teardown_appcontext", error))

    def broken(*args):
        raise Leaf(stage)

    getattr(app, stage)(broken)
    lab.watch(
        app,
        "got_request_exception",
        "request_finished",
        "request_tearing_down",
        "appcontext_tearing_down",
    )
    return lab.codes(app, "/", "/404")


@family(*STAGES)
def handled_error_in_a_hook(lab: Lab, stage):
    app = failing(lab)
    app.add_url_rule("/", "index", lambda: (lab.say("view"), "index")[1])
    app.after_request(lambda response: (lab.say("after", response.status_code), response)[1])
    app.teardown_request(lambda error: lab.say("teardown_request", error))

    def broken(*args):
        raise Leaf(stage)

    getattr(app, stage)(broken)
    app.register_error_handler(Leaf, naming("leaf"))
    app.register_error_handler(500, naming("500", 500))
    return lab.briefs(app, "/", "/404")


@scenario
def error_in_session_saving(lab: Lab):
    from flask.sessions import SecureCookieSessionInterface

    class Broken(SecureCookieSessionInterface):
        def save_session(self, *args):
            raise OSError("disk")

    app = failing(lab, SECRET_KEY="k")
    app.session_interface = Broken()
    app.add_url_rule("/", "index", lambda: "index")
    app.register_error_handler(OSError, naming("os"))
    app.teardown_request(lambda error: lab.say("teardown", error))
    return lab.codes(app, "/", "/404")


@scenario
def error_in_session_opening(lab: Lab):
    from flask.sessions import SecureCookieSessionInterface

    class Broken(SecureCookieSessionInterface):
        def open_session(self, *args):
            raise OSError("disk")

    app = failing(lab, SECRET_KEY="k")
    app.session_interface = Broken()
    app.add_url_rule("/", "index", lambda: "index")
    app.register_error_handler(OSError, naming("os"))
    app.teardown_request(lambda error: lab.say("teardown", error))
    return lab.codes(app, "/")


@scenario
def error_in_a_signal_receiver(lab: Lab):
    app = failing(lab)
    app.add_url_rule("/", "index", lambda: "index")
    app.register_error_handler(Leaf, naming("leaf"))
    seen = {}
    for name in (
        "request_started",
        "request_finished",
        "got_request_exception",
        "request_tearing_down",
    ):

        def broken(sender, name=name, **extra):
            raise Leaf(name)

        with getattr(flask, name).connected_to(broken, app):
            seen[name] = lab.codes(app, "/", "/zero")
    return seen


@scenario
def redirect_of_a_form_in_debug_mode(lab: Lab):
    seen = {}
    for options in ({}, {"DEBUG": True}):
        app = lab.app(**options)
        app.add_url_rule("/slash/", "slash", lambda: "ok", methods=["GET", "POST"])
        seen[str(options)] = lab.codes(app, "/slash", "POST /slash")
    return seen


@scenario
def redirect_raised_by_routing_in_debug_mode(lab: Lab):
    from werkzeug.routing import RequestRedirect

    seen = {}
    for code in (301, 302, 307, 308):
        app = lab.app(DEBUG=True)

        class Coded(RequestRedirect):
            pass

        Coded.code = code

        @app.route("/", methods=["GET", "POST", "HEAD"])
        def index():
            return "x"

        @app.url_value_preprocessor
        def redirecting(endpoint, values, Coded=Coded):
            request.routing_exception = Coded("/target")

        seen[str(code)] = lab.codes(app, "/", "POST /", "HEAD /")
    return seen


@scenario
def method_not_allowed_lists_methods(lab: Lab):
    app = lab.app()
    app.add_url_rule("/", "index", lambda: "x", methods=["GET", "PUT"])
    return lab.hit(app, "DELETE /")


@scenario
def handler_sees_the_request_and_endpoint(lab: Lab):
    app = lab.app()

    @app.errorhandler(404)
    def missing(error):
        return f"{request.path} {request.endpoint} {request.blueprint} {request.view_args}", 404

    return lab.brief(app, "/not/here")


@scenario
def unhandled_error_passes_after_request(lab: Lab):
    app = failing(lab)
    app.after_request(lambda response: (response.headers.add("X-After", "1"), response)[1])
    seen = lab.hit(app, "/zero")
    return [h for h in seen["headers"] if h.startswith("X-")]


@scenario
def exception_group_is_an_exception(lab: Lab):
    app = lab.app()

    @app.get("/")
    def index():
        raise ExceptionGroup("many", [ValueError(1), KeyError(2)])

    app.register_error_handler(ExceptionGroup, naming("group"))
    return lab.brief(app)


@scenario
def handle_user_exception_by_hand(lab: Lab):
    app = failing(lab)
    app.register_error_handler(Leaf, naming("leaf"))

    def being_handled():
        try:
            raise ZeroDivisionError
        except ZeroDivisionError as error:
            app.handle_user_exception(error)

    with app.test_request_context("/"):
        return [
            app.handle_user_exception(Leaf()),
            lab.raises(being_handled),
            type(app.handle_user_exception(http.NotFound())).__name__,
        ]


@scenario
def handle_http_exception_by_hand(lab: Lab):
    app = failing(lab)
    app.register_error_handler(403, naming("403"))
    redirect = http.HTTPException(response=flask.Response("x"))
    with app.test_request_context("/"):
        missing = http.NotFound()
        return [
            app.handle_http_exception(http.Forbidden()),
            app.handle_http_exception(missing) is missing,
            app.handle_http_exception(redirect) is redirect,
        ]


@scenario
def handle_exception_by_hand(lab: Lab):
    app = failing(lab)
    with app.test_request_context("/x"):
        response = app.handle_exception(ValueError("x"))
        return [response.status, type(response).__name__]


@scenario
def trap_http_exception_decides(lab: Lab):
    class Shop(flask.Flask):
        def trap_http_exception(self, error):
            return isinstance(error, http.NotFound)

    app = failing(lab, cls=Shop)
    return lab.codes(app, "/404", "/403")


@scenario
def original_exception_in_the_generic_handler(lab: Lab):
    app = failing(lab)

    @app.errorhandler(http.InternalServerError)
    def handler(error):
        original = error.original_exception
        return f"{type(original).__name__} {error.code}", 500

    return lab.briefs(app, "/zero", "/500", "/key")
