"""The runner for commands, in tests."""

from __future__ import annotations

import click

import flask
from flask.testing import FlaskCliRunner

from ..harness import Lab, scenario


def commanding(lab: Lab):
    app = lab.app()

    @app.cli.command("hello")
    @click.option("--name", default="nobody")
    @click.argument("extra", nargs=-1)
    def hello(name, extra):
        click.echo(f"hello {name} {list(extra)} {flask.current_app.name}")

    @app.cli.command("fail")
    def fail():
        raise ValueError("command")

    @app.cli.command("exit")
    def leave():
        raise SystemExit(7)

    @app.cli.command("input")
    def ask():
        click.echo(click.prompt("q"))

    @app.cli.command("env")
    def environment():
        import os

        click.echo(os.environ.get("CLI_TEST", "unset"))

    return app


@scenario
def cli_runner(lab: Lab):
    runner = commanding(lab).test_cli_runner()
    seen = []
    for arguments, options in (
        (["hello"], {}),
        (["hello", "--name", "x", "a", "b"], {}),
        (["fail"], {}),
        (["exit"], {}),
        (["hello", "--nonsense"], {}),
        (["nothing"], {}),
        (["env"], {"env": {"CLI_TEST": "set"}}),
    ):
        result = runner.invoke(args=arguments, **options)
        seen.append(
            [
                arguments,
                result.exit_code,
                result.output if result.exit_code == 0 else "",
                type(result.exception).__name__,
            ]
        )
    result = runner.invoke(args=["input"], input="typed\n")
    return [*seen, [result.exit_code, "typed" in result.output], type(runner).__name__]


@scenario
def cli_runner_with_a_command_object(lab: Lab):
    app = commanding(lab)

    @click.command()
    def plain():
        click.echo("plain")

    runner = app.test_cli_runner()
    return [
        runner.invoke(plain).output,
        runner.invoke(app.cli.commands["hello"], ["--name", "o"]).output,
        runner.invoke(cli=app.cli, args=["hello"]).exit_code,
    ]


@scenario
def cli_runner_catching_or_not(lab: Lab):
    runner = commanding(lab).test_cli_runner()
    return [
        lab.raises(runner.invoke, args=["fail"], catch_exceptions=False),
        lab.raises(runner.invoke, args="hello --name text"),
        runner.invoke(args=["hello"]).exit_code,
    ]


@scenario
def cli_runner_of_ones_own(lab: Lab):
    class Runner(FlaskCliRunner):
        def invoke(self, cli=None, args=None, **kwargs):
            lab.say("invoke", args)
            return super().invoke(cli, args, **kwargs)

    app = commanding(lab)
    app.test_cli_runner_class = Runner
    return [
        app.test_cli_runner().invoke(args=["hello"]).output,
        FlaskCliRunner(app).invoke(args=["hello"]).output,
        FlaskCliRunner(app, env={"CLI_TEST": "runner"}).invoke(args=["env"]).output,
    ]


@scenario
def cli_runner_with_an_object_of_ones_own(lab: Lab):
    from flask.cli import ScriptInfo

    app, other = commanding(lab), lab.app("other")
    other.cli.command("who")(lambda: click.echo(flask.current_app.name))
    runner = app.test_cli_runner()
    return [
        runner.invoke(other.cli, ["who"], obj=ScriptInfo(create_app=lambda: other)).output,
        runner.invoke(args=["hello"], obj=ScriptInfo(create_app=lambda: app)).output,
    ]
