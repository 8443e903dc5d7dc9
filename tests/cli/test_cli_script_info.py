"""What a command line knows of its application, and how it loads it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import Result

from flask import Flask
from flask.cli import NoAppException, ScriptInfo, pass_script_info

Write = Callable[[str, str], Path]
Run = Callable[..., Result]

APP = "from flask import Flask\n{name} = Flask('{name}')\n"


def test_fresh_info() -> None:
    info = ScriptInfo()
    assert info.app_import_path is None
    assert info.create_app is None
    assert info.data == {}
    assert info.set_debug_flag is True
    assert info.load_dotenv_defaults is True


@pytest.mark.parametrize(
    ("variable", "given", "expected"),
    [
        (None, False, False),
        ("1", True, False),
        ("yes", True, False),
        ("0", False, True),
        ("", False, False),
    ],
)
def test_variable_overrules_whether_dotenv_files_are_read(
    monkeypatch: pytest.MonkeyPatch, variable: str | None, given: bool, expected: bool
) -> None:
    if variable is not None:
        monkeypatch.setenv("FLASK_SKIP_DOTENV", variable)
    assert ScriptInfo(load_dotenv_defaults=given).load_dotenv_defaults is expected


@pytest.mark.parametrize(
    "path",
    ["shop", "shop.py", "shop:shop", "shop.py:shop", "./shop.py:shop", "shop:make('shop')"],
)
def test_import_path(write: Write, path: str) -> None:
    write("shop.py", APP.format(name="shop") + "def make(name):\n    return Flask(name)\n")
    info = ScriptInfo(path)
    assert info.load_app().name == "shop"
    assert info.app_import_path == path


def test_import_path_with_a_colon_in_an_argument(write: Write) -> None:
    write("shop.py", "from flask import Flask\ndef make(name):\n    return Flask(name)\n")
    assert ScriptInfo("shop:make('a:b')").load_app().name == "a:b"


@pytest.mark.parametrize("path", [r"C:\shop", "C:/shop"])
def test_colon_of_a_drive_does_not_separate(path: str) -> None:
    with pytest.raises(NoAppException, match=r"^Could not import"):
        ScriptInfo(path).load_app()


def test_factory_wins_over_the_import_path() -> None:
    app = Flask("made")
    assert ScriptInfo("missing", create_app=lambda: app).load_app() is app


def test_app_is_loaded_once() -> None:
    info = ScriptInfo(create_app=lambda: Flask("made"))
    assert info.load_app() is info.load_app()


def test_factory_that_makes_nothing() -> None:
    with pytest.raises(NoAppException, match=r"^Could not locate a Flask application"):
        ScriptInfo(create_app=lambda: None).load_app()  # type: ignore[arg-type, return-value]


def test_nothing_to_be_found() -> None:
    with pytest.raises(NoAppException) as caught:
        ScriptInfo().load_app()
    for hint in ("--app", "FLASK_APP", "wsgi.py", "app.py"):
        assert hint in caught.value.message


def test_default_files_in_their_order(write: Write) -> None:
    write("app.py", APP.format(name="second"))
    assert ScriptInfo().load_app().name == "second"
    write("wsgi.py", APP.format(name="first"))
    assert ScriptInfo().load_app().name == "first"


def test_default_package(write: Write) -> None:
    write("wsgi/__init__.py", APP.format(name="packaged"))
    assert ScriptInfo().load_app().name == "packaged"


def test_default_file_that_is_no_use_ends_the_search(write: Write) -> None:
    write("app.py", APP.format(name="second"))
    write("wsgi.py", "")
    with pytest.raises(NoAppException, match=r"^Failed to find Flask application"):
        ScriptInfo().load_app()
    sys.modules.pop("wsgi")
    write("wsgi.py", "import no_such_module_here  # longer\n")
    with pytest.raises(NoAppException, match=r"^While importing 'wsgi'"):
        ScriptInfo().load_app()


def test_environment_alone_names_no_app(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("shop.py", APP.format(name="shop"))
    monkeypatch.setenv("FLASK_APP", "shop")
    with pytest.raises(NoAppException):
        ScriptInfo().load_app()


@pytest.mark.parametrize(("variable", "expected"), [("1", True), ("0", False), (None, False)])
def test_debug_mode_follows_the_environment(
    monkeypatch: pytest.MonkeyPatch, variable: str | None, expected: bool
) -> None:
    if variable is not None:
        monkeypatch.setenv("FLASK_DEBUG", variable)
    app = Flask("shop")
    app.debug = not expected
    assert ScriptInfo(create_app=lambda: app).load_app().debug is expected


def test_debug_mode_can_be_left_alone() -> None:
    app = Flask("shop")
    app.debug = True
    assert ScriptInfo(create_app=lambda: app, set_debug_flag=False).load_app().debug is True


def test_pass_script_info_makes_one_if_there_is_none(run: Run) -> None:
    given = ScriptInfo("shop")
    seen = []

    @click.command()
    @pass_script_info
    def show(info: ScriptInfo) -> None:
        seen.append(info)

    assert run(group=show, obj=given).exit_code == 0
    assert run(group=show).exit_code == 0
    assert seen[0] is given
    assert seen[1].app_import_path is None
