"""Reading: a document arranged for a page, operations by tag and types in words."""

from __future__ import annotations

import dataclasses
import re
import typing as t
from collections.abc import Iterator

import msgspec

from .examples import example_of

Json = t.Mapping[str, t.Any]

METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")

_LIMITS = {
    "minimum": "≥ {}",
    "exclusiveMinimum": "> {}",
    "maximum": "≤ {}",
    "exclusiveMaximum": "< {}",
    "multipleOf": "multiple of {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "minProperties": "at least {} members",
    "maxProperties": "at most {} members",
    "pattern": "matches {}",
}


@dataclasses.dataclass
class Group:
    """The operations of one tag."""

    name: str
    description: str
    operations: list[ReadableOperation]

    @property
    def id(self) -> str:
        return f"tag-{_slug(self.name)}"


class ReadableOperation:
    """One operation."""

    def __init__(self, path: str, method: str, operation: Json, document: Json) -> None:
        self.path = path
        self.method = method
        self.id = f"op-{_slug(operation['operationId'])}"
        self.summary: str = operation.get("summary", "")
        self.description: str = operation.get("description", "")
        self.deprecated = bool(operation.get("deprecated"))
        self.parameters: list[Json] = list(operation.get("parameters", ()))
        self.body: Json | None = operation.get("requestBody")
        self.responses: Json = operation.get("responses", {})
        security = operation.get("security", document.get("security", ()))
        self.security = [" and ".join(it) for it in security if it]
        self.is_optional_security = {} in list(security)
        schemes = document.get("components", {}).get("securitySchemes", {})
        self._schemes = {name for it in security for name in it if name in schemes}
        self._components = document.get("components", {}).get("schemas", {})

    @property
    def media_type(self) -> str:
        """The media type that requests are tried with."""
        return next(iter(self.body["content"]), "") if self.body else ""

    @property
    def form_fields(self) -> list[tuple[str, Json, bool]]:
        """The fields of a form body: names, schemas, whether they are required."""
        schema = self._body_schema()
        required = schema.get("required", ())
        return [(name, it, name in required) for name, it in schema.get("properties", {}).items()]

    @property
    def is_form(self) -> bool:
        return self.media_type.startswith(("multipart/", "application/x-www-form"))

    @property
    def example(self) -> str:
        """An example request body, as text."""
        if not self.body:
            return ""
        described = self.body["content"][self.media_type]
        for it in described.get("examples", {}).values():
            return as_json(it["value"])
        if "schema" not in described:
            return ""
        return as_json(example_of(described["schema"], self._components))

    @property
    def schemes(self) -> str:
        """Names of the security schemes, separated by blanks."""
        return " ".join(sorted(self._schemes))

    def _body_schema(self) -> Json:
        schema: Json = (
            (self.body or {}).get("content", {}).get(self.media_type, {}).get("schema", {})
        )
        if "$ref" in schema:
            schema = self._components.get(schema["$ref"].rpartition("/")[2], {})
        return schema


class ReadableDocument:
    """A document, arranged for a page."""

    def __init__(self, document: Json) -> None:
        self.info: Json = document["info"]
        self.servers: list[Json] = list(document.get("servers", ()))
        components = document.get("components", {})
        self.schemas: Json = components.get("schemas", {})
        self.security_schemes: Json = components.get("securitySchemes", {})
        self.groups = _grouped(document)

    @property
    def count(self) -> int:
        return sum(len(group.operations) for group in self.groups)

    def describe(self, schema: Json) -> str:
        return type_in_words(schema)

    limits = staticmethod(lambda schema: list(limits_in_words(schema)))
    json = staticmethod(lambda value: as_json(value))
    ref = staticmethod(lambda schema: reference_of(schema))


def _grouped(document: Json) -> list[Group]:
    said = {it["name"]: it.get("description", "") for it in document.get("tags", ())}
    groups = {name: Group(name, text, []) for name, text in said.items()}
    sources = [document.get("paths", {}), document.get("webhooks", {})]
    for number, items in enumerate(sources):
        for path, item in items.items():
            for method in METHODS:
                if method in item:
                    operation = ReadableOperation(path, method, item[method], document)
                    tag = "Webhooks" if number else (item[method].get("tags") or ["Operations"])[0]
                    groups.setdefault(tag, Group(tag, "", [])).operations.append(operation)
    return [group for group in groups.values() if group.operations]


def type_in_words(schema: t.Any) -> str:
    """Return a schema's type: ``array of Item``, ``integer or null``."""
    if not isinstance(schema, dict):
        return "anything"
    if "$ref" in schema:
        return t.cast(str, schema["$ref"].rpartition("/")[2])
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            return " or ".join(dict.fromkeys(map(type_in_words, schema[keyword])))
    if "const" in schema:
        return f"always {as_json(schema['const'])}"
    kinds = schema.get("type", "anything")
    return " or ".join(_one(it, schema) for it in ([kinds] if isinstance(kinds, str) else kinds))


def _one(kind: str, schema: Json) -> str:
    if kind == "array" and "items" in schema:
        return f"array of {type_in_words(schema['items'])}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"object of {type_in_words(schema['additionalProperties'])}"
    form = schema.get("format") or ("base64" if "contentEncoding" in schema else None)
    return f"{kind} ({form})" if form and kind == "string" else kind


def limits_in_words(schema: Json) -> Iterator[str]:
    """Yield a schema's constraints beyond the type."""
    for keyword, words in _LIMITS.items():
        if keyword in schema:
            yield words.format(schema[keyword])
    if "enum" in schema:
        yield "one of " + ", ".join(map(as_json, schema["enum"]))
    if "default" in schema:
        yield f"default {as_json(schema['default'])}"
    if schema.get("additionalProperties") is False:
        yield "no other members"


def reference_of(schema: t.Any) -> str | None:
    """Return the name of the component that a schema, or its items, refer to."""
    while isinstance(schema, dict):
        if "$ref" in schema:
            return t.cast(str, schema["$ref"].rpartition("/")[2])
        schema = schema.get("items") or next(
            (it for it in schema.get("anyOf", ()) if "$ref" in it), None
        )
    return None


def as_json(value: t.Any) -> str:
    """Return a value as JSON; a container on several lines."""
    text = msgspec.json.encode(value)
    if isinstance(value, dict | list):
        text = msgspec.json.format(text, indent=2)
    return text.decode()


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-").lower() or "group"
