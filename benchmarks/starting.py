"""What a test suite, a reload and a cold start pay for: applications made, first requests, clients.

Each of these is documented Flask and is carried out by one implementation in a worker; the parent,
`benchmarks.start`, reads only their names and titles. What a task returns proves that it did what
it says; both sides must return the same.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Step = Callable[[], Any]


@dataclass(frozen=True)
class Task:
    """One row: `make` returns what is repeated."""

    name: str
    title: str
    target: float
    """The most that ours may cost, as a part of what the original costs."""
    make: Callable[[], Step]
    apart: bool = False
    """Whether each repetition needs something made that is not timed."""


def _flask() -> Any:
    return importlib.import_module("flask")


def _view(**arguments: Any) -> str:
    return "Hello!"


def _application(routes: int) -> Any:
    app = _flask().Flask("benchmarks.starting")
    for number in range(routes):
        rule = f"/section{number % 7}/<int:number>/page{number}/<name>"
        app.add_url_rule(rule, f"view{number}", _view)
    app.add_url_rule("/", "index", _view, methods=["GET", "POST"])
    return app


def _bare() -> Step:
    flask = _flask()
    return lambda: flask.Flask("benchmarks.starting").name


def _routes(count: int) -> Callable[[], Step]:
    return lambda: lambda: len(list(_application(count).url_map.iter_rules()))


def _blueprints() -> Step:
    flask = _flask()

    def make() -> int:
        app = flask.Flask("benchmarks.starting")
        for letter in "abcde":
            blueprint = flask.Blueprint(letter, "benchmarks.starting", url_prefix=f"/{letter}")
            for number in range(5):
                blueprint.add_url_rule(f"/{number}/<int:id>", f"view{number}", _view)
            app.register_blueprint(blueprint)
        return len(app.view_functions)

    return make


def _first_request() -> Step:
    """A generator's step makes an application and its client; the next is their first request."""

    def endlessly() -> Iterator[Any]:
        while True:
            client = _application(5).test_client()
            yield None
            yield client.get("/").data.decode()

    return endlessly().__next__


def _client(send: Callable[[Any], Any]) -> Callable[[], Step]:
    def make() -> Step:
        client = _application(5).test_client()
        return lambda: send(client).data.decode()

    return make


def _contexts() -> Step:
    app = _application(5)

    def make() -> str:
        with app.test_request_context("/"):
            return str(_flask().request.endpoint)

    return make


FORM = {"name": "ada", "age": 36}
TASKS = (
    Task("bare", "`Flask()`", 0.8, _bare),
    Task("routes-50", "application of 50 routes", 0.15, _routes(50)),
    Task("routes-1000", "application of 1,000 routes", 0.15, _routes(1000)),
    Task("blueprints", "application of five blueprints of five routes", 0.3, _blueprints),
    Task("first", "first request, by a test client", 0.6, _first_request, apart=True),
    Task("client", "request by a test client", 0.4, _client(lambda client: client.get("/"))),
    Task(
        "client-form",
        "form sent by a test client",
        0.4,
        _client(lambda client: client.post("/", data=FORM)),
    ),
    Task(
        "client-json",
        "JSON sent by a test client",
        0.4,
        _client(lambda client: client.post("/", json=FORM)),
    ),
    Task("context", "`test_request_context`", 0.6, _contexts),
)
BY_NAME = {task.name: task for task in TASKS}


def measure(name: str, count: int) -> dict[str, Any]:
    """CPU nanoseconds of `count` repetitions, and what the last of them returned."""
    task = BY_NAME[name]
    step = task.make()
    spent = 0
    proof = None
    for _ in range(count):
        if task.apart:
            step()
        start = time.process_time_ns()
        proof = step()
        spent += time.process_time_ns() - start
    return {"ns": spent, "proof": proof}
