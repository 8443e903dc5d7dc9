"""The CI script: its parts, one by one, and what it says of how they ended."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / ".ci" / "run"
TARGETS = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), flags=re.MULTILINE)

pytestmark = pytest.mark.skipif(
    shutil.which("make") is None, reason="the script runs make, which is not installed here"
)

PARTS = """
part good 'ends well'
run_good() { echo done well; }

part bad-one 'fails in the middle'
run_bad_one() {
    false
    echo never reached
}

part odd 'has no reason to run'
run_odd() { skip 'nothing to do'; }

part first 'beside the second'
run_first() { echo first; }
beside first second

part second 'beside the first'
run_second() { echo second; }
"""


def ci(script: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = ["bash", str(script), *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """Copy the script to where it finds other parts."""
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci" / "parts.sh").write_text(PARTS, encoding="utf-8")
    return shutil.copy(SCRIPT, tmp_path / ".ci" / "run")


def endings(said: str) -> dict[str, str]:
    summary = said.partition("==== Summary")[2]
    return {name: word for word, name in re.findall(r"^ *\d+ s  (\w+) +(\S+)", summary, re.M)}


@pytest.mark.parametrize("file", ["run", "parts.sh"])
def test_script_is_well_formed(file: str) -> None:
    subprocess.run(["bash", "-n", SCRIPT.with_name(file)], check=True)


def test_script_is_executable() -> None:
    assert SCRIPT.stat().st_mode & 0o111


def test_all_parts_run_and_one_failure_fails_the_whole(script: Path) -> None:
    done = ci(script)
    assert done.returncode == 1
    assert endings(done.stdout) == {
        "good": "passed",
        "bad-one": "FAILED",
        "odd": "skipped",
        "first": "passed",
        "second": "passed",
    }
    assert "never reached" not in done.stdout
    assert "skipped: nothing to do" in done.stdout


@pytest.mark.parametrize(
    ("words", "ended"),
    [
        (["good"], {"good": "passed"}),
        (["odd", "good"], {"odd": "skipped", "good": "passed"}),
        (["first"], {"first": "passed"}),
        (["second", "first"], {"second": "passed", "first": "passed"}),
    ],
)
def test_named_parts_run_alone(script: Path, words: list[str], ended: dict[str, str]) -> None:
    done = ci(script, *words)
    assert (done.returncode, endings(done.stdout)) == (0, ended)


def test_unknown_part_is_named_before_anything_runs(script: Path) -> None:
    done = ci(script, "good", "goood")
    assert done.returncode == 2
    assert "'goood'" in done.stderr
    assert done.stdout == ""


def test_every_part_is_listed_and_makes_targets_that_exist() -> None:
    listed = [line.split()[0] for line in ci(SCRIPT, "--list").stdout.splitlines()]
    text = SCRIPT.with_name("parts.sh").read_text(encoding="utf-8")
    assert {"test", "lint", "types", "packaging", "differential"} <= set(listed)
    for name in listed:
        assert f"run_{name.replace('-', '_')}()" in text
    made = re.findall(r"^(?!#).*\b(?:make|tested) ([a-z][a-z-]*)", text, flags=re.MULTILINE)
    assert set(made) <= set(TARGETS)
    assert len(made) > 10
