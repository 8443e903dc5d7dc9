"""Options of every :class:`~flask.cli.FlaskGroup` command line."""

from __future__ import annotations

import os
import sys
from typing import Any

import click
from click.core import ParameterSource

from .environment import load_dotenv
from .script import ScriptInfo


def get_version(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    """Print the versions of Python, the framework and Werkzeug, and exit."""
    if not value or ctx.resilient_parsing:
        return
    from importlib.metadata import version

    click.echo(
        f"Python {sys.version.split()[0]}\n"
        f"Flask {version('flask')} (Hipflask)\n"
        f"Werkzeug {version('werkzeug')}",
        color=ctx.color,
    )
    ctx.exit()


version_option = click.Option(
    ["--version"],
    help="Print the versions of Flask (here: Hipflask), Python and Werkzeug.",
    expose_value=False,
    callback=get_version,
    is_flag=True,
    is_eager=True,
)
"""``--version``, with :func:`get_version` as its callback."""


def _env_file_callback(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    info = ctx.ensure_object(ScriptInfo)
    if value is not None:
        # load_dotenv only takes a note; asking for a file by name deserves an error.
        try:
            import dotenv  # noqa: F401
        except ImportError:
            raise click.BadParameter(
                "reading it takes python-dotenv: 'pip install python-dotenv'.", ctx, param
            ) from None
    if value is not None or info.load_dotenv_defaults:
        load_dotenv(value, load_defaults=info.load_dotenv_defaults)
    return value


# Eager, because the other options and the lookup of the application read the environment.
_env_file_option = click.Option(
    ["-e", "--env-file"],
    help=(
        "A dotenv file to set environment variables from, before .env and .flaskenv are looked"
        " at. Variables that are set stay as they are. Needs python-dotenv."
    ),
    callback=_env_file_callback,
    expose_value=False,
    is_eager=True,
    type=click.Path(exists=True, dir_okay=False),
)


def _set_app(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is not None:
        ctx.ensure_object(ScriptInfo).app_import_path = value
    return value


# Eager, because which commands there are depends on it.
_app_option = click.Option(
    ["-A", "--app"],
    metavar="IMPORT",
    help=(
        "The application: 'module:name', or a module or file alone. The name may be a factory,"
        " with literal arguments if it wants any: \"module:factory('test')\"."
    ),
    is_eager=True,
    expose_value=False,
    callback=_set_app,
)


def _set_debug(ctx: click.Context, param: click.Parameter, value: bool | None) -> bool | None:
    # The flag travels in the environment, where the application finds it as it is made, and
    # where the reloader's child process finds it. Unset, it stays unset.
    given = ctx.get_parameter_source(param.name or "")
    if given in (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT):
        os.environ["FLASK_DEBUG"] = "1" if value else "0"
        return value
    return None


# Not eager: FLASK_DEBUG may be in a dotenv file.
_debug_option = click.Option(
    ["--debug/--no-debug"],
    help="Turn debug mode on or off.",
    expose_value=False,
    callback=_set_debug,
)
