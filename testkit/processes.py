"""Servers and other programs as real processes: each in a group of its own, ended with it.

A server that forks, such as Gunicorn or the reloader, leads a group of processes. Whoever starts
it here can wait for it, look at its output, and end all of it, also after its leader has gone.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

HOST = "127.0.0.1"
# The development servers and Gunicorn say this once their socket listens.
LISTENING = re.compile(r"(?:[Rr]unning on|Listening at:) http://127\.0\.0\.1:(\d+)")
START_SECONDS = 60
STOP_SECONDS = 10
PAUSE = 0.02


class NotStarted(Exception):
    """A program ended, or its time was up, before it was ready; the message has its output."""


class ProcessGroup:
    """A program in a process group of its own, with all that it prints in a file.

    :param command: the program and its arguments.
    :param log_path: the file that gets standard output and standard error.
    :param options: further arguments of :class:`subprocess.Popen`, such as ``cwd`` and ``env``.
    """

    def __init__(self, command: Sequence[str | Path], log_path: Path, **options: object) -> None:
        self.log_path = log_path
        with log_path.open("wb") as log:
            self.popen: subprocess.Popen[bytes] = subprocess.Popen(  # type: ignore[call-overload]
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **options,
            )

    @property
    def pid(self) -> int:
        """Id of the first process, which is that of the group too."""
        return self.popen.pid

    @property
    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def wait_until(
        self, is_so: Callable[[], object], seconds: float = START_SECONDS, what: str = "it answered"
    ) -> None:
        """Wait until something holds.

        :raises NotStarted: if the program ends first, or after that many seconds.
        """
        deadline = time.monotonic() + seconds
        while not is_so():
            status = self.popen.poll()
            if status is not None:
                raise NotStarted(f"{self.popen.args} ended with {status}:\n{self.log}")
            if time.monotonic() > deadline:
                raise NotStarted(f"{self.popen.args} not in {seconds} s: {what}\n{self.log}")
            time.sleep(PAUSE)

    def listening_port(self) -> int:
        """Wait until the output tells a port, and return it.

        :raises NotStarted: see :meth:`wait_until`.
        """
        self.wait_until(lambda: LISTENING.search(self.log), what="a port in its output")
        found = LISTENING.search(self.log)
        assert found is not None
        return int(found[1])

    def members(self) -> list[int]:
        """Ids of the group's living processes; those that only wait to be collected don't count."""
        self.popen.poll()
        return group_members(self.pid)

    def end(self, goodbye: int = signal.SIGTERM, seconds: float = STOP_SECONDS) -> None:
        """End every process of the group: by that signal, and what is left by SIGKILL."""
        for number in (goodbye, signal.SIGKILL):
            if not signal_group(self.pid, number):
                break
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline and self.members():
                time.sleep(PAUSE)
        self.popen.wait()


@contextmanager
def started(
    command: Sequence[str | Path],
    log_path: Path,
    goodbye: int = signal.SIGTERM,
    seconds: float = STOP_SECONDS,
    **options: object,
) -> Iterator[ProcessGroup]:
    """Run a program until the block ends; see :class:`ProcessGroup` and its method ``end``."""
    group = ProcessGroup(command, log_path, **options)
    try:
        yield group
    finally:
        group.end(goodbye, seconds)


def signal_group(group: int, number: int) -> bool:
    """Send a signal to every process of the group; tell whether there was one."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    return True


def group_members(group: int) -> list[int]:
    """Ids of the living processes of a group, without zombies."""
    if not os.path.exists("/proc/self/stat"):  # not Linux: one number says that some are left
        return [group] if signal_group(group, 0) else []
    members = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            state = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(state[2]) == group and state[0] != "Z":
            members.append(int(entry))
    return sorted(members)


def clean_environment(
    without: Sequence[str] = ("FLASK_", "WERKZEUG_"), **variables: str
) -> dict[str, str]:
    """This process's variables, less those that would steer a server from outside.

    :param without: beginnings of names that are left out.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith(tuple(without))}
    return kept | {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"} | variables


def free_port(address: str = HOST) -> int:
    """A port that nobody listened on a moment ago."""
    with socket.create_server((address, 0)) as listener:
        return int(listener.getsockname()[1])


def answers(port: int, address: str = HOST) -> bool:
    """Tell whether somebody accepts connections there."""
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex((address, port)) == 0
