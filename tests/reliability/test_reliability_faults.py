"""Every fault is survived, on real servers."""

from __future__ import annotations

import pytest
from reliability.faults.__main__ import CASES
from reliability.faults.case import Bench

pytestmark = pytest.mark.reliability

KNOWN: dict[str, str] = {}
"""By name, why a fault is not survived."""


PARAMETERS = [
    pytest.param(
        name,
        marks=[pytest.mark.xfail(reason=KNOWN[name], strict=True)] if name in KNOWN else [],
    )
    for name in CASES
]


@pytest.mark.parametrize("name", PARAMETERS)
def test_fault_is_survived(name: str, bench: Bench) -> None:
    kept = CASES[name].on(bench)
    assert kept["failures"] == [], kept["notes"]
    assert kept["tried"] > 0
