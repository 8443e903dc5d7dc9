"""Infinities and NaN, which JSON has no numbers for: refused in every part of a request."""

from __future__ import annotations

import decimal
import math
import re
import typing as t
from collections.abc import Sequence

from msgspec import inspect as mi

from .faults import join_pointer

MESSAGE = "Expected a finite number"


class NotFinite(ValueError):
    """A number that JSON doesn't have: an infinity, or NaN.

    :param places: the pointers to such numbers, if they are known.
    """

    def __init__(self, places: Sequence[str] = ()) -> None:
        super().__init__(MESSAGE)
        self.places = places


def is_not_finite(value: t.Any) -> bool:
    """Return whether a value is an infinity or NaN."""
    if isinstance(value, float):
        return not math.isfinite(value)
    return isinstance(value, decimal.Decimal) and not value.is_finite()


def places_of_not_finite(data: t.Any) -> list[str]:
    """Return the pointers to infinities and NaN in plain data."""
    found = []
    waiting = [("", data)]
    while waiting:
        place, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [(join_pointer(place, str(key)), item) for key, item in value.items()]
        elif isinstance(value, list | tuple | set | frozenset):
            waiting += [(join_pointer(place, index), item) for index, item in enumerate(value)]
        elif is_not_finite(value):
            found.append(place)
    return sorted(found)


def may_be_not_finite(data: t.Any) -> bool:
    """Return whether a number or string in plain data can stand for an infinity or NaN."""
    waiting = [data]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            if _SPELLED.match(value) is not None:
                return True
        elif isinstance(value, dict):
            waiting += (*value, *value.values())
        elif isinstance(value, list):
            waiting += value
        elif is_not_finite(value):
            return True
    return False


def json_may_be_not_finite(data: bytes) -> bool:
    """Return whether a string in JSON text can stand for an infinity or NaN."""
    return b"\\" in data or _SPELLED_IN_JSON.search(data) is not None


# What ``decimal.Decimal`` reads: white space around, underscores anywhere, any case, ``sNaN``.
_SPELLED = re.compile(r"[\s_+-]*(?:(?:s_*)?n_*a_*n|i_*n_*f)", re.IGNORECASE)
_SPELLED_IN_JSON = re.compile(rb'"[\s_+\x80-\xff-]*(?:(?:s_*)?n_*a_*n|i_*n_*f)', re.IGNORECASE)


def holds_type(info: mi.Type, kinds: tuple[type[mi.Type], ...]) -> bool:
    """Return whether a type, or one that it consists of, is of some kinds."""
    seen: set[t.Any] = set()

    def holds(one: mi.Type) -> bool:
        match one:
            case mi.Metadata():
                return holds(one.type)
            case mi.CollectionType():
                return holds(one.item_type)
            case mi.UnionType():
                return any(map(holds, one.types))
            case mi.TupleType():
                return any(map(holds, one.item_types))
            case mi.DictType():
                return holds(one.key_type) or holds(one.value_type)
            case mi.StructType() | mi.DataclassType() | mi.TypedDictType() | mi.NamedTupleType():
                if one.cls in seen:
                    return False
                seen.add(one.cls)
                return any(holds(field.type) for field in one.fields)
        return isinstance(one, kinds)

    return holds(info)
