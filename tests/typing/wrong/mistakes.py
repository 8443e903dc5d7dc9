"""Mistakes that both checkers refuse, each on the line that says so."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Flask, jsonify, redirect, request, url_for
from flask.views import MethodView

app = Flask(__name__)
bp = Blueprint("bp", __name__)


@app.route("/number")  # refused: a view may not return a number
def number() -> int:
    return 1


@app.route("/date")  # refused: nor a date
def date() -> datetime:
    return datetime.now()


@app.get("/status")  # refused: the status is no list
def status() -> tuple[str, list[int]]:
    return "", [1]


@app.before_request  # refused: a hook before the request takes nothing
def before(environ: dict[str, Any]) -> None:
    pass


@app.teardown_request  # refused: the error may be None, but it is always passed
def close() -> None:
    pass


@app.context_processor  # refused: a context processor returns names and values
def extra() -> list[str]:
    return []


@app.url_defaults  # refused: the endpoint is passed first
def defaults(values: dict[str, Any]) -> None:
    pass


class Items(MethodView):
    def get(self) -> str:
        return ""


app.add_url_rule("/items", view_func=Items)  # refused: a class is no view before as_view
app.add_url_rule(123)  # refused: a rule is text
app.register_blueprint(app)  # refused: an application is no blueprint
app.register_blueprint("bp")  # refused: nor is its name
app.run(port="8080x", debug="yes")  # refused: debug is a bool
Flask()  # refused: the import name is missing
Blueprint("bp")  # refused: here as well
Blueprint("bp", __name__, url_prefix=1)  # refused: a prefix is text
app.config.from_pyfile(1)  # refused: a file has a name
app.config.from_mapping([1])  # refused: a mapping is one
request.method.no_such_name()  # refused: text has no such method
url_for(1)  # refused: an endpoint is text
redirect(404)  # refused: a location is text
text: str = jsonify(a=1)  # refused: a response is no text
app.debug = "yes"  # refused: debug is a bool
app.open_resource(b"name")  # refused: a resource has a textual name
app.test_client(use_cookies="x").no_such_method()  # refused: cookies are used or not
