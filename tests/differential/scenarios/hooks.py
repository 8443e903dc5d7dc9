"""Hooks: their order, what stops what, and what a hook's return value does."""

from __future__ import annotations

import collections

from werkzeug.exceptions import NotFound

import flask
from flask import Blueprint, abort, g, request

from ..harness import Lab, family, scenario


def stacked(lab: Lab, **options):
    """An application and two nested blueprints, with two hooks of each kind everywhere."""
    app = lab.app(**options)
    outer, inner = (
        Blueprint("outer", __name__, url_prefix="/outer"),
        Blueprint("inner", __name__, url_prefix="/inner"),
    )
    for name, place in (("app", app), ("outer", outer), ("inner", inner)):
        for number in (1, 2):
            tag = f"{name}{number}"
            place.url_value_preprocessor(
                lambda endpoint, values, tag=tag: lab.say("url_value", tag)
            )
            place.before_request(lambda tag=tag: lab.say("before", tag))
            place.after_request(
                lambda response, tag=tag: (lab.say("after", tag, response.status_code), response)[1]
            )
            place.teardown_request(lambda error, tag=tag: lab.say("teardown", tag, error))
        place.add_url_rule("/", "view", lambda name=name: (lab.say("view"), name)[1])
        place.add_url_rule("/fail", "fail", lambda: 1 / 0)
        place.add_url_rule("/abort", "abort", lambda: abort(409))
    app.teardown_appcontext(lambda error: lab.say("appcontext 1", error))
    app.teardown_appcontext(lambda error: lab.say("appcontext 2", error))
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    return app


@family(
    "/",
    "/fail",
    "/abort",
    "/outer/",
    "/outer/inner/",
    "/outer/inner/fail",
    "/outer/inner/abort",
    "/outer/none",
    "/outer",
    "OPTIONS /outer/inner/",
    "POST /outer/inner/",
    "HEAD /outer/",
)
def order(lab: Lab, path):
    app = stacked(lab)
    lab.watch(app)
    return lab.code(app, path)


@scenario
def order_while_testing_with_an_error(lab: Lab):
    return lab.code(stacked(lab, TESTING=True), "/outer/inner/fail")


PLACES = {
    "app1": ("app", 0),
    "app_last": ("app", 2),
    "outer": ("outer", 1),
    "inner": ("outer.inner", 1),
}


@family(**PLACES)
def before_request_that_answers(lab: Lab, place):
    app = stacked(lab)
    key = None if place[0] == "app" else place[0]
    app.before_request_funcs[key].insert(place[1], lambda: (lab.say("answering"), "stopped")[1])
    return lab.brief(app, "/outer/inner/")


ANSWERS = {
    "text": "stop",
    "empty_text": "",
    "none": None,
    "false": False,
    "zero": 0,
    "empty_dict": {},
    "empty_list": [],
    "tuple": ("x", 299),
    "dict": {"a": 1},
    "bytes": b"b",
    "response": "response",
    "number": 5,
    "abort": "abort",
}


@family(**ANSWERS)
def before_request_returning(lab: Lab, value):
    app = lab.app()

    @app.before_request
    def before():
        if value == "response":
            return flask.Response("r", 202)
        if value == "abort":
            abort(403)
        return value

    app.add_url_rule("/", "index", lambda: "view")
    return lab.brief(app)


@family("none", "text", "response", "same", "tuple")
def after_request_returning(lab: Lab, kind):
    app = lab.app()
    app.after_request(lambda response: (lab.say("earlier", type(response).__name__), response)[1])

    @app.after_request
    def after(response):
        return {
            "none": None,
            "text": "text",
            "response": flask.Response("replaced", 201),
            "same": response,
            "tuple": ("x", 1),
        }[kind]

    app.add_url_rule("/", "index", lambda: "view")
    return lab.brief(app)


@scenario
def after_request_changes_the_response(lab: Lab):
    app = lab.app()

    @app.after_request
    def after(response):
        response.headers["X-Seen"] = str(response.status_code)
        response.set_cookie("c", "v")
        response.data = response.data + b"!"
        return response

    app.add_url_rule("/", "index", lambda: "view")
    return lab.hits(app, "/", "/none")


@scenario
def teardown_value_is_ignored(lab: Lab):
    app = lab.app()
    app.teardown_request(lambda error: "ignored")
    app.teardown_appcontext(lambda error: flask.Response("ignored"))
    app.add_url_rule("/", "index", lambda: "view")
    return lab.brief(app)


@scenario
def teardown_error_argument(lab: Lab):
    app = stacked(lab)
    app.register_error_handler(ZeroDivisionError, lambda error: ("handled", 418))
    return lab.briefs(app, "/", "/fail", "/abort")


