"""Signals, killed workers and forks, while clients keep asking."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

from reliability.faults.asking import Reply, ask
from reliability.faults.case import TOKENS, WAIT_SECONDS, Trial, case, events, wait_until
from reliability.faults.errors import KINDS, servers
from reliability.servers import ROOT, TITLES, Server, environment, serving

APP = "reliability.faults.app:app"
CLIENTS = 4
UNDER_WAY = (
    *["/direct/slow?seconds=1.0", "/slow?seconds=1.0"] * 2,
    *["/direct/slow-stream?seconds=1.0", "/slow-stream?seconds=1.0"] * 2,
)
STREAMED = "".join(f"{number}\n" for number in range(10))
SCRIPT_SECONDS = 60
GUNICORN_GRACE_SECONDS = 30
HUNG_UP = "0 ''"


@dataclass
class Crowd:
    """Clients that ask all the time, each on a new connection for each request."""

    port: int
    path: str = "/direct/slow"
    answered: int = 0
    lost: list[str] = field(default_factory=list)

    def ask_on(self, done: threading.Event, numbers: Iterator[int]) -> None:
        while not done.is_set():
            token = f"crowd{next(numbers)}"
            try:
                reply = ask(self.port, f"{self.path}?token={token}&seconds=0.005")
            except TimeoutError:
                reply = Reply(0)
            if (reply.status, reply.text) == (200, token):
                self.answered += 1
            else:
                self.lost.append(f"{reply.status} {reply.text[:40]!r}")
                time.sleep(0.01)

    def hears(self, number: int) -> bool:
        """Wait until so many requests have had an answer, right or wrong."""
        return wait_until(lambda: self.answered + len(self.lost) >= number)

    def answers(self, more: int) -> bool:
        """Wait until so many more requests have been answered."""
        wanted = self.answered + more
        return wait_until(lambda: self.answered >= wanted)


@contextmanager
def crowd(clients: Crowd, number: int = CLIENTS) -> Iterator[Crowd]:
    """Let so many clients ask until the block ends."""
    done, numbers = threading.Event(), count()
    threads = [threading.Thread(target=clients.ask_on, args=(done, numbers)) for _ in range(number)]
    for thread in threads:
        thread.start()
    try:
        yield clients
    finally:
        done.set()
        for thread in threads:
            thread.join()


@case("coroutine views, many at once")
def ask_coroutines(trial: Trial) -> None:
    """Eight clients ask for a view that is a coroutine function, and waits a little, all at once:
    every answer is right."""
    for server in servers(trial):
        for path in ("/later", "/direct/later"):
            trial.place = f"{TITLES[server.kind]}, {path}"
            with crowd(Crowd(server.port, path), 8) as clients:
                clients.hears(100)
            trial.tried += clients.answered + len(clients.lost)
            found = sorted(set(clients.lost))
            trial.expect(not found, f"{len(clients.lost)} wrong answers, such as {found[:1]}")


@case("SIGTERM drains")
def drain(trial: Trial) -> None:
    """SIGTERM while four slow views and four slow streams are under way: all eight answers arrive
    whole, the server ends with status 0, and nothing listens any more."""
    for kind in KINDS:
        trial.place = TITLES[kind]
        with serving(kind, APP, python=trial.python, threads=12) as server:
            drain_one(trial, server)


def drain_one(trial: Trial, server: Server) -> None:
    tokens = {f"drain{next(TOKENS)}": target for target in UNDER_WAY}
    replies: dict[str, Reply] = {}

    def keep(token: str, target: str) -> None:
        replies[token] = ask(server.port, f"{target}&token={token}")

    asking = [threading.Thread(target=keep, args=pair) for pair in tokens.items()]
    for thread in asking:
        thread.start()
    have_begun = wait_until(lambda: all("began" in events(server, token) for token in tokens))
    trial.expect(have_begun, "not all began")
    server.signal(signal.SIGTERM)
    trial.equal(server.wait(), 0, "status of the server")
    for thread in asking:
        thread.join()
    for token, target in tokens.items():
        trial.tried += 1
        reply = replies.get(token, Reply(0))
        wanted = STREAMED if "stream" in target else token
        trial.equal((reply.status, reply.text), (200, wanted), target)
    trial.equal(ask(server.port, "/pid").status, 0, "an answer after the end")


@case("SIGHUP reload loses nothing")
def reload(trial: Trial) -> None:
    """SIGHUP while four clients ask without a pause: all workers are replaced, and every single
    request is answered rightly, as far as the server lets."""
    for kind in KINDS:
        trial.place = TITLES[kind]
        with (
            serving(kind, APP, python=trial.python, workers=2) as server,
            crowd(Crowd(server.port)) as clients,
        ):
            trial.expect(have_replaced(server, set()), "not all workers answer")
            before = set(server.workers())
            trial.expect(clients.answers(20), "no answers before the reload")
            server.signal(signal.SIGHUP)
            if not trial.expect(have_replaced(server, before), "workers not replaced"):
                trial.remark(f"workers {before} became {server.workers()}: {server.log[-2000:]}")
            trial.expect(clients.answers(20), "no answers after the reload")
        trial.tried += clients.answered + len(clients.lost)
        lost = [text for text in clients.lost if kind != "granian" or text != HUNG_UP]
        trial.equal(lost, [], "lost requests")
        if len(clients.lost) > len(lost):
            trial.remark(
                "Granian gives a new worker a fixed time to start (`--respawn-interval`) and then "
                "stops the old one: until the new one listens, connections are closed unanswered"
            )


def have_replaced(server: Server, gone: set[int]) -> bool:
    """Wait until there are two workers, none of those, and both of them answer.

    Gunicorn loses the signal to end that it sends to a worker which is still being forked, and
    sends it again after its graceful timeout.
    """

    def are_two() -> bool:
        now = set(server.workers())
        if gone & now or len(now) != 2:
            return False
        found = {ask(server.port, "/pid").text for _ in range(8)}
        return {str(pid) for pid in now} <= found

    return wait_until(are_two, GUNICORN_GRACE_SECONDS + WAIT_SECONDS)


@case("worker killed")
def kill_worker(trial: Trial) -> None:
    """SIGKILL to one of two workers, then to the other, while four clients ask without a pause: no
    more requests are lost than were under way, a new worker takes the place, all is right after
    it."""
    for kind in KINDS:
        trial.place = TITLES[kind]
        with (
            serving(kind, APP, python=trial.python, workers=2) as server,
            crowd(Crowd(server.port)) as clients,
        ):
            trial.expect(have_replaced(server, set()), "not all workers answer")
            for victim in server.workers():
                lost = len(clients.lost)
                trial.expect(clients.answers(20), "no answers before the kill")
                os.kill(victim, signal.SIGKILL)
                trial.expect(have_replaced(server, {victim}), "the worker was not replaced")
                trial.expect(clients.answers(20), "no answers after the kill")
                fewer = len(clients.lost) - lost
                trial.expect(fewer <= CLIENTS, f"{fewer} requests lost by {CLIENTS} clients")
        trial.tried += clients.answered + len(clients.lost)


@case("fork after first use")
def fork_after_use(trial: Trial) -> None:
    """An application that has answered requests (plain, coroutine, template, session) from several
    threads before Gunicorn forks its workers; and a process that forks forty children while its
    threads keep answering: every child answers the same requests rightly, in time."""
    for kind in ("gunicorn-sync", "gunicorn-gthread"):
        trial.place = f"{TITLES[kind]}, --preload"
        app = "reliability.faults.forking:app"
        with serving(kind, app, "--preload", python=trial.python, workers=2) as server:
            for number in range(40):
                trial.tried += 1
                for path in ("/plain", "/later", "/page", "/kept"):
                    reply = ask(server.port, f"{path}?token={number}")
                    trial.equal((reply.status, reply.text), (200, str(number)), path)
    trial.place = "forks in a busy process"
    run_script(trial, "reliability.faults.forking")


def run_script(trial: Trial, module: str) -> None:
    """Run a module that prints `{"tried": N, "failures": [...]}` and take that over."""
    begun = time.monotonic()
    done = subprocess.run(
        [trial.python, "-m", module],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SCRIPT_SECONDS,
        check=False,
    )
    took = time.monotonic() - begun
    last = done.stdout.rstrip().rpartition("\n")[2]
    if not trial.expect(last.startswith("{"), f"ended with {done.returncode} in {took:.0f} s"):
        return
    found = json.loads(last)
    trial.tried += found["tried"]
    trial.failures += [f"{trial.place}: {text}" for text in found["failures"]]
    trial.expect(done.stderr == "", f"on standard error: {done.stderr.strip()[-200:]!r}")


@case("contexts abandoned")
def abandon(trial: Trial) -> None:
    """A thousand contexts abandoned in each of eleven ways (in threads, tasks, generators, streams
    never begun, begun or closed, copied functions, clients): none is left in memory, none is
    current afterwards, the next request is right."""
    trial.place = "in one process"
    run_script(trial, "reliability.faults.abandoned")
