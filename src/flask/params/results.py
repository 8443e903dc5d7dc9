"""Conversion of a typed view's result to a response."""

from __future__ import annotations

import dataclasses
import types
import typing as t
from collections.abc import Callable, Iterator

import msgspec

from ..globals import current_app
from ..http.encoded import EncodedBody
from . import annotations as hints
from .contract import MISSING, Contract
from .pydantic_models import is_pydantic_model

JSON = "application/json"


@dataclasses.dataclass(frozen=True)
class Answer:
    """A response that a view declares, by its annotation or :func:`responds`."""

    status: int | None
    """Status code; ``None`` for the status that the view returns, by default 200."""

    kind: t.Any
    """Type of the body; ``None`` for no body, :data:`MISSING` if it is not declared."""

    description: str = ""
    headers: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    """Types of the headers, by name."""

    content_type: str | None = None

    @property
    def is_empty(self) -> bool:
        """True if there is no body."""
        return self.kind is None or self.kind is type(None)


@dataclasses.dataclass(frozen=True)
class Responses:
    """The arguments of :func:`responds`."""

    status: int | None
    headers: t.Mapping[str, t.Any]
    description: str
    content_type: str | None
    others: tuple[Answer, ...]


F = t.TypeVar("F", bound=Callable[..., t.Any])

ATTRIBUTE = "__flask_responses__"


def responds(
    status: int | None = None,
    *,
    description: str = "",
    headers: t.Mapping[str, t.Any] | None = None,
    content_type: str | None = None,
    others: t.Mapping[int, t.Any] | None = None,
) -> Callable[[F], F]:
    """Declare the responses of a view, for documentation and the default status.

    .. code-block:: python

        @app.post("/items")
        @responds(201, headers={"Location": str}, others={409: (Conflict, "The name is taken.")})
        def create(item: Body[Item]) -> Item: ...

    :param status: default status.
    :param description: description of this response.
    :param headers: types of its headers, by name.
    :param content_type: its media type, if it isn't JSON.
    :param others: further responses by status: the type of the body, ``None`` for no body, a
        description, or a tuple of type and description.
    """
    listed = tuple(_read_other(code, said) for code, said in (others or {}).items())
    declared = Responses(status, headers or {}, description, content_type, listed)

    def declare(view: F) -> F:
        setattr(view, ATTRIBUTE, declared)
        return view

    return declare


def _read_other(status: int, said: t.Any) -> Answer:
    if isinstance(said, tuple):
        return Answer(status, said[0], said[1])
    if isinstance(said, str):
        return Answer(status, MISSING, said)
    return Answer(status, said)


def declared_responses(view: t.Any) -> Responses:
    """Return the declaration that :func:`responds` added to a view, or an empty one."""
    return t.cast(Responses, getattr(view, ATTRIBUTE, None) or _NOTHING_SAID)


_NOTHING_SAID = Responses(None, {}, "", None, ())


def answers_of(contract: Contract) -> list[Answer]:
    """Return the responses that a view's annotation declares; the first is the default."""
    said = declared_responses(contract.view)
    found = [_read_answer(it) for it in _alternatives(contract.returns)]
    usual = dataclasses.replace(
        found[0],
        status=found[0].status or said.status,
        description=said.description,
        headers=said.headers,
        content_type=said.content_type,
    )
    return [usual, *found[1:], *said.others]


def _alternatives(returns: t.Any) -> list[t.Any]:
    """Split ``Item | tuple[Fault, Literal[404]]``, grouping alternatives by status."""
    if t.get_origin(returns) not in (t.Union, types.UnionType):
        return [returns]
    members = t.get_args(returns)
    plain = [it for it in members if t.get_origin(it) is not tuple]
    split = [it for it in members if t.get_origin(it) is tuple]
    if not plain:
        return split
    whole = plain[0] if len(plain) == 1 else t.Union[tuple(plain)]  # noqa: UP007 - made of a tuple
    return [whole, *split]


def _read_answer(returns: t.Any) -> Answer:
    """Read one alternative: ``Item``, or ``tuple[Item, Literal[201]]`` with further items."""
    if t.get_origin(returns) is not tuple:
        return Answer(None, returns)
    kind, *rest = t.get_args(returns)
    status = None
    for part in rest:
        if t.get_origin(part) is t.Literal:
            status = t.get_args(part)[0]
    return Answer(status, kind)


