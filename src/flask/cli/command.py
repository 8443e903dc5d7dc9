"""The command line program ``flask``."""

from __future__ import annotations

from .groups import FlaskGroup

cli = FlaskGroup(
    name="flask",
    help=(
        "Run, inspect and manage a web application.\n\n"
        "Which one, the option '--app' or the environment variable FLASK_APP tells; else it is"
        " looked for in the files 'wsgi.py' and 'app.py' of the working directory. The commands"
        " that it brings are listed here among the others.\n\n"
        "Each option has an environment variable: FLASK_ and the option's name, or FLASK_RUN_ and"
        " so on for the option of a command."
    ),
)
"""The group behind ``flask`` and ``python -m flask``."""


def main() -> None:
    """Run the command line of this process: what the console script ``flask`` calls."""
    cli.main()
