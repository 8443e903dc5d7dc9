"""Measure requests per second over loopback: bare callable, Falcon, Bottle, the original, Hipflask.

`python -m benchmarks.sockets` (`make bench-http`). Each application is served by one process of
Granian, Bjoern, uWSGI and Gunicorn (sync; gthread with 8 threads; gevent), as far as they are
installed on both sides, each set up as its documentation has it for speed. All servers of a row
are up at the same time and idle but one: `wrk` loads them in turn, round by round, from another
core, with 1, 16 and 256 connections.

uWSGI and Bjoern are compiled where they are installed, so no extra brings them:
`pip install uwsgi bjoern` (Debian: apt-get install gcc libev-dev) into both environments.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing, suppress
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
CONNECTIONS = (1, 16, 256)
START_SECONDS = 20.0
GUNICORN = ("gunicorn", "--workers", "1", "--log-level", "error", "--no-control-socket")
BIND = ("--bind", HOST + ":{port}", TARGET)
SERVERS: dict[str, tuple[str, ...]] = {
    "granian": (
        *("granian", "--interface", "wsgi", "--workers", "1", "--blocking-threads", "1"),
        *("--no-ws", "--http", "1", "--log-level", "error", "--host", HOST, "--port", "{port}"),
        TARGET,
    ),
    "bjoern": ("benchmarks.served_by_bjoern", HOST, "{port}"),
    # A second process, in C, keeps the connections.
    "uwsgi": (
        *("uwsgi", "--http", HOST + ":{port}", "--http-keepalive", "--add-header"),
        *("Connection: Keep-Alive", "--module", TARGET, "--processes", "1", "--master"),
        *("--need-app", "--disable-logging", "--listen", "128"),
    ),
    "gunicorn gthread": (*GUNICORN, "--worker-class", "gthread", "--threads", "8", *BIND),
    "gunicorn gevent": (*GUNICORN, "--worker-class", "gevent", *BIND),
    "gunicorn sync": (*GUNICORN, "--worker-class", "sync", *BIND),
}
PROGRAMS = frozenset({"uwsgi"})
"""Servers that are started as programs, not as modules."""

ALL = ("bare", "falcon", "bottle", "original", "ours")
WITH_BARE = ("bare", "original", "ours")
# Server, scenario, who takes part and with how many connections. With the bare callable, a server
# shows how much of the time is its own.
ROWS: tuple[tuple[str, str, tuple[str, ...], tuple[int, ...]], ...] = (
    ("granian", "plain", ALL, CONNECTIONS),
    ("granian", "json-out", WITH_BARE, (16,)),
    ("granian", "typical", WITH_BARE, CONNECTIONS),
    ("bjoern", "plain", WITH_BARE, CONNECTIONS),
    ("bjoern", "typical", WITH_BARE, CONNECTIONS),
    ("uwsgi", "plain", WITH_BARE, CONNECTIONS),
    ("uwsgi", "typical", WITH_BARE, CONNECTIONS),
    ("gunicorn gthread", "plain", WITH_BARE, CONNECTIONS),
    ("gunicorn gthread", "typical", WITH_BARE, CONNECTIONS),
    ("gunicorn gevent", "plain", WITH_BARE, (16,)),
    ("gunicorn sync", "plain", WITH_BARE, (16,)),
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
        start = [python, "-m"]
        if command[0] in PROGRAMS:
            start = [str(Path(python).parent / command[0])]
            command = command[1:]
        words = [*start, *(word.format(port=self.port) for word in command)]
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

    def cpu_seconds(self) -> float:
        """CPU time of the server's processes so far; 0 where /proc doesn't say."""
        ticks = 0
        for path in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                fields = path.read_text().rpartition(")")[2].split()
                if int(fields[2]) == self.group.popen.pid:
                    ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

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
class Turn:
    """What one turn of `wrk` came to."""

    per_second: float
    cpu_us: float
    """Microseconds of CPU time that the server's processes took for a request."""
    latencies: dict[str, float]
    """Milliseconds within which so many per cent of the requests were answered."""


@dataclass
class Load:
    """How long `wrk` loads one server, and how often."""

    seconds: int
    rounds: int

    def measure(self, server: Server, path: str, cookie: str, connections: int) -> Turn:
        """Load the server once; raises `LoadFailed` where answers are not successes."""
        command = ["wrk", "-t1", f"-c{connections}", f"-d{self.seconds}s", "--latency"]
        if cookie:
            command += ["-H", f"Cookie: {cookie}"]
        before = server.cpu_seconds()
        done = subprocess.run(
            [*command, f"http://{HOST}:{server.port}{path}"],
            capture_output=True,
            text=True,
            timeout=self.seconds + 30,
            preexec_fn=on_core(1),
        )
        rate = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
        count = re.search(r"(\d+) requests in", done.stdout)
        if rate is None or count is None or "Non-2xx" in done.stdout:
            raise LoadFailed(done.stdout + done.stderr)
        spent = server.cpu_seconds() - before
        return Turn(float(rate[1]), spent / int(count[1]) * 1e6, latencies(done.stdout))


UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}


def latencies(report: str) -> dict[str, float]:
    """The percentiles that `wrk` printed, in milliseconds."""
    found = re.findall(r"^\s+(50|90|99)%\s+([\d.]+)(us|ms|s|m)$", report, re.MULTILINE)
    return {percent: float(value) * UNITS[unit] for percent, value, unit in found}


def on_core(number: int) -> Callable[[], None] | None:
    """What a child runs first to keep to one core; nothing where there is but one."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        return None
    return lambda: os.sched_setaffinity(0, {cores[number]})


def measure_rows(
    server_name: str,
    scenario_name: str,
    counts: Sequence[int],
    commands: dict[str, tuple[str, bool]],
    load: Load,
) -> list[dict[str, Any]]:
    """Start one server per implementation, load them in turn, stop them; a row for each count of
    connections.
    """
    scenario = BY_NAME[scenario_name]
    request = scenario.exchanges[0].request
    turns: dict[int, dict[str, list[Turn]]] = {count: {} for count in counts}
    with ExitStack() as stack:
        running = []
        for name, (python, is_ours) in commands.items():
            application = name if name in PEERS else scenario.application
            server = Server(SERVERS[server_name], python, application, is_ours)
            stack.enter_context(server)
            running.append((name, server))
        cookies, paths = {}, {}
        for name, server in running:
            # The bare callable has one answer only, whatever the others answer.
            own = (
                request
                if name not in PEERS or name in scenario.peers
                else BY_NAME["plain"].exchanges[0].request
            )
            server.wait(own)
            paths[name] = own.path
            signs_in = scenario.sign_in is not None and name not in PEERS
            cookies[name] = server.ask(scenario.sign_in)[1] if signs_in else ""
        for count, number in itertools.product(counts, range(load.rounds)):
            for name, server in running if number % 2 == 0 else reversed(running):
                show_progress(f"{server_name}, {scenario_name}: {name}, {count}, {number + 1}")
                turn = load.measure(server, paths[name], cookies[name], count)
                turns[count].setdefault(name, []).append(turn)
    title = scenario.title.partition(":")[0]
    return [
        {"server": server_name, "request": title, "connections": count, **summary(turns[count])}
        for count in counts
    ]


def summary(turns: dict[str, list[Turn]]) -> dict[str, Any]:
    """The medians of all turns, the rates of each, and ratios by turns of the same round."""

    def medians(value: Callable[[Turn], float], digits: int | None) -> dict[str, float]:
        return {name: round(median(map(value, all_of)), digits) for name, all_of in turns.items()}

    def ratio(slow: str, fast: str, value: Callable[[Turn], float]) -> float:
        pairs = zip(turns[slow], turns[fast], strict=True)
        return round(median(value(one) / value(other) for one, other in pairs), 2)

    row: dict[str, Any] = {
        "per_second": medians(lambda turn: turn.per_second, None),
        "cpu_us": medians(lambda turn: turn.cpu_us, 1),
        "latency_ms": {
            name: {
                percent: round(median(turn.latencies[percent] for turn in all_of), 3)
                for percent in all_of[0].latencies
            }
            for name, all_of in turns.items()
        },
        "rate_ratio": ratio("ours", "original", lambda turn: turn.per_second),
        "samples": {
            name: [round(turn.per_second) for turn in all_of] for name, all_of in turns.items()
        },
    }
    if all(turn.cpu_us for all_of in turns.values() for turn in all_of):
        row["cpu_ratio"] = ratio("original", "ours", lambda turn: turn.cpu_us)
    return row


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
    load = Load(1, 1) if arguments.quick else Load(1, 5)
    rows = []
    for server_name, scenario_name, names, counts in ROWS:
        if arguments.only and server_name not in arguments.only:
            continue
        taking_part = able(
            server_name,
            {name: commands[name] for name in names if name in commands},
            {original_path: original, ours_path: ours},
        )
        if not {"original", "ours"} <= set(taking_part):
            print(f"left out: {server_name} is not installed on both sides", file=sys.stderr)
            continue
        rows += measure_rows(server_name, scenario_name, counts, taking_part, load)
    show_progress("")
    return {
        "kind": "http",
        "date": environments.today(),
        "machine": environments.machine(),
        "original": original,
        "ours": ours,
        "notes": notes,
        "plan": vars(load),
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
