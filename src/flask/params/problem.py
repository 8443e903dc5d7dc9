"""Problem documents: refusals as ``application/problem+json`` (:rfc:`9457`).

::

    HTTPException
    ├── BadRequest            400  MalformedBody
    ├── UnsupportedMediaType  415  WrongMediaType
    └── UnprocessableEntity   422  InvalidInput
"""

from __future__ import annotations

import typing as t

import msgspec
from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    UnprocessableEntity,
    UnsupportedMediaType,
)

from .faults import Fault

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.sansio.response import Response

    from ..sansio.app import App
    from ..sansio.blueprints import Blueprint

CONTENT_TYPE = "application/problem+json"


class Problem(HTTPException):
    """A refused request, with all faults found in it.

    Handlers for the status code, ``@app.errorhandler(422)``, get it with :attr:`errors`.
    """

    title: t.ClassVar[str]
    """The ``title`` of the document."""

    errors: list[Fault]
    """The faults, in the order of the view's parameters; at most
    :data:`~flask.params.faults.MOST_FAULTS`.
    """

    def __init__(
        self,
        description: str | None = None,
        response: Response | None = None,
        errors: t.Iterable[Fault] = (),
    ) -> None:
        super().__init__(description, response)
        self.errors = list(errors)

    def as_document(self) -> dict[str, t.Any]:
        """Return the problem document, as data for JSON."""
        return {
            "type": "about:blank",
            "title": self.title,
            "status": self.code,
            "detail": self.description,
            "errors": [fault.as_document() for fault in self.errors],
        }

    def get_body(
        self, environ: WSGIEnvironment | None = None, scope: dict[str, t.Any] | None = None
    ) -> str:
        """Return the document as JSON."""
        return msgspec.json.encode(self.as_document()).decode()

    def get_headers(
        self, environ: WSGIEnvironment | None = None, scope: dict[str, t.Any] | None = None
    ) -> list[tuple[str, str]]:
        """Return the headers of the response."""
        return [("Content-Type", CONTENT_TYPE)]


def answer_with_problems(app: App | Blueprint) -> None:
    """Send HTTP errors of an application or blueprint as problem documents.

    This includes errors that views don't raise themselves, such as 404 and 500.
    """
    app.register_error_handler(HTTPException, _as_problem)


def answers_with_problems(app: App, blueprints: t.Iterable[str] = ()) -> bool:
    """Return whether HTTP errors are sent as problem documents in blueprints of these names."""
    spec = app.error_handler_spec
    return any(
        name in spec and spec[name].get(None, {}).get(HTTPException) is _as_problem
        for name in (None, *blueprints)
    )


def _as_problem(error: HTTPException) -> t.Any:
    code = error.code
    if isinstance(error, Problem) or error.response is not None or code is None or code < 400:
        return error
    document = {
        "type": "about:blank",
        "title": error.name,
        "status": code,
        "detail": error.description,
    }
    kept = [it for it in error.get_headers() if it[0].lower() != "content-type"]
    headers = [*kept, ("Content-Type", CONTENT_TYPE)]
    return msgspec.json.encode(document), code, headers


class InvalidInput(Problem, UnprocessableEntity):
    """``422``: the request is well-formed, but isn't what the view declares."""

    title = "Unprocessable Content"
    description = "The request does not match the declared parameters."


class MalformedBody(Problem, BadRequest):
    """``400``: the body isn't of the format that its content type names."""

    title = "Bad Request"
    description = "The request body could not be read."


class WrongMediaType(Problem, UnsupportedMediaType):
    """``415``: the body is of a media type that the view doesn't declare."""

    title = "Unsupported Media Type"
    description = "The media type of the request body is not supported here."
