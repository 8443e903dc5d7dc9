"""Paths: from URL rules to path templates and the schemas of their variables."""

from __future__ import annotations

import re
import typing as t

from werkzeug.routing import Rule
from werkzeug.routing.converters import (
    AnyConverter,
    FloatConverter,
    IntegerConverter,
    PathConverter,
    UnicodeConverter,
    UUIDConverter,
)

Schema = dict[str, t.Any]

_AUTOMATIC = {"HEAD", "OPTIONS"}


def methods_of(rule: Rule) -> list[str]:
    """Return the methods that a rule was declared for, in lower case, in a fixed order."""
    methods = rule.methods or {"GET"}
    chosen = methods - _AUTOMATIC if methods - _AUTOMATIC else methods - {"HEAD"}
    return sorted(method.lower() for method in chosen)


def template_of(rule: Rule) -> str:
    """Return the path template of a rule: ``/items/{item_id}``."""
    return "".join(
        f"{{{part}}}" if dynamic else part.replace("{", "%7B").replace("}", "%7D")
        for dynamic, part in _parts(rule)
    )


def _parts(rule: Rule) -> t.Iterator[tuple[bool, str]]:
    """Yield literal text and names of variables."""
    for literal, name in re.findall(r"([^<]+)|<(?:[^<>]*:)?([^<>:]+)>", rule.rule):
        yield (True, name) if name else (False, literal)


def variables_of(rule: Rule) -> list[tuple[str, t.Any]]:
    """Return the names and the converters of a rule's variables, in the path's order."""
    converters = rule._converters
    return [(name, converters[name]) for dynamic, name in _parts(rule) if dynamic]


def schema_of(converter: t.Any) -> Schema:
    """Return the schema of the values that a converter takes from paths."""
    match converter:
        case IntegerConverter() | FloatConverter():
            return _number_schema(converter)
        case UUIDConverter():
            return {"type": "string", "format": "uuid"}
        case AnyConverter():
            return {"type": "string", "enum": sorted(converter.items)}
        case PathConverter():
            return {"type": "string", "minLength": 1}
        case UnicodeConverter():
            return _text_schema(converter.regex)
    return {"type": "string", "pattern": f"^(?:{converter.regex})$"}


def _number_schema(converter: IntegerConverter | FloatConverter) -> Schema:
    schema: Schema = {"type": "integer" if isinstance(converter, IntegerConverter) else "number"}
    least = converter.min
    if least is None and not converter.signed:
        least = 0
    if least is not None:
        schema["minimum"] = least
    most = converter.max
    digits = getattr(converter, "fixed_digits", 0)
    if digits and most is None:
        most = 10**digits - 1
    if most is not None:
        schema["maximum"] = most
    return schema


def _text_schema(regex: str) -> Schema:
    schema: Schema = {"type": "string", "minLength": 1}
    found = re.fullmatch(r"\[\^/\]\{(\d+)(?:(,)(\d*))?\}", regex)
    if found is None:
        return schema
    least, is_range, most = found.groups()
    schema["minLength"] = int(least)
    if most or not is_range:
        schema["maxLength"] = int(most or least)
    return schema
