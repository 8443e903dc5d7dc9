"""The few requests that Bottle, Falcon and a bare WSGI callable answer beside Flask.

`FACTORIES` maps a name to the function that builds the WSGI callable; a framework is imported only
there, so that a worker loads one framework and no other.
"""

from __future__ import annotations

import atexit
import gzip
import json
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs

from benchmarks.scenarios import HASHED_STYLE, STYLE

GREETING = {"message": "Hello, World!", "count": 3, "done": True}
HTML = "text/html; charset=utf-8"
WSGIApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def create_bare() -> WSGIApplication:
    """What the protocol itself costs: each answer written by hand, with no framework."""

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        path = environ["PATH_INFO"]
        content_type = HTML
        if path == "/":
            body = b"Hello, World!"
        elif path.startswith("/hello/"):
            body = f"Hello, {path[7:]}!".encode()
        elif path == "/search":
            values = parse_qs(environ["QUERY_STRING"])
            body = f"{values['q'][0]}: page {int(values['page'][0])}".encode()
        elif path == "/json":
            content_type = "application/json"
            body = json.dumps(GREETING).encode()
        else:
            content_type = "application/json"
            data = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
            body = json.dumps({"name": data["name"], "total": sum(data["numbers"])}).encode()
        headers = [("Content-Type", content_type), ("Content-Length", str(len(body)))]
        start_response("200 OK", headers)
        return [body]

    return application


def create_bottle() -> WSGIApplication:
    import bottle

    app = bottle.Bottle()

    @app.route("/")
    def index() -> str:
        return "Hello, World!"

    @app.route("/hello/<name>")
    def hello(name: str) -> str:
        return f"Hello, {name}!"

    @app.route("/json")
    def json_out() -> dict[str, object]:
        return dict(GREETING)

    @app.route("/search")
    def search() -> str:
        query = bottle.request.query
        return f"{query.get('q', '')}: page {query.get('page', 1, type=int)}"

    @app.post("/echo")
    def echo() -> dict[str, object]:
        data = bottle.request.json
        return {"name": data["name"], "total": sum(data["numbers"])}

    return app


def create_falcon() -> WSGIApplication:
    import falcon

    class Index:
        def on_get(self, req: Any, resp: Any) -> None:
            resp.content_type = HTML
            resp.text = "Hello, World!"

    class Hello:
        def on_get(self, req: Any, resp: Any, name: str) -> None:
            resp.content_type = HTML
            resp.text = f"Hello, {name}!"

    class Json:
        def on_get(self, req: Any, resp: Any) -> None:
            resp.media = GREETING

    class Search:
        def on_get(self, req: Any, resp: Any) -> None:
            resp.content_type = HTML
            page = req.get_param_as_int("page", default=1)
            resp.text = f"{req.get_param('q', default='')}: page {page}"

    class Echo:
        def on_post(self, req: Any, resp: Any) -> None:
            data = req.get_media()
            resp.media = {"name": data["name"], "total": sum(data["numbers"])}

    app = falcon.App()
    app.add_route("/", Index())
    app.add_route("/hello/{name}", Hello())
    app.add_route("/json", Json())
    app.add_route("/search", Search())
    app.add_route("/echo", Echo())
    return app


def falcon_compiled_modules() -> list[str]:
    """The modules that the installed Falcon has as compiled extensions, in its binary wheel."""
    import falcon

    folder = Path(falcon.__file__).parent
    return sorted(path.name.partition(".")[0] for path in folder.rglob("*.so"))


def folder_of_assets() -> Path:
    """Make a folder with a style sheet under its own name, and compressed under that with its hash.

    For WhiteNoise, which takes all names from the folder.
    """
    folder = tempfile.TemporaryDirectory(prefix="bench-")
    atexit.register(folder.cleanup)
    content = STYLE.read_bytes()
    for name in (STYLE.name, HASHED_STYLE):
        (Path(folder.name) / name).write_bytes(content)
    (Path(folder.name) / f"{HASHED_STYLE}.gz").write_bytes(gzip.compress(content, mtime=0))
    return Path(folder.name)


def create_whitenoise() -> WSGIApplication:
    """WhiteNoise as its documentation has it for files with a hash in their names."""
    from whitenoise import WhiteNoise

    app = WhiteNoise(
        create_bare(),
        root=str(folder_of_assets()),
        prefix="static/",
        immutable_file_test=r"^.+\.[0-9a-f]{12}\..+$",
    )
    return cast(WSGIApplication, app)


FACTORIES: dict[str, Callable[[], WSGIApplication]] = {
    "bare": create_bare,
    "bottle": create_bottle,
    "falcon": create_falcon,
    "whitenoise": create_whitenoise,
}
