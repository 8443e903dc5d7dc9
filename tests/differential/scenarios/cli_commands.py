"""Commands of one's own, groups, help, the shell: what the command line runs beside the server."""

from __future__ import annotations

import contextlib
import io
import os
import sys

import click
from click.testing import CliRunner

import flask
from flask.cli import (
    AppGroup,
    FlaskGroup,
    ScriptInfo,
    pass_script_info,
    with_appcontext,
)

from ..harness import Lab, family, scenario
from .cli import APP, invoke, several


def own_commands(lab: Lab, tail: str):
    lab.file("own.py", APP + tail)
    return lambda *arguments, **options: invoke(lab, "--app", "own", *arguments, **options)


COMMANDS = {
    "context": (
        """\
@app.cli.command()
def ctx():
    pushed = [flask.has_app_context(), flask.has_request_context()]
    click.echo(f't: {pushed} {flask.current_app.name}')
""",
        ["ctx"],
    ),
    "without_context": (
        """\
@app.cli.command(with_appcontext=False)
def ctx():
    click.echo(f't: {flask.has_app_context()}')
""",
        ["ctx"],
    ),
    "plain_click": (
        """\
@click.command()
def ctx():
    click.echo(f't: {flask.has_app_context()}')
app.cli.add_command(ctx)
""",
        ["ctx"],
    ),
    "decorated": (
        """\
from flask.cli import with_appcontext
@click.command()
@with_appcontext
def ctx():
    click.echo(f't: {flask.current_app.name}')
app.cli.add_command(ctx)
""",
        ["ctx"],
    ),
    "group": (
        """\
from flask.cli import AppGroup
g = AppGroup('g')
@g.command('c')
@click.argument('x')
def c(x):
    click.echo(f't: {x} {flask.has_app_context()}')
app.cli.add_command(g)
""",
        ["g", "c", "arg"],
    ),
    "group_of_app": (
        """\
@app.cli.group()
def g():
    click.echo(f't: in group {flask.has_app_context()}')
@g.command()
def c():
    click.echo(f't: {flask.has_app_context()}')
""",
        ["g", "c"],
    ),
    "underscore": (
        "@app.cli.command()\ndef two_words():\n    click.echo('t: two')\n",
        ["two-words"],
    ),
    "underscore_as_written": (
        "@app.cli.command()\ndef two_words():\n    click.echo('t: two')\n",
        ["two_words"],
    ),
    "suffix": ("@app.cli.command()\ndef some_command():\n    click.echo('t: some')\n", ["some"]),
    "fails": ("@app.cli.command()\ndef bad():\n    raise LookupError\n", ["bad"]),
    "exit": ("@app.cli.command()\ndef bad():\n    raise SystemExit(4)\n", ["bad"]),
    "click_exit": (
        "@app.cli.command()\n@click.pass_context\ndef bad(ctx):\n    ctx.exit(6)\n",
        ["bad"],
    ),
    "abort": ("@app.cli.command()\ndef bad():\n    raise click.Abort\n", ["bad"]),
    "usage": ("@app.cli.command()\ndef bad():\n    raise click.UsageError('x')\n", ["bad"]),
    "overrides_run": ("@app.cli.command('run')\ndef r():\n    click.echo('t: own run')\n", ["run"]),
    "options": (
        """\
@app.cli.command()
@click.option('--n', type=int, default=3)
def o(n):
    click.echo(f't: {n!r}')
""",
        ["o", "--n", "5"],
    ),
    "option_bad": (
        "@app.cli.command()\n@click.option('--n', type=int)\ndef o(n): pass\n",
        ["o", "--n", "x"],
    ),
    "teardown": (
        """\
app.teardown_appcontext(lambda e: click.echo(f't: teardown {type(e).__name__}'))
@app.cli.command()
def td():
    click.echo('t: body')
""",
        ["td"],
    ),
    "teardown_error": (
        """\
app.teardown_appcontext(lambda e: click.echo(f't: teardown {type(e).__name__}'))
@app.cli.command()
def td():
    raise KeyError
""",
        ["td"],
    ),
    "url_for": (
        """\
app.config['SERVER_NAME'] = 's.example'
@app.cli.command()
def u():
    click.echo('t: ' + flask.url_for('static', filename='x'))
""",
        ["u"],
    ),
    "script_info": (
        """\
from flask.cli import pass_script_info
@click.command()
@pass_script_info
def s(info):
    click.echo(f't: {info.app_import_path} {info.load_app().name} {info.data}')
app.cli.add_command(s)
""",
        ["s"],
    ),
    "unknown": ("", ["no-such-command"]),
    "nested_context": (
        """\
@app.cli.command()
@click.pass_context
def outer(ctx):
    click.echo(f't: {flask.has_app_context()}')
    ctx.invoke(who)
""",
        ["outer"],
    ),
    "result": ("@app.cli.command()\ndef r():\n    return 5\n", ["r"]),
    "blueprint": (
        """\
bp = flask.Blueprint('bp', __name__)
@bp.cli.command('c')
def c():
    click.echo(f't: bp {flask.current_app.name}')
app.register_blueprint(bp)
""",
        ["bp", "c"],
    ),
}


