"""What a plain response sends, in fewer steps than Werkzeug takes, whose own are the slow twin."""

from __future__ import annotations

import re
import typing as t
from types import GeneratorType

from werkzeug.datastructures import Headers as HeadersBase

from .headers import Headers, is_removed_from_304
from .streams import Pieces

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.wrappers import Response

Parts = tuple[list[tuple[str, str]], t.Iterable[bytes]]
"""The headers and the body, as a server takes them."""


def plain_parts(response: Response, environ: WSGIEnvironment) -> Parts | None:
    """Return what a response sends, or ``None`` if it takes more to work that out."""
    # PERF: the base class copies the headers, goes over them and encodes the body anew. A body
    # of one piece of bytes that is sent whole, with no header that wants to be rewritten, needs
    # nothing of it; nor does a stream, or a body that is passed on.
    code = response._status_code
    is_head = environ["REQUEST_METHOD"] == "HEAD"
    if code < 200 or code == 204 or response._on_close:
        return None
    body: t.Any = response.response
    if code == 304:
        if body != () or _has_location(response.headers):
            return None
        return [h for h in response.headers if not is_removed_from_304(h[0])], ()
    kind = type(body)
    if response.direct_passthrough or kind is GeneratorType:
        if is_head or _has_location(response.headers):
            return None
        if not response.direct_passthrough:
            body = Pieces(response.iter_encoded(), response.close)
        return list(response.headers), body
    if kind is not list or len(body) > 1 or (body and type(body[0]) is not bytes):
        return None
    headers = _headers_of_one_piece(response, body[0] if body else b"")
    return None if headers is None else (headers, () if is_head else body)


def _headers_of_one_piece(response: t.Any, piece: bytes) -> list[tuple[str, str]] | None:
    """The headers with the length of the body, or ``None`` if one of them may be rewritten."""
    if "headers" not in response.__dict__:
        first = list(response._first_headers)
        if not piece and not response.response:
            first.append(("Content-Length", "0"))
        return first
    given = response.headers
    # PERF: the class has a method each for a list's iterator and for its length.
    headers: list[tuple[str, str]]
    headers = given._list.copy() if type(given) is Headers else list(given)
    sized = False
    for name, value in headers:
        if name in _PLAIN_HEADERS:
            continue
        if name == "Content-Length" or (lower := name.lower()) == "content-length":
            sized = True
        elif lower == "content-location" or (
            lower == "location"
            and not (_is_plain_location(value) and not response.autocorrect_location_header)
        ):
            return None
        elif lower != "location" and len(_PLAIN_HEADERS) < _MOST_PLAIN_HEADERS:
            _PLAIN_HEADERS.add(name)
    if not sized:
        if not response.automatically_set_content_length:
            return None
        headers.append(("Content-Length", str(len(piece))))
    return headers


_PLAIN_HEADERS = {"Cache-Control", "Content-Type", "ETag", "Set-Cookie", "Vary"}
"""Names, as they are written, of headers that are sent as they are; others are added when met."""

_MOST_PLAIN_HEADERS = 256


def _has_location(headers: HeadersBase) -> bool:
    return "location" in headers or "content-location" in headers


_is_plain_location = re.compile(r"/(?:[\w.~-][\w/.~-]*)?(?:\?[\w.~=&-]+)?", re.ASCII).fullmatch
"""Matches paths that are the same as an IRI and as a URI, so that nothing is to be quoted."""
