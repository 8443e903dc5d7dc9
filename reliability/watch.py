"""What the processes of a server hold while they work: memory and descriptors, second by second."""

from __future__ import annotations

import os
import resource
import threading
import time
from collections.abc import Sequence
from math import sqrt
from pathlib import Path
from types import TracebackType

PAGE = resource.getpagesize()
# Neighbouring seconds resemble each other; means of blocks of this many say what is noise.
BLOCK = 20
# Quantiles 0.975 of Student's t by degrees of freedom; between two of them the larger one holds.
STUDENT = {1: 12.71, 2: 4.30, 3: 3.18, 4: 2.78, 5: 2.57, 6: 2.45, 8: 2.31, 10: 2.23, 15: 2.13}
STUDENT |= {20: 2.09, 30: 2.04, 60: 2.00}


def resident(pid: int) -> int:
    """Resident memory of a process in KiB, 0 once it has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE // 1024
    except OSError:
        return 0


def descriptors(pid: int) -> int:
    """How many descriptors a process has open."""
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0


def processor_seconds(pid: int) -> float:
    """CPU time of a process so far, 0 once it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Watch(threading.Thread):
    """Samples processes once a second, from when it is started to the end of its block."""

    def __init__(self, pids: Sequence[int]) -> None:
        super().__init__(daemon=True)
        self.pids = list(pids)
        self.seconds: list[float] = []
        self.rss: dict[int, list[int]] = {pid: [] for pid in pids}
        self.fds: dict[int, list[int]] = {pid: [] for pid in pids}
        self.done = threading.Event()

    def run(self) -> None:
        begun = time.monotonic()
        while not self.done.wait(max(0.0, begun + len(self.seconds) - time.monotonic())):
            self.seconds.append(round(time.monotonic() - begun, 1))
            for pid in self.pids:
                self.rss[pid].append(resident(pid))
                self.fds[pid].append(descriptors(pid))

    def __enter__(self) -> Watch:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.done.set()
        self.join()


def slope(values: Sequence[float]) -> tuple[float, float]:
    """The least-squares slope of values taken once a second, and half its 95 % interval.

    Both are per second. The fit goes through the means of blocks of 20 seconds, whose errors are
    nearly independent, which those of single seconds are not.
    """
    whole = len(values) // BLOCK
    if whole < 3:
        raise ValueError(f"{len(values)} seconds are too few for a slope")
    blocks = [sum(values[at * BLOCK : (at + 1) * BLOCK]) / BLOCK for at in range(whole)]
    middle = (whole - 1) / 2
    mean = sum(blocks) / whole
    spread = sum((at - middle) ** 2 for at in range(whole))
    rise = sum((at - middle) * (block - mean) for at, block in enumerate(blocks)) / spread
    rest = sum((block - mean - rise * (at - middle)) ** 2 for at, block in enumerate(blocks))
    half = student(whole - 2) * sqrt(rest / (whole - 2) / spread)
    return rise / BLOCK, half / BLOCK


def deviation(values: Sequence[float], rise: float) -> float:
    """The standard deviation of values about the line of that slope through their middle."""
    middle, mean = (len(values) - 1) / 2, sum(values) / len(values)
    rest = sum((val - mean - rise * (at - middle)) ** 2 for at, val in enumerate(values))
    return sqrt(rest / (len(values) - 2))


def student(freedom: int) -> float:
    return STUDENT[max(known for known in STUDENT if known <= freedom)]
