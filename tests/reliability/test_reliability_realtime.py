"""Clients of WebSockets that vanish leave nothing behind in the server."""

from __future__ import annotations

import pytest
from reliability.realtime.vanish import disappear

pytestmark = pytest.mark.reliability


@pytest.mark.parametrize("ws", ["websockets", "websockets-sansio"])
def test_clients_that_vanish_leave_nothing_behind(ws: str) -> None:
    found = disappear(1000, ws)
    for name in ("handlers", "sockets"):
        assert found["after"][name] == 0, name
    for name in ("tasks", "files", "threads"):  # a few that are about to end
        assert found["after"][name] <= found["before"][name] + 5, name
    assert found["after"]["memory"] - found["before"]["memory"] < 10  # MiB
