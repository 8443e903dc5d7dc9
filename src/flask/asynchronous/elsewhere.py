"""Calls in another thread, for threads whose own loop is already running."""

from __future__ import annotations

import sys
import threading
import typing as t
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from .gevent import is_shared_by_greenlets, wait_for_greenlet_pool

T = t.TypeVar("T")

_MOST_HELPERS = 1000
"""Maximum depth of nested calls; each level takes one more thread."""

Outcome = list[tuple[t.Any, BaseException | None]]
"""Result or exception of a call, removed once it is read: the frames of the other thread would
keep what their functions returned for as long as the traceback of the error keeps them.
"""


def run_elsewhere(run: t.Callable[[], T]) -> T:
    """Call a function in another thread, and wait for what it returns."""
    handled = sys.exc_info()[1]
    error = None
    outcome: Outcome = []
    try:
        wait_for = wait_for_greenlet_pool if is_shared_by_greenlets() else _wait_for_helper
        wait_for(partial(_note_outcome, outcome, run, handled))
        result, error = outcome.pop()
        if error is not None:
            raise error
        return t.cast(T, result)
    finally:
        del error, handled  # their tracebacks hold this frame


def _note_outcome(
    outcome: Outcome, run: t.Callable[[], t.Any], handled: BaseException | None
) -> None:
    """Note what a function returns or raises.

    :param handled: the exception that the caller is handling, for :func:`sys.exc_info`.
    """
    traceback = None if handled is None else handled.__traceback__
    try:
        if handled is None:
            outcome.append((run(), None))
            return
        try:
            raise handled
        except BaseException:
            handled.__traceback__ = traceback  # without this frame
            outcome.append((run(), None))
    except BaseException as error:
        outcome.append((None, error))
    finally:
        del handled, traceback


_helpers: ThreadPoolExecutor | None = None
_lock = threading.Lock()


def _wait_for_helper(function: t.Callable[[], None]) -> None:
    global _helpers
    with _lock:
        if _helpers is None:
            _helpers = ThreadPoolExecutor(_MOST_HELPERS, thread_name_prefix="async-to-sync")
        submit = _helpers.submit
    submit(function).result()


def forget_helpers() -> None:
    """Reset the helper threads in a forked process, which has none of its parent's threads."""
    global _helpers, _lock
    _helpers, _lock = None, threading.Lock()
