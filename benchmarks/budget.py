"""Where the time of one plain request goes: each of its steps by itself.

`python -m benchmarks.budget` prints the table of docs/performance.md. Each row is the least CPU
time of several repetitions of a small loop, without the loop's own. The rows are what the direct
door does, one after the other; they need not add up to the last row exactly.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from flask import Flask
from flask.ctx import AppContext, RequestContext
from flask.globals import _cv_app, _cv_request
from flask.wrappers import Response

from .scenarios import BY_NAME, environ_of

LOOPS = 20_000
REPEATS = 15


def least(function: Callable[[], object]) -> float:
    """The least CPU time of a call in microseconds."""

    def loop(f: Callable[[], object]) -> int:
        start = time.process_time_ns()
        for _ in range(LOOPS):
            f()
        return time.process_time_ns() - start

    empty = min(loop(lambda: None) for _ in range(REPEATS))
    return (min(loop(function) for _ in range(REPEATS)) - empty) / LOOPS / 1000


def steps() -> dict[str, Callable[[], object]]:
    app = Flask(__name__)

    @app.route("/")
    def index() -> str:
        return "Hello, World!"

    @app.route("/shop/<category>/<int:number>")
    def product(category: str, number: int) -> str:
        return category

    environ = environ_of(BY_NAME["plain"].exchanges[0].request)

    def start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
        return None

    app(environ, start_response)
    app(environ | {"PATH_INFO": "/shop/books/42"}, start_response)
    program = app._revision.program
    table, hosts, config = program.find_table(app, environ), program.hosts["http"], app.config

    def contexts() -> None:
        context, own = RequestContext(app, environ), AppContext(app)
        app_token = _cv_app.set(own)
        own._tokens = (app_token,)
        request_token = _cv_request.set(context)
        context._tokens = ((request_token, own),)
        _cv_request.reset(request_token)
        _cv_app.reset(app_token)
        context._tokens = own._tokens = ()

    def host() -> object:
        return (
            environ.get("HTTP_HOST") in hosts
            and config["TRUSTED_HOSTS"] is None
            and "HTTP_UPGRADE" not in environ
            and environ["wsgi.url_scheme"] in {"http", "https"}
        )

    def literal() -> object:
        path = environ["PATH_INFO"]
        return path.isascii() and table.literal.get(path).get(environ["REQUEST_METHOD"])

    def emit() -> object:
        body = b"Hello, World!"
        start_response("200 OK", [program.text_type, ("Content-Length", str(len(body)))])
        return (body,)

    def by_object() -> object:
        return Response("Hello, World!")(environ, start_response)

    return {
        "two contexts made, set, reset": contexts,
        "host known, no upgrade, a web scheme": host,
        "match: a literal path": literal,
        "match: two variables, by the tree": lambda: table.find("/shop/books/42", "GET"),
        "the view": index,
        "text to body and headers, `start_response`": emit,
        "the same by a `Response` object": by_object,
        "all of it: a plain request": lambda: app(environ, start_response),
    }


def main() -> None:
    print("| step | us |\n| --- | ---: |")
    for name, function in steps().items():
        print(f"| {name} | {least(function):.2f} |")


if __name__ == "__main__":
    main()
