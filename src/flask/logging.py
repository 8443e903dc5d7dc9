"""The logger of an application: where it writes, and when it needs a handler of its own."""

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
    """Give the stream the server set aside for errors, outside of a request ``sys.stderr``."""
    # A proxy is true while it is bound, so this asks "is there a request?".
    return cast(TextIO, request.environ["wsgi.errors"]) if request else sys.stderr


wsgi_errors_stream: LocalProxy[TextIO] = LocalProxy(_current_errors_stream)
"""The ``wsgi.errors`` stream of the current request, else :data:`sys.stderr`.

It is looked up for each use, so one logging handler serves every request. Name it in a
:func:`logging.config.dictConfig` as ``ext://flask.logging.wsgi_errors_stream``.
"""

default_handler: logging.StreamHandler[TextIO] = logging.StreamHandler(
    cast(TextIO, wsgi_errors_stream)
)
"""The handler an application's logger gets where nothing else would handle its records."""

default_handler.setFormatter(
    logging.Formatter("[{asctime}] {levelname} in {module}: {message}", style="{")
)


def has_level_handler(logger: logging.Logger) -> bool:
    """Tell whether a record of the logger's effective level would reach any handler."""
    level = logger.getEffectiveLevel()
    current: logging.Logger | None = logger
    while current is not None:
        if any(handler.level <= level for handler in current.handlers):
            return True
        current = current.parent if current.propagate else None
    return False


def create_logger(app: App) -> logging.Logger:
    """Find and prepare the logger named after the application.

    In debug mode a logger without a level of its own is set to ``DEBUG``. It gets
    :data:`default_handler` unless logging is configured so far that its records are handled.
    """
    logger = logging.getLogger(app.name)
    if app.debug and logger.level == logging.NOTSET:
        logger.setLevel(logging.DEBUG)
    if not has_level_handler(logger):
        logger.addHandler(default_handler)
    return logger
