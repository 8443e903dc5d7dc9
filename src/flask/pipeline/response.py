"""From what a view returned to a response object."""

from __future__ import annotations

import collections.abc as cabc
import typing as t

from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from ..ctx import RequestContext

if t.TYPE_CHECKING:
    from ..app import Flask
    from ..wrappers import Response


def make_response(app: Flask, ctx: RequestContext, rv: t.Any) -> Response:
    """Return the response that a view's return value stands for.

    :raises TypeError: if it stands for none.
    """
    status = headers = None
    whole = rv
    if isinstance(rv, tuple):
        rv, status, headers = _split(ctx, rv)
    if rv is None:
        raise TypeError(
            f"The view function for {ctx.request.endpoint!r} did not return a valid response:"
            f" it returned {whole!r}, perhaps for want of a 'return' statement."
        )
    response_class = app.response_class
    if not isinstance(rv, response_class):
        if isinstance(rv, (str, bytes, bytearray, cabc.Iterator)):
            # The constructor takes status and headers with less work than setting them after.
            return response_class(rv, status=status, headers=headers)
        if isinstance(rv, (dict, list)):
            rv = app.json.response(rv)
        else:
            rv = _convert(ctx, response_class, rv)
    if status is not None:
        if isinstance(status, (str, bytes, bytearray)):
            rv.status = status
        else:
            rv.status_code = status
    if headers:
        rv.headers.update(headers)
    return t.cast("Response", rv)


def _split(ctx: RequestContext, rv: tuple[t.Any, ...]) -> tuple[t.Any, t.Any, t.Any]:
    """The body, status and headers of a returned tuple."""
    if len(rv) == 3:
        return rv
    if len(rv) == 2:
        if isinstance(rv[1], (Headers, dict, tuple, list)):
            return rv[0], None, rv[1]
        return rv[0], rv[1], None
    raise TypeError(
        f"The view function for {ctx.request.endpoint!r} did not return a valid response tuple:"
        f" it has {len(rv)} items. The forms are (body, status, headers), (body, status) and"
        " (body, headers)."
    )


def _convert(ctx: RequestContext, response_class: t.Any, rv: t.Any) -> t.Any:
    """Turn another response class's object, or a WSGI application, into the application's."""
    if isinstance(rv, HTTPException) and rv.response is None and _answers_itself(rv):
        # PERF: as a WSGI application the exception makes this response and sends it, to be
        # caught and made into a response again.
        rv = rv.get_response(ctx.environ)
    if isinstance(rv, BaseResponse):
        rv.headers  # noqa: B018 - a derived attribute, which the other class may not have
        return response_class.force_type(rv, ctx.environ)
    if callable(rv):
        try:
            return response_class.force_type(rv, ctx.environ)
        except TypeError as error:
            raise TypeError(f"{error}\n{_not_a_response(ctx, rv)}") from error
    raise TypeError(_not_a_response(ctx, rv))


def _answers_itself(error: HTTPException) -> bool:
    cls = type(error)
    return cls.__call__ is HTTPException.__call__


def _not_a_response(ctx: RequestContext, rv: t.Any) -> str:
    return (
        f"The view function for {ctx.request.endpoint!r} did not return a valid response: a"
        f" {type(rv).__name__} is none. It may return a string, bytes, dict, list, iterator,"
        " response object, WSGI application, or a tuple that begins with one of them."
    )