@family(**COMMANDS)
def command(lab: Lab, case):
    tail, arguments = case
    return own_commands(lab, tail)(*arguments)


HELPS = (
    ("--help",),
    ("run", "--help"),
    ("routes", "--help"),
    ("shell", "--help"),
    ("--version",),
    (),
    ("--nonsense",),
    ("--app", "nothing_here", "--help"),
    ("--app", "own", "--help"),
    ("--help", "--app", "own"),
    ("--app", "broken", "--help"),
    ("--app", "broken", "run", "--help"),
    ("--app", "broken"),
    ("--debug",),
    ("who", "--help"),
)


@family(*(" ".join(h) or "bare" for h in HELPS))
def help_page(lab: Lab, text):
    several(lab)
    lab.file("own.py", APP)
    arguments = [] if text == "bare" else text.split()
    lab.chdir(lab.tmp)
    result = CliRunner().invoke(flask.cli.cli, arguments, prog_name="flask")
    words = {
        word
        for word in ("run", "routes", "shell", "who")
        for line in result.output.splitlines()
        if line.split()[:1] == [word]
    }
    return [
        result.exit_code,
        sorted(words),
        sorted(
            o
            for o in ("--app", "--env-file", "--debug", "--version", "--host", "--sort")
            if o in result.output
        ),
    ]


@scenario
def version_names_python_and_werkzeug(lab: Lab):
    import platform

    result = CliRunner().invoke(flask.cli.cli, ["--version"], prog_name="flask")
    return [
        result.exit_code,
        platform.python_version() in result.output,
        "Werkzeug" in result.output,
    ]


@scenario
def shell(lab: Lab):
    import code

    seen = []
    lab.patch(
        code,
        "interact",
        lambda *args, **kw: seen.append(
            [
                sorted(k for k in kw.get("local", {}) if not k.startswith("__")),
                flask.has_app_context(),
            ]
        ),
    )
    run_it = own_commands(
        lab, "\n@app.shell_context_processor\ndef extra():\n    return {'extra': 1}\n"
    )
    return [run_it("shell"), seen]


@scenario
def shell_with_a_startup_file(lab: Lab):
    import code

    startup = lab.file("startup.py", "started = 'yes'\n")
    os.environ["PYTHONSTARTUP"] = str(startup)
    seen = []
    lab.patch(
        code,
        "interact",
        lambda *args, **kw: seen.append(
            [sorted(k for k in kw["local"] if not k.startswith("__")), kw["local"].get("started")]
        ),
    )
    return [own_commands(lab, "")("shell"), seen]


@scenario
def shell_uses_the_interactive_hook(lab: Lab):
    import code

    lab.patch(code, "interact", lambda *args, **kw: lab.say("interact"))
    lab.patch(sys, "__interactivehook__", lambda: lab.say("hook"))
    return own_commands(lab, "")("shell")


# groups of one's own


@family(
    "plain",
    "no_default_commands",
    "no_version",
    "no_debug",
    "callback",
    "extra_params",
    "create_app",
    "load_dotenv_off",
)
def flask_group_of_ones_own(lab: Lab, kind):
    lab.file(".env", "GROUP_ENV=loaded\n")

    def create_app():
        app = flask.Flask("grouped")
        app.cli.command("who")(
            lambda: click.echo(f"t: {flask.current_app.name} {flask.current_app.debug}")
        )
        return app

    options = {
        "no_default_commands": {"add_default_commands": False},
        "no_version": {"add_version_option": False},
        "no_debug": {"set_debug_flag": False},
        "load_dotenv_off": {"load_dotenv": False},
        "extra_params": {"params": [click.Option(["--mine"])]},
    }.get(kind, {})
    os.environ["FLASK_DEBUG"] = "1"

    @click.group(cls=FlaskGroup, create_app=create_app, **options)
    def group(**values):
        if kind in {"callback", "extra_params"}:
            click.echo(f"t: callback {sorted(values)}")

    group_ = FlaskGroup("named", create_app=create_app) if kind == "create_app" else group
    return [
        invoke(lab, "who", cli=group_),
        invoke(lab, "--version", cli=group_)[0],
        sorted(group_.commands),
        [p.name for p in group_.params],
        os.environ.get("GROUP_ENV"),
        invoke(lab, "--app", "x", "who", cli=group_),
    ]


