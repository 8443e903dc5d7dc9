"""Mixed traffic on real servers: `python -m reliability.load --server gunicorn-gthread`.

Pages, JSON, uploads, downloads, errors, slow clients and clients that vanish, all at once, at a
steady rate. Each answer must carry its own request's token by every way the application has;
memory and descriptors of the workers are watched. Ends with status 1 where anything failed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import shlex
import sys
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Any

from benchmarks.environments import machine, today, write_json

from reliability import traffic, watch
from reliability.about import versions
from reliability.app import read_balance
from reliability.client import BrokenAnswer
from reliability.faults.asking import ask
from reliability.servers import BY_ASGI, TITLES, Server, ServerFailed, serving
from reliability.traffic import User, Wrong

RESULTS = Path(__file__).parent / "results"
SIDES = {"ours": "load.json", "original": "load-original.json", "quart": "load-quart.json"}
ASGI_RESULTS = "load-asgi.json"
APPS = {"quart": "reliability.quart_app:app"}
"""What is loaded on a side, if not `reliability.app`."""
WSGI_SERVERS = ("gunicorn-gthread", "gunicorn-gevent", "granian")
SERVERS = (*WSGI_SERVERS, *BY_ASGI)
WORKERS, THREADS = 2, 16
USERS, SLOW_USERS = 24, 6
RATE = 150.0
VANISHING_EACH_SECOND = 4.0
SETTLE_SECONDS = 30.0
# The C library's arenas, one a thread otherwise, and its caches, of some megabytes for 16 threads,
# fill up over hours with what no longer is in use, and hide what a program itself would lose. The
# first is a usual setting of threaded Python servers; the second is for this measurement alone.
VARIABLES = {
    "MALLOC_ARENA_MAX": "2",
    "GLIBC_TUNABLES": "glibc.malloc.tcache_count=0",
}
MOST_SHOWN = 20
# Memory is flat where its line rises, over the whole time, by less than so many standard deviations
# of the single seconds about that line.
FLAT_DEVIATIONS = 2.0
# Blocks of memory that Python may have more after a load: caches, and less than one in 50 requests.
CACHED_BLOCKS, BLOCKS_PER_REQUEST = 2000, 0.02


@dataclass
class Counts:
    """What one kind of client met."""

    sent: int = 0
    seconds: list[float] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        ordered = sorted(self.seconds) or [0.0]
        picks = {"p50": 0.5, "p99": 0.99, "most": 1.0}
        ms = {n: ordered[min(len(ordered) - 1, int(len(ordered) * p))] for n, p in picks.items()}
        return {"sent": self.sent, "ms": {name: round(val * 1000, 1) for name, val in ms.items()}}


class Load:
    """One load on one running server."""

    def __init__(self, server: Server, seconds: float, rate: float) -> None:
        self.server = server
        self.seconds = seconds
        self.rate = rate
        self.counts: dict[str, Counts] = defaultdict(Counts)
        self.failures: list[str] = []
        self.users = [self._user(f"user{number}") for number in range(USERS)]
        self.slow = [self._user(f"slow{number}") for number in range(SLOW_USERS)]
        self.vanishing = self._user("ghost")
        self.turn = 0

    @property
    def everybody(self) -> list[User]:
        return [*self.users, *self.slow, self.vanishing]

    def _user(self, name: str) -> User:
        return User(name, self.server.port, random.Random(name))

    async def run(self) -> None:
        """All clients at once until the time is over; what they began is then ended."""
        for user in self.everybody:
            await self.do(traffic.enter, user)
        self.begun = time.monotonic()
        self.ends = self.begun + self.seconds
        async with asyncio.TaskGroup() as group:
            for user in self.users:
                group.create_task(self._be_ordinary(user))
            for number, user in enumerate(self.slow):
                group.create_task(self._be_slow(user, number))
            group.create_task(self._vanish(group))
        self.hang_up()

    def hang_up(self) -> None:
        for user in self.everybody:
            user.hang_up()

    async def _be_ordinary(self, user: User) -> None:
        kinds, weights = list(traffic.ORDINARY), list(traffic.ORDINARY.values())
        while await self._wait_for_turn():
            await self.do(user.random.choices(kinds, weights)[0], user)

    async def _wait_for_turn(self) -> bool:
        """Sleep until the next free place in the steady row of requests; False after the last."""
        at = self.begun + self.turn / self.rate
        self.turn += 1
        await asyncio.sleep(at - time.monotonic())
        return at < self.ends and time.monotonic() < self.ends

    async def _be_slow(self, user: User, number: int) -> None:
        while time.monotonic() < self.ends:
            await self.do(traffic.SLOW[number % len(traffic.SLOW)], user)
            number += 1

    async def _vanish(self, group: asyncio.TaskGroup) -> None:
        number = 0
        while time.monotonic() < self.ends:
            kind = traffic.VANISHING[number % len(traffic.VANISHING)]
            group.create_task(self.do(kind, self.vanishing))
            number += 1
            await asyncio.sleep(1 / VANISHING_EACH_SECOND)

    async def do(self, kind: Callable[[User], Awaitable[Any]], user: User) -> None:
        """Do one kind of request; what goes wrong is kept and the load goes on."""
        name = kind.__name__
        begun = time.monotonic()
        self.counts[name].sent += 1
        try:
            await kind(user)
        except (Wrong, BrokenAnswer, OSError, asyncio.IncompleteReadError, ValueError) as error:
            at = begun - getattr(self, "begun", begun)
            self.failures.append(f"{name} at {at:.1f} s: {type(error).__name__}: {error}")
            user.hang_up()
        else:
            self.counts[name].seconds.append(time.monotonic() - begun)


def run_on(
    kind: str,
    seconds: float,
    rate: float = RATE,
    python: str = sys.executable,
    app: str = "reliability.app:app",
) -> dict[str, Any]:
    """Start a server, load it, stop it; the answer is what is kept of it.

    `python` is the interpreter whose `flask` is loaded.
    """
    options = {"python": python, "workers": WORKERS, "threads": THREADS}
    with serving(kind, app, **options, **VARIABLES) as server:
        pids = server.workers()
        early = asyncio.run(warm_up(server, min(10.0, seconds / 10)))
        settle(server)
        before = {pid: watch.descriptors(pid) for pid in pids}
        blocks_before = blocks(server)
        load = Load(server, seconds, rate)
        load.failures += early
        spent = sum(map(watch.processor_seconds, pids))
        with watch.Watch(pids) as seen:
            asyncio.run(load.run())
        took = time.monotonic() - load.begun
        spent = sum(map(watch.processor_seconds, pids)) - spent
        settle(server, before)
        after = {pid: watch.descriptors(pid) for pid in pids}
        if server.workers() != pids:
            load.failures.append(f"workers {pids} became {server.workers()}")
        blocks_after = blocks(server)
        balance = read_balance(server.folder)
        log = server.log
        server_words = [Path(shlex.quote(word)).name for word in server.arguments]
    asked = sum(user.asked for user in load.everybody)
    result: dict[str, Any] = {
        "server": kind,
        "command": " ".join([*map("=".join, VARIABLES.items()), "python", *server_words]),
        "seconds": round(took, 1),
        "requests": asked,
        "per_second": round(asked / took, 1),
        "processor_percent": round(100 * spent / took, 1),
        "kinds": {name: counts.as_json() for name, counts in sorted(load.counts.items())},
        "raised": sum(user.raised for user in load.everybody),
        "renewed": sum(user.renewed for user in load.everybody),
        "balance": balance,
        "memory": memory(list(seen.rss.values()), asked),
        "blocks": {"before": list(blocks_before.values()), "after": list(blocks_after.values())},
        "descriptors": {
            "before": list(before.values()),
            "most": [max(seen.fds[pid], default=0) for pid in pids],
            "after": list(after.values()),
        },
        "failure_count": len(load.failures),
        "failures": load.failures[:MOST_SHOWN],
    }
    result["failures"] += faults_of(result, log)
    return result


async def warm_up(server: Server, seconds: float) -> list[str]:
    """Make what is made on first use, and use as much memory at once as the load will at most.

    All kinds of requests by all users, then some seconds as fast as it goes, then as many
    coroutines at once as there are threads, each of which keeps an event loop.
    """
    load = Load(server, 0.0, inf)
    for kind in (traffic.enter, *traffic.ORDINARY):
        await asyncio.gather(*(load.do(kind, user) for user in load.users))
        load.hang_up()
    failures = load.failures
    fast = Load(server, seconds, inf)
    await fast.run()
    failures += fast.failures
    held: list[int] = []
    for _ in range(10):
        await asyncio.gather(*(load.do(_occupy, user) for user in load.users * 2))
        settle(server)
        before, held = held, [watch.descriptors(pid) for pid in server.workers()]
        if held == before:
            break
    return [f"warming up: {text}" for text in failures]


async def _occupy(user: User) -> None:
    """Keep a thread busy with a coroutine for so long that others come to others."""
    other = User(user.name, user.port, user.random, user.cookie)
    try:
        await traffic.later(other, 0.3)
    finally:
        other.hang_up()


def settle(server: Server, before: dict[int, int] | None = None) -> None:
    """Wait until no request is under way and descriptors are back to what they were before."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < deadline:
        balance = read_balance(server.folder)
        is_quiet = not unbalanced(balance)
        if is_quiet and all(watch.descriptors(p) <= n for p, n in (before or {}).items()):
            return
        time.sleep(0.1)


