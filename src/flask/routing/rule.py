"""URL rules: Werkzeug's, parsed faster, with URL builders that are compiled when first used."""

from __future__ import annotations

import re
import typing as t
from functools import lru_cache
from types import MethodType

from werkzeug.routing import FloatConverter, IntegerConverter, UnicodeConverter, UUIDConverter
from werkzeug.routing import Rule as BaseRule
from werkzeug.routing.rules import RulePart, Weighting

Build = t.Callable[..., tuple[str, str]]
"""Takes the rule and the values by name; returns the domain part and the path."""

Trace = tuple[tuple[bool, str], ...]
"""The pieces of a rule's text: whether it is a variable, and its name or the constant text."""


class Rule(BaseRule):
    """A URL rule that costs little to declare.

    For each rule it binds, Werkzeug compiles two functions from syntax trees. In an application of
    many routes this is nine tenths of the start-up time, yet few of the functions are ever called:
    matching doesn't need them, and :func:`flask.routing.building.compile_builder` builds paths.
    Here they are compiled on first use, except for rules whose compilation can fail: those are
    compiled at once, so that the error appears where the rule is declared. Rules are parsed segment
    by segment if possible, which takes half the time.
    """

    def _parse_rule(self, rule: str) -> t.Iterable[RulePart]:
        segments = rule.split("/")
        variables = self._simple_variables(segments)
        if variables is None or BaseRule._parse_rule is not _parse_by_werkzeug:
            return super()._parse_rule(rule)
        parts: list[RulePart] = []
        for segment in segments:
            if parts:
                self._trace.append(_SLASH)
            variable = variables.get(segment)
            if variable is not None:
                parts.append(self._parse_variable(*variable))
            else:
                part, piece = _static(segment)
                parts.append(part)
                if segment:
                    self._trace.append(piece)
        return parts

    def _simple_variables(self, segments: list[str]) -> dict[str, tuple[str, str]] | None:
        """Return segments that are a variable with a built-in converter: its name and that of the
        converter; ``None`` if a segment has a variable of another kind.
        """
        if getattr(self.get_converter, "__func__", None) is not BaseRule.get_converter:
            return None
        variables = {}
        converters = self.map.converters
        for segment in segments:
            if "<" not in segment:
                continue
            found = _match_variable(segment)
            if found is None:
                return None
            kind = found[1] or "default"
            converter = converters.get(kind)
            if converter not in _SEGMENT_CONVERTERS or not converter.part_isolating:
                return None
            variables[segment] = found[2], kind
        return variables

    def _parse_variable(self, name: str, kind: str) -> RulePart:
        converter = self.get_converter(name, kind, (), {})
        self._converters[name] = converter
        self.arguments.add(name)
        self._trace.append((True, name))
        return _variable(converter.regex, converter.weight)

    def _compile_builder(self, append_unknown: bool = True) -> Build:
        # PERF: asked for two functions of each rule, one after the other.
        trace = tuple(self._trace)
        checked, count = _last_checked[0]
        if trace == checked:
            trace = checked
        else:
            count = _count_variables(trace)
            _last_checked[0] = trace, count
        if self.defaults or count != len(self._converters):  # defaults are passed to converters
            return super()._compile_builder(append_unknown)
        return PostponedBuilder(trace, append_unknown)

    def __eq__(self, other: object) -> bool:
        # Nobody can tell a rule of this class from Werkzeug's.
        kind = BaseRule if type(self) is Rule else type(self)
        return isinstance(other, kind) and self._trace == other._trace

    __hash__ = None


_parse_by_werkzeug = BaseRule._parse_rule
_SLASH = (False, "/")
_SEGMENT_CONVERTERS = frozenset({UnicodeConverter, IntegerConverter, FloatConverter, UUIDConverter})
_match_variable = re.compile(r"<(?:([a-zA-Z_][a-zA-Z0-9_]*):)?([a-zA-Z_][a-zA-Z0-9_]*)>").fullmatch


# Rules have many segments in common, and the garbage collector looks at each part again and again.


@lru_cache(maxsize=1024)
def _static(segment: str) -> tuple[RulePart, tuple[bool, str]]:
    """Return the part of a segment without variables, and its piece of the trace."""
    weights = [(0, -len(segment))] if segment else []
    weight = Weighting(-len(weights), weights, 0, [])
    part = RulePart(content=segment, final=False, static=True, suffixed=False, weight=weight)
    return part, (False, segment)


@lru_cache(maxsize=64)
def _variable(regex: str, weight: int) -> RulePart:
    """Return the part of a segment that is one variable."""
    return RulePart(
        content=rf"(?P<__werkzeug_0>{regex})\Z",
        final=False,
        static=False,
        suffixed=False,
        weight=Weighting(0, [], -1, [weight]),
    )


def _count_variables(trace: Trace) -> int | None:
    """Return how many variables a rule has; ``None`` if compilation can fail, as it does more than
    insert names and constant text.
    """
    names = [text for is_variable, text in trace if is_variable]
    text = "".join([text for _, text in trace])
    if not (text.isascii() or _is_unicode(text)) or not _NOT_NAMES.isdisjoint(names):
        return None
    return len(names)


_last_checked: list[tuple[Trace, int | None]] = [((), 0)]
"""The trace that was checked last, with its result."""

_NOT_NAMES = frozenset({"None", "True", "False", "__debug__"})
"""Names that a function's arguments can't have."""


def _is_unicode(text: str) -> bool:
    """Return whether the text can be encoded as UTF-8; a lone surrogate can't."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class PostponedBuilder:
    """Placeholder for a function that Werkzeug compiles for a rule; compiles it when called.

    :param trace: the rule's pieces at the time of its declaration.
    :param append_unknown: whether values that the rule has no variables for become the query.
    """

    __slots__ = ("append_unknown", "compiled", "trace")

    def __init__(self, trace: Trace, append_unknown: bool) -> None:
        self.trace = trace
        self.append_unknown = append_unknown
        self.compiled: Build | None = None

    def __get__(self, rule: BaseRule, owner: type | None = None) -> Build:
        return MethodType(self, rule)

    def __call__(self, rule: BaseRule, /, **values: t.Any) -> tuple[str, str]:
        compiled = self.compiled
        if compiled is None:
            compiled = self.compiled = self._compile(rule)
            self._step_aside(rule, compiled)
        return compiled(rule, **values)

    def _compile(self, rule: BaseRule) -> Build:
        # The rule as it was: what it has been given since counts from its next 'refresh'.
        declared = object.__new__(type(rule))
        vars(declared).update(vars(rule), _trace=list(self.trace), defaults=None)
        return BaseRule._compile_builder(declared, self.append_unknown)

    def _step_aside(self, rule: BaseRule, compiled: Build) -> None:
        """Replace this placeholder with the compiled function."""
        name = "_build_unknown" if self.append_unknown else "_build"
        current = vars(rule).get(name)
        if getattr(current, "__func__", None) is self:
            vars(rule)[name] = MethodType(compiled, rule)
