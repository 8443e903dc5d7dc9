"""Programs that subclass and patch, made up anew on each run, give the original's answers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from .programs.compare import Both
from .programs.strategies import programs

ROOT = Path(__file__).parents[2]
ORACLE = os.environ.get("HIPFLASK_ORACLE", ROOT / ".work" / "oracle" / "bin" / "python")

pytestmark = pytest.mark.skipif(
    not Path(ORACLE).exists(),
    reason="needs an interpreter with the original: make differential, or set HIPFLASK_ORACLE",
)


@pytest.fixture(scope="module")
def both() -> Iterator[Both]:
    with Both(ORACLE) as both:
        yield both


@settings(
    max_examples=300,
    deadline=None,
    database=None,
    derandomize=True,  # the same programs each time; longer runs take seeds of their own
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(text=programs())
def test_a_program_answers_as_on_the_original(both: Both, text: str) -> None:
    differences = both.compare(text)
    assert not differences, "\n".join([text, *differences])


SEEN = """
import flask.wrappers
def program(lab):
    return hasattr(flask.wrappers, "emits_as_built_in")
"""


def test_a_difference_would_be_seen(both: Both) -> None:
    assert both.compare(SEEN)
