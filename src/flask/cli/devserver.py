"""``app.run``: the application on Werkzeug's development server."""

from __future__ import annotations

import os
import typing as t

import click
from werkzeug.serving import is_running_from_reloader

from .. import cli
from ..helpers import get_debug_flag, get_load_dotenv
from .serving import additions_to, offer_free_port

if t.TYPE_CHECKING:
    from ..app import Flask


def run(
    app: Flask,
    host: str | None,
    port: int | None,
    debug: bool | None,
    load_dotenv: bool,
    options: dict[str, t.Any],
) -> None:
    """Serve until interrupted. Does nothing while the ``flask`` command imports the application."""
    if os.environ.get("FLASK_RUN_FROM_CLI") == "true":
        _explain_no_effect()
        return
    _settle_debug(app, debug, load_dotenv)
    host, port = _address(app, host, port)
    defaults: dict[str, t.Any] = {
        "use_reloader": app.debug,
        "use_debugger": app.debug,
        "threaded": True,
    }
    cli.show_server_banner(app.debug, app.name)

    from werkzeug.serving import run_simple

    defaults |= additions_to(run_simple)
    try:
        run_simple(host, port, app, **(defaults | options))
    except SystemExit as error:
        if error.code == 1:
            offer_free_port(host, port, "app.run(port={port})")
        raise
    finally:
        # In an interactive session more may be declared before it is run again.
        app._got_first_request = False
        app._revision.invalidate()


def _explain_no_effect() -> None:
    if not is_running_from_reloader():
        click.secho(
            " * 'app.run()' does nothing when the 'flask' command has imported the application.\n"
            "   Put it under \"if __name__ == '__main__':\".",
            fg="red",
        )


def _settle_debug(app: Flask, debug: bool | None, load_dotenv: bool) -> None:
    if get_load_dotenv(load_dotenv):
        cli.load_dotenv()
        if debug is None and "FLASK_DEBUG" in os.environ:
            debug = get_debug_flag()
    if debug is not None:
        app.debug = bool(debug)


def _address(app: Flask, host: str | None, port: int | None) -> tuple[str, int]:
    """Return host and port: those given, else those of ``SERVER_NAME``, else 127.0.0.1:5000."""
    name, _, number = (app.config["SERVER_NAME"] or "").partition(":")
    return host or name or "127.0.0.1", int(number or 5000) if port is None else int(port)
