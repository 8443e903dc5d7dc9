"""Notes on unhandled exceptions: the places searched, and the name that was probably meant.

Python prints notes below the message, in logs and in the debugger. Types and texts of the
exceptions stay unchanged, because programs match on them.
"""

from __future__ import annotations

import os
import typing as t
from contextlib import suppress

from jinja2 import FileSystemLoader, TemplateNotFound, TemplatesNotFound, UndefinedError
from werkzeug.routing import BuildError

from .nearest import suggestion

if t.TYPE_CHECKING:
    from ..app import Flask


def annotate(app: Flask, error: BaseException) -> None:
    """Add a note to an exception that the framework can say more about."""
    # Help must not put another error into the place of the one that it explains.
    with suppress(Exception):
        for kind, explain in _EXPLANATIONS.items():
            if isinstance(error, kind):
                note = explain(app, error)
                if note and note not in getattr(error, "__notes__", ()):
                    error.add_note(note)


def _explain_template(app: Flask, error: t.Any) -> str:
    """Name the folders that were searched for a template, and the template nearest to it."""
    wanted = error.templates if isinstance(error, TemplatesNotFound) else [error.name]
    folders = [
        f"{folder}{'' if os.path.isdir(folder) else ' (no such folder)'}"
        for loader in _loaders(app)
        if isinstance(loader, FileSystemLoader)
        for folder in loader.searchpath
    ]
    if not folders:
        return "No folder of templates belongs to the application."
    known = app.jinja_env.list_templates()
    hints = dict.fromkeys(suggestion(str(name), known) for name in wanted)
    return f"Searched: {', '.join(map(os.fspath, folders))}.{''.join(hints)}"


def _loaders(app: Flask) -> t.Iterator[t.Any]:
    """Yield the loaders of the application's environment."""
    loader: t.Any = app.jinja_env.loader
    if hasattr(loader, "_owned_loaders"):
        for _, owned in loader._owned_loaders():
            yield from getattr(owned, "loaders", [owned])
    else:
        yield from getattr(loader, "loaders", [loader])


def _explain_undefined(app: Flask, error: UndefinedError) -> str:
    """Name the template and line of an undefined name, and the name nearest to it."""
    place, names = None, []
    trace = error.__traceback__
    while trace is not None:
        # Jinja puts frames of the template into the traceback, marked so.
        if "__jinja_exception__" in trace.tb_frame.f_globals:
            place = f"{trace.tb_frame.f_code.co_filename}, line {trace.tb_lineno}"
            names = [name for name in trace.tb_frame.f_locals if not name.startswith("_")]
        trace = trace.tb_next
    if place is None:
        return ""
    quoted = (error.message or "").split("'")
    is_name = len(quoted) == 3 and quoted[0] == ""
    return f"In the template {place}.{suggestion(quoted[1], names) if is_name else ''}"


def _explain_url(app: Flask, error: BuildError) -> str:
    """Name the blueprint that is not registered, and those that are."""
    blueprint, dot, _ = str(error.endpoint).rpartition(".")
    if not dot or blueprint in app.blueprints:
        return ""
    registered = ", ".join(sorted(app.blueprints)) or "none"
    return (
        f"No blueprint {blueprint!r} is registered with the application {app.name!r} (registered:"
        f" {registered}). Is 'app.register_blueprint(...)' missing?"
        f"{suggestion(blueprint, app.blueprints)}"
    )


_EXPLANATIONS: dict[type[BaseException], t.Callable[[Flask, t.Any], str]] = {
    TemplateNotFound: _explain_template,
    UndefinedError: _explain_undefined,
    BuildError: _explain_url,
}
