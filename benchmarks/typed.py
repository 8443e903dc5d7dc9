"""Measure a validated request beside Falcon, Litestar, FastAPI and APIFlask, in one run.

`python -m benchmarks.typed` makes two environments in .work/, one for the peers and one with the
original Flask for APIFlask. The processes take turns in rounds of some 30 ms; a part is the median
over all rounds of (ours / theirs) in the same round.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import venv
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.environments import (
    ORIGINAL,
    RESULTS,
    ROOT,
    environment,
    machine,
    today,
    write_json,
)

OUTPUT = RESULTS / "typed.json"
TARGETS = {"falcon": 1.2, "litestar": 0.3, "fastapi": 0.15, "apiflask": 0.15}
TITLES = {
    "ours": "Hipflask, WSGI, typed view",
    "falcon": "Falcon, WSGI, msgspec called by hand",
    "litestar": "Litestar, async handler, msgspec",
    "fastapi": "FastAPI, async view, pydantic",
    "apiflask": "APIFlask on the original Flask, marshmallow",
}
PEERS = ("falcon", "fastapi", "litestar", "msgspec")
WITH_ORIGINAL = (f"flask=={ORIGINAL}", "apiflask")


class Worker:
    """One process that answers the request; use it as a context manager, which ends it."""

    def __init__(self, python: str, name: str, *words: str) -> None:
        self.name = name
        self.process = subprocess.Popen(
            [python, "-m", *(words or ("benchmarks.typed_apps", name))],
            cwd=ROOT,
            env=environment(is_ours=name == "ours"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if self._line() != "ready":
            raise SystemExit(f"{name} doesn't answer the request; its error stands above")

    def spend(self, count: int) -> float:
        """Answer a number of requests; return the nanoseconds that each took."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        return int(self._line()) / count

    def calibrate(self, milliseconds: float) -> int:
        """Warm up, and find the count that takes about that long."""
        self.spend(200)
        return max(1, round(milliseconds * 1e6 / self.spend(200)))

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *error: object) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()


def environment_with(folder: str, packages: tuple[str, ...]) -> str:
    """The interpreter of an environment with these packages, made where there is none."""
    place = ROOT / ".work" / folder
    python = place / "bin" / "python"
    stamp = place / "wanted.txt"
    if not stamp.exists() or stamp.read_text() != "\n".join(packages):
        venv.create(place, with_pip=True, clear=True)
        command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*command, *packages], check=True, stdout=sys.stderr)
        stamp.write_text("\n".join(packages))
    return str(python)


def versions(python: str, names: tuple[str, ...]) -> dict[str, str]:
    code = "import sys, importlib.metadata as m\nfor n in sys.argv[1:]: print(n, m.version(n))"
    plain = [name.partition("==")[0] for name in names]
    done = subprocess.run([python, "-c", code, *plain], capture_output=True, text=True, check=True)
    return dict(line.split() for line in done.stdout.splitlines())


def measure(commands: dict[str, str], rounds: int, milliseconds: float) -> dict[str, list[float]]:
    """Nanoseconds per request by implementation, round by round."""
    samples: dict[str, list[float]] = {name: [] for name in commands}
    with ExitStack() as stack:
        workers = [stack.enter_context(Worker(python, name)) for name, python in commands.items()]
        turns = [(it, it.calibrate(milliseconds)) for it in workers]
        for number in range(rounds):
            # Who goes first changes from round to round.
            for worker, count in turns if number % 2 == 0 else reversed(turns):
                samples[worker.name].append(worker.spend(count))
    return samples


def results_of(samples: dict[str, list[float]], about: dict[str, Any]) -> dict[str, Any]:
    """The results as they are kept."""
    rows = []
    for name in TITLES:
        row: dict[str, Any] = {"name": name, "title": TITLES[name]}
        row["us"] = round(median(samples[name]) / 1000, 2)
        if name != "ours":
            parts = [one / other for one, other in zip(samples["ours"], samples[name], strict=True)]
            row |= {"part": round(median(parts), 3), "target": TARGETS[name]}
            row |= {"part_min": round(min(parts), 3), "part_max": round(max(parts), 3)}
        rows.append(row)
    kept = {name: [round(it) for it in values] for name, values in samples.items()}
    return {"date": today(), "machine": machine(), **about, "rows": rows, "samples_ns": kept}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--milliseconds", type=float, default=30)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args()
    peers = environment_with("bench-typed", PEERS)
    original = environment_with("bench-typed-original", WITH_ORIGINAL)
    commands = {"ours": sys.executable, "falcon": peers, "litestar": peers, "fastapi": peers}
    samples = measure({**commands, "apiflask": original}, options.rounds, options.milliseconds)
    known = versions(peers, PEERS) | versions(original, WITH_ORIGINAL)
    about = {"python": sys.version.split()[0], "versions": known}
    write_json(options.output, results_of(samples, about))


if __name__ == "__main__":
    main()