def blocks(server: Server) -> dict[int, int]:
    """Ask every worker how many blocks of memory Python has in use, garbage collected before."""
    found: dict[int, int] = {}
    deadline = time.monotonic() + SETTLE_SECONDS
    while set(found) != set(server.workers()):
        if time.monotonic() > deadline:
            raise ServerFailed(f"of {server.workers()} only {list(found)} answer")
        answer = json.loads(ask(server.port, "/blocks").body)
        found.setdefault(answer["pid"], answer["blocks"])
    return dict(sorted(found.items()))


def memory(rss: list[list[int]], requests: int) -> dict[str, Any]:
    """The samples of each worker, and how steep they are together once the server is warm."""
    whole = [sum(each) for each in zip(*rss, strict=True)]
    warm_up = len(whole) // 3
    kept: dict[str, Any] = {"warm_up": warm_up, "rss_kib": rss}
    warm = whole[warm_up:]
    if len(warm) >= 3 * watch.BLOCK:
        rise, half = watch.slope(warm)
        deviation = watch.deviation(warm, rise)
        scale = 1024 * len(whole) / requests
        kept["slope_kib_per_minute"] = [round(rise * 60, 1), round(half * 60, 1)]
        kept["bytes_per_request"] = [round(rise * scale, 1), round(half * scale, 1)]
        kept["rise_kib"] = round(rise * len(warm))
        kept["deviation_kib"] = round(deviation)
        kept["flat"] = rise - half <= 0 or rise * len(warm) <= FLAT_DEVIATIONS * deviation
    return kept


