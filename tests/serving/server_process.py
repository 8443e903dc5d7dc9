"""Servers as real processes: started in a process group of their own, ended with it."""

from __future__ import annotations

import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

APPS = Path(__file__).parent / "apps"
HOST = "127.0.0.1"
# Both the development server and gunicorn say this once their socket listens.
LISTENING = re.compile(r"(?:Running on|Listening at:) http://127\.0\.0\.1:(\d+)")
START_SECONDS = 60
STOP_SECONDS = 10
PAUSE = 0.02

AS_WRITTEN = "app.run(debug=True)"
# Looking at files' times is enough for a test; watching whole folders hears every neighbour.
ON_FREE_PORT = 'app.run(debug=True, port=0, reloader_type="stat")'


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its port, and the file with all it printed."""

    port: int
    log_path: Path

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def fetch(
        self,
        path: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=10)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def send_raw(self, data: bytes, *, half_close: bool = False) -> bytes:
        """Send bytes just as they are and return all that comes back until the server hangs up."""
        with socket.create_connection((HOST, self.port), timeout=10) as connection:
            connection.sendall(data)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
            received = bytearray()
            try:
                while block := connection.recv(65536):
                    received += block
            except ConnectionResetError:
                # The server hung up on bytes it would not read; what it said before that counts.
                pass
            return bytes(received)


@contextmanager
def running(
    command: Sequence[str], folder: Path, log_path: Path, **variables: str
) -> Iterator[Server]:
    """Run a server in `folder` until the block ends; `variables` go to its environment."""
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=clean_environment() | variables,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield Server(wait_for_port(process, log_path), log_path)
    finally:
        stop_group(process)


def clean_environment() -> dict[str, str]:
    """Return this process's environment without what would steer the server from outside."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("FLASK_", "WERKZEUG_"))}
    return kept | {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}


def wait_for_port(process: subprocess.Popen[bytes], log_path: Path) -> int:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        printed = log_path.read_text(errors="replace")
        if found := LISTENING.search(printed):
            return int(found[1])
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with status {process.returncode}:\n{printed}")
        time.sleep(PAUSE)
    raise TimeoutError(f"no server after {START_SECONDS} s:\n{log_path.read_text()}")


def stop_group(process: subprocess.Popen[bytes]) -> None:
    """End the server and its children, reloader and workers included."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if not signal_group(process.pid, number):
            break
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline and group_lives(process):
            time.sleep(PAUSE)
    process.wait()


def group_lives(process: subprocess.Popen[bytes]) -> bool:
    process.poll()  # Collects the leader, which would otherwise stay in the group as a zombie.
    return signal_group(process.pid, 0)


def signal_group(group: int, number: int) -> bool:
    """Send a signal to every process of the group; tell whether there was one."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    return True


def python(*arguments: str) -> list[str]:
    return [sys.executable, *arguments]


def copy_on_free_port(source: Path, folder: Path) -> Path:
    """Copy an application, its `app.run()` changed only to listen on a free port."""
    copied = Path(shutil.copytree(source, folder) if source.is_dir() else folder / source.name)
    main = copied / "app.py" if source.is_dir() else copied
    code = (source / "app.py" if source.is_dir() else source).read_text()
    assert AS_WRITTEN in code
    main.write_text(code.replace(AS_WRITTEN, ON_FREE_PORT))
    return main
