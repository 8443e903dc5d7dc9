"""Mixed traffic on real servers: each answer right, nothing mixed up, nothing left open."""

from __future__ import annotations

import pytest
from reliability import load, traffic

pytestmark = pytest.mark.reliability

SECONDS = 40.0  # on each of five servers: more than three minutes


@pytest.mark.parametrize("kind", load.SERVERS)
def test_load_is_held(kind: str) -> None:
    row = load.run_on(kind, SECONDS)
    assert row["failures"] == []
    kinds = (*traffic.ORDINARY, *traffic.SLOW, *traffic.VANISHING)
    assert {kind.__name__ for kind in kinds} <= set(row["kinds"])
    assert row["raised"] > 0
    assert row["balance"]["opened"] > 0
