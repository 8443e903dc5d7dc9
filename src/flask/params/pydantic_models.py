"""Models of pydantic: recognized, read, and their faults. pydantic itself is imported by the
application, if at all.
"""

from __future__ import annotations

import sys
import typing as t

import msgspec

from .faults import MOST_FAULTS, Fault, join_pointer


def is_pydantic_model(kind: t.Any) -> bool:
    """Return whether a type is a subclass of ``pydantic.BaseModel``."""
    pydantic = sys.modules.get("pydantic")
    return pydantic is not None and isinstance(kind, type) and issubclass(kind, pydantic.BaseModel)


def holds_pydantic(kind: t.Any) -> bool:
    """Return whether a type or one of its arguments is a pydantic model, so that pydantic reads
    it. A generic ``msgspec.Struct`` is read by msgspec, whatever its arguments are.
    """
    if "pydantic" not in sys.modules or hasattr(t.get_origin(kind), "__struct_fields__"):
        return False
    return is_pydantic_model(kind) or any(holds_pydantic(it) for it in t.get_args(kind))


def read_model(model: t.Any, data: t.Any, *, strict: bool) -> t.Any:
    """Return a model made of plain data.

    :param strict: as JSON is read, in which a string is no number.
    :raises ValueError: if the data is not of the model.
    """
    validator = model.__pydantic_validator__
    if strict:
        return validator.validate_json(msgspec.json.encode(data), strict=True)
    return validator.validate_python(data)


def model_hook(*, strict: bool) -> t.Callable[[type, t.Any], t.Any]:
    """Return the function with which msgspec reads the models inside of other types."""

    def hook(kind: type, data: t.Any) -> t.Any:
        if is_pydantic_model(kind):
            return read_model(kind, data, strict=strict)
        if isinstance(data, kind):
            return data
        raise ValueError(f"Expected `{kind.__name__}`, got `{type(data).__name__}`")

    return hook


def faults_of(error: Exception, source: str, pointer: str) -> list[Fault]:
    """Return the faults that pydantic lists; there is at least one.

    :param pointer: the place of the model.
    """
    listed: t.Any = getattr(error, "errors", None)
    if listed is None:
        return [Fault(source, pointer, "Invalid value", "invalid")]
    details = listed(include_url=False, include_context=False, include_input=False)
    faults = []
    for detail in details[:MOST_FAULTS]:
        place = pointer
        for step in detail["loc"]:
            place = join_pointer(place, step)
        code: str = _CODES.get(detail["type"]) or detail["type"]
        faults.append(Fault(source, place, detail["msg"], code))
    return faults


_CODES: dict[str, str] = {
    "extra_forbidden": "unknown_field",
    "greater_than": "exclusive_minimum",
    "greater_than_equal": "minimum",
    "less_than": "exclusive_maximum",
    "less_than_equal": "maximum",
    "literal_error": "enum",
    "enum": "enum",
    "string_pattern_mismatch": "pattern",
    "string_too_long": "too_long",
    "string_too_short": "too_short",
    "too_long": "too_long",
    "too_short": "too_short",
    "union_tag_invalid": "tag",
    "union_tag_not_found": "tag",
    "value_error": "invalid",
} | dict.fromkeys(
    (
        "bool_type", "bool_parsing", "bytes_type", "dict_type", "float_type", "float_parsing",
        "int_type", "int_parsing", "int_from_float", "list_type", "model_type", "string_type",
        "model_attributes_type",
    ),
    "type",
)  # fmt: skip
