"""Requests leave nothing behind in memory."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from reliability import retained


@pytest.mark.reliability
@pytest.mark.parametrize("by_asgi", [False, True], ids=["wsgi", "asgi"])
def test_no_kind_of_request_leaves_anything_behind(by_asgi: bool) -> None:
    results = retained.measure(sys.executable, retained.REQUESTS, by_asgi)
    assert {row["kind"] for row in results["rows"]} == set(retained.KINDS)
    assert results["failures"] == []


@pytest.mark.parametrize(
    ("left", "fails"),
    [
        ({"blocks": 25, "bytes": 0}, False),
        ({"blocks": 300, "bytes": 0}, True),
        ({"blocks": -10, "bytes": 4096}, False),
        ({"blocks": -10, "bytes": 300 * 520}, True),
    ],
)
def test_what_stays_of_each_request_is_a_failure(left: dict[str, Any], fails: bool) -> None:
    row = {"kind": "page", "requests": 300, **left}
    assert bool(retained.failures([row])) is fails


def test_a_leak_is_counted() -> None:
    kept: list[bytearray] = []

    def leaking(sender: retained.Sender) -> None:
        kept.append(bytearray(600))

    kinds = {"leaking": leaking}
    (row,) = retained.count(100, kinds)
    assert retained.failures([row])
