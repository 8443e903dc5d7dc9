"""Explanations of errors, too costly outside of debug mode.

.. code-block:: text

    AssertionError
    ├── UnexpectedUnicodeError     (also UnicodeError)
    ├── DebugFilesKeyError         (also KeyError)
    └── FormDataRoutingRedirect
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from ..globals import request_ctx

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from jinja2 import BaseLoader
    from werkzeug.wrappers import Request as WerkzeugRequest

    from ..sansio.app import App
    from ..sansio.scaffold import Scaffold
    from ..wrappers import Request

    #: Source text, file name and freshness check: what a Jinja loader gives for a template.
    Found = tuple[str, str | None, Callable[[], bool] | None]
    Attempt = tuple[BaseLoader, Scaffold, Found | None]


class UnexpectedUnicodeError(AssertionError, UnicodeError):
    """Text was passed where bytes are required, or bytes where text is."""


class DebugFilesKeyError(KeyError, AssertionError):
    """A key is missing from ``request.files`` because the form sent only the file's name."""

    def __init__(self, request: WerkzeugRequest, key: str) -> None:
        names = ", ".join(repr(name) for name in request.form.getlist(key))
        self.msg = (
            f"No upload arrived as {key!r}: no file contents were transmitted. The body was sent"
            f" as {request.mimetype or 'no particular type'!r}, which has room for file names but"
            ' not for files. Give the HTML form the attribute enctype="multipart/form-data".'
            f" This was submitted: {names}."
        )

    # KeyError would show the repr of the text.
    def __str__(self) -> str:
        return self.msg


class FormDataRoutingRedirect(AssertionError):
    """A redirect from routing would lose the body of the request.

    Raised in debug mode instead of a 301, 302, 303 or 305 redirect, after which clients repeat
    the request as a ``GET``.
    """

    def __init__(self, request: Request) -> None:
        redirect = request.routing_exception
        target = getattr(redirect, "new_url", "")
        parts = [
            f"The body of this {request.method} would be lost on the way from {request.url!r} to"
            f" the canonical URL {target!r}: the routing answers with status"
            f" {getattr(redirect, 'code', None)}, upon which a client comes back"
            " with GET and without the data."
        ]
        if target.partition("?")[0] == f"{request.base_url}/":
            parts.append("The rule ends in a slash that the requested URL lacks.")
        parts.append(
            f"Point the form or client at {target!r} itself, or let the redirect have the"
            " status 307 or 308. Without debug mode the redirect is sent as it is."
        )
        super().__init__(" ".join(parts))


def attach_enctype_error_multidict(request: WerkzeugRequest) -> None:
    """Make ``request.files[key]`` raise an explanation if ``key`` was sent as a plain form field.

    Other missing keys, and all other ways to read ``request.files``, are unaffected.
    """
    plain = type(request.files)

    def explain_missing(self: Any, key: str) -> Any:
        try:
            return plain.__getitem__(self, key)
        except KeyError as error:
            if key not in request.form:
                raise
            raise DebugFilesKeyError(request, key).with_traceback(error.__traceback__) from None

    members = {"__getitem__": explain_missing, "__module__": plain.__module__}
    request.files.__class__ = type(plain.__name__, (plain,), members)


def explain_template_loading_attempts(app: App, template: str, attempts: Sequence[Attempt]) -> None:
    """Log the loaders that were asked for a template, their results, and a conclusion.

    :param attempts: in the order asked, each loader, the application or blueprint it belongs to,
        and its result or ``None``.
    """
    lines = [f"EXPLAIN_TEMPLATE_LOADING: which loaders have {template!r}?"]
    hits = 0
    for number, (loader, owner, found) in enumerate(attempts, 1):
        hits += found is not None
        lines.append(f"{number:5}: trying loader of {_owner(owner)}, {_loader(loader)}")
        lines.append(f"       found: {_answer(found)}")
    lines.extend(_conclusions(hits))
    app.logger.info("\n".join(lines))


def _owner(owner: Any) -> str:
    # Told apart by what they have, so that this module stays below the classes themselves.
    if not hasattr(owner, "import_name"):
        return repr(owner)
    if hasattr(owner, "url_map"):
        return f"application {owner.import_name!r}"
    return f"blueprint {owner.name!r} of {owner.import_name!r}"


def _answer(found: Found | None) -> str:
    if found is None:
        return "no"
    return f"yes, {'from memory' if found[1] is None else found[1]}"


def _loader(loader: BaseLoader) -> str:
    """Format a loader like the call that creates it, with those attributes that are plain text."""
    settings = [
        f"{name}={value!r}"
        for name, value in sorted(vars(loader).items())
        if not name.startswith("_") and _is_text(value)
    ]
    return f"{type(loader).__name__}({', '.join(settings)})"


def _is_text(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(isinstance(item, str) for item in value)
    return isinstance(value, str)


def _conclusions(hits: int) -> Iterable[str]:
    if hits > 1:
        yield f"{hits} loaders have it. The first of them is used; it hides the others."
    if hits:
        return
    yield "No loader has it: jinja2.TemplateNotFound is raised."
    blueprint = request_ctx.request.blueprint if request_ctx else None
    if blueprint is not None:
        yield (
            f"The request is handled by blueprint {blueprint!r}. If it has templates of its own,"
            " give it a template_folder, relative to the folder of its module."
        )


def warn_of_debug_mode(app: App, environ: dict[str, Any]) -> None:
    """Warn once if a server other than the development server serves in debug mode."""
    server = environ.get("SERVER_SOFTWARE", "")
    if app.debug and server and not server.startswith("Werkzeug/") and not app._told_of_debug:
        app._told_of_debug = True
        # Not the application's logger: a server may hand its errors stream to that again.
        logging.getLogger("flask").warning(
            "%r is in debug mode but served by %s, as applications are in production: errors are"
            " raised to the server, and templates are looked up on each use. Leave FLASK_DEBUG and"
            " app.debug unset there.",
            app.name,
            server,
        )
