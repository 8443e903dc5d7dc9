"""Measure the CPU time that published test suites take, beside the original.

`python -m benchmarks.suites`. The source distributions of a few extensions are downloaded and
unpacked outside of this tree, and their tests run by both sides in turn: imports, pytest and the
tests themselves are counted, as whoever runs such a suite pays for all of it. A suite counts if the
same number of its tests pass on both sides.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import environments, report
from benchmarks.environments import ORIGINAL, RESULTS, ROOT
from benchmarks.packages import SHARED

OUTPUT = RESULTS / "suites.json"
SUITES = {
    "flask-login": "0.6.3",
    "flask-cors": "6.0.5",
    "flask-httpauth": "4.8.1",
    "flask-caching": "2.5.1",
    "flask-jwt-extended": "4.7.4",
    "apiflask": "3.1.2",
    "flask-smorest": "0.47.0",
    "flask-wtf": "1.3.0",
    "flask-sqlalchemy": "3.1.1",
    "flask-dance": "7.1.0",
    "flask-compress": "1.25",
    "flask-marshmallow": "1.5.0",
    "flask-talisman": "1.1.0",
    "httpbin": "0.10.4",
}
"""The releases whose suites are run, by distribution."""

TOOLS = (
    *("pytest", "pytest-mock", "pytest-xprocess", "semantic-version", "asgiref", "cryptography"),
    *("python-dateutil", "openapi-spec-validator", "redis", "pylibmc", "freezegun", "responses"),
    *("sqlalchemy-utils", "marshmallow-sqlalchemy", "hypothesis", "flasgger", "beautifulsoup4"),
)
ROUNDS = 3
SECONDS = 300.0


def download(name: str, release: str, folder: Path, python: str) -> Path:
    """Download a source distribution and unpack it; returns the folder that it holds."""
    command = [
        python,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "--no-deps",
    ]
    command += ["--no-binary", ":all:", "--dest", str(folder), f"{name}=={release}"]
    subprocess.run(command, check=True, stdout=sys.stderr)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        opened.extractall(folder, filter="data")
    (unpacked,) = (path for path in folder.iterdir() if path.is_dir())
    return unpacked


def run_once(python: str, folder: Path, is_ours: bool) -> tuple[float, int]:
    """Run a suite; returns the seconds of CPU time that it took, and how many tests passed."""
    command = [python, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider", "--tb=no"]
    command += ["-o", "addopts="]
    with tempfile.TemporaryFile() as printed:
        process = subprocess.Popen(
            [*command, "tests"] if (folder / "tests").exists() else command,
            cwd=folder,
            env=environments.environment(is_ours=is_ours) | {"PYTHONPATH": str(folder / "src")},
            stdout=printed,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        printed.seek(0)
        text = printed.read().decode(errors="replace")
    passed = re.search(r"(\d+) passed", text)
    return usage.ru_utime + usage.ru_stime, int(passed[1]) if passed else 0


def measure_suite(name: str, release: str, pythons: dict[str, str], rounds: int) -> dict[str, Any]:
    """Run a suite by both sides in turn."""
    samples: dict[str, list[float]] = {side: [] for side in pythons}
    passed: dict[str, int] = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        unpacked = download(name, release, Path(folder), pythons["ours"])
        for number in range(-1, rounds):  # the first time, bytecode is compiled
            for side in pythons if number % 2 else reversed(pythons):
                seconds, passed[side] = run_once(pythons[side], unpacked, side == "ours")
                if number >= 0:
                    samples[side].append(seconds)
    row: dict[str, Any] = {"name": name, "release": release, "passed": passed}
    if passed["original"] != passed["ours"] or not passed["ours"]:
        return row | {"fault": f"{passed['original']} tests pass on the original"}
    ratios = [
        ours / theirs for ours, theirs in zip(samples["ours"], samples["original"], strict=True)
    ]
    return row | {
        "seconds": {side: round(median(values), 2) for side, values in samples.items()},
        "ratio": round(median(ratios), 3),
        "ratio_min": round(min(ratios), 3),
        "ratio_max": round(max(ratios), 3),
        "samples": {
            side: [round(value, 3) for value in values] for side, values in samples.items()
        },
    }


def pythons() -> dict[str, str]:
    """The interpreters of two environments that have the extensions and what their tests need."""
    wanted = [*(f"{name}=={release}" for name, release in SUITES.items()), *TOOLS]
    ours = environments.made_python("bench-suites", ["--editable", str(ROOT), *wanted])
    versions = environments.look_at(ours, is_ours=True)["versions"]
    like = [f"{name}=={versions[name]}" for name in SHARED if name in versions]
    wanted = [f"flask=={ORIGINAL}", *like, *wanted]
    return {"original": environments.made_python("bench-suites-original", wanted), "ours": ours}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.suites", description=__doc__)
    parser.add_argument("--only", action="append", default=[], choices=SUITES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args(arguments)
    both = pythons()
    rows = []
    for name, release in SUITES.items():
        if not given.only or name in given.only:
            rows.append(measure_suite(name, release, both, given.rounds))
            print(rows[-1], file=sys.stderr, flush=True)
    results = {
        "kind": "suites",
        "date": environments.today(),
        "machine": environments.machine(),
        "original": environments.look_at(both["original"]),
        "ours": environments.look_at(both["ours"], is_ours=True),
        "notes": [],
        "plan": {"rounds": given.rounds},
        "rows": rows,
    }
    print(report.suites_section(results))
    if not given.only and given.rounds == ROUNDS:
        environments.write_json(OUTPUT, results)
        report.pages.write()
    return int(any("fault" in row for row in rows))


if __name__ == "__main__":
    sys.exit(main())
