"""The segment tree: rules by the parts of their paths.

The tree is the automaton of Werkzeug's matcher in a form that is faster to walk. If a request needs
more than a walk, the result is :data:`UNDECIDED` and Werkzeug's matcher is asked, so that the
outcome is always Werkzeug's.
"""

from __future__ import annotations

import re
import threading
import typing as t

from werkzeug.routing import (
    BaseConverter,
    IntegerConverter,
    PathConverter,
    Rule,
    UnicodeConverter,
)
from werkzeug.routing.converters import DEFAULT_CONVERTERS

if t.TYPE_CHECKING:
    from werkzeug.routing.matcher import State
    from werkzeug.routing.rules import RulePart

_BUILT_IN_CONVERTERS = frozenset(DEFAULT_CONVERTERS.values())

Values = list[str]
Convert = t.Callable[[str], t.Any]


class Leaf:
    """A rule at the end of a walk, with the converters of its variables."""

    __slots__ = (
        "converters",
        "endpoint",
        "methods",
        "needs_context",
        "plain",
        "plan",
        "rule",
        "single_param",
        "single_str_param",
        "two_params",
    )

    rule: Rule

    methods: frozenset[str]
    """HTTP methods in upper case; rules without methods are undecided."""

    converters: tuple[tuple[str, Convert | None], ...]
    """Converters by variable, in the order of the path; ``None`` keeps the text."""

    endpoint: t.Any
    """The rule's endpoint when the tree was built."""

    needs_context: bool
    """True if a converter is not one of Werkzeug's and may use the current request."""

    single_str_param: str | None
    """Name of the only variable, if its text is its value."""

    single_param: tuple[str, Convert] | None
    """Name and converter of the only variable, if its value is not the text."""

    two_params: tuple[str, Convert | None, str, Convert | None] | None
    """Names and converters of the two variables, if neither needs the context."""

    plain: bool
    """True if a walk alone decides the match: no redirect, no alias."""

    plan: t.Any
    """The pipeline's plan for the endpoint, once it is compiled."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.methods = frozenset(rule.methods or ())
        self.converters = tuple(
            (name, _conversion(converter)) for name, converter in rule._converters.items()
        )
        self.endpoint = rule.endpoint
        self.single_str_param = self.single_param = None
        if len(self.converters) == 1:
            ((name, convert),) = self.converters
            if convert is None:
                self.single_str_param = name
            elif convert is int:
                self.single_param = name, convert
        self.needs_context = any(
            type(converter) not in _BUILT_IN_CONVERTERS for converter in rule._converters.values()
        )
        self.two_params = None
        if len(self.converters) == 2 and not self.needs_context:
            self.two_params = *self.converters[0], *self.converters[1]
        self.plain = _is_plain(rule)
        self.plan = None

    def has_changed(self, method: str) -> bool:
        """Return whether the rule's endpoint changed or the method was removed."""
        rule = self.rule
        methods = rule.methods
        return rule.endpoint is not self.endpoint or methods is None or method not in methods

    def view_args(self, values: Values) -> dict[str, t.Any]:
        """Return the view's arguments.

        :raises ValueError: if a converter refuses a value.
        """
        arguments = {
            name: value if convert is None else convert(value)
            for (name, convert), value in zip(self.converters, values, strict=False)
        }
        if self.rule.defaults:
            arguments.update(self.rule.defaults)
        return arguments


def _is_plain(rule: Rule) -> bool:
    if rule.methods is None or rule.websocket or rule.redirect_to is not None or rule.alias:
        return False
    if not rule.map.redirect_defaults or len(rule.map._rules_by_endpoint[rule.endpoint]) == 1:
        return True  # the second: PERF, as asking the map for the rules sorts all of them
    # A rule of the endpoint that comes first, with defaults, might have the better URL.
    for other in rule.map.iter_rules(rule.endpoint):
        if other is rule:
            break
        if other.provides_defaults_for(rule):
            return False
    return True


