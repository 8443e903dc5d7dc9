"""Servers of the tests, and how to speak with them."""

from __future__ import annotations

import http.client
import shutil
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from testkit.processes import HOST, clean_environment, started

APPS = Path(__file__).parent / "apps"

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
    with started(command, log_path, cwd=folder, env=clean_environment(**variables)) as group:
        yield Server(group.listening_port(), log_path)


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
