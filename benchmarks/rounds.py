"""The core of a measurement: sides that take turns, and the samples of a row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from benchmarks.environments import WorkerFailed, WorkerProcess
from benchmarks.scenarios import Scenario

SIDES = ("original", "ours")
PLAIN_SIDES = ("original-plain", "ours-plain")


@dataclass
class Row:
    """The samples of one scenario: nanoseconds per request, by implementation, round by round."""

    scenario: Scenario
    samples: dict[str, list[float]] = field(default_factory=dict)
    owners: dict[str, Counter[str]] = field(default_factory=dict)
    """Samples of a profile, by implementation and by whose code it was."""
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
        if PLAIN_SIDES[0] in self.samples:
            entry["times_plain"] = {
                side: round(median(self.ratios(side, plain)), 2)
                for side, plain in zip(SIDES, PLAIN_SIDES, strict=True)
            }
        if self.owners:
            entry["owners"] = {side: dict(counts) for side, counts in self.owners.items()}
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
    profile: float = 0
    """Milliseconds of CPU time to be profiled in each pass."""


class Side:
    """One implementation in one pass: a worker, and what it runs in place of the row's own."""

    def __init__(
        self,
        name: str,
        worker: WorkerProcess,
        application: str | None = None,
        scenario: Scenario | None = None,
    ) -> None:
        self.name = name
        self.worker = worker
        self.application = application
        self.scenario = scenario

    def order(self, do: str, scenario: Scenario, **more: Any) -> dict[str, Any]:
        name = (self.scenario or scenario).name
        return self.worker.order(do=do, scenario=name, application=self.application, **more)

    def prepare(self, scenario: Scenario) -> list[dict[str, Any]]:
        answers: list[dict[str, Any]] = self.order("prepare", scenario)["answers"]
        return answers

    def run(self, scenario: Scenario, count: int) -> float:
        """Nanoseconds per request over `count` passes through the scenario."""
        spent: int = self.order("run", scenario, count=count)["ns"]
        return spent / count / len(scenario.exchanges)

    def profile(self, scenario: Scenario, milliseconds: float) -> dict[str, int]:
        """Samples by owner over some milliseconds of CPU time."""
        one_pass = self.run(scenario, 20) * len(scenario.exchanges)
        count = max(1, round(milliseconds * 1e6 / one_pass))
        samples: dict[str, int] = self.order("profile", scenario, count=count)["samples"]
        return samples

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
    if plan.profile:
        for side in sides:
            if side.name in SIDES:
                counts_of = row.owners.setdefault(side.name, Counter())
                counts_of.update(side.profile(scenario, plan.profile))


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
