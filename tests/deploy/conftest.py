"""Guides of docs/deploy, carried out: real servers, with the commands and files of the pages.

They run in the environment of `make deploy`, which has the packages of requirements.txt; with
another they are not even collected. By hand: `pytest -m deploy tests/deploy/test_deploy_nginx.py`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# The server processes are ended as in the tests of serving.
sys.path.insert(0, str(Path(__file__).parents[1] / "serving"))

from deploy_host import Host

HERE = Path(__file__).parent


def pytest_configure(config: pytest.Config) -> None:
    # The packages warn of each other's changes; those are their authors' to mend.
    config.addinivalue_line("filterwarnings", "default")
    # httpx leaves a socket to the garbage collector where nobody listens at its other end yet.
    config.addinivalue_line("filterwarnings", "ignore:unclosed <socket:ResourceWarning")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return True if config.option.markexpr != "deploy" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("deploy")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail where $HIPFLASK_NO_SKIPS says that every server is there, and a test was skipped."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("HIPFLASK_NO_SKIPS") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def host() -> Iterator[Host]:
    with Host() as host:
        yield host


@pytest.fixture(scope="module")
def host_of_module() -> Iterator[Host]:
    """A host that serves until the last test of the module."""
    with Host() as host:
        yield host
