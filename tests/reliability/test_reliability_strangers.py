"""Nothing that a stranger sends is kept without a bound, wherever it is sent."""

from __future__ import annotations

from pathlib import Path

import pytest
from reliability.strangers import KINDS, MOST_BLOCKS, WARM_UP, Strangers, growth, make_app


@pytest.mark.reliability
@pytest.mark.parametrize("kind", KINDS)
def test_requests_leave_nothing_behind(kind: str, tmp_path: Path) -> None:
    assert growth(Strangers(make_app(tmp_path)), KINDS[kind], 1_200, WARM_UP) <= MOST_BLOCKS
