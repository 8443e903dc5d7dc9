"""Checks that Jinja's classes are as the faster code expects them."""

from __future__ import annotations

import typing as t
from operator import attrgetter
from types import FunctionType

import jinja2
import jinja2.runtime
import markupsafe
from jinja2.compiler import CodeGenerator
from jinja2.runtime import BlockReference, Context, LoopContext, Macro

from ..http.pristine import Unpatched, pristine

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
)
_pristine_runtime = [pristine(owner, name) for owner, name in _RUNTIME]
_runtime = Unpatched(
    lambda: [getattr(owner, name) for owner, name in _RUNTIME] == _pristine_runtime,
    Context,
    LoopContext,
    Macro,
    BlockReference,
)
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
        return (
            _of_class(type(self._environment)) == _pristine_class
            and attributes is vars(self._environment)
            and "getattr" not in attributes
            and "getitem" not in attributes
            and "concat" not in attributes
            and attributes.get("undefined") is self._undefined
            and _runtime.holds()
        )


_of_finding = attrgetter("get_template", "_load_template", "join_path")
_pristine_finding = tuple(
    pristine(jinja2.Environment, name) for name in ("get_template", "_load_template", "join_path")
)


def finds_templates(environment: jinja2.Environment) -> bool:
    """Return whether an environment finds its templates as Jinja does."""
    attributes = vars(environment)
    return (
        _of_finding(type(environment)) == _pristine_finding
        and "get_template" not in attributes
        and "_load_template" not in attributes
        and "join_path" not in attributes
    )
