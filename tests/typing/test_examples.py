"""Example applications pass mypy in strict mode."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.typing

ROOT = Path(__file__).parents[2]
# Extensions without types: what comes from them is of any type. The storefront and the typed API
# need the types of SQLAlchemy, which only their own environments have.
UNTYPED = ["--ignore-missing-imports", "--allow-subclassing-any", "--allow-untyped-decorators"]
EXAMPLES = {"notice_board": [], "rooms": UNTYPED}


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_is_accepted(name: str) -> None:
    folder = ROOT / "examples" / name
    options = ["--strict", "--config-file=", f"--cache-dir={ROOT / '.mypy_cache'}", *EXAMPLES[name]]
    command = [sys.executable, "-m", "mypy", *options, folder / name]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
