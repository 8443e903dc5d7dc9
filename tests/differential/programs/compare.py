"""Run programs on both implementations and compare.

    python -m tests.differential.programs.compare --oracle PYTHON --count 20000 --seed 1

Each difference is printed with its program, the shortest of those that differ in the same way.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from hypothesis import HealthCheck, Phase, given, seed, settings

from ..check_oracle import ROOT, narrow
from .strategies import programs

Observation = dict[str, Any]


class Interpreter:
    """A process that executes programs."""

    def __init__(self, python: str | Path, *, ours: bool) -> None:
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        if ours:
            environment = dict(os.environ)
        self.process = subprocess.Popen(
            [str(python), "-m", "tests.differential.programs.server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env=environment,
            text=True,
        )

    def ask(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(text) + "\n")
        self.process.stdin.flush()

    def answer(self) -> Observation:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.process.args!r} ended with {self.process.wait()}")
        observation: Observation = json.loads(line)
        return observation

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


class Both:
    """The two implementations, side by side."""

    def __init__(self, oracle: str | Path) -> None:
        self.original = Interpreter(oracle, ours=False)
        self.ours = Interpreter(sys.executable, ours=True)

    def compare(self, text: str) -> list[str]:
        """Answer the places where the two part, none if they don't."""
        self.original.ask(text)
        self.ours.ask(text)
        return narrow(self.original.answer(), self.ours.answer())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.original.close()
        self.ours.close()


def kind_of(text: str) -> str:
    """Name what a program overrides, so that like differences are shown once."""
    lines = [line.strip() for line in text.splitlines()]
    marks = ("lab.say('", "class Own", "lab.patch(", "lab.exit.enter", "found.", "response.")
    return "; ".join(line[:60] for line in lines if line.startswith(marks))


def explore(both: Both, count: int, first_seed: int) -> dict[str, tuple[str, list[str]]]:
    """Compare on many programs; answer the shortest program of each kind that differs."""
    found: dict[str, tuple[str, list[str]]] = defaultdict(lambda: ("", []))
    done = 0

    def look(text: str) -> None:
        nonlocal done
        done += 1
        if done % 1000 == 0:
            print(f"{done} programs, {len(found)} kinds of difference", flush=True)
        places = both.compare(text)
        if places:
            kind = kind_of(text)
            if not found[kind][0] or len(text) < len(found[kind][0]):
                found[kind] = (text, places)

    run = settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )(given(programs())(look))
    seed(first_seed)(run)()
    return dict(found)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.differential.programs.compare")
    parser.add_argument("--oracle", type=Path, default=os.environ.get("HIPFLASK_ORACLE"))
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with Both(options.oracle) as both:
        found = explore(both, options.count, options.seed)
    for text, places in sorted(found.values(), key=lambda item: len(item[0])):
        print(text, *places, sep="\n")
    print(f"{options.count} programs from seed {options.seed}: {len(found)} kinds of difference")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