def faults_of(result: dict[str, Any], log: str) -> list[str]:
    """What a whole load got wrong, apart from single answers."""
    balance = result["balance"]
    faults = unbalanced(balance)
    if balance["mixed"]:
        faults.append(f"{balance['mixed']} teardowns saw another request's context")
    for first, last in zip(*(result["descriptors"][at] for at in ("before", "after")), strict=True):
        if last > first:
            faults.append(f"a worker had {first} descriptors open before, {last} after")
    more = sum(result["blocks"]["after"]) - sum(result["blocks"]["before"])
    if more > CACHED_BLOCKS + BLOCKS_PER_REQUEST * result["requests"]:
        faults.append(f"{more} more blocks of memory in use than before")
    if not result["memory"].get("flat", True):
        faults.append(f"memory rises: {result['memory']['slope_kib_per_minute']} KiB a minute")
    faults += unplanned(log)
    return faults


def unbalanced(balance: dict[str, int]) -> list[str]:
    """What has begun and not ended, or ended too often."""
    faults = []
    if balance["begun"] + balance["resumed"] != balance["ended"]:
        faults.append(
            f"{balance['begun']} requests began, {balance['resumed']} kept their context for a "
            f"stream, and there were {balance['ended']} teardowns"
        )
    if balance["opened"] != balance["closed"]:
        faults.append(f"{balance['opened']} streams opened, {balance['closed']} were closed")
    return faults


