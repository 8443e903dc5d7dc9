"""``flask shell``: an interactive interpreter inside an application context."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from ..globals import current_app
from .groups import with_appcontext


@click.command("shell", short_help="Start an interactive interpreter in the application.")
@with_appcontext
def shell_command() -> None:
    """Start an interactive Python interpreter inside an application context.

    The file named by PYTHONSTARTUP runs first. Shell context processors of the application add
    names.
    """
    # Both are of use to this command only.
    import code

    namespace: dict[str, Any] = {}
    startup = Path(os.environ.get("PYTHONSTARTUP", ""))
    if startup.is_file():
        # The person's own file, as Python itself runs it.
        exec(compile(startup.read_bytes(), startup, "exec"), namespace)
    namespace.update(current_app.make_shell_context())

    _complete_from(namespace)
    banner = (
        f"Python {sys.version} on {sys.platform}\n"
        f"Application: {current_app.import_name}\n"
        f"Instance folder: {current_app.instance_path}"
    )
    code.interact(banner=banner, local=namespace)


def _complete_from(namespace: dict[str, Any]) -> None:
    """Complete names of ``namespace`` with the tab key if readline is available.

    Python's own start of an interactive session goes through :data:`sys.__interactivehook__`,
    which completes names of ``__main__`` and may have been replaced or removed by the user.
    """
    hook = getattr(sys, "__interactivehook__", None)
    if hook is None:
        return
    try:
        import readline
        from rlcompleter import Completer
    except ImportError:
        pass
    else:
        readline.set_completer(Completer(namespace).complete)
    hook()
