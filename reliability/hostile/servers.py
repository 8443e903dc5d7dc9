"""Servers as processes of their own, on free ports of the loopback, ended with the block."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"
APP = Path(__file__).with_name("served.py")
LISTENING = re.compile(r"(?:Running on|Listening at:) http://127\.0\.0\.1:(\d+)")


@dataclass(frozen=True)
class Server:
    """A running server: its port, and the file with all that it printed."""

    port: int
    log_path: Path

    @property
    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def send(self, data: bytes, patience: float = 5.0) -> bytes:
        """Send bytes as they are; return what comes back until the server hangs up.

        :param patience: seconds after which our side says that it is done, in case the server
            waits for more.
        """
        received = bytearray()
        with socket.create_connection((HOST, self.port), timeout=patience) as connection:
            try:
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)
                while block := connection.recv(65536):
                    received += block
            except (ConnectionError, TimeoutError):
                pass  # it hung up on bytes that it would not read
        return bytes(received)

    def get(self, path: str, headers: str = "") -> bytes:
        host = "" if "Host:" in headers else f"Host: localhost:{self.port}\r\n"
        return self.send(f"GET {path} HTTP/1.1\r\n{host}{headers}\r\n".encode("latin-1"))


@contextmanager
def running(*command: str, **variables: str) -> Iterator[Server]:
    """Run ``python -m`` with a command that serves; wait until it listens."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("FLASK_", "WERKZEUG_"))
    }
    environment |= {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1", **variables}
    with tempfile.TemporaryDirectory() as folder:
        log_path = Path(folder) / "log"
        with log_path.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield Server(_wait_for_port(process, log_path), log_path)
        finally:
            _stop(process)


def _wait_for_port(process: subprocess.Popen[bytes], log_path: Path) -> int:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        printed = log_path.read_text(errors="replace")
        if found := LISTENING.search(printed):
            return int(found[1])
        if process.poll() is not None:
            break
        time.sleep(0.02)
    raise RuntimeError(f"no server:\n{log_path.read_text(errors='replace')}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the process group that the server leads."""
    for number, patience in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            continue
    process.wait()
