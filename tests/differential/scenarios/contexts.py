"""Application and request contexts: pushing, popping, nesting, teardown, use outside them."""

from __future__ import annotations

import flask
from flask import current_app, g, request, session

from ..harness import Lab, family, scenario


def noisy(lab: Lab, **options):
    app = lab.app(**options)

    @app.teardown_request
    def request_down(error):
        lab.say("teardown_request", error, lab.state())

    @app.teardown_appcontext
    def app_down(error):
        lab.say("teardown_appcontext", error, lab.state())

    @app.get("/")
    def index():
        lab.say("view", lab.state())
        return "index"

    @app.get("/fail")
    def fail():
        raise LookupError("planned")

    return app


OUTSIDE = {
    "request": lambda: request.path,
    "request_method": lambda: request.get_json(),
    "session_read": lambda: session.get("a"),
    "session_item": lambda: session["a"],
    "session_write": lambda: session.__setitem__("a", 1),
    "g_read": lambda: g.value,
    "g_write": lambda: setattr(g, "value", 1),
    "g_in": lambda: "value" in g,
    "g_get": lambda: g.get("value"),
    "current_app": lambda: current_app.name,
    "current_app_object": lambda: current_app._get_current_object(),
    "request_object": lambda: request._get_current_object(),
    "url_for": lambda: flask.url_for("index"),
    "flash": lambda: flask.flash("x"),
    "get_flashed_messages": lambda: flask.get_flashed_messages(),
    "jsonify": lambda: flask.jsonify(1),
    "render_template_string": lambda: flask.render_template_string("x"),
    "make_response": lambda: flask.make_response("x"),
    "send_file": lambda: flask.send_file(__file__),
    "stream_template_string": lambda: flask.stream_template_string("x"),
    "app_ctx": lambda: flask.globals.app_ctx.app,
    "request_ctx": lambda: flask.globals.request_ctx.request,
    "iter_g": lambda: list(g),
    "len_session": lambda: len(session),
}


@family(**OUTSIDE)
def outside_of_any_context(lab: Lab, use):
    return lab.raises(use, words=4)


WORKS_OUTSIDE = {
    "json_dumps": lambda: flask.json.dumps({"b": 1, "a": [1.5, None]}),
    "json_loads": lambda: flask.json.loads('{"a": 1}'),
    "bool_request": lambda: bool(request),
    "bool_current_app": lambda: bool(current_app),
    "bool_g": lambda: bool(g),
    "bool_session": lambda: bool(session),
    "repr_request": lambda: repr(request),
    "repr_current_app": lambda: repr(current_app),
    "redirect": lambda: flask.redirect("/x").headers["Location"],
    "abort": lambda: flask.abort(404),
    "has_request_context": flask.has_request_context,
    "has_app_context": flask.has_app_context,
    "after_this_request": lambda: flask.after_this_request(lambda response: response),
    "copy_current_request_context": lambda: flask.copy_current_request_context(len),
    "stream_with_context": lambda: next(flask.stream_with_context(iter("ab"))),
    "stream_with_context_function": lambda: flask.stream_with_context(lambda: iter("ab")),
}


@family(**WORKS_OUTSIDE)
def outside_but_needing_less(lab: Lab, use):
    return lab.raises(use)


ONLY_APP = {
    "request": lambda: request.path,
    "session": lambda: session.get("a"),
    "flash": lambda: flask.flash("x"),
    "url_for_no_server_name": lambda: flask.url_for("index"),
    "url_for_not_external": lambda: flask.url_for("index", _external=False),
    "render_template_string": lambda: flask.render_template_string("{{ request }}{{ g.a }}{{ 1 }}"),
    "jsonify": lambda: flask.jsonify(a=1).get_data(),
    "make_response": lambda: flask.make_response("x", 201).status,
    "copy_current_request_context": lambda: flask.copy_current_request_context(len),
    "stream_template_string": lambda: list(flask.stream_template_string("a{{ g.x }}b")),
    "get_flashed_messages": lambda: flask.get_flashed_messages(),
}