@scenario
def decorators_give_back_the_function(lab: Lab):
    app, bp = lab.app(), Blueprint("bp", __name__)

    def f(*args):
        return None

    names = (
        "before_request",
        "after_request",
        "teardown_request",
        "url_value_preprocessor",
        "url_defaults",
        "context_processor",
    )
    own = (
        "before_app_request",
        "after_app_request",
        "teardown_app_request",
        "app_url_value_preprocessor",
        "app_url_defaults",
        "app_context_processor",
    )
    return [
        [
            getattr(app, n)(f) is f
            for n in (*names, "teardown_appcontext", "shell_context_processor")
        ],
        [getattr(bp, n)(f) is f for n in (*names, *own)],
        bp.app_errorhandler(404)(f) is f,
    ]


@scenario
def hooks_registered_with_the_keyword_f(lab: Lab):
    app = lab.app()
    app.before_request(f=lambda: lab.say("before"))
    app.after_request(f=lambda response: response)
    app.teardown_request(f=lambda error: lab.say("teardown"))
    app.teardown_appcontext(f=lambda error: lab.say("app teardown"))
    app.add_url_rule("/", "index", lambda: "x")
    return lab.brief(app)


@scenario
def registries_written_directly(lab: Lab):
    app = lab.app()
    app.add_url_rule("/", "index", lambda: "view")
    first = lab.brief(app)
    app.before_request_funcs.setdefault(None, []).append(lambda: lab.say("late before"))
    app.after_request_funcs.setdefault(None, []).append(
        lambda response: (lab.say("late after"), response)[1]
    )
    app.teardown_request_funcs.setdefault(None, []).append(lambda error: lab.say("late teardown"))
    app.teardown_appcontext_funcs.append(lambda error: lab.say("late appcontext"))
    app.url_value_preprocessors.setdefault(None, []).append(
        lambda endpoint, values: lab.say("late url value")
    )
    second = lab.brief(app)
    app.before_request_funcs[None].clear()
    app.after_request_funcs.pop(None)
    lab.say("third")
    return [first, second, lab.brief(app)]


@scenario
def registries_replaced_whole(lab: Lab):
    app = lab.app()
    app.add_url_rule("/", "index", lambda: "view")
    app.before_request(lambda: lab.say("old before"))
    first = lab.brief(app)
    app.before_request_funcs = {None: [lambda: lab.say("new before")]}
    app.after_request_funcs = {None: [lambda response: (lab.say("new after"), response)[1]]}
    app.teardown_request_funcs = {None: [lambda error: lab.say("new teardown")]}
    app.teardown_appcontext_funcs = [lambda error: lab.say("new appcontext")]
    app.view_functions = {"index": lambda: "new view"}
    app.error_handler_spec = {None: {404: {NotFound: lambda error: "new 404"}}}
    return [first, lab.briefs(app, "/", "/none")]


@scenario
def view_function_replaced_after_the_first_request(lab: Lab):
    app = lab.app()
    app.add_url_rule("/", "index", lambda: "old")
    first = lab.brief(app)
    app.view_functions["index"] = lambda: "new"
    second = lab.brief(app)
    wrapped = app.view_functions["index"]
    app.view_functions["index"] = lambda: "wrapped " + wrapped()
    third = lab.brief(app)
    del app.view_functions["index"]
    return [first, second, third, lab.brief(app)]


@scenario
def error_handler_added_to_the_registry_later(lab: Lab):

    app = lab.app()
    first = lab.brief(app)
    app.error_handler_spec[None][404][NotFound] = lambda error: ("late", 404)
    second = lab.brief(app)
    app.error_handler_spec[None][404].clear()
    return [first, second, lab.brief(app)]


@scenario
def hook_added_during_a_request(lab: Lab):
    app = lab.app()

    @app.get("/")
    def index():
        app.after_request_funcs.setdefault(None, []).append(
            lambda response: (lab.say("added"), response)[1]
        )
        return "x"

    client = app.test_client()
    return [lab.brief(client), lab.brief(client)]


@scenario
def one_function_as_every_hook(lab: Lab):
    app = lab.app()

    def everything(*args):
        lab.say("called", len(args))
        return args[0] if args else None

    app.before_request(everything)
    app.after_request(everything)
    app.teardown_request(everything)
    app.teardown_appcontext(everything)
    app.add_url_rule("/", "index", lambda: "x")
    return lab.brief(app)


