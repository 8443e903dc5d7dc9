"""Measure CPU time per request: Hipflask, the original, and peers, in one alternating run.

`python -m benchmarks.run` (`make bench`). Each pass starts one fresh process per implementation;
within a pass the processes take turns, scenario by scenario, round by round, some 30 ms each. A
ratio is the median over all rounds of (original / ours) in the same round. The exit code is 0
whatever the numbers are; it is 1 where an answer is wrong or differs between the two.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import geometric_mean, median
from typing import Any

from benchmarks import environments, report
from benchmarks.environments import RESULTS, WorkerFailed, WorkerProcess
from benchmarks.scenarios import BY_NAME, SCENARIOS, Scenario

OUTPUT = RESULTS / "wsgi.json"
PEERS = ("falcon", "bottle", "bare")


@dataclass
class Row:
    """The samples of one scenario: nanoseconds per request, by implementation, round by round."""

    scenario: Scenario
    samples: dict[str, list[float]] = field(default_factory=dict)
    fault: str | None = None

    def add(self, implementation: str, nanoseconds: float) -> None:
        self.samples.setdefault(implementation, []).append(nanoseconds)

    def ratios(self, slow: str, fast: str) -> list[float]:
        pairs = zip(self.samples.get(slow, ()), self.samples.get(fast, ()), strict=True)
        return [one / other for one, other in pairs]

    def as_json(self) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "name": self.scenario.name,
            "title": self.scenario.title,
            "target": self.scenario.target,
            "requests": len(self.scenario.exchanges),
        }
        if self.fault is not None:
            entry["fault"] = self.fault
            return entry
        entry["us"] = {
            name: round(median(values) / 1000, 2) for name, values in self.samples.items()
        }
        if "original" in self.samples and "ours" in self.samples:
            ratios = self.ratios("original", "ours")
            entry["ratio"] = round(median(ratios), 2)
            entry["ratio_min"] = round(min(ratios), 2)
            entry["ratio_max"] = round(max(ratios), 2)
        entry["samples_ns"] = {
            name: [round(value) for value in values] for name, values in self.samples.items()
        }
        return entry


@dataclass
class Plan:
    """How long and how often to measure."""

    passes: int
    rounds: int
    milliseconds: float


class Side:
    """One implementation in one pass: a worker, and how often it repeats each scenario."""

    def __init__(self, name: str, worker: WorkerProcess) -> None:
        self.name = name
        self.worker = worker
        self.application = name if name in PEERS else None

    def prepare(self, scenario: Scenario) -> list[dict[str, Any]]:
        order = {"scenario": scenario.name, "application": self.application}
        answers: list[dict[str, Any]] = self.worker.order(do="prepare", **order)["answers"]
        return answers

    def run(self, scenario: Scenario, count: int) -> float:
        """Nanoseconds per request over `count` passes through the scenario."""
        order = {"scenario": scenario.name, "application": self.application, "count": count}
        answer = self.worker.order(do="run", **order)
        spent: int = answer["ns"]
        return spent / count / len(scenario.exchanges)

    def calibrate(self, scenario: Scenario, milliseconds: float) -> int:
        """Warm up, and find the count that takes about that long."""
        count = 1
        while True:
            one_pass = self.run(scenario, count) * len(scenario.exchanges)
            if one_pass * count > milliseconds * 1e6 / 3:
                return max(1, round(milliseconds * 1e6 / one_pass))
            count *= 3


def measure_row(row: Row, sides: Sequence[Side], plan: Plan) -> None:
    """Prove that all sides answer alike, then let them take turns."""
    scenario = row.scenario
    answers: dict[str, list[dict[str, Any]]] = {}
    for side in sides:
        try:
            answers[side.name] = side.prepare(scenario)
        except WorkerFailed as error:
            row.fault = f"{side.name}: {error}"
            return
    row.fault = difference(answers)
    if row.fault is not None:
        return
    counts = [side.calibrate(scenario, plan.milliseconds) for side in sides]
    turns = list(zip(sides, counts, strict=True))
    for number in range(plan.rounds):
        # Who goes first changes from round to round.
        for side, count in turns if number % 2 == 0 else reversed(turns):
            row.add(side.name, side.run(scenario, count))


def difference(answers: dict[str, list[dict[str, Any]]]) -> str | None:
    """In what the answers of the original and ours differ; None where they are the same."""
    if "original" not in answers or "ours" not in answers:
        return None
    for number, (theirs, ours) in enumerate(
        zip(answers["original"], answers["ours"], strict=True), start=1
    ):
        for part, value in theirs.items():
            if ours[part] != value:
                return f"request {number}: {part} is {ours[part]!r}, originally {value!r}"
    return None


def one_pass(
    rows: Sequence[Row], commands: dict[str, tuple[str, bool]], plan: Plan, seed: int
) -> Iterator[Row]:
    """Start a process per implementation and measure each row that has no fault yet."""
    with ExitStack() as stack:
        sides = [
            Side(name, stack.enter_context(WorkerProcess(python, is_ours=is_ours, seed=seed)))
            for name, (python, is_ours) in commands.items()
        ]
        for row in rows:
            taking_part = [side for side in sides if side.name not in PEERS or row.scenario.peers]
            if row.fault is None:
                measure_row(row, taking_part, plan)
            yield row


def chosen(names: Sequence[str], modules: set[str]) -> list[Scenario]:
    """The named scenarios, or all of which both environments have what they need."""
    unknown = [name for name in names if name not in BY_NAME]
    if unknown:
        raise SystemExit(f"no scenario {unknown[0]!r}; there are: {', '.join(BY_NAME)}")
    return [
        scenario
        for scenario in SCENARIOS
        if (scenario.name in names or not names)
        and (scenario.needs is None or scenario.needs in modules)
    ]


def peer_commands(original: dict[str, Any], ours: dict[str, Any], paths: tuple[str, str]) -> dict:
    """Where each peer can run: in our environment, or else in the original's."""
    commands = {"bare": (paths[1], False)}
    for name in ("bottle", "falcon"):
        for about, path in ((original, paths[0]), (ours, paths[1])):
            if name in about["versions"]:
                commands[name] = (path, False)
    return {name: commands[name] for name in PEERS if name in commands}


