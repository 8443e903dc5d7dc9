"""Contexts kept by a client used as a block, and copied ones."""

from __future__ import annotations

import threading

import flask
from flask import current_app, g, request, session

from ..harness import Lab, scenario
from .contexts import noisy


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
