"""Types of the values that applications and the framework exchange."""

from __future__ import annotations

import collections.abc as cabc  # noqa: F401 - published code takes it from here
import typing as t
from collections.abc import (
    AsyncIterable,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication
    from werkzeug.datastructures import Headers
    from werkzeug.sansio.response import Response

HeaderValue = t.Union[str, tuple[str, ...], list[str]]
"""One header's value, or several values of it."""

HeadersValue = t.Union[
    Sequence[tuple[str, HeaderValue]],
    Mapping[str, HeaderValue],
    "Headers",
]
"""The headers that a view may return with a body."""

ResponseValue = t.Union[
    str,
    bytes,
    "Response",
    # A read-only view of the dict, so that TypedDicts are accepted too.
    Mapping[str, t.Any],
    list[t.Any],
    Iterator[str],
    Iterator[bytes],
    Iterable[str],
    Iterable[bytes],
    AsyncIterable[str],
    AsyncIterable[bytes],
]
"""The body that a view may return."""

ResponseReturnValue = t.Union[
    ResponseValue,
    "WSGIApplication",
    tuple[ResponseValue, int],
    tuple[ResponseValue, int, HeadersValue],
    tuple[ResponseValue, HeadersValue],
]
"""Everything that a view may return."""

ResponseClass = t.TypeVar("ResponseClass", bound="Response")

AppOrBlueprintKey = str | None
"""A blueprint's name, or ``None`` for the application itself."""

AfterRequestCallable = t.Union[
    Callable[[ResponseClass], ResponseClass],
    Callable[[ResponseClass], Awaitable[ResponseClass]],
]
BeforeFirstRequestCallable = t.Union[Callable[[], None], Callable[[], Awaitable[None]]]
BeforeRequestCallable = t.Union[
    Callable[[], ResponseReturnValue | None],
    Callable[[], Awaitable[ResponseReturnValue | None]],
]
ShellContextProcessorCallable = Callable[[], dict[str, t.Any]]
TeardownCallable = t.Union[
    Callable[[BaseException | None], None],
    Callable[[BaseException | None], Awaitable[None]],
]
TemplateContextProcessorCallable = t.Union[
    Callable[[], dict[str, t.Any]],
    Callable[[], Awaitable[dict[str, t.Any]]],
]
TemplateFilterCallable = Callable[..., t.Any]
TemplateGlobalCallable = Callable[..., t.Any]
TemplateTestCallable = Callable[..., bool]
URLDefaultCallable = Callable[[str, dict[str, t.Any]], None]
URLValuePreprocessorCallable = Callable[[str | None, dict[str, t.Any] | None], None]

# ``Any`` as the argument: a handler names the exception class it was registered for, which
# a type checker cannot relate to the registering call.
ErrorHandlerCallable = t.Union[
    Callable[[t.Any], ResponseReturnValue],
    Callable[[t.Any], Awaitable[ResponseReturnValue]],
]

if t.TYPE_CHECKING:

    class StructValue(t.Protocol):
        """An object of a class derived from ``msgspec.Struct``."""

        __struct_fields__: t.ClassVar[tuple[str, ...]]

    class DataclassValue(t.Protocol):
        """An object of a dataclass."""

        __dataclass_fields__: t.ClassVar[dict[str, t.Any]]

    class AttrsValue(t.Protocol):
        """An object of a class that attrs made."""

        __attrs_attrs__: t.ClassVar[t.Any]

    class PydanticValue(t.Protocol):
        """An object of a class derived from ``pydantic.BaseModel``."""

        __pydantic_fields__: t.ClassVar[dict[str, t.Any]]

    ModelValue = t.Union[StructValue, DataclassValue, AttrsValue, PydanticValue]
    """The body that a typed view may return, see :mod:`flask.params`."""

    TypedReturnValue = t.Union[
        ModelValue,
        tuple[ModelValue | None, int],
        tuple[ModelValue | None, int, HeadersValue],
        tuple[ModelValue | None, HeadersValue],
        ResponseReturnValue,
    ]
    """Everything that a typed view may return."""
else:  # PERF: each protocol takes as long to make as ten ordinary classes
    TypedReturnValue = ResponseReturnValue

RouteCallable = t.Union[
    Callable[..., TypedReturnValue],
    Callable[..., Awaitable[TypedReturnValue]],
]
