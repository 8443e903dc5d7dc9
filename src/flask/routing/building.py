"""URL builders, compiled per endpoint, that compose a path."""

from __future__ import annotations

import re
import typing as t

from werkzeug.routing import BaseConverter, IntegerConverter, Rule
from werkzeug.routing import Map as BaseMap

from ..globals import _cv_request
from ..http.pristine import pristine

Write = t.Callable[[t.Any], str]

Part = tuple[str, str, "type | None", Write, "type[BaseConverter]", t.Any]
"""The text before a variable, its name, the type of values that need no converter, the writer of
other values, and the converter's class with its method at that time.
"""

Build = t.Callable[[dict[str, t.Any]], "str | None"]
"""Function that returns the path for values, without its first slash, or ``None`` to ask Werkzeug's
adapter, which also reports missing and invalid values.
"""


def build_from_template(
    app: t.Any, arguments: tuple[t.Any, ...], values: dict[str, t.Any]
) -> str | None:
    """Return the result of ``app.url_for(*arguments, **values)``, or ``None`` for the slow way."""
    # PERF: a page has dozens of links; handing on the values from function to function takes as
    # long as making the path of them.
    if len(arguments) != 1 or not _NOT_VALUES.isdisjoint(values):
        return None
    return build_here(app, arguments[0], values)


_NOT_VALUES = frozenset({"_anchor", "_method", "_scheme", "_external"})


def build_here(app: t.Any, endpoint: str, values: dict[str, t.Any]) -> str | None:
    """Return the path of an endpoint on the current request's host, or ``None`` for the slow way.

    The slow way is also taken if the endpoint's builder has not been compiled yet.
    """
    # PERF: an adapter looks for the rules, the best of them, and the host on each call.
    program = app._revision.program
    if program is None:
        return None
    build = program.url_builders.get(endpoint)
    ctx = _cv_request.get(None)
    if (
        build is None
        or ctx is None
        or ctx.adapter_overridden
        or len(program.flask_namespace) != program.flask_size
        or (program.needs_check and not program.holds(app))
    ):
        return None
    path = build(values)
    root: str = ctx.url_root
    return None if path is None else root + path


def compile_builder(url_map: BaseMap, endpoint: str) -> Build | None:
    """Return the builder of an endpoint's paths, or ``None`` if Werkzeug has to choose a rule.

    An endpoint with a single rule on the default subdomain leaves no choice.
    """
    rule = single_rule(url_map, endpoint)
    if rule is None:
        return None
    parts, tail = split_rule(rule)
    if not parts:
        return _constant(rule, tail)
    build = _one(rule, parts[0], tail) if len(parts) == 1 else _several(rule, parts, tail)
    return build if parts[0][0] else _without_first_slashes(build)


def single_rule(url_map: BaseMap, endpoint: str) -> Rule | None:
    """Return the only rule of an endpoint, if a builder can be compiled for it."""
    url_map.update()
    rules = getattr(url_map, "_rules_by_endpoint", {}).get(endpoint, ())
    if len(rules) != 1 or url_map.host_matching:
        return None
    rule: Rule = rules[0]
    if rule.defaults or rule.websocket or rule.subdomain != url_map.default_subdomain:
        return None
    if len(rule._converters) != len(rule.arguments):
        return None  # a variable of the host, or the same name twice
    return rule


def _without_first_slashes(build: Build) -> Build:
    """Return a builder for paths that begin with a value: a second slash would make it a host."""

    def build_stripped(values: dict[str, t.Any]) -> str | None:
        path = build(values)
        return None if path is None else path.lstrip("/")

    return build_stripped


def _constant(rule: Rule, path: str) -> Build:
    def build(values: dict[str, t.Any]) -> str | None:
        return _with_query(rule, path, values, values) if values else path

    return build


def _one(rule: Rule, part: Part, tail: str) -> Build:
    """Return the builder of a rule with one variable, the most frequent kind."""
    head, name, plain, _, cls, to_url = part
    build_any = _several(rule, (part,), tail)

    def build(values: dict[str, t.Any]) -> str | None:
        # PERF: most values are integers or one plain word, which are as they are in a URL.
        if len(values) == 1:
            value: t.Any = values.get(name)
            kind = type(value)
            if (
                kind is plain
                and cls.to_url is to_url
                and not rule.defaults
                and (kind is int or (value.isalnum() and value.isascii()) or is_plain_text(value))
            ):
                return f"{head}{value}{tail}"
        return build_any(values)

    return build


