"""The command line program ``flask``, and the group to build your own program with."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, cast

import click

from ..globals import _cv_app
from .discovery import NoAppException, own_traceback
from .groups import AppGroup
from .info import info_command
from .options import _app_option, _debug_option, _env_file_option, version_option
from .routes import routes_command
from .run import run_command
from .script import ScriptInfo
from .shell import shell_command

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from ..app import Flask


class FlaskGroup(AppGroup):
    """The ``flask`` command: its own commands, those of plug-ins, and those of the application.

    For a project's own command line program, create a group and pass ``create_app``.

    Plug-ins are entry points of the group ``flask.commands``. A plug-in is imported when it is used
    or listed. It takes precedence over a built-in command of the same name; both take precedence
    over a command of the application. If the application fails to load, the other commands work.

    :param add_default_commands: whether to have ``run``, ``shell`` and ``routes``.
    :param create_app: a function without arguments that makes the application.
    :param add_version_option: whether to have ``--version``.
    :param load_dotenv: whether to read ``.env`` and ``.flaskenv`` files.
    :param set_debug_flag: whether to set the application's debug mode.
    :param extra: passed to :class:`click.Group`.
    """

    def __init__(
        self,
        add_default_commands: bool = True,
        create_app: Callable[..., Flask] | None = None,
        add_version_option: bool = True,
        load_dotenv: bool = True,
        set_debug_flag: bool = True,
        **extra: Any,
    ) -> None:
        params = [*(extra.pop("params", None) or ()), _env_file_option, _app_option, _debug_option]
        if add_version_option:
            params.append(version_option)
        settings = {"auto_envvar_prefix": "FLASK", **(extra.pop("context_settings", None) or {})}
        super().__init__(params=params, context_settings=settings, **extra)
        self.create_app = create_app
        self.load_dotenv = load_dotenv
        self.set_debug_flag = set_debug_flag
        self._loaded_plugin_commands = False
        self._plugins: dict[str, EntryPoint] = {}
        if add_default_commands:
            for command in (run_command, shell_command, routes_command):
                self.add_command(command)

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Make the click context of a command line, with a :class:`ScriptInfo` as its object."""
        # Tells Flask.run, which the application's module may call when it is imported, that
        # there is no server to be started.
        os.environ["FLASK_RUN_FROM_CLI"] = "true"
        if "obj" not in self.context_settings:
            extra.setdefault("obj", self._make_info())
        return super().make_context(info_name, args, parent, **extra)

    def _make_info(self) -> ScriptInfo:
        return ScriptInfo(
            create_app=self.create_app,
            load_dotenv_defaults=self.load_dotenv,
            set_debug_flag=self.set_debug_flag,
        )

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Process the options; those that name the application come before ``--help``."""
        try:
            if not ctx.resilient_parsing:
                self._prepare_help(ctx, args)
            return super().parse_args(ctx, args)
        except BaseException:
            # Help asks each command for its summary, so an application context may be pushed by
            # now; click closes the contexts of commands that run, and this one will not.
            ctx.close()
            raise

    def _prepare_help(self, ctx: click.Context, args: list[str]) -> None:
        """Process the options that name the application if help is about to list its commands.

        click processes such options, including ``--help``, in the order they were typed, and those
        from the environment last.
        """
        options: dict[str, Any] = {}
        asks_for_help = not args and self.no_args_is_help
        help_option = self.get_help_option(ctx)
        if args and help_option is not None:
            options, _, _ = self.make_parser(ctx).parse_args(args=list(args))
            asks_for_help = help_option.name in options
        if asks_for_help:
            for option in (_env_file_option, _app_option):
                option.handle_parse_result(ctx, options, [])

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the sorted names of all commands; failures to load are reported."""
        names = set(super().list_commands(ctx))
        self._load_plugin_commands()
        for name in list(self._plugins):
            try:
                self._load_plugin(name)
            except Exception as error:
                names.discard(name)
                _report(ctx, own_traceback(error))
            else:
                names.add(name)
        try:
            names.update(ctx.ensure_object(ScriptInfo).load_app().cli.list_commands(ctx))
        except NoAppException as error:
            _report(ctx, f"Error: {error.format_message()}")
        except Exception as error:
            _report(ctx, own_traceback(error))
        return sorted(names)

    def get_command(  # pyright: ignore[reportIncompatibleMethodOverride] - click's is cmd_name
        self, ctx: click.Context, name: str
    ) -> click.Command | None:
        """Return a command, or ``None``, importing as little as possible.

        If the application can't be found, a message says why, because the command could be one of
        its own. Exceptions from the application's code propagate.
        """
        self._load_plugin_commands()
        if name in self._plugins:
            return self._load_plugin(name)
        command = super().get_command(ctx, name)
        if command is not None:
            return command
        try:
            app = ctx.ensure_object(ScriptInfo).load_app()
        except Exception as error:
            if ctx.resilient_parsing:
                return None
            if isinstance(error, NoAppException):
                _report(ctx, f"Error: {error.format_message()}")
                return None  # click shows the usage, and that there is no such command
            raise
        # So that the application is at hand for whatever click does with the command before it
        # runs, such as asking its options for defaults.
        active = _cv_app.get(None)
        if active is None or active.app is not app:
            ctx.with_resource(app.app_context())
        return app.cli.get_command(ctx, name)

    def _load_plugin_commands(self) -> None:
        """Find the commands of installed plug-ins without importing them.

        Override this to disable plug-ins.
        """
        if self._loaded_plugin_commands:
            return
        # Scanning every installed distribution takes time that "import flask" should not.
        from importlib import metadata

        found = metadata.entry_points(group="flask.commands")
        self._plugins = {entry.name: entry for entry in found}
        self._loaded_plugin_commands = True

    def _load_plugin(self, name: str) -> click.Command:
        """Import a plug-in and add its command to the group."""
        command = cast(click.Command, self._plugins[name].load())
        self.add_command(command, name)
        del self._plugins[name]
        return command


