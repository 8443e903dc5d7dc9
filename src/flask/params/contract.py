"""The contract of a view, read from its signature for extractors and documentation."""

from __future__ import annotations

import dataclasses
import inspect
import typing as t

from . import annotations as hints
from .markers import InPath, Marker

MISSING: t.Any = inspect.Parameter.empty


@dataclasses.dataclass(frozen=True)
class Parameter:
    """A parameter of a view that is read from the request."""

    name: str
    """Its name in the view."""

    alias: str
    """Its name in the request."""

    kind: t.Any
    """Its type, with constraints as msgspec's metadata."""

    marker: Marker
    default: t.Any
    """:data:`MISSING` if it is required."""

    @property
    def source(self) -> str:
        return self.marker.source

    @property
    def required(self) -> bool:
        return self.default is MISSING


@dataclasses.dataclass(frozen=True)
class Contract:
    """Declared parameters and result of a view."""

    view: t.Callable[..., t.Any]
    parameters: tuple[Parameter, ...]
    returns: t.Any
    """The evaluated annotation of the result; :data:`MISSING` without one."""

    path: tuple[Parameter, ...] = ()
    """The variables of the path whose annotations have constraints."""

    def of_source(self, source: type) -> tuple[Parameter, ...]:
        """Return the parameters with one class of marker."""
        return tuple(it for it in self.parameters if isinstance(it.marker, source))


def read_contract(view: t.Callable[..., t.Any]) -> Contract:
    """Return the contract of a function.

    :raises TypeError: if an annotation that names a marker can't be evaluated.
    """
    annotated = hints.evaluated(view)
    returns = annotated.pop("return", MISSING)
    if isinstance(returns, hints.Unresolved):
        returns = MISSING
    defaults = _defaults(view) if annotated else {}
    parameters, path = [], []
    for name, hint in annotated.items():
        if isinstance(hint, hints.Unresolved):
            if hints.mentions_marker(hint):
                raise TypeError(
                    f"The annotation {hint.text!r} of {name!r} in {_name_of(view)} can't be"
                    f" evaluated: {hint.error}. Types of parameters have to be importable at run"
                    " time: define them in a module, and import them outside of 'if TYPE_CHECKING'."
                )
            continue
        marker = hints.marker_of(hint)
        default = defaults.get(name, MISSING)
        if marker is not None:
            kind = hints.without_marker(hint, marker)
            if marker.source in _OF_STRINGS:
                kind = hints.without_none(kind)  # which no string stands for
            alias = marker.alias or _default_alias(name, marker)
            parameters.append(Parameter(name, alias, kind, marker, default))
        elif hints.is_constrained(hint):
            path.append(Parameter(name, name, hint, InPath(), default))
    return Contract(view, tuple(parameters), returns, tuple(path))


_OF_STRINGS = ("query", "header", "cookie", "form")


def _defaults(view: t.Callable[..., t.Any]) -> dict[str, t.Any]:
    signature = inspect.signature(view)
    return {
        name: parameter.default
        for name, parameter in signature.parameters.items()
        if parameter.default is not MISSING
    }


def _default_alias(name: str, marker: Marker) -> str:
    return name.replace("_", "-") if marker.source == "header" else name


def _name_of(view: t.Any) -> str:
    return f"{getattr(view, '__module__', '?')}.{getattr(view, '__qualname__', view)}"
