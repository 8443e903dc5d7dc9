"""Tracebacks that begin where the application's code does."""

from __future__ import annotations

from types import TracebackType

_PACKAGE = __name__.partition(".")[0]


def shortened(trace: TracebackType | None) -> TracebackType | None:
    """Return a traceback from the first frame on that is not the framework's.

    Where all frames are the framework's, as for a view that returns nothing, all of them stay.
    """
    position = trace
    while position is not None:
        if position.tb_frame.f_globals.get("__name__", "").partition(".")[0] != _PACKAGE:
            return position
        position = position.tb_next
    return trace
