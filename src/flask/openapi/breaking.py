"""Breaking changes: a document promises less, or demands more, than an earlier one."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

Json = t.Any

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

_MINIMA = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_MAXIMA = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")


def find_breaking_changes(earlier: Json, later: Json) -> list[str]:
    """Return a line for each change that can break clients of the earlier document."""
    return list(dict.fromkeys(_Comparison(earlier, later).changes()))


class _Comparison:
    """Compares two documents."""

    def __init__(self, earlier: Json, later: Json) -> None:
        self.earlier = earlier
        self.later = later
        self.compared: set[tuple[str, str, bool]] = set()

    def changes(self) -> Iterator[str]:
        for path, item in self.earlier.get("paths", {}).items():
            later_item = self._path(path)
            for method in _METHODS:
                if method in item:
                    where = f"{method.upper()} {path}"
                    if later_item is None or method not in later_item:
                        yield f"{where}: removed"
                    else:
                        yield from self._operation(where, item[method], later_item[method])

    def _path(self, path: str) -> Json:
        """The path item of the later document, also if its variables have other names."""
        found = self.later.get("paths", {})
        if path in found:
            return found[path]
        return next((item for other, item in found.items() if _shape(other) == _shape(path)), None)

    def _operation(self, where: str, old: Json, new: Json) -> Iterator[str]:
        yield from self._parameters(where, old, new)
        yield from self._request_body(where, old.get("requestBody"), new.get("requestBody"))
        yield from self._responses(where, old.get("responses", {}), new.get("responses", {}))
        had = old.get("security", self.earlier.get("security", []))
        has = new.get("security", self.later.get("security", []))
        if has and {} not in has and not all(it in has for it in had or [{}]):
            yield f"{where}: other authentication is required"

    # Parameters

    def _parameters(self, where: str, old: Json, new: Json) -> Iterator[str]:
        known = {_key(it): it for it in old.get("parameters", ())}
        current = {_key(it): it for it in new.get("parameters", ())}
        for key, parameter in known.items():
            name = f"{where}: {key[0]} parameter {key[1]!r}"
            if key[0] == "path":
                continue  # named by position, see below
            if key not in current:
                yield f"{name}: removed"
                continue
            if current[key].get("required") and not parameter.get("required"):
                yield f"{name}: now required"
            yield from self._schema(
                name, parameter.get("schema"), current[key].get("schema"), False
            )
        for key, parameter in current.items():
            if key not in known and parameter.get("required") and key[0] != "path":
                yield f"{where}: {key[0]} parameter {key[1]!r}: new and required"
        yield from self._path_parameters(where, old, new)

    def _path_parameters(self, where: str, old: Json, new: Json) -> Iterator[str]:
        pairs = zip(_in_path(old), _in_path(new), strict=False)
        for before, after in pairs:
            name = f"{where}: path parameter {before['name']!r}"
            yield from self._schema(name, before.get("schema"), after.get("schema"), False)

    # Bodies

    def _request_body(self, where: str, old: Json, new: Json) -> Iterator[str]:
        if new is not None and new.get("required") and (old is None or not old.get("required")):
            yield f"{where}: the request body is now required"
        if old is None:
            return
        contents = {} if new is None else new.get("content", {})
        for media_type, described in old.get("content", {}).items():
            if media_type not in contents:
                yield f"{where}: request body: {media_type} is no longer accepted"
            else:
                yield from self._schema(
                    f"{where}: request body",
                    described.get("schema"),
                    contents[media_type].get("schema"),
                    False,
                )

    def _responses(self, where: str, old: Json, new: Json) -> Iterator[str]:
        for status, response in old.items():
            name = f"{where}: response {status}"
            if status not in new:
                if status.startswith("2"):
                    yield f"{name}: removed"
                continue
            contents = new[status].get("content", {})
            for header in response.get("headers", {}):
                if header not in new[status].get("headers", {}):
                    yield f"{name}: header {header!r} removed"
            for media_type, described in response.get("content", {}).items():
                if media_type not in contents:
                    yield f"{name}: {media_type} is no longer sent"
                    continue
                after = contents[media_type].get("schema")
                yield from self._schema(name, described.get("schema"), after, True)

    # Schemas

    def _schema(self, where: str, old: Json, new: Json, is_sent: bool) -> Iterator[str]:
        """Compare two schemas.

        :param is_sent: true for a schema of responses, which must not allow new values; false for
            one of requests, which must accept all values that it accepted before.
        """
        old_ref, new_ref = _ref(old), _ref(new)
        if old_ref is not None and new_ref is not None:
            key = (old_ref, new_ref, is_sent)
            if key in self.compared:
                return
            self.compared.add(key)
        old, new = self._resolved(self.earlier, old), self._resolved(self.later, new)
        narrow, wide = (new, old) if is_sent else (old, new)
        yield from _type_changes(where, old, new, narrow, wide)
        yield from self._members(where, old, new, is_sent)
        if isinstance(old.get("items"), dict) and isinstance(new.get("items"), dict):
            yield from self._schema(f"{where}, items", old["items"], new["items"], is_sent)
        for keyword in ("anyOf", "oneOf"):
            yield from self._alternatives(where, old.get(keyword), new.get(keyword), is_sent)

    def _alternatives(self, where: str, old: Json, new: Json, is_sent: bool) -> Iterator[str]:
        if not old or not new:
            return
        fewer = len(new) > len(old) if is_sent else len(new) < len(old)
        if fewer:
            what = "may now be something else, too" if is_sent else "takes fewer alternatives"
            yield f"{where}: {what}"
        for before, after in zip(old, new, strict=False):
            yield from self._schema(where, before, after, is_sent)

    def _members(self, where: str, old: Json, new: Json, is_sent: bool) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        needed, needs = set(old.get("required", ())), set(new.get("required", ()))
        for name, schema in before.items():
            place = f"{where}: {name!r}"
            if name not in after:
                if is_sent or new.get("additionalProperties") is False:
                    yield f"{place}: removed"
                continue
            if is_sent and name in needed - needs:
                yield f"{place}: no longer always there"
            if not is_sent and name in needs - needed:
                yield f"{place}: now required"
            yield from self._schema(place, schema, after[name], is_sent)
        if not is_sent:
            for name in sorted(needs - set(before)):
                yield f"{where}: {name!r}: new and required"

    def _resolved(self, document: Json, schema: Json) -> dict[str, t.Any]:
        for _ in range(20):
            reference = _ref(schema)
            if reference is None:
                break
            schema = document
            for step in reference.removeprefix("#/").split("/"):
                schema = schema.get(step.replace("~1", "/").replace("~0", "~"), {})
        return schema if isinstance(schema, dict) else {}


def _type_changes(where: str, old: Json, new: Json, narrow: Json, wide: Json) -> Iterator[str]:
    narrow_types, wide_types = _types(narrow), _types(wide)
    if wide_types and not _covers(wide_types, narrow_types):
        yield f"{where}: type {_said(_types(old))} is now {_said(_types(new))}"
        return
    if "enum" in wide and not set(map(repr, narrow.get("enum", [object]))) <= set(
        map(repr, wide["enum"])
    ):
        yield f"{where}: the allowed values changed"
    for keyword in _MINIMA:
        if keyword in wide and narrow.get(keyword, float("-inf")) < wide[keyword]:
            yield f"{where}: {keyword} changed from {old.get(keyword)} to {new.get(keyword)}"
    for keyword in _MAXIMA:
        if keyword in wide and narrow.get(keyword, float("inf")) > wide[keyword]:
            yield f"{where}: {keyword} changed from {old.get(keyword)} to {new.get(keyword)}"
    for keyword in ("pattern", "format", "multipleOf", "const"):
        if keyword in wide and narrow.get(keyword) != wide[keyword]:
            yield f"{where}: {keyword} changed from {old.get(keyword)} to {new.get(keyword)}"


def _types(schema: Json) -> set[str]:
    found = schema.get("type", ())
    return {found} if isinstance(found, str) else set(found)


def _covers(wide: set[str], narrow: set[str]) -> bool:
    if not narrow:
        return False
    return all(it in wide or (it == "integer" and "number" in wide) for it in narrow)


def _said(types: set[str]) -> str:
    return " or ".join(sorted(types)) or "anything"


def _ref(schema: Json) -> str | None:
    found = schema.get("$ref") if isinstance(schema, dict) else None
    return found if isinstance(found, str) else None


def _key(parameter: Json) -> tuple[str, str]:
    name = parameter["name"]
    return parameter["in"], name.lower() if parameter["in"] == "header" else name


def _in_path(operation: Json) -> list[Json]:
    return [it for it in operation.get("parameters", ()) if it["in"] == "path"]


def _shape(path: str) -> tuple[str, ...]:
    return tuple("{}" if part.startswith("{") else part for part in path.split("/"))
