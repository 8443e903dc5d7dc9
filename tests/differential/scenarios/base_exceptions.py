"""Exceptions that aren't errors: they pass through, and everything is torn down."""

from __future__ import annotations

from werkzeug.test import create_environ

import flask

from ..harness import Lab, family, scenario


class Halt(BaseException):
    pass


KINDS = {
    "keyboard": KeyboardInterrupt,
    "exit": SystemExit,
    "generator": GeneratorExit,
    "own": Halt,
}
PLACES = ("view", "before", "after", "handler", "preprocessor", "session_open", "session_save")


def broken(lab: Lab, kind, place):
    from flask.sessions import SecureCookieSessionInterface

    def fail(*args, **kwargs):
        raise kind

    app = lab.app(SECRET_KEY="k")
    app.add_url_rule("/", "index", fail if place == "view" else lambda: "index")
    app.add_url_rule("/error", "error", lambda: 1 / 0)
    app.teardown_request(lambda error: lab.say("teardown_request", type(error).__name__))
    app.teardown_appcontext(lambda error: lab.say("teardown_appcontext", type(error).__name__))
    app.register_error_handler(Exception, fail if place == "handler" else lambda e: ("any", 500))
    app.register_error_handler(500, lambda error: ("500", 500))
    if place == "before":
        app.before_request(fail)
    if place == "after":
        app.after_request(fail)
    if place == "preprocessor":
        app.url_value_preprocessor(fail)
    if place.startswith("session"):
        interface = SecureCookieSessionInterface()
        setattr(interface, place.replace("session_", "") + "_session", fail)
        app.session_interface = interface
    return app


def serve(app, path):
    """Call as a server does; the exception must come out here."""
    answer = []
    try:
        body = app(
            create_environ(path), lambda status, headers, exc_info=None: answer.append(status)
        )
        answer += [chunk.decode() for chunk in body]
        if hasattr(body, "close"):
            body.close()
    except BaseException as error:
        answer.append(f"out comes {type(error).__name__}")
    return answer


@family(*PLACES)
def raised_in(lab: Lab, place):
    seen = {}
    for name, kind in KINDS.items():
        app = broken(lab, kind, place)
        lab.say("->", name)
        seen[name] = [serve(app, "/"), serve(app, "/error"), lab.state()]
    return seen


@scenario
def in_a_stream(lab: Lab):
    app = lab.app()
    app.teardown_request(lambda error: lab.say("teardown", type(error).__name__))

    @app.get("/")
    def index():
        def generate():
            yield "one"
            raise Halt

        return flask.stream_with_context(generate())

    return [serve(app, "/"), lab.state()]


@scenario
def log_and_signal_are_not_for_them(lab: Lab):
    app = broken(lab, Halt, "view")
    lab.watch(app)
    return serve(app, "/")


@scenario
def exceptions_with_odd_constructors(lab: Lab):
    class Odd(Exception):
        def __init__(self, *, must):
            self.must = must

        def __str__(self):
            raise RuntimeError("no text")

    app = lab.app()

    def view():
        raise Odd(must=1)

    app.add_url_rule("/", "index", view)
    first = lab.code(app)
    app.error_handler_spec[None][None][Odd] = lambda error: (f"odd {error.must}", 400)
    return [first, lab.brief(app)]


@scenario
def traceback_leads_to_the_view(lab: Lab):
    import traceback

    app = lab.app(TESTING=True)

    def deep():
        raise LookupError

    def view():
        deep()

    app.add_url_rule("/", "index", view)
    try:
        app.test_client().get("/")
    except LookupError as error:
        names = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
        return [names[-2:], error.__cause__, error.__context__]


@scenario
def cause_and_context_are_kept(lab: Lab):
    app = lab.app()

    @app.get("/")
    def index():
        try:
            raise KeyError("inner")
        except KeyError as error:
            raise LookupError("outer") from error

    @app.errorhandler(500)
    def handler(error):
        original = error.original_exception
        return f"{type(original).__name__} {type(original.__cause__).__name__}", 500

    return lab.brief(app)


@scenario
def exc_info_inside_handlers(lab: Lab):
    import sys

    app = lab.app()

    @app.errorhandler(LookupError)
    def handler(error):
        return f"{sys.exc_info()[0].__name__} {sys.exc_info()[1] is error}"

    @app.errorhandler(500)
    def server(error):
        return f"{sys.exc_info()[0].__name__} {sys.exc_info()[1] is error.original_exception}", 500

    @app.errorhandler(404)
    def missing(error):
        return f"{sys.exc_info()[0].__name__} {sys.exc_info()[1] is error}", 404

    def fail(kind):
        raise kind

    app.add_url_rule("/lookup", "lookup", lambda: fail(LookupError))
    app.add_url_rule("/zero", "zero", lambda: 1 / 0)
    app.teardown_request(lambda error: lab.say(type(error).__name__, sys.exc_info()[0] is None))
    return lab.briefs(app, "/lookup", "/zero", "/none")
