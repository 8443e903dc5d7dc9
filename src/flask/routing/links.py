"""Links of templates: one function for each call of ``url_for`` that a template has."""

from __future__ import annotations

import typing as t
from types import FunctionType, MethodType

from werkzeug.routing import BaseConverter, Rule

from ..globals import _cv_request
from .building import is_plain_text, plain_query, single_rule, split_rule

Write = t.Callable[..., str]
"""Called with Jinja's context, what the template has as ``url_for``, and the values that aren't
constant; returns the escaped link.
"""

Converter = tuple["type[BaseConverter]", t.Any]
"""A converter's class, and the method that it had when what it writes was looked at."""

_NO_CONVERTER: Converter = (BaseConverter, BaseConverter.to_url)


class Call(t.NamedTuple):
    """A call of ``url_for``, except for the values that are computed."""

    endpoint: str
    names: tuple[str, ...]
    """Of all values, in their order."""

    constants: dict[str, t.Any]
    """The values that stand in the template."""

    def values(self, computed: t.Iterable[t.Any]) -> dict[str, t.Any]:
        """Return all values by name, in their order."""
        constants, others = self.constants, iter(computed)
        return {name: constants[name] if name in constants else next(others) for name in self.names}


class Variable(t.NamedTuple):
    """A part of a path that is computed."""

    at: int
    """Its place among the values that are computed."""

    plain: type
    """The type of values that are in a URL as they are."""

    converter: Converter
    tail: str
    """The text up to the next variable."""


class Pattern(t.NamedTuple):
    """The path of a link, with the constants in it."""

    head: str
    variables: tuple[Variable, ...]
    constants: tuple[Converter, ...]
    """The converters of constants."""

    has_query: bool


def find_pattern(rule: Rule, call: Call) -> Pattern | None:
    """Return the pattern of a call's links, or ``None`` if it takes more than text and values."""
    parts, tail = split_rule(rule)
    others = {name: call.constants.get(name) for name in call.names}
    computed = [name for name in call.names if name not in call.constants]
    texts = [""]
    variables: list[tuple[int, type, Converter]] = []
    constants: list[Converter] = []
    for literal, name, plain, _, cls, to_url in parts:
        texts[-1] += literal
        if name not in others or plain is None or not texts[0]:
            return None  # the last: two slashes in front would make a host
        value: t.Any = others.pop(name)
        if name in computed:
            variables.append((computed.index(name), plain, (cls, to_url)))
            texts.append("")
        elif type(value) is plain and (plain is int or is_plain_text(str(value))):
            constants.append((cls, to_url))
            texts[-1] += str(value)
        else:
            return None
    query = plain_query(others) if others.keys() <= call.constants.keys() else None
    if query is None:
        return None
    texts[-1] += tail + query
    head, *tails = texts
    pairs = zip(variables, tails, strict=True)
    found = tuple(Variable(*variable, tail) for variable, tail in pairs)
    return Pattern(head, found, tuple(constants), bool(query))


