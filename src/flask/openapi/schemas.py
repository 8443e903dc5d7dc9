"""JSON Schemas (2020-12) of types, with one component for each model."""

from __future__ import annotations

import enum
import inspect
import re
import types
import typing as t

import msgspec
from msgspec import inspect as mi

from ..params.pydantic_models import holds_pydantic, is_pydantic_model

Schema = dict[str, t.Any]

PREFIX = "#/components/schemas/"

_PATTERNS = {
    "base64": "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
    "decimal": r"^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?$",
    "duration": r"^[+-]?P(?=[0-9T])(?:[0-9]{1,8}D)?"
    r"(?:T(?=[0-9])(?:[0-9]{1,8}H)?(?:[0-9]{1,8}M)?(?:[0-9]{1,8}(?:\.[0-9]{1,9})?S)?)?$",
    "integer": "^-?(?:0|[1-9][0-9]*)$",
}

_SIMPLE: dict[type[mi.Type], Schema] = {
    mi.AnyType: {},
    mi.RawType: {},
    mi.NoneType: {"type": "null"},
    mi.BoolType: {"type": "boolean"},
    mi.IntType: {"type": "integer"},
    mi.FloatType: {"type": "number"},
    mi.StrType: {"type": "string"},
    mi.BytesType: {"type": "string", "contentEncoding": "base64", "pattern": _PATTERNS["base64"]},
    mi.ByteArrayType: {"type": "string", "contentEncoding": "base64"},
    mi.MemoryViewType: {"type": "string", "contentEncoding": "base64"},
    mi.DateTimeType: {"type": "string", "format": "date-time"},
    mi.DateType: {"type": "string", "format": "date"},
    mi.TimeType: {"type": "string", "format": "time"},
    mi.TimeDeltaType: {"type": "string", "pattern": _PATTERNS["duration"]},
    mi.UUIDType: {"type": "string", "format": "uuid"},
    mi.DecimalType: {
        "anyOf": [
            {"type": "string", "format": "decimal", "pattern": _PATTERNS["decimal"]},
            {"type": "number"},
        ]
    },
}

_NUMERIC = {
    "gt": "exclusiveMinimum",
    "ge": "minimum",
    "lt": "exclusiveMaximum",
    "le": "maximum",
    "multiple_of": "multipleOf",
}


