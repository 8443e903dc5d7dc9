"""Run the cases and record what came of them: ``python -m reliability.hostile``.

It runs on whatever is installed as ``flask``. The exit code is 1 if something failed that is not
known to, unless the result is recorded.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path

from . import suite
from .known import KNOWN


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m reliability.hostile")
    parser.add_argument(
        "--seconds", type=float, default=0, help="how long each generated case goes on (0: a round)"
    )
    parser.add_argument("--only", nargs="*", metavar="CASE", help="names of cases")
    parser.add_argument("--record", type=Path, help="the JSON file to write or complete")
    given = parser.parse_args()
    warnings.simplefilter("ignore")  # of what odd requests make the libraries say
    records = []
    unexpected = 0
    for case in suite.CASES:
        if given.only and case.name not in given.only:
            continue
        record = suite.run(case, given.seconds)
        records.append(record)
        told = record.get("skipped") or f"{len(record['failures'])} kinds of failure"
        print(f"{record['name']:24}{record['tried']:>10}  {told}  ({record['seconds']} s)")
        for failure in record["failures"]:
            is_known = failure.partition(": ")[0] in KNOWN.get(case.name, {})
            unexpected += not is_known
            print(f"    {'known' if is_known else 'FAILED'}: {failure}")
        sys.stdout.flush()
    if given.record is not None:
        suite.write(given.record, records)
        return 0
    return int(unexpected > 0)


sys.exit(main())
