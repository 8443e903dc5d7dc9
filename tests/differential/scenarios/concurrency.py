"""Many requests at once: nothing of one is seen by another."""

from __future__ import annotations

import contextvars
import threading
from concurrent.futures import ThreadPoolExecutor

import flask
from flask import g, request, session

from ..harness import Lab, family, scenario


def together(count, function):
    """Run a function so many times in threads that all wait for each other."""
    barrier = threading.Barrier(count, timeout=20)

    def work(number):
        return function(number, barrier.wait)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, range(count)))


@scenario
def requests_in_threads(lab: Lab):
    app = lab.app(SECRET_KEY="k")
    waits = {}

    @app.get("/<int:n>")
    def index(n):
        g.n, session["n"] = n, n
        waits[n]()
        first = [g.n, session["n"], request.view_args["n"], request.args["q"]]
        waits[n]()
        return [*first, flask.url_for("index", n=n), flask.current_app.name]

    def ask(number, wait):
        waits[number] = wait
        response = app.test_client().get(f"/{number}?q={number}")
        return [response.get_json(), response.headers["Set-Cookie"].split("=")[0], lab.state()]

    return together(4, ask)


@scenario
def two_apps_in_threads(lab: Lab):
    apps = [lab.app("one"), lab.app("two")]
    waits = {}
    for app in apps:
        app.add_url_rule(
            "/<int:n>", "index", lambda n: (waits[n](), f"{flask.current_app.name} {n}")[1]
        )

    def ask(number, wait):
        waits[number] = wait
        return lab.brief(apps[number % 2], f"/{number}")

    return together(4, ask)


@scenario
def errors_in_threads(lab: Lab):
    app = lab.app()
    waits = {}

    @app.get("/<int:n>")
    def index(n):
        waits[n]()
        if n % 2:
            raise LookupError(str(n))
        return str(n)

    @app.errorhandler(LookupError)
    def handler(error):
        return f"handled {error.args[0]} {request.path}", 400

    def ask(number, wait):
        waits[number] = wait
        return lab.brief(app, f"/{number}")

    return together(4, ask)


@scenario
def first_requests_at_once(lab: Lab):
    """All meet an application that has served nothing yet."""
    app = lab.app()
    for number in range(4):
        app.add_url_rule(f"/{number}", f"v{number}", lambda number=number: str(number))
    app.before_request(lambda: None)

    def ask(number, wait):
        wait()
        return lab.brief(app, f"/{number}")

    return together(4, ask)


@scenario
def streams_in_threads(lab: Lab):
    app = lab.app()

    @app.get("/<int:n>")
    def index(n):
        return flask.stream_with_context(f"{request.path}{i}" for i in range(3))

    def ask(number, wait):
        response = app.test_client().get(f"/{number}")
        wait()
        return response.get_data()

    return together(3, ask)


@scenario
def contexts_pushed_in_threads(lab: Lab):
    app = lab.app()

    def use(number, wait):
        with app.app_context():
            g.n = number
            wait()
            return [g.n, lab.state()]

    return together(3, use)


@scenario
def copied_contexts_in_a_pool(lab: Lab):
    app = lab.app()

    @app.get("/<word>")
    def index(word):
        works = [
            flask.copy_current_request_context(lambda n: f"{request.path}{n}") for _ in range(3)
        ]
        with ThreadPoolExecutor(3) as pool:
            return list(pool.map(lambda pair: pair[1](pair[0]), enumerate(works)))

    return lab.brief(app, "/word")


@scenario
def interleaved_generators(lab: Lab):
    app = lab.app()

    @app.get("/<name>")
    def index(name):
        def generate():
            for number in range(2):
                yield f"{request.path}{number}{lab.state()}"

        return flask.stream_with_context(generate())

    def chunks(path):
        from werkzeug.test import create_environ

        return app(create_environ(path), lambda *args: None)

    one, two = chunks("/one"), chunks("/two")
    first, second = iter(one), iter(two)
    # Each in a context of its own, as two workers would.
    contexts = [contextvars.copy_context(), contextvars.copy_context()]
    seen = [contexts[0].run(next, first), contexts[1].run(next, second)]
    seen += [contexts[0].run(next, first), contexts[1].run(next, second)]
    contexts[0].run(one.close)
    contexts[1].run(two.close)
    return [chunk.decode() for chunk in seen]


@family("thread", "context")
def client_used_elsewhere(lab: Lab, where):
    app = lab.app(SECRET_KEY="k")
    app.add_url_rule("/", "index", lambda: str(session.setdefault("n", 1)))
    client = app.test_client()
    results = [lab.brief(client)]
    if where == "thread":
        worker = threading.Thread(target=lambda: results.append(lab.brief(client)))
        worker.start()
        worker.join()
    else:
        contextvars.copy_context().run(lambda: results.append(lab.brief(client)))
    return [*results, lab.state()]
