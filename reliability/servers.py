"""Real servers as processes: started in a group of their own on a free port, ended with it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
START_SECONDS = 40
STOP_SECONDS = 20
PAUSE = 0.02
LISTENING = re.compile(r"Listening at: http://127\.0\.0\.1:(\d+)")

GUNICORN = ("-m", "gunicorn", "--no-control-socket", "--keep-alive", "30")
GRANIAN = (
    "-m",
    "granian",
    "--interface",
    "wsgi",
    "--respawn-failed-workers",
)


class ServerFailed(Exception):
    """A server did not start, or did not end."""


def _gunicorn(worker: str, workers: int, threads: int, port: int) -> list[str]:
    words = [*GUNICORN, "-k", worker, "-w", str(workers), "--bind", f"{HOST}:{port}"]
    return [*words, "--threads", str(threads)] if worker == "gthread" else words


def _granian(workers: int, threads: int, port: int) -> list[str]:
    words = [*GRANIAN, "--host", HOST, "--port", str(port), "--workers", str(workers)]
    return [*words, "--blocking-threads", str(threads)]


COMMANDS: dict[str, Callable[[int, int, int], list[str]]] = {
    "gunicorn-sync": lambda workers, threads, port: _gunicorn("sync", workers, threads, port),
    "gunicorn-gthread": lambda workers, threads, port: _gunicorn("gthread", workers, threads, port),
    "gunicorn-gevent": lambda workers, threads, port: _gunicorn("gevent", workers, threads, port),
    "granian": _granian,
}
TITLES = {
    "gunicorn-sync": "Gunicorn sync",
    "gunicorn-gthread": "Gunicorn gthread",
    "gunicorn-gevent": "Gunicorn gevent",
    "granian": "Granian",
}


@dataclass
class Server:
    """A running server; its process group has the id of its first process."""

    kind: str
    process: subprocess.Popen[bytes]
    port: int
    folder: Path
    arguments: list[str] = field(default_factory=list)

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def workers(self) -> list[int]:
        """The processes of the group but the first, which only looks after them."""
        return [pid for pid in group_members(self.process.pid) if pid != self.process.pid]

    def signal(self, number: int) -> None:
        """Send a signal to the first process, as an operator or init system does."""
        self.process.send_signal(number)

    def wait(self, seconds: float = STOP_SECONDS) -> int:
        """Wait until the first process has ended, and answer its status."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise ServerFailed(f"{self.kind} still ran after {seconds:g} s") from None


@contextmanager
def serving(
    kind: str,
    app: str,
    *options: str,
    python: str = sys.executable,
    workers: int = 1,
    threads: int = 8,
    before: Sequence[str] = (),
    **variables: str,
) -> Iterator[Server]:
    """Run `app` ("package.module:name") on a server until the block ends.

    `options` are further words of the server's command line, `before` words before all of it, and
    `variables` go to its environment, with `RELIABILITY_FOLDER`, a folder of the server's own.
    """
    with tempfile.TemporaryDirectory(prefix="reliability-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        server = None
        try:
            for _ in range(5):
                port = free_port() if kind == "granian" else 0
                arguments = [*COMMANDS[kind](workers, threads, port), *options, app]
                process = start([*before, python, *arguments], folder, variables)
                server = Server(kind, process, port, folder, arguments)
                if listens(server):
                    break
                end_group(process)
            else:
                raise ServerFailed(f"{kind} does not start: {last_line(server)}")
            yield server
        finally:
            if server is not None:
                end_group(server.process)


def start(
    command: Sequence[str], folder: Path, variables: dict[str, str]
) -> subprocess.Popen[bytes]:
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment() | {"RELIABILITY_FOLDER": str(folder)} | variables,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def environment() -> dict[str, str]:
    """This process's variables without those that would steer a server from outside.

    PYTHONPATH goes as well: it may name a source tree, which must not serve for the original.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "FLASK_", "WERKZEUG_", "GRANIAN_", "GUNICORN_"))
    }
    return kept | {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}


def free_port() -> int:
    with socket.create_server((HOST, 0)) as listener:
        return int(listener.getsockname()[1])


def listens(server: Server) -> bool:
    """Wait until the server's own workers answer; False where the server has ended instead."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            return False
        if not server.port and (found := LISTENING.search(server.log)):
            server.port = int(found[1])
        # Another server may have taken the same free port: the answer has to be one of ours.
        if server.port and answering_pid(server.port) in group_members(server.process.pid):
            return True
        time.sleep(PAUSE)
    raise ServerFailed(f"{server.kind} did not answer in {START_SECONDS} s: {last_line(server)}")


def answering_pid(port: int) -> int | None:
    """Ask `/pid`, which every application here has; None where nothing answers."""
    try:
        with socket.create_connection((HOST, port), timeout=START_SECONDS) as client:
            client.sendall(b"GET /pid HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = b"".join(iter(lambda: client.recv(4096), b""))
    except OSError:
        return None
    digits = answer.rpartition(b"\r\n\r\n")[2]
    return int(digits) if digits.isdigit() else None


def last_line(server: Server | None) -> str:
    lines = server.log.split("\n") if server else []
    return next((line for line in reversed(lines) if line.strip()), "no output")


def group_members(group: int) -> list[int]:
    """The living processes of a process group, without zombies."""
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


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a server and all its workers: by SIGTERM, and what is left by SIGKILL."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline:
            process.poll()
            if not group_members(process.pid):
                break
            time.sleep(PAUSE)
    process.wait()
