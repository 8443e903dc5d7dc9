"""The flask program: its options, plug-ins, help, and applications that fail to load."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import Result

from flask import Flask
from flask.cli import (
    FlaskGroup,
    ScriptInfo,
    cli,
    get_version,
    main,
    pass_script_info,
    routes_command,
    run_command,
    shell_command,
    version_option,
)

Write = Callable[[str, str], Path]
Run = Callable[..., Result]
Program = Callable[..., "subprocess.CompletedProcess[str]"]

SHOP = """
import click
from flask import Flask, current_app
app = Flask("shop")

@app.cli.command()
def stock():
    "Count the stock."
    click.echo(f"{current_app.name}, debug {current_app.debug}")
"""

DEFAULT = {"routes", "run", "shell"}
BUILT_IN = DEFAULT | {"info"}


@pytest.fixture
def shop(write: Write) -> None:
    write("shop.py", SHOP)


# The group


def test_built_in_commands() -> None:
    assert cli.name == "flask"
    assert set(cli.commands) == DEFAULT
    assert cli.commands["run"] is run_command
    assert cli.commands["shell"] is shell_command
    assert cli.commands["routes"] is routes_command


def names(group: FlaskGroup) -> list[str | None]:
    return [param.name for param in group.params]


def test_parts_can_be_left_out() -> None:
    assert names(FlaskGroup()) == ["env_file", "app", "debug", "version"]
    assert names(FlaskGroup(add_version_option=False)) == ["env_file", "app", "debug"]
    assert FlaskGroup(add_default_commands=False).commands == {}


def test_parameters_and_settings_of_ones_own_are_kept() -> None:
    settings = {"max_content_width": 100}
    group = FlaskGroup(params=[click.Option(["--mine"])], context_settings=settings)
    assert names(group) == ["mine", "env_file", "app", "debug", "version"]
    assert group.context_settings == {"max_content_width": 100, "auto_envvar_prefix": "FLASK"}
    assert settings == {"max_content_width": 100}
    other = FlaskGroup(context_settings={"auto_envvar_prefix": "SHOP"})
    assert other.context_settings == {"auto_envvar_prefix": "SHOP"}


def test_group_as_the_class_of_a_decorated_function(run: Run) -> None:
    app = Flask("shop")

    @click.group(cls=FlaskGroup, create_app=lambda: app)
    @click.option("--mine")
    def program(mine: str) -> None:
        """Manage the shop."""
        click.echo(f"mine {mine}")

    @app.cli.command()
    def stock() -> None:
        click.echo("stock")

    assert isinstance(program, FlaskGroup)
    assert program.help == "Manage the shop."
    assert run("--mine", "1", "stock", group=program).output == "mine 1\nstock\n"
    result = run("stock", group=program, env={"FLASK_MINE": "2"})
    assert result.output == "mine 2\nstock\n"


def test_group_below_another_group(run: Run) -> None:
    app = Flask("shop")

    @app.cli.command()
    def stock() -> None:
        click.echo("stock")

    outer = click.Group("outer")
    outer.add_command(FlaskGroup(create_app=lambda: app), "web")
    assert run("web", "stock", group=outer).output == "stock\n"


@pytest.fixture
def infos() -> tuple[FlaskGroup, list[ScriptInfo]]:
    """Make a group with a command that notes what it gets to know."""
    group = FlaskGroup(create_app=lambda: Flask("made"), set_debug_flag=False, load_dotenv=False)
    seen: list[ScriptInfo] = []

    @group.command(with_appcontext=False)
    @pass_script_info
    def note(info: ScriptInfo) -> None:
        seen.append(info)

    return group, seen


def test_settings_of_the_group_reach_the_script_info(
    run: Run, infos: tuple[FlaskGroup, list[ScriptInfo]]
) -> None:
    group, seen = infos
    run("note", group=group)
    run("--app", "shop", "note", group=group)
    for info in seen:
        assert info.create_app is group.create_app
        assert info.set_debug_flag is False
        assert info.load_dotenv_defaults is False
    assert [info.app_import_path for info in seen] == [None, "shop"]
    assert os.environ["FLASK_RUN_FROM_CLI"] == "true"


@pytest.mark.parametrize(
    ("words", "env", "expected"),
    [
        (["note"], {}, "given"),
        (["--app", "shop", "note"], {}, "shop"),
        (["-A", "shop", "note"], {"FLASK_APP": "other"}, "shop"),
        (["note"], {"FLASK_APP": "other"}, "other"),
        (["note"], {"FLASK_APP": ""}, "given"),
    ],
)
def test_script_info_from_outside_is_used(
    run: Run,
    infos: tuple[FlaskGroup, list[ScriptInfo]],
    words: list[str],
    env: dict[str, str],
    expected: str,
) -> None:
    group, seen = infos
    given = ScriptInfo("given")
    assert run(*words, group=group, env=env, obj=given).exit_code == 0
    assert seen == [given]
    assert given.app_import_path == expected


def test_script_info_from_the_context_settings(run: Run) -> None:
    given = ScriptInfo(create_app=lambda: Flask("given"))
    group = FlaskGroup(context_settings={"obj": given})

    @group.command()
    def name() -> None:
        click.echo(given.load_app().name)

    assert run("name", group=group).output == "given\n"


# Debug mode


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("words", "env", "expected", "variable"),
    [
        ([], {}, False, None),
        (["--debug"], {}, True, "1"),
        (["--no-debug"], {}, False, "0"),
        (["--debug", "--no-debug"], {}, False, "0"),
        (["--no-debug"], {"FLASK_DEBUG": "1"}, False, "0"),
        (["--debug"], {"FLASK_DEBUG": "0"}, True, "1"),
        ([], {"FLASK_DEBUG": "yes"}, True, "1"),
        ([], {"FLASK_DEBUG": "no"}, False, "0"),
    ],
)
def test_debug_option_and_variable(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    env: dict[str, str],
    expected: bool,
    variable: str | None,
) -> None:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    result = run(*words, "--app", "shop", "stock")
    assert result.output == f"shop, debug {expected}\n"
    assert os.environ.get("FLASK_DEBUG") == variable


@pytest.mark.usefixtures("shop")
def test_debug_mode_set_by_defaults_of_the_program_does_not_count(run: Run) -> None:
    result = run("--app", "shop", "stock", default_map={"debug": True})
    assert result.output == "shop, debug False\n"


# Version


def test_version_names_hipflask_beside_flask(run: Run) -> None:
    result = run("--version")
    assert result.exit_code == 0
    python, flask, werkzeug = result.output.splitlines()
    assert python == f"Python {platform.python_version()}"
    assert flask.startswith(f"Flask {version('flask')}")
    assert "Hipflask" in flask
    assert werkzeug == f"Werkzeug {version('werkzeug')}"


def test_version_option_is_a_callback_for_other_programs(run: Run) -> None:
    command = click.Command("program", params=[version_option], callback=lambda: click.echo("ran"))
    assert "Werkzeug" in run("--version", group=command).output
    assert run(group=command).output == "ran\n"


@pytest.mark.parametrize(("value", "resilient"), [(False, False), (None, False), (True, True)])
def test_version_is_not_printed_unasked(
    capsys: pytest.CaptureFixture[str], value: bool | None, resilient: bool
) -> None:
    context = click.Context(click.Command("program"), resilient_parsing=resilient)
    get_version(context, version_option, value)
    assert capsys.readouterr().out == ""


# Help


def listed(output: str) -> set[str]:
    """Read the names of the commands from a help page."""
    section = output.partition("Commands:\n")[2]
    return {line.split()[0] for line in section.splitlines() if line.startswith("  ")}


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("words", "env"),
    [
        (["--app", "shop", "--help"], {}),
        (["--help", "--app", "shop"], {}),
        (["--help"], {"FLASK_APP": "shop"}),
        (["--debug", "--help"], {"FLASK_APP": "shop"}),
    ],
)
def test_help_lists_the_commands_of_the_app(
    run: Run, words: list[str], env: dict[str, str]
) -> None:
    result = run(*words, env=env)
    assert result.exit_code == 0
    assert result.stderr == ""
    assert listed(result.stdout) == BUILT_IN | {"stock"}
    assert "Count the stock." in result.stdout


@pytest.mark.usefixtures("shop")
def test_help_finds_the_app_named_in_a_dotenv_file(run: Run, write: Write) -> None:
    write(".flaskenv", "FLASK_APP=shop\n")
    assert listed(run("--help").stdout) == BUILT_IN | {"stock"}


@pytest.mark.usefixtures("shop")
def test_help_finds_the_app_in_the_dotenv_file_named_after_it(run: Run, write: Write) -> None:
    write("my.env", "FLASK_APP=shop:missing\n")
    result = run("--help", "-e", "my.env")
    assert "Failed to find attribute 'missing'" in result.stderr
    assert listed(result.stdout) == BUILT_IN


@pytest.mark.usefixtures("shop")
def test_without_a_command_help_is_shown(run: Run) -> None:
    result = run(env={"FLASK_APP": "shop"})
    assert listed(result.output) == BUILT_IN | {"stock"}


def test_group_that_runs_without_a_command(run: Run) -> None:
    @click.group(cls=FlaskGroup, invoke_without_command=True)
    def program() -> None:
        click.echo("ran")

    assert run(group=program).output == "ran\n"


def test_app_commands_behind_built_in_ones_of_the_same_name(run: Run) -> None:
    app = Flask("shop")

    @app.cli.command("routes")
    def own() -> None:
        click.echo("own")

    group = FlaskGroup(create_app=lambda: app)
    assert "own" not in run("routes", group=group).output


# Applications that fail to load


@pytest.fixture
def broken(write: Write) -> None:
    write("wants_missing.py", "import no_such_module_here\n")
    write("divides.py", "ratio = 1 / 0\n")
    write("unparsable.py", "app =\n")
    write("empty.py", "")


BROKEN = {
    "wants_missing": ("While importing 'wants_missing'", "no_such_module_here"),
    "divides": ("Traceback", "ZeroDivisionError"),
    "unparsable": ("unparsable.py", "SyntaxError"),
    "empty": ("Failed to find Flask application", "'empty'"),
    "missing": ("Could not import 'missing'", ""),
}


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("name", BROKEN)
def test_help_of_a_broken_app_shows_its_error_and_the_rest(run: Run, name: str) -> None:
    result = run("--app", name, "--help")
    assert result.exit_code == 0
    for part in BROKEN[name]:
        assert part in result.stderr
    assert "program.py" not in result.stderr
    assert listed(result.stdout) == BUILT_IN


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("command", sorted(BUILT_IN))
def test_built_in_commands_of_a_broken_app_still_explain_themselves(
    run: Run, name: str, command: str
) -> None:
    result = run("--app", name, command, "--help")
    assert result.exit_code == 0
    assert result.stderr == ""
    assert "Usage:" in result.stdout


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("name", ["wants_missing", "empty", "missing"])
@pytest.mark.parametrize("command", ["stock", "routes", "shell"])
def test_command_of_an_app_that_cannot_be_found_shows_why(
    run: Run, name: str, command: str
) -> None:
    result = run("--app", name, command)
    assert result.exit_code == 2
    for part in BROKEN[name]:
        assert part in result.stderr
    assert result.stdout == ""


@pytest.mark.usefixtures("broken")
def test_unknown_command_without_an_app_is_called_unknown_after_the_reason(run: Run) -> None:
    text = run("--app", "missing", "stock").stderr
    assert 0 < text.index("Could not import 'missing'") < text.index("No such command 'stock'")


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize(
    ("name", "error"), [("divides", ZeroDivisionError), ("unparsable", SyntaxError)]
)
@pytest.mark.parametrize("command", ["stock", "routes", "shell", "run"])
def test_error_in_the_code_of_an_app_comes_through(
    run: Run, name: str, error: type[Exception], command: str
) -> None:
    assert isinstance(run("--app", name, command).exception, error)


# Plug-ins


@pytest.fixture
def plugins(project: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install a distribution with commands, one of which is broken."""
    write("folder/plug-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: plug\nVersion: 1\n")
    write(
        "folder/plug-1.0.dist-info/entry_points.txt",
        "[flask.commands]\nhello=plug_hello:command\nrun=plug_run:command\nsad=plug_sad:command\n",
    )
    source = "import click\n@click.command()\ndef command():\n    click.echo('plug-in {}')\n"
    write("folder/plug_hello.py", source.format("hello"))
    write("folder/plug_run.py", source.format("run"))
    write("folder/plug_sad.py", "import no_such_module_here\n")
    monkeypatch.syspath_prepend(str(project / "folder"))
    yield
    for name in ("plug_hello", "plug_run"):
        sys.modules.pop(name, None)


