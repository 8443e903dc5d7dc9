"""Measure what an application's size costs: routes, blueprints, hooks, start-up, memory.

`python -m benchmarks.growth`. One process per size and side, all of them up at the same time,
taking turns; each answers the same dynamic request, which needs none of what was added.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import environments, report
from benchmarks.environments import RESULTS, ROOT, WorkerProcess
from benchmarks.run import show_progress

OUTPUT = RESULTS / "growth.json"
# Routes, blueprints, hooks of other blueprints.
SIZES = (
    (10, 0, 0),
    (100, 0, 0),
    (1_000, 0, 0),
    (10_000, 0, 0),
    (10, 10, 0),
    (10, 50, 0),
    (10, 200, 0),
    (10, 1, 10),
    (10, 1, 50),
    (10_000, 200, 50),
)
START = "import flask; flask.Flask('x')"
SERVED = ("plain", "one-parameter", "json-out", "session-read", "template-links", "static")

Sides = dict[str, tuple[str, bool]]
Size = tuple[int, int, int]


@dataclass
class Grown:
    """One size on one side: a worker, and how many requests take it some milliseconds."""

    worker: WorkerProcess
    application: str
    count: int = 100

    def prepare(self, milliseconds: float) -> None:
        self.order("prepare")
        for _ in range(3):
            self.count = max(10, round(milliseconds * 1000 / self.microseconds()))

    def microseconds(self) -> float:
        """CPU time per request."""
        spent: int = self.order("run")["ns"]
        return spent / self.count / 1000

    def order(self, do: str) -> dict[str, Any]:
        return self.worker.order(
            do=do, scenario="grown", application=self.application, count=self.count
        )


def measure_requests(sides: Sides, rounds: int, milliseconds: float) -> list[dict[str, Any]]:
    """The same request to applications of all sizes, in microseconds.

    Each sample of a size stands beside one of the smallest, taken right before or after it.
    """
    pairs: dict[tuple[str, Size], list[tuple[float, float]]] = {}
    with ExitStack() as stack:
        running: dict[tuple[str, Size], Grown] = {}
        for size in SIZES:
            for side, (python, is_ours) in sides.items():
                show_progress(f"starting {side} {size}")
                worker = stack.enter_context(WorkerProcess(python, is_ours=is_ours))
                grown = Grown(worker, "grown:" + ",".join(map(str, size)))
                grown.prepare(milliseconds)
                running[side, size] = grown
        for number in range(rounds):
            show_progress(f"round {number + 1} of {rounds}")
            for (side, size), grown in running.items():
                smallest = running[side, SIZES[0]]
                if number % 2:
                    pair = (grown.microseconds(), smallest.microseconds())
                else:
                    pair = (smallest.microseconds(), grown.microseconds())[::-1]
                pairs.setdefault((side, size), []).append(pair)
    return [
        {
            **dict(zip(("routes", "blueprints", "hooks"), size, strict=True)),
            "us": {side: round(median(one for one, _ in pairs[side, size]), 2) for side in sides},
            "against_smallest": {
                side: round(median(one / base for one, base in pairs[side, size]), 2)
                for side in sides
            },
        }
        for size in SIZES
    ]


def process_milliseconds(python: str, is_ours: bool, code: str) -> float:
    """User and system CPU time of a whole process that runs this code."""
    process = subprocess.Popen(
        [python, "-c", code], cwd=ROOT, env=environments.environment(is_ours=is_ours)
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{python} -c {code!r} failed")
    return (usage.ru_utime + usage.ru_stime) * 1000


def served_megabytes(python: str, is_ours: bool) -> float:
    """Resident memory of a process that has served some hundred requests of several kinds."""
    with WorkerProcess(python, is_ours=is_ours) as worker:
        for name in SERVED:
            worker.order(do="prepare", scenario=name)
            worker.order(do="run", scenario=name, count=100)
        resident: int = worker.order(do="memory")["rss"]
        return resident / 2**20


def first_request(python: str, is_ours: bool) -> dict[str, int]:
    with WorkerProcess(python, is_ours=is_ours) as worker:
        answer: dict[str, int] = worker.order(
            do="first", scenario="grown", application="grown:1000,0,0"
        )
        return answer


def measure_application(sides: Sides, times: int) -> list[dict[str, Any]]:
    """Start-up, first request and memory; a process for each sample, sides alternating."""

    def whole(python: str, is_ours: bool) -> float:
        return process_milliseconds(python, is_ours, START)

    def net(python: str, is_ours: bool) -> float:
        return whole(python, is_ours) - process_milliseconds(python, is_ours, "pass")

    def build(python: str, is_ours: bool) -> float:
        return first_request(python, is_ours)["build_ns"] / 1e6

    def first(python: str, is_ours: bool) -> float:
        return first_request(python, is_ours)["first_ns"] / 1e6

    kinds: tuple[tuple[str, str, Callable[[str, bool], float]], ...] = (
        ("`import flask` and an application object, whole process, CPU", "ms", whole),
        ("the same without the interpreter's own start", "ms", net),
        ("import, and declaring 1,000 routes, CPU", "ms", build),
        ("first request after start at 1,000 routes, CPU", "ms", first),
        ("resident memory of a served application", "MiB", served_megabytes),
    )
    rows = []
    for title, unit, sample in kinds:
        samples: dict[str, list[float]] = {side: [] for side in sides}
        for number in range(times + 1):
            show_progress(f"{title}: {number} of {times}")
            for side, (python, is_ours) in sides.items():
                value = sample(python, is_ours)
                # The first one fills disk caches and compiles byte code.
                if number:
                    samples[side].append(value)
        row: dict[str, Any] = {"title": title, "unit": unit}
        rows.append(row | {side: round(median(values), 2) for side, values in samples.items()})
    return rows


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """The whole run, as the JSON that is kept."""
    original_path = environments.original_python(arguments.original, arguments.ours)
    sides = {"original": (original_path, False), "ours": (arguments.ours, True)}
    original = environments.look_at(original_path)
    ours = environments.look_at(arguments.ours, is_ours=True)
    rounds, milliseconds, times = (5, 10.0, 3) if arguments.quick else (21, 20.0, 15)
    return {
        "kind": "growth",
        "date": environments.today(),
        "machine": environments.machine(),
        "original": original,
        "ours": ours,
        "notes": environments.describe_sides(original, ours),
        "plan": {"rounds": rounds, "milliseconds": milliseconds, "processes": times},
        "requests": measure_requests(sides, rounds, milliseconds),
        "application": measure_application(sides, times),
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.growth", description=__doc__)
    parser.add_argument("--ours", default=sys.executable, help="interpreter that has Hipflask")
    parser.add_argument("--original", help="interpreter that has flask==3.1.3")
    parser.add_argument("--quick", action="store_true", help="a rough answer")
    parser.add_argument("--output", type=Path, help="where the raw results go")
    arguments = parser.parse_args()
    results = measure(arguments)
    show_progress("")
    print(report.growth_section(results))
    output = arguments.output or (None if arguments.quick else OUTPUT)
    if output is not None:
        environments.write_json(output, results)
    if output == OUTPUT:
        report.pages.write()
    return 0


if __name__ == "__main__":
    sys.exit(main())
