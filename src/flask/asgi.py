"""Marks for functions that the ASGI entry point looks for, and access to the request body."""

from __future__ import annotations

import typing as t

from .globals import request

F = t.TypeVar("F", bound=t.Callable[..., t.Any])


def non_blocking(f: F) -> F:
    """Mark a sync function that never waits, so that it runs on the server's event loop.

    For example, a hook that only reads a header doesn't need a thread:

    .. code-block:: python

        @app.before_request
        @non_blocking
        def check_key():
            if request.headers.get("X-Key") != KEY:
                abort(401)
    """
    f._flask_non_blocking = True  # type: ignore[attr-defined]
    return f


def streams_body(f: F) -> F:
    """Mark an async view that reads the request body itself, with :func:`body_pieces`.

    The body is not received before the view starts, and ``request.form`` and ``request.files`` are
    empty.
    """
    f._flask_streams_body = True  # type: ignore[attr-defined]
    return f


async def body_pieces() -> t.AsyncIterator[bytes]:
    """Yield the request body in chunks as it arrives, in a view marked with
    :func:`streams_body`.

    :raises ~werkzeug.exceptions.RequestEntityTooLarge: if it is longer than
        ``MAX_CONTENT_LENGTH``.
    :raises ~werkzeug.exceptions.ClientDisconnected: if the client disconnects before its end.
    """
    from werkzeug.exceptions import RequestEntityTooLarge

    most = request.max_content_length
    announced = request.content_length
    if most is not None and announced is not None and announced > most:
        raise RequestEntityTooLarge
    inlet = request.environ.get("flask.inlet")
    if inlet is None:  # by WSGI, or not marked
        while piece := request.stream.read(64 * 1024):
            yield piece
        return
    size = 0
    while piece := await inlet.next_piece():
        size += len(piece)
        if most is not None and size > most:
            raise RequestEntityTooLarge
        yield piece
    if inlet.failure is not None:
        raise inlet.failure
