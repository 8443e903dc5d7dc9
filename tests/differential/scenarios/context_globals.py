"""What lives in a context: g, the request context itself, functions called after the request."""

from __future__ import annotations

import flask
from flask import current_app, g, request

from ..harness import Lab, scenario
from .contexts import noisy


@scenario
def g_behaves_like_a_namespace(lab: Lab):
    app = lab.app()
    with app.app_context():
        g.a, g.b = 1, 2
        seen = [
            "a" in g,
            "z" in g,
            sorted(g),
            g.get("a"),
            g.get("z"),
            g.get("z", 9),
            g.setdefault("a", 7),
            g.setdefault("c", 7),
            g.pop("c"),
            g.pop("z", "gone"),
            lab.raises(g.pop, "z"),
            lab.raises(lambda: g.z),
            repr(g._get_current_object()),
        ]
        del g.a
        seen += ["a" in g, lab.raises(delattr, g, "a"), lab.raises(lambda: g["b"])]
    return seen


@scenario
def g_repr_outside_of_context(lab: Lab):
    app = lab.app()
    with app.app_context():
        held = g._get_current_object()
        held.x = 1
    return [repr(held), held.x, lab.state()]


@scenario
def g_class_of_ones_own(lab: Lab):
    class Globals(flask.ctx._AppCtxGlobals):
        colour = "blue"

    class Shop(flask.Flask):
        app_ctx_globals_class = Globals

    app = lab.app(cls=Shop)

    @app.get("/")
    def index():
        return f"{g.colour} {type(g._get_current_object()).__name__}"

    return lab.brief(app)


@scenario
def g_class_replaced_on_the_instance(lab: Lab):
    app = noisy(lab)
    first = lab.brief(app, "/")

    class Globals:
        def __init__(self):
            self.made = True

    app.app_ctx_globals_class = Globals
    with app.app_context():
        return [first, g.made]


@scenario
def g_is_new_for_each_request(lab: Lab):
    app = lab.app()

    @app.get("/")
    def index():
        before = g.get("mark", "fresh")
        g.mark = "used"
        return before

    client = app.test_client()
    return [lab.brief(client), lab.brief(client)]


@scenario
def g_assigned_on_the_context(lab: Lab):
    app = lab.app()
    with app.app_context() as context:
        context.g = app.app_ctx_globals_class()
        context.g.x = 5
        return g.x


@scenario
def g_through_the_request_context(lab: Lab):
    app = lab.app()
    with app.test_request_context("/"):
        g.x = 5
        return [flask.globals.app_ctx.g.x, flask.globals.request_ctx is not None]


@scenario
def attributes_of_a_request_context(lab: Lab):
    app = lab.app(SECRET_KEY="k")
    with app.test_request_context("/x") as context:
        return [
            type(context).__name__,
            context.app is app,
            type(context.session).__name__,
            context.flashes,
            context.url_adapter is not None,
            type(context.request).__name__,
            request.routing_exception.__class__.__name__,
        ]


@scenario
def test_request_context_matches_the_rule(lab: Lab):
    app = noisy(lab)
    seen = []
    for path in ("/", "/missing", "/fail"):
        with app.test_request_context(path):
            seen.append(
                [
                    request.endpoint,
                    request.view_args,
                    type(request.routing_exception).__name__,
                    str(request.url_rule),
                ]
            )
    return seen


@scenario
def preprocess_and_dispatch_by_hand(lab: Lab):
    app = noisy(lab)
    app.before_request(lambda: lab.say("before"))
    app.after_request(lambda response: (lab.say("after"), response)[1])
    with app.test_request_context("/"):
        halted = app.preprocess_request()
        value = app.dispatch_request()
        response = app.make_response(value)
        response = app.process_response(response)
        return [halted, value, response.status]


@scenario
def full_dispatch_request_by_hand(lab: Lab):
    app = noisy(lab)
    lab.watch(app, "request_started", "request_finished")
    with app.test_request_context("/"):
        return lab.see(app.full_dispatch_request())


@scenario
def request_context_from_environ(lab: Lab):
    app = noisy(lab)
    from werkzeug.test import create_environ

    with app.request_context(create_environ("/who?are=you", "http://host.example:8080/")):
        return [request.url, request.host, request.method]


@scenario
def after_this_request_runs_once(lab: Lab):
    app = lab.app()

    @app.after_request
    def always(response):
        lab.say("after_request")
        return response

    @app.get("/once")
    def once():
        @flask.after_this_request
        def first(response):
            lab.say("first")
            response.headers["X-First"] = "1"
            return response

        @flask.after_this_request
        def second(response):
            lab.say("second")
            return response

        return f"{first.__name__}"

    @app.get("/never")
    def never():
        return "never"

    return lab.hits(app, "/once", "/never")


@scenario
def after_this_request_may_replace_the_response(lab: Lab):
    app = lab.app()

    @app.get("/")
    def index():
        flask.after_this_request(lambda response: flask.Response("replaced", 202))
        return "original"

    return lab.hit(app)


@scenario
def after_this_request_returning_nothing(lab: Lab):
    app = lab.app()

    @app.get("/")
    def index():
        flask.after_this_request(lambda response: None)
        return "original"

    return lab.code(app)


@scenario
def after_this_request_that_raises(lab: Lab):
    app = noisy(lab)

    @app.get("/broken")
    def broken():
        @flask.after_this_request
        def spoil(response):
            raise ValueError("after this")

        return "original"

    return lab.code(app, "/broken")


@scenario
def after_this_request_from_a_before_request_hook(lab: Lab):
    app = noisy(lab)

    @app.before_request
    def plan():
        flask.after_this_request(
            lambda response: (response.headers.add("X-Plan", "b"), response)[1]
        )

    return lab.hits(app, "/", "/nowhere", "/fail")


@scenario
def current_app_is_a_proxy(lab: Lab):
    app = lab.app()
    with app.app_context():
        return [
            current_app == app,
            current_app is app,
            isinstance(current_app, flask.Flask),
            repr(current_app) == repr(app),
            hash(current_app) == hash(app),
            repr(app),
        ]


@scenario
def shell_context_holds_app_and_g(lab: Lab):
    app = lab.app()
    app.shell_context_processor(lambda: {"extra": 1, "app": "shadowed?"})
    with app.app_context():
        made = app.make_shell_context()
    return [sorted(made), made["extra"], made["app"] if isinstance(made["app"], str) else "app"]


@scenario
def contexts_in_a_generator(lab: Lab):
    app = noisy(lab)

    def steps():
        with app.app_context():
            yield lab.state()
            yield lab.state()

    generator = steps()
    seen = [next(generator), lab.state(), next(generator)]
    generator.close()
    return [*seen, lab.state()]


@scenario
def request_context_repr_names_url_and_method(lab: Lab):
    app = lab.app()
    text = repr(app.test_request_context("/where?x=1", method="POST"))
    return ["/where?x=1" in text, "POST" in text, "shop" in text]
