"""Count the instructions of five key requests: a guard that no busy machine upsets.

`python -m benchmarks.instructions` prints the counts as JSON; `--record` keeps them in results/;
`--check benchmarks/results/instructions.json --bound 0.05` fails (exit code 1) where a count has
grown by more than 5%.

Each process prepares all requests and answers each of them some times; then it answers one of them
`COUNT` times, or none. The difference by `COUNT` is the cost of one request: start-up, compilation
and filled caches cancel out. valgrind (cachegrind) counts; addresses and hash seeds are fixed.

Counts of different interpreters or libraries say nothing about each other. A yardstick, a piece of
plain Python, is counted in the same run: where it, the interpreter's version or a library's
differs from the record, the comparison is called off with a notice and exit code 0, or with
`--strict` exit code 3.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import environments, report
from benchmarks.environments import RESULTS, ROOT
from benchmarks.packages import SHARED

OUTPUT = RESULTS / "instructions.json"
KEYS = ("plain", "one-parameter", "json-out", "session-read", "template-links")
YARDSTICK = "yardstick"
NO_YARDSTICK = "no-yardstick"
NO_REQUEST = "no-request"
# Each seed is another layout of memory.
SEEDS = (1, 2, 3)
SEEDS_OF_SECOND_LOOK = (4, 5, 6, 7, 8)
COUNT = 200
WARM_UP = 60
YARDSTICK_TOLERANCE = 0.01


class CountFailed(Exception):
    """valgrind gave no count."""


def yardstick(count: int) -> None:
    """Some plain Python of the kinds that a framework is made of."""
    environ = {f"HTTP_HEADER_{number}": str(number) for number in range(20)}
    pattern = re.compile(r"HTTP_([A-Z_]+)_(\d+)")

    class Thing:
        def __init__(self, values: dict[str, str]) -> None:
            self.values = values
            self.names = [name.title() for name in values]

        def found(self, name: str) -> str:
            match = pattern.match(name)
            return f"{match[1]}={self.values[name]}" if match else ""

    for _ in range(count):
        thing = Thing(environ.copy())
        text = ";".join(thing.found(name) for name in thing.values)
        json.loads(json.dumps({"text": text, "names": thing.names}))


def exercise(name: str) -> None:
    """What the counted process does; `name` is a scenario, or says to stop before the last step."""
    # Whether a full collection falls into the set-up is chance, and it costs as much as many
    # requests: so there is none until all stands, and then the garbage of requests is collected,
    # and counted, as ever.
    gc.disable()
    if name in (YARDSTICK, NO_YARDSTICK):
        yardstick(WARM_UP)
        gc.enable()
        yardstick(COUNT if name == YARDSTICK else 0)
        return
    from benchmarks.worker import Worker, measure

    worker = Worker()
    for key in KEYS:
        worker.prepare(key, "main")
        measure(worker.applications["main"], worker.prepared[key, "main"], WARM_UP)
    gc.collect()
    gc.freeze()
    gc.enable()
    if name != NO_REQUEST:
        measure(worker.applications["main"], worker.prepared[name, "main"], COUNT)


def count(python: str, name: str, seed: int) -> int:
    """The instructions of one whole process."""
    command = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]
    if shutil.which("setarch"):
        command = ["setarch", "-R", *command]
    done = subprocess.run(
        [*command, python, "-m", "benchmarks.instructions", f"--exercise={name}"],
        cwd=ROOT,
        env=environments.environment(is_ours=True, seed=seed),
        capture_output=True,
        text=True,
    )
    total = re.search(r"I\s+refs:\s+([\d,]+)", done.stderr)
    if done.returncode or total is None:
        raise CountFailed(done.stderr[-2000:])
    return int(total[1].replace(",", ""))


def measure(python: str, seeds: tuple[int, ...] = SEEDS) -> dict[str, Any]:
    """All counts of the implementation behind one interpreter."""
    about = environments.look_at(python, is_ours=True)
    # Without valgrind first: it says what is wrong sooner, and leaves the byte code compiled.
    subprocess.run(
        [python, "-m", "benchmarks.instructions", f"--exercise={KEYS[0]}"],
        cwd=ROOT,
        env=environments.environment(is_ours=True),
        check=True,
    )
    names = (NO_YARDSTICK, YARDSTICK, NO_REQUEST, *KEYS)
    jobs = [(name, seed) for seed in seeds for name in names]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        counts = pool.map(lambda job: count(python, *job), jobs)
        totals = dict(zip(jobs, counts, strict=True))
    return {
        "kind": "instructions",
        "date": environments.today(),
        "machine": environments.machine(),
        "ours": about,
        "yardstick": cost(totals, seeds, YARDSTICK, NO_YARDSTICK),
        "per_request": {name: cost(totals, seeds, name, NO_REQUEST) for name in KEYS},
    }


def cost(
    totals: dict[tuple[str, int], int], seeds: tuple[int, ...], name: str, without: str
) -> int:
    """The lowest difference of all seeds, for one time.

    Where objects lie in memory decides which attribute names share a slot of the interpreter's
    method cache, and that can be a tenth of a request: the lowest of several layouts is stable.
    """
    return round(min(totals[name, seed] - totals[without, seed] for seed in seeds) / COUNT)


def incomparable(now: dict[str, Any], record: dict[str, Any]) -> str | None:
    """Why these counts can't be held against those of the record; None where they can."""
    if now["machine"]["architecture"] != record["machine"]["architecture"]:
        return "the record is of another architecture"
    if now["ours"]["python"] != record["ours"]["python"]:
        return f"the record is of {record['ours']['python']}, this is {now['ours']['python']}"
    for name in SHARED:
        versions = [side["ours"]["versions"].get(name) for side in (record, now)]
        if versions[0] != versions[1]:
            return f"the record is of {name} {versions[0]}, this is {versions[1]}"
    if abs(now["yardstick"] / record["yardstick"] - 1) > YARDSTICK_TOLERANCE:
        return (
            f"the interpreter is built differently: its yardstick takes {now['yardstick']:,} "
            f"instructions, {record['yardstick']:,} in the record"
        )
    return None


