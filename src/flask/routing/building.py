"""URL builders: compiled per endpoint, they put a path together."""

from __future__ import annotations

import re
import typing as t

from werkzeug.routing import BaseConverter, IntegerConverter, Rule
from werkzeug.routing import Map as BaseMap

Write = t.Callable[[t.Any], str]


class Builder:
    """Builds the paths of one endpoint that has a single rule, on the default subdomain.

    Where there is one rule, Werkzeug has nothing to choose from, and the rule says the path.
    """

    __slots__ = ("names", "parts", "rule", "tail")

    rule: Rule

    names: frozenset[str]
    """The values that there must be."""

    parts: tuple[tuple[str, str, Write], ...]
    """What comes before a variable, its name, and what writes its value."""

    tail: str
    """What comes after the last variable."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.names = frozenset(rule.arguments)
        parts = []
        literal = ""
        # The rule's own function has its constant text quoted.
        for is_variable, text in _path_trace(rule):
            if is_variable:
                parts.append((literal, text, _writer(rule._converters[text])))
                literal = ""
            else:
                literal += text
        self.parts = tuple(parts)
        self.tail = literal
        if self.parts:
            first, *others = self.parts
            self.parts = ((first[0].lstrip("/"), *first[1:]), *others)
        else:
            self.tail = literal.lstrip("/")

    def path(self, values: dict[str, t.Any]) -> str | None:
        """Return the path without its first slash, or ``None``: ask Werkzeug's adapter.

        What the values lack, and what a converter refuses, is for the adapter to say.
        """
        parts = self.parts
        if len(values) != len(parts):
            return self._path_with_query(values)
        if not parts:
            return self.tail
        path = ""
        try:
            for literal, name, write in parts:
                value = values[name]
                if value is None:  # counts as missing
                    return None
                path += literal + write(value)
        except Exception:
            return None  # the adapter says what is missing first, or what a converter refused
        return path + self.tail

    def _path_with_query(self, values: dict[str, t.Any]) -> str | None:
        names = self.names
        if not names.issubset(values):
            return None
        for value in values.values():
            if value is None:  # counts as missing
                return None
        query = ""
        for name, value in values.items():
            if name not in names:
                # PERF: most values of a query need no quoting.
                if type(value) is int:
                    value = str(value)
                elif type(value) is not str or not (value.isalnum() and value.isascii()):
                    return self._path_by_rule(values)
                if not (name.isidentifier() and name.isascii()):
                    return self._path_by_rule(values)
                query += f"&{name}={value}" if query else f"?{name}={value}"
        if query and self.rule.map.sort_parameters:
            return self._path_by_rule(values)
        path = self.path({name: values[name] for name in names})
        return None if path is None else path + query

    def _path_by_rule(self, values: dict[str, t.Any]) -> str | None:
        try:
            return self.rule._build_unknown(**values)[1].lstrip("/")
        except Exception:
            return None


def _path_trace(rule: Rule) -> t.Iterator[tuple[bool, str]]:
    """The rule's path as pieces: whether it is a variable, and its name or its quoted text."""
    pieces = iter(rule._trace)
    for piece in pieces:
        if piece == (False, "|"):  # between the host and the path
            break
    for is_variable, text in pieces:
        yield is_variable, text if is_variable else _write_text(text)


def _writer(converter: BaseConverter) -> Write:
    """What writes a variable's value: the converter, or what does the same sooner."""
    # PERF: quoting is most of the work of building a path, and most values need none.
    to_url = converter.to_url
    if getattr(to_url, "__func__", None) is BaseConverter.to_url:
        return _write_text
    if type(converter) is IntegerConverter and not converter.fixed_digits:

        def write_int(value: t.Any) -> str:
            return str(value) if type(value) is int else to_url(value)

        return write_int
    return to_url


_quote = BaseConverter.to_url


_is_unreserved = re.compile(r"[\w.~!$&'()*+,/:;=@-]+", re.ASCII).fullmatch


def _write_text(value: t.Any) -> str:
    if type(value) is str and ((value.isalnum() and value.isascii()) or _is_unreserved(value)):
        return value
    return _quote(t.cast(BaseConverter, None), value)


def compile_builder(url_map: BaseMap, endpoint: str) -> Builder | None:
    """Return the builder of an endpoint, or ``None`` if its URLs take Werkzeug to choose."""
    url_map.update()
    rules = getattr(url_map, "_rules_by_endpoint", {}).get(endpoint, ())
    if len(rules) != 1 or url_map.host_matching:
        return None
    (rule,) = rules
    if rule.defaults or rule.websocket or rule.subdomain != url_map.default_subdomain:
        return None
    if len(rule._converters) != len(rule.arguments):
        return None  # a variable of the host, or the same name twice
    return Builder(rule)
