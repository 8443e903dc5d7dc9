"""flask shell: what is there to begin with, in a real interpreter fed by a pipe."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from flask import Flask
from flask.cli import FlaskGroup

Write = Callable[[str, str], Path]
Run = Callable[..., Result]
Program = Callable[..., "subprocess.CompletedProcess[str]"]

SHOP = """
from flask import Flask
app = Flask("shop")

@app.shell_context_processor
def more():
    return {"extra": 5, "both": "from the application"}
"""


@pytest.fixture
def shell(write: Write, program: Program) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Type lines into the shell of an application."""
    write("shop.py", SHOP)

    def type_lines(*lines: str, **env: str) -> subprocess.CompletedProcess[str]:
        text = "".join(f"{line}\n" for line in lines)
        return program("--app", "shop", "shell", input=text, env={**os.environ, **env})

    return type_lines


Shell = Callable[..., "subprocess.CompletedProcess[str]"]


def test_application_and_its_context_are_there(shell: Shell, project: Path) -> None:
    done = shell(
        "from flask import current_app",
        "print([app.name, current_app is not None, g is not None, extra, both])",
    )
    assert done.returncode == 0
    assert "['shop', True, True, 5, 'from the application']" in done.stdout
    for part in (sys.version.split()[0], sys.platform, "shop", str(project / "instance")):
        assert part in done.stderr


def test_startup_file_runs_first(shell: Shell, write: Write) -> None:
    write("start.py", "started = 'yes'\nboth = 'from the file'\nprint('app' in globals())\n")
    done = shell("print([started, both])", PYTHONSTARTUP="start.py")
    assert done.stdout.startswith("False\n")
    assert "['yes', 'from the application']" in done.stdout


@pytest.mark.parametrize("name", ["missing.py", ".", ""])
def test_startup_file_that_is_no_file_is_passed_over(shell: Shell, name: str) -> None:
    done = shell("print(app.name * 2)", PYTHONSTARTUP=name)
    assert done.returncode == 0
    assert "shopshop" in done.stdout


def test_startup_file_that_fails(shell: Shell, write: Write) -> None:
    write("start.py", "1 / 0\n")
    done = shell("print('reached')", PYTHONSTARTUP="start.py")
    assert done.returncode == 1
    assert 'File "start.py", line 1' in done.stderr
    assert "reached" not in done.stdout


# The tab key


@pytest.fixture
def group() -> FlaskGroup:
    app = Flask("shop")
    app.shell_context_processor(lambda: {"quantity": 5})
    return FlaskGroup(create_app=lambda: app)


def test_names_of_the_shell_are_completed(
    run: Run, group: FlaskGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    readline = pytest.importorskip("readline", reason="this Python has no readline library")
    hooks = []
    monkeypatch.setattr(sys, "__interactivehook__", lambda: hooks.append(1), raising=False)
    before = readline.get_completer()
    try:
        assert run("shell", group=group, input="").exit_code == 0
        completer: Any = readline.get_completer()
        assert completer("quant", 0) == "quantity"
    finally:
        readline.set_completer(before)
    assert hooks == [1]


def test_without_readline_the_hook_still_runs(
    run: Run, group: FlaskGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks = []
    monkeypatch.setattr(sys, "__interactivehook__", lambda: hooks.append(1), raising=False)
    monkeypatch.setitem(sys.modules, "readline", None)
    assert run("shell", group=group, input="").exit_code == 0
    assert hooks == [1]


def test_hook_that_the_user_removed_is_not_missed(
    run: Run, group: FlaskGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(sys, "__interactivehook__", raising=False)
    assert run("shell", group=group, input="").exit_code == 0