@scenario
def app_group_commands(lab: Lab):
    group = AppGroup("g")

    @group.command()
    def one():
        click.echo(f"t: {flask.has_app_context()}")

    @group.command("two", with_appcontext=False)
    def second():
        click.echo(f"t: {flask.has_app_context()}")

    @group.group()
    def sub():
        pass

    @sub.command()
    def three():
        click.echo(f"t: {flask.has_app_context()}")

    info = ScriptInfo(create_app=lambda: flask.Flask("x"))
    return [
        sorted(group.commands),
        type(sub).__name__,
        [invoke(lab, *a, cli=group, obj=info) for a in (["one"], ["two"], ["sub", "three"])],
    ]


@scenario
def with_appcontext_twice_and_inside(lab: Lab):
    app = flask.Flask("x")

    @click.command()
    @with_appcontext
    def command():
        click.echo(f"t: {flask.current_app.name} {flask.current_app._get_current_object() is app}")

    info = ScriptInfo(create_app=lambda: app)
    outside = invoke(lab, cli=command, obj=info)
    other = flask.Flask("other")
    with other.app_context():
        inside = invoke(lab, cli=command, obj=info)
    with app.app_context():
        same = invoke(lab, cli=command, obj=info)
    return [outside, inside, same]


@scenario
def with_appcontext_without_an_app(lab: Lab):
    @click.command()
    @with_appcontext
    def command():
        click.echo("t: ran")

    return invoke(lab, cli=command)


@scenario
def pass_script_info_decorator(lab: Lab):
    @click.command()
    @pass_script_info
    def command(info):
        click.echo(f"t: {type(info).__name__} {info.load_app().name}")

    return invoke(lab, cli=command, obj=ScriptInfo(create_app=lambda: flask.Flask("passed")))


def install_plugin(lab: Lab) -> None:
    lab.file(
        "plug_mod.py",
        "import click\n@click.command()\ndef plugged():\n    click.echo('t: plugged')\n",
    )
    lab.file(
        "plug_mod-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: plug-mod\nVersion: 1.0\n"
    )
    lab.file(
        "plug_mod-1.0.dist-info/entry_points.txt",
        "[flask.commands]\nplugged = plug_mod:plugged\nrenamed = plug_mod:plugged\n",
    )
    several(lab)
    lab.importable()


@scenario
def entry_points_are_loaded(lab: Lab):
    install_plugin(lab)
    group = FlaskGroup("g")
    return [
        invoke(lab, *a, cli=group)
        for a in (
            ["plugged"],
            ["renamed"],
            ["--app", "shop", "plugged"],
            ["--app", "nothing_here", "plugged"],
        )
    ]


def kept_out(self):
    """Loads nothing."""


def noted(self):
    click.echo("t: loading")
    FlaskGroup._load_plugin_commands(self)


def marked(self):
    self._loaded_plugin_commands = True
    FlaskGroup._load_plugin_commands(self)


@family(kept_out=kept_out, noted=noted, marked=marked)
def loading_of_entry_points_overridden(lab: Lab, load):
    install_plugin(lab)
    group = type("Own", (FlaskGroup,), {"_load_plugin_commands": load})("g")
    listed = group.list_commands(click.Context(group, obj=ScriptInfo()))
    return "plugged" in listed, [
        invoke(lab, *a, cli=group) for a in (["plugged"], ["--app", "shop", "plugged"], ["routes"])
    ]


@scenario
def get_command_prefers_built_in_then_app(lab: Lab):
    several(lab)
    group = FlaskGroup("g", create_app=lambda: flask.Flask("x"))
    group.command("mine")(lambda: click.echo("t: mine"))
    return [invoke(lab, "mine", cli=group), invoke(lab, "routes", cli=group)[0]]


@scenario
def main_entry(lab: Lab):
    several(lab)
    lab.chdir(lab.tmp)
    lab.patch(sys, "argv", ["flask", "--app", "shop", "who"])
    with contextlib.redirect_stdout(io.StringIO()) as said:
        facts = lab.raises(flask.cli.main)
    return [facts, said.getvalue()]


@scenario
def environment_prefix_of_own_options(lab: Lab):
    os.environ["FLASK_OPTS_LEVEL"] = "9"
    return own_commands(
        lab,
        """\
@app.cli.command('opts')
@click.option('--level', type=int)
def opts(level):
    click.echo(f't: {level}')
""",
    )("opts")


@scenario
def cli_of_the_app_called_directly(lab: Lab):
    app = flask.Flask("direct")
    app.cli.command("c")(lambda: click.echo(f"t: {flask.has_app_context()}"))
    return [
        type(app.cli).__name__,
        app.cli.name,
        invoke(lab, "c", cli=app.cli, obj=ScriptInfo(create_app=lambda: app)),
        app.test_cli_runner().invoke(args=["c"]).output,
    ]


@scenario
def context_is_gone_after_the_command(lab: Lab):
    seen = own_commands(lab, "")("who")
    return [seen, lab.state()]
