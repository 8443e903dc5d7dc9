"""What tests that replay scenarios share."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def classes_as_they_were() -> Iterator[None]:
    """Take away what a scenario left on a class that users patch, as that makes requests longer."""
    yield
    program = sys.modules.get("flask.pipeline.program")  # which the original has not
    if program is None:
        return
    for cls in program.EMPTY_CLASSES:
        for name in vars(cls).keys() - {"__doc__", "__module__", "__slotnames__"}:
            delattr(cls, name)
