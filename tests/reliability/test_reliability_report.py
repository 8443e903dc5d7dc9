"""The report says what the results say, and the instruments notice what they are there for."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from reliability import load, report, traffic, watch
from reliability.client import Answer, head
from reliability.faults.__main__ import CASES
from reliability.faults.case import Bench, Case, Trial

FIRST = {"x-g": "u-1", "x-request": "u-1", "x-user": "u"}


def test_report_and_plot_are_generated_from_the_committed_results() -> None:
    assert report.pages.outdated() == [], "run: python -m reliability.report"


def test_every_side_of_faults_has_the_same_cases() -> None:
    ours, original = report.read("faults.json"), report.read("faults-original.json")
    assert ours is not None
    assert original is not None
    for results in (ours, original):
        assert {case["name"]: case["what"] for case in results["cases"]} == {
            name: case.what for name, case in CASES.items()
        }


@pytest.mark.parametrize("name", FIRST)
def test_an_answer_with_the_token_of_another_request_is_wrong(name: str) -> None:
    user = traffic.User("u", 0, random.Random(0))
    user.check(Answer(200, list(FIRST.items())), "u-1")
    mixed = FIRST | {name: "another"}
    with pytest.raises(traffic.Wrong, match=name):
        user.check(Answer(200, list(mixed.items())), "u-1")


def test_an_answer_with_another_status_is_wrong() -> None:
    user = traffic.User("u", 0, random.Random(0))
    with pytest.raises(traffic.Wrong, match="500"):
        user.check(Answer(500, list(FIRST.items())), "u-1")


def test_a_line_of_another_request_in_a_stream_is_wrong() -> None:
    user = traffic.User("u", 0, random.Random(0))
    lines = [f"{number} u-1 u-1 u-1 u-1 u {'.' * 400}\n" for number in range(3)]
    traffic.check_lines(user, "u-1", "".join(lines).encode(), 3)
    lines[1] = lines[1].replace("u-1 u\n", "u-2 u\n").replace("1 u-1", "1 u-2", 1)
    with pytest.raises(traffic.Wrong):
        traffic.check_lines(user, "u-1", "".join(lines).encode(), 3)


def test_a_cookie_is_kept_from_the_answer_that_sets_it() -> None:
    answer = Answer(200, [("set-cookie", "session=abc; HttpOnly; Path=/")])
    assert answer.cookie("session") == "session=abc"
    assert answer.cookie("other") is None
    assert head("GET", "/", {"Cookie": "session=abc"}).endswith(b"Cookie: session=abc\r\n\r\n")


def test_slope_and_its_interval_are_those_of_the_samples() -> None:
    steady = [100.0, 102.0] * 100
    rise, half = watch.slope(steady)
    assert (rise, half) == (0, 0)
    noise = random.Random(1)
    rising = [second * 0.5 + noise.gauss(0, 3) for second in range(400)]
    rise, half = watch.slope(rising)
    assert rise - half < 0.5 < rise + half
    assert half < 0.05
    with pytest.raises(ValueError, match="too few"):
        watch.slope(steady[:59])


def test_memory_is_flat_where_it_rises_less_than_it_swings() -> None:
    noise = random.Random(2)
    for rise, is_flat in ((0.0, True), (0.5, True), (20.0, False)):
        rss = [[int(40_000 + rise * second + noise.gauss(0, 300)) for second in range(300)]] * 2
        found = load.memory(rss, 30_000)
        assert found["flat"] is is_flat
        assert found["warm_up"] == 100
        assert found["rss_kib"] == rss
    assert found["slope_kib_per_minute"][0] == pytest.approx(2400, rel=0.1)
    assert found["bytes_per_request"][0] == pytest.approx(40 * 1024 / 100, rel=0.1)
    assert "flat" not in load.memory([[1] * 30], 100)


def _row(**changes: object) -> dict[str, Any]:
    return {
        "requests": 1000,
        "balance": {"begun": 9, "resumed": 1, "ended": 10, "opened": 3, "closed": 3, "mixed": 0},
        "descriptors": {"before": [8, 9], "most": [20, 20], "after": [8, 9]},
        "blocks": {"before": [1000, 1000], "after": [1100, 1100]},
        "memory": {"flat": True, "slope_kib_per_minute": [0.0, 1.0]},
    } | changes


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, []),
        ({"descriptors": {"before": [8], "after": [9]}}, ["8 descriptors open before, 9 after"]),
        ({"blocks": {"before": [1000], "after": [3021]}}, ["2021 more blocks"]),
        ({"memory": {"flat": False, "slope_kib_per_minute": [9, 1]}}, ["memory rises"]),
    ],
    ids=["nothing", "descriptors", "blocks", "memory"],
)
def test_what_a_load_leaves_is_a_failure(changes: dict[str, object], said: list[str]) -> None:
    found = load.faults_of(_row(**changes), "")
    assert len(found) == len(said)
    assert all(words in text for words, text in zip(said, found, strict=True))


@pytest.mark.parametrize(
    ("name", "count", "said"),
    [("ended", 11, "11 teardowns"), ("closed", 2, "2 were closed"), ("mixed", 1, "another")],
)
def test_what_does_not_balance_is_a_failure(name: str, count: int, said: str) -> None:
    row = _row()
    row["balance"][name] = count
    (found,) = load.faults_of(row, "")
    assert said in found


def test_only_the_planned_tracebacks_may_stand_in_a_log() -> None:
    planned = "Traceback (most recent call last):\n  File x\nreliability.app.Planned: user-1\n"
    other = "Traceback (most recent call last):\n  File x\nKeyError: 'visits'\n"
    assert load.unplanned(f"{planned}[INFO] fine\n{planned}") == []
    assert load.unplanned(planned + other) == ["in the log: KeyError: 'visits'"]


def test_what_is_left_of_a_server_that_was_not_loaded_again_stays(tmp_path: Path) -> None:
    path = tmp_path / "load.json"
    rows = [{"server": name, "requests": 1} for name in ("granian", "gunicorn-gthread")]
    path.write_text(json.dumps({"servers": rows}))
    merged = load.merged(path, {"servers": [{"server": "granian", "requests": 2}]})
    assert [(row["server"], row["requests"]) for row in merged["servers"]] == [
        ("gunicorn-gthread", 1),
        ("granian", 2),
    ]


def test_a_case_keeps_what_did_not_hold_once_and_how_it_ended(bench: Bench) -> None:
    def run(trial: Trial) -> None:
        trial.token()
        trial.place = "here"
        for _ in range(2):
            trial.equal(1, 2, "one")
        raise LookupError("lost")

    kept = Case("name", "what", run).on(bench)
    assert kept["tried"] == 1
    assert kept["failures"] == ["here: one: 1, not 2", "here: the case ended by LookupError: lost"]


def test_failures_are_listed_in_the_report() -> None:
    about = {
        "machine": {"cpu": "a cpu", "cores": 2, "memory_gib": 4.0, "system": "Linux 6"},
        "versions": {"python": "CPython 3", "flask": "3"},
        "date": "2026-01-01",
    }
    held = {"name": "one", "what": "It is done.", "tried": 5, "failures": []}
    failed = held | {"failures": ["there: 1, not <2>"]}
    text = report.sides_section({**about, "cases": [held]}, {**about, "cases": [failed]})
    assert "| one | 5 | held | 1 failure |" in text
    assert "Failures of Hipflask: none." in text
    assert "- one: there: 1, not &lt;2>" in text
    assert "- **one**: It is done." in text
