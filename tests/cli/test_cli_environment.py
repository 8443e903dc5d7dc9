"""Dotenv files: which are read, which one wins, and what happens without the library."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from flask.cli import load_dotenv

Write = Callable[[str, str], Path]
Run = Callable[..., Result]

PROBE = """
import os, click
from flask import Flask
app = Flask("probe")

@app.cli.command(with_appcontext=False)
def show():
    for name in sorted(os.environ):
        if name.startswith("SHOP_") or name == "FLASK_DEBUG":
            click.echo(f"{name}={os.environ[name]}")
    click.echo(f"debug {app.debug}")
"""


def shop() -> dict[str, str]:
    """Collect the variables of these tests."""
    return {name: value for name, value in os.environ.items() if name.startswith("SHOP_")}


@pytest.fixture
def no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dotenv", None)


def test_nothing_to_read() -> None:
    assert load_dotenv() is False
    assert load_dotenv("missing.env") is False


def test_default_files_and_their_order(write: Write) -> None:
    write(".flaskenv", "SHOP_A=flaskenv\nSHOP_B=flaskenv\n")
    write(".env", "SHOP_A=env\nSHOP_C=env\n")
    assert load_dotenv() is True
    assert shop() == {"SHOP_A": "env", "SHOP_B": "flaskenv", "SHOP_C": "env"}


def test_named_file_wins(write: Write) -> None:
    write(".env", "SHOP_A=env\nSHOP_B=env\n")
    write("my.env", "SHOP_A=mine\n")
    assert load_dotenv("my.env") is True
    assert shop() == {"SHOP_A": "mine", "SHOP_B": "env"}


def test_named_file_alone(write: Write) -> None:
    write(".env", "SHOP_A=env\nSHOP_B=env\n")
    path = write("my.env", "SHOP_A=mine\n")
    assert load_dotenv(path, load_defaults=False) is True
    assert shop() == {"SHOP_A": "mine"}
    assert load_dotenv(None, load_defaults=False) is False


def test_variables_that_are_set_keep_their_value(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_A", "real")
    write("my.env", "SHOP_A=mine\n")
    assert load_dotenv("my.env") is True
    assert shop() == {"SHOP_A": "real"}


def test_line_without_a_value_sets_nothing(write: Write) -> None:
    write("my.env", "SHOP_A\n")
    assert load_dotenv("my.env") is True
    assert shop() == {}


def test_empty_file(write: Write) -> None:
    write("my.env", "")
    assert load_dotenv("my.env") is False


def test_files_are_utf_8(write: Write) -> None:
    write("my.env", "SHOP_A=gr\u00fc\u00df\n")
    load_dotenv("my.env")
    assert shop() == {"SHOP_A": "gr\u00fc\u00df"}


def test_search_goes_upwards_and_leaves_the_working_directory(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(".env", "SHOP_A=above\n")
    below = write("one/two/.flaskenv", "SHOP_B=below\n").parent
    monkeypatch.chdir(below)
    assert load_dotenv() is True
    assert shop() == {"SHOP_A": "above", "SHOP_B": "below"}
    assert Path.cwd() == below


@pytest.mark.usefixtures("no_library")
def test_without_the_library_files_are_mentioned(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    assert load_dotenv() is False
    assert capsys.readouterr() == ("", "")
    write(".env", "SHOP_A=env\n")
    assert load_dotenv() is False
    assert "python-dotenv" in capsys.readouterr().err
    assert shop() == {}


@pytest.mark.usefixtures("no_library")
def test_without_the_library_a_named_file_is_mentioned(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert load_dotenv("my.env") is False
    assert "python-dotenv" in capsys.readouterr().err


# On the command line


@pytest.fixture
def probe(write: Write) -> None:
    write("probe.py", PROBE)


@pytest.mark.usefixtures("probe")
def test_default_files_name_the_app_and_the_debug_mode(write: Write, run: Run) -> None:
    write(".flaskenv", "FLASK_APP=probe\nFLASK_DEBUG=1\nSHOP_A=flaskenv\n")
    assert run("show").output == "FLASK_DEBUG=1\nSHOP_A=flaskenv\ndebug True\n"


@pytest.mark.usefixtures("probe")
def test_option_wins_over_the_files(write: Write, run: Run) -> None:
    write(".flaskenv", "FLASK_APP=missing\nFLASK_DEBUG=1\n")
    assert run("--app", "probe", "--no-debug", "show").output == "FLASK_DEBUG=0\ndebug False\n"


@pytest.mark.usefixtures("probe")
@pytest.mark.parametrize("option", ["-e", "--env-file"])
def test_named_file_names_the_app(write: Write, run: Run, option: str) -> None:
    write(".env", "SHOP_A=env\nSHOP_B=env\n")
    write("my.env", "FLASK_APP=probe\nSHOP_A=mine\n")
    assert run(option, "my.env", "show").output == "SHOP_A=mine\nSHOP_B=env\ndebug False\n"


@pytest.mark.usefixtures("probe")
def test_file_named_by_the_environment(
    write: Write, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("my.env", "FLASK_APP=probe\nSHOP_A=mine\n")
    monkeypatch.setenv("FLASK_ENV_FILE", "my.env")
    assert run("show").output == "SHOP_A=mine\ndebug False\n"


@pytest.mark.usefixtures("probe")
def test_skipping_the_default_files_leaves_the_named_one(
    write: Write, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLASK_SKIP_DOTENV", "1")
    write(".env", "SHOP_A=env\nSHOP_B=env\n")
    write("my.env", "SHOP_A=mine\n")
    assert run("-A", "probe", "show").output == "debug False\n"
    assert run("-A", "probe", "-e", "my.env", "show").output == "SHOP_A=mine\ndebug False\n"


@pytest.mark.parametrize("name", ["missing.env", "."])
def test_named_file_that_is_not_there(run: Run, name: str) -> None:
    result = run("-e", name, "routes")
    assert result.exit_code == 2
    assert "--env-file" in result.stderr


@pytest.mark.usefixtures("no_library")
def test_named_file_without_the_library(write: Write, run: Run) -> None:
    write("my.env", "SHOP_A=mine\n")
    result = run("-e", "my.env", "--version")
    assert result.exit_code == 2
    assert "python-dotenv" in result.stderr