@family(**ONLY_APP)
def with_only_an_app_context(lab: Lab, use):
    with noisy(lab).app_context():
        facts = lab.raises(use, words=4)
    if not facts.get("says", "").startswith("Working outside"):
        facts.pop("says", None)
    return facts


@scenario
def app_context_as_block(lab: Lab):
    app = noisy(lab)
    before = lab.state()
    with app.app_context() as context:
        inside = [
            lab.state(),
            current_app.name,
            context.app is app,
            context.g is g._get_current_object(),
        ]
    return [before, inside, lab.state()]


@scenario
def request_context_as_block(lab: Lab):
    app = noisy(lab)
    with app.test_request_context("/some/where?x=1") as context:
        inside = [
            lab.state(),
            request.path,
            request.args["x"],
            context.request is request._get_current_object(),
        ]
    return [inside, lab.state()]


@scenario
def manual_push_and_pop_of_app_context(lab: Lab):
    app = noisy(lab)
    context = app.app_context()
    steps = [lab.state()]
    context.push()
    steps.append(lab.state())
    context.pop()
    steps.append(lab.state())
    return steps


@scenario
def manual_push_and_pop_of_request_context(lab: Lab):
    app = noisy(lab)
    context = app.test_request_context("/a")
    steps = [lab.state()]
    context.push()
    steps += [lab.state(), request.path]
    context.pop()
    steps.append(lab.state())
    return steps


@scenario
def pop_with_an_exception_reaches_teardown(lab: Lab):
    app = noisy(lab)
    context = app.test_request_context("/")
    context.push()
    context.pop(ValueError("mine"))
    context = app.app_context()
    context.push()
    context.pop(KeyError("mine"))


@scenario
def pop_with_none_is_no_error(lab: Lab):
    app = noisy(lab)
    context = app.test_request_context("/")
    context.push()
    context.pop(None)
    context = app.app_context()
    context.push()
    context.pop(None)


@scenario
def pop_without_argument_takes_the_exception_being_handled(lab: Lab):
    app = noisy(lab)
    context = app.test_request_context("/")
    context.push()
    try:
        raise OSError("being handled")
    except OSError:
        context.pop()
    context = app.app_context()
    context.push()
    try:
        raise OSError("being handled")
    except OSError:
        context.pop()


@scenario
def block_left_by_an_exception(lab: Lab):
    app = noisy(lab)

    def leave(context):
        with context:
            raise ZeroDivisionError("out")

    return [
        lab.raises(leave, app.app_context()),
        lab.raises(leave, app.test_request_context("/")),
        lab.state(),
    ]


@scenario
def nested_app_contexts_of_two_apps(lab: Lab):
    first, second = noisy(lab), lab.app("other")
    seen = []
    with first.app_context():
        g.mark = "first"
        seen.append(current_app.name)
        with second.app_context():
            seen.append([current_app.name, g.get("mark", "nothing")])
        seen.append([current_app.name, g.mark])
    return seen


@scenario
def nested_app_contexts_of_one_app_have_each_their_g(lab: Lab):
    app = lab.app()
    with app.app_context():
        g.mark = 1
        with app.app_context():
            inner = g.get("mark")
            g.mark = 2
        return [inner, g.mark]


@scenario
def same_app_context_pushed_twice(lab: Lab):
    app = noisy(lab)
    context = app.app_context()
    steps = []
    with context:
        g.mark = "kept"
        with context:
            steps.append(g.mark)
        steps.append(lab.state())
    steps.append(lab.state())
    return steps


@scenario
def same_request_context_pushed_twice(lab: Lab):
    app = noisy(lab)
    lab.watch(app, "appcontext_pushed", "appcontext_popped", "request_tearing_down")
    context = app.test_request_context("/twice")
    steps = []
    with context:
        with context:
            steps.append([request.path, lab.state()])
        steps.append(lab.state())
    steps.append(lab.state())
    return steps