def _several(rule: Rule, parts: tuple[Part, ...], tail: str) -> Build:
    count = len(parts)
    names = frozenset(part[1] for part in parts)

    def build(values: dict[str, t.Any]) -> str | None:
        path = ""
        if rule.defaults:
            return None  # given to the rule since
        try:
            for literal, name, plain, write, cls, to_url in parts:
                value = values[name]
                # PERF: most texts are one plain word, and most numbers plain integers, which are
                # as they are in a URL; a call to learn that takes as long as all the rest.
                kind = type(value)
                if (
                    kind is plain
                    and cls.to_url is to_url
                    and (kind is int or (value.isalnum() and value.isascii()))
                ):
                    path = f"{path}{literal}{value}"
                elif value is None:  # counts as missing
                    return None
                else:
                    path += literal + write(value)
        except Exception:
            return None  # the adapter says what is missing first, or what a converter refused
        path += tail
        if len(values) == count:
            return path
        others = {name: value for name, value in values.items() if name not in names}
        return _with_query(rule, path, others, values)

    return build


def _with_query(
    rule: Rule, path: str, others: dict[str, t.Any], values: dict[str, t.Any]
) -> str | None:
    """Append the values that are not variables of the rule as a query."""
    # PERF: most values of a query need no quoting.
    query = None if rule.map.sort_parameters else plain_query(others)
    if query is not None:
        return path + query
    given = {name: value for name, value in values.items() if value is not None}
    try:
        return rule._build_unknown(**given)[1].lstrip("/")
    except Exception:
        return None


def plain_query(values: dict[str, t.Any]) -> str | None:
    """Return the query with these values, or ``None`` if something is to be quoted."""
    query = ""
    separator = "?"
    for name, value in values.items():
        if value is None:  # counts as missing
            continue
        if type(value) is not int and not (
            type(value) is str and value.isalnum() and value.isascii()
        ):
            return None
        if not (name.isidentifier() and name.isascii()):
            return None
        query += f"{separator}{name}={value}"
        separator = "&"
    return query


def split_rule(rule: Rule) -> tuple[tuple[Part, ...], str]:
    """Return the parts up to the last variable, and the text after it."""
    parts: list[Part] = []
    literal = ""
    # The rule's own function has its constant text quoted.
    for is_variable, text in _path_trace(rule):
        if is_variable:
            parts.append((literal, text, *_writer(rule._converters[text])))
            literal = ""
        else:
            literal += text
    if not parts:
        return (), literal.lstrip("/")
    first, *others = parts
    return ((first[0].lstrip("/"), *first[1:]), *others), literal


def _path_trace(rule: Rule) -> t.Iterator[tuple[bool, str]]:
    """Return the rule's path in pieces: if it is a variable, and its name or quoted text."""
    pieces = iter(rule._trace)
    for piece in pieces:
        if piece == (False, "|"):  # between the host and the path
            break
    for is_variable, text in pieces:
        yield is_variable, text if is_variable else _write_text(text)


def _writer(
    converter: BaseConverter,
) -> tuple[type | None, Write, type[BaseConverter], t.Any]:
    """Return the type of values written without a converter, the writer of all values, and the
    method for which that holds, with its class.
    """
    cls = type(converter)
    plain: type | None = None
    if "to_url" not in vars(converter):
        if cls.to_url is _QUOTE:
            plain = str  # PERF: quoting is most of the work, and most texts need none
        elif isinstance(converter, IntegerConverter) and cls.to_url is _NUMBER:
            plain = None if converter.fixed_digits else int

    def write(value: t.Any) -> str:
        if plain is str and cls.to_url is _QUOTE:
            return _write_text(value)
        return converter.to_url(value)  # looked up anew, as somebody may replace it

    return plain, write, cls, cls.to_url


_quote = BaseConverter.to_url
_QUOTE = pristine(BaseConverter, "to_url")
_NUMBER = pristine(IntegerConverter, "to_url")


is_plain_text = re.compile(r"[\w.~!$&'()*+,/:;=@-]+", re.ASCII).fullmatch
"""Matches text that is in a URL as it is."""


def _write_text(value: t.Any) -> str:
    if type(value) is str and ((value.isalnum() and value.isascii()) or is_plain_text(value)):
        return value
    return _quote(t.cast(BaseConverter, None), value)
