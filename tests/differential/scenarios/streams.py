"""Bodies that come in pieces: generators, streams with a context, their ends."""

from __future__ import annotations

from werkzeug.test import create_environ

import flask
from flask import make_response

from ..harness import Lab, family, scenario


@family("request", "context", "other_app_within", "made_in_another_apps_context")
def stream_with_context_signals(lab: Lab, where):
    app, other = lab.app(), lab.app("other")
    app.add_url_rule("/", "index", lambda: flask.stream_with_context(iter("ab")))
    lab.watch(
        app,
        "appcontext_pushed",
        "appcontext_popped",
        "appcontext_tearing_down",
        "request_tearing_down",
    )
    if where == "request":
        return serve(lab, app)
    with app.test_request_context("/"):
        if where == "made_in_another_apps_context":
            with other.app_context():
                return list(flask.stream_with_context(iter("ab")))
        stream = flask.stream_with_context(iter("ab"))
        lab.say("made")
        if where == "other_app_within":
            with other.app_context():
                return list(stream)
        return list(stream)


def serve(lab: Lab, app, path="/", read=None, **options):
    return lab.wsgi(app, create_environ(path, **options), read)


@scenario
def steps_of_a_plain_response(lab: Lab):
    app = lab.app()
    app.teardown_request(lambda error: lab.say("teardown"))
    app.add_url_rule("/", "index", lambda: "body")
    return serve(lab, app)


@scenario
def call_on_close(lab: Lab):
    app = lab.app()
    app.teardown_request(lambda error: lab.say("teardown"))

    @app.get("/")
    def index():
        response = make_response("body")
        response.call_on_close(lambda: lab.say("on close", lab.state()))
        return response

    return serve(lab, app)


@scenario
def streaming_generator(lab: Lab):
    app = lab.app()
    app.teardown_request(lambda error: lab.say("teardown"))

    @app.get("/")
    def index():
        def generate():
            try:
                for part in ("a", "b", "c"):
                    lab.say("making", part, lab.state())
                    yield part
            finally:
                lab.say("finally", lab.state())

        return generate(), {"X-S": "1"}

    whole = serve(lab, app)
    lab.say("again")
    return [whole, serve(lab, app, read=1)]


@family("function", "generator", "decorator")
def stream_with_context(lab: Lab, how):
    app = lab.app(SECRET_KEY="k")
    app.teardown_request(lambda error: lab.say("teardown_request", error))
    app.teardown_appcontext(lambda error: lab.say("teardown_appcontext", error))

    @app.get("/<name>")
    def index(name):
        flask.g.mark = "marked"

        def generate():
            for part in (
                name,
                flask.request.path,
                flask.g.mark,
                flask.session.get("a", "no session"),
            ):
                lab.say("making", part, lab.state())
                yield part

        if how == "function":
            return flask.stream_with_context(generate)()
        if how == "generator":
            return flask.stream_with_context(generate())
        return flask.stream_with_context(generate)(), 201, {"X-H": how}

    return [serve(lab, app, "/page"), lab.state()]


@scenario
def stream_with_context_closed_early(lab: Lab):
    app = lab.app()
    app.teardown_request(lambda error: lab.say("teardown_request"))

    @app.get("/")
    def index():
        @flask.stream_with_context
        def generate():
            try:
                yield "one"
                yield "two"
            finally:
                lab.say("generator finally", lab.state())

        return generate()

    return [serve(lab, app, read=1), lab.state()]


@scenario
def stream_with_context_never_started(lab: Lab):
    app = lab.app()
    app.teardown_request(lambda error: lab.say("teardown_request"))

    @app.get("/")
    def index():
        @flask.stream_with_context
        def generate():
            yield "one"

        generate()
        return "other"

    return [serve(lab, app), lab.state()]


@scenario
def stream_with_context_of_a_head_request(lab: Lab):
    app = lab.app()
    app.teardown_request(lambda error: lab.say("teardown_request"))

    @app.get("/")
    def index():
        def generate():
            lab.say("generating")
            yield "one"

        return flask.stream_with_context(generate())

    return [serve(lab, app, method="HEAD"), lab.state()]


@scenario
def stream_with_context_that_fails(lab: Lab):
    app = lab.app()
    app.teardown_request(lambda error: lab.say("teardown_request", error))

    @app.get("/")
    def index():
        def generate():
            yield "one"
            raise ValueError("midway")

        return flask.stream_with_context(generate())

    return [serve(lab, app), lab.state()]


@scenario
def stream_with_context_in_the_client(lab: Lab):
    app = lab.app()
    app.teardown_request(lambda error: lab.say("teardown_request"))

    @app.get("/")
    def index():
        def generate():
            yield flask.request.path
            yield flask.url_for("index")

        return flask.stream_with_context(generate())

    plain = lab.hit(app)
    with app.test_client() as client:
        response = client.get("/")
        seen = [lab.state(), response.get_data(), lab.state()]
    response = app.test_client().get("/", buffered=True)
    return [plain, seen, response.get_data(), lab.state()]


@scenario
def stream_with_context_by_hand(lab: Lab):
    app = lab.app()
    seen = []
    with app.test_request_context("/by/hand"):

        def generate():
            yield flask.request.path
            yield lab.state()

        stream = flask.stream_with_context(generate())
        seen.append(next(stream))
    seen.append(lab.state())
    seen += list(stream)
    return [*seen, lab.state()]


@scenario
def stream_with_context_of_an_iterator_with_close(lab: Lab):
    class Closing:
        def __init__(self):
            self.left = ["a", "b"]

        def __iter__(self):
            return self

        def __next__(self):
            if not self.left:
                raise StopIteration
            return self.left.pop(0)

        def close(self):
            lab.say("closed by stream", lab.state())

    app = lab.app()
    app.add_url_rule("/", "index", lambda: flask.stream_with_context(Closing()))
    return [serve(lab, app), serve(lab, app, read=1)]


@scenario
def session_written_while_streaming(lab: Lab):
    app = lab.app(SECRET_KEY="k")

    @app.get("/")
    def index():
        flask.session["before"] = 1

        def generate():
            flask.session["during"] = 2
            yield str(sorted(flask.session))

        return flask.stream_with_context(generate())

    return lab.hit(app)


@scenario
def error_before_the_first_chunk(lab: Lab):
    app = lab.app()
    app.register_error_handler(ValueError, lambda error: ("handled", 500))

    @app.get("/")
    def index():
        def generate():
            raise ValueError
            yield "x"

        return generate()

    return serve(lab, app)
