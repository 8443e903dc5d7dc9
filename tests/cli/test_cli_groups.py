"""Commands with an application context, and the groups that wrap them."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import click
import pytest
from click.testing import Result

from flask import Flask, current_app, g, has_app_context
from flask.cli import AppGroup, FlaskGroup, ScriptInfo, with_appcontext
from flask.globals import app_ctx

Run = Callable[..., Result]


@pytest.fixture
def app() -> Flask:
    return Flask("shop")


@pytest.fixture
def torn_down(app: Flask) -> list[str]:
    """Note the error that each application context ends with."""
    notes: list[str] = []

    @app.teardown_appcontext
    def note(error: BaseException | None) -> None:
        notes.append(type(error).__name__)

    return notes


def info(app: Flask) -> ScriptInfo:
    return ScriptInfo(create_app=lambda: app)


@click.command()
@with_appcontext
def where() -> None:
    """Tell where it runs."""
    click.echo(f"in {current_app.name}")


# with_appcontext


def test_command_runs_in_the_context_of_the_app(run: Run, app: Flask, torn_down: list[str]) -> None:
    assert run(group=where, obj=info(app)).output == "in shop\n"
    assert torn_down == ["NoneType"]
    assert not has_app_context()


def test_command_without_an_app_says_so(run: Run) -> None:
    result = run(group=where)
    assert result.exit_code == 2
    assert "Could not locate a Flask application" in result.stderr


def test_context_that_is_current_is_used(run: Run, app: Flask, torn_down: list[str]) -> None:
    other = Flask("other")
    with other.app_context():
        assert run(group=where, obj=info(app)).output == "in other\n"
    assert torn_down == []


def test_decorated_function_keeps_its_identity() -> None:
    def callback(name: str) -> None:
        """Do something."""

    wrapped: Any = with_appcontext(callback)
    assert wrapped.__name__ == "callback"
    assert wrapped.__doc__ == "Do something."
    assert wrapped.__wrapped__ is callback


def test_decorated_function_needs_a_command_line() -> None:
    @with_appcontext
    def callback() -> None:
        pass

    with pytest.raises(RuntimeError):
        callback()


def test_parameters_of_every_name_arrive(run: Run, app: Flask) -> None:
    @click.command()
    @click.option("--ctx", "ctx")
    @click.option("--f", "f")
    @with_appcontext
    def command(ctx: str, f: str) -> None:
        click.echo(f"{ctx} {f} {current_app.name}")

    words = ["--ctx", "1", "--f", "2"]
    assert run(*words, group=command, obj=info(app)).output == "1 2 shop\n"


def test_context_is_shared_with_commands_called_from_the_command(
    run: Run, app: Flask, torn_down: list[str]
) -> None:
    @click.command()
    @with_appcontext
    def inner() -> None:
        click.echo(g.note)

    @click.command()
    @with_appcontext
    @click.pass_context
    def outer(ctx: click.Context) -> None:
        g.note = "from outside"
        ctx.invoke(inner)

    assert run(group=outer, obj=info(app)).output == "from outside\n"
    assert torn_down == ["NoneType"]


@pytest.mark.skipif(
    tuple(map(int, version("click").split(".")[:2])) < (8, 3),
    reason="click before 8.3 does not tell the contexts it closes of the error",
)
def test_teardown_gets_the_error_of_the_command(run: Run, app: Flask, torn_down: list[str]) -> None:
    @click.command()
    @with_appcontext
    def fail() -> None:
        raise LookupError("no such item")

    result = run(group=fail, obj=info(app))
    assert isinstance(result.exception, LookupError)
    assert torn_down == ["LookupError"]


# AppGroup


@pytest.fixture
def group() -> AppGroup:
    return AppGroup("tools")


def call(run: Run, group: click.Group, app: Flask, *words: str) -> str:
    result = run(*words, group=group, obj=info(app))
    assert result.exit_code == 0, result.stderr
    return result.output


def test_commands_of_an_app_group_have_a_context(run: Run, group: AppGroup, app: Flask) -> None:
    @group.command("count")
    @click.argument("number", type=int)
    def count_items(number: int) -> None:
        """Count items."""
        click.echo(f"{number} in {current_app.name}")

    assert isinstance(count_items, click.Command)
    assert count_items.help == "Count items."
    assert call(run, group, app, "count", "3") == "3 in shop\n"


def test_context_can_be_refused(
    run: Run, group: AppGroup, app: Flask, torn_down: list[str]
) -> None:
    @group.command(with_appcontext=False)
    def bare() -> None:
        click.echo(has_app_context())

    assert call(run, group, app, "bare") == "False\n"
    assert torn_down == []


def test_decorator_without_parentheses(run: Run, group: AppGroup, app: Flask) -> None:
    @group.command
    def count() -> None:
        click.echo(current_app.name)

    @group.group
    def inner() -> None:
        pass

    assert isinstance(inner, AppGroup)
    assert call(run, group, app, "count") == "shop\n"


def test_command_class_can_be_chosen(group: AppGroup) -> None:
    class Loud(click.Command):
        pass

    @group.command(cls=Loud)
    def shout() -> None:
        pass

    assert isinstance(shout, Loud)


def test_subgroups_wrap_their_commands_too(run: Run, group: AppGroup, app: Flask) -> None:
    @group.group()
    def stock() -> None:
        click.echo(has_app_context())

    @stock.command()
    def show() -> None:
        click.echo(current_app.name)

    assert type(stock) is AppGroup
    assert call(run, group, app, "stock", "show") == "False\nshop\n"


def test_subgroup_class_can_be_chosen(group: AppGroup) -> None:
    @group.group(cls=click.Group)
    def plain() -> None:
        pass

    assert type(plain) is click.Group


# The groups of an application, under the flask command


@pytest.fixture
def flask_group(app: Flask) -> FlaskGroup:
    return FlaskGroup(create_app=lambda: app)


def test_commands_of_the_app(app: Flask, flask_group: FlaskGroup, run: Run) -> None:
    @app.cli.command()
    def count() -> None:
        click.echo(current_app.name)

    assert run("count", group=flask_group).output == "shop\n"


def test_context_is_pushed_once_for_commands_of_the_app(
    app: Flask, flask_group: FlaskGroup, run: Run, torn_down: list[str]
) -> None:
    @app.cli.group()
    def stock() -> None:
        g.seen = [app_ctx._get_current_object()]  # type: ignore[attr-defined]

    @stock.command()
    def show() -> None:
        click.echo(g.seen == [app_ctx._get_current_object()])  # type: ignore[attr-defined]

    assert run("stock", "show", group=flask_group).output == "True\n"
    assert torn_down == ["NoneType"]


def test_options_of_a_command_of_the_app_see_the_context(
    app: Flask, flask_group: FlaskGroup, run: Run
) -> None:
    @app.cli.command()
    @click.option("--name", default=lambda: current_app.name)
    def count(name: str) -> None:
        click.echo(name)

    assert run("count", group=flask_group).output == "shop\n"


def test_context_of_the_app_that_is_current_is_not_pushed_again(
    app: Flask, flask_group: FlaskGroup, run: Run, torn_down: list[str]
) -> None:
    @app.cli.command()
    def note() -> None:
        click.echo(g.note)

    with app.app_context():
        g.note = "kept"
        assert run("note", group=flask_group).output == "kept\n"
        assert torn_down == []


def test_context_of_another_app_is_covered(app: Flask, flask_group: FlaskGroup, run: Run) -> None:
    app.cli.add_command(where)
    with Flask("other").app_context():
        assert run("where", group=flask_group).output == "in shop\n"
        assert current_app.name == "other"


def test_unknown_command_of_a_loaded_app(flask_group: FlaskGroup, run: Run) -> None:
    result = run("missing", group=flask_group)
    assert result.exit_code == 2
    assert "No such command" in result.stderr
