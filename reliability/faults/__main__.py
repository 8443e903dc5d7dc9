"""Run the cases: `python -m reliability.faults --python PATH`, all or those named.

Ends with status 1 where anything failed. `--record` keeps the results for the report.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.environments import machine, today, write_json

from reliability.about import versions
from reliability.faults import (  # noqa: F401  each registers its cases
    clients,
    clock,
    errors,
    processes,
    storage,
    stores,
)
from reliability.faults.case import CASES, Bench

RESULTS = Path(__file__).resolve().parent.parent / "results"
SIDES = {"ours": "faults.json", "original": "faults-original.json"}


def measure(python: str, names: list[str]) -> dict[str, Any]:
    """Run cases one after the other; the answer is what is kept of them."""
    rows = []
    with Bench(python) as bench:
        for name in names:
            begun = time.monotonic()
            row = CASES[name].on(bench)
            took = time.monotonic() - begun
            print(f"{name}: tried {row['tried']} in {took:.1f} s", file=sys.stderr)
            for failure in row["failures"]:
                print(f"  FAILED {failure}", file=sys.stderr)
            rows.append(row)
    return {
        "kind": "faults",
        "date": today(),
        "machine": machine(),
        "versions": versions(python),
        "cases": rows,
    }


def merged(path: Path, results: dict[str, Any]) -> dict[str, Any]:
    """These results, with those kept of cases that were not run this time."""
    kept = json.loads(path.read_text())["cases"] if path.exists() else []
    rows = {row["name"]: row for row in (*kept, *results["cases"])}
    return results | {"cases": [rows[name] for name in CASES if name in rows]}


def main() -> int:
    parser = argparse.ArgumentParser(prog="reliability.faults", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="of a case; default: all")
    parser.add_argument("--python", default=sys.executable, help="interpreter whose flask it is")
    parser.add_argument("--record", choices=SIDES, help="keep the results as this side's")
    arguments = parser.parse_args()
    results = measure(arguments.python, arguments.names or list(CASES))
    if arguments.record:
        path = RESULTS / SIDES[arguments.record]
        write_json(path, merged(path, results))
    return int(any(row["failures"] for row in results["cases"]))


if __name__ == "__main__":
    sys.exit(main())
