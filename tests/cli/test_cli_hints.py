"""Mistakes on the command line: each message names what was probably meant.

Where it helps to see the gain, what the original says stands beside it, as observed.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Write = Callable[[str, str], Path]
Run = Callable[..., Result]
Program = Callable[..., subprocess.CompletedProcess[str]]

APP = "from flask import Flask\napp = Flask('shop')\n"
FORGETFUL = "from flask import Flask\ndef create_app():\n    app = Flask('shop')\n"


@pytest.mark.parametrize(
    ("name", "meant"), [("shpo", "shop"), ("shop.veiws", "shop.views"), ("stor", "store")]
)
def test_misspelt_module(run: Run, write: Write, name: str, meant: str) -> None:
    # The original: "Could not import 'shpo'."
    write("shop/__init__.py", "")
    write("shop/views.py", APP)
    write("store.py", APP)
    result = run("--app", name, "routes")
    assert result.exit_code == 2
    assert f"Could not import {name!r}" in result.stderr
    assert f"Did you mean {meant!r}?" in result.stderr


def test_module_like_no_other_gets_no_suggestion(run: Run, write: Write) -> None:
    write("shop.py", APP)
    assert "Did you mean" not in run("--app", "zzzzzz", "routes").stderr


def test_misspelt_variable(run: Run, write: Write) -> None:
    # The original: "Failed to find attribute 'aap' in 'shop'."
    write("shop.py", APP)
    result = run("--app", "shop:aap", "routes")
    assert "Failed to find attribute 'aap'" in result.stderr
    assert "Did you mean 'app'?" in result.stderr


@pytest.mark.parametrize("name", ["shop", "shop:create_app", "shop:create_app()"])
def test_factory_that_forgets_to_return(run: Run, write: Write, name: str) -> None:
    # The original: "Failed to find Flask application or factory in module 'shop'." and "A valid
    # Flask application was not obtained from 'shop:create_app'."
    write("shop.py", FORGETFUL)
    result = run("--app", name, "routes")
    assert result.exit_code == 2
    assert "returned None. Does it end with 'return app'?" in result.stderr
    assert "create_app" in result.stderr


def test_second_factory_is_asked_where_the_first_forgets(run: Run, write: Write) -> None:
    write("shop.py", f"{FORGETFUL}def make_app():\n    return Flask('other', static_folder=None)\n")
    result = run("--app", "shop", "routes")
    assert (result.exit_code, result.output) == (0, "No routes were registered.\n")


@pytest.mark.parametrize("words", [["routes"], ["run"], ["stock"], ["shell"]])
def test_syntax_error_is_shown_by_its_place_only(
    program: Program, write: Write, words: list[str]
) -> None:
    # The original: the same lines, after a traceback of eleven frames.
    write("shop.py", "from flask import Flask\napp = (\n")
    done = program("--app", "shop", *words)
    assert done.returncode == 1
    first, *_, last = done.stderr.splitlines()
    assert first.endswith('shop.py", line 2')
    assert last.startswith("SyntaxError: ")
    assert len(done.stderr.splitlines()) == 4


def test_syntax_error_among_the_commands_is_shown_by_its_place(run: Run, write: Write) -> None:
    write("shop.py", "from flask import Flask\napp = (\n")
    result = run("--app", "shop", "--help")
    assert result.exit_code == 0
    assert "SyntaxError" in result.stderr
    assert "Traceback" not in result.stderr


def test_help_lists_the_names_that_are_looked_for(run: Run) -> None:
    text = " ".join(run("--help").stdout.split())
    for name in ("wsgi.py", "app.py", "'app'", "'application'", "'create_app'", "'make_app'"):
        assert name in text
