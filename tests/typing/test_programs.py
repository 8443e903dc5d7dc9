"""Users' programs type-check: right ones are accepted, mistakes are refused where they stand.

A program in ``right/`` must pass mypy in strict mode and pyright. In ``wrong/`` exactly the lines
that carry a ``# refused: why`` comment must be reported, by each of the two.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.typing

HERE = Path(__file__).parent
RIGHT = sorted(HERE.glob("right/*.py"))
WRONG = sorted(HERE.glob("wrong/*.py"))

# What was reported, by file and line.
Reports = dict[Path, dict[int, str]]


def run(*args: str | Path) -> str:
    """Run a tool of this environment; what it prints is empty only if it could not start."""
    command = [sys.executable, "-m", *map(str, args)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=HERE, check=False)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.stdout


@cache
def mypy() -> Reports:
    """Check all programs at once, for most of the time goes into reading the libraries."""
    cache_dir = HERE.parents[1] / ".mypy_cache"
    options = ["--strict", "--config-file=", f"--cache-dir={cache_dir}", "--output=json"]
    lines = run("mypy", *options, *RIGHT, *WRONG).splitlines()
    reports: Reports = {}
    for found in (json.loads(line) for line in lines if line.startswith("{")):
        if found["severity"] == "error":
            reports.setdefault(HERE / found["file"], {})[found["line"]] = found["message"]
    return reports


@cache
def pyright() -> Reports:
    output = run("pyright", "--outputjson", "--project", HERE, "--pythonpath", sys.executable)
    reports: Reports = {}
    for found in json.loads(output)["generalDiagnostics"]:
        if found["severity"] == "error":
            line = found["range"]["start"]["line"] + 1
            reports.setdefault(Path(found["file"]), {})[line] = found["message"]
    return reports


CHECKERS = [pytest.param(mypy, id="mypy"), pytest.param(pyright, id="pyright")]


@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize("program", RIGHT, ids=lambda path: path.stem)
def test_right_program_is_accepted(program: Path, checker: Callable[[], Reports]) -> None:
    assert checker().get(program, {}) == {}


@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize("program", WRONG, ids=lambda path: path.stem)
def test_each_mistake_is_refused(program: Path, checker: Callable[[], Reports]) -> None:
    source = program.read_text(encoding="utf-8").splitlines()
    mistakes = [number for number, line in enumerate(source, 1) if "# refused: " in line]
    assert len(mistakes) > 5
    assert sorted(checker()[program]) == mistakes
