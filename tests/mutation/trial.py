"""Run tests against one changed module, in a forked process, without touching the sources.

The changed text of a module is compiled in place of its file when the child imports it. So a
trial needs no copy of the tree, and several can run at once. The parent imports what all trials
need, but never ``flask``.
"""

from __future__ import annotations

import enum
import importlib.abc
import importlib.machinery
import importlib.util
import itertools
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "src"
SECONDS = 90
REPLAYED = "differential"
PRELOADED = (
    "asgiref.sync",
    "click.testing",
    "gevent",
    "hypothesis",
    "jinja2",
    "pytest",
    "itsdangerous",
    "werkzeug.debug",
    "werkzeug.test",
)


class Outcome(enum.Enum):
    """How a trial ended."""

    KILLED = "killed"
    SURVIVED = "survived"


@dataclass(frozen=True)
class Trial:
    """A module's changed text, and the tests that have to notice the change.

    :param path: the module's file, relative to ``src``.
    :param tests: test files relative to the root; ``differential:TOPIC`` replays one topic, and
        ``differential:`` each fourth scenario of all topics.
    """

    path: str
    text: str
    tests: tuple[str, ...]

    @property
    def module(self) -> str:
        name = self.path.removesuffix(".py").removesuffix("/__init__")
        return name.replace("/", ".")


class ChangedModule(importlib.abc.MetaPathFinder, importlib.machinery.SourceFileLoader):
    """Imports one module from a text in place of its file."""

    def __init__(self, trial: Trial) -> None:
        super().__init__(trial.module, str(SOURCES / trial.path))
        self.text = trial.text

    def find_spec(
        self, fullname: str, path: object = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self.name:
            return None
        return importlib.util.spec_from_file_location(fullname, self.path, loader=self)

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.text, self.path, "exec", dont_inherit=True)


def preload() -> None:
    """Import what no trial changes, so that each one starts quickly."""
    for name in PRELOADED:
        importlib.import_module(name)
    assert "flask" not in sys.modules


def run_all(trials: Iterable[Trial], jobs: int) -> Iterator[tuple[Trial, Outcome, float]]:
    """Run the trials in so many processes at once; yield each with its outcome and seconds."""
    preload()
    waiting = iter(trials)
    running: dict[int, tuple[Trial, float]] = {}
    while True:
        while len(running) < jobs and (trial := next(waiting, None)) is not None:
            running[start(trial)] = trial, time.monotonic()
        if not running:
            return
        for pid in list(running):
            trial, since = running[pid]
            spent = time.monotonic() - since
            if (outcome := ended(pid, spent)) is not None:
                del running[pid]
                yield trial, outcome, spent
        time.sleep(0.02)


def start(trial: Trial) -> int:
    """Fork a process that runs the trial's tests and ends with 0 if all of them passed."""
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        os.setsid()
        silence()
        sys.meta_path.insert(0, ChangedModule(trial))
        with tempfile.TemporaryDirectory() as folder:
            os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = folder
            status = run_tests(trial.tests)
    except BaseException:
        status = 1
    finally:
        os._exit(status)
    raise AssertionError


def ended(pid: int, spent: float) -> Outcome | None:
    """The outcome of a process that has ended or whose time is up, otherwise None."""
    found, status = os.waitpid(pid, os.WNOHANG)
    if found:
        return Outcome.KILLED if status else Outcome.SURVIVED
    if spent < SECONDS:
        return None
    os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return Outcome.KILLED  # it would have run on


def silence() -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nowhere, number)


def run_tests(tests: Sequence[str]) -> int:
    """Run the tests up to the first failure; the answer is 0 if there was none."""
    import pytest

    os.chdir(ROOT)
    sys.path[:0] = [str(ROOT), str(SOURCES)]
    for kind, names in grouped(tests):
        status = replay(names) if kind == REPLAYED else int(pytest.main([*WORDS, *names]))
        if status:
            return status
    return 0


WORDS = (
    *("-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"),
    # Hypothesis is preloaded.
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
    # Tests that carry a mark need more than the package; see the Makefile.
    "-m",
    "not (browser or deploy or extensions or hostile or packaging or reliability or storefront"
    " or typing)",
)


def grouped(tests: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    """Put neighbouring tests of a kind together: files of pytest's, or topics to be replayed."""
    prefix = f"{REPLAYED}:"
    for is_replayed, names in itertools.groupby(tests, lambda test: test.startswith(prefix)):
        if is_replayed:
            yield REPLAYED, [name.removeprefix(prefix) for name in names]
        else:
            yield "pytest", list(names)


def replay(topics: Sequence[str]) -> int:
    """Replay recorded scenarios, with no more than their observations compared."""
    from tests.differential import harness
    from tests.differential.differences import reason_for
    from tests.differential.run import recorded

    records = recorded()
    for topic in topics:
        scenarios = list(harness.load([topic] if topic else []).items())
        for identity, run in scenarios if topic else scenarios[::4]:
            if reason_for(identity) is not None:
                continue
            if harness.observe(identity, run) != records[identity]:
                return 1
    return 0
