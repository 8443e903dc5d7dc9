"""Whose code a measured process spends its time in: a sampling profile by owner.

A timer interrupts the process every few milliseconds of its CPU time. The sample goes to the
innermost function on the stack that somebody owns; time in the standard library counts for
whoever called it.
"""

from __future__ import annotations

import importlib.util
import signal
from collections import Counter
from pathlib import Path
from types import FrameType, TracebackType

from benchmarks.packages import SHARED

INTERVAL = 0.001
OWNERS = ("framework", "libraries", "extension", "application")


class Sampler:
    """Count samples by owner while it is entered; only the main thread may enter it."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._owners: dict[str, str | None] = {}
        self._folders = {_folder("flask"): "framework", str(Path(__file__).parent): "application"}
        self._folders |= dict.fromkeys(map(_folder, SHARED), "libraries")

    def __enter__(self) -> Sampler:
        signal.signal(signal.SIGPROF, self._take)
        signal.setitimer(signal.ITIMER_PROF, INTERVAL, INTERVAL)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, signal.SIG_IGN)

    def _take(self, number: int, frame: FrameType | None) -> None:
        while frame is not None:
            owner = self.owner(frame.f_code.co_filename)
            if owner is not None:
                self.counts[owner] += 1
                return
            frame = frame.f_back

    def owner(self, filename: str) -> str | None:
        """The owner of a source file; None for the standard library and generated code."""
        if filename not in self._owners:
            self._owners[filename] = self._find_owner(filename)
        return self._owners[filename]

    def _find_owner(self, filename: str) -> str | None:
        for folder, owner in self._folders.items():
            if filename.startswith(folder + "/"):
                return owner
        return "extension" if "/site-packages/" in filename else None


def _folder(package: str) -> str:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return str(Path(spec.origin).parent)
