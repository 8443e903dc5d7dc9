"""Encoded bodies: what a view returns that has made the bytes of its response itself."""

from __future__ import annotations

import typing as t


class EncodedBody:
    """A response body and its content type, with nothing else to say.

    ``make_response`` makes a response of it.  A plain request sends it without one.
    """

    __slots__ = ("body", "header")

    def __init__(self, body: bytes, header: tuple[str, str]) -> None:
        self.body = body
        self.header = header
        """The ``Content-Type`` header."""

    def __call__(
        self, environ: dict[str, t.Any], start_response: t.Callable[..., t.Any]
    ) -> t.Iterable[bytes]:
        """Send it by WSGI, for code that takes any application for a response."""
        start_response("200 OK", [self.header, ("Content-Length", str(len(self.body)))])
        return () if environ["REQUEST_METHOD"] == "HEAD" else (self.body,)
