"""Real servers of each kind on a free port, which answer before they are used."""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from testkit.processes import HOST, LISTENING, PAUSE, ProcessGroup, clean_environment, free_port

ROOT = Path(__file__).resolve().parent.parent
UVICORN = "uvicorn_worker.UvicornWorker"
START_SECONDS = 40
STOP_SECONDS = 20

GUNICORN = ("-m", "gunicorn", "--no-control-socket", "--keep-alive", "30")
GRANIAN = ("-m", "granian", "--respawn-failed-workers", "--interface")


class ServerFailed(Exception):
    """A server did not start, or did not end."""


def _gunicorn(worker: str, workers: int, threads: int, port: int) -> list[str]:
    words = [*GUNICORN, "-k", worker, "-w", str(workers), "--bind", f"{HOST}:{port}"]
    return [*words, "--threads", str(threads)] if worker == "gthread" else words


def _granian(workers: int, threads: int, port: int) -> list[str]:
    return [*_granian_by("wsgi", workers, port), "--blocking-threads", str(threads)]


def _granian_by(interface: str, workers: int, port: int) -> list[str]:
    words = [*GRANIAN, interface, "--host", HOST, "--port", str(port)]
    return [*words, "--workers", str(workers)]


COMMANDS: dict[str, Callable[[int, int, int], list[str]]] = {
    "gunicorn-sync": lambda workers, threads, port: _gunicorn("sync", workers, threads, port),
    "gunicorn-gthread": lambda workers, threads, port: _gunicorn("gthread", workers, threads, port),
    "gunicorn-gevent": lambda workers, threads, port: _gunicorn("gevent", workers, threads, port),
    "granian": _granian,
    "gunicorn-uvicorn": lambda workers, threads, port: _gunicorn(UVICORN, workers, threads, port),
    "granian-asgi": lambda workers, threads, port: _granian_by("asgi", workers, port),
}
BY_ASGI = ("gunicorn-uvicorn", "granian-asgi")
"""They have no threads of their own; those of sync views are the application's."""
TITLES = {
    "gunicorn-sync": "Gunicorn sync",
    "gunicorn-gthread": "Gunicorn gthread",
    "gunicorn-gevent": "Gunicorn gevent",
    "granian": "Granian",
    "gunicorn-uvicorn": "Gunicorn, uvicorn's worker",
    "granian-asgi": "Granian, ASGI",
}


@dataclass
class Server:
    """A running server; its process group has the id of its first process."""

    kind: str
    group: ProcessGroup
    port: int
    folder: Path
    arguments: list[str] = field(default_factory=list)

    @property
    def process(self) -> subprocess.Popen[bytes]:
        return self.group.popen

    @property
    def log(self) -> str:
        return self.group.log

    def workers(self) -> list[int]:
        """The processes of the group but the first, which only looks after them."""
        return [pid for pid in self.group.members() if pid != self.group.pid]

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
                port = free_port() if kind.startswith("granian") else 0
                arguments = [*COMMANDS[kind](workers, threads, port), *options, app]
                group = ProcessGroup(
                    [*before, python, *arguments],
                    folder / "log",
                    cwd=ROOT,
                    env=environment() | {"RELIABILITY_FOLDER": name} | variables,
                )
                server = Server(kind, group, port, folder, arguments)
                if listens(server, workers):
                    break
                group.end(seconds=STOP_SECONDS)
            else:
                raise ServerFailed(f"{kind} does not start: {last_line(server)}")
            yield server
        finally:
            if server is not None:
                server.group.end(seconds=STOP_SECONDS)


def environment() -> dict[str, str]:
    """This process's variables without those that would steer a server from outside.

    PYTHONPATH goes as well: it may name a source tree, which must not serve for the original.
    """
    return clean_environment(("PYTHON", "FLASK_", "WERKZEUG_", "GRANIAN_", "GUNICORN_"))


def listens(server: Server, workers: int) -> bool:
    """Wait until the server's own workers answer; False where the server has ended instead.

    The first one may answer before the others are there.
    """
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            return False
        if not server.port and (found := LISTENING.search(server.log)):
            server.port = int(found[1])
        # Another server may have taken the same free port: the answer has to be one of ours.
        is_whole = len(server.workers()) >= workers
        if server.port and is_whole and answering_pid(server.port) in server.group.members():
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
