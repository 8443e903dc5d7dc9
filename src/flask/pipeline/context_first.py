"""Overrides that take the context as their first argument, as Flask 3.2 announces it.

A class with such an override, recognised by a parameter named ``ctx`` or annotated ``AppContext``,
is adapted when it is defined: the override is passed the current context, and ``super()`` may be.
Other classes are left alone.
"""

from __future__ import annotations

import typing as t
from functools import update_wrapper
from types import FunctionType

from ..ctx import AppContext, RequestContext
from ..globals import _cv_app, _cv_request
from .replaced import BUILT_IN

Contexts = (AppContext, RequestContext)

METHODS = (
    "dispatch_request",
    "do_teardown_appcontext",
    "do_teardown_request",
    "finalize_request",
    "full_dispatch_request",
    "handle_exception",
    "handle_http_exception",
    "handle_user_exception",
    "log_exception",
    "make_default_options_response",
    "preprocess_request",
    "process_response",
    "update_template_context",
)
"""Methods of the application that take the context first in Flask 3.2."""

_accepting: dict[type, type] = {}


def adapt_class(cls: type, built_in: type) -> None:
    """Have the overrides of an application's class that take the context be passed it.

    :param built_in: the application class that has the methods themselves.
    """
    if built_in not in cls.__mro__:
        return
    own = cls.__mro__[: cls.__mro__.index(built_in)]
    overrides = {name: _find(own, name) for name in METHODS}
    taking = {name: f for name, f in overrides.items() if f is not None and takes_context(f)}
    if not taking:
        return
    for name, function in taking.items():
        setattr(cls, name, _with_context(name, function))
    accepting = accepting_class(built_in)
    if accepting not in cls.__mro__:
        bases = [accepting if base is built_in else base for base in cls.__bases__]
        cls.__bases__ = tuple(bases if accepting in bases else (*bases, accepting))


def takes_context(function: FunctionType) -> bool:
    """Return whether the parameter after ``self`` is for the context."""
    code = function.__code__
    if code.co_argcount < 2:
        return False
    name = code.co_varnames[1]
    annotation = function.__annotations__.get(name)
    if isinstance(annotation, str):
        return name == "ctx" or annotation.rpartition(".")[2] == "AppContext"
    return name == "ctx" or annotation is AppContext


def _find(classes: t.Iterable[type], name: str) -> FunctionType | None:
    """Return the first override, unless it is no function or is adapted already."""
    for cls in classes:
        if name in vars(cls):
            found = vars(cls)[name]
            is_own = isinstance(found, FunctionType) and "stands_for" not in vars(found)
            return found if is_own else None
    return None


def _with_context(name: str, function: FunctionType) -> t.Callable[..., t.Any]:
    def override(self: t.Any, *args: t.Any, **kwargs: t.Any) -> t.Any:
        if (args and isinstance(args[0], Contexts)) or "ctx" in kwargs:
            return function(self, *args, **kwargs)
        return function(self, _current(name), *args, **kwargs)

    override.stands_for = None  # type: ignore[attr-defined]
    return update_wrapper(override, function)


def _current(name: str) -> t.Any:
    request = None if name == "do_teardown_appcontext" else _cv_request.get(None)
    return _cv_app.get() if request is None else request


def accepting_class(built_in: type) -> type:
    """Return the subclass whose methods may be passed the context, for use by ``super()``."""
    cls = _accepting.get(built_in)
    if cls is None:
        cls = _accepting[built_in] = type(built_in.__name__, (built_in,), {"__module__": __name__})
        for name in METHODS:
            setattr(cls, name, _without_context(cls, name, getattr(built_in, name)))
    return cls


def _without_context(cls: type, name: str, function: t.Any) -> t.Callable[..., t.Any]:
    def method(self: t.Any, *args: t.Any, **kwargs: t.Any) -> t.Any:
        kwargs.pop("ctx", None)
        if args and isinstance(args[0], Contexts):
            args = args[1:]
        return getattr(super(cls, self), name)(*args, **kwargs)

    # Not a replaced step, as it does nothing but call the built-in one.
    vars(method)["stands_for"] = BUILT_IN[cls.__mro__[1]].get(name)
    return update_wrapper(method, function)
