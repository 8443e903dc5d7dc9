"""The cases of ``reliability/hostile``: a short form with each change, all of it when asked for."""

import sys
import typing as t
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from reliability.hostile import suite  # noqa: E402
from reliability.hostile.case import Case, Tally  # noqa: E402
from reliability.hostile.known import KNOWN  # noqa: E402

# What odd requests make the libraries say, such as of a cookie that is too large, is not
# what is tested; an error in its place would be.
pytestmark = pytest.mark.filterwarnings("ignore")

QUICK = [case for case in suite.CASES if not (case.is_long or case.needs_sockets)]


def named(cases: list[Case]) -> list[t.Any]:
    return [pytest.param(case, id=case.name) for case in cases]


def unexpected(case: Case, tally: Tally) -> list[str]:
    known = KNOWN.get(case.name, {})
    return [failure for failure in tally.failures if failure.partition(": ")[0] not in known]


@pytest.mark.parametrize("case", named(QUICK))
def test_hostile_input_does_no_harm(case: Case) -> None:
    tally = Tally(examples=40, share=25)
    case.run(tally)
    assert tally.tried > 0
    assert unexpected(case, tally) == []


@pytest.mark.hostile
@pytest.mark.timeout(600)
@pytest.mark.parametrize("case", named(suite.CASES))
def test_hostile_input_in_full_does_no_harm(case: Case) -> None:
    tally = Tally(examples=400)
    case.run(tally)
    if tally.skipped:
        pytest.skip(tally.skipped)
    assert tally.tried > 0
    assert unexpected(case, tally) == []


def test_known_failures_are_of_cases_that_exist() -> None:
    assert KNOWN.keys() <= {case.name for case in suite.CASES}


@pytest.mark.hostile
@pytest.mark.parametrize("name", ["injection", "body-limit"])
def test_known_failures_still_happen(name: str) -> None:
    """What no longer fails must not remain excused."""
    (case,) = [case for case in suite.CASES if case.name == name]
    tally = Tally()
    case.run(tally)
    assert {failure.partition(": ")[0] for failure in tally.failures} == set(KNOWN[name])
