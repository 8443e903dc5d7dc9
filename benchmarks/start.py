"""Measure what start and test suites cost: Hipflask and the original, in one alternating run.

`python -m benchmarks.start`. Each pass starts one fresh process per side; within a pass they take
turns, task by task, round by round, some 20 ms each. The exit code is 0 whatever the numbers are;
it is 1 where the two sides did not do the same.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import environments, report
from benchmarks.environments import RESULTS, WorkerProcess
from benchmarks.starting import TASKS, Task

OUTPUT = RESULTS / "start.json"
SIDES = ("original", "ours")

Samples = dict[str, list[float]]
"""Microseconds by side, round by round."""


def microseconds(worker: WorkerProcess, task: Task, count: int) -> tuple[float, Any]:
    """CPU time of one repetition, and what it returned."""
    answer = worker.order(do="start", task=task.name, count=count)
    return answer["ns"] / count / 1000, answer["proof"]


def measure_task(
    workers: dict[str, WorkerProcess], task: Task, rounds: int, milliseconds: float
) -> Samples:
    """Let the sides take turns; raises `ValueError` where they don't do the same."""
    counts, proofs = {}, {}
    for side, worker in workers.items():
        microseconds(worker, task, 2)
        once, proofs[side] = microseconds(worker, task, 3)
        counts[side] = max(2, round(milliseconds * 1000 / once))
    if len({str(proof) for proof in proofs.values()}) > 1:
        raise ValueError(f"{task.name}: the sides differ: {proofs}")
    samples: Samples = {side: [] for side in workers}
    for number in range(rounds):
        for side in list(workers) if number % 2 else list(reversed(workers)):
            samples[side].append(microseconds(workers[side], task, counts[side])[0])
    return samples


def as_row(task: Task, samples: Samples) -> dict[str, Any]:
    parts = [one / other for other, one in zip(*(samples[side] for side in SIDES), strict=True)]
    return {
        "name": task.name,
        "title": task.title,
        "target": task.target,
        "us": {side: round(median(samples[side]), 1) for side in SIDES},
        "part": round(median(parts), 3),
        "part_min": round(min(parts), 3),
        "part_max": round(max(parts), 3),
    }


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """The whole run, as the JSON that is kept."""
    ours_path = arguments.ours or sys.executable
    paths = {
        "original": environments.original_python(arguments.original, ours_path),
        "ours": ours_path,
    }
    about = {
        side: environments.look_at(path, is_ours=side == "ours") for side, path in paths.items()
    }
    passes, rounds, milliseconds = (1, 5, 10.0) if arguments.quick else (5, 11, 20.0)
    samples: dict[str, Samples] = {task.name: {side: [] for side in SIDES} for task in TASKS}
    for seed in range(passes):
        with ExitStack() as stack:
            workers = {
                side: stack.enter_context(WorkerProcess(path, is_ours=side == "ours", seed=seed))
                for side, path in paths.items()
            }
            for task in TASKS:
                taken = measure_task(workers, task, rounds, milliseconds)
                for side, values in taken.items():
                    samples[task.name][side] += values
    return {
        "kind": "start",
        "date": environments.today(),
        "machine": environments.machine(),
        **about,
        "notes": environments.describe_sides(about["original"], about["ours"]),
        "plan": {"passes": passes, "rounds": rounds, "milliseconds": milliseconds},
        "rows": [as_row(task, samples[task.name]) for task in TASKS],
    }


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.start", description=__doc__)
    parser.add_argument("--ours", help="interpreter that has Hipflask")
    parser.add_argument("--original", help="interpreter that has flask==3.1.3")
    parser.add_argument("--quick", action="store_true", help="a rough answer in some 10 seconds")
    parser.add_argument("--output", type=Path, help="where the raw results go")
    return parser.parse_args(arguments)


def main() -> int:
    arguments = parse(None)
    try:
        results = measure(arguments)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    print(report.start_section(results))
    output = arguments.output or (None if arguments.quick else OUTPUT)
    if output is not None:
        environments.write_json(output, results)
    if output == OUTPUT:
        report.pages.write()
    return 0


if __name__ == "__main__":
    sys.exit(main())
