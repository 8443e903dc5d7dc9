"""Extractors of strings: query parameters, headers and cookies."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterable, Sequence
from urllib.parse import parse_qsl

import msgspec
from msgspec import inspect as mi

from . import annotations as hints
from .codec import Codec, PydanticCodec, make_codec
from .contract import MISSING, Parameter
from .faults import Fault, join_pointer
from .finite import MESSAGE as NOT_FINITE
from .finite import NotFinite, is_not_finite
from .pydantic_models import is_pydantic_model

Extract = Callable[[t.Any, dict[str, t.Any], dict[str, t.Any]], "list[Fault] | None"]
"""Function of the request context, the environ and the view's arguments; adds to the arguments and
returns the faults, if any.
"""

Values = dict[str, t.Any]
"""Strings by name in the request; a list for list parameters and for repeated names."""


class StringSource:
    """Converter of the strings of one source to values of its parameters.

    :param parameters: a parameter whose type is a model reads one string for each of its fields.
    """

    def __init__(self, source: str, parameters: Sequence[Parameter]) -> None:
        self.source = source
        self.parameters = [it for it in parameters if not is_model(it.kind)]
        self.models = [it for it in parameters if is_model(it.kind)]
        self.codecs: dict[str, Codec] = {it.name: make_codec(it.kind) for it in parameters}
        pydantic = {n for n, codec in self.codecs.items() if isinstance(codec, PydanticCodec)}
        plain = [it for it in self.parameters if it.name not in pydantic]
        self.apart = [it for it in self.parameters if it.name in pydantic]
        self.groups = [
            (_make_struct(group), not lax)
            for lax in (True, False)
            if (group := [it for it in plain if needs_lax(it.kind) is lax])
        ]
        self.numbers = tuple(it for it in plain if _holds_number(it.kind))
        self.lists = self._names_of_lists()
        self.is_one_conversion = len(self.groups) == 1 and not (
            self.numbers or self.apart or self.models
        )

    def _names_of_lists(self) -> frozenset[str]:
        lists = {it.alias for it in self.parameters if is_list(it.kind)}
        for model in self.models:
            lists |= {name for name, kind in model_fields(model.kind) if is_list(kind)}
        return frozenset(lists)

    def add(self, values: Values, arguments: dict[str, t.Any]) -> list[Fault] | None:
        """Add the values of the parameters to a view's arguments, or return the faults."""
        try:
            # PERF: one conversion for all parameters of a source.
            for struct, strict in self.groups:
                arguments.update(_asdict(_convert(values, struct, strict=strict)))
            if self.numbers or self.apart or self.models:
                self._add_others(values, arguments)
        except ValueError:
            return self._add_each(values, arguments)
        return None

    def _add_others(self, values: Values, arguments: dict[str, t.Any]) -> None:
        for parameter in self.numbers:
            _check_finite(arguments[parameter.name])
        for parameter in self.apart:
            arguments[parameter.name] = self._value(parameter, values)
        for model in self.models:
            arguments[model.name] = self._value(model, values)

    def _value(self, parameter: Parameter, values: Values) -> t.Any:
        """Return the value of one parameter.

        :raises ValueError: if it is missing, or not of its type.
        """
        codec = self.codecs[parameter.name]
        if is_model(parameter.kind):
            given = {
                name: values[name] for name, _ in model_fields(parameter.kind) if name in values
            }
            if not given and parameter.default is not MISSING:
                return parameter.default
            return codec.convert(given, lax=True)
        if parameter.alias in values:
            value = codec.convert(values[parameter.alias], lax=needs_lax(parameter.kind))
            _check_finite(value)
            return value
        if parameter.default is MISSING:
            raise ValueError(f"{parameter.alias!r} is missing")
        return parameter.default

    def _add_each(self, values: Values, arguments: dict[str, t.Any]) -> list[Fault] | None:
        """Do the same as :meth:`add` parameter by parameter, to find every fault."""
        faults: list[Fault] = []
        for parameter in (*self.parameters, *self.models):
            try:
                arguments[parameter.name] = self._value(parameter, values)
            except ValueError as error:
                faults += self._faults_of(parameter, values, error)
        return faults or None

    def _faults_of(self, parameter: Parameter, values: Values, error: Exception) -> list[Fault]:
        codec = self.codecs[parameter.name]
        if is_model(parameter.kind):
            given = {
                name: values[name] for name, _ in model_fields(parameter.kind) if name in values
            }
            return codec.find_faults(given, error, self.source, lax=True)
        place = join_pointer("", parameter.alias)
        if parameter.alias not in values:
            return [Fault(self.source, place, "Missing required parameter", "missing")]
        if isinstance(error, NotFinite):
            return [Fault(self.source, place, NOT_FINITE, "type")]
        lax = needs_lax(parameter.kind)
        return codec.find_faults(values[parameter.alias], error, self.source, place, lax=lax)


