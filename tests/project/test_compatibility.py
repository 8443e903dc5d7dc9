"""docs/compatibility.md is made from the recorded results, and those are of all modules."""

import sys
from pathlib import Path

import pytest

EXTENSIONS = Path(__file__).parents[1] / "extensions"
sys.path.insert(0, str(EXTENSIONS))

import compatibility  # noqa: E402

OURS = compatibility.read(compatibility.HIPFLASK)
BY_ASGI = compatibility.read(compatibility.ASGI)
ORIGINAL = compatibility.read(compatibility.ORIGINAL)


def test_page_is_what_the_results_say() -> None:
    page = compatibility.PAGE.read_text(encoding="utf-8")
    remedy = "write it anew: python tests/extensions/compatibility.py"
    assert page == compatibility.page(OURS, BY_ASGI, ORIGINAL), remedy


@pytest.mark.parametrize("results", [OURS, BY_ASGI, ORIGINAL], ids=["ours", "asgi", "original"])
def test_every_module_has_results_and_all_passed(results: compatibility.Results) -> None:
    assert sorted(results["modules"]) == compatibility.modules()
    assert [row["tests"].keys() for row in results["modules"].values()] == [{"passed"}] * len(
        results["modules"]
    )


def test_both_ran_the_same_releases_of_the_packages() -> None:
    there = {name: row["version"] for name, row in ORIGINAL["modules"].items()}
    for ours in (OURS, BY_ASGI):
        assert {name: row["version"] for name, row in ours["modules"].items()} == there


def test_every_test_left_out_by_asgi_exists() -> None:
    for name in compatibility.WSGI_ONLY:
        module, _, function = name.partition("::")
        assert f"def {function}(" in (EXTENSIONS / f"{module}.py").read_text(encoding="utf-8")


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