class Schemas:
    """Makes schemas, and collects the components that they refer to."""

    def __init__(self) -> None:
        self.components: dict[str, Schema] = {}
        self._names: dict[t.Any, str] = {}

    def of(self, kind: t.Any, *, output: bool = False) -> Schema:
        """Return the schema of a type.

        :param output: true for a schema of responses, false for one of requests.
        """
        if holds_pydantic(kind):
            return self._of_pydantic(kind, output)
        try:
            return self.of_info(mi.type_info(kind))
        except TypeError:
            return self._of_members(kind, output)

    def _of_members(self, kind: t.Any, output: bool) -> Schema:
        """Return the schema of a type that msgspec can't decode but may encode."""
        if t.get_origin(kind) in (t.Union, types.UnionType):
            return {"anyOf": [self.of(it, output=output) for it in t.get_args(kind)]}
        return {}  # a class that only its own code can read or write

    def of_info(self, info: mi.Type) -> Schema:
        """Return the schema of a type that :mod:`msgspec.inspect` describes."""
        match info:
            case mi.Metadata():
                return _with_metadata(self.of_info(info.type), info)
            case mi.StructType() | mi.DataclassType() | mi.TypedDictType() | mi.NamedTupleType():
                return self._component(info.cls, info)
            case mi.EnumType():
                return self._component(info.cls, info)
            case mi.LiteralType():
                return _enum(list(info.values))
            case mi.UnionType():
                return self._union(info)
            case mi.CollectionType():
                return _sized(
                    {"type": "array", "items": self.of_info(info.item_type)}, info, "Items"
                )
            case mi.TupleType():
                items = [self.of_info(it) for it in info.item_types]
                count = len(items)
                return {"type": "array", "prefixItems": items, "minItems": count, "maxItems": count}
            case mi.DictType():
                return self._dict(info)
            case mi.CustomType():
                return self._of_pydantic(info.cls, False) if is_pydantic_model(info.cls) else {}
        return _constrained(dict(_SIMPLE.get(type(info), {})), info)

    def _dict(self, info: mi.DictType) -> Schema:
        schema: Schema = {"type": "object", "additionalProperties": self.of_info(info.value_type)}
        key = self.of_info(info.key_type)
        if key.get("type") == "integer":
            key = {"pattern": _PATTERNS["integer"]}
        if key and key != {"type": "string"}:
            schema["propertyNames"] = key
        return _sized(schema, info, "Properties")

    def _union(self, info: mi.UnionType) -> Schema:
        tagged = [it for it in info.types if isinstance(it, mi.StructType) and it.tag is not None]
        others = [self.of_info(it) for it in info.types if it not in tagged]
        if len(tagged) > 1 and not tagged[0].array_like:
            choice = self._tagged(tagged)
            return {"anyOf": [choice, *others]} if others else choice
        members = [self.of_info(it) for it in info.types]
        simple = [it["type"] for it in members if set(it) == {"type"}]
        if len(simple) == len(members) and all(isinstance(it, str) for it in simple):
            return {"type": simple}
        return {"anyOf": members}

    def _tagged(self, structs: t.Sequence[mi.StructType]) -> Schema:
        refs = {str(it.tag): self.of_info(it) for it in structs}
        mapping = {tag: ref["$ref"] for tag, ref in refs.items()}
        discriminator = {"propertyName": structs[0].tag_field, "mapping": mapping}
        return {"oneOf": list(refs.values()), "discriminator": discriminator}

    # Components

    def _component(self, cls: t.Any, info: t.Any) -> Schema:
        name = self._names.get(cls)
        if name is None:
            name = self._names[cls] = self._free_name(cls)
            self.components[name] = {}  # for a model that refers to itself
            self.components[name] = self._make_component(cls, info)
        return {"$ref": PREFIX + name}

    def _free_name(self, cls: t.Any) -> str:
        origin = t.get_origin(cls)
        name = getattr(cls, "__name__", str(cls))
        if origin is not None:
            name = "_".join([origin.__name__, *(_short_name(it) for it in t.get_args(cls))])
        name = re.sub(r"[^A-Za-z0-9.-]+", "_", name).strip("_")
        free, number = name, 2
        while free in self.components:
            free, number = f"{name}{number}", number + 1
        return free

    def _make_component(self, cls: t.Any, info: t.Any) -> Schema:
        origin = t.get_origin(cls) or cls
        schema: Schema = {"title": getattr(origin, "__name__", str(cls))}
        description = _docstring(origin)
        if description:
            schema["description"] = description
        if isinstance(info, mi.EnumType):
            return schema | _enum([it.value for it in info.cls])
        is_array = getattr(info, "array_like", isinstance(info, mi.NamedTupleType))
        return schema | (self._array(info) if is_array else self._object(info))

    def _object(self, info: t.Any) -> Schema:
        properties: Schema = {}
        required = []
        tag_field = getattr(info, "tag_field", None)
        if tag_field is not None:
            properties[tag_field] = {"const": info.tag, "type": _type_name(info.tag)}
            required.append(tag_field)
        for field in info.fields:
            properties[field.encode_name] = self._field(field)
            if field.required:
                required.append(field.encode_name)
        schema: Schema = {"type": "object", "properties": properties}
        if required:
            schema["required"] = required
        if getattr(info, "forbid_unknown_fields", False):
            schema["additionalProperties"] = False
        return schema

    def _array(self, info: t.Any) -> Schema:
        items = [self._field(field) for field in info.fields]
        needed = sum(field.required for field in info.fields)
        if getattr(info, "tag_field", None) is not None:
            items.insert(0, {"const": info.tag})
            needed += 1
        schema: Schema = {"type": "array", "prefixItems": items, "minItems": needed}
        if isinstance(info, mi.NamedTupleType):
            schema["maxItems"] = len(items)
        return schema

    def _field(self, field: t.Any) -> Schema:
        schema = self.of_info(field.type)
        default = field.default
        if default is msgspec.NODEFAULT:
            factory = field.default_factory
            if factory not in (list, dict, set):
                return schema
            default = [] if factory is set else factory()
        if default is msgspec.UNSET:
            return schema
        try:
            plain = msgspec.to_builtins(default)
        except TypeError:
            return schema
        return {**schema, "default": plain}

    # pydantic

    def _of_pydantic(self, kind: t.Any, output: bool) -> Schema:
        import pydantic

        adapter = pydantic.TypeAdapter(kind)
        modes: list[t.Any] = (
            ["serialization", "validation"] if output else ["validation", "serialization"]
        )
        schema, other = (
            adapter.json_schema(mode=mode, ref_template=PREFIX + "{model}") for mode in modes
        )
        models, others = schema.pop("$defs", {}), other.pop("$defs", {})
        if is_pydantic_model(kind) and "$ref" not in schema:
            models[kind.__name__], others[kind.__name__] = schema, other
            schema = {"$ref": PREFIX + kind.__name__}
        return t.cast(Schema, self._add_models(schema, models, others, output))

    def _add_models(self, schema: Schema, models: Schema, others: Schema, output: bool) -> t.Any:
        """Add components; a model whose request and response schemas differ has two."""
        differing = {name for name in models if models[name] != others.get(name, models[name])}
        differing |= _referring_to(models, differing)
        names = {
            PREFIX + name: PREFIX
            + _clean(name)
            + ("Output" if output and name in differing else "")
            for name in models
        }
        for name, model in models.items():
            component = names[PREFIX + name].removeprefix(PREFIX)
            self.components[component] = _renamed(model, names)
        return _renamed(schema, names)


