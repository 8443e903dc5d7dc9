"""Warnings about mistakes in declarations, given at registration instead of at a request."""

from __future__ import annotations

import inspect
import typing as t
import warnings

if t.TYPE_CHECKING:
    from werkzeug.routing import Map

    from ..sansio.app import App


def warn_of_missing_parentheses(decorator: str, owner: object, function: t.Any) -> None:
    """Warn about ``@app.get`` without parentheses: it declares nothing and hides the function."""
    name = getattr(function, "__name__", repr(function))
    warnings.warn(
        f"{decorator!r} decorates the function {name!r} without parentheses: no rule is declared"
        f' for {owner!r}, and {name!r} is no longer the function. Write {decorator}("/path").',
        stacklevel=_level_of_user(),
    )


def explain_converter(error: LookupError, rule: str, url_map: Map) -> None:
    """Add the rule and the known converters to the error about an unknown one."""
    known = ", ".join(sorted(url_map.converters))
    error.add_note(f"In the rule {rule!r}. Known converters: {known}.")


def warn_of_arguments(app: App, rule: t.Any, view: t.Callable[..., t.Any]) -> None:
    """Warn if the variables of a rule don't fit the view's parameters.

    There is no warning if the arguments can't be known: a URL value preprocessor may change them,
    a decorator may accept any, or the view may have been replaced.
    """
    if any(app.url_value_preprocessors.values()):
        return
    try:
        signature = inspect.signature(view, follow_wrapped=False)
    except (TypeError, ValueError):
        return
    given = dict.fromkeys(rule.arguments)
    try:
        signature.bind(**given)
    except TypeError as error:
        name = getattr(view, "__qualname__", repr(view))
        variables = ", ".join(sorted(given)) or "none"
        warnings.warn(
            f"The view {name}{signature} does not fit its rule {rule.rule!r}, whose variables are:"
            f" {variables} ({error}). Requests for it fail, unless a URL value preprocessor"
            " changes the arguments.",
            stacklevel=_level_of_user(),
        )


def _level_of_user() -> int:
    """Return the stack level of the first caller outside of the package."""
    frame = inspect.currentframe()
    level = 0
    package = __name__.partition(".")[0]
    while frame is not None:
        if frame.f_globals.get("__name__", "").partition(".")[0] != package:
            break
        frame = frame.f_back
        level += 1
    return level
