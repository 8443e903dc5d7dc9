"""Measure requests per second by ASGI servers: `python -m benchmarks.asgi_sockets`.

Each application is served by uvicorn and by Granian, with one worker. All servers of a row are up
at the same time and idle but one: `wrk` loads them in turn, round by round, from another core.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from contextlib import ExitStack
from operator import truediv
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.asgi import FRAMEWORKS, SERVERS, peer_python
from benchmarks.asgi_apps import FACTORIES, ROWS, WITHOUT
from benchmarks.environments import RESULTS, ROOT, machine, made_python, today, write_json
from benchmarks.report import pages
from benchmarks.scenarios import Request
from benchmarks.sockets import HOST, Load, LoadFailed, Server
from benchmarks.typed import versions

OUTPUT = RESULTS / "asgi-http.json"
TARGET = "benchmarks.asgi_apps:create"
COMMANDS: dict[str, tuple[str, ...]] = {
    "uvicorn": (
        *("uvicorn", TARGET, "--factory", "--interface", "asgi3", "--workers", "1"),
        *("--log-level", "error", "--no-access-log", "--host", HOST, "--port", "{port}"),
    ),
    "granian": (
        *("granian", "--interface", "asgi", "--factory", "--workers", "1", "--no-ws"),
        *("--http", "1", "--log-level", "error", "--host", HOST, "--port", "{port}", TARGET),
    ),
}
CONNECTIONS = 16
MEASURED = ("async-text", "async-json", "sync-1")
SYNC = "sync view, text"


def measure_row(
    server_name: str, row_name: str, pythons: dict[str, str], load: Load
) -> dict[str, Any]:
    """Start a server for each implementation, load them in turn, stop them."""
    row = ROWS[row_name]
    rates: dict[str, list[float]] = {}
    times: dict[str, list[float]] = {}
    with ExitStack() as stack:
        running = []
        for name in FACTORIES:
            if row_name not in WITHOUT.get(name, ()):
                python = pythons["ours" if name in ("ours", "bare") else "peers"]
                server = Server(COMMANDS[server_name], python, name, name == "ours")
                running.append((name, stack.enter_context(server)))
        for _, server in running:
            server.wait(Request(row.path))
        for number in range(load.rounds):
            for name, server in running if number % 2 == 0 else reversed(running):
                turn = load.measure(server, row.path, "", CONNECTIONS)
                rates.setdefault(name, []).append(turn.per_second)
                times.setdefault(name, []).append(turn.cpu_us)
    return {
        "server": server_name,
        "request": SYNC if row_name == "sync-1" else row.title,
        "per_second": {name: round(median(values)) for name, values in rates.items()},
        "cpu_us": {name: round(median(values), 1) for name, values in times.items()},
        "of_bare": round(median(map(truediv, rates["ours"], rates["bare"])), 3),
        "of_bare_by_cpu": round(median(map(truediv, times["bare"], times["ours"])), 3),
        "samples": {name: [round(rate) for rate in values] for name, values in rates.items()},
        "samples_us": {name: [round(it, 1) for it in values] for name, values in times.items()},
    }


def measure(load: Load) -> dict[str, Any]:
    """The whole run, as the JSON that is kept."""
    peers = peer_python()
    known = versions(peers, (*FRAMEWORKS, *SERVERS))
    like = [f"{name}=={known[name]}" for name in SERVERS]
    pythons = {"peers": peers, "ours": made_python("bench-asgi-ours", ["-e", str(ROOT), *like])}
    return {
        "date": today(),
        "machine": machine(),
        "python": sys.version.split()[0],
        "versions": known,
        "plan": {"connections": CONNECTIONS, **vars(load)},
        "rows": [
            measure_row(server, row, pythons, load) for server in COMMANDS for row in MEASURED
        ],
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.asgi_sockets", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one second a load, once")
    parser.add_argument("--output", type=Path, help="where the raw results go")
    arguments = parser.parse_args()
    if shutil.which("wrk") is None:
        print("wrk is not installed (Debian: apt-get install wrk)", file=sys.stderr)
        return 2
    try:
        results = measure(Load(1, 1) if arguments.quick else Load(1, 5))
    except LoadFailed as error:
        print(f"nothing was measured: {error}", file=sys.stderr)
        return 2
    for row in results["rows"]:
        print(row["server"], row["request"], row["cpu_us"], row["of_bare_by_cpu"], sep="; ")
    output = arguments.output or (None if arguments.quick else OUTPUT)
    if output is not None:
        write_json(output, results)
    if output == OUTPUT:
        pages.write()
    return 0


if __name__ == "__main__":
    sys.exit(main())
