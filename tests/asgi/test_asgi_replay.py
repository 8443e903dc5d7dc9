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

HEAD = "a response to HEAD is sent without the body that a replaced method gives it"

DIFFERENCES = {
    "response_classes.overridden_part[AppIter]": HEAD,
    "response_classes.changed_after_it_was_made[get_app_iter]": HEAD,
    "response_classes.changed_after_it_was_made[get_wsgi_response]": HEAD,
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
        value = re.sub(r"(^|')(\d{1,4}) [^\d']*('|$)", r"\1\2\3", value)
        return re.sub(r"^[\w-]+: ", lambda found: found[0].lower(), value)
    return value


def identities() -> list[Any]:
    """Answer the scenarios; those that are generated take their time, and a target of their own."""
    return [
        pytest.param(identity, marks=pytest.mark.asgi)
        if identity.startswith("generated.")
        else identity
        for identity in sorted(SCENARIOS)
        if reason_for(identity) is None
    ]


@pytest.mark.parametrize("identity", identities())
def test_answers_as_through_wsgi(identity: str) -> None:
    seen = without_what_asgi_lacks(harness.observe(identity, SCENARIOS[identity]))
    wanted = without_what_asgi_lacks(RECORDS[identity])
    if identity in DIFFERENCES:
        assert seen != wanted, f"no longer different, though {DIFFERENCES[identity]}"
    else:
        assert seen == wanted


def test_every_difference_names_a_scenario() -> None:
    assert set(DIFFERENCES) <= set(SCENARIOS)
