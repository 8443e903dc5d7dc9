"""Measure how many mutants the tests kill.

    python -m tests.mutation --sample 60 --seed 1        a seeded sample
    python -m tests.mutation --all --out FILE             every place once
    python -m tests.mutation --sample 20 flask/ctx.py     of one module
    python -m tests.mutation --again FILE                 what survived when FILE was written

The exit code is 1 where fewer than ``--bound`` of them are killed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from .mutants import Mutant, files_below, mutants_of, sample
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
    parser.add_argument("--again", type=Path, help="the survivors of a file written by --out")
    parser.add_argument("--out", type=Path, help="add each outcome to this file, a JSON a line")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    mutants = survivors(options.again) if options.again else chosen(options)
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


def chosen(options: argparse.Namespace) -> list[Mutant]:
    """The sample that is asked for."""
    size = None if options.all else options.skip + options.sample
    paths = [path for path in files_below(options.targets) if path not in EXCLUDED]
    return sample(paths, size, options.seed)[options.skip :]


def survivors(path: Path) -> list[Mutant]:
    """The mutants that are noted as survivors, as far as the sources still have them."""
    found: list[Mutant] = []
    for line in path.read_text().splitlines():
        entry = json.loads(line)
        if entry["outcome"] == Outcome.SURVIVED.value:
            file = entry["mutant"].partition(":")[0]
            key = entry["operator"], entry["occurrence"]
            found += [m for m in mutants_of(file) if (m.operator, m.occurrence) == key]
    return found


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
