"""Warnings about responses that are valid but probably unintended."""

from __future__ import annotations

import logging
import typing as t
from weakref import WeakKeyDictionary

if t.TYPE_CHECKING:
    from ..sansio.app import App

_told: WeakKeyDictionary[App, set[str | None]] = WeakKeyDictionary()


def warn_of_status(app: App, endpoint: str | None, status: str) -> None:
    """Log, once per view, that a status has no number, so that Werkzeug sends code 0."""
    told = _told.setdefault(app, set())
    if endpoint not in told:
        told.add(endpoint)
        # Not the application's logger, whose records are the same as on the original.
        logging.getLogger("hipflask").warning(
            "The view function for %r returned the status %r, which does not begin with a number,"
            " so it is sent as '0 %s'. Return a code, such as 201, or '201 %s'.",
            endpoint,
            status,
            status,
            status.upper(),
        )
