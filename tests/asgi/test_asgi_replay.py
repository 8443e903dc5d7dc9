"""Every recorded scenario has the same outcome through the ASGI door, on the sync plan.

ASGI carries neither the text after a status code nor the case of header names, so neither is
compared here.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.differential import harness
from tests.differential.differences import reason_for
from tests.differential.run import recorded

from flask.testing import FlaskClient

SCENARIOS = harness.load()
RECORDS = recorded()

DIFFERENCES = {
    "responses.view_returns[tuple_header_snow]": (
        "a header outside of Latin-1 can't be sent: WSGI servers fail on it later, ASGI's can't"
    ),
    "static_files.files_are_closed_with_the_response": (
        "a server closes a body once it is sent, and not when a test closes the response"
    ),
}


@pytest.fixture(autouse=True)
def through_the_asgi_door(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FlaskClient, "default_door", "asgi")


def without_what_asgi_lacks(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_what_asgi_lacks(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_what_asgi_lacks(item) for item in value]
    if isinstance(value, str):
        if re.fullmatch(r"\d{1,4} [^\d]*", value):
            return value.split()[0]
        return re.sub(r"^[\w-]+: ", lambda found: found[0].lower(), value)
    return value


@pytest.mark.parametrize(
    "identity", [identity for identity in sorted(SCENARIOS) if reason_for(identity) is None]
)
def test_answers_as_through_wsgi(identity: str) -> None:
    seen = without_what_asgi_lacks(harness.observe(identity, SCENARIOS[identity]))
    wanted = without_what_asgi_lacks(RECORDS[identity])
    if identity in DIFFERENCES:
        assert seen != wanted, f"no longer different, though {DIFFERENCES[identity]}"
    else:
        assert seen == wanted


def test_every_difference_names_a_scenario() -> None:
    assert set(DIFFERENCES) <= set(SCENARIOS)
