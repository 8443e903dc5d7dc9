"""Measure CPU time per request: Hipflask, the original, and peers, in one alternating run.

`python -m benchmarks.run` (`make bench`). There are two tables:

- `requests`: what kinds of requests cost. Each pass starts one fresh process per implementation;
- `additions`: what customisations and extensions add. Each row of a pass has its own processes,
  and two more, which run all through the pass, answer the plain request beside it.

Within a pass the processes take turns, scenario by scenario, round by round, some 30 ms each. A
ratio is the median over all rounds of (original / ours) in the same round. The exit code is 0
whatever the numbers are; it is 1 where an answer is wrong or differs between the two.

`--rows sentry plain --rounds 5` answers soon and keeps nothing.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from statistics import geometric_mean
from typing import Any

from benchmarks import additions, environments, report, scenarios
from benchmarks.environments import RESULTS, WorkerProcess
from benchmarks.rounds import PLAIN_SIDES, SIDES, Plan, Row, Side, measure_row
from benchmarks.scenarios import Scenario

TABLES = {"requests": scenarios.SCENARIOS, "additions": additions.ADDITIONS}
OUTPUTS = {"requests": RESULTS / "wsgi.json", "additions": RESULTS / "additions.json"}
PLANS = {"requests": Plan(7, 15, 30.0), "additions": Plan(3, 15, 30.0, profile=1000.0)}
PEERS = ("falcon", "bottle", "whitenoise", "bare")

Commands = dict[str, tuple[str, bool]]
"""The interpreter of each implementation, and whether Hipflask runs in it."""


def takes_part(name: str, scenario: Scenario) -> bool:
    """Whether an implementation answers the requests of a scenario."""
    if name == "original":
        return scenario.original
    return name == "ours" or name in scenario.peers


def requests_pass(rows: Sequence[Row], commands: Commands, plan: Plan, seed: int) -> Iterator[Row]:
    """Start a process per implementation and measure each row that has no fault yet."""
    with ExitStack() as stack:
        sides = []
        for name, (python, is_ours) in commands.items():
            worker = stack.enter_context(WorkerProcess(python, is_ours=is_ours, seed=seed))
            sides.append(Side(name, worker, application=name if name in PEERS else None))
        for row in rows:
            taking_part = [side for side in sides if takes_part(side.name, row.scenario)]
            if row.fault is None:
                measure_row(row, taking_part, plan)
            yield row


def additions_pass(rows: Sequence[Row], commands: Commands, plan: Plan, seed: int) -> Iterator[Row]:
    """Measure each row in two processes of its own, beside two that answer the plain request."""
    plain = additions.BY_NAME[additions.PLAIN]

    def start(stack: ExitStack, side: str) -> WorkerProcess:
        python, is_ours = commands[side]
        return stack.enter_context(WorkerProcess(python, is_ours=is_ours, seed=seed))

    with ExitStack() as whole_pass:
        beside = [
            Side(name, start(whole_pass, side), scenario=plain)
            for side, name in zip(SIDES, PLAIN_SIDES, strict=True)
        ]
        for side in beside:
            side.prepare(plain)
        for row in rows:
            with ExitStack() as one_row:
                if row.fault is None:
                    own = [Side(side, start(one_row, side)) for side in SIDES]
                    measure_row(row, [*own, *beside], plan)
            yield row


def chosen(table: str, names: Sequence[str]) -> list[Scenario]:
    """The named scenarios of a table; all of them where none is named."""
    return [scenario for scenario in TABLES[table] if scenario.name in names or not names]


def chosen_tables(arguments: argparse.Namespace) -> list[str]:
    """The table that is asked for, or those that have the named rows."""
    if arguments.table or not arguments.rows:
        return [arguments.table or "requests"]
    return [table for table in TABLES if chosen(table, arguments.rows)]


def refuse_unknown(names: Sequence[str]) -> None:
    known = [scenario.name for table in TABLES.values() for scenario in table]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SystemExit(f"no row {unknown[0]!r}; there are: {', '.join(known)}")


def peer_commands(
    original: dict[str, Any], ours: dict[str, Any], paths: tuple[str, str]
) -> Commands:
    """Where each peer can run: in our environment, or else in the original's."""
    commands = {"bare": (paths[1], False)}
    for name in ("bottle", "falcon", "whitenoise"):
        for about, path in ((original, paths[0]), (ours, paths[1])):
            if name in about["versions"]:
                commands[name] = (path, False)
    return {name: commands[name] for name in PEERS if name in commands}


