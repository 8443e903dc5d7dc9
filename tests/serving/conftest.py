from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest
from server_process import APPS, Server, copy_on_free_port, python, running

DOORS = {
    "app.run(debug=True)": python("app.py"),
    "flask run": python("-m", "flask", "run", "--port", "0"),
    "gunicorn -w 4 app:app": python(
        "-m", "gunicorn", "-w", "4", "--no-control-socket", "--bind", "127.0.0.1:0", "app:app"
    ),
}


@pytest.fixture(scope="session")
def open_door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Server]]:
    """Start the introductory application behind a server, once for all tests."""
    with ExitStack() as stack:

        @cache
        def start(door: str) -> Server:
            folder = tmp_path_factory.mktemp("serving")
            copy_on_free_port(APPS / "site", folder / "site")
            return stack.enter_context(running(DOORS[door], folder / "site", folder / "log"))

        yield start


@pytest.fixture(params=DOORS)
def site(request: pytest.FixtureRequest, open_door: Callable[[str], Server]) -> Server:
    """The application behind each of the usual servers."""
    return open_door(request.param)


@pytest.fixture(params=[door for door in DOORS if "debug" not in door])
def public_site(request: pytest.FixtureRequest, open_door: Callable[[str], Server]) -> Server:
    """The same without debug mode, which shows the debugger where a form field is missing."""
    return open_door(request.param)
