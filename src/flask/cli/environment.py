"""Environment variables from dotenv files."""

from __future__ import annotations

import os

import click

#: Read without being named, from the working directory upwards; the later one wins.
_DEFAULT_NAMES = (".flaskenv", ".env")


def _path_is_ancestor(path: str, other: str) -> bool:
    """Return whether a path is inside a folder, comparing the text of both."""
    return other != path and other.startswith(os.path.join(path, ""))


def load_dotenv(path: str | os.PathLike[str] | None = None, load_defaults: bool = True) -> bool:
    """Set environment variables from the file ``path``, ``.env`` and ``.flaskenv``.

    A variable that is set already keeps its value. Among the files the one named first here
    wins. ``.env`` and ``.flaskenv`` are searched for in the working directory and the ones above
    it. Files are read as UTF-8; missing files are skipped.

    Needs python-dotenv, from the ``dotenv`` extra; without it, files that are there are only
    mentioned on the standard error stream.

    :param load_defaults: whether to look for ``.env`` and ``.flaskenv``.
    :return: whether any file had a variable.
    """
    try:
        import dotenv
    except ImportError:
        if path or any(os.path.isfile(name) for name in _DEFAULT_NAMES):
            click.secho(
                " * Note: dotenv files are left unread. 'pip install python-dotenv' to load them.",
                fg="yellow",
                err=True,
            )
        return False

    files: list[str | os.PathLike[str]] = []
    if load_defaults:
        files.extend(dotenv.find_dotenv(name, usecwd=True) for name in _DEFAULT_NAMES)
    if path is not None:
        files.append(path)

    values: dict[str, str | None] = {}
    for file in files:
        if os.path.isfile(file):
            values.update(dotenv.dotenv_values(file, encoding="utf-8"))
    for name, value in values.items():
        # A line that has a name only gives it no value.
        if value is not None:
            os.environ.setdefault(name, value)
    return bool(values)