def summarise(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The means and counts over all measured rows."""
    measured = [row for row in rows if "ratio" in row]
    aimed = [row for row in measured if row["target"] is not None]
    return {
        "geometric_mean": round(geometric_mean([row["ratio"] for row in aimed]), 2)
        if aimed
        else None,
        "geometric_mean_all": round(geometric_mean([row["ratio"] for row in measured]), 2)
        if measured
        else None,
        "lowest": min((row["ratio"] for row in measured), default=None),
        "reached": sum(row["ratio"] >= row["target"] for row in aimed),
        "aimed": len(aimed),
    }


def pythons(table: str, arguments: argparse.Namespace) -> tuple[str, str]:
    """The interpreters of ours and of the original for a table, made where none is named."""
    if table == "additions":
        return environments.extension_pythons(arguments.ours, arguments.original)
    ours = arguments.ours or sys.executable
    return ours, environments.original_python(arguments.original, ours)


def measure(table: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """The whole run of a table, as the JSON that is kept."""
    started = time.monotonic()
    ours_path, original_path = pythons(table, arguments)
    original = environments.look_at(original_path)
    ours = environments.look_at(ours_path, is_ours=True)
    notes = environments.describe_sides(original, ours)
    for note in notes:
        print(f"note: {note}", file=sys.stderr)
    commands = {"original": (original_path, False), "ours": (ours_path, True)}
    peers = {}
    if table == "requests":
        peers = peer_commands(original, ours, (original_path, ours_path))
    plan = plan_of(table, arguments)
    modules = set(original["modules"]) & set(ours["modules"])
    rows = [Row(scenario) for scenario in chosen(table, arguments.rows)]
    for row in rows:
        if row.scenario.needs not in (None, *modules):
            row.fault = f"{row.scenario.needs} is not installed on both sides"
    run_passes(table, rows, commands | peers, plan)
    entries = [row.as_json() for row in rows]
    return {
        "kind": table,
        "date": environments.today(),
        "machine": environments.machine(),
        "original": original,
        "ours": ours,
        "peers": sorted(peers),
        "notes": notes,
        "plan": vars(plan) | {"seconds": round(time.monotonic() - started)},
        "summary": summarise(entries),
        "rows": entries,
    }


def plan_of(table: str, arguments: argparse.Namespace) -> Plan:
    """The usual plan, or less where an answer is wanted soon."""
    plan = PLANS[table]
    if arguments.quick:
        plan = Plan(1, 3, 15.0, profile=plan.profile / 10)
    if arguments.rounds:
        plan = replace(plan, passes=1, rounds=arguments.rounds)
    return plan


def run_passes(table: str, rows: Sequence[Row], commands: Commands, plan: Plan) -> None:
    one_pass: Callable[..., Iterator[Row]]
    one_pass = additions_pass if table == "additions" else requests_pass
    for seed in range(plan.passes):
        for number, row in enumerate(one_pass(rows, commands, plan, seed), start=1):
            show_progress(
                f"pass {seed + 1}/{plan.passes}, {number}/{len(rows)} {row.scenario.name}"
            )
    show_progress("")


def show_progress(text: str) -> None:
    """Overwrite one line, where somebody is looking."""
    if sys.stderr.isatty():
        print(f"\r{text:70}", end="" if text else "\r", file=sys.stderr, flush=True)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="benchmarks.run",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--ours", help="interpreter that has Hipflask")
    parser.add_argument("--original", help="interpreter that has flask==3.1.3")
    parser.add_argument("--table", choices=TABLES, help="requests, unless rows are named")
    parser.add_argument("--rows", nargs="+", default=[], metavar="NAME", help="of either table")
    parser.add_argument("--rounds", type=int, metavar="N", help="one pass of so many rounds")
    parser.add_argument("--quick", action="store_true", help="a rough answer")
    parser.add_argument("--output", type=Path, help="where the raw results of --table go")
    found = parser.parse_args(arguments)
    refuse_unknown(found.rows)
    if found.output and not found.table:
        parser.error("--output needs --table")
    return found


def main() -> int:
    arguments = parse(None)
    is_complete = not (arguments.quick or arguments.rounds or arguments.rows)
    has_fault = False
    for table in chosen_tables(arguments):
        results = measure(table, arguments)
        has_fault |= any("fault" in row for row in results["rows"])
        print(report.RENDERERS[table](results))
        output = arguments.output or (OUTPUTS[table] if is_complete else None)
        if output is not None:
            environments.write_json(output, results)
    if is_complete and not arguments.output:
        report.pages.write()
    return 1 if has_fault else 0


if __name__ == "__main__":
    sys.exit(main())
