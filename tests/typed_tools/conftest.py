"""What the tests of typed views with other people's tools share: services that run.

They run in the environment of `make typed-tools`, which has the tools; with another they are not
even collected. By hand: `pytest -m typed_tools tests/typed_tools`.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from flask import Flask

HERE = Path(__file__).parent
EXAMPLE = HERE.parents[1] / "examples" / "typed_api"
NODE_MODULES = Path(os.environ.get("NODE_MODULES", sys.prefix + "/node_modules"))


def pytest_configure(config: pytest.Config) -> None:
    if config.option.markexpr == "typed_tools":
        sys.path[:0] = [str(EXAMPLE), str(HERE)]
    # The tools warn of what is theirs to mend.
    config.addinivalue_line("filterwarnings", "default")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return True if config.option.markexpr != "typed_tools" else None


class Unread(pytest.Module):
    """A file of tests that is named on the command line of another environment's run."""

    def collect(self) -> list[pytest.Item | pytest.Collector]:
        return []


def pytest_pycollect_makemodule(module_path: Path, parent: Any) -> pytest.Module | None:
    if parent.config.option.markexpr == "typed_tools":
        return None
    return Unread.from_parent(parent, path=module_path)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("typed_tools")


@contextmanager
def served(app: Any) -> Iterator[str]:
    """Serve an application on a free port; the value is its URL."""
    from werkzeug.serving import make_server

    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def example(tmp_path: Path) -> Flask:
    """The example's application, with an empty database."""
    from typed_api import create_app

    settings = {
        "DATABASE": f"sqlite:///{tmp_path}/typed_api.sqlite",
        "PASSWORD_METHOD": "scrypt:1024:8:1",  # as quick as can be
    }
    return create_app(settings)


@pytest.fixture
def sign_up(example: Flask) -> Callable[[str], dict[str, str]]:
    """Make an account, and answer the headers with its token."""

    def make(name: str) -> dict[str, str]:
        credentials = {"name": name, "password": "correct horse"}
        made = example.test_client().post("/v1/accounts", json=credentials)
        assert made.status_code == 201
        return {"Authorization": f"Bearer {made.json['token']}"}  # type: ignore[index]

    return make


@pytest.fixture
def node_tool() -> Callable[[str], str]:
    """Find a program that npm has installed."""

    def find(name: str) -> str:
        path = NODE_MODULES / ".bin" / name
        if not path.exists():
            pytest.skip(f"{name} is not installed: it needs npm, see the Makefile")
        return str(path)

    return find
