"""docs/compatibility.md is made from the recorded results, and those are of all modules."""

import sys
from pathlib import Path

import pytest

EXTENSIONS = Path(__file__).parents[1] / "extensions"
sys.path.insert(0, str(EXTENSIONS))

import compatibility  # noqa: E402

OURS = compatibility.read(compatibility.HIPFLASK)
ORIGINAL = compatibility.read(compatibility.ORIGINAL)


def test_page_is_what_the_results_say() -> None:
    page = compatibility.PAGE.read_text(encoding="utf-8")
    remedy = "write it anew: python tests/extensions/compatibility.py"
    assert page == compatibility.page(OURS, ORIGINAL), remedy


@pytest.mark.parametrize("results", [OURS, ORIGINAL], ids=["ours", "original"])
def test_every_module_has_results_and_all_passed(results: compatibility.Results) -> None:
    assert sorted(results["modules"]) == compatibility.modules()
    assert [row["tests"].keys() for row in results["modules"].values()] == [{"passed"}] * len(
        results["modules"]
    )


def test_both_ran_the_same_releases_of_the_packages() -> None:
    there = {name: row["version"] for name, row in ORIGINAL["modules"].items()}
    assert {name: row["version"] for name, row in OURS["modules"].items()} == there


def test_every_module_says_which_package_it_runs_and_what_of_it() -> None:
    for module in compatibility.modules():
        package, what = compatibility.described(module)
        assert package == OURS["modules"][module]["package"]
        assert len(what.split()) > 2


def test_every_extension_asked_for_is_in_the_table() -> None:
    lines = (EXTENSIONS / "requirements.txt").read_text(encoding="utf-8").splitlines()
    end = lines.index("# Their other halves: clients, backends' drivers, servers.")
    asked = {line.partition("[")[0].lower() for line in lines[:end] if line[0] != "#"}
    shown = {row["package"].lower() for row in OURS["modules"].values()}
    # The SDK is half of its instrumentation.
    assert asked - shown == {"opentelemetry-sdk"}
