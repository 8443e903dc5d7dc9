"""Conversion of a view's return value to a response object."""

from __future__ import annotations

import collections.abc as cabc
import typing as t

from werkzeug.datastructures import Headers
from werkzeug.exceptions import (
    HTTPException,
    MethodNotAllowed,
    RequestedRangeNotSatisfiable,
    TooManyRequests,
    Unauthorized,
)
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response as BaseResponse

from ..diagnostics.responses import warn_of_status
from ..globals import request
from ..http.encoded import EncodedBody
from ..http.headers import full_content_type
from ..http.pristine import pristine
from ..http.streams import AsyncBody, OnePiece
from ..wrappers import Response, emits_as_built_in

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from ..app import Flask


def make_response(app: Flask, rv: t.Any) -> Response:
    """Convert a view's return value to a response.

    :raises TypeError: if it can't be converted.
    """
    status = headers = None
    whole = rv
    if isinstance(rv, tuple):
        rv, status, headers = _split(rv)
        if type(status) is str and not status[:1].isdigit():
            warn_of_status(app, request.endpoint, status)
    if rv is None:
        raise TypeError(_nothing(whole))
    response_class = app.response_class
    if not isinstance(rv, response_class):
        if isinstance(rv, (str, bytes, bytearray, cabc.Iterator)):
            # The constructor takes status and headers with less work than setting them after.
            return response_class(rv, status=status, headers=headers)
        if type(rv) is EncodedBody:
            made = response_class(rv.body, status=status, content_type=rv.header[1])
            made.headers.update(headers or ())
            return made
        if hasattr(rv, "__aiter__") and not callable(rv):
            return response_class(AsyncBody(rv), status=status, headers=headers)
        is_data = isinstance(rv, (dict, list))
        rv = app.json.response(rv) if is_data else _convert(response_class, rv)
    if headers:
        rv.headers.update(headers)
    if status is not None:
        rv.status = status
    response: Response = rv
    return response


def _nothing(whole: t.Any) -> str:
    view = f"The view for {request.endpoint!r} did not return a valid response:"
    if whole is None:
        return f"{view} it returned None. Is a return statement missing?"
    return f"{view} the body in {whole!r} is None."


def _split(rv: tuple[t.Any, ...]) -> tuple[t.Any, t.Any, t.Any]:
    """Return the body, status and headers of a returned tuple."""
    if len(rv) == 3:
        return rv
    if len(rv) == 2:
        if isinstance(rv[1], (Headers, dict, tuple, list)):
            return rv[0], None, rv[1]
        return rv[0], rv[1], None
    raise TypeError(
        f"The view function for {request.endpoint!r} returned {len(rv)} items, which is not a"
        " valid response. A tuple must have the form (body, status, headers), of which status or"
        " headers may be left out."
    )


def _convert(response_class: t.Any, rv: t.Any) -> t.Any:
    """Convert a foreign response or a WSGI application to the application's response class."""
    if isinstance(rv, HTTPException):
        if response_class is Response and _sends_as_built_in(rv):
            return _error_page(rv, request.environ)
    elif isinstance(rv, BaseResponse):
        rv.headers  # noqa: B018 - a derived attribute, which the other class may not have
        return response_class.force_type(rv, request.environ)
    if callable(rv):
        try:
            return response_class.force_type(t.cast(t.Any, rv), request.environ)
        except TypeError as error:
            raise TypeError(f"{error}\n{_not_a_response(rv)}") from error
    raise TypeError(_not_a_response(rv))


def _sends_as_built_in(error: HTTPException) -> bool:
    """Return whether built-in code sends an error, whatever its headers and body are."""
    cls = type(error)
    force: t.Any = Response.force_type
    get_response: t.Any = cls.get_response
    return (
        (get_response is _GET_RESPONSE or get_response is _GET_REDIRECT)
        and cls.__call__ is _CALL
        and force.__func__ is _FORCE_TYPE
        and emits_as_built_in()
        and vars(error).get("response", error) is None
        and _PARTS.isdisjoint(vars(error))
    )


def _error_page(error: HTTPException, environ: WSGIEnvironment) -> Response:
    """Return the response that an error is, called as a WSGI application."""
    # PERF: called so, it makes a response and sends it, to be caught and made into a response.
    cls = type(error)
    code = error.code
    has_body = environ["REQUEST_METHOD"] != "HEAD"
    if (
        cls.get_response is _GET_RESPONSE
        and cls.get_headers in _GET_HEADERS
        and cls.get_body is _GET_BODY
        and type(code) is int
        and _may_have_body(code)
    ):
        headers = error.get_headers(environ, None)
        if all(map(_is_printable, headers)):
            page = Response(error.get_body(environ, None), code, content_type=_HTML)
            page._first_headers = (*headers, page._first_headers[1])
            page.response = OnePiece(t.cast("list[bytes]", page.response)[0] if has_body else None)
            return page
    sent = error.get_response(environ)
    body: t.Any = sent.response
    if (
        type(sent) is BaseResponse
        and _may_have_body(sent.status_code)
        and type(body) is list
        and len(body) == 1
        and type(body[0]) is bytes
    ):
        piece = OnePiece(body[0] if has_body else None)
        return Response(piece, sent.status, sent.get_wsgi_headers(environ))
    return t.cast(Response, Response.force_type(t.cast(t.Any, sent.__call__), environ))


def _is_printable(header: tuple[str, str]) -> bool:
    return header[1].isprintable()


def _may_have_body(code: int) -> bool:
    return code >= 200 and code != 204 and code != 304


_CALL = pristine(HTTPException, "__call__")
_GET_BODY = pristine(HTTPException, "get_body")
_GET_HEADERS = {
    pristine(cls, "get_headers")
    for cls in (
        *(HTTPException, MethodNotAllowed, RequestedRangeNotSatisfiable),
        *(TooManyRequests, Unauthorized),
    )
}
_GET_REDIRECT = pristine(RequestRedirect, "get_response")
_GET_RESPONSE = pristine(HTTPException, "get_response")
_FORCE_TYPE = pristine(BaseResponse, "force_type")
_PARTS = frozenset({"get_body", "get_headers", "get_response"})
_HTML = full_content_type("text/html")


def _not_a_response(rv: t.Any) -> str:
    return (
        f"The view function for {request.endpoint!r} returned what is not a valid response:"
        f" it was a {type(rv).__name__}. It may return a string, bytes, dict, list, iterator,"
        " response object, WSGI application, or a tuple that begins with one of them."
    )
