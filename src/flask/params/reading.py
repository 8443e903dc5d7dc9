"""Reading of a body without creating a request object."""

from __future__ import annotations

import io
import typing as t

from werkzeug.exceptions import ClientDisconnected

from ..http.streams import AT_ONCE, plain_length
from ..wrappers import Request

# As they are before anyone replaces them.
_GET_DATA = Request.get_data
_LIMIT = Request.max_content_length


def read_body(ctx: t.Any, environ: dict[str, t.Any]) -> bytes:
    """Return the body, within the limits that the application sets.

    Later readers, such as hooks after the view, can read it again.

    :raises ~werkzeug.exceptions.RequestEntityTooLarge: if it is longer than allowed.
    :raises ~werkzeug.exceptions.ClientDisconnected: if the client disconnected before its end.
    """
    app = ctx.app
    # PERF: the request object, which few typed views need, costs as much as decoding the body.
    if (
        ctx._request is None
        and app.request_class is Request
        and Request.get_data is _GET_DATA
        and Request.max_content_length is _LIMIT
    ):
        length = plain_length(environ)
        if length is not None and 0 < length <= AT_ONCE:
            most = app.config["MAX_CONTENT_LENGTH"]
            if most is None or length <= most:
                return _read_small(environ, length)
    data: bytes = ctx.request.get_data()
    return data


def _read_small(environ: dict[str, t.Any], length: int) -> bytes:
    stream = environ["wsgi.input"]
    try:
        data: bytes = stream.read(length)
        while len(data) < length:
            more = stream.read(length - len(data))
            if not more:
                raise ClientDisconnected
            data += more
    except (OSError, ValueError) as error:
        raise ClientDisconnected from error
    environ["wsgi.input"] = io.BytesIO(data)
    return data
