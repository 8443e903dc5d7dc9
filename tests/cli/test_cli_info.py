"""flask info: the facts about the installation, and the check that it is this one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import pytest
from click.testing import Result

import flask

Write = Callable[[str, str], Path]
Run = Callable[..., Result]
Program = Callable[..., subprocess.CompletedProcess[str]]

ORIGINAL = "Metadata-Version: 2.1\nName: Flask\nVersion: 3.1.3\nSummary: A microframework.\n"
OURS = f"Metadata-Version: 2.1\nName: Flask\nVersion: {metadata.version('flask')}\nSummary: {{}}\n"
SUMMARY = metadata.metadata("flask")["Summary"]


def test_facts_name_implementation_versions_and_place(run: Run) -> None:
    text = run("info").stdout
    assert f"Hipflask {metadata.version('flask')}, compatible with Flask 3.1.3" in text
    assert str(Path(flask.__file__).parent) in text
    assert f"{metadata.version('werkzeug')}" in text
    assert f"async on: asgiref {metadata.version('asgiref')}" in " ".join(text.split())


def test_json_has_the_same_facts(run: Run) -> None:
    facts = json.loads(run("info", "--json").stdout)
    assert facts["implementation"] == "Hipflask"
    assert facts["version"] == metadata.version("flask")
    assert facts["compatible_with"] == "3.1.3"
    assert facts["location"] == str(Path(flask.__file__).parent)
    assert facts["python"]["executable"] == sys.executable
    assert facts["libraries"]["Werkzeug"] == metadata.version("werkzeug")
    assert facts["extras"]["dotenv"] == {"python-dotenv": metadata.version("python-dotenv")}
    assert facts["problems"] == []
    assert facts["application"] is None


def test_extras_are_those_for_users(run: Run) -> None:
    extras = set(json.loads(run("info", "--json").stdout)["extras"])
    assert {"async", "dotenv", "fast"} <= extras
    assert not extras & {"dev", "test", "bench"}


def test_missing_package_of_an_extra_comes_with_the_command_that_installs_it(
    run: Run, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs = "Requires-Dist: not-installed-anywhere; extra == 'async'\n"
    write("flask-3.1.3.1.dist-info/METADATA", OURS.format(SUMMARY) + needs)
    monkeypatch.syspath_prepend(".")
    assert "async  off: pip install not-installed-anywhere" in run("info").stdout


def test_named_application_is_described(run: Run, write: Write) -> None:
    write("shop.py", "from flask import Flask\napp = Flask('shop', static_folder=None)\n")
    text = run("--app", "shop", "info").stdout
    assert "Application 'shop'" in text
    assert "flask.json.provider.DefaultJSONProvider" in text
    facts = json.loads(run("--app", "shop", "info", "--json").stdout)["application"]
    assert (facts["name"], facts["debug"], facts["routes"]) == ("shop", False, 0)


def test_application_that_is_not_named_is_not_described(run: Run, write: Write) -> None:
    write("app.py", "from flask import Flask\napp = Flask('shop')\n")
    assert "Application" not in run("info").stdout


def test_named_application_that_is_missing_is_an_error(run: Run) -> None:
    result = run("--app", "missing", "info")
    assert result.exit_code == 2
    assert "Could not import 'missing'" in result.stderr


def test_command_info_of_the_application_wins(run: Run, write: Write) -> None:
    write(
        "app.py",
        "from flask import Flask\napp = Flask('shop')\n"
        "@app.cli.command('info')\ndef info():\n    print('sells plants')\n",
    )
    assert run("info").stdout == "sells plants\n"


def test_broken_application_does_not_disturb(run: Run, write: Write) -> None:
    write("app.py", "1 / 0\n")
    result = run("info", "--check")
    assert (result.exit_code, result.stderr) == (0, "")


def test_help_lists_the_command_once(run: Run) -> None:
    assert run("--help").stdout.count("\n  info ") == 1


# The check


def test_check_passes_on_this_package(run: Run) -> None:
    result = run("info", "--check")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"Hipflask {metadata.version('flask')} in ")


@pytest.mark.parametrize("words", [["info"], ["info", "--json"], ["info", "--check"]])
def test_problem_is_told_and_fails_the_check_only(
    run: Run, write: Write, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    write("flask-3.1.3.dist-info/METADATA", ORIGINAL)
    monkeypatch.syspath_prepend(".")
    result = run(*words)
    assert result.exit_code == (1 if "--check" in words else 0)
    assert "flask 3.1.3" in result.stderr
    assert "is not Hipflask" in result.stderr
    assert "install Hipflask again" in result.stderr


def test_check_fails_where_the_package_is_not_the_distributions(
    run: Run, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("flask-3.1.3.1.dist-info/METADATA", OURS.format(SUMMARY))
    monkeypatch.syspath_prepend(".")
    result = run("info", "--check")
    assert result.exit_code == 1
    assert "does not belong to the installed distribution" in result.stderr


def test_check_fails_where_no_distribution_is_installed(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metadata, "distributions", lambda **kw: [])
    result = run("info", "--check")
    assert result.exit_code == 1
    assert "No distribution named 'flask' is installed" in result.stderr


def test_check_fails_where_another_package_was_copied_over_this_one(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(flask, "__implementation__")
    result = run("info", "--check")
    assert result.exit_code == 1
    assert "The importable 'flask'" in result.stderr


# The assertion for programs


def importing(project: Path, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "import hipflask"]
    return subprocess.run(
        command, cwd=project, env=env, capture_output=True, text=True, timeout=60, check=False
    )


def test_assertion_holds_on_this_package(project: Path) -> None:
    done = importing(project)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_assertion_fails_on_another_package(project: Path, write: Write) -> None:
    write("flask/__init__.py", "__version__ = '3.1.3'\n")
    done = importing(project, PYTHONPATH=str(project))
    assert done.returncode == 1
    assert "ImportError: The importable 'flask'" in done.stderr
    assert str(project) in done.stderr
