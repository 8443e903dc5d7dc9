"""Every step of a request replaced: on a subclass, on the class, on the instance, at any time."""

from __future__ import annotations

import functools

import flask
from flask import session

from ..harness import Lab, family, scenario

STEPS = (
    "wsgi_app",
    "request_context",
    "create_url_adapter",
    "full_dispatch_request",
    "preprocess_request",
    "dispatch_request",
    "finalize_request",
    "make_response",
    "process_response",
    "handle_user_exception",
    "handle_http_exception",
    "handle_exception",
    "log_exception",
    "raise_routing_exception",
    "make_default_options_response",
    "ensure_sync",
    "do_teardown_request",
    "do_teardown_appcontext",
    "should_ignore_error",
    "trap_http_exception",
    "app_context",
    "inject_url_defaults",
    "url_for",
    "redirect",
    "update_template_context",
    "create_jinja_environment",
    "select_jinja_autoescape",
    "get_send_file_max_age",
    "send_static_file",
    "handle_url_build_error",
    "make_shell_context",
    "test_client",
    "test_request_context",
    "async_to_sync",
)
PATHS = (
    "/",
    "/fail",
    "/abort",
    "/slash",
    "/none",
    "OPTIONS /",
    "DELETE /",
    "/template",
    "/json",
    "/handled",
    "/url",
    "/session",
)


def shop(lab: Lab, kind=flask.Flask, **options):
    app = lab.app(cls=kind, SECRET_KEY="k", **options)
    app.add_url_rule("/", "index", lambda: "index")
    app.add_url_rule("/fail", "fail", lambda: 1 / 0)
    app.add_url_rule("/abort", "abort", lambda: flask.abort(409))
    app.add_url_rule("/slash/", "slash", lambda: "slash")
    app.add_url_rule("/template", "template", lambda: flask.render_template_string("{{ x }}"))
    app.add_url_rule("/json", "json", lambda: {"a": 1})
    app.add_url_rule("/url", "url", lambda: flask.redirect(flask.url_for("index")))
    app.add_url_rule("/session", "session", lambda: (session.update(a=1), "session")[1])

    @app.route("/handled")
    def handled():
        raise LookupError

    app.register_error_handler(LookupError, lambda error: ("handled", 418))
    app.before_request(lambda: None)
    app.after_request(lambda response: response)
    app.teardown_request(lambda error: None)
    return app


def wrap(lab: Lab, name, function):
    @functools.wraps(function)
    def wrapped(*args, **kwargs):
        lab.say(name)
        return function(*args, **kwargs)

    return wrapped


def run(lab: Lab, app):
    seen = {}
    for path in PATHS:
        lab.say("->", path)
        seen[path] = lab.code(app, path)
    return seen


@family("__call__", *STEPS)
def wrapped_on_the_class(lab: Lab, step):
    """As a monitoring agent does it: the class itself is patched, then applications are made."""
    lab.patch(flask.Flask, step, wrap(lab, step, getattr(flask.Flask, step)))
    return run(lab, shop(lab))


@family("__call__", *STEPS)
def wrapped_on_the_class_after_the_first_request(lab: Lab, step):
    app = shop(lab)
    run(lab, app)
    lab.events.clear()
    lab.patch(flask.Flask, step, wrap(lab, step, getattr(flask.Flask, step)))
    return run(lab, app)


@family(*STEPS)
def wrapped_on_the_instance(lab: Lab, step):
    app = shop(lab)
    setattr(app, step, wrap(lab, step, getattr(app, step)))
    return run(lab, app)


@family(*STEPS)
def wrapped_on_the_instance_after_the_first_request(lab: Lab, step):
    app = shop(lab)
    run(lab, app)
    lab.events.clear()
    setattr(app, step, wrap(lab, step, getattr(app, step)))
    seen = run(lab, app)
    delattr(app, step)
    lab.say("removed")
    return [seen, lab.code(app, "/"), lab.code(app, "/fail")]


@family("__call__", *STEPS)
def overridden_in_a_subclass(lab: Lab, step):
    def method(self, *args, **kwargs):
        lab.say(step)
        return getattr(super(kind, self), step)(*args, **kwargs)

    kind = type("Shop", (flask.Flask,), {step: method})
    return run(lab, shop(lab, kind))


@scenario
def every_step_at_once(lab: Lab):
    names = (
        "wsgi_app",
        "request_context",
        "create_url_adapter",
        "full_dispatch_request",
        "preprocess_request",
        "dispatch_request",
        "finalize_request",
        "make_response",
        "process_response",
        "handle_user_exception",
        "handle_http_exception",
        "handle_exception",
        "log_exception",
        "raise_routing_exception",
        "ensure_sync",
        "do_teardown_request",
        "do_teardown_appcontext",
        "app_context",
    )
    members = {}
    for name in names:

        def method(self, *args, name=name, **kwargs):
            lab.say(name)
            return getattr(super(kind, self), name)(*args, **kwargs)

        members[name] = method
    kind = type("Shop", (flask.Flask,), members)
    app = shop(lab, kind)
    lab.events.clear()
    return run(lab, app)


@scenario
def multiple_inheritance_and_mixins(lab: Lab):
    class Logging:
        def dispatch_request(self):
            lab.say("logging dispatch")
            return super().dispatch_request()

        def process_response(self, response):
            lab.say("logging process")
            return super().process_response(response)

    class Shop(Logging, flask.Flask):
        def dispatch_request(self):
            lab.say("shop dispatch")
            return super().dispatch_request()

    return lab.briefs(shop(lab, Shop), "/", "/none")


# replaced without calling on
