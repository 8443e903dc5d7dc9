"""Application discovery: from ``--app``, or none given, to an application object."""

from __future__ import annotations

import ast
import inspect
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from pkgutil import iter_modules
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any, cast

import click

from ..diagnostics.nearest import suggestion
from ..sansio.app import App

if TYPE_CHECKING:
    from ..app import Flask

#: Looked at in this order where a module does not say which object is the application.
_APP_NAMES = ("app", "application")
_FACTORY_NAMES = ("create_app", "make_app")


class NoAppException(click.UsageError):
    """No application was found; shown as an error message with exit code 2."""


def find_best_app(module: ModuleType) -> Flask:
    """Find the application in a module when the name doesn't say which object it is.

    The application is the variable ``app`` or ``application``, else the only application among
    the module's variables, else what the function ``create_app`` or ``make_app`` returns.

    :raises NoAppException: if there is none, more than one, or a factory that needs arguments.
    """
    for name in _APP_NAMES:
        candidate = getattr(module, name, None)
        if isinstance(candidate, App):
            return _flask(candidate)

    found = {name: value for name, value in vars(module).items() if isinstance(value, App)}
    if len(found) == 1:
        return _flask(found.popitem()[1])
    if found:
        raise NoAppException(
            f"Detected multiple Flask applications in module {module.__name__!r}:"
            f" {', '.join(found)}. Say which one is meant, for instance"
            f" '{module.__name__}:{next(iter(found))}'."
        )

    forgetful: list[str] = []
    for name in _FACTORY_NAMES:
        factory = getattr(module, name, None)
        if not inspect.isfunction(factory):
            continue
        made = _call_factory(
            factory,
            f"Detected factory {name!r} in module {module.__name__!r}, and it wants arguments:"
            f" write them out, as in \"{module.__name__}:{name}('value')\".",
        )
        if isinstance(made, App):
            return _flask(made)
        if made is None:
            forgetful.append(name)

    if forgetful:
        raise NoAppException(
            f"Failed to find Flask application or factory in {module.__name__!r}: its function"
            f" {forgetful[0]!r} returned None. Does it end with 'return app'?"
        )
    raise NoAppException(
        "Failed to find Flask application or factory "
        + f"in module {module.__name__!r}: it has neither a variable that holds one nor a function"
        f" {' or '.join(_FACTORY_NAMES)}. Name the object after a colon, as in"
        f" '{module.__name__}:name'."
    )


def find_app_by_string(module: ModuleType, app_name: str) -> Flask:
    """Find the application that a name, or a call with literal arguments, refers to.

    :param app_name: such as ``name``, ``factory`` or ``factory("argument", key=1)``.
    :raises NoAppException: if the text has another form, or leads to something else than an
        application.
    """
    name, args, kwargs = _parse_reference(app_name)
    try:
        target = getattr(module, name)
    except AttributeError as error:
        raise NoAppException(
            f"Failed to find attribute {name!r} in module {module.__name__!r}."
            + suggestion(name, vars(module))
        ) from error

    if inspect.isfunction(target):
        target = _call_factory(
            target,
            f"The factory {app_name!r} in module {module.__name__!r} does not take the arguments"
            " that it is given here.",
            *args,
            **kwargs,
        )
        if target is None:
            raise NoAppException(
                f"A valid Flask application was expected from '{module.__name__}:{app_name}', but"
                " the factory returned None. Does it end with 'return app'?"
            )
    if isinstance(target, App):
        return _flask(target)
    raise NoAppException(
        f"A valid Flask application was expected from '{module.__name__}:{app_name}', which gives"
        f" an object of type {type(target).__name__!r}."
    )


def _parse_reference(text: str) -> tuple[str, list[Any], dict[str, Any]]:
    """Split ``name`` or ``name(literals)`` into the name and the arguments."""
    try:
        expression = ast.parse(text.strip(), mode="eval").body
    except SyntaxError:
        expression = None

    match expression:
        case ast.Name(id=name):
            return name, [], {}
        case ast.Call(func=ast.Name(id=name), args=args, keywords=keywords):
            return name, *_literal_arguments(text, args, keywords)
        case ast.Call():
            raise NoAppException(
                f"Function reference must be a single name: {text!r} calls something else."
            )
    raise NoAppException(
        f"Failed to parse {text!r} as the name of an application or the call of a factory."
    )


