from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# What is tried here is run from the repository's root and not part of the installed package.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from reliability.faults.case import Bench


@pytest.fixture(scope="session")
def bench() -> Iterator[Bench]:
    """This interpreter, with the servers that several cases share."""
    with Bench(sys.executable) as opened:
        yield opened
