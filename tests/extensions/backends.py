"""Backends of the tests' own, from Debian's packages: Redis, PostgreSQL, nginx, Chromium.

Each runs in a folder of its own, in the foreground, for as long as its block lasts. Where a program
is absent, the test is skipped and says which package has it.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from testkit.processes import answers, started

STOP_SECONDS = 20
# Debian keeps servers where only root's search path leads.
SEARCH_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def program(name: str, package: str | None = None) -> str:
    found = shutil.which(name, path=SEARCH_PATH)
    if found is None:
        pytest.skip(f"no {name} on this machine (Debian: apt-get install {package or name})")
    return found


@contextmanager
def held_port() -> Iterator[int]:
    """Yield a port that the system gives to nobody else while the block lasts.

    A bound socket that does not listen holds it. A server can listen on it all the same, for both
    set SO_REUSEADDR, as servers do.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        yield int(holder.getsockname()[1])


@contextmanager
def foreground(
    command: Sequence[str | Path],
    folder: Path,
    is_up: Callable[[], bool],
    user: str | None = None,
    goodbye: signal.Signals = signal.SIGTERM,
) -> Iterator[None]:
    """Run a server that answers `is_up` once it is; all that it prints goes to `folder`/log."""
    with started(command, folder / "log", goodbye, STOP_SECONDS, cwd=folder, user=user) as group:
        group.wait_until(is_up)
        yield


@contextmanager
def redis_running(folder: Path) -> Iterator[str]:
    """Yield the address of a Redis server that keeps nothing on disk."""
    with held_port() as port:
        command = [program("redis-server"), "--port", str(port), "--bind", "127.0.0.1"]
        keep_nothing = ["--save", "", "--appendonly", "no", "--dir", str(folder)]
        with foreground([*command, *keep_nothing], folder, lambda: answers(port)):
            yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def nginx_running(folder: Path, http: str) -> Iterator[str]:
    """Yield the address of an nginx whose `http` block holds this; PORT becomes its port."""
    with held_port() as port:
        file = folder / "nginx.conf"
        file.write_text(NGINX.replace("HTTP", http).replace("PORT", str(port)))
        (folder / "kept").mkdir()
        command = [program("nginx"), "-p", str(folder), "-c", str(file), "-e", "stderr"]
        with foreground(command, folder, lambda: answers(port)):
            yield f"http://127.0.0.1:{port}"


# One process, in the foreground, that writes into its own folder only.
NGINX = """
daemon off;
master_process off;
pid nginx.pid;
error_log stderr warn;
events {}
http {
    access_log off;
    client_body_temp_path kept/body;
    proxy_temp_path kept/proxy;
    fastcgi_temp_path kept/fastcgi;
    uwsgi_temp_path kept/uwsgi;
    scgi_temp_path kept/scgi;
    HTTP
}
"""


@contextmanager
def postgres_running() -> Iterator[Path]:
    """Yield a running PostgreSQL server's folder, in which its socket lies; the user is "shop"."""
    programs = postgres_programs()
    if programs is None:
        pytest.skip("no PostgreSQL server on this machine (Debian: apt-get install postgresql)")
    # PostgreSQL refuses to run as root, and pytest's folders are closed to other users.
    user = "nobody" if os.getuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    try:
        if user:
            shutil.chown(folder, user)
        data = folder / "data"
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", "shop", "-A", "trust", "-E", "UTF8", "-N"],
            cwd=folder,
            user=user,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        command = [programs / "postgres", "-D", data, "-k", folder, "-h", "", "-F"]
        # At SIGTERM it would wait for every client to leave.
        with foreground(
            command, folder, lambda: is_ready(programs, folder), user, goodbye=signal.SIGINT
        ):
            yield folder
    finally:
        shutil.rmtree(folder)


def postgres_programs() -> Path | None:
    """Answer the folder of the newest PostgreSQL server; Debian keeps it off the search path."""
    folders = [
        path.parent
        for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")
        if (path.parent / "postgres").exists()
    ]
    found = shutil.which("initdb")
    return max(folders, default=Path(found).parent if found else None, key=str)


def is_ready(programs: Path, folder: Path) -> bool:
    command = [programs / "pg_isready", "-q", "-h", folder]
    return subprocess.run(command, check=False).returncode == 0