def _literal_arguments(
    text: str, args: list[ast.expr], keywords: list[ast.keyword]
) -> tuple[list[Any], dict[str, Any]]:
    try:
        positional = [ast.literal_eval(arg) for arg in args]
        named: dict[str, Any] = {}
        for keyword in keywords:
            value = ast.literal_eval(keyword.value)
            # Without a name it is "**", in front of a dictionary.
            named.update(value if keyword.arg is None else {keyword.arg: value})
    except (TypeError, ValueError):
        raise NoAppException(
            f"Failed to parse arguments as literals: {text!r} may hold strings, numbers, lists and"
            " the like, but no names and no calculations."
        ) from None
    return positional, named


def _call_factory(factory: Callable[..., Any], complaint: str, *args: Any, **kwargs: Any) -> object:
    """Call ``factory``; raise ``complaint`` if the call itself does not fit its parameters."""
    try:
        return factory(*args, **kwargs)
    except TypeError as error:
        if not _called_with_wrong_args(factory):
            raise
        raise NoAppException(complaint) from error


def _called_with_wrong_args(f: Callable[..., Any]) -> bool:
    """Return whether the :exc:`TypeError` being handled was raised by the call itself, before the
    function was entered.
    """
    position = sys.exc_info()[2]
    code = getattr(f, "__code__", None)
    if code is None:  # a class or a partial function: the traceback goes deeper, or it doesn't
        return position is None or position.tb_next is None
    while position is not None:
        if position.tb_frame.f_code is code:
            return False
        position = position.tb_next
    return True


def prepare_import(path: str) -> str:
    """Turn a file or directory into an import name, and make that name importable.

    The directory above the outermost package becomes the first entry of :data:`sys.path`. A
    name that isn't a file, such as ``package.module``, is returned unchanged.
    """
    base, extension = os.path.splitext(os.path.realpath(path))
    location = base if extension == ".py" else base + extension
    if os.path.basename(location) == "__init__":
        location = os.path.dirname(location)

    root, name = os.path.split(location)
    names = [name]
    while os.path.exists(os.path.join(root, "__init__.py")):
        root, name = os.path.split(root)
        names.append(name)

    if sys.path[0] != root:
        sys.path.insert(0, root)
    return ".".join(reversed(names))


def locate_app(
    module_name: str, app_name: str | None, raise_if_not_found: bool = True
) -> Flask | None:
    """Import a module and find the application in it.

    :param app_name: passed to :func:`find_app_by_string`; ``None`` searches the module.
    :param raise_if_not_found: if false, return ``None`` when there is no such module. A module
        that exists and fails is an error either way.
    :raises NoAppException: if the module does not exist, has no application, or itself fails to
        import something, in which case the message holds the traceback.
    """
    try:
        __import__(module_name)
    except ImportError as error:
        if _came_from_inside(error):
            raise NoAppException(
                f"While importing {module_name!r}, another import went wrong:\n\n"
                + own_traceback(error)
            ) from None
        if not raise_if_not_found:
            return None
        raise NoAppException(
            f"Could not import {module_name!r}: there is no such module on the import path."
            + suggestion(module_name, _modules_beside(module_name))
        ) from None

    module = sys.modules[module_name]
    return find_best_app(module) if app_name is None else find_app_by_string(module, app_name)


def _modules_beside(module_name: str) -> Iterator[str]:
    """Yield candidates for a misspelt name: the modules of the same package or folder."""
    package, dot, _ = module_name.rpartition(".")
    if not dot:
        folders = [sys.path[0], os.getcwd()]
    else:
        folders = list(getattr(sys.modules.get(package), "__path__", ()))
    for found in iter_modules(folders):
        yield f"{package}{dot}{found.name}"


def _came_from_inside(error: ImportError) -> bool:
    """Return whether an import error was raised inside the module, not because it is missing."""
    # The frames of the import system are left out of tracebacks: if there is one below
    # ``locate_app``, a module was found and was running.
    return error.__traceback__ is not None and error.__traceback__.tb_next is not None


def own_frames(error: BaseException) -> TracebackType | None:
    """Return the part of a traceback that begins in the project's code."""
    position = error.__traceback__
    while position is not None:
        if not position.tb_frame.f_globals.get("__name__", "").startswith(__package__):
            break
        position = position.tb_next
    return position


def own_traceback(error: BaseException) -> str:
    """Format an exception with the frames of the project only.

    A syntax error is shown without frames: its message has the place.
    """
    if isinstance(error, SyntaxError):
        return "".join(traceback.format_exception_only(error))
    return "".join(traceback.format_exception(type(error), error, own_frames(error)))


def _flask(app: App) -> Flask:
    """Cast an object to ``Flask`` for type checkers; any WSGI application works."""
    return cast("Flask", app)
