"""The commands a newcomer meets first say what they do and what they lack."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")

pytestmark = pytest.mark.skipif(
    shutil.which("make") is None, reason="these tests run make, which is not installed here"
)


def make(*args: str) -> subprocess.CompletedProcess[str]:
    command = ["make", "--no-print-directory", *args]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


def phony_targets() -> set[str]:
    lines = re.findall(r"^\.PHONY: (.+)$", MAKEFILE, flags=re.MULTILINE)
    return {name for line in lines for name in line.split()}


def listed() -> dict[str, str]:
    """Return the line of each target, without its group."""
    lines = make("help").stdout.splitlines()[1:]
    return {line[10:].split()[0]: line[10:] for line in lines}


def test_plain_make_lists_every_target_with_a_line_of_its_own() -> None:
    assert make().stdout == make("help").stdout
    lines = make().stdout.splitlines()[1:]
    assert {line[10:].split()[0] for line in lines} == phony_targets()
    assert len(lines) == len(phony_targets())
    assert all(len(line.split()) > 2 for line in listed().values())
    assert {"demo", "test", "lint", "types", "bench", "differential"} <= phony_targets()


def test_list_of_targets_is_grouped_and_fits_a_screen() -> None:
    lines = make("help").stdout.splitlines()
    groups = [line[:10].strip() for line in lines[1:] if line[:10].strip()]
    assert len(groups) > 3
    assert len(groups) == len(set(groups))
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 100


def test_targets_that_end_say_how_long_they_take() -> None:
    endless = {"help", "demo", "storefront", "api", "rooms", "docs-serve", "clean"}
    timed = {name for name, line in listed().items() if re.search(r"\[\d+ (s|min)\]$", line)}
    assert timed == phony_targets() - endless


def test_missing_python_is_named_with_the_remedy(tmp_path: Path) -> None:
    done = make("test", "PYTHON=", f"VENV={tmp_path / 'venv'}")
    assert done.returncode != 0
    assert "Python 3.11 or newer" in done.stderr
    assert "python3-venv" in done.stderr
    assert not (tmp_path / "venv").exists()
