"""Measure how many mutants the tests kill.

    python -m tests.mutation --sample 60 --seed 1        a seeded sample
    python -m tests.mutation --all --out FILE             every place once
    python -m tests.mutation --sample 20 flask/ctx.py     of one module

The exit code is 1 where fewer than ``--bound`` of them are killed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from .mutants import Mutant, files_below, sample
from .plan import EXCLUDED, TARGETS, tests_for
from .trial import SOURCES, Outcome, Trial, run_all


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation")
    parser.add_argument("targets", nargs="*", default=TARGETS, help="files or folders below src")
    parser.add_argument("--sample", type=int, default=60, metavar="N")
    parser.add_argument("--all", action="store_true", help="every place, not a sample")
    parser.add_argument("--skip", type=int, default=0, metavar="N", help="leave out the first ones")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--bound", type=float, default=0.9, help="the part that must be killed")
    parser.add_argument("--out", type=Path, help="add each outcome to this file, a JSON a line")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    size = None if options.all else options.skip + options.sample
    paths = [path for path in files_below(options.targets) if path not in EXCLUDED]
    mutants = sample(paths, size, options.seed)[options.skip :]
    known: dict[Trial, Mutant] = {}
    refuse_failing_tests(sorted({mutant.path for mutant in mutants}), options.jobs)
    print(f"{len(mutants)} mutants of {len(options.targets)} targets, seed {options.seed}")
    counts: Counter[Outcome] = Counter()
    for trial, outcome, seconds in run_all(trials_of(mutants, known), options.jobs):
        counts[outcome] += 1
        mutant = known[trial]
        if outcome is Outcome.SURVIVED:
            print(f"survived  {mutant.describe()}", flush=True)
        if options.out:
            note(options.out, mutant, outcome, seconds)
    killed = counts[Outcome.KILLED] / max(1, counts.total())
    print(f"{counts[Outcome.KILLED]} of {counts.total()} killed, {killed:.1%}")
    return int(killed < options.bound)


def trials_of(mutants: list[Mutant], known: dict[Trial, Mutant]) -> Iterator[Trial]:
    """Make each trial when its turn comes, and note whose it is."""
    for mutant in mutants:
        trial = Trial(mutant.path, mutant.text(), tests_for(mutant.path))
        known[trial] = mutant
        yield trial


def refuse_failing_tests(paths: list[str], jobs: int) -> None:
    """End here where tests fail without any change: they would kill every mutant."""
    unchanged = {
        tests_for(path): Trial(path, (SOURCES / path).read_text(), tests_for(path))
        for path in paths
    }
    for trial, outcome, _ in run_all(unchanged.values(), jobs):
        if outcome is Outcome.KILLED:
            raise SystemExit(f"these fail without a mutant: {' '.join(trial.tests)}")


def note(path: Path, mutant: Mutant, outcome: Outcome, seconds: float) -> None:
    entry = {
        "outcome": outcome.value,
        "mutant": mutant.describe(),
        "operator": mutant.operator,
        "occurrence": mutant.occurrence,
        "seconds": round(seconds, 1),
    }
    with path.open("a") as file:
        print(json.dumps(entry), file=file)


if __name__ == "__main__":
    sys.exit(main())
