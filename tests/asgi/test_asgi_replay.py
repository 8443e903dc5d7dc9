"""Every recorded scenario has the same outcome through the ASGI door, on each of its plans.

*Sync*: as the scenarios are.  *Async*: all their functions run on the loop, as if they were marked.
*Mixed*: their views run on the loop and all other functions in a thread.

ASGI carries neither the text after a status code nor the case of header names, so neither is
compared here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from tests.differential import harness
from tests.differential.differences import reason_for
from tests.differential.run import recorded

from flask import Flask
from flask.doors import on_loop
from flask.testing import FlaskClient

SCENARIOS = harness.load()
RECORDS = recorded()
PLANS = ("sync", "async", "mixed")

HEAD = "a response to HEAD is sent without the body that a replaced method gives it"
CLOSED = "a server closes a body once it is sent, and the test its response"
TEXT = "the pieces of a body that is passed on as it is must be bytes"
LAZY = "what is sent from a thread of its own is not waited for step by step"
BLOCKS = "views that wait for each other can't run on one loop, which nobody would mark so"
EARLY = "the body is received before the first hook, up to the limit of the configuration"

DIFFERENCES: dict[str, dict[str, str]] = {
    "sync": {
        "responses.view_returns[tuple_header_snow]": (
            "a header outside of Latin-1 can't be sent: WSGI servers fail on it later, ASGI's can't"
        ),
        "static_files.files_are_closed_with_the_response": (
            "a server closes a body once it is sent, and not when a test closes the response"
        ),
        "response_classes.overridden_part[AppIter]": HEAD,
        "response_classes.changed_after_it_was_made[get_app_iter]": HEAD,
        "response_classes.changed_after_it_was_made[get_wsgi_response]": HEAD,
        "response_classes.changed_after_it_was_made[passthrough]": TEXT,
        "response_classes.changed_after_its_headers_were_read[passthrough]": TEXT,
        "response_classes.changed_in_the_view[passthrough]": TEXT,
        "response_classes.patched_before_the_first_request[close]": CLOSED,
        "response_classes.patched_on_the_class[close]": CLOSED,
        "response_classes.patched_on_werkzeugs_class[close]": CLOSED,
    },
}
DIFFERENCES["async"] = DIFFERENCES["sync"] | {
    "concurrency.errors_in_threads": BLOCKS,
    "concurrency.requests_in_threads": BLOCKS,
    "concurrency.two_apps_in_threads": BLOCKS,
    "limits.limits_set_in_a_before_request_hook": EARLY,
    "streams.stream_with_context_in_the_client": LAZY,
    "testing.kept_context_and_streams": LAZY,
    "testing.streaming_with_the_client": LAZY,
}
DIFFERENCES["mixed"] = DIFFERENCES["async"] | {
    "patterns.data_base_in_g": "a connection of one thread is used on the loop, in another one",
}
# On the server's loop, what a view leaves there stays.
APART = ("loop_leftovers.",)


@pytest.fixture(autouse=True)
def through_the_asgi_door(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FlaskClient, "default_door", "asgi")


def is_view(app: Flask, function: Callable[..., Any]) -> bool:
    return any(function is view for view in app.view_functions.values())


MARKED: dict[str, Callable[[Flask, Callable[..., Any]], bool]] = {
    "async": lambda app, function: True,
    "mixed": is_view,
}


def without_what_asgi_lacks(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_what_asgi_lacks(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_what_asgi_lacks(item) for item in value]
    if isinstance(value, str):
        value = re.sub(r"(^|')(\d{1,4}) [^\d']*('|$)", r"\1\2\3", value)
        return re.sub(r"^[\w-]+: ", lambda found: found[0].lower(), value)
    return value


def cases() -> list[Any]:
    """Answer plans and scenarios.  All take their time, and a target of their own."""
    identities = [
        identity
        for identity in sorted(SCENARIOS)
        if reason_for(identity) is None and not identity.startswith(APART)
    ]
    return [
        pytest.param(plan, identity, marks=[] if number % 12 == 0 else pytest.mark.asgi)
        for plan in PLANS
        for number, identity in enumerate(identities)
    ]


@pytest.mark.parametrize(("plan", "identity"), cases())
def test_answers_as_through_wsgi(plan: str, identity: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if plan in MARKED:
        monkeypatch.setattr(on_loop, "is_non_blocking", MARKED[plan])
    seen = without_what_asgi_lacks(harness.observe(identity, SCENARIOS[identity]))
    wanted = without_what_asgi_lacks(RECORDS[identity])
    reason = DIFFERENCES.get(plan, {}).get(identity)
    if reason is None:
        assert seen == wanted
    elif reason is not LAZY:  # which the clock decides
        assert seen != wanted, f"no longer different, though {reason}"


def test_every_difference_names_a_scenario() -> None:
    for differences in DIFFERENCES.values():
        assert set(differences) <= set(SCENARIOS)
