"""Checks that Jinja's classes are as the faster code expects them."""

from __future__ import annotations

import typing as t
from operator import attrgetter
from types import FunctionType

import jinja2
import jinja2.runtime
import markupsafe
from jinja2.compiler import CodeGenerator
from jinja2.nodes import EvalContext
from jinja2.runtime import BlockReference, Context, LoopContext, Macro

from ..http.pristine import IS_UNCHANGED, Unpatched, pristine

VERIFIED = frozenset({"3.1.2", "3.1.3", "3.1.4", "3.1.5", "3.1.6"})
"""The releases of Jinja whose own test suite passes with the faster code; ``make jinja`` runs it.
On any other release, Jinja's own code renders.
"""

is_verified = jinja2.__version__ in VERIFIED

_of_class = attrgetter("getattr", "getitem", "concat")
_pristine_class = (
    pristine(jinja2.Environment, "getattr"),
    pristine(jinja2.Environment, "getitem"),
    "".join,
)
_RUNTIME = (
    (Context, "__init__"),
    (Context, "call"),
    (Context, "derived"),
    (Context, "get_all"),
    (Context, "resolve_or_missing"),
    (LoopContext, "__next__"),
    (LoopContext, "cycle"),
    (Macro, "__call__"),
    (Macro, "_invoke"),
    (BlockReference, "__call__"),
    (EvalContext, "__init__"),
)
_pristine_runtime = [pristine(owner, name) for owner, name in _RUNTIME]
_runtime = Unpatched(
    lambda: [getattr(owner, name) for owner, name in _RUNTIME] == _pristine_runtime,
    Context,
    LoopContext,
    Macro,
    BlockReference,
    EvalContext,
)
_canary = _runtime.canary  # PERF: looked at without a call
_pristine_generator = dict(vars(CodeGenerator))
# A decorator of the standard library makes one of its methods.
_generator_was_pristine = {
    function.__globals__["__name__"]
    for function in _pristine_generator.values()
    if isinstance(function, FunctionType)
} <= {"jinja2.compiler", "contextlib"}

_IMPORTED = {
    name: getattr(jinja2.runtime, name)
    for name in ("LoopContext", "Macro", "Markup", "TemplateReference", "Undefined", "missing")
} | {"escape": markupsafe.escape}


def generator_is_pristine() -> bool:
    """Return whether Jinja's code generator has the methods that it had when it was imported."""
    return _generator_was_pristine and dict(vars(CodeGenerator)) == _pristine_generator


def names_are_pristine(namespace: t.Mapping[str, t.Any]) -> bool:
    """Return whether a template's module has Jinja's own classes and functions."""
    return all(namespace.get(name) is value for name, value in _IMPORTED.items())


_watched: dict[type, Unpatched] = {}


def watch(cls: type) -> None:
    """Watch a class of environments, so that its methods need not be compared each time."""
    if cls not in _watched:
        _watched[cls] = Unpatched(lambda: _of_class(cls) == _pristine_class, cls)


class Pristine:
    """The methods of one environment, and of Jinja's runtime, as the faster code expects them.

    Checked each time that a template is rendered, so overrides and patches count at once, on the
    environment's class, its bases, the instance, or Jinja's classes.
    """

    __slots__ = ("_attributes", "_environment", "_undefined")

    def __init__(self, environment: jinja2.Environment) -> None:
        self._environment = environment
        self._attributes = vars(environment)
        self._undefined = environment.undefined

    def holds(self) -> bool:
        """Return whether everything is still as expected."""
        attributes = self._attributes
        environment = self._environment
        cls = type(environment)
        watched = _watched.get(cls)
        return (
            (
                _of_class(cls) == _pristine_class
                if watched is None
                else (watched.canary.__flags__ & IS_UNCHANGED and watched.held) or watched.holds()
            )
            and attributes is environment.__dict__
            and "getattr" not in attributes
            and "getitem" not in attributes
            and "concat" not in attributes
            and attributes.get("undefined") is self._undefined
            and ((_canary.__flags__ & IS_UNCHANGED and _runtime.held) or _runtime.holds())
        )
