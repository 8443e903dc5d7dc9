"""Evaluation of a function's annotations, each one separately."""

from __future__ import annotations

import contextlib
import inspect
import sys
import types
import typing as t
from collections.abc import Mapping

import msgspec

from .markers import Body, Cookie, File, Form, Header, Marker, Query

MARKERS: tuple[type, ...] = (Body, Cookie, File, Form, Header, Query)

_MARKER_NAMES = {marker.__name__ for marker in MARKERS}


class Unresolved:
    """An annotation that can't be evaluated."""

    def __init__(self, text: str, error: Exception) -> None:
        self.text = text
        self.error = error


def evaluated(function: t.Callable[..., t.Any]) -> dict[str, t.Any]:
    """Return a function's annotations with strings evaluated; ``return`` is the result's."""
    inner: t.Any = inspect.unwrap(function)
    if isinstance(inner, types.MethodType):
        inner = inner.__func__
    elif not isinstance(inner, types.FunctionType):
        # An object that is called: what it, or its class, is annotated with are no parameters.
        inner = vars(type(inner)).get("__call__")
    if not isinstance(inner, types.FunctionType):
        return {}
    raw: Mapping[str, t.Any] = inner.__annotations__
    return {name: _evaluate(hint, inner) for name, hint in raw.items()}


def _evaluate(hint: t.Any, function: t.Any) -> t.Any:
    error: Exception | None = None
    # A factory's own classes are in no module, but its frame may still be there.
    for frames in (False, True):
        scope, local = _namespaces(function, frames)
        try:
            # The application's own source, as typing.get_type_hints() evaluates it.
            value = eval(hint, scope, local) if isinstance(hint, str) else hint  # nosec B307
            return _resolve(value, scope, local)
        except NameError as raised:
            error = raised
        except Exception as raised:
            return Unresolved(str(hint), raised)
    return Unresolved(str(hint), t.cast(Exception, error))


def _resolve(hint: t.Any, scope: dict[str, t.Any], local: dict[str, t.Any]) -> t.Any:
    """Evaluate the strings inside of a hint, as in ``Body["Item"]``."""
    holder: t.Any = types.SimpleNamespace(__annotations__={"it": hint})
    return t.get_type_hints(holder, scope, local, include_extras=True)["it"]


def _namespaces(function: t.Any, frames: bool) -> tuple[dict[str, t.Any], dict[str, t.Any]]:
    """The global and local names that a function's annotations can refer to."""
    scope = getattr(function, "__globals__", {})
    local: dict[str, t.Any] = {}
    for parameter in getattr(function, "__type_params__", ()):
        local[parameter.__name__] = parameter
    local.update(_closure(function))
    if frames:
        local = {**_frame_locals(function.__qualname__, scope), **local}
    return scope, local


def _closure(function: t.Any) -> dict[str, t.Any]:
    """Return the closure variables of a function that have a value."""
    found = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
        with contextlib.suppress(ValueError):  # assigned later, below the view
            found[name] = cell.cell_contents
    return found


def _frame_locals(qualname: str, scope: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return the local variables of the running functions that a function is defined in."""
    names = qualname.split(".<locals>.")[:-1]
    around = {".<locals>.".join(names[: count + 1]) for count in range(len(names))}
    found: dict[str, t.Any] = {}
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None and around:
        if frame.f_globals is scope and frame.f_code.co_qualname in around:
            around.discard(frame.f_code.co_qualname)
            found = {**frame.f_locals, **found}
        frame = frame.f_back
    return found


def marker_of(hint: t.Any) -> Marker | None:
    """Return the marker of an evaluated annotation, the outermost one."""
    if t.get_origin(hint) is not t.Annotated:
        return None
    for meta in reversed(hint.__metadata__):
        if isinstance(meta, MARKERS):
            return t.cast(Marker, meta)
        if isinstance(meta, type) and meta in MARKERS:
            return t.cast(Marker, meta())
    return None


def mentions_marker(hint: t.Any) -> bool:
    """Return whether an annotation that can't be evaluated names a marker."""
    return isinstance(hint, Unresolved) and any(
        f"{name}[" in hint.text or f"{name}(" in hint.text for name in _MARKER_NAMES
    )


def without_marker(hint: t.Any, marker: Marker) -> t.Any:
    """Return the annotated type, with the marker's constraints instead of the marker."""
    kept = tuple(it for it in hint.__metadata__ if not _is_marker(it))
    kind = t.Annotated[(hint.__origin__, *kept)] if kept else hint.__origin__
    return constrained(kind, marker.meta)


def _is_marker(meta: t.Any) -> bool:
    return isinstance(meta, MARKERS) or (isinstance(meta, type) and meta in MARKERS)


def constrained(kind: t.Any, meta: t.Any) -> t.Any:
    """Return a type with constraints; in a union, all members except ``None`` get them."""
    if meta is None:
        return kind
    if t.get_origin(kind) in (t.Union, types.UnionType):
        members = [it if it is type(None) else t.Annotated[it, meta] for it in t.get_args(kind)]
        return t.Union[tuple(members)]  # noqa: UP007 - made of a tuple
    return t.Annotated[kind, meta]


def without_none(kind: t.Any) -> t.Any:
    """Return a type without the alternative ``None``."""
    if not is_optional(kind):
        return kind
    members = tuple(it for it in t.get_args(kind) if it is not type(None))
    return t.Union[members]  # noqa: UP007 - made of a tuple


def is_constrained(hint: t.Any) -> bool:
    """Return whether an annotation has msgspec constraints."""
    return t.get_origin(hint) is t.Annotated and any(
        isinstance(it, msgspec.Meta) for it in hint.__metadata__
    )


def is_optional(kind: t.Any) -> bool:
    """Return whether ``None`` is among the alternatives of a type."""
    return t.get_origin(kind) in (t.Union, types.UnionType) and type(None) in t.get_args(kind)


def bare(kind: t.Any) -> t.Any:
    """Return a type without ``Annotated``; ``Optional[T]`` becomes ``T``."""
    while t.get_origin(kind) is t.Annotated:
        kind = kind.__origin__
    if is_optional(kind):
        members = [it for it in t.get_args(kind) if it is not type(None)]
        if len(members) == 1:
            return bare(members[0])
    return kind
