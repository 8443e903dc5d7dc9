"""Whether what strangers send is kept: `python -m reliability.strangers --requests 200000`.

Requests of every kind are sent, each with names that were never sent before: in the path, the host,
cookies, headers, bodies, and in what a view does with them. Once all bounded stores are full, the
blocks that Python has handed out are counted before and after. Ends with status 1 where they grow.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import io
import itertools
import logging
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from werkzeug.routing import BuildError

import flask
from flask import request

# More than any store of the package holds.
WARM_UP = 1_100
ROUNDS = 4
# Blocks of Python's memory for each request; one that is kept is one or more.
MOST_BLOCKS = 0.2

Options = dict[str, Any]
Kind = Callable[[str], tuple[str, Options]]


def make_app(folder: Path) -> flask.Flask:
    """Make an application that uses what it is sent in every way that it can."""
    (folder / "static").mkdir(exist_ok=True)
    (folder / "static" / "style.css").write_text("body {}")
    app = flask.Flask("strangers", root_path=str(folder))
    app.secret_key = "k"
    app.logger.disabled = True
    app.add_url_rule("/user/<name>", "user", lambda name: name)
    app.add_url_rule("/tree/<path:rest>", "tree", lambda rest: {"rest": rest})
    app.add_url_rule("/uses/<use>/<name>", "uses", _use, methods=["GET", "POST"])
    app.add_url_rule("/slash/<name>/", "slash", lambda name: name)
    app.errorhandler(LookupError)(lambda error: ("lookup", 400))
    return app


def _use(use: str, name: str) -> Any:
    return USES[use](name)


def _build(endpoint: str) -> str:
    try:
        return flask.url_for(endpoint)
    except BuildError:
        return "none"


def _set_cookie(name: str) -> flask.Response:
    response = flask.make_response("cookie")
    response.set_cookie(name, name, path=f"/{name}", domain=f"{name}.example")
    return response


def _raise_new_class(name: str) -> str:
    raise type(name, (LookupError,), {})(name)


def _read(name: str) -> dict[str, Any]:
    request.get_json(silent=True)
    read = (request.cookies, request.form, request.args, request.files, request.accept_languages)
    return {"count": sum(len(list(part)) for part in read), "type": request.mimetype}


def _flash(name: str) -> str:
    flask.flash(name, name)
    flask.session[name] = name
    return repr(flask.get_flashed_messages())


def _close_over(name: str) -> str:
    flask.after_this_request(lambda response: (response.headers.add(name, name), response)[1])
    return name


def _run_coroutine(name: str) -> str:
    async def coroutine() -> str:
        await asyncio.sleep(0)
        return name

    return str(flask.current_app.ensure_sync(coroutine)())


USES: dict[str, Callable[[str], Any]] = {
    "url_for": _build,
    "url_for_blueprint": lambda name: _build(f"{name}.index"),
    "url_for_values": lambda name: flask.url_for("user", name=name, **{name: name}),
    "url_for_anchor": lambda name: flask.url_for("user", name=name, _anchor=name),
    "cookie": _set_cookie,
    "header": lambda name: ("text", {name: name}),
    "mimetype": lambda name: flask.Response("text", mimetype=f"text/{name}"),
    "content_type": lambda name: flask.Response("text", content_type=f"text/{name}"),
    "status": lambda name: ("text", f"299 {name}"),
    "redirect": lambda name: flask.redirect(f"/{name}"),
    # With a hyphen: CPython 3.12 keeps constants that look like identifiers forever. A loop over
    # `compile(f"'n{number}'", "", "eval")` shows it: one block for each, without any package.
    "template": lambda name: flask.render_template_string("{{ name }}-" + name, name=name),
    "error": _raise_new_class,
    "read": _read,
    "flash": _flash,
    "after": _close_over,
    "coroutine": _run_coroutine,
    "jsonify": lambda name: flask.jsonify({name: name}),
    "stream": lambda name: flask.Response(iter([name])),
    "file": lambda name: flask.send_file(io.BytesIO(b"x"), "text/plain", download_name=name),
}

KINDS: dict[str, Kind] = {
    "path": lambda name: (f"/{name}/{name}", {}),
    "parameter": lambda name: (f"/user/{name}", {}),
    "parameter in other letters": lambda name: (f"/user/\u00fc{name}", {}),
    "long path": lambda name: (f"/tree/{name}/{name}/{name}", {}),
    "slash": lambda name: (f"/slash/{name}", {}),
    "query": lambda name: ("/user/x", {"query_string": {name: name}}),
    "host": lambda name: ("/user/x", {"base_url": f"http://{name}.example:81"}),
    "method": lambda name: ("/user/x", {"method": name.upper()}),
    "options": lambda name: (f"/user/{name}", {"method": "OPTIONS"}),
    "missing file": lambda name: (f"/static/{name}.css", {}),
    "file": lambda name: ("/static/style.css", {"headers": {"If-None-Match": f'"{name}"'}}),
    "range": lambda name: ("/static/style.css", {"headers": {"If-Range": f'"{name}"'}}),
    "cookies": lambda name: ("/uses/read/x", {"headers": {"Cookie": f"{name}={name}"}}),
    "session": lambda name: ("/uses/flash/x", {"headers": {"Cookie": f"session={name}.a.b"}}),
    "header": lambda name: ("/uses/read/x", {"headers": {name: name, "Accept-Language": name}}),
    "content type": lambda name: ("/uses/read/x", {"method": "POST", "content_type": f"a/{name}"}),
    "charset": lambda name: (
        "/uses/read/x",
        {"method": "POST", "data": b"a=1", "content_type": f"text/plain; charset={name}"},
    ),
    "json": lambda name: ("/uses/read/x", {"method": "POST", "json": {name: name}}),
    "form": lambda name: ("/uses/read/x", {"method": "POST", "data": {name: name}}),
    "upload": lambda name: (
        "/uses/read/x",
        {"method": "POST", "data": {name: (io.BytesIO(b"x"), name)}},
    ),
    **{
        f"used for {use}": (lambda name, use=use: (f"/uses/{use}/{name}", {}))  # type: ignore[misc]
        for use in USES
    },
}


class Strangers:
    """Clients, none of whom sends a name that was sent before."""

    def __init__(self, app: flask.Flask) -> None:
        self.app = app
        self.numbers = itertools.count()

    def send(self, kind: Kind, count: int) -> None:
        client = self.app.test_client(use_cookies=False)
        for _ in range(count):
            path, options = kind(f"n{next(self.numbers):x}q")
            client.open(path, buffered=True, **options).close()


def blocks() -> int:
    gc.collect()
    return sys.getallocatedblocks()


def growth(strangers: Strangers, kind: Kind, count: int, warm_up: int) -> float:
    """Return the blocks that stay for each request: the least of some rounds, as tables grow."""
    strangers.send(kind, warm_up)
    each = max(1, count // ROUNDS)
    least = float("inf")
    for _ in range(ROUNDS):
        before = blocks()
        strangers.send(kind, each)
        least = min(least, (blocks() - before) / each)
    return least


def measure(count: int, warm_up: int = WARM_UP) -> dict[str, float]:
    """Return for each kind of request the blocks that stay for one."""
    logging.getLogger("strangers").addHandler(logging.NullHandler())
    with tempfile.TemporaryDirectory() as folder:
        strangers = Strangers(make_app(Path(folder)))
        return {name: growth(strangers, kind, count, warm_up) for name, kind in KINDS.items()}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m reliability.strangers")
    parser.add_argument("--requests", type=int, default=200_000, help="of all kinds together")
    options = parser.parse_args()
    grown = measure(options.requests // len(KINDS))
    for name, each in grown.items():
        print(f"{name:30} {each:8.3f}{'  GROWS' if each > MOST_BLOCKS else ''}")
    return int(any(each > MOST_BLOCKS for each in grown.values()))


if __name__ == "__main__":
    sys.exit(main())
