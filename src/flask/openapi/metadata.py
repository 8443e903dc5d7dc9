"""Operation metadata that a view's signature can't express."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Callable, Mapping, Sequence

F = t.TypeVar("F", bound=Callable[..., t.Any])

ATTRIBUTE = "__flask_operation__"


@dataclasses.dataclass(frozen=True)
class Operation:
    """Metadata of a view; ``None`` values are derived from the view."""

    summary: str | None = None
    description: str | None = None
    operation_id: str | None = None
    tags: tuple[str, ...] | None = None
    deprecated: bool = False
    hidden: bool = False
    security: tuple[t.Any, ...] | None = None
    examples: Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    extra: Mapping[str, t.Any] = dataclasses.field(default_factory=dict)


def operation(
    *,
    summary: str | None = None,
    description: str | None = None,
    operation_id: str | None = None,
    tags: Sequence[str] | None = None,
    deprecated: bool = False,
    hidden: bool = False,
    security: Sequence[str | Mapping[str, Sequence[str]]] | None = None,
    examples: Mapping[str, t.Any] | None = None,
    extra: Mapping[str, t.Any] | None = None,
) -> Callable[[F], F]:
    """Describe the operation of a view.

    .. code-block:: python

        @app.get("/items")
        @operation(tags=["items"], security=[], deprecated=True)
        def items() -> list[Item]: ...

    :param summary: one line; by default the first of the docstring.
    :param description: Markdown; by default the rest of the docstring.
    :param operation_id: unique name, from which clients name their functions; by default the
        endpoint's.
    :param tags: groups; by default the name of the blueprint.
    :param deprecated: mark the operation as deprecated.
    :param hidden: leave the view out of the document.
    :param security: names of security schemes, of which one is enough; a mapping names several
        that are needed together, with their scopes. ``[]`` is a public operation.
    :param examples: example request bodies, by name.
    :param extra: members of the operation object that are added as they are, ``x-...`` and others.
    """
    declared = Operation(
        summary,
        description,
        operation_id,
        None if tags is None else tuple(tags),
        deprecated,
        hidden,
        None if security is None else tuple(security),
        dict(examples or {}),
        dict(extra or {}),
    )

    def declare(view: F) -> F:
        setattr(view, ATTRIBUTE, declared)
        return view

    return declare


def metadata_of(view: t.Any) -> Operation:
    """Return the metadata that :func:`operation` added to a view, or empty metadata."""
    return t.cast(Operation, getattr(view, ATTRIBUTE, None) or _NOTHING_SAID)


_NOTHING_SAID = Operation()