@pytest.fixture
def group() -> FlaskGroup:
    app = Flask("shop")
    return FlaskGroup(create_app=lambda: app)


@pytest.mark.usefixtures("plugins")
def test_plugin_is_imported_when_it_is_used(run: Run, group: FlaskGroup) -> None:
    assert run("routes", group=group).exit_code == 0
    assert "plug_hello" not in sys.modules
    assert run("hello", group=group).output == "plug-in hello\n"
    assert "plug_run" not in sys.modules
    assert run("hello", group=group).output == "plug-in hello\n"


@pytest.mark.usefixtures("plugins")
def test_plugin_wins_over_a_built_in_command(run: Run, group: FlaskGroup) -> None:
    assert run("run", group=group).output == "plug-in run\n"


@pytest.mark.usefixtures("plugins")
def test_plugin_wins_over_a_command_of_the_app(run: Run) -> None:
    app = Flask("shop")

    @app.cli.command()
    def hello() -> None:
        click.echo("from the app")

    group = FlaskGroup(create_app=lambda: app)
    assert run("hello", group=group).output == "plug-in hello\n"


@pytest.mark.usefixtures("plugins")
def test_broken_plugin_shows_its_error_where_it_is_used(run: Run, group: FlaskGroup) -> None:
    assert isinstance(run("sad", group=group).exception, ModuleNotFoundError)
    assert run("hello", group=group).exit_code == 0