def compare(now: dict[str, Any], record: dict[str, Any], bound: float) -> list[str]:
    """The requests that cost more than they may, as lines to print."""
    faults = []
    for name, recorded in record["per_request"].items():
        counted = now["per_request"][name]
        growth = counted / recorded - 1
        line = f"{name}: {counted:,} instructions, {recorded:,} recorded ({growth:+.1%})"
        print(line, file=sys.stderr)
        if growth > bound:
            faults.append(f"{line}: more than {bound:.0%} above the record")
    return faults


def check(
    now: dict[str, Any],
    path: Path,
    bound: float,
    strict: bool,
    look_again: Callable[[], dict[str, Any]],
) -> int:
    """Hold the counts against the record; gives back the exit code.

    Where one is too high, `look_again` counts in other layouts of memory.
    """
    record = json.loads(path.read_text())
    reason = incomparable(now, record)
    if reason is not None:
        print(f"not compared: {reason}. Record anew with --record.", file=sys.stderr)
        return 3 if strict else 0
    faults = compare(now, record, bound)
    if faults:
        print("a second look, at other layouts of memory", file=sys.stderr)
        again = look_again()["per_request"]
        least = {name: min(count, again[name]) for name, count in now["per_request"].items()}
        faults = compare(now | {"per_request": least}, record, bound)
    for fault in faults:
        print(f"FAILED {fault}", file=sys.stderr)
    return 1 if faults else 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.instructions", description=__doc__)
    parser.add_argument("--python", default=sys.executable, help="interpreter to measure")
    parser.add_argument("--record", action="store_true", help="keep the counts in results/")
    parser.add_argument("--check", type=Path, metavar="FILE", help="compare with these counts")
    parser.add_argument("--bound", type=float, default=0.05, help="growth that passes: 0.05 is 5%%")
    parser.add_argument("--strict", action="store_true", help="fail where nothing can be compared")
    parser.add_argument("--exercise", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.exercise is not None:
        exercise(arguments.exercise)
        return 0
    if shutil.which("valgrind") is None:
        print("valgrind is not installed (Debian: apt-get install valgrind)", file=sys.stderr)
        return 2
    try:
        results = measure(arguments.python)
    except (CountFailed, subprocess.CalledProcessError) as error:
        print(f"nothing was counted: {error}", file=sys.stderr)
        return 2
    print(json.dumps(results, indent=1))
    if arguments.record:
        environments.write_json(OUTPUT, results)
        report.pages.write()
    if arguments.check is not None:
        return check(
            results,
            arguments.check,
            arguments.bound,
            arguments.strict,
            partial(measure, arguments.python, SEEDS_OF_SECOND_LOOK),
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
