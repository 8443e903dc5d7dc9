"""Measure requests per second over loopback: bare callable, Falcon, Bottle, the original, Hipflask.

`python -m benchmarks.sockets` (`make bench-http`). Each application is served by Granian (one
worker) and by Gunicorn (sync; gthread with 8 threads; gevent where it is installed on both sides).
All servers of a row are up at the same time and idle but one: `wrk` loads them in turn, round by
round, from another core.
"""

from __future__ import annotations

import argparse
import http.client
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from types import TracebackType
from typing import Any

from testkit.processes import ProcessGroup, free_port

from benchmarks import environments, report
from benchmarks.environments import RESULTS, ROOT
from benchmarks.run import PEERS, peer_commands, show_progress
from benchmarks.scenarios import BY_NAME, Request

OUTPUT = RESULTS / "http.json"
TARGET = "benchmarks.served:application"
HOST = "127.0.0.1"
CONNECTIONS = 16
START_SECONDS = 20.0
SERVERS: dict[str, tuple[str, ...]] = {
    "granian": (
        *("granian", "--interface", "wsgi", "--workers", "1", "--blocking-threads", "1"),
        *("--no-ws", "--http", "1", "--log-level", "error", "--host", HOST, "--port", "{port}"),
        TARGET,
    ),
}
for _kind in ("sync", "gthread", "gevent"):
    SERVERS[f"gunicorn {_kind}"] = (
        *("gunicorn", "--workers", "1", "--worker-class", _kind, "--log-level", "error"),
        *("--threads", "8" if _kind == "gthread" else "1", "--no-control-socket"),
        *("--bind", HOST + ":{port}", TARGET),
    )
# Server and scenario of each row; peers answer those scenarios they have.
ROWS = (
    ("granian", "plain"),
    ("granian", "json-out"),
    ("granian", "typical"),
    ("gunicorn sync", "plain"),
    ("gunicorn gthread", "plain"),
    ("gunicorn gevent", "plain"),
)


class LoadFailed(Exception):
    """A server did not come up, or answered with errors."""


class Server:
    """A server process group on a port of its own; use it as a context manager."""

    def __init__(
        self, command: Sequence[str], python: str, application: str, is_ours: bool
    ) -> None:
        self.port = free_port()
        variables = environments.environment(is_ours=is_ours)
        variables["BENCH_APPLICATION"] = application
        words = [python, "-m", *(word.format(port=self.port) for word in command)]
        self.folder = tempfile.TemporaryDirectory(prefix="bench-")
        self.group = ProcessGroup(
            words, Path(self.folder.name) / "log", cwd=ROOT, env=variables, preexec_fn=on_core(0)
        )

    def wait(self, request: Request) -> None:
        """Wait until it answers; raises `LoadFailed`."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.group.popen.poll() is None:
            try:
                status, _ = self.ask(request)
            except OSError:
                time.sleep(0.05)
                continue
            if status < 400:
                return
            raise LoadFailed(f"{request.path} answered {status}")
        raise LoadFailed(f"the server on port {self.port} did not come up")

    def ask(self, request: Request) -> tuple[int, str]:
        """Send one request; gives back its status and the cookies that it set."""
        headers = {"Content-Type": request.content_type} if request.content_type else {}
        with closing(http.client.HTTPConnection(HOST, self.port, timeout=10)) as connection:
            connection.request(request.method, request.path, request.body, headers)
            answer = connection.getresponse()
            answer.read()
            cookies = answer.headers.get_all("Set-Cookie", [])
            return answer.status, "; ".join(cookie.partition(";")[0] for cookie in cookies)

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.group.end()
        self.folder.cleanup()


@dataclass
class Load:
    """How long `wrk` loads one server, and how often."""

    seconds: int
    rounds: int

    def measure(self, server: Server, path: str, cookie: str) -> float:
        """Requests per second; raises `LoadFailed` where answers are not successes."""
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{self.seconds}s"]
        if cookie:
            command += ["-H", f"Cookie: {cookie}"]
        done = subprocess.run(
            [*command, f"http://{HOST}:{server.port}{path}"],
            capture_output=True,
            text=True,
            timeout=self.seconds + 30,
            preexec_fn=on_core(1),
        )
        rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
        if rate is None or "Non-2xx" in done.stdout:
            raise LoadFailed(done.stdout + done.stderr)
        return float(rate[1])


def on_core(number: int) -> Callable[[], None] | None:
    """What a child runs first to keep to one core; nothing where there is but one."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        return None
    return lambda: os.sched_setaffinity(0, {cores[number]})


