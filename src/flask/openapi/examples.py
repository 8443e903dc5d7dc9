"""Example values of schemas."""

from __future__ import annotations

import typing as t

_DEPTH = 6

_BY_FORMAT = {
    "date-time": "2024-05-17T09:30:00Z",
    "date": "2024-05-17",
    "time": "09:30:00Z",
    "uuid": "3f0c7c1e-2f5d-4a8e-9a38-7d0c1f5f3b11",
    "decimal": "9.90",
    "email": "ada@example.com",
    "uri": "https://example.com/",
}


def example_of(schema: t.Any, components: t.Mapping[str, t.Any], depth: int = 0) -> t.Any:
    """Return an example value.

    :param components: the schemas that references lead to, by name.
    """
    if not isinstance(schema, dict) or depth > _DEPTH:
        return None
    for keyword in ("const", "default", "example"):
        if keyword in schema:
            return schema[keyword]
    for keyword in ("examples", "enum"):
        if schema.get(keyword):
            return schema[keyword][0]
    if "$ref" in schema:
        return example_of(components.get(schema["$ref"].rpartition("/")[2]), components, depth + 1)
    for keyword in ("oneOf", "anyOf", "allOf"):
        if schema.get(keyword):
            return example_of(schema[keyword][0], components, depth)
    return _of_type(schema, components, depth)


def _of_type(schema: dict[str, t.Any], components: t.Mapping[str, t.Any], depth: int) -> t.Any:
    kind = schema.get("type")
    match kind[0] if isinstance(kind, list) else kind:
        case "object":
            return {
                name: example_of(it, components, depth + 1)
                for name, it in schema.get("properties", {}).items()
            }
        case "array":
            return _array(schema, components, depth)
        case "string":
            return _string(schema)
        case "integer":
            return _number(schema, 1)
        case "number":
            return _number(schema, 1.5)
        case "boolean":
            return True
    return None


def _array(schema: dict[str, t.Any], components: t.Mapping[str, t.Any], depth: int) -> t.Any:
    if "prefixItems" in schema:
        return [example_of(it, components, depth + 1) for it in schema["prefixItems"]]
    item = example_of(schema.get("items", {}), components, depth + 1)
    return [] if item is None else [item] * max(1, schema.get("minItems", 1))


def _string(schema: dict[str, t.Any]) -> str:
    text = _BY_FORMAT.get(schema.get("format", ""), "text")
    least = schema.get("minLength", 0)
    return text if len(text) >= least else text.ljust(least, "t")


def _number(schema: dict[str, t.Any], usual: float) -> float:
    least = schema.get("minimum", schema.get("exclusiveMinimum"))
    most = schema.get("maximum", schema.get("exclusiveMaximum"))
    if least is not None and usual <= least:
        return t.cast(float, least if "minimum" in schema else least + 1)
    if most is not None and usual >= most:
        return t.cast(float, most if "maximum" in schema else most - 1)
    return usual
