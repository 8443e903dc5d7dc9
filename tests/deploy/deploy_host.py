"""A made-up host: the guides' places in a temporary folder, and processes that end with it.

The guides name places such as /srv/board and /run/board/board.sock, and ports such as 443. A test
may not take those of the machine it runs on, so it exchanges them in the text of each command and
file: a place by the same below a temporary folder, a port by a free one. Nothing else is changed.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

import pytest
from testkit.processes import PAUSE, ProcessGroup, clean_environment, free_port

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
BOARD = ROOT / "examples" / "notice_board"
WAIT_SECONDS = 60
LOG_CHARACTERS = 3000

# What the guides name, and what stands for it below the folder of the host.
PLACES = ("/srv/board", "/run/board", "/etc/board", "/var/log/board", "/var/lib/board")

_numbers = count(1)


class Process(ProcessGroup):
    """A process of a guide, in a group of its own, with all that it printed in a file."""

    @property
    def last_words(self) -> str:
        return self.log[-LOG_CHARACTERS:]

    def wait_until(
        self, is_so: Callable[[], object], seconds: float = WAIT_SECONDS, what: str = "it answered"
    ) -> None:
        """Wait until something holds; fail at once where the process has ended before."""
        super().wait_until(is_so, seconds, what)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send the signal to the first process of the group, and answer its status."""
        self.popen.send_signal(number)
        return self.popen.wait(WAIT_SECONDS)


class Host:
    """Folders and processes of one test; use it as a context manager."""

    def __init__(self) -> None:
        self._stack = ExitStack()

    def __enter__(self) -> Host:
        # Not pytest's own folder: servers that gave up root could not enter it, and the path of a
        # socket may have 107 characters.
        self.root = Path(tempfile.mkdtemp(prefix="host-"))
        self._stack.callback(shutil.rmtree, self.root, ignore_errors=True)
        self.root.chmod(0o755)
        self.address = loopback_address()
        for place in PLACES:
            self.at(place).mkdir(parents=True)
        self.gates = self.root / "gates"
        self.gates.mkdir()
        self.gates.chmod(0o777)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def at(self, place: str | Path) -> Path:
        return Path(f"{self.root}{place}")

    def adapt(self, text: str, ports: Mapping[str, str] | None = None) -> str:
        """Exchange the guides' places, and the given texts, for those of this host.

        Each of the given texts must be there, or the guide and its test have parted.
        """
        for place in PLACES:
            text = text.replace(place, str(self.at(place)))
        for guides, ours in (ports or {}).items():
            assert guides in text, f"{guides!r} is not in the guide any more:\n{text}"
            text = text.replace(guides, ours)
        return text

    def install(self, source: Path, place: str, ports: Mapping[str, str] | None = None) -> Path:
        """Copy a file of the guides to its place, adapted."""
        target = self.at(place)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(self.adapt(source.read_text(), ports))
        return target

    def install_probe(self) -> Path:
        """Copy the probing application to /srv/board; answer that folder."""
        folder = self.at("/srv/board")
        shutil.copytree(DEPLOY / "probe", folder, dirs_exist_ok=True, ignore=NO_CACHES)
        return folder

    def install_board(self) -> Path:
        """Copy the notice board, with the door for use behind a proxy, and fill it."""
        folder = self.at("/srv/board")
        shutil.copytree(BOARD, folder, dirs_exist_ok=True, ignore=NO_CACHES)
        shutil.copy(DEPLOY / "board" / "wsgi.py", folder)
        self.run("flask --app notice_board init-db", folder)
        return folder

    def environment(self, **variables: str) -> dict[str, str]:
        """The environment of a guide's command: its programs first on the search path."""
        kept = clean_environment()
        kept.pop("PYTHONPATH", None)
        programs = f"{Path(sys.executable).parent}:/usr/sbin:/sbin:{kept['PATH']}"
        return kept | {"PATH": programs, "FLASK_GATES": str(self.gates)} | variables

    def run(
        self,
        command: str,
        folder: Path | None = None,
        timeout: float = WAIT_SECONDS,
        **variables: str,
    ) -> str:
        """Run a command of a guide to its end; answer what it printed."""
        done = subprocess.run(
            shlex.split(self.adapt(command)),
            cwd=folder or self.root,
            env=self.environment(**variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}"
        return done.stdout

    def start(
        self,
        command: str | Sequence[str],
        folder: Path | None = None,
        ports: Mapping[str, str] | None = None,
        **variables: str,
    ) -> Process:
        """Start a command of a guide, which ends with the host if not before."""
        if isinstance(command, str):
            command = shlex.split(self.adapt(command, ports))
        process = Process(
            command,
            self.root / f"log{next(_numbers)}",
            cwd=folder or self.root,
            env=self.environment(**variables),
        )
        self._stack.callback(process.end)
        return process

    def free_port(self) -> int:
        """A port that nobody listens on, at an address that no other test uses."""
        return free_port(self.address)

    def endpoint(self) -> str:
        return f"{self.address}:{self.free_port()}"


NO_CACHES = shutil.ignore_patterns("__pycache__", "instance")


def loopback_address() -> str:
    """Choose an address of the loopback network by process and number: ports can't collide."""
    second, third = divmod(os.getpid() % 0x10000, 0x100)
    # The first one is everybody's.
    return f"127.{second | 1}.{third}.{2 + next(_numbers) % 250}"


def wait_until(is_so: Callable[[], object], failure: Callable[[], str] | str = "") -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            text = failure if isinstance(failure, str) else failure()
            raise TimeoutError(f"not in {WAIT_SECONDS} s: {text}")
        time.sleep(PAUSE)


def needs(program: str, package: str) -> str:
    """Answer the path of a program; skip the test where it is missing."""
    found = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if found is None:
        pytest.skip(f"no {program} on this machine (Debian: apt-get install {package})")
    return found


@contextmanager
def opened(path: Path) -> Iterator[None]:
    """Let what waits for a file go on, at the latest when the block ends."""
    try:
        yield
    finally:
        path.touch()
