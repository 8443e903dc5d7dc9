"""Errors by the place they happen in: handlers, hooks, sessions, signals, by hand."""

from __future__ import annotations

import werkzeug.exceptions as http

import flask
from flask import request

from ..harness import Lab, family, scenario
from .errors import Leaf, failing, naming


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
