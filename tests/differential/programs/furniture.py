"""The application that all programs begin with, and the requests that are sent to it."""

from __future__ import annotations

import io
from typing import Any

import werkzeug.wrappers
from werkzeug.exceptions import NotFound
from werkzeug.routing import BaseConverter, IntegerConverter

import flask
from flask import request, session

from ..harness import Lab

REQUESTS: dict[str, dict[str, Any]] = {
    "/": {},
    "/text": {},
    "HEAD /text": {},
    "OPTIONS /text": {},
    "DELETE /text": {},
    "/json": {},
    "/jsonify": {},
    "/list": {},
    "/tuple": {},
    "/stream": {},
    "/foreign": {},
    "/abort": {},
    "/fail": {},
    "/returned_error": {},
    "/missing/page": {},
    "/slash": {},
    "/redirect": {},
    "/url": {},
    "/number/7": {},
    "/word/abc": {},
    "/session": {},
    "/cookie": {},
    "/template": {},
    "/template_file": {},
    "/file": {},
    "/static/style.css": {},
    "/looks": {},
    "POST /echo": {"json": {"a": [1, 2]}},
    "POST /form": {"data": {"a": "1", "b": "2"}},
    "POST /upload": {"data": {"f": (io.BytesIO, "f.txt")}},
    "POST /bad": {"data": "{", "content_type": "application/json"},
    "/bp/": {},
    "/bp/fail": {},
    "/bp/in/": {},
    "/async": {},
    "/deferred": {},
}


def furnish(lab: Lab, app: Any, blueprint_class: Any = flask.Blueprint) -> None:
    """Give an application views, hooks and handlers of every kind."""
    lab.file("static/style.css", "body {}")
    lab.file("templates/page.html", "{{ name }} {{ request.path }} {{ item.a }}")
    add = app.add_url_rule
    add("/", "index", lambda: "index")
    add("/text", "text", lambda: "text")
    add("/json", "json", lambda: {"b": 1, "a": "\u00e4"})
    add("/jsonify", "jsonify", lambda: flask.jsonify(b=1, a=[1, 2]))
    add("/list", "list", lambda: [1, "x"])
    add("/tuple", "tuple", lambda: ("text", 201, {"X-Own": "1"}))
    add("/stream", "stream", lambda: iter(["a", "b"]))
    add("/foreign", "foreign", lambda: werkzeug.wrappers.Response("foreign", 202))
    add("/abort", "abort", lambda: flask.abort(409))
    add("/fail", "fail", lambda: 1 / 0)
    add("/returned_error", "returned_error", lambda: NotFound("returned"))
    add("/slash/", "slash", lambda: "slash")
    add("/redirect", "redirect", lambda: flask.redirect(flask.url_for("text")))
    add("/url", "url", lambda: " ".join(_urls()))
    add("/number/<int:n>", "number", lambda n: f"{n!r}")
    add("/word/<word>", "word", lambda word: f"{word!r}")
    add("/session", "session", _count)
    add("/cookie", "cookie", _set_cookie)
    add("/template", "template", lambda: flask.render_template_string("{{ a.b }} {{ 1 }}", a={}))
    add("/template_file", "template_file", _render_file)
    add("/file", "file", lambda: flask.send_from_directory("static", "style.css"))
    add("/looks", "looks", _look)
    add("/echo", "echo", lambda: flask.jsonify(request.get_json()), methods=["POST"])
    add("/form", "form", lambda: repr(sorted(request.form.items())), methods=["POST"])
    add("/upload", "upload", lambda: repr(sorted(request.files)), methods=["POST"])
    add("/bad", "bad", lambda: flask.jsonify(request.json), methods=["POST"])
    add("/async", "async", _coroutine)
    add("/deferred", "deferred", _defer)
    _add_blueprints(lab, app, blueprint_class)


def _urls() -> list[str]:
    return [
        flask.url_for("text"),
        flask.url_for("number", n=3, q="x"),
        flask.url_for("word", word="a b"),
        flask.url_for("static", filename="style.css"),
    ]


def _count() -> str:
    session["n"] = session.get("n", 0) + 1
    return str(session["n"])


def _set_cookie() -> Any:
    response = flask.make_response(repr(sorted(request.cookies)))
    response.set_cookie("flavour", "plain", max_age=60)
    return response


def _render_file() -> str:
    return flask.render_template("page.html", name="page", item={"a": "b"})


def _look() -> dict[str, Any]:
    names = ("path", "host", "url", "endpoint", "blueprint", "blueprints", "is_json", "view_args")
    return {name: repr(getattr(request, name)) for name in names}


async def _coroutine() -> str:
    return "async"


def _defer() -> str:
    @flask.after_this_request
    def change(response: Any) -> Any:
        response.headers["X-Deferred"] = "1"
        return response

    return "deferred"


def _add_blueprints(lab: Lab, app: Any, blueprint_class: Any) -> None:
    outer = blueprint_class("bp", __name__, url_prefix="/bp")
    inner = blueprint_class("in", __name__, url_prefix="/in")
    outer.add_url_rule("/", "index", lambda: f"bp {request.blueprint}")
    outer.add_url_rule("/fail", "fail", lambda: {}["missing"])
    inner.add_url_rule("/", "index", lambda: f"inner {flask.url_for('.index')}")
    outer.register_error_handler(KeyError, lambda error: ("bp handled", 400))
    outer.before_request(lambda: lab.say("bp before"))
    inner.before_request(lambda: lab.say("inner before"))
    outer.register_blueprint(inner)
    app.register_blueprint(outer)


def add_hooks(lab: Lab, app: Any) -> None:
    app.before_request(lambda: lab.say("before"))
    app.after_request(lambda response: (lab.say("after"), response)[1])
    app.teardown_request(lambda error: lab.say("teardown"))
    app.teardown_appcontext(lambda error: lab.say("teardown app"))


def ask(lab: Lab, client: Any, paths: list[str]) -> list[Any]:
    """See what the application answers to requests of the table."""
    seen = []
    for path in paths:
        lab.say(f"-> {path}")
        options = dict(REQUESTS[path])
        if "upload" in path:
            options["data"] = {"f": (io.BytesIO(b"content"), "f.txt")}
        seen.append(lab.hit(client, path, **options))
    return seen


__all__ = ["REQUESTS", "BaseConverter", "IntegerConverter", "add_hooks", "ask", "furnish"]
