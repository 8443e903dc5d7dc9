"""JSON with the current application's provider, or with the standard library outside of one."""

from __future__ import annotations

import json as _json
import typing as t

from ..globals import _cv_app, current_app
from .provider import _default

if t.TYPE_CHECKING:
    from ..wrappers import Response


def _with_default(kwargs: dict[str, t.Any]) -> dict[str, t.Any]:
    return {"default": _default, **kwargs}


class _Outside:
    """Provider used when no application is current."""

    def dumps(self, obj: t.Any, **kwargs: t.Any) -> str:
        return _json.dumps(obj, **_with_default(kwargs))

    def dump(self, obj: t.Any, fp: t.IO[str], **kwargs: t.Any) -> None:
        _json.dump(obj, fp, **_with_default(kwargs))

    loads = staticmethod(_json.loads)
    load = staticmethod(_json.load)


_outside = _Outside()


def _provider() -> t.Any:
    if current_app is not _CURRENT_APP:  # in a test, something else
        return current_app.json if current_app else _outside
    ctx = _cv_app.get(None)
    return _outside if ctx is None else ctx.app.json


_CURRENT_APP = current_app


def dumps(obj: t.Any, **kwargs: t.Any) -> str:
    """Return data as JSON text.

    In an application context this is ``current_app.json.dumps``; outside of one, the standard
    library's, which additionally handles the types that the default provider does.

    >>> from datetime import date
    >>> dumps({"read": date(2026, 5, 1)})
    '{"read": "Fri, 01 May 2026 00:00:00 GMT"}'
    """
    text: str = _provider().dumps(obj, **kwargs)
    return text


def dump(obj: t.Any, fp: t.IO[str], **kwargs: t.Any) -> None:
    """Write data as JSON to a text file; see :func:`dumps`."""
    _provider().dump(obj, fp, **kwargs)


def loads(s: str | bytes, **kwargs: t.Any) -> t.Any:
    """Parse JSON text or UTF-8 bytes and return the data.

    >>> loads(b'{"title": "Emma"}')
    {'title': 'Emma'}
    """
    return _provider().loads(s, **kwargs)


def load(fp: t.IO[t.AnyStr], **kwargs: t.Any) -> t.Any:
    """Parse a JSON file, text or binary, and return the data."""
    return _provider().load(fp, **kwargs)


def jsonify(*args: t.Any, **kwargs: t.Any) -> Response:
    """Return a response whose body is JSON, made by the current application's provider.

    One positional argument is the data itself, several become a list, keyword arguments become an
    object, and no argument is ``null``.

    :raises TypeError: if there are both positional and keyword arguments.

    >>> from flask import Flask, jsonify
    >>> with Flask("shop").app_context():
    ...     jsonify(title="Emma", tags=["novel"]).get_data(as_text=True)
    '{"tags":["novel"],"title":"Emma"}\\n'
    """
    return t.cast("Response", current_app.json.response(*args, **kwargs))
