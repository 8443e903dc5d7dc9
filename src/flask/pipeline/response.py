"""From what a view returned to a response object."""

from __future__ import annotations

import collections.abc as cabc
import typing as t

from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from ..globals import request
from ..http.headers import full_content_type

if t.TYPE_CHECKING:
    from ..app import Flask
    from ..wrappers import Response


def make_response(app: Flask, rv: t.Any) -> Response:
    """Return the response that a view's return value stands for.

    :raises TypeError: if it stands for none.
    """
    status = headers = None
    whole = rv
    if isinstance(rv, tuple):
        rv, status, headers = _split(rv)
    if rv is None:
        raise TypeError(
            f"The view function for {request.endpoint!r} returned None where a response was"
            f" expected ({whole!r}), perhaps for want of a 'return' statement: it is not a valid"
            " response."
        )
    response_class = app.response_class
    if not isinstance(rv, response_class):
        if isinstance(rv, (str, bytes, bytearray, cabc.Iterator)):
            # The constructor takes status and headers with less work than setting them after.
            return response_class(rv, status=status, headers=headers)
        is_data = isinstance(rv, (dict, list))
        rv = app.json.response(rv) if is_data else _convert(response_class, rv)
    if headers:
        rv.headers.update(headers)
    if status is not None:
        rv.status = status
    response: Response = rv
    return response


def _split(rv: tuple[t.Any, ...]) -> tuple[t.Any, t.Any, t.Any]:
    """The body, status and headers of a returned tuple."""
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
    """Turn another response class's object, or a WSGI application, into the application's."""
    if isinstance(rv, HTTPException) and rv.response is None and _answers_itself(rv):
        # PERF: as a WSGI application the exception makes this response and sends it, to be
        # caught and made into a response again.
        environ = request.environ
        if _has_own_headers(rv):
            rv = rv.get_response(environ)
        else:
            return response_class(rv.get_body(environ), rv.code, content_type=_HTML)
    if isinstance(rv, BaseResponse):
        rv.headers  # noqa: B018 - a derived attribute, which the other class may not have
        return response_class.force_type(rv, request.environ)
    if callable(rv):
        try:
            return response_class.force_type(rv, request.environ)
        except TypeError as error:
            raise TypeError(f"{error}\n{_not_a_response(rv)}") from error
    raise TypeError(_not_a_response(rv))


def _answers_itself(error: HTTPException) -> bool:
    return type(error).__call__ is _CALL


def _has_own_headers(error: HTTPException) -> bool:
    cls = type(error)
    return cls.get_headers is not _GET_HEADERS or cls.get_response is not _GET_RESPONSE


# As they are before anyone replaces them.
_CALL = HTTPException.__call__
_GET_HEADERS = HTTPException.get_headers
_GET_RESPONSE = HTTPException.get_response
_HTML = full_content_type("text/html")


def _not_a_response(rv: t.Any) -> str:
    return (
        f"The view function for {request.endpoint!r} returned what is not a valid response:"
        f" it was a {type(rv).__name__}. It may return a string, bytes, dict, list, iterator,"
        " response object, WSGI application, or a tuple that begins with one of them."
    )