def _report(ctx: click.Context, problem: str) -> None:
    """Print the reason that commands are missing, except during shell completion."""
    if not ctx.resilient_parsing:
        click.secho(f"{problem.rstrip()}\n", err=True, fg="red")


class _Program(FlaskGroup):
    """The program ``flask``. The application's commands take precedence over those it adds.

    The original has no command ``info``, so an application may define one.
    """

    additional: ClassVar[dict[str, click.Command]] = {"info": info_command}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *self.additional})

    def get_command(  # pyright: ignore[reportIncompatibleMethodOverride] - click's is cmd_name
        self, ctx: click.Context, name: str
    ) -> click.Command | None:
        if name not in self.additional or self._is_replaced(ctx, name):
            return super().get_command(ctx, name)
        return self.additional[name]

    def _is_replaced(self, ctx: click.Context, name: str) -> bool:
        self._load_plugin_commands()
        if name in self.commands or name in self._plugins:
            return True
        try:
            app = ctx.ensure_object(ScriptInfo).load_app()
        except Exception:
            # An application that cannot be loaded has no command that could be meant.
            return False
        return app.cli.get_command(ctx, name) is not None


cli = _Program(
    name="flask",
    help=(
        "Run, inspect and manage a web application.\n\n"
        "The option '--app' or the environment variable FLASK_APP names the application; without"
        " them, the files 'wsgi.py' and 'app.py' of the working directory are searched. In a"
        " module, it is the variable 'app' or 'application', else the only application there, else"
        " what the function 'create_app' or 'make_app' returns. Its own commands are listed below"
        " among the others.\n\n"
        "Each option has an environment variable: FLASK_ and the option's name, or FLASK_RUN_ and"
        " so on for the option of a command."
    ),
)
"""The group behind ``flask`` and ``python -m flask``."""


def main() -> None:
    """Run the command line of this process; called by the console script ``flask``."""
    try:
        cli.main()
    except SyntaxError as error:
        # Its place says it all; the frames would be those of whoever imports the application.
        click.echo(own_traceback(error), err=True, nl=False)
        sys.exit(1)
