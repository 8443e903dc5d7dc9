"""A case: one kind of fault, what is done, and what must hold after it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from types import TracebackType
from typing import Any

from reliability.faults.asking import ask
from reliability.servers import PAUSE, Server, serving

WAIT_SECONDS = 15.0
TOKENS = count(1)


class Bench:
    """An interpreter, and the servers that run the failing application on it for several cases."""

    def __init__(self, python: str) -> None:
        self.python = python
        self.stack = ExitStack()
        self.servers: dict[str, Server] = {}

    def server(self, kind: str) -> Server:
        """A server with one worker, started when a case first asks for it."""
        if kind not in self.servers:
            running = serving(kind, "reliability.faults.app:app", python=self.python)
            self.servers[kind] = self.stack.enter_context(running)
        return self.servers[kind]

    def __enter__(self) -> Bench:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stack.close()


@dataclass
class Trial:
    """What a case has tried on one interpreter, and what did not hold."""

    bench: Bench
    tried: int = 0
    failures: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    place: str = ""

    @property
    def python(self) -> str:
        return self.bench.python

    def token(self) -> str:
        """Count one more thing tried; the answer is a name for it that no other has."""
        self.tried += 1
        return f"t{next(TOKENS)}"

    def remark(self, text: str) -> None:
        """Keep what the server does by itself, whatever the application is made with."""
        if text not in self.notes:
            self.notes.append(text)

    def expect(self, holds: object, otherwise: str) -> bool:
        """Note a failure unless something holds; the same text is kept once."""
        text = f"{self.place}: {otherwise}" if self.place else otherwise
        if not holds and text not in self.failures:
            self.failures.append(text)
        return bool(holds)

    def equal(self, got: object, wanted: object, of: str) -> bool:
        return self.expect(got == wanted, f"{of}: {got!r}, not {wanted!r}")


@dataclass(frozen=True)
class Case:
    name: str
    what: str
    run: Callable[[Trial], None]

    def on(self, bench: Bench) -> dict[str, Any]:
        """Run the case; the answer is what is kept of it."""
        trial = Trial(bench)
        try:
            self.run(trial)
        except Exception as error:
            trial.failures.append(
                f"{trial.place}: the case ended by {type(error).__name__}: {error}"
            )
        kept = {"name": self.name, "what": self.what, "tried": trial.tried}
        return {**kept, "failures": trial.failures, "notes": trial.notes}


CASES: dict[str, Case] = {}


def case(name: str) -> Callable[[Callable[[Trial], None]], Callable[[Trial], None]]:
    """Register a case under a name; the function's docstring is what the report says of it."""

    def register(run: Callable[[Trial], None]) -> Callable[[Trial], None]:
        CASES[name] = Case(name, " ".join((run.__doc__ or "").split()), run)
        return run

    return register


def wait_until(holds: Callable[[], object], seconds: float = WAIT_SECONDS) -> bool:
    """Wait until something holds; False where it never does."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(PAUSE)
    return True


def events(server: Server, token: str) -> list[str]:
    """What the application noted of the request with this token."""
    found: list[str] = json.loads(ask(server.port, f"/events?of={token}").body)
    return found


def events_with(server: Server, token: str, last: str) -> list[str]:
    """What was noted of a request, once `last` is among it or has not come in time."""
    found: list[str] = []

    def has_come() -> bool:
        found[:] = events(server, token)
        return last in found

    wait_until(has_come)
    return found
