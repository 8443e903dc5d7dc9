"""Scope: one application or blueprint that a document describes, with its rendered forms."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

if t.TYPE_CHECKING:
    from .extension import OpenAPI

EXTENSION = "openapi"
"""The key in ``app.extensions``, of the list of scopes."""

_MOST_KEPT = 16
"""Maximum number of cached renderings, one per path where the application is mounted."""


class Scope:
    """One application or blueprint that a document describes.

    :param prefix: the beginning of its endpoints.
    """

    def __init__(self, openapi: OpenAPI, prefix: str) -> None:
        self.openapi = openapi
        self.prefix = prefix
        self._kept: dict[tuple[str, str], bytes] = {}

    def kept(self, what: str, root: str, render: Callable[[], bytes]) -> bytes:
        """Return a rendering from the cache, or render and cache it.

        :param root: the path where the application is mounted.
        """
        body = self._kept.get((what, root))
        if body is None:
            body = render()
            if len(self._kept) < _MOST_KEPT:
                self._kept[what, root] = body
        return body