_convert = msgspec.convert
_asdict = msgspec.structs.asdict


def _make_struct(parameters: Sequence[Parameter]) -> type[msgspec.Struct]:
    fields: list[t.Any] = []
    for it in parameters:
        if it.required:
            fields.append((it.name, it.kind, msgspec.field(name=it.alias)))
        else:
            fields.append((it.name, it.kind, _default_field(it)))
    fields.sort(key=lambda field: field[0] in {it.name for it in parameters if not it.required})
    return msgspec.defstruct("Parameters", fields, kw_only=True, gc=False)


def _default_field(parameter: Parameter) -> t.Any:
    default = parameter.default
    # The view gets the very object that stands in its signature, as in any call.
    return msgspec.field(name=parameter.alias, default_factory=lambda: default)


def _check_finite(value: t.Any) -> None:
    if is_not_finite(value):
        raise NotFinite
    if isinstance(value, list | tuple | set | frozenset):
        for item in value:
            _check_finite(item)


# Types


def is_list(kind: t.Any) -> bool:
    """Return whether a type accepts several values."""
    kind = hints.bare(kind)
    origin = t.get_origin(kind) or kind
    return origin in (list, set, frozenset, tuple)


def is_model(kind: t.Any) -> bool:
    """Return whether a type is a class with fields."""
    return bool(model_fields(kind))


_fields_of: dict[t.Any, list[tuple[str, t.Any]]] = {}


def model_fields(kind: t.Any) -> list[tuple[str, t.Any]]:
    """Return the names, as encoded, and the types of a model's fields; empty for other types."""
    kind = hints.bare(kind)
    origin = t.get_origin(kind) or kind
    if not isinstance(origin, type) or origin.__module__ in ("builtins", "datetime"):
        return []
    pydantic: t.Any = getattr(kind, "model_fields", None)
    if pydantic and is_pydantic_model(kind):
        return [(field.alias or name, field.annotation) for name, field in pydantic.items()]
    try:
        info = mi.type_info(kind)
    except TypeError:
        return []
    if not isinstance(info, mi.StructType | mi.DataclassType | mi.TypedDictType):
        return []
    annotated = t.get_type_hints(origin, include_extras=True)
    return [(it.encode_name, annotated.get(it.name, t.Any)) for it in info.fields]


_LAX = (mi.IntType, mi.FloatType, mi.BoolType, mi.NoneType, mi.EnumType, mi.LiteralType)


def needs_lax(kind: t.Any) -> bool:
    """Return whether a type needs strings converted to numbers, booleans or null."""
    try:
        info = mi.type_info(kind)
    except TypeError:
        return True
    return _any_is(info, _LAX)


def _holds_number(kind: t.Any) -> bool:
    return _any_is(mi.type_info(kind), (mi.FloatType, mi.DecimalType))


def _any_is(info: mi.Type, kinds: tuple[type[mi.Type], ...]) -> bool:
    match info:
        case mi.Metadata():
            return _any_is(info.type, kinds)
        case mi.CollectionType():
            return _any_is(info.item_type, kinds)
        case mi.UnionType():
            return any(_any_is(it, kinds) for it in info.types)
        case mi.TupleType():
            return any(_any_is(it, kinds) for it in info.item_types)
    return isinstance(info, kinds)


# Sources


def path_extractor(parameters: Sequence[Parameter]) -> Extract:
    """Return the extractor of URL variables, which validates the values from routing."""
    codecs = [(it.name, make_codec(it.kind)) for it in parameters]

    def extract(ctx: t.Any, environ: dict[str, t.Any], arguments: dict[str, t.Any]) -> t.Any:
        faults: list[Fault] = []
        for name, codec in codecs:
            if name in arguments:
                value = arguments[name]
                lax = isinstance(value, str) and needs_lax(codec.kind)
                try:
                    arguments[name] = codec.convert(value, lax=lax)
                except ValueError as error:
                    place = join_pointer("", name)
                    faults += codec.find_faults(value, error, "path", place, lax=lax)
        return faults or None

    return extract