def measure_row(
    server_name: str, scenario_name: str, commands: dict[str, tuple[str, bool]], load: Load
) -> dict[str, Any]:
    """Start one server per implementation, load them in turn, stop them."""
    scenario = BY_NAME[scenario_name]
    request = scenario.exchanges[0].request
    samples: dict[str, list[float]] = {}
    with ExitStack() as stack:
        running = []
        for name, (python, is_ours) in commands.items():
            if name in PEERS and not scenario.peers:
                continue
            application = name if name in PEERS else scenario.application
            server = Server(SERVERS[server_name], python, application, is_ours)
            stack.enter_context(server)
            running.append((name, server))
        cookies = {}
        for name, server in running:
            server.wait(request)
            cookies[name] = server.ask(scenario.sign_in)[1] if scenario.sign_in else ""
        for number in range(load.rounds):
            for name, server in running if number % 2 == 0 else reversed(running):
                show_progress(f"{server_name}, {scenario_name}: {name}, round {number + 1}")
                rate = load.measure(server, request.path, cookies[name])
                samples.setdefault(name, []).append(rate)
    return {
        "server": server_name,
        "request": scenario.title.partition(":")[0],
        "per_second": {name: round(median(rates)) for name, rates in samples.items()},
        "samples": {name: [round(rate) for rate in rates] for name, rates in samples.items()},
    }


def able(
    server_name: str, commands: dict[str, tuple[str, bool]], abouts: dict[str, dict[str, Any]]
) -> dict[str, tuple[str, bool]]:
    """Those implementations in whose environment that server is installed."""
    program, _, kind = server_name.partition(" ")
    return {
        name: command
        for name, command in commands.items()
        if program in abouts[command[0]]["versions"]
        and (kind != "gevent" or "gevent" in abouts[command[0]]["modules"])
    }


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """The whole run, as the JSON that is kept."""
    ours_path = arguments.ours
    original_path = environments.original_python(arguments.original, ours_path)
    original = environments.look_at(original_path)
    ours = environments.look_at(ours_path, is_ours=True)
    commands = {"original": (original_path, False), "ours": (ours_path, True)}
    commands.update(peer_commands(original, ours, (original_path, ours_path)))
    notes = environments.describe_sides(original, ours)
    for note in notes:
        print(f"note: {note}", file=sys.stderr)
    load = Load(1, 1) if arguments.quick else Load(2, 5)
    rows = []
    for server_name, scenario_name in ROWS:
        if arguments.only and server_name not in arguments.only:
            continue
        taking_part = able(server_name, commands, {original_path: original, ours_path: ours})
        if not {"original", "ours"} <= set(taking_part):
            print(f"left out: {server_name} is not installed on both sides", file=sys.stderr)
            continue
        rows.append(measure_row(server_name, scenario_name, taking_part, load))
    show_progress("")
    return {
        "kind": "http",
        "date": environments.today(),
        "machine": environments.machine(),
        "original": original,
        "ours": ours,
        "notes": notes,
        "plan": {"connections": CONNECTIONS, **vars(load)},
        "rows": rows,
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.sockets", description=__doc__)
    parser.add_argument("--ours", default=sys.executable, help="interpreter that has Hipflask")
    parser.add_argument("--original", help="interpreter that has flask==3.1.3")
    parser.add_argument("--only", action="append", default=[], metavar="SERVER")
    parser.add_argument("--quick", action="store_true", help="one second a load, once")
    parser.add_argument("--output", type=Path, help="where the raw results go")
    arguments = parser.parse_args()
    if shutil.which("wrk") is None:
        print("wrk is not installed (Debian: apt-get install wrk)", file=sys.stderr)
        return 2
    try:
        results = measure(arguments)
    except LoadFailed as error:
        print(f"nothing was measured: {error}", file=sys.stderr)
        return 2
    print(report.http_section(results))
    is_complete = not arguments.quick and not arguments.only
    output = arguments.output or (OUTPUT if is_complete else None)
    if output is not None:
        environments.write_json(output, results)
    if output == OUTPUT:
        report.pages.write()
    return 0


if __name__ == "__main__":
    sys.exit(main())
