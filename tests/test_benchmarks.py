"""The benchmarks answer rightly and report what was measured; no test is about speed."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
import werkzeug

import flask

ROOT = Path(__file__).resolve().parent.parent
# The benchmarks are run from the repository's root and are not part of the installed package.
sys.path.insert(0, str(ROOT))

from benchmarks import (  # noqa: E402
    additions,
    asgi_apps,
    chart,
    environments,
    instructions,
    owners,
    plot,
    report,
    rounds,
    run,
    sockets,
    start,
    starting,
    typed,
    typed_apps,
    worker,
)
from benchmarks.environments import RESULTS  # noqa: E402
from benchmarks.peers import FACTORIES as PEERS  # noqa: E402
from benchmarks.scenarios import BY_NAME, SCENARIOS, Exchange, Request, Scenario  # noqa: E402


@pytest.fixture(scope="module")
def answering() -> worker.Worker:
    return worker.Worker()


@pytest.mark.parametrize("name", BY_NAME)
def test_every_scenario_is_answered_as_it_expects(name: str, answering: worker.Worker) -> None:
    scenario = BY_NAME[name]
    if scenario.needs and importlib.util.find_spec(scenario.needs) is None:
        pytest.skip(f"{scenario.needs} is an extra of the benchmarks only")
    answers = answering.prepare(name, scenario.application)
    assert len(answers) == len(scenario.exchanges)
    prepared = answering.prepared[name, scenario.application]
    assert worker.measure(answering.applications[scenario.application], prepared, 2) > 0


# The extended ones need environments of their own; `make bench-additions` asks those.
@pytest.mark.parametrize("scenario", additions.CUSTOMISED, ids=lambda scenario: scenario.name)
def test_customised_applications_answer_as_expected_and_are_profiled(scenario: Scenario) -> None:
    order = {"scenario": scenario.name}
    # A process of its own: some of these connect receivers that stay.
    with environments.WorkerProcess(sys.executable, is_ours=True) as process:
        process.order(do="prepare", **order)
        assert process.order(do="run", count=2, **order)["ns"] > 0
        counts = process.order(do="profile", count=2, **order)["samples"]
        assert set(counts) <= set(owners.OWNERS)


def test_a_profile_knows_whose_code_was_running() -> None:
    sampler = owners.Sampler()
    assert sampler.owner(flask.__file__) == "framework"
    assert sampler.owner(werkzeug.__file__) == "libraries"
    assert sampler.owner(worker.__file__) == "application"
    assert sampler.owner(pytest.__file__) == "extension"
    assert sampler.owner(json.__file__) is None
    with sampler:
        deadline = time.process_time() + 0.1
        while time.process_time() < deadline:
            json.dumps(list(range(100)))
    # A test belongs to nobody, so its time counts for pytest, which called it.
    assert sampler.counts["extension"] == sum(sampler.counts.values()) > 0


@pytest.mark.parametrize("peer", PEERS)
def test_peers_give_the_same_answers(peer: str, answering: worker.Worker) -> None:
    if peer != "bare" and importlib.util.find_spec(peer) is None:
        pytest.skip(f"{peer} is an extra of the benchmarks only")
    for scenario in SCENARIOS:
        if peer in scenario.peers:
            answering.prepare(scenario.name, peer)


def test_the_validated_request_is_answered_and_a_wrong_one_refused() -> None:
    app = typed_apps.create_ours()
    right = typed_apps.call_wsgi(app, typed_apps.RAW)
    wrong = typed_apps.call_wsgi(app, typed_apps.WRONG)
    typed_apps.check(right, wrong)
    assert wrong[0] == 422
    with pytest.raises(AssertionError):
        typed_apps.check(wrong, wrong)


def test_typed_rows_keep_within_their_targets() -> None:
    results = json.loads((RESULTS / "typed.json").read_text())
    rows = [row for row in results["rows"] if "target" in row]
    assert {row["name"]: row["target"] for row in rows} == typed.TARGETS
    assert [row["name"] for row in rows if row["part"] > row["target"]] == []


def test_the_grown_application_answers_its_measured_route() -> None:
    app = worker.build_application("grown:40,3,6")
    worker.prepare(app, worker.scenario_named("grown"))


@pytest.mark.parametrize(
    "exchange",
    [
        Exchange(Request("/"), status=404),
        Exchange(Request("/"), body=b"Goodbye"),
        Exchange(Request("/json"), data={"message": "Goodbye"}),
        Exchange(Request("/"), parts=(b"Goodbye",)),
        Exchange(Request("/"), headers={"X-Origin": "benchmark"}),
    ],
    ids=["status", "body", "json", "part", "header"],
)
def test_a_wrong_answer_is_not_timed(exchange: Exchange) -> None:
    app = worker.build_application("bare")
    with pytest.raises(worker.WrongAnswer):
        worker.prepare(app, Scenario("wrong", "wrong", (exchange,)))


def test_a_difference_between_the_two_sides_is_named() -> None:
    answer = {"status": "200 OK", "headers": [["Vary", "Cookie"]]}
    assert rounds.difference({"original": [answer], "ours": [answer], "bare": []}) is None
    other = answer | {"headers": []}
    fault = rounds.difference({"original": [answer], "ours": [other]})
    assert fault is not None
    assert fault.startswith("request 1: headers")


def test_the_worker_obeys_orders_and_survives_a_wrong_one() -> None:
    orders = [
        {"do": "about"},
        {"do": "prepare", "scenario": "no such scenario"},
        {"do": "prepare", "scenario": "plain", "application": "bare"},
        {"do": "run", "scenario": "plain", "application": "bare", "count": 5},
        {"do": "memory"},
    ]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.worker"],
        cwd=ROOT,
        input="".join(json.dumps(order) + "\n" for order in orders),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    about, wrong, prepared, ran, memory = map(json.loads, done.stdout.splitlines())
    assert about["python"].startswith("CPython")
    assert "no such scenario" in wrong["error"]
    assert prepared["answers"][0]["status"] == "200 OK"
    assert ran["ns"] > 0
    assert memory["peak"] > 0


@pytest.mark.parametrize("task", starting.TASKS, ids=lambda task: task.name)
def test_what_a_start_consists_of_is_done_and_timed(task: starting.Task) -> None:
    answer = worker.Worker().obey({"do": "start", "task": task.name, "count": 2})
    assert answer["ns"] >= 0  # some clocks are coarse
    assert answer["proof"]


def test_a_start_that_differs_has_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    proofs = iter(range(100))
    monkeypatch.setattr(start, "microseconds", lambda *arguments: (1.0, next(proofs)))
    workers: dict[str, environments.WorkerProcess] = dict.fromkeys(start.SIDES)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="differ"):
        start.measure_task(workers, starting.TASKS[0], 1, 1.0)


def test_a_start_is_shown_as_a_part_of_the_originals() -> None:
    row = start.as_row(starting.TASKS[0], {"original": [10.0, 20.0, 30.0], "ours": [5.0, 5.0, 6.0]})
    assert (row["part"], row["part_min"], row["part_max"]) == (0.25, 0.2, 0.5)
    assert row["us"] == {"original": 20.0, "ours": 5.0}


def test_all_rows_that_ask_for_a_ratio_are_measured() -> None:
    assert len([scenario for scenario in SCENARIOS if scenario.target is not None]) >= 28
    assert len(BY_NAME) == len(SCENARIOS)


def test_readme_and_plot_are_generated_from_the_committed_results() -> None:
    assert report.pages.outdated() == [], "run: python -m benchmarks.report"


def test_a_row_with_a_fault_shows_it_and_no_ratio() -> None:
    row = rounds.Row(BY_NAME["plain"], fault="ours: 500").as_json()
    assert "ratio" not in row
    assert run.summarise([row])["geometric_mean"] is None


def test_ratios_are_medians_of_rounds() -> None:
    row = rounds.Row(BY_NAME["plain"])
    for theirs, ours in ((30_000, 3_000), (20_000, 4_000), (40_000, 2_000)):
        row.add("original", theirs)
        row.add("ours", ours)
    entry = row.as_json()
    assert (entry["ratio"], entry["ratio_min"], entry["ratio_max"]) == (10, 5, 20)
    assert entry["us"] == {"original": 30, "ours": 3}
    summary = run.summarise([entry])
    assert (summary["geometric_mean"], summary["reached"], summary["aimed"]) == (10, 0, 1)


def test_an_addition_is_shown_against_plain_and_without_its_extension() -> None:
    row = rounds.Row(additions.BY_NAME["sentry"])
    for side, nanoseconds in (("original", 90_000), ("ours", 60_000)):
        row.add(side, nanoseconds)
        row.add(f"{side}-plain", 30_000 if side == "original" else 3_000)
        row.owners[side] = Counter(extension=2, framework=1, libraries=1)
    entry = row.as_json()
    assert entry["times_plain"] == {"original": 3, "ours": 20}
    line = report.addition_line(entry)
    assert line[0] == "Sentry SDK"
    assert line[-2:] == ["30.0", "1.50"]


@pytest.mark.parametrize(
    ("words", "tables"),
    [
        ([], ["requests"]),
        (["--rows", "plain"], ["requests"]),
        (["--rows", "sentry", "plain"], ["requests", "additions"]),
        (["--table", "additions"], ["additions"]),
    ],
)
def test_named_rows_choose_their_tables(words: list[str], tables: list[str]) -> None:
    assert run.chosen_tables(run.parse(words)) == tables


def test_an_unknown_row_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SystemExit, match=r"no row 'sentri'.*sentry"):
        run.parse(["--rows", "sentri"])


def _counts(plain: int, **changes: object) -> dict[str, object]:
    return {
        "machine": {"architecture": "x86_64"},
        "ours": {"python": "CPython 3.11.7", "versions": {"werkzeug": "3.1.9"}},
        "yardstick": 200_000,
        "per_request": {"plain": plain},
    } | changes


def test_the_lowest_of_several_memory_layouts_is_the_cost() -> None:
    totals = {("none", seed): 1_000 for seed in instructions.SEEDS}
    for seed, extra in zip(instructions.SEEDS, (30, 20, 25), strict=True):
        totals["plain", seed] = 1_000 + extra * instructions.COUNT
    assert instructions.cost(totals, instructions.SEEDS, "plain", "none") == 20


@pytest.mark.parametrize(
    ("counted", "again", "code"),
    [(40_000, None, 0), (41_900, None, 0), (42_100, 42_100, 1), (42_100, 41_000, 0)],
)
def test_more_instructions_than_the_bound_in_every_layout_fail(
    counted: int, again: int | None, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = tmp_path / "record.json"
    record.write_text(json.dumps(_counts(40_000)))

    def look_again() -> dict[str, object]:
        assert again is not None
        return _counts(again)

    assert instructions.check(_counts(counted), record, 0.05, False, look_again) == code
    assert ("FAILED plain" in capsys.readouterr().err) == bool(code)


@pytest.mark.parametrize(
    "changes",
    [
        {"yardstick": 210_000},
        {"ours": {"python": "CPython 3.12.1", "versions": {"werkzeug": "3.1.9"}}},
        {"ours": {"python": "CPython 3.11.7", "versions": {"werkzeug": "3.2.0"}}},
        {"machine": {"architecture": "aarch64"}},
    ],
    ids=["yardstick", "interpreter", "library", "architecture"],
)
def test_counts_of_another_environment_are_not_compared(
    changes: dict[str, object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = tmp_path / "record.json"
    record.write_text(json.dumps(_counts(40_000)))
    now = _counts(80_000, **changes)
    assert instructions.check(now, record, 0.05, False, _counts) == 0
    assert instructions.check(now, record, 0.05, True, _counts) == 3
    assert "not compared" in capsys.readouterr().err


def test_raw_results_keep_a_list_of_samples_on_one_line(tmp_path: Path) -> None:
    path = tmp_path / "results" / "some.json"
    data = {"samples": [1, 2.5, -3], "names": ["a b", "c"], "rows": [{"x": [4]}], "none": []}
    environments.write_json(path, data)
    assert json.loads(path.read_text()) == data
    assert "[ 1, 2.5, -3 ]" in path.read_text()


def test_the_plot_shows_both_sides_at_every_number_of_routes() -> None:
    sizes = (10, 100, 1_000)
    rows = [
        {"routes": size, "blueprints": 0, "hooks": 0, "us": {"original": 48.0, "ours": 3.5}}
        for size in sizes
    ]
    drawn = plot.growth(rows)
    assert drawn.count("<circle") == 2 * len(sizes)
    assert all(f">{size:,}<" in drawn for size in sizes)


@pytest.mark.parametrize("name", asgi_apps.ROWS)
def test_asgi_applications_answer_what_is_measured(name: str) -> None:
    row = asgi_apps.ROWS[name]
    for create in (asgi_apps.create_bare, asgi_apps.create_ours):
        asyncio.run(asgi_apps.check(create(), row))


def test_percentiles_of_wrk_are_read_in_milliseconds() -> None:
    printed = """\
  Latency Distribution
     50%  510.00us
     75%    1.50ms
     90%    2.25ms
     99%    1.10s
  1000 requests in 1.00s, 1.00MB read