def query_extractor(parameters: Sequence[Parameter]) -> Extract:
    """Return the extractor of query parameters."""
    source = StringSource("query", parameters)
    add, lists = source.add, source.lists

    def extract(ctx: t.Any, environ: dict[str, t.Any], arguments: dict[str, t.Any]) -> t.Any:
        return add(parse_query(environ.get("QUERY_STRING", ""), lists), arguments)

    if lists or not source.is_one_conversion:
        return extract
    struct, strict = source.groups[0]

    def extract_at_once(
        ctx: t.Any, environ: dict[str, t.Any], arguments: dict[str, t.Any]
    ) -> t.Any:
        # PERF: the same for a plain query and parameters of which one conversion takes care.
        query = environ.get("QUERY_STRING", "")
        if "%" in query or "+" in query or not query.isascii():
            return extract(ctx, environ, arguments)
        values: Values = {}
        for pair in query.split("&"):
            name, _, value = pair.partition("=")
            if name in values:
                return extract(ctx, environ, arguments)
            values[name] = value
        try:
            arguments.update(_asdict(_convert(values, struct, strict=strict)))
        except ValueError:
            return extract(ctx, environ, arguments)
        return None

    return extract_at_once


def parse_query(query: str, lists: frozenset[str]) -> Values:
    """Return the values of a query string, by name, as ``request.args`` has them.

    :param lists: the names whose values are lists, even with one item.
    """
    return collect(_pairs_of(query), lists)


def collect(pairs: Iterable[tuple[str, str]], lists: frozenset[str]) -> Values:
    """Return values by name. A name that is repeated has a list, which no scalar accepts."""
    values: Values = {}
    for name, value in pairs:
        if name in lists:
            values.setdefault(name, []).append(value)
        elif name not in values:
            values[name] = value
        elif isinstance(values[name], list):
            values[name].append(value)
        else:
            values[name] = [values[name], value]
    return values


def _pairs_of(query: str) -> list[tuple[str, str]]:
    # PERF: most queries have nothing to decode, which the standard library finds out part by part.
    if "%" in query or "+" in query or not query.isascii():
        return _decoded_pairs(query)
    return [(name, value) for name, _, value in map(_split, filter(None, query.split("&")))]


def _split(pair: str) -> tuple[str, str, str]:
    return pair.partition("=")


def _decoded_pairs(query: str) -> list[tuple[str, str]]:
    text = query.encode("latin1").decode(errors="werkzeug.url_quote")
    return parse_qsl(text, keep_blank_values=True, errors="werkzeug.url_quote")


def header_extractor(parameters: Sequence[Parameter]) -> Extract:
    """Return the extractor of headers."""
    source = StringSource("header", parameters)
    names = [(environ_name(it.alias), it.alias, is_list(it.kind)) for it in source.parameters]
    for model in source.models:
        for name, kind in model_fields(model.kind):
            names.append((environ_name(name), name, is_list(kind)))

    def extract(ctx: t.Any, environ: dict[str, t.Any], arguments: dict[str, t.Any]) -> t.Any:
        values: Values = {}
        for key, alias, takes_list in names:
            value = environ.get(key)
            if value is not None:
                values[alias] = split_list(value) if takes_list else value
        return source.add(values, arguments)

    return extract


def split_list(value: str) -> list[str]:
    """Return the members of a header that is a list."""
    return [it.strip() for it in value.split(",")] if value.strip() else []


def environ_name(header: str) -> str:
    """Return the name that a header has in a WSGI environ."""
    name = header.upper().replace("-", "_")
    return name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"


def cookie_extractor(parameters: Sequence[Parameter]) -> Extract:
    """Return the extractor of cookies."""
    source = StringSource("cookie", parameters)
    lists = source.lists

    def extract(ctx: t.Any, environ: dict[str, t.Any], arguments: dict[str, t.Any]) -> t.Any:
        values: Values = {}
        if environ.get("HTTP_COOKIE"):
            cookies = ctx.request.cookies
            for name in cookies:
                values[name] = cookies.getlist(name) if name in lists else cookies[name]
        return source.add(values, arguments)

    return extract
