"""A runner for the commands of an application in tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from click.testing import CliRunner, Result

from ..cli import ScriptInfo

if TYPE_CHECKING:
    from ..app import Flask


class FlaskCliRunner(CliRunner):
    """A :class:`click.testing.CliRunner` for the commands of one application.

    :param app: the application whose commands are run.
    :param kwargs: passed to the base class.
    """

    def __init__(self, app: Flask, **kwargs: Any) -> None:
        self.app = app
        super().__init__(**kwargs)

    def invoke(  # type: ignore[override]
        self, cli: Any = None, args: Any = None, **kwargs: Any
    ) -> Result:
        """Run a command in isolation and return the result.

        :param cli: the command; ``app.cli`` unless given, with the command's name in ``args``.
        :param args: the words of the command line.
        :param kwargs: passed to :meth:`click.testing.CliRunner.invoke`. ``obj`` replaces the
            :class:`~flask.cli.ScriptInfo` that gives commands the application.

        >>> from flask import Flask
        >>> app = Flask("shop", static_folder=None)
        >>> @app.cli.command()
        ... def hello():
        ...     print("Hello.")
        >>> app.test_cli_runner().invoke(args=["hello"]).output
        'Hello.\\n'
        """
        kwargs.setdefault("obj", ScriptInfo(create_app=lambda: self.app))
        return super().invoke(self.app.cli if cli is None else cli, args, **kwargs)
