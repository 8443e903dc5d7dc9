"""Servers as processes of their own, on free ports of the loopback, ended with the block."""

from __future__ import annotations

import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from testkit.processes import HOST, clean_environment, started

APP = Path(__file__).with_name("served.py")


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
    with tempfile.TemporaryDirectory() as folder:
        log_path = Path(folder) / "log"
        environment = clean_environment(**variables)
        words = [sys.executable, "-m", *command]
        with started(words, log_path, cwd=folder, env=environment) as group:
            yield Server(group.listening_port(), log_path)