@pytest.mark.usefixtures("plugins")
def test_broken_plugin_is_left_out_of_the_list(run: Run, group: FlaskGroup) -> None:
    result = run("--help", group=group)
    assert result.exit_code == 0
    assert listed(result.stdout) == DEFAULT | {"hello"}
    assert "no_such_module_here" in result.stderr


# Completion in a shell


def complete(words: str, position: int) -> tuple[list[str], str]:
    """Answer what bash is offered for the word at a position, and what the user gets to see."""
    done = subprocess.run(
        [sys.executable, "-c", "from flask.cli import cli; cli.main(prog_name='flask')"],
        env={
            **os.environ,
            "_FLASK_COMPLETE": "bash_complete",
            "COMP_WORDS": f"flask {words}",
            "COMP_CWORD": str(position),
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    return [line.partition(",")[2] for line in done.stdout.splitlines()], done.stderr


@pytest.mark.usefixtures("shop")
def test_completion_knows_the_commands_of_the_app() -> None:
    assert complete("--app shop s", 3) == (["shell", "stock"], "")


@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("name", BROKEN)
def test_completion_is_silent_about_a_broken_app(name: str) -> None:
    offered, seen = complete(f"--app {name} ", 3)
    assert set(offered) == BUILT_IN
    assert seen == ""


@pytest.mark.usefixtures("broken")
def test_completion_goes_no_further_behind_an_unknown_command() -> None:
    offered, seen = complete("--app missing stock ", 4)
    assert set(offered) == BUILT_IN
    assert seen == ""


# Processes


@pytest.mark.usefixtures("shop")
def test_python_m_flask(program: Program) -> None:
    done = program("--app", "shop", "stock")
    assert (done.returncode, done.stdout, done.stderr) == (0, "shop, debug False\n", "")
    done = program("--help")
    assert done.stdout.startswith("Usage: python -m flask ")


def test_main_runs_the_command_line_of_the_process(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["flask", "--version"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith("Python ")


def test_object_of_another_kind_is_replaced(run: Run, write: Write) -> None:
    write("app.py", SHOP)
    settings: dict[str, Any] = {"key": "value"}
    assert run("stock", obj=settings).output == "shop, debug False\n"
    assert settings == {"key": "value"}
