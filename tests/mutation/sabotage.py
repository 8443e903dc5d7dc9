"""Show that the tests turn red for each sabotage: ``python -m tests.mutation.sabotage``.

The sources are not touched: a changed module is compiled in a process of its own. Before, the same
tests have to be green without any change. The exit code is 1 if one sabotage goes unnoticed.
"""

from __future__ import annotations

import sys

from .sabotages import SABOTAGES
from .trial import SOURCES, Outcome, Trial, run_all

JOBS = 2


def refuse_failing_tests() -> None:
    """End here where the tests fail without a sabotage."""
    path = SABOTAGES[0].path
    text = (SOURCES / path).read_text()
    every = {sabotage.tests for sabotage in SABOTAGES}
    trials = [Trial(path, text, tests) for tests in sorted(every)]
    for trial, outcome, _ in run_all(trials, JOBS):
        if outcome is Outcome.KILLED:
            raise SystemExit(f"these fail without a sabotage: {' '.join(trial.tests)}")


def main() -> int:
    refuse_failing_tests()
    names = {sabotage.trial(): sabotage for sabotage in SABOTAGES}
    unnoticed = 0
    for trial, outcome, seconds in run_all(names, JOBS):
        is_red = outcome is Outcome.KILLED
        unnoticed += not is_red
        sabotage = names[trial]
        word = "red  " if is_red else "GREEN"
        print(f"{word} {seconds:5.1f} s  {sabotage.path}: {sabotage.name}", flush=True)
    print(f"{len(names) - unnoticed} of {len(names)} sabotages are noticed")
    return int(unnoticed > 0)


if __name__ == "__main__":
    sys.exit(main())
