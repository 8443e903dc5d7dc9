"""Programs of the tests' own, as processes: servers, and commands that end by themselves."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

from server_process import Server, running
from testkit.processes import clean_environment

COMMAND_SECONDS = 100
RunServer = Callable[..., Server]
RunCommand = Callable[..., subprocess.CompletedProcess[str]]


@contextmanager
def starting_servers(folder: Path) -> Iterator[RunServer]:
    numbers = count(1)
    with ExitStack() as stack:

        def start(program: str, **variables: str) -> Server:
            place = folder / f"server{next(numbers)}"
            place.mkdir()
            (place / "app.py").write_text(program)
            command = [sys.executable, "app.py"]
            return stack.enter_context(running(command, place, place / "log", **variables))

        yield start


def run_in(folder: Path) -> RunCommand:
    """Make a function that runs `python -m ...` there, keyword arguments as its environment."""

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=folder,
            env=clean_environment() | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )

    return run
