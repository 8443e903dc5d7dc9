"""Installers, an index of this package on the loopback interface, and results.json.

They run in the environment of `make install-matrix`, which has uv; the tests of the page run with
all others.
"""

from __future__ import annotations

import json
import platform
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from install_page import RESULTS


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("install")
    group.addoption("--record-install", action="store_true", help="write results.json")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave installers out unless they are asked for: they need an environment of their own."""
    if "install" not in config.option.markexpr:
        apart = [item for item in items if item.get_closest_marker("install")]
        items[:] = [item for item in items if item not in apart]
        config.hook.pytest_deselected(items=apart)


@pytest.fixture(scope="session", autouse=True)
def _machine_is_left_alone() -> Iterator[None]:
    """Fail if anything was installed into the interpreter that environments are made of."""
    folder = Path(sysconfig.get_path("purelib", vars={"base": sys.base_prefix}))
    before = sorted(folder.iterdir())
    yield
    assert sorted(folder.iterdir()) == before


@pytest.fixture(scope="session")
def releases(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Build this release and the next one."""
    from install_index import NEXT, RELEASE, build

    here, there = (tmp_path_factory.mktemp(version) for version in (RELEASE, NEXT))
    return build(RELEASE, here), build(NEXT, there)


@pytest.fixture(scope="session")
def tools() -> None:
    """Install the installers."""
    from install_shell import install_tools

    install_tools()


@pytest.fixture(scope="session")
def results(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """Collect what happened; write it where `--record-install` asks for it and nothing failed."""
    from install_index import NEXT, RELEASE

    collected: dict[str, Any] = {
        "python": platform.python_version(),
        "release": RELEASE,
        "next": NEXT,
        "recipes": {},
        "original": {},
    }
    yield collected
    if request.config.getoption("--record-install") and not request.session.testsfailed:
        RESULTS.write_text(json.dumps(collected, indent=1) + "\n", "utf-8")
