"""Markers that name the source of a view's parameter in the request.

``Query[int]`` is ``Annotated[int, Query()]``.  Type checkers see the plain type, ``int``.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence

import msgspec

if t.TYPE_CHECKING:
    from typing_extensions import TypeAliasType

_CONSTRAINTS = ("gt", "ge", "lt", "le", "multiple_of", "pattern", "min_length", "max_length")


class Marker:
    """Source of a parameter's value; subclasses name the source.

    :param alias: the name in the request, if it is not the parameter's own.
    :param title: short name for the documentation.
    :param description: text for the documentation, Markdown.
    :param examples: example values for the documentation.
    :param deprecated: mark the parameter as deprecated in the documentation.
    :param include_in_schema: list the parameter in the OpenAPI document.
    :param extra_json_schema: further JSON Schema keywords, only documented, not checked.

    ``gt``, ``ge``, ``lt``, ``le`` and ``multiple_of`` constrain numbers; ``pattern`` constrains
    strings; ``min_length`` and ``max_length`` constrain strings (in characters), bytes and lists.
    """

    source: t.ClassVar[str]
    """The value of ``in`` in error documents."""

    def __init__(
        self,
        *,
        alias: str | None = None,
        gt: float | None = None,
        ge: float | None = None,
        lt: float | None = None,
        le: float | None = None,
        multiple_of: float | None = None,
        pattern: str | None = None,
        min_length: int | None = None,
        max_length: int | None = None,
        title: str | None = None,
        description: str | None = None,
        examples: Sequence[t.Any] | None = None,
        deprecated: bool = False,
        include_in_schema: bool = True,
        extra_json_schema: Mapping[str, t.Any] | None = None,
    ) -> None:
        given = (gt, ge, lt, le, multiple_of, pattern, min_length, max_length)
        self.constraints: dict[str, t.Any] = {
            name: value
            for name, value in zip(_CONSTRAINTS, given, strict=True)
            if value is not None
        }
        self.alias = alias
        self.title = title
        self.description = description
        self.examples = None if examples is None else list(examples)
        self.deprecated = deprecated
        self.include_in_schema = include_in_schema
        self.extra_json_schema = dict(extra_json_schema or {})

    def __class_getitem__(cls, item: t.Any) -> t.Any:
        return t.Annotated[item, cls()]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self._given())})"

    def _given(self) -> t.Iterator[tuple[str, t.Any]]:
        if self.alias is not None:
            yield "alias", self.alias
        yield from self.constraints.items()

    @property
    def meta(self) -> msgspec.Meta | None:
        """The constraints as msgspec's metadata; ``None`` without any."""
        return msgspec.Meta(**self.constraints) if self.constraints else None


class _Query(Marker):
    """A parameter from the query string.

    A list takes every value of its name, another type the first one.
    """

    source = "query"


class _Header(Marker):
    """A request header. Underscores of the parameter's name become dashes.

    A list takes the values between commas.
    """

    source = "header"


class _Cookie(Marker):
    """A cookie."""

    source = "cookie"


class _Form(Marker):
    """A field of a form, URL-encoded or multipart; or a model, whose fields are the form's."""

    source = "form"


class _File(Marker):
    """An uploaded file: a :class:`~werkzeug.datastructures.FileStorage`, or ``bytes``; or a list.

    :param max_size: maximum size of the file in bytes.
    :param content_types: accepted media types, such as ``image/*``.
    :param constraints: as for every marker.
    """

    source = "form"

    def __init__(
        self,
        *,
        max_size: int | None = None,
        content_types: Sequence[str] = (),
        **constraints: t.Any,
    ) -> None:
        super().__init__(**constraints)
        self.max_size = max_size
        self.content_types = tuple(content_types)


class _Body(Marker):
    """The whole body of the request.

    It is JSON unless ``content_type`` names another type. ``application/msgpack`` is decoded too;
    for any other type, a ``bytes`` or ``str`` parameter gets the raw body.

    :param content_type: the accepted media type, or several.
    :param constraints: as for every marker.
    """

    source = "body"

    def __init__(
        self, *, content_type: str | Sequence[str] | None = None, **constraints: t.Any
    ) -> None:
        super().__init__(**constraints)
        types = [content_type] if isinstance(content_type, str) else content_type
        self.content_types = tuple(it.lower() for it in types or ())


class InPath(Marker):
    """A URL variable with constraints beyond its converter's.

    Applications don't use it: they write ``Annotated[int, msgspec.Meta(le=9)]``.
    """

    source = "path"


if t.TYPE_CHECKING:
    # A checker has to take one name both as an alias, Query[int] is int, and as something to be
    # called, Query(ge=1). An alias of an alias whose variable is bound to Any is both.
    _T = t.TypeVar("_T")
    _Value = t.TypeVar("_Value", bound=t.Any)
    _Itself = TypeAliasType("_Itself", _T, type_params=(_T,))
    Query = _Itself[_Value]
    Header = _Itself[_Value]
    Cookie = _Itself[_Value]
    Form = _Itself[_Value]
    File = _Itself[_Value]
    Body = _Itself[_Value]
else:
    Query, Header, Cookie, Form, File, Body = _Query, _Header, _Cookie, _Form, _File, _Body
    for _marker in (Query, Header, Cookie, Form, File, Body):
        _marker.__name__ = _marker.__qualname__ = _marker.__name__.lstrip("_")
    del _marker
