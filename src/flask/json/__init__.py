"""JSON through the current application's provider, or plainly where no application is current."""

from __future__ import annotations

import json as _json
import typing as t

from ..globals import current_app
from .provider import _default

if t.TYPE_CHECKING:
    from ..wrappers import Response


def dumps(obj: t.Any, **kwargs: t.Any) -> str:
    """Return data as JSON text.

    In an application context this is ``current_app.json.dumps``; outside of one, the standard
    library's, which additionally handles the types that the default provider does.
    """
    if current_app:
        return current_app.json.dumps(obj, **kwargs)
    kwargs.setdefault("default", _default)
    return _json.dumps(obj, **kwargs)


def dump(obj: t.Any, fp: t.IO[str], **kwargs: t.Any) -> None:
    """Write data as JSON to a text file; see :func:`dumps`."""
    if current_app:
        current_app.json.dump(obj, fp, **kwargs)
    else:
        kwargs.setdefault("default", _default)
        _json.dump(obj, fp, **kwargs)


def loads(s: str | bytes, **kwargs: t.Any) -> t.Any:
    """Return the data that JSON text or UTF-8 bytes describe."""
    if current_app:
        return current_app.json.loads(s, **kwargs)
    return _json.loads(s, **kwargs)


def load(fp: t.IO[t.AnyStr], **kwargs: t.Any) -> t.Any:
    """Return the data that a JSON file, text or binary, describes."""
    if current_app:
        return current_app.json.load(fp, **kwargs)
    return _json.load(fp, **kwargs)


def jsonify(*args: t.Any, **kwargs: t.Any) -> Response:
    """Return a response whose body is JSON, made by the current application's provider.

    One positional argument is the data itself, several are a list, keyword arguments are an
    object, and none at all is ``null``.  Both kinds together raise :exc:`TypeError`.
    """
    return current_app.json.response(*args, **kwargs)  # type: ignore[return-value]
