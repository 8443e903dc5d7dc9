"""Measure requests by ASGI beside the bare protocol, Falcon, Starlette, FastAPI, BlackSheep, Quart.

`python -m benchmarks.asgi` makes one environment for the peers in .work/. The processes of a row
take turns in rounds of some 20 ms; a part is the median over all rounds of (ours / theirs) in the
same round.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.asgi_apps import FACTORIES, ROWS, WITHOUT, Row
from benchmarks.environments import RESULTS, machine, made_python, today, write_json
from benchmarks.report import pages
from benchmarks.typed import Worker, versions

OUTPUT = RESULTS / "asgi.json"
FRAMEWORKS = ("blacksheep", "falcon", "fastapi", "quart", "starlette")
SERVERS = ("granian", "httptools", "uvicorn", "uvloop")


def peer_python() -> str:
    """The interpreter of the environment that has the peers."""
    return made_python("bench-asgi", (*FRAMEWORKS, *SERVERS))


def measure_row(
    name: str, row: Row, commands: dict[str, str], rounds: int, milliseconds: float
) -> dict[str, Any]:
    """Have all implementations take turns at one request."""
    samples: dict[str, list[float]] = {}
    with ExitStack() as stack:
        turns = []
        for implementation, python in commands.items():
            if name not in WITHOUT.get(implementation, ()):
                words = ("benchmarks.asgi_apps", implementation, name)
                worker = stack.enter_context(Worker(python, implementation, *words))
                turns.append((worker, whole(worker.calibrate(milliseconds), row)))
        for number in range(rounds):
            # Who goes first changes from round to round.
            for worker, count in turns if number % 2 == 0 else reversed(turns):
                samples.setdefault(worker.name, []).append(worker.spend(count))
    return row_of(name, row, samples)


def whole(count: int, row: Row) -> int:
    """A number of requests that is full of those that are in flight together."""
    return max(1, round(count / row.in_flight)) * row.in_flight


def row_of(name: str, row: Row, samples: dict[str, list[float]]) -> dict[str, Any]:
    """The results of a row as they are kept."""
    parts = {
        peer: [one / other for one, other in zip(samples["ours"], values, strict=True)]
        for peer, values in samples.items()
        if peer != "ours"
    }
    return {
        "name": name,
        "title": row.title,
        "us": {peer: round(median(values) / 1000, 2) for peer, values in samples.items()},
        "part": {peer: round(median(values), 3) for peer, values in parts.items()},
        "targets": dict(row.targets),
        "samples_ns": {peer: [round(it) for it in values] for peer, values in samples.items()},
    }


def measure(names: Sequence[str], rounds: int, milliseconds: float) -> dict[str, Any]:
    """The whole run, as the JSON that is kept."""
    peers = peer_python()
    commands = {name: sys.executable if name in ("ours", "bare") else peers for name in FACTORIES}
    rows = [measure_row(name, ROWS[name], commands, rounds, milliseconds) for name in names]
    return {
        "date": today(),
        "machine": machine(),
        "python": sys.version.split()[0],
        "versions": versions(peers, FRAMEWORKS),
        "rows": rows,
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.asgi", description=__doc__)
    parser.add_argument("--rows", nargs="+", default=list(ROWS), choices=ROWS, metavar="NAME")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--milliseconds", type=float, default=20)
    parser.add_argument("--output", type=Path, help="where the raw results go")
    options = parser.parse_args()
    results = measure(options.rows, options.rounds, options.milliseconds)
    for row in results["rows"]:
        print(row["title"], *(f"{name} {part}" for name, part in row["part"].items()), sep="; ")
    is_complete = set(options.rows) == set(ROWS) and options.rounds >= 30
    output = options.output or (OUTPUT if is_complete else None)
    if output is not None:
        write_json(output, results)
    if output == OUTPUT:
        pages.write()


if __name__ == "__main__":
    main()
