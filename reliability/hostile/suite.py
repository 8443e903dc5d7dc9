"""All cases, and what is recorded of a run."""

from __future__ import annotations

import json
import platform
import time
import typing as t
from importlib import metadata
from pathlib import Path

from benchmarks.environments import machine, today

# Each module enters its cases when it is imported.
from . import (  # noqa: F401
    escaping,
    expressions,
    fuzz,
    growth,
    guided,
    hosts,
    injection,
    limits,
    routes,
    tokens,
    traversal,
    wire,
)
from .case import CASES, Case, Tally
from .known import KNOWN

LIBRARIES = ["flask", "werkzeug", "jinja2", "itsdangerous", "markupsafe", "click", "blinker"]
LIBRARIES += ["hypothesis", "atheris"]


def run(case: Case, seconds: float, examples: int = 500) -> dict[str, t.Any]:
    """Run a case; return what is recorded of it."""
    tally = Tally(seconds=seconds, examples=examples)
    started = time.monotonic()
    case.run(tally)
    record: dict[str, t.Any] = {
        "name": case.name,
        "what": case.what,
        "tried": tally.tried,
        "failures": tally.failures,
        "seconds": round(time.monotonic() - started, 1),
    }
    known = KNOWN.get(case.name, {})
    kinds = [failure.partition(": ")[0] for failure in tally.failures]
    notes = list(dict.fromkeys(known[kind] for kind in kinds if kind in known))
    if notes:
        record["notes"] = notes
    if tally.skipped:
        record["skipped"] = tally.skipped
    return record


def write(path: Path, records: list[dict[str, t.Any]]) -> None:
    """Record a run; what the file has of other cases stays, and cases that were skipped don't."""
    kept: dict[str, dict[str, t.Any]] = {}
    if path.exists():
        kept = {record["name"]: record for record in json.loads(path.read_text())["cases"]}
    kept.update((record["name"], record) for record in records)
    cases = [kept[case.name] for case in CASES if case.name in kept]
    result = {"cases": [it for it in cases if "skipped" not in it], **describe()}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n")


def describe() -> dict[str, t.Any]:
    """What a run was made with, and when."""
    versions = {"python": f"{platform.python_implementation()} {platform.python_version()}"}
    for name in LIBRARIES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return {"kind": "hostile", "machine": machine(), "versions": versions, "date": today()}


__all__ = ["CASES", "describe", "run", "write"]
