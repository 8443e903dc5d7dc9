"""Checks: find every fault in data that msgspec has refused.

msgspec stops at the first fault. A check is a function compiled from a type: it walks the data and
records all faults. It runs only on input that msgspec has refused. If it finds nothing, msgspec's
message is reported. Each value is visited once.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping

import msgspec
from msgspec import inspect as mi

from .faults import EnoughFaults, Faults, join_pointer
from .finite import MESSAGE as NOT_FINITE
from .finite import is_not_finite
from .pydantic_models import faults_of, is_pydantic_model, read_model

Check = t.Callable[[t.Any, str, Faults], None]
"""Function of the data, the pointer to it, and the faults to add to."""

Shape = mi.StructType | mi.DataclassType | mi.TypedDictType | mi.NamedTupleType


def compile_check(kind: t.Any, lax: bool = False) -> Check:
    """Return the check for a type.

    :param lax: accept strings for numbers and booleans, as in a query.
    """
    return _Compiler(lax).compile(mi.type_info(kind))


class _Compiler:
    """Compiler of the checks of one type; a recursive class gets one check."""

    def __init__(self, lax: bool) -> None:
        self.lax = lax
        self.by_class: dict[t.Any, Check] = {}

    def compile(self, kind: mi.Type) -> Check:
        match kind:
            case mi.Metadata():
                return self.compile(kind.type)
            case mi.AnyType() | mi.RawType():
                return _accept
            case mi.StructType() | mi.DataclassType() | mi.TypedDictType() | mi.NamedTupleType():
                return self._shape(kind)
            case mi.CollectionType():
                return self._collection(kind)
            case mi.TupleType():
                return self._tuple(kind)
            case mi.DictType():
                return self._dict(kind)
            case mi.UnionType():
                return self._union(kind)
            case mi.CustomType() if is_pydantic_model(kind.cls):
                return self._model(kind.cls)
        return self._leaf(kind)

    def _model(self, model: t.Any) -> Check:
        strict = not self.lax

        def check(data: t.Any, pointer: str, faults: Faults) -> None:
            try:
                read_model(model, data, strict=strict)
            except ValueError as error:
                for fault in faults_of(error, faults.source, pointer):
                    faults.add(fault.pointer, fault.message, fault.code)

        return check

    def _leaf(self, kind: mi.Type) -> Check:
        plain = leaf_type(kind)
        strict = not self.lax

        def check(data: t.Any, pointer: str, faults: Faults) -> None:
            try:
                if is_not_finite(msgspec.convert(data, plain, strict=strict)):
                    faults.add(pointer, NOT_FINITE, "type")
            except msgspec.ValidationError as error:
                message, code = explain(kind, str(error))
                if code == "type" and type(kind) in _NAMES:
                    message = f"Expected {_NAMES[type(kind)]}"
                    message += "" if not strict else f", got {name_of(data)}"
                faults.add(pointer, message, code)

        return check

    def _collection(self, kind: mi.CollectionType) -> Check:
        item = self.compile(kind.item_type)

        def check(data: t.Any, pointer: str, faults: Faults) -> None:
            if not isinstance(data, list):
                faults.add(pointer, f"Expected an array, got {name_of(data)}", "type")
                return
            _check_length(kind, len(data), "items", pointer, faults)
            for index, value in enumerate(data):
                item(value, join_pointer(pointer, index), faults)

        return check

    def _tuple(self, kind: mi.TupleType) -> Check:
        items = [self.compile(it) for it in kind.item_types]

        def check(data: t.Any, pointer: str, faults: Faults) -> None:
            if not isinstance(data, list):
                faults.add(pointer, f"Expected an array, got {name_of(data)}", "type")
            elif len(data) != len(items):
                code = "too_short" if len(data) < len(items) else "too_long"
                faults.add(pointer, f"Expected {len(items)} items, got {len(data)}", code)
            else:
                for index, (item, value) in enumerate(zip(items, data, strict=True)):
                    item(value, join_pointer(pointer, index), faults)

        return check

    def _dict(self, kind: mi.DictType) -> Check:
        key_check, value_check = self._key(kind.key_type), self.compile(kind.value_type)

        def check(data: t.Any, pointer: str, faults: Faults) -> None:
            if not isinstance(data, dict):
                faults.add(pointer, f"Expected an object, got {name_of(data)}", "type")
                return
            _check_length(kind, len(data), "members", pointer, faults)
            for key, value in data.items():
                place = join_pointer(pointer, key)
                key_check(key, place, faults)
                value_check(value, place, faults)

        return check

    def _key(self, kind: mi.Type) -> Check:
        """Return the check of a key; keys are strings in JSON."""
        return _accept if isinstance(kind, mi.AnyType) else _Compiler(lax=True).compile(kind)

    def _shape(self, kind: Shape) -> Check:
        known = self.by_class.get(kind.cls)
        if known is not None:
            return known
        compiled: list[Check] = []

        def check(data: t.Any, pointer: str, faults: Faults) -> None:
            compiled[0](data, pointer, faults)

        self.by_class[kind.cls] = check
        is_array = getattr(kind, "array_like", isinstance(kind, mi.NamedTupleType))
        compiled.append(self._array_shape(kind) if is_array else self._object_shape(kind))
        return check

    def _object_shape(self, kind: Shape) -> Check:
        fields = [(it.encode_name, it.required, self.compile(it.type)) for it in kind.fields]
        tag = (getattr(kind, "tag_field", None), getattr(kind, "tag", None))
        known = {name for name, _, _ in fields} | ({tag[0]} if tag[0] is not None else set())
        is_closed = getattr(kind, "forbid_unknown_fields", False)

        def check(data: t.Any, pointer: str, faults: Faults) -> None:
            if not isinstance(data, Mapping):
                faults.add(pointer, f"Expected an object, got {name_of(data)}", "type")
                return
            if tag[0] is not None and data.get(tag[0], tag[1]) != tag[1]:
                faults.add(join_pointer(pointer, tag[0]), "Not a known tag", "tag")
            for name, required, field in fields:
                if name in data:
                    field(data[name], join_pointer(pointer, name), faults)
                elif required:
                    faults.add(join_pointer(pointer, name), "Missing required field", "missing")
            if is_closed:
                for name in data:
                    if name not in known:
                        faults.add(join_pointer(pointer, name), "Unknown field", "unknown_field")

        return check

    def _array_shape(self, kind: Shape) -> Check:
        fields = [(it.required, self.compile(it.type)) for it in kind.fields]
        if getattr(kind, "tag_field", None) is not None:
            fields.insert(0, (True, _tag_check(kind)))

        def check(data: t.Any, pointer: str, faults: Faults) -> None:
            if not isinstance(data, list):
                faults.add(pointer, f"Expected an array, got {name_of(data)}", "type")
                return
            for index, (required, field) in enumerate(fields):
                if index < len(data):
                    field(data[index], join_pointer(pointer, index), faults)
                elif required:
                    faults.add(join_pointer(pointer, index), "Missing required item", "missing")

        return check

    def _union(self, kind: mi.UnionType) -> Check:
        structs = [
            it for it in kind.types if isinstance(it, mi.StructType) and it.tag_field is not None
        ]
        tagged = {it.tag: (it.tag_field, self.compile(it)) for it in structs}
        in_array = any(it.array_like for it in structs)  # msgspec lets them be all alike only
        others = [(it, self.compile(it)) for it in kind.types if getattr(it, "tag", None) is None]
        expected = " or ".join(dict.fromkeys(map(_name_of_type, kind.types)))

        def check(data: t.Any, pointer: str, faults: Faults) -> None:
            if tagged and isinstance(data, list if in_array else dict):
                _check_tagged(tagged, data, pointer, faults)
                return
            # msgspec allows one member for each kind of JSON value, so the data chooses it.
            fitting = [it for it in others if self._fits(it[0], data)]
            if not fitting:
                faults.add(pointer, f"Expected {expected}, got {name_of(data)}", "type")
            elif len(fitting) == 1:
                fitting[0][1](data, pointer, faults)
            elif not any(_passes(one, data, self.lax) for one, _ in fitting):
                faults.add(pointer, f"Expected {expected}", "invalid")

        return check

    def _fits(self, kind: mi.Type, data: t.Any) -> bool:
        wanted = _name_of_type(kind)
        if self.lax and isinstance(data, str):
            return wanted not in ("an array", "an object", "null")
        if wanted == "value" or isinstance(kind, mi.EnumType | mi.LiteralType):
            return isinstance(data, str | int) and not isinstance(data, bool)
        given = name_of(data)
        if wanted == "a number" and given == "an integer":
            return True
        return wanted == given


def _accept(data: t.Any, pointer: str, faults: Faults) -> None:
    """Accept any value."""


def _tag_check(kind: t.Any) -> Check:
    """Return the check of the tag that an array begins with."""
    tag = kind.tag

    def check(data: t.Any, pointer: str, faults: Faults) -> None:
        if data != tag:
            faults.add(pointer, "Not a known tag", "tag")

    return check


def _check_tagged(
    tagged: Mapping[t.Any, tuple[str | None, Check]],
    data: dict[str, t.Any] | list[t.Any],
    pointer: str,
    faults: Faults,
) -> None:
    if isinstance(data, list):
        tag, is_missing, what = (data or [None])[0], not data, "item"
        place = join_pointer(pointer, 0)
    else:
        field = next(iter(tagged.values()))[0] or ""
        tag, is_missing, what = data.get(field), field not in data, "field"
        place = join_pointer(pointer, field)
    if is_missing:
        faults.add(place, f"Missing required {what}", "missing")
    elif isinstance(tag, str | int) and tag in tagged:
        tagged[tag][1](data, pointer, faults)
    else:
        known = ", ".join(sorted(map(repr, tagged)))
        faults.add(place, f"Expected one of {known}", "tag")


def _passes(kind: mi.Type, data: t.Any, lax: bool) -> bool:
    """Return whether a scalar is of a type, to choose between alternatives of a union."""
    if isinstance(data, list | dict):
        return True
    try:
        msgspec.convert(data, leaf_type(kind), strict=not lax)
    except msgspec.ValidationError:
        return False
    return True


def _check_length(kind: t.Any, length: int, what: str, pointer: str, faults: Faults) -> None:
    if kind.min_length is not None and length < kind.min_length:
        faults.add(pointer, f"Expected at least {kind.min_length} {what}", "too_short")
    if kind.max_length is not None and length > kind.max_length:
        faults.add(pointer, f"Expected at most {kind.max_length} {what}", "too_long")


# Leaves


def leaf_type(kind: mi.Type) -> t.Any:
    """Return the type, with its constraints, for a type of :mod:`msgspec.inspect`."""
    if isinstance(kind, mi.EnumType | mi.CustomType):
        return kind.cls
    if isinstance(kind, mi.LiteralType):
        return t.Literal[kind.values]
    plain = _PLAIN.get(type(kind), t.Any)
    given = {name: getattr(kind, name, None) for name in _CONSTRAINTS}
    given = {name: value for name, value in given.items() if value is not None}
    return t.Annotated[plain, msgspec.Meta(**given)] if given else plain


_CONSTRAINTS = (
    "gt", "ge", "lt", "le", "multiple_of", "pattern", "min_length", "max_length", "tz",
)  # fmt: skip

_PLAIN: dict[type[mi.Type], t.Any] = {}
_NAMES: dict[type[mi.Type], str] = {}


def _describe_types() -> None:
    import datetime
    import decimal
    import uuid

    rows: list[tuple[type[mi.Type], t.Any, str]] = [
        (mi.NoneType, None, "null"),
        (mi.BoolType, bool, "a boolean"),
        (mi.IntType, int, "an integer"),
        (mi.FloatType, float, "a number"),
        (mi.StrType, str, "a string"),
        (mi.BytesType, bytes, "a string"),
        (mi.ByteArrayType, bytearray, "a string"),
        (mi.MemoryViewType, memoryview, "a string"),
        (mi.DateTimeType, datetime.datetime, "a string"),
        (mi.TimeType, datetime.time, "a string"),
        (mi.DateType, datetime.date, "a string"),
        (mi.TimeDeltaType, datetime.timedelta, "a string"),
        (mi.UUIDType, uuid.UUID, "a string"),
        (mi.DecimalType, decimal.Decimal, "a string"),
    ]
    for kind, plain, name in rows:
        _PLAIN[kind], _NAMES[kind] = plain, name
    for kind in (mi.ListType, mi.SetType, mi.FrozenSetType, mi.VarTupleType, mi.TupleType):
        _NAMES[kind] = "an array"
    for kind in (mi.DictType, mi.StructType, mi.DataclassType, mi.TypedDictType):
        _NAMES[kind] = "an object"
    _NAMES[mi.NamedTupleType] = "an array"


_describe_types()


def _name_of_type(kind: mi.Type) -> str:
    """Return the JSON type that stands for a type, with its article."""
    if isinstance(kind, mi.StructType) and kind.array_like:
        return "an array"
    return _NAMES.get(type(kind), "value")


def name_of(data: t.Any) -> str:
    """Return the JSON type of a value, with its article."""
    match data:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int():
            return "an integer"
        case float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "an array"
    return "an object"


# Messages

_LIMITS = (
    (">=", "minimum"),
    ("<=", "maximum"),
    (">", "exclusive_minimum"),
    ("<", "exclusive_maximum"),
)


def explain(kind: mi.Type | None, message: str) -> tuple[str, str]:
    """Return a message that doesn't quote input, and its code, for a message of msgspec."""
    message = re.sub(r" - at `.*", "", message, flags=re.DOTALL)
    if isinstance(kind, mi.EnumType):
        return _one_of([member.value for member in kind.cls]), "enum"
    if isinstance(kind, mi.LiteralType):
        return _one_of(kind.values), "enum"
    if message.startswith("Invalid enum value"):
        return "Not one of the allowed values", "enum"
    if message.startswith("Object missing required field"):
        return "Missing required field", "missing"
    if message.startswith("Object contains unknown field"):
        return "Unknown field", "unknown_field"
    if message.startswith(("Invalid value", "Invalid tag")):
        return "Not a known tag", "tag"
    return message, _code_of(message)


def _code_of(message: str) -> str:
    if " of length " in message:
        return "too_short" if ">=" in message else "too_long"
    if "matching regex" in message:
        return "pattern"
    if "multiple of" in message:
        return "multiple_of"
    for sign, code in _LIMITS:
        if f" {sign} " in message:
            return code
    if ", got " in message:
        return "type"
    if message.startswith("Invalid "):
        return "format"
    return "invalid"


def _one_of(values: t.Iterable[t.Any]) -> str:
    return f"Expected one of {', '.join(map(repr, values))}"


def run_check(check: Check, data: t.Any, pointer: str, faults: Faults) -> None:
    """Run a check to its end, or until there are enough faults."""
    try:
        check(data, pointer, faults)
    except (EnoughFaults, RecursionError):
        return
