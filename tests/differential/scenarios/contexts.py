"""Application and request contexts: pushing, popping, nesting, teardown, use outside them."""

from __future__ import annotations

import threading

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


@scenario
def client_as_block_keeps_the_last_context(lab: Lab):
    app = noisy(lab)
    seen = [lab.state()]
    with app.test_client() as client:
        client.get("/?n=1")
        seen += [lab.state(), request.args["n"]]
        lab.say("between requests")
        client.get("/?n=2")
        seen += [lab.state(), request.args["n"], current_app.name]
        lab.say("leaving")
    seen.append(lab.state())
    return seen


@scenario
def client_as_block_after_an_error(lab: Lab):
    app = noisy(lab)
    with app.test_client() as client:
        status = client.get("/fail").status_code
        seen = [status, lab.state(), request.path]
        lab.say("leaving")
    return [*seen, lab.state()]


@scenario
def client_as_block_after_a_propagated_error(lab: Lab):
    app = noisy(lab, TESTING=True)
    with app.test_client() as client:
        facts = lab.raises(client.get, "/fail")
        seen = [facts, lab.state()]
        lab.say("leaving")
    return [*seen, lab.state()]


@scenario
def client_as_block_left_by_an_error(lab: Lab):
    app = noisy(lab)

    def use():
        with app.test_client() as client:
            client.get("/")
            raise ArithmeticError("outside")

    return [lab.raises(use), lab.state()]


@scenario
def client_without_block_leaves_no_context(lab: Lab):
    app = noisy(lab)
    client = app.test_client()
    client.get("/")
    return lab.state()


@scenario
def client_entered_twice(lab: Lab):
    client = lab.app().test_client()

    def use():
        with client, client:
            pass

    return lab.raises(use)


@scenario
def two_clients_nested(lab: Lab):
    app = noisy(lab)
    with app.test_client() as one, app.test_client() as two:
        one.get("/?a=1")
        two.get("/?a=2")
        return [request.args["a"], lab.state()]


@scenario
def copied_context_in_a_thread(lab: Lab):
    app = noisy(lab)
    results = []

    @app.get("/thread")
    def thread():
        g.mark = "from the request"

        @flask.copy_current_request_context
        def work(word):
            results.append([word, request.path, g.get("mark"), lab.state()])
            return "done"

        worker = threading.Thread(target=work, args=("word",))
        worker.start()
        worker.join()
        return "joined"

    return [lab.brief(app, "/thread"), results]


@scenario
def copied_context_called_after_the_request(lab: Lab):
    app = noisy(lab)
    kept = []

    @app.get("/later/<name>")
    def later(name):
        session["x"] = 1
        kept.append(
            flask.copy_current_request_context(
                lambda: [request.path, request.view_args, lab.state(), session["x"]]
            )
        )
        return "later"

    app.secret_key = "k"
    lab.brief(app, "/later/now")
    return [lab.state(), kept[0](), lab.state()]


@scenario
def copied_context_keeps_the_functions_name(lab: Lab):
    app = lab.app()

    def original():
        return "value"

    with app.test_request_context("/"):
        wrapped = flask.copy_current_request_context(original)
    return [wrapped.__name__, wrapped(), wrapped.__wrapped__ is original]


@scenario
def copied_context_that_raises(lab: Lab):
    app = noisy(lab)

    def work():
        raise ValueError("in the copy")

    with app.test_request_context("/"):
        wrapped = flask.copy_current_request_context(work)
    lab.say("call")
    return [lab.raises(wrapped), lab.state()]


@scenario
def request_context_copy_shares_request_and_session(lab: Lab):
    app = lab.app(SECRET_KEY="k")
    with app.test_request_context("/x") as context:
        session["n"] = 1
        copy = context.copy()
        same = [
            copy is context,
            copy.request is context.request,
            copy.session is context.session,
            copy.app is app,
        ]
    return same


@scenario
def a_thread_sees_no_context(lab: Lab):
    app = noisy(lab)
    seen = []
    with app.test_request_context("/"):
        worker = threading.Thread(target=lambda: seen.append(lab.state()))
        worker.start()
        worker.join()
    return seen


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