def make_link(
    known: MethodType, call: Call, escape: t.Callable[[str], str], otherwise: Write
) -> Write | None:
    """Return what makes a call's links for as long as the application's program is the same;
    ``None`` if nothing is faster than :func:`~.building.build_here`.

    :param known: an application's method ``url_for``, as the template has it.
    :param otherwise: makes all links that take more, and is told of another program.
    """
    app: t.Any = known.__self__
    function = known.__func__
    program = app._revision.program
    if program is None or type(program.url_builders.get(call.endpoint)) is not FunctionType:
        return None  # an object looks at more than the values, at files for example
    rule = single_rule(app.url_map, call.endpoint)
    pattern = None if rule is None else find_pattern(rule, call)
    if rule is None or pattern is None:
        return None
    head, variables, constants, has_query = pattern
    (first, first_to_url), *others = constants or (_NO_CONVERTER,)
    url_map = app.url_map
    is_rare = bool(others) or has_query
    has_more = bool(constants) or has_query
    namespace, size, needs_check = program.flask_namespace, program.flask_size, program.needs_check
    get_request = _cv_request.get

    # PERF: a page has dozens of links. One function for all of a link takes a third of the time of
    # four that hand on its values; and as an expression, its conditions take no call. The method
    # is nearly always the very object that the template had the first time.

    def constant_link(context: t.Any, obj: t.Any) -> str:
        if obj is known or (
            type(obj) is MethodType and obj.__func__ is function and obj.__self__ is app
        ):
            ctx = get_request(None)
            if (
                app._revision.program is program
                and ctx is not None
                and not ctx.adapter_overridden
                and len(namespace) == size
                and not (needs_check and not program.holds(app))
                and not rule.defaults
                and not (
                    has_more
                    and (
                        first.to_url is not first_to_url
                        or (is_rare and (url_map.sort_parameters or _were_replaced(others)))
                    )
                )
            ):
                return escape(ctx.url_root + head)
        return otherwise(context, obj)

    if not variables:
        return constant_link
    if len(variables) == 1:
        return _link_with_value(known, program, rule, pattern, escape, otherwise)

    def link(context: t.Any, obj: t.Any, *values: t.Any) -> str:
        if obj is known or (
            type(obj) is MethodType and obj.__func__ is function and obj.__self__ is app
        ):
            ctx = get_request(None)
            if (
                app._revision.program is program
                and ctx is not None
                and not ctx.adapter_overridden
                and len(namespace) == size
                and not (needs_check and not program.holds(app))
                and not rule.defaults
                and not (
                    has_more
                    and (
                        first.to_url is not first_to_url
                        or (is_rare and (url_map.sort_parameters or _were_replaced(others)))
                    )
                )
            ):
                path = ctx.url_root + head
                for at, plain, (cls, to_url), tail in variables:
                    value: t.Any = values[at]
                    kind = type(value)
                    if (
                        kind is not plain
                        or cls.to_url is not to_url
                        or not (plain is int or (value.isalnum() and value.isascii()))
                    ):
                        return otherwise(context, obj, *values)
                    path = f"{path}{value}{tail}"
                return escape(path)
        return otherwise(context, obj, *values)

    return link


def _link_with_value(
    known: MethodType,
    program: t.Any,
    rule: Rule,
    pattern: Pattern,
    escape: t.Callable[[str], str],
    otherwise: Write,
) -> Write:
    """The most usual kind of link, which has one value that is computed."""
    app: t.Any = known.__self__
    function = known.__func__
    head, ((_, plain, (cls, to_url), tail),), constants, has_query = pattern
    (first, first_to_url), *others = constants or (_NO_CONVERTER,)
    url_map = rule.map
    is_rare = bool(others) or has_query
    has_more = bool(constants) or has_query
    namespace, size, needs_check = program.flask_namespace, program.flask_size, program.needs_check
    get_request = _cv_request.get

    def link_with_value(context: t.Any, obj: t.Any, value: t.Any) -> str:
        if obj is known or (
            type(obj) is MethodType and obj.__func__ is function and obj.__self__ is app
        ):
            ctx = get_request(None)
            kind = type(value)
            if (
                kind is plain
                and app._revision.program is program
                and ctx is not None
                and not ctx.adapter_overridden
                and len(namespace) == size
                and not (needs_check and not program.holds(app))
                and not rule.defaults
                and cls.to_url is to_url
                and not (
                    has_more
                    and (
                        first.to_url is not first_to_url
                        or (is_rare and (url_map.sort_parameters or _were_replaced(others)))
                    )
                )
                and (kind is int or (value.isalnum() and value.isascii()) or is_plain_text(value))
            ):
                return escape(f"{ctx.url_root}{head}{value}{tail}")
        return otherwise(context, obj, value)

    return link_with_value


def _were_replaced(converters: t.Iterable[Converter]) -> bool:
    return any(cls.to_url is not to_url for cls, to_url in converters)
