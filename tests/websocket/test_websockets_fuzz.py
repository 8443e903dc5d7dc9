"""Frames that nobody thought of, sent to real servers: nothing is left, and nothing is confused."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from testkit.processes import HOST, answers, free_port, started
from websocket_frames import any_talks, hold, right_talks

HERE = Path(__file__).parent
APP = "served_fuzz:app"
UVICORN = ["uvicorn", APP, "--port", "{port}", "--log-level", "warning", "--ws"]
GUNICORN = ["gunicorn", APP, "--bind", HOST + ":{port}", "--worker-class"]
SERVERS = {
    "werkzeug": ["flask", "--app", "served_fuzz", "run", "--port", "{port}"],
    "gunicorn-gthread": [*GUNICORN, "gthread", "--threads", "4"],
    "gunicorn-gevent": [*GUNICORN, "gevent"],
    "uvicorn-websockets": [*UVICORN, "websockets"],
    "uvicorn-sansio": [*UVICORN, "websockets-sansio"],
    "uvicorn-wsproto": [*UVICORN, "wsproto"],
}
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "100"))
LIBRARIES = ("gevent", "gunicorn", "uvicorn", "websockets", "wsproto")


def served(name: str) -> Any:
    """Mark what only the environment of ASGI servers has."""
    marks = [pytest.mark.asgi] if name.startswith("uvicorn") else []
    missing = [
        library
        for library in LIBRARIES
        if library in " ".join(SERVERS[name]) and importlib.util.find_spec(library) is None
    ]
    reason = f"{' and '.join(missing)} not installed"
    return pytest.param(name, marks=[*marks, pytest.mark.skipif(bool(missing), reason=reason)])


@pytest.fixture(scope="module", params=[served(name) for name in SERVERS])
def port(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    number = free_port()
    words = [word.format(port=number) for word in SERVERS[request.param]]
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    log = tmp_path_factory.mktemp("served") / "log"
    with started([sys.executable, "-m", *words], log, cwd=HERE, env=environment) as process:
        process.wait_until(lambda: answers(number))
        before = state_of(number)
        yield number
        deadline = time.monotonic() + 20
        while (after := state_of(number)) and time.monotonic() < deadline:
            if after["sockets"] == 0 and after["tasks"] <= before["tasks"]:
                break
            time.sleep(0.05)
        assert after["begun"] == after["ended"] > 0
        assert (after["sockets"], after["failed"]) == (0, 0), process.log
        assert after["tasks"] <= before["tasks"]
        # uvicorn's sansio implementation itself logs invalid UTF-8 with a traceback.
        assert (
            "src/flask" if request.param == "uvicorn-sansio" else "Traceback"
        ) not in process.log


def state_of(port: int) -> dict[str, int]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://{HOST}:{port}/state", timeout=20) as answer:
        found: dict[str, int] = json.load(answer)
    return found


@given(talk=right_talks)
@settings(max_examples=EXAMPLES)
def test_right_frames_are_understood(port: int, talk: Any) -> None:
    hold(talk, port)


@given(talk=any_talks)
@settings(max_examples=EXAMPLES * 2)
def test_wrong_frames_leave_nothing_behind(port: int, talk: Any) -> None:
    hold(talk, port)


@given(data=st.binary(max_size=200))
@settings(max_examples=EXAMPLES)
def test_garbage_leaves_nothing_behind(port: int, data: bytes) -> None:
    from websocket_frames import Talk

    hold(Talk([], garbage=data), port)
