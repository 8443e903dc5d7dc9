"""docs/deploy/cluster.md, carried out: sessions in cookies, hosts as namespaces where possible."""

from __future__ import annotations

import json

import pytest
from deploy_cluster import (
    CUT,
    DOWN,
    FOLDER,
    KILLS,
    LOAD,
    MEND,
    ROLL,
    UP,
    check_that_nothing_is_lost,
)
from deploy_host import Host
from deploy_pages import PAGES, commands


def test_every_command_of_the_page_is_run_here() -> None:
    assert {*UP.values(), LOAD, ROLL, *KILLS, CUT, MEND, DOWN} == set(commands("cluster"))


@pytest.mark.timeout(400)
def test_nothing_is_lost_while_instances_are_replaced_killed_and_cut_off(host: Host) -> None:
    check_that_nothing_is_lost(host, "cookie")


def test_table_of_the_page_is_that_of_the_raw_results() -> None:
    runs = json.loads((FOLDER / "results.json").read_text())["runs"]
    table = (PAGES / "cluster.md").read_text().rpartition("sessions in cookies")[2]
    rows = [[cell.strip() for cell in line.split("|")[2:4]] for line in table.splitlines()[2:]]
    for key in ("requests", "orders", "unfulfilled", "rolls", "instances_killed"):
        assert [f"{runs[kind][key]:,}" for kind in UP] in rows
    assert all(run["failures"] == {} for run in runs.values())
    assert all(run["unfulfilled"] == 0 for run in runs.values())