def _referring_to(models: Schema, names: set[str]) -> set[str]:
    """Return the models that refer to one of some others, directly or indirectly."""
    found: set[str] = set(names)
    while True:
        more = {
            name
            for name, model in models.items()
            if name not in found and any(f'"{PREFIX}{it}"' in _as_text(model) for it in found)
        }
        if not more:
            return found
        found |= more


def _as_text(model: Schema) -> str:
    return msgspec.json.encode(model).decode()


def _clean(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]+", "_", name).strip("_")


def _renamed(schema: t.Any, names: dict[str, str]) -> t.Any:
    if isinstance(schema, dict):
        return {key: _renamed(value, names) for key, value in schema.items()}
    if isinstance(schema, list):
        return [_renamed(it, names) for it in schema]
    return names.get(schema, schema) if isinstance(schema, str) else schema


# Parts


def _with_metadata(schema: Schema, info: mi.Metadata) -> Schema:
    extra = info.extra_json_schema or {}
    return {**schema, **extra}


def _constrained(schema: Schema, info: mi.Type) -> Schema:
    for name, keyword in _NUMERIC.items():
        value = getattr(info, name, None)
        if value is not None:
            schema[keyword] = value
    pattern = getattr(info, "pattern", None)
    if pattern is not None:
        schema["pattern"] = pattern
    if isinstance(info, mi.StrType):
        _sized(schema, info, "Length")
    return schema


def _sized(schema: Schema, info: t.Any, what: str) -> Schema:
    if info.min_length is not None:
        schema[f"min{what}"] = info.min_length
    if info.max_length is not None:
        schema[f"max{what}"] = info.max_length
    return schema


def _enum(values: list[t.Any]) -> Schema:
    kinds = {_type_name(it) for it in values}
    schema: Schema = {"enum": values}
    if len(kinds) == 1:
        schema["type"] = kinds.pop()
    return schema


def _type_name(value: t.Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
    return "string"


def _short_name(kind: t.Any) -> str:
    args = t.get_args(kind)
    name = getattr(t.get_origin(kind) or kind, "__name__", str(kind))
    return "_".join([name, *map(_short_name, args)]) if args else name


def _docstring(cls: t.Any) -> str | None:
    """A class's own docstring, unless it was generated."""
    text = vars(cls).get("__doc__") if isinstance(cls, type) else None
    if not text or text.startswith(f"{cls.__name__}(") or text == enum.Enum.__doc__:
        return None
    return inspect.cleandoc(text)