def unplanned(log: str) -> list[str]:
    """The last lines of those tracebacks in a server's log that no request asked for."""
    found = []
    for trace in re.split(r"^Traceback \(most recent call last\):$", log, flags=re.MULTILINE)[1:]:
        last = next((line for line in trace.split("\n")[1:] if line[:1].strip()), "")
        if not last.startswith("reliability.app.Planned: "):
            found.append(f"in the log: {last[:200]}")
    return sorted(set(found))


def measure(kind: str, seconds: float, rate: float, python: str, side: str) -> dict[str, Any]:
    print(f"{TITLES[kind]}: {seconds:g} s at {rate:g} requests a second", file=sys.stderr)
    row = run_on(kind, seconds, rate, python, APPS.get(side, "reliability.app:app"))
    print(summary(row), file=sys.stderr)
    return {
        "kind": "load",
        "date": today(),
        "machine": machine(),
        "versions": versions(python),
        "plan": {
            "seconds": seconds,
            "rate": rate,
            "users": USERS,
            "slow": SLOW_USERS,
            "vanishing": VANISHING_EACH_SECOND,
            "workers": WORKERS,
            "threads": THREADS,
        },
        "servers": [row],
    }


def summary(row: dict[str, Any]) -> str:
    words = [f"{row['requests']} requests, {row['per_second']} a second"]
    words.append(f"{row['processor_percent']} % of a core")
    words.append(f"blocks {row['blocks']}")
    if "bytes_per_request" in row["memory"]:
        words.append("memory {} +- {} bytes a request".format(*row["memory"]["bytes_per_request"]))
    lines = ["  " + ", ".join(words), *(f"  FAILED {text}" for text in row["failures"])]
    worst = sorted(row["kinds"].items(), key=lambda item: -item[1]["ms"]["most"])[:3]
    lines += [f"  {name}: {counts['sent']}, {counts['ms']}" for name, counts in worst]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="reliability.load", description=__doc__)
    parser.add_argument("--server", action="append", choices=list(TITLES), help="default: five")
    parser.add_argument("--seconds", type=float, default=30.0, help="of load on each server")
    parser.add_argument("--rate", type=float, default=RATE, help="ordinary requests a second")
    parser.add_argument("--python", default=sys.executable, help="interpreter whose flask it is")
    parser.add_argument("--side", choices=SIDES, default="ours", help="what is loaded")
    parser.add_argument("--record", action="store_true", help="keep the results as that side's")
    arguments = parser.parse_args()
    has_failed = False
    for kind in arguments.server or SERVERS:
        options = arguments.seconds, arguments.rate, arguments.python, arguments.side
        results = measure(kind, *options)
        has_failed |= bool(results["servers"][0]["failures"])
        if arguments.record:
            by_asgi = arguments.side == "ours" and kind in BY_ASGI
            path = RESULTS / (ASGI_RESULTS if by_asgi else SIDES[arguments.side])
            write_json(path, merged(path, results))
    return int(has_failed)


def merged(path: Path, results: dict[str, Any]) -> dict[str, Any]:
    """These results, with those kept of servers that were not run this time."""
    if path.exists():
        kept = json.loads(path.read_text())
        rows = {row["server"]: row for row in (*kept["servers"], *results["servers"])}
        results["servers"] = [rows[name] for name in SERVERS if name in rows]
    return results


if __name__ == "__main__":
    sys.exit(main())
