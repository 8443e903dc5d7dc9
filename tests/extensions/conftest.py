"""What the tests of published extensions share: backends of their own, and servers.

They run in the environment of `make extensions`, which has the packages of requirements.txt; with
another they are not even collected, since their modules import those packages. By hand:
`pytest -m extensions tests/extensions/test_flask_login.py`.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

# The server processes are started as in the tests of serving.
sys.path.insert(0, str(Path(__file__).parents[1] / "serving"))

from backends import (
    CHROMIUM_ARGUMENTS,
    held_port,
    nginx_running,
    postgres_running,
    program,
    redis_running,
)
from processes import RunCommand, RunServer, run_in, starting_servers
from recording import Recorder, is_hipflask
from wsgi_only import WSGI_ONLY

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Playwright

HERE = Path(__file__).parent
BROWSER_MILLISECONDS = 60_000


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("extensions")
    group.addoption("--original", action="store_true", help="the original Flask is installed here")
    group.addoption("--asgi", action="store_true", help="test clients and servers use ASGI")
    group.addoption("--record", action="store_true", help="write results/, for compatibility.py")


def pytest_configure(config: pytest.Config) -> None:
    # The packages warn of each other's changes; those are their authors' to mend.
    config.addinivalue_line("filterwarnings", "default")
    config.addinivalue_line("markers", "ours: is about this package, so not true of the original")
    config.addinivalue_line("markers", "uses(*names): what the test has real ones of")
    if config.getoption("--original", default=False) and is_hipflask():
        raise pytest.UsageError("--original: the Flask that is installed here is not the original")
    is_asgi = config.getoption("--asgi", default=False)
    if is_asgi:
        os.environ["FLASK_TEST_CLIENT_DOOR"] = "asgi"  # servers that tests start inherit it
    if config.getoption("--record", default=False) and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Recorder(is_asgi))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return True if config.option.markexpr != "extensions" else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("extensions")
            for mark in item.iter_markers("uses"):
                note_use(item, *mark.args)
    if config.getoption("--asgi", default=False):
        left_out = [item for item in items if f"{item.path.stem}::{item.name}" in WSGI_ONLY]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    if config.getoption("--original", default=False):
        ours = [item for item in items if item.get_closest_marker("ours")]
        config.hook.pytest_deselected(items=ours)
        items[:] = [item for item in items if item not in ours]


def note_use(item: pytest.Item, *names: str) -> None:
    """Have the test's report say what it ran with; properties of a report reach the recorder."""
    item.user_properties.extend(("uses", name) for name in names)


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
def run_command(tmp_path: Path) -> RunCommand:
    """Run `python -m ...` in the test's folder, keyword arguments as its environment."""
    return run_in(tmp_path)


@pytest.fixture
def port() -> Iterator[int]:
    """A port for a server that cannot choose one itself; nobody else is given it meanwhile."""
    with held_port() as number:
        yield number


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_running(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture
def redis_url(redis_server: str, request: pytest.FixtureRequest) -> str:
    """The address of an empty Redis database."""
    import redis

    note_use(request.node, "Redis")
    with redis.Redis.from_url(redis_server) as client:
        client.flushall()
    return redis_server


@pytest.fixture(scope="session")
def postgres_folder() -> Iterator[Path]:
    with postgres_running() as folder:
        yield folder


@pytest.fixture
def postgres_url(postgres_folder: Path, request: pytest.FixtureRequest) -> str:
    """The address of a new PostgreSQL database, for SQLAlchemy with psycopg."""
    import psycopg

    note_use(request.node, "PostgreSQL")
    name = f"test_{time.monotonic_ns()}"
    place = f"host={postgres_folder} user=shop dbname=postgres"
    with psycopg.connect(place, autocommit=True) as connection:
        connection.execute(f"create database {name}")
    return f"postgresql+psycopg://shop@/{name}?host={postgres_folder}"


@pytest.fixture
def run_nginx(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[[str], str]]:
    """Start nginx with what its `http` block shall hold, to end with the test; answer its URL.

    The word PORT in it becomes the port.
    """
    note_use(request.node, "nginx")
    numbers = count(1)
    with ExitStack() as stack:

        def start(http: str) -> str:
            folder = tmp_path / f"nginx{next(numbers)}"
            folder.mkdir()
            return stack.enter_context(nginx_running(folder, http))

        yield start


# Of a module and no longer: while Playwright runs, its thread cannot run another event loop.
@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(
        executable_path=program("chromium"),
        args=CHROMIUM_ARGUMENTS,
        timeout=BROWSER_MILLISECONDS,
    )
    yield browser
    browser.close()


@pytest.fixture
def page(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A window of Chromium, with cookies of its own."""
    note_use(request.node, "Chromium")
    with chromium.new_context() as context:
        context.set_default_timeout(BROWSER_MILLISECONDS)
        yield context.new_page()


@pytest.fixture
def open_browser(
    playwright: Playwright, tmp_path: Path, request: pytest.FixtureRequest
) -> Callable[[], BrowserContext]:
    """Start Chromium with a profile on disk, which the next one finds; close it in the test."""
    note_use(request.node, "Chromium")

    def start() -> BrowserContext:
        context = playwright.chromium.launch_persistent_context(
            tmp_path / "profile",
            executable_path=program("chromium"),
            args=CHROMIUM_ARGUMENTS,
            timeout=BROWSER_MILLISECONDS,
        )
        context.set_default_timeout(BROWSER_MILLISECONDS)
        return context

    return start