def _conversion(converter: BaseConverter) -> Convert | None:
    """Return the function that converts a variable's text, or ``None`` to keep the text."""
    if getattr(converter.to_python, "__func__", None) is TO_TEXT:
        return None
    # PERF: an integer without bounds is int(); the converter's own method first asks for each
    # bound. 'num_convert' is the same builtin.
    if type(converter) is IntegerConverter and not (
        converter.fixed_digits or converter.min is not None or converter.max is not None
    ):
        return int

    def convert(text: str) -> t.Any:
        return converter.to_python(text)  # looked up anew, as somebody may replace it

    return convert


TO_TEXT = BaseConverter.to_python
TO_NUMBER = IntegerConverter.to_python
"""The built-in converters' methods, unless they were replaced."""


def converters_as_built_in() -> bool:
    """Return whether nobody has replaced the methods that a routing table does without."""
    return UnicodeConverter.to_python is TO_TEXT and IntegerConverter.to_python is TO_NUMBER


MAP_LOCK = threading.RLock()
"""Held while a map's rules are added or sorted, and while a tree reads them."""


class Edge:
    """A step of the walk over a part with variables."""

    __slots__ = ("depth", "final", "match", "node", "suffixed", "takes_rest", "test")

    depth: int
    """Number of the path's parts before this one."""

    test: t.Callable[[str], bool] | None
    """Test of a part that is one whole variable, without a regular expression."""

    match: t.Callable[[str], Values | None]
    """Return the variables' texts, or ``None`` if the part does not match."""

    final: bool
    """True if it matches the rest of the path, slashes included."""

    suffixed: bool
    """True if such a path may end with a slash."""

    takes_rest: bool
    """True if that rest of the path is one whole variable, of one or more characters."""

    def __init__(self, part: RulePart, node: Node, depth: int) -> None:
        self.depth = depth
        self.final = part.final
        self.suffixed = part.suffixed
        self.node = node
        # PERF: nearly all parts are a variable with one of these two converters.
        self.test = None if part.final else _SIMPLE_TESTS.get(part.content)
        self.takes_rest = part.final and not part.suffixed and part.content == _REST
        self.match = _matcher(part.content)

    def leaf(self, method: str) -> Leaf | None:
        """Return the rule that ends with this step, or ``None`` if that takes a walk to say."""
        by_method = self.node.by_method
        leaf = None if by_method is None else by_method.get(method)
        return None if leaf is None or leaf.has_changed(method) else leaf


def _matcher(content: str) -> t.Callable[[str], Values | None]:
    pattern: re.Pattern[str] | None = None
    groups: list[int] = []

    def match(text: str) -> Values | None:
        nonlocal pattern, groups
        if pattern is None:  # compiled when needed, as most applications have many more
            compiled = re.compile(content)
            names = sorted(
                (name for name in compiled.groupindex if name.startswith(_GROUP)),
                key=lambda name: int(name[len(_GROUP) :]),
            )
            groups = [compiled.groupindex[name] for name in names]
            pattern = compiled
        found = pattern.match(text)
        return None if found is None else [found[group] for group in groups]

    return match


_GROUP = "__werkzeug_"
_SIMPLE_TESTS: dict[str, t.Callable[[str], bool]] = {
    # Any text but none; a part has no slash.
    rf"(?P<{_GROUP}0>{UnicodeConverter(None).regex})\Z": bool,  # type: ignore[arg-type]
    # Decimal digits of any script, as both this and the expression have it.
    rf"(?P<{_GROUP}0>{IntegerConverter.regex})\Z": str.isdecimal,
}
_REST = rf"(?P<{_GROUP}0>{PathConverter.regex})\Z"


class Undecided:
    """The type of :data:`UNDECIDED`."""


UNDECIDED = Undecided()
"""Result of a walk that only Werkzeug's matcher can decide."""

Found = tuple[Leaf, Values]


def _weight(step: tuple[RulePart, State]) -> t.Any:
    return step[0].weight


