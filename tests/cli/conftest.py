"""A working directory, an environment and an import system that each test may spoil."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from inspect import signature
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from flask.cli import cli

Write = Callable[[str, str], Path]


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Work in an empty directory, without settings in the environment, and clean up after it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    before = dict(os.environ)
    for name in before:
        if name.startswith(("FLASK_", "WERKZEUG_")) or name == "PYTHONSTARTUP":
            del os.environ[name]
    modules = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - modules:
        file = getattr(sys.modules[name], "__file__", None) or ""
        if file.startswith(str(tmp_path)) or not file:
            del sys.modules[name]
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def write(project: Path) -> Write:
    """Write a file of the project."""

    def write_file(name: str, text: str) -> Path:
        path = project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write_file


@pytest.fixture
def run() -> Callable[..., Result]:
    """Run a command line of the ``flask`` program, or of another group, in this process."""
    # The older ones of the supported versions of click mix the two streams unless told not to.
    mixes = "mix_stderr" in signature(CliRunner).parameters
    runner = CliRunner(**{"mix_stderr": False} if mixes else {})

    def run_words(*words: str, group: click.Command = cli, **options: Any) -> Result:
        return runner.invoke(group, words, **options)

    return run_words


@pytest.fixture
def program(project: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run ``python -m flask`` in a process of its own."""

    def run_process(*words: str, **options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "flask", *words],
            cwd=project,
            capture_output=True,
            text=True,
            timeout=60,
            **{"stdin": subprocess.DEVNULL, **options} if "input" not in options else options,
        )

    return run_process
