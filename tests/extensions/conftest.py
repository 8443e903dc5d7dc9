"""What the tests of published extensions share: backends of their own, and servers.

They run in the environment of `make extensions`, which has the packages of requirements.txt; with
another they are not even collected, since their modules import those packages. By hand:
`pytest -m extensions tests/extensions/test_flask_login.py`.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

import pytest

# The server processes are started as in the tests of serving.
sys.path.insert(0, str(Path(__file__).parents[1] / "serving"))

from server_process import Server, clean_environment, running

HERE = Path(__file__).parent
START_SECONDS = 30
RunServer = Callable[..., Server]


def pytest_configure(config: pytest.Config) -> None:
    # The packages warn of each other's changes; those are their authors' to mend.
    config.addinivalue_line("filterwarnings", "default")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return True if config.option.markexpr != "extensions" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("extensions")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail where $HIPFLASK_NO_SKIPS says that every server is there, and a test was skipped."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("HIPFLASK_NO_SKIPS") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@contextmanager
def starting_servers(folder: Path) -> Iterator[RunServer]:
    numbers = count(1)
    with ExitStack() as stack:

        def start(program: str, **variables: str) -> Server:
            place = folder / f"server{next(numbers)}"
            place.mkdir()
            (place / "app.py").write_text(program)
            command = [sys.executable, "app.py"]
            return stack.enter_context(running(command, place, place / "log", **variables))

        yield start


@pytest.fixture
def run_server(tmp_path: Path) -> Iterator[RunServer]:
    """Start `program`, the text of a Python file, as a process that ends with the test.

    It prints "Running on http://127.0.0.1:PORT" once it listens, as the development server does;
    keyword arguments become its environment variables.
    """
    with starting_servers(tmp_path) as start:
        yield start


@pytest.fixture(scope="module")
def run_server_of_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunServer]:
    """Start a program as `run_server` does, to end with the last test of the module."""
    with starting_servers(tmp_path_factory.mktemp("servers")) as start:
        yield start


@pytest.fixture
def run_command(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `python -m ...` in the test's folder; keyword arguments become environment variables."""

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=tmp_path,
            env=clean_environment() | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("no redis-server on this machine (Debian: apt-get install redis-server)")
    folder = tmp_path_factory.mktemp("redis")
    port = free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
    process = subprocess.Popen(
        [*command, "--save", "", "--appendonly", "no", "--logfile", str(folder / "log")],
        stdin=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: answers(port), process)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """The address of an empty Redis database."""
    import redis

    with redis.Redis.from_url(redis_server) as client:
        client.flushall()
    return redis_server


@pytest.fixture(scope="session")
def postgres_folder() -> Iterator[Path]:
    """A running PostgreSQL server's folder, in which its socket lies; the user is "shop"."""
    programs = postgres_programs()
    if programs is None:
        pytest.skip("no PostgreSQL server on this machine (Debian: apt-get install postgresql)")
    # PostgreSQL refuses to run as root, and pytest's folders are closed to other users.
    user = "nobody" if os.getuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    if user:
        shutil.chown(folder, user)
    data = folder / "data"
    process = None
    try:
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", "shop", "-A", "trust", "-E", "UTF8", "-N"],
            cwd=folder,
            user=user,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [programs / "postgres", "-D", data, "-k", folder, "-h", "", "-F"],
                cwd=folder,
                user=user,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        wait_until(lambda: is_ready(programs, folder), process)
        yield folder
    finally:
        if process is not None:
            process.terminate()
            process.wait(20)
        shutil.rmtree(folder)


@pytest.fixture
def postgres_url(postgres_folder: Path) -> str:
    """The address of a new PostgreSQL database, for SQLAlchemy with psycopg."""
    import psycopg

    name = f"test_{time.monotonic_ns()}"
    place = f"host={postgres_folder} user=shop dbname=postgres"
    with psycopg.connect(place, autocommit=True) as connection:
        connection.execute(f"create database {name}")
    return f"postgresql+psycopg://shop@/{name}?host={postgres_folder}"


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


def answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def wait_until(is_up: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not is_up():
        if process.poll() is not None:
            raise RuntimeError(f"{process.args} ended with status {process.returncode}")
        if time.monotonic() > deadline:
            raise TimeoutError(f"{process.args} did not answer in {START_SECONDS} s")
        time.sleep(0.05)