@scenario
def g_from_before_to_teardown(lab: Lab):
    app = lab.app()
    app.before_request(lambda: setattr(g, "trace", ["before"]))
    app.after_request(lambda response: (g.trace.append("after"), response)[1])
    app.teardown_request(lambda error: g.trace.append("teardown_request"))
    app.teardown_appcontext(lambda error: lab.say(list(g.trace)))
    app.add_url_rule("/", "index", lambda: g.trace.append("view") or "x")
    return lab.brief(app)


@scenario
def request_available_in_every_hook(lab: Lab):
    app = lab.app()
    app.before_request(lambda: lab.say("before", request.path, lab.state()))
    app.after_request(lambda response: (lab.say("after", request.path, lab.state()), response)[1])
    app.teardown_request(lambda error: lab.say("teardown", request.path, lab.state()))
    app.teardown_appcontext(lambda error: lab.say("appcontext", lab.state()))
    app.add_url_rule("/p", "index", lambda: "x")
    return lab.brief(app, "/p")


@scenario
def view_args_in_hooks(lab: Lab):
    app = lab.app()
    app.before_request(lambda: lab.say(request.endpoint, request.view_args, str(request.url_rule)))

    @app.before_request
    def change():
        if request.view_args:
            request.view_args["x"] = "changed"

    app.add_url_rule("/<x>", "index", lambda x: x)
    return lab.briefs(app, "/original", "/a/b")


@scenario
def url_value_preprocessor_may_change_arguments(lab: Lab):
    app = lab.app()

    @app.url_value_preprocessor
    def change(endpoint, values):
        if values:
            values["y"] = values.pop("x").upper()

    app.add_url_rule("/<x>", "index", lambda y: y)
    return lab.brief(app, "/abc")


@scenario
def preprocess_request_by_hand(lab: Lab):
    app = stacked(lab)
    app.before_request_funcs["outer"].append(lambda: "halt")
    seen = []
    for path in ("/", "/outer/", "/none"):
        with app.test_request_context(path):
            seen.append(app.preprocess_request())
            lab.say("done", path)
    lab.events[:] = [event for event in lab.events if event[0] in {"before", "url_value", "done"}]
    return seen


@scenario
def process_response_by_hand(lab: Lab):
    app = stacked(lab, SECRET_KEY="k")
    with app.test_request_context("/outer/inner/"):
        flask.session["a"] = 1
        response = app.process_response(flask.Response("x"))
        lab.say("done")
        return lab.see(response)


@family("text", "response", "handler_raises")
def error_handler_then_after_request(lab: Lab, kind):
    app = stacked(lab)

    @app.errorhandler(ZeroDivisionError)
    def handler(error):
        lab.say("handler")
        if kind == "handler_raises":
            raise KeyError
        return "text" if kind == "text" else flask.Response("r", 503)

    return lab.code(app, "/outer/fail")


@scenario
def generator_view_runs_after_teardown(lab: Lab):
    app = lab.app()
    app.teardown_request(lambda error: lab.say("teardown"))

    @app.get("/")
    def index():
        def generate():
            lab.say("generating", lab.state())
            yield "a"

        return generate()

    return lab.brief(app)


@scenario
def same_hook_twice(lab: Lab):
    app = lab.app()

    def hook():
        lab.say("hook")

    app.before_request(hook)
    app.before_request(hook)
    app.add_url_rule("/", "index", lambda: "x")
    return [lab.brief(app), len(app.before_request_funcs[None])]


@scenario
def registries_are_plain_containers(lab: Lab):
    app, bp = lab.app(), Blueprint("bp", __name__)
    seen = {}
    for name in (
        "view_functions",
        "error_handler_spec",
        "before_request_funcs",
        "after_request_funcs",
        "teardown_request_funcs",
        "template_context_processors",
        "url_value_preprocessors",
        "url_default_functions",
    ):
        seen[name] = [
            isinstance(getattr(app, name), dict),
            sorted(map(str, getattr(app, name))),
            isinstance(getattr(bp, name), dict),
            isinstance(getattr(app, name), collections.defaultdict),
        ]
    for name in (
        "teardown_appcontext_funcs",
        "shell_context_processors",
        "url_build_error_handlers",
    ):
        seen[name] = [isinstance(getattr(app, name), list), len(getattr(app, name))]
    return [seen, isinstance(app.extensions, dict), isinstance(app.blueprints, dict)]


@scenario
def missing_keys_of_the_registries(lab: Lab):
    app = lab.app()
    app.before_request_funcs[None].append(lambda: lab.say("by default dict"))
    app.after_request_funcs["nobody"].append(lambda response: response)
    app.error_handler_spec["bp"][404][Exception] = len
    app.add_url_rule("/", "index", lambda: "x")
    return [lab.brief(app), sorted(map(str, app.after_request_funcs))]