def summarise(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The means and counts over all measured rows."""
    measured = [row for row in rows if "ratio" in row]
    aimed = [row for row in measured if row["target"] is not None]
    return {
        "geometric_mean": round(geometric_mean([row["ratio"] for row in aimed]), 2)
        if aimed
        else None,
        "geometric_mean_all": round(geometric_mean([row["ratio"] for row in measured]), 2)
        if measured
        else None,
        "lowest": min((row["ratio"] for row in measured), default=None),
        "reached": sum(row["ratio"] >= row["target"] for row in aimed),
        "aimed": len(aimed),
    }


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """The whole run, as the JSON that is kept."""
    started = time.monotonic()
    ours_path = arguments.ours
    original_path = environments.original_python(arguments.original, ours_path)
    original = environments.look_at(original_path)
    ours = environments.look_at(ours_path, is_ours=True)
    notes = environments.describe_sides(original, ours)
    for note in notes:
        print(f"note: {note}", file=sys.stderr)
    commands = {"original": (original_path, False), "ours": (ours_path, True)}
    peers = peer_commands(original, ours, (original_path, ours_path))
    commands.update(peers)
    plan = Plan(1, 3, 15.0) if arguments.quick else Plan(7, 15, 30.0)
    modules = set(original["modules"]) & set(ours["modules"])
    rows = [Row(scenario) for scenario in chosen(arguments.only, modules)]
    for seed in range(plan.passes):
        for number, row in enumerate(one_pass(rows, commands, plan, seed), start=1):
            show_progress(
                f"pass {seed + 1}/{plan.passes}, {number}/{len(rows)} {row.scenario.name}"
            )
    show_progress("")
    entries = [row.as_json() for row in rows]
    return {
        "kind": "wsgi",
        "date": environments.today(),
        "machine": environments.machine(),
        "original": original,
        "ours": ours,
        "peers": sorted(peers),
        "notes": notes,
        "plan": vars(plan) | {"seconds": round(time.monotonic() - started)},
        "summary": summarise(entries),
        "rows": entries,
    }


def show_progress(text: str) -> None:
    """Overwrite one line, where somebody is looking."""
    if sys.stderr.isatty():
        print(f"\r{text:70}", end="" if text else "\r", file=sys.stderr, flush=True)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.run", description=__doc__)
    parser.add_argument("--ours", default=sys.executable, help="interpreter that has Hipflask")
    parser.add_argument("--original", help="interpreter that has flask==3.1.3")
    parser.add_argument("--only", action="append", default=[], metavar="NAME")
    parser.add_argument("--quick", action="store_true", help="a rough answer in some 15 seconds")
    parser.add_argument("--output", type=Path, help="where the raw results go")
    return parser.parse_args(arguments)


def main() -> int:
    arguments = parse(None)
    results = measure(arguments)
    print(report.wsgi_section(results))
    is_complete = not arguments.quick and not arguments.only
    output = arguments.output or (OUTPUT if is_complete else None)
    if output is not None:
        environments.write_json(output, results)
    if output == OUTPUT:
        report.pages.write()
    return 1 if any("fault" in row for row in results["rows"]) else 0


if __name__ == "__main__":
    sys.exit(main())
