"""The application's logger and its default handler."""

from __future__ import annotations

import logging
import sys
import typing as t  # noqa: F401 - published code takes it from here
from typing import TYPE_CHECKING, TextIO, cast

from werkzeug.local import LocalProxy

from .globals import request

if TYPE_CHECKING:
    from .sansio.app import App


def _current_errors_stream() -> TextIO:
    """Return the server's error stream, or ``sys.stderr`` outside of a request."""
    # A proxy is true while it is bound, so this asks "is there a request?".
    return cast(TextIO, request.environ["wsgi.errors"]) if request else sys.stderr


wsgi_errors_stream: LocalProxy[TextIO] = LocalProxy(_current_errors_stream)
"""The ``wsgi.errors`` stream of the current request, else :data:`sys.stderr`.

It is resolved at each use, so one logging handler serves all requests. In
:func:`logging.config.dictConfig`, refer to it as ``ext://flask.logging.wsgi_errors_stream``.
"""

default_handler: logging.StreamHandler[TextIO] = logging.StreamHandler(
    cast(TextIO, wsgi_errors_stream)
)
"""Handler for an application's logger if nothing else would handle its records."""

default_handler.setFormatter(
    logging.Formatter("[{asctime}] {levelname} in {module}: {message}", style="{")
)


def has_level_handler(logger: logging.Logger) -> bool:
    """Return whether a record of the logger's effective level would reach any handler."""
    level = logger.getEffectiveLevel()
    current: logging.Logger | None = logger
    while current is not None:
        if any(handler.level <= level for handler in current.handlers):
            return True
        current = current.parent if current.propagate else None
    return False


def create_logger(app: App) -> logging.Logger:
    """Return the logger named after the application, set up for use.

    In debug mode, a logger without its own level is set to ``DEBUG``. :data:`default_handler` is
    added unless its records already reach a handler.
    """
    logger = logging.getLogger(app.name)
    if app.debug and logger.level == logging.NOTSET:
        logger.setLevel(logging.DEBUG)
    if not has_level_handler(logger):
        logger.addHandler(default_handler)
    return logger
