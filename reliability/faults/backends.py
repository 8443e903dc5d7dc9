"""PostgreSQL and Redis servers of one's own, which can be stopped and started again."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from testkit.processes import HOST, ProcessGroup, free_port

STOP_SECONDS = 20


class NotInstalled(Exception):
    """The server's program isn't on this machine."""


class Backend:
    """A server program that is started and stopped; `is_up` of each kind says when it answers."""

    def __init__(self, folder: Path, command: list[str], user: str | None = None) -> None:
        self.folder = folder
        self.command = command
        self.user = user
        self.group: ProcessGroup | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.group = ProcessGroup(
            self.command, self.folder / "log", cwd=self.folder, user=self.user
        )
        self.group.wait_until(self.is_up)

    def stop(self) -> None:
        """End it as an administrator in a hurry does; connections to it are cut."""
        if self.group is not None:
            self.group.end(signal.SIGINT, STOP_SECONDS)
            self.group = None

    def is_up(self) -> bool:
        raise NotImplementedError


class Redis(Backend):
    """A Redis that keeps its data over a restart."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("redis-server")
        if program is None:
            raise NotInstalled("redis-server (Debian: apt-get install redis-server)")
        self.port = free_port()
        words = [program, "--port", str(self.port), "--bind", HOST, "--dir", str(folder)]
        super().__init__(folder, [*words, "--save", "", "--appendonly", "yes"])

    @property
    def url(self) -> str:
        return f"redis://{HOST}:{self.port}/0"

    def is_up(self) -> bool:
        with socket.socket() as client:
            client.settimeout(1)
            if client.connect_ex((HOST, self.port)) != 0:
                return False
            try:
                client.sendall(b"PING\r\n")
                return client.recv(100).startswith(b"+PONG")
            except OSError:
                return False


class Postgres(Backend):
    """A PostgreSQL that listens on a socket in its folder only; its user is "shop"."""

    def __init__(self, folder: Path) -> None:
        self.programs = postgres_programs()
        # PostgreSQL refuses to run as root.
        user = "nobody" if os.getuid() == 0 else None
        if user:
            shutil.chown(folder, user)
        data = str(folder / "data")
        words = ["initdb", "-D", data, "-U", "shop", "-A", "trust", "-E", "UTF8", "-N"]
        subprocess.run(
            [str(self.programs / words[0]), *words[1:]],
            cwd=folder,
            user=user,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        command = [str(self.programs / "postgres"), "-D", data, "-k", str(folder), "-h", "", "-F"]
        super().__init__(folder, command, user)

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://shop@/postgres?host={self.folder}"

    def is_up(self) -> bool:
        words = [str(self.programs / "pg_isready"), "-q", "-h", str(self.folder)]
        return subprocess.run(words, check=False).returncode == 0


def postgres_programs() -> Path:
    """The folder of the newest PostgreSQL server; Debian keeps it off the search path."""
    folders = [
        path.parent
        for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")
        if (path.parent / "postgres").exists()
    ]
    if found := shutil.which("initdb"):
        folders.append(Path(found).resolve().parent)
    if not folders:
        raise NotInstalled("postgres (Debian: apt-get install postgresql)")
    return folders[0]


@contextmanager
def backend(kind: type[Redis] | type[Postgres]) -> Iterator[Redis | Postgres]:
    """A running server in a folder of its own, both gone with the block."""
    folder = Path(tempfile.mkdtemp(prefix="backend-"))
    running = None
    try:
        running = kind(folder)
        running.start()
        yield running
    finally:
        if running is not None:
            running.stop()
        shutil.rmtree(folder, ignore_errors=True)
