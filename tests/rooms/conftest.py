"""Tests of the chat: in the environment of `make rooms-test`; elsewhere none is collected."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
EXAMPLE = HERE.parents[1] / "examples" / "rooms"


def pytest_configure(config: pytest.Config) -> None:
    if config.option.markexpr == "rooms":
        sys.path.append(str(EXAMPLE))
    # The extensions warn of each other's changes; those are their authors' to mend.
    config.addinivalue_line("filterwarnings", "default")
    config.addinivalue_line("filterwarnings", "error:::rooms")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    return True if config.option.markexpr != "rooms" else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("rooms")
            if config.option.markexpr != "rooms":  # named one by one
                item.add_marker(pytest.mark.skip(reason="needs the environment of make rooms-test"))