@scenario
def request_context_inside_app_context_of_the_same_app(lab: Lab):
    app = noisy(lab)
    lab.watch(app, "appcontext_pushed", "appcontext_popped")
    with app.app_context():
        g.mark = "outer"
        with app.test_request_context("/"):
            inside = g.get("mark", "nothing")
        return [inside, lab.state(), g.mark]


@scenario
def request_context_inside_app_context_of_another_app(lab: Lab):
    app, other = noisy(lab), lab.app("other")
    with other.app_context():
        g.mark = "outer"
        with app.test_request_context("/"):
            inside = [current_app.name, g.get("mark", "nothing")]
        return [inside, current_app.name, g.mark]


@scenario
def nested_request_contexts(lab: Lab):
    app = noisy(lab)
    seen = []
    with app.test_request_context("/outer"):
        g.mark = "outer"
        with app.test_request_context("/inner"):
            seen.append([request.path, g.get("mark", "nothing")])
        seen.append([request.path, g.mark])
    return seen


@scenario
def app_contexts_popped_in_the_wrong_order(lab: Lab):
    app = noisy(lab)
    first, second = app.app_context(), app.app_context()
    first.push()
    second.push()
    wrong = lab.raises(first.pop)
    return [wrong["raised"].split(" < ")[-1], lab.state()]


@scenario
def request_contexts_popped_in_the_wrong_order(lab: Lab):
    app = lab.app()
    first, second = app.test_request_context("/1"), app.test_request_context("/2")
    first.push()
    second.push()
    wrong = lab.raises(first.pop)
    return wrong["raised"].split(" < ")[-1]


@scenario
def pop_of_an_app_context_never_pushed(lab: Lab):
    return lab.raises(lab.app().app_context().pop)


@scenario
def pop_of_a_request_context_never_pushed(lab: Lab):
    return lab.raises(lab.app().test_request_context("/").pop)


@scenario
def signals_and_teardown_around_an_app_context(lab: Lab):
    app = noisy(lab)
    lab.watch(app)
    with app.app_context():
        lab.say("inside")


@scenario
def signals_and_teardown_around_a_request_context(lab: Lab):
    app = noisy(lab)
    lab.watch(app)
    with app.test_request_context("/"):
        lab.say("inside")


@scenario
def do_teardown_called_directly(lab: Lab):
    app = noisy(lab)
    lab.watch(app)
    with app.test_request_context("/"):
        app.do_teardown_request()
        app.do_teardown_request(ValueError("given"))
        app.do_teardown_appcontext()
        app.do_teardown_appcontext(ValueError("given"))
        lab.say("leaving")


@scenario
def every_teardown_runs_in_reverse_order(lab: Lab):
    app = lab.app()
    for number in (1, 2, 3):
        app.teardown_request(lambda error, number=number: lab.say("request", number))
        app.teardown_appcontext(lambda error, number=number: lab.say("app", number))
    with app.test_request_context("/"):
        pass


@family("request", "app")
def a_teardown_that_raises(lab: Lab, where):
    app = lab.app()
    register = app.teardown_request if where == "request" else app.teardown_appcontext
    app.teardown_request(lambda error: lab.say("first request teardown"))
    app.teardown_appcontext(lambda error: lab.say("first app teardown"))

    @register
    def broken(error):
        lab.say("broken")
        raise OSError("teardown")

    app.teardown_request(lambda error: lab.say("last request teardown"))
    app.teardown_appcontext(lambda error: lab.say("last app teardown"))

    def use():
        with app.test_request_context("/"):
            pass

    return lab.raises(use)


@scenario
def teardown_after_a_view_that_fails(lab: Lab):
    return lab.code(noisy(lab), "/fail")


@scenario
def teardown_after_a_view_that_fails_while_testing(lab: Lab):
    return lab.code(noisy(lab, TESTING=True), "/fail")


@scenario
def teardown_after_a_handled_error(lab: Lab):
    app = noisy(lab)
    app.register_error_handler(LookupError, lambda error: ("handled", 418))
    return lab.brief(app, "/fail")
