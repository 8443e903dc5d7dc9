"""Encoded bodies: return values of views that encode the response themselves."""

from __future__ import annotations

import typing as t


class EncodedBody:
    """A response body with its content type.

    ``make_response`` converts it to a response. A plain request sends it without one.
    """

    __slots__ = ("body", "header")

    def __init__(self, body: bytes, header: tuple[str, str]) -> None:
        self.body = body
        self.header = header
        """The ``Content-Type`` header."""

    def __call__(
        self, environ: dict[str, t.Any], start_response: t.Callable[..., t.Any]
    ) -> t.Iterable[bytes]:
        """Send it by WSGI, for code that accepts any WSGI application as a response."""
        start_response("200 OK", [self.header, ("Content-Length", str(len(self.body)))])
        return () if environ["REQUEST_METHOD"] == "HEAD" else (self.body,)