"""
    assert sockets.latencies(printed) == {"50": 0.51, "90": 2.25, "99": 1100.0}


def test_ratios_behind_a_server_are_of_turns_in_the_same_round() -> None:
    def turns(*pairs: tuple[float, float]) -> list[sockets.Turn]:
        return [sockets.Turn(rate, us, {"50": 1.0, "99": us}) for rate, us in pairs]

    row = sockets.summary(
        {
            "original": turns((100, 200.0), (10, 400.0), (100, 200.0)),
            "ours": turns((200, 100.0), (30, 100.0), (200, 50.0)),
        }
    )
    assert row["rate_ratio"] == 2
    assert row["cpu_ratio"] == 4
    assert row["cpu_us"] == {"original": 200, "ours": 100}
    assert row["latency_ms"]["ours"] == {"50": 1, "99": 100}


def test_a_suite_with_other_results_has_no_time() -> None:
    suites = json.loads((RESULTS / "suites.json").read_text())
    fewer = {**suites["rows"][0], "fault": "9 tests pass on the original"}
    text = report.suites_section({**suites, "rows": [fewer, suites["rows"][1]]})
    assert text.count("9 tests pass on the original") == 1
    assert f"{suites['rows'][0]['seconds']['ours']:.2f}" not in text.split("\n")[4]


def test_most_published_suites_take_less_time_than_on_the_original() -> None:
    rows = json.loads((RESULTS / "suites.json").read_text())["rows"]
    assert all(row["passed"]["original"] == row["passed"]["ours"] > 0 for row in rows)
    assert sum(row["ratio"] < 1 for row in rows) >= 5


def test_a_server_that_was_not_installed_is_left_out_of_the_chart() -> None:
    wsgi, http = (json.loads((RESULTS / name).read_text()) for name in ("wsgi.json", "http.json"))
    without = {**http, "rows": [row for row in http["rows"] if row["server"] != "uwsgi"]}
    titles = [bar.title for bar in chart.bars(wsgi, without, None)]
    assert "Granian, typical page" in titles
    assert not any(title.startswith("Uwsgi") for title in titles)