# Types

_NOT_JSON = (str, bytes, bytearray)


def is_model_class(kind: t.Any) -> bool:
    """Return whether a type is a Struct, dataclass, attrs class or pydantic model."""
    kind = t.get_origin(kind) or kind
    if not isinstance(kind, type):
        return False
    return (
        hasattr(kind, "__struct_fields__")
        or dataclasses.is_dataclass(kind)
        or hasattr(kind, "__attrs_attrs__")
        or is_pydantic_model(kind)
    )


def holds_model(kind: t.Any) -> bool:
    """Return whether a type or one of its arguments is a model."""
    return is_model_class(kind) or any(holds_model(it) for it in t.get_args(kind))


def is_encoded(kind: t.Any) -> bool:
    """Return whether values of a declared type are encoded here: models and typed containers.

    The application's ``json`` encodes others.
    """
    kind = hints.bare(kind)
    if kind is MISSING or kind is t.Any or kind is None or kind is type(None):
        return False
    origin = t.get_origin(kind)
    if origin in (t.Union, types.UnionType):
        return any(is_encoded(it) for it in t.get_args(kind))
    if origin in (list, dict, set, frozenset):
        return True
    return holds_model(kind) or t.is_typeddict(kind)


# Encoding


def encode_other(value: t.Any) -> t.Any:
    """Return plain data for a value that msgspec can't encode."""
    dump = getattr(type(value), "model_dump", None)
    if dump is not None and is_pydantic_model(type(value)):
        return dump(value, mode="json", by_alias=True)
    default = getattr(current_app.json, "default", None)
    if default is None:
        raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
    return default(value)


encode: Callable[[t.Any], bytes] = msgspec.json.Encoder(enc_hook=encode_other).encode


class ResultEncoder:
    """Encoder of a view's return value.

    :param answers: see :func:`answers_of`.
    """

    def __init__(self, answers: list[Answer]) -> None:
        self.declare(answers)

    def declare(self, answers: list[Answer]) -> None:
        """Set the declared responses."""
        self.status = answers[0].status
        self.header = ("Content-Type", answers[0].content_type or JSON)
        kinds = [it.kind for it in answers if is_encoded(it.kind)]
        self.containers: bool = any(_holds_container(it) for it in kinds)
        self.kinds = [hints.bare(it) for it in kinds]
        self.encodes: dict[type, bool] = {}

    def __call__(self, rv: t.Any) -> t.Any:
        """Return a response for a model, and any other value unchanged."""
        kind = type(rv)
        encodes = self.encodes.get(kind)
        if encodes is None:
            encodes = self.encodes[kind] = self._is_encoded(kind)
        if encodes:
            encoded = EncodedBody(encode(rv), self.header)
            return encoded if self.status is None else (encoded, self.status)
        if kind is tuple and rv:
            return self._of_tuple(rv)
        return self._of_other(rv)

    def _is_encoded(self, kind: type) -> bool:
        if kind in (list, dict):
            return self.containers
        return is_model_class(kind)

    def _of_tuple(self, rv: tuple[t.Any, ...]) -> t.Any:
        body, *rest = rv
        if body is None and rest:
            return ("", *rest)
        if not self._is_encoded(type(body)):
            return rv
        return (EncodedBody(encode(body), self.header), *rest)

    def _of_other(self, rv: t.Any) -> t.Any:
        if rv is None:
            return rv if self.status is None else ("", self.status)
        if isinstance(rv, (*_NOT_JSON, dict, list, Iterator)) or callable(rv):
            return rv if self.status is None else (rv, self.status)
        for kind in self.kinds:
            if is_model_class(kind) and not is_pydantic_model(kind):
                return self(msgspec.convert(rv, kind, from_attributes=True))
        return rv


def _holds_container(kind: t.Any) -> bool:
    kind = hints.bare(kind)
    origin = t.get_origin(kind)
    if origin in (t.Union, types.UnionType):
        return any(_holds_container(it) for it in t.get_args(kind))
    return origin in (list, dict, set, frozenset) or t.is_typeddict(kind)
