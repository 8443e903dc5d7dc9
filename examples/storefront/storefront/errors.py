"""Error answers: pages for people, JSON for programs."""

from __future__ import annotations

from flask import Flask, current_app, json, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

TITLES = {
    400: "That did not reach us whole",
    403: "Staff only",
    404: "Nothing grows here",
    405: "Not that way",
    413: "That is too big for our counter",
    500: "We dropped a pot",
}
TEXTS = {
    403: "This door leads to the back room, and you do not have the key.",
    404: "It may be sold out, or there is a typo in the address.",
    500: "We have written down what happened and will look into it.",
}


def init_app(app: Flask) -> None:
    app.register_error_handler(HTTPException, show_error)
    app.register_error_handler(CSRFError, show_expired_form)


def show_error(error: HTTPException) -> ResponseReturnValue:
    """Answer with a page, or in JSON where the API was asked."""
    if error.response is not None or error.code is None or error.code < 400:
        return error  # A redirect, or an answer that somebody has already made.
    if request.path == "/api" or request.path.startswith("/api/"):
        return json_error(error)
    return page(error, TITLES.get(error.code, error.name))


def show_expired_form(error: CSRFError) -> ResponseReturnValue:
    """A form without the right token: forged, or only old."""
    error.description = "Go back, reload the page and send the form again."
    return page(error, "This form has expired")


def page(error: HTTPException, title: str) -> ResponseReturnValue:
    """Show an error page. It reads nothing from the database, which may be what failed."""
    is_own_text = error.description != type(error).description
    text = error.description if is_own_text else TEXTS.get(error.code, error.description)
    body = render_template("errors/error.html", error=error, title=title, text=text)
    return with_headers_of(error, body, "text/html")


def json_error(error: HTTPException) -> ResponseReturnValue:
    details = {"code": error.code, "name": error.name, "message": error.description}
    if fields := getattr(error, "fields", None):
        details["fields"] = fields
    return with_headers_of(error, json.dumps({"error": details}) + "\n", "application/json")


def with_headers_of(error: HTTPException, body: str, mimetype: str) -> ResponseReturnValue:
    """Answer with `body`, keeping what the error says in headers (Allow, WWW-Authenticate)."""
    kept = [(k, v) for k, v in error.get_headers() if k.lower() != "content-type"]
    return current_app.response_class(body, error.code, kept, mimetype=mimetype)
