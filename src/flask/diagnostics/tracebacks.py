"""Tracebacks that begin in the application's code and show few frames of the framework."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType

# What encodes JSON calls itself for each level of the data, and says as little as our frames.
_PACKAGES = {__name__.partition(".")[0], "json"}
_LIMIT = 4


def shortened(trace: TracebackType | None) -> TracebackType | None:
    """Return a traceback that begins at the application's first frame.

    Between two frames of the application, at most four frames of the framework are kept: the first
    and the last three. If all frames are the framework's, as for a view that returns nothing, the
    last four are kept.
    """
    frames = list(_frames(trace))
    first = next((at for at, each in enumerate(frames) if not _is_ours(each)), None)
    if first is None:
        return trace if len(frames) <= _LIMIT else frames[-_LIMIT]
    kept: list[TracebackType] = []
    run: list[TracebackType] = []
    for each in frames[first:]:
        if _is_ours(each):
            run.append(each)
            continue
        kept += run if len(run) <= _LIMIT else [run[0], *run[1 - _LIMIT :]]
        kept.append(each)
        run = []
    kept += run
    return frames[first] if len(kept) == len(frames) - first else _chained(kept)


def _frames(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _is_ours(trace: TracebackType) -> bool:
    name: str = trace.tb_frame.f_globals.get("__name__", "")
    return name.partition(".")[0] in _PACKAGES


def _chained(frames: list[TracebackType]) -> TracebackType | None:
    """Return a new traceback of these frames; the one they come from stays as it is."""
    chain: TracebackType | None = None
    for each in reversed(frames):
        chain = TracebackType(chain, each.tb_frame, each.tb_lasti, each.tb_lineno)
    return chain
