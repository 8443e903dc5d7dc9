"""Error answers: pages for people, JSON for programs."""

from __future__ import annotations

from flask import Flask, current_app, json, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

PAGES = {403, 404, 413, 500}


def init_app(app: Flask) -> None:
    app.register_error_handler(HTTPException, show_error)


def show_error(error: HTTPException) -> ResponseReturnValue:
    """Answer with the page made for this status, or in JSON where the API was asked."""
    if error.response is not None or error.code is None or error.code < 400:
        return error  # A redirect, or an answer that somebody has already made.
    if request.path == "/api" or request.path.startswith("/api/"):
        return json_error(error)
    name = f"errors/{error.code}.html" if error.code in PAGES else "errors/other.html"
    return with_headers_of(error, render_template(name, error=error), "text/html")


def json_error(error: HTTPException) -> ResponseReturnValue:
    details = {"code": error.code, "name": error.name, "message": error.description}
    if fields := getattr(error, "fields", None):
        details["fields"] = fields
    return with_headers_of(error, json.dumps({"error": details}) + "\n", "application/json")


def with_headers_of(error: HTTPException, body: str, mimetype: str) -> ResponseReturnValue:
    """Answer with `body`, keeping what the error says in headers (Allow, WWW-Authenticate)."""
    kept = [(k, v) for k, v in error.get_headers() if k.lower() != "content-type"]
    return current_app.response_class(body, error.code, kept, mimetype=mimetype)
