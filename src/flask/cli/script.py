"""``ScriptInfo``: the application of a command line, shared by its commands."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from ..helpers import get_debug_flag, get_load_dotenv
from .discovery import NoAppException, locate_app, prepare_import

if TYPE_CHECKING:
    from ..app import Flask

#: Between file and object, though not in a Windows path such as ``C:\app.py``.
_SEPARATOR = re.compile(r":(?![\\/])")
#: Tried in the working directory where no application was named.
_DEFAULT_FILES = ("wsgi.py", "app.py")


class ScriptInfo:
    """The application of a command line, loaded on first use.

    It is the ``obj`` of the click context; :func:`pass_script_info` passes it to a command.

    :param app_import_path: the value of ``--app`` or ``FLASK_APP``.
    :param create_app: a function without arguments that returns the application; it takes
        precedence over the import path.
    :param set_debug_flag: whether to set the application's debug mode from ``FLASK_DEBUG`` and
        ``--debug``.
    :param load_dotenv_defaults: whether to read ``.env`` and ``.flaskenv``, unless
        ``FLASK_SKIP_DOTENV`` is set.
    """

    data: dict[Any, Any]
    """Data that commands share with each other."""

    def __init__(
        self,
        app_import_path: str | None = None,
        create_app: Callable[..., Flask] | None = None,
        set_debug_flag: bool = True,
        load_dotenv_defaults: bool = True,
    ) -> None:
        self.app_import_path = app_import_path
        self.create_app = create_app
        self.data = {}
        self.set_debug_flag = set_debug_flag
        self.load_dotenv_defaults = get_load_dotenv(load_dotenv_defaults)
        self._loaded_app: Flask | None = None

    def load_app(self) -> Flask:
        """Load the application, or return the one loaded by an earlier call.

        :raises NoAppException: if no application is found. Other exceptions of the application's
            code propagate.
        """
        if self._loaded_app is not None:
            return self._loaded_app
        app = self._find_app()
        if app is None:
            raise NoAppException(
                "Could not locate a Flask application. Name it with '--app' or in the environment"
                f" variable FLASK_APP, or put it into a file {' or '.join(_DEFAULT_FILES)} in the"
                " working directory."
            )
        if self.set_debug_flag:
            # The attribute, not the configuration key: setting it has further effects.
            app.debug = get_debug_flag()
        self._loaded_app = app
        return app

    def _find_app(self) -> Flask | None:
        if self.create_app is not None:
            return self.create_app()
        if self.app_import_path:
            path, *name = _SEPARATOR.split(self.app_import_path, maxsplit=1)
            return locate_app(prepare_import(path), name[0] if name else None)
        for path in _DEFAULT_FILES:
            app = locate_app(prepare_import(path), None, raise_if_not_found=False)
            if app is not None:
                return app
        return None


pass_script_info = click.make_pass_decorator(ScriptInfo, ensure=True)
"""Pass the :class:`ScriptInfo` of the command line to a command as its first argument."""
