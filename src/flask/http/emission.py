"""Fast emission of plain responses; Werkzeug's own code is the slow twin."""

from __future__ import annotations

import re
import typing as t
from functools import cache
from operator import itemgetter
from types import GeneratorType

from werkzeug.datastructures import Headers as HeadersBase
from werkzeug.wrappers import Response
from werkzeug.wsgi import ClosingIterator

from .headers import Headers, is_removed_from_304
from .pristine import pristine
from .streams import OnePiece, StreamBody

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_CALL = pristine(Response, "__call__")
_CLOSE = pristine(Response, "close")
_CLOSE_ITERATOR = pristine(ClosingIterator, "close")
_GET_APP_ITER = pristine(Response, "get_app_iter")
_GET_WSGI_HEADERS = pristine(Response, "get_wsgi_headers")
_GET_WSGI_RESPONSE = pristine(Response, "get_wsgi_response")
_INIT = pristine(Response, "__init__")
_IS_SEQUENCE = pristine(Response, "is_sequence")
_ITER_ENCODED = pristine(Response, "iter_encoded")
_SET_DATA = pristine(Response, "set_data")
_STATUS = pristine(Response, "status")
_STATUS_CODE = pristine(Response, "status_code")

METHODS_THAT_SEND = frozenset(
    {"close", "get_app_iter", "get_wsgi_headers", "get_wsgi_response", "iter_encoded"}
)


def sends_as_built_in(cls: type[Response]) -> bool:
    """Return whether the code that sends responses of a class is unchanged.

    That includes ``ClosingIterator``, whose methods some agents replace to time responses.
    """
    return (
        cls.get_wsgi_headers is _GET_WSGI_HEADERS
        and cls.get_app_iter is _GET_APP_ITER
        and cls.get_wsgi_response is _GET_WSGI_RESPONSE
        and cls.iter_encoded is _ITER_ENCODED
        and cls.close is _CLOSE
        and cls.status is _STATUS
        and cls.status_code is _STATUS_CODE
        and cls.is_sequence is _IS_SEQUENCE
        and Response.__call__ is _CALL
        and ClosingIterator.close is _CLOSE_ITERATOR
    )


def makes_as_built_in(cls: type[Response]) -> bool:
    """Return whether the constructor of a class uses only built-in code."""
    return cls.set_data is _SET_DATA and cls.status is _STATUS and Response.__init__ is _INIT


Parts = tuple[list[tuple[str, str]], t.Iterable[bytes]]
"""Headers and body for a server. The body is an iterator, as Werkzeug's is."""


def fast_wsgi_parts(response: Response, environ: WSGIEnvironment) -> Parts | None:
    """Return headers and body of a response, or ``None`` for the slow way."""
    # PERF: the base class copies the headers, goes over them and encodes the body anew. A body
    # of one piece of bytes that is sent whole, with no header that wants to be rewritten, needs
    # nothing of it; nor does a stream, or a body that is passed on.
    code = response._status_code
    is_head = environ["REQUEST_METHOD"] == "HEAD"
    if code < 200 or code == 204 or response._on_close:
        return None
    own = response.__dict__
    if not isinstance(own.get("headers"), HeadersBase) and (
        "headers" in own or "_first_headers" not in own
    ):
        return None  # a plain dict, or a property of a subclass
    body: t.Any = response.response
    kind = type(body)
    if code == 304 or response.direct_passthrough or kind is GeneratorType:
        # PERF: the first headers have no location, and need not be derived.
        headers: t.Any = own["_first_headers"] if "headers" not in own else response.headers
        if "headers" in own and _has_location(headers):
            return None
        if code == 304:
            if body != ():
                return None
            return [h for h in headers if not is_removed_from_304(h[0])], iter(())
        if is_head or kind is list or kind is tuple:
            return None
        if not response.direct_passthrough:
            body = StreamBody(response.iter_encoded(), response.close)
        return list(headers), body
    if kind is OnePiece:
        if body.piece is None or ("headers" in own and "Content-Length" not in own["headers"]):
            return None
        body, kind = [body.piece], list
    if kind is not list or len(body) > 1 or (body and type(body[0]) is not bytes):
        return None
    headers = _headers_of_one_piece(response, body[0] if body else b"")
    return None if headers is None else (headers, iter(() if is_head else body))


def _headers_of_one_piece(response: t.Any, piece: bytes) -> list[tuple[str, str]] | None:
    """Return the headers with the body's length, or ``None`` if one may be rewritten."""
    if "headers" not in response.__dict__:
        first = list(response._first_headers)
        if all(name != "Content-Length" for name, _ in first):
            if not response.automatically_set_content_length:
                return None
            first.append(("Content-Length", str(len(piece))))
        return first
    given = response.headers
    # PERF: the class has a method each for a list's iterator and for its length.
    headers: list[tuple[str, str]]
    headers = given._list.copy() if type(given) is Headers else list(given)
    # PERF: most have their length as the second header, and nothing to look at one by one.
    names = [*map(_name, headers)]
    if names[1:2] == _LENGTH and _PLAIN_HEADERS.issuperset(names[:1] + names[2:]):
        return headers
    sized = False
    for name, value in headers:
        if name in _PLAIN_HEADERS:
            continue
        if name == "Content-Length" or (lower := name.lower()) == "content-length":
            sized = True
        elif lower == "content-location" or (
            lower == "location"
            and not (_match_plain_location()(value) and not response.autocorrect_location_header)
        ):
            return None
        elif lower != "location" and len(_PLAIN_HEADERS) < _MOST_PLAIN_HEADERS:
            _PLAIN_HEADERS.add(name)
    if not sized:
        if not response.automatically_set_content_length:
            return None
        headers.append(("Content-Length", str(len(piece))))
    return headers


_PLAIN_HEADERS = {
    "Accept-Ranges",
    "Cache-Control",
    "Content-Disposition",
    "Content-Encoding",
    "Content-Type",
    "Date",
    "ETag",
    "Expires",
    "Last-Modified",
    "Set-Cookie",
    "Vary",
}
"""Names of headers that are sent unchanged; others are added as they appear."""

_MOST_PLAIN_HEADERS = 256

_LENGTH = ["Content-Length"]
_LENGTHS = frozenset(_LENGTH)

_name = itemgetter(0)


def _has_location(headers: HeadersBase) -> bool:
    # PERF: most have nothing but names that are known to be others.
    return bool({*map(_name, headers)} - _PLAIN_HEADERS - _LENGTHS) and (
        "location" in headers or "content-location" in headers
    )


@cache
def _match_plain_location() -> t.Callable[[str], t.Any]:
    """Return a function that matches paths which need no quoting to become a URI."""
    # PERF: compiled for the first redirect, not at import.
    return re.compile(r"/(?:[\w.~-][\w/.~-]*)?(?:\?[\w.~=&-]+)?", re.ASCII).fullmatch