class Node:
    """A place in the tree: the rules that end here, and the steps that go on.

    It is built from a state of Werkzeug's matcher when a request first reaches it, so that the
    first request of an application with thousands of rules doesn't wait for all of them.
    """

    __slots__ = ("by_method", "depth", "edges", "leaves", "loose", "state", "static")

    depth: int
    """Number of steps from the root."""

    state: State | None
    """State of Werkzeug's matcher that has not been expanded yet."""

    static: dict[str, Node]
    edges: tuple[Edge, ...]
    leaves: list[Leaf]

    by_method: dict[str, Leaf] | None
    """The first rule here for each method; ``None`` if one of the rules is not plain."""

    loose: bool
    """True if a rule here also matches a path with one more slash."""

    def __init__(self, state: State, depth: int = 0) -> None:
        self.state = state
        self.depth = depth
        self.static = {}
        self.edges = ()
        self.by_method = None

    def expand(self) -> None:
        """Read the rules and steps of the state.

        Two threads may do so at once, or while another one adds rules to the map.
        """
        with MAP_LOCK:
            state = self.state
            if state is not None:
                self._expand(state)
                self.state = None

    def _expand(self, state: State) -> None:
        self.leaves = [Leaf(rule) for rule in state.rules]
        self.loose = any(not rule.strict_slashes for rule in state.rules)
        self.by_method = {}
        for leaf in self.leaves:
            if not leaf.plain:
                self.by_method = None
                break
            for method in leaf.methods:
                self.by_method.setdefault(method, leaf)
        depth = self.depth
        self.static = {part: Node(following, depth + 1) for part, following in state.static.items()}
        # Werkzeug's matcher sorts these for itself, in all of its states, once it is asked.
        steps = sorted(state.dynamic, key=_weight) if len(state.dynamic) > 1 else state.dynamic
        self.edges = tuple(
            Edge(part, Node(following, depth + 1), depth) for part, following in steps
        )

    def walk(
        self, parts: list[str], at: int, values: Values, method: str
    ) -> Found | Undecided | None:
        """Follow the parts of a path from a given one, static steps before variable ones.

        Returns the rule and its variables' texts, or ``None`` if no rule has this path.
        """
        if self.state is not None:
            self.expand()
        if at == len(parts):
            return self._end(values, method)
        part = parts[at]
        following = self.static.get(part)
        if following is not None:
            found = following.walk(parts, at + 1, values, method)
            if found is not None:
                return found
        for edge in self.edges:
            if edge.test is not None:
                if not edge.test(part):
                    continue
                found = edge.node.walk(parts, at + 1, [*values, part], method)
            elif edge.suffixed:
                return UNDECIDED
            else:
                matched = edge.match("/".join(parts[at:]) if edge.final else part)
                if matched is None:
                    continue
                following_part = len(parts) if edge.final else at + 1
                found = edge.node.walk(parts, following_part, values + matched, method)
            if found is not None:
                return found
        if self.loose and part == "" and at == len(parts) - 1:
            return UNDECIDED  # a rule here may take the path with its last slash
        return None

    def _end(self, values: Values, method: str) -> Found | Undecided | None:
        if self.by_method is None:
            return UNDECIDED
        leaf = self.by_method.get(method)
        if leaf is not None:
            return leaf, values
        # Other rules may have the method; if none does, it is not allowed. And a rule may take
        # the path with one slash more.
        return UNDECIDED if self.leaves or self._has_slashed_rules() else None

    def _has_slashed_rules(self) -> bool:
        slashed = self.static.get("")
        if slashed is None:
            return False
        slashed.expand()
        return bool(slashed.leaves)

    def collect(self, parts: list[str], at: int, methods: set[str]) -> bool:
        """Add the methods of all rules that have a path, as :meth:`walk` follows it; return
        whether it could be decided.
        """
        self.expand()
        if at == len(parts):
            if self.by_method is None or self._has_slashed_rules():
                return False
            if any(
                leaf.methods.symmetric_difference(leaf.rule.methods or ()) for leaf in self.leaves
            ):
                return False
            methods.update(self.by_method)
            return True
        part = parts[at]
        if self.loose and part == "" and at == len(parts) - 1:
            return False
        following = self.static.get(part)
        if following is not None and not following.collect(parts, at + 1, methods):
            return False
        for edge in self.edges:
            if edge.test is None:
                return False
            if edge.test(part) and not edge.node.collect(parts, at + 1, methods):
                return False
        return True
