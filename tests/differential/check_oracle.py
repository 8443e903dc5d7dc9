"""Ask the original itself whether the recorded answers still hold, and compare ours with its.

    python -m tests.differential.check_oracle [--oracle PYTHON] [topic ...]
    python -m tests.differential.check_oracle --fresh 200
    python -m tests.differential.check_oracle --variants

``PYTHON`` is an interpreter with the original installed; without it an environment is made
in ``.work/oracle``.  The answer is 1 where a record no longer holds, or where this
interpreter's implementation differs in a way ``docs/differences.md`` doesn't list.  With
``--fresh`` the generators make that many scenarios of each kind that nobody has seen before;
with ``--variants`` all scenarios run with a step replaced or a receiver connected, on both sides.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from typing import Any

from .differences import reason_for
from .run import Observations, recorded

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ("flask==3.1.3", "asgiref", "python-dotenv", "cryptography", "gevent")


def make_oracle(place: Path) -> Path:
    """Answer the interpreter of an environment with the original, made where missing."""
    python = place / "bin" / "python"
    if not python.exists():
        venv.create(place, with_pip=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", *REQUIREMENTS], check=True)
    return python


def ask(python: Path | str, topics: list[str], *options: str) -> Observations:
    """Run the scenarios in another interpreter, which must not see our sources."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    with tempfile.TemporaryDirectory() as directory:
        out = Path(directory) / "out.json"
        command = [str(python), "-m", "tests.differential.run", "--out", str(out), *options]
        subprocess.run([*command, *topics], check=True, cwd=ROOT, env=environment)
        answers: Observations = json.loads(out.read_text())
    return answers


def compare(expected: Observations, actual: Observations) -> list[str]:
    """Answer the ids whose observations are not the same, or that only one side has."""
    keys = sorted(expected.keys() | actual.keys())
    return [key for key in keys if expected.get(key) != actual.get(key)]


def narrow(expected: Any, actual: Any, path: str = "") -> list[str]:
    """Point at the places where two observations part."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        parts = [
            narrow(expected.get(key, "<nothing>"), actual.get(key, "<nothing>"), f"{path}.{key}")
            for key in sorted(expected.keys() | actual.keys())
        ]
        return [line for part in parts for line in part]
    if isinstance(expected, list) and isinstance(actual, list):
        pairs = list(zip(expected, actual, strict=False))
        if len(expected) == len(actual):
            return [
                line
                for number, (a, b) in enumerate(pairs)
                for line in narrow(a, b, f"{path}[{number}]")
            ]
        # One has more, so all after the first difference would differ: show where that is.
        start = next((n for n, (a, b) in enumerate(pairs) if a != b), len(pairs))
        path = f"{path}[{start}:]"
        expected, actual = expected[start : start + 4], actual[start : start + 4]
    if expected == actual:
        return []
    return [f"    {path or '.'}\n      original {expected!r}\n      ours     {actual!r}"]


def report(title: str, keys: list[str], expected: Observations, actual: Observations) -> None:
    print(f"{len(keys)} {title}")
    for key in keys:
        print(f"  {key}")
        print("\n".join(narrow(expected.get(key, {}), actual.get(key, {}))))


def compare_fresh(oracle: Path | str, count: int) -> int:
    """Compare both sides on seeds that are taken from the clock, and say which."""
    from .run import observe_all

    first = int(time.time())
    answers = ask(oracle, [], "--fresh", f"{first}:{count}")
    ours = observe_all([], fresh=range(first, first + count))
    unlisted = [key for key in compare(answers, ours) if reason_for(key) is None]
    report("unlisted differences", unlisted, answers, ours)
    print(f"{len(answers)} fresh scenarios, seeds {first} to {first + count - 1}")
    return int(bool(unlisted))


def compare_variants(oracle: Path | str, topics: list[str]) -> int:
    """Compare both sides with a replaced step or a receiver in each scenario."""
    from .run import observe_all
    from .variants import VARIANTS

    failed = False
    for variant in VARIANTS:
        answers = ask(oracle, topics, "--variant", variant)
        ours = observe_all(topics, variant=variant)
        unlisted = [key for key in compare(answers, ours) if reason_for(key) is None]
        report(f"unlisted differences, {variant}", unlisted, answers, ours)
        failed |= bool(unlisted)
    return int(failed)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.differential.check_oracle")
    parser.add_argument("topics", nargs="*")
    parser.add_argument("--oracle", type=Path, default=os.environ.get("HIPFLASK_ORACLE"))
    parser.add_argument("--records-only", action="store_true", help="don't run our own side")
    parser.add_argument("--fresh", type=int, metavar="COUNT", help="compare on fresh seeds")
    parser.add_argument("--variants", action="store_true", help="with steps replaced, receivers")
    options = parser.parse_args(arguments)
    oracle = options.oracle or make_oracle(ROOT / ".work" / "oracle")
    if options.fresh:
        return compare_fresh(oracle, options.fresh)
    if options.variants:
        return compare_variants(oracle, options.topics)
    answers, records = ask(oracle, options.topics), recorded(options.topics)
    stale = compare(records, answers)
    report("records no longer hold", stale, records, answers)
    if options.records_only:
        return int(bool(stale))
    from .run import observe_all

    ours = observe_all(options.topics)
    differing = compare(answers, ours)
    unlisted = [key for key in differing if reason_for(key) is None]
    report("unlisted differences", unlisted, answers, ours)
    print(f"{len(answers)} scenarios, {len(differing) - len(unlisted)} listed differences")
    return int(bool(stale or unlisted))


if __name__ == "__main__":
    sys.exit(main())
