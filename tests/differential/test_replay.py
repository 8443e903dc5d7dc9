"""Every scenario gives on the installed implementation the answer the original gave."""

from __future__ import annotations

from typing import Any

import pytest

from . import harness
from .differences import accepted, reason_for
from .run import recorded

SCENARIOS = harness.load()
RECORDS = recorded()


def test_every_scenario_has_a_record_and_every_record_a_scenario() -> None:
    assert set(SCENARIOS) == set(RECORDS)


def test_every_accepted_difference_names_a_scenario() -> None:
    from fnmatch import fnmatchcase

    for pattern in accepted():
        wanted = pattern.replace("[", "[[]")
        assert any(fnmatchcase(key, wanted) for key in SCENARIOS), pattern


@pytest.mark.parametrize("identity", sorted(SCENARIOS))
def test_answers_as_the_original(identity: str) -> None:
    observation: dict[str, Any] = harness.observe(identity, SCENARIOS[identity])
    reason = reason_for(identity)
    if reason is None:
        assert observation == RECORDS[identity]
    else:
        assert observation != RECORDS[identity], f"no longer different, though {reason}"
