"""The routing table: compiled from a URL map, it finds the rule for a path and a method."""

from __future__ import annotations

import enum
import typing as t

from werkzeug.routing import Map as BaseMap

from .map import Map
from .tree import UNDECIDED, Leaf, Node

Match = tuple[Leaf, dict[str, t.Any]]


class Missing(enum.Enum):
    """The type of :data:`MISSING`."""

    MISSING = enum.auto()


MISSING: t.Literal[Missing.MISSING] = Missing.MISSING
"""Result of a look-up: no rule has the path, for any method."""


class RoutingTable:
    """Look-up of rules: literal paths in a dict, others in a tree.

    It has the rules of one domain. It converts numbers and text by itself, so it must not be used
    unless :func:`~.tree.converters_as_built_in`. For redirects, and for paths that are not found
    here, the caller asks Werkzeug's matcher.

    :param domain: the subdomain, or the host if the map matches hosts.
    """

    __slots__ = ("domain", "literal", "prefix", "root", "url_map")

    url_map: BaseMap

    literal: dict[str, dict[str, Leaf]]
    """Rules by path and method, for paths found without a variable.

    A walk over static steps alone is tried before any other, so its result can be kept. There are
    at most as many paths as rules. They are of ASCII, so that one is found before it is decoded.
    """

    root: Node | None
    """Start of the walk over the parts of other paths; ``None`` if the tree can't decide."""

    prefix: list[str]
    """Parts to walk before those of a path: the domain, if rules have variables in it."""

    def __init__(self, url_map: BaseMap, domain: str) -> None:
        # PERF: the nodes sort what they read, so the first request needn't wait for all the rest.
        if type(url_map).update is not Map.update:
            url_map.update()
        self.url_map = url_map
        self.domain = domain
        self.prefix = []
        self.literal = {}
        self.root = self._plant()

    def _plant(self) -> Node | None:
        state = getattr(getattr(self.url_map, "_matcher", None), "_root", None)
        if state is None:
            return None
        if state.dynamic:
            self.prefix = [self.domain]
            return Node(state)
        state = state.static.get(self.domain)
        return None if state is None else Node(state)

    def find(self, path: str, method: str, in_context: bool = True) -> Match | Missing | None:
        """Return the rule and the view's arguments, :data:`MISSING` if no rule has the path, or
        ``None``: ask Werkzeug's matcher.

        :param path: decoded.
        :param in_context: whether the request is current, for converters that ask for it.
        """
        root = self.root
        if root is None or path[:1] != "/" or path[:2] == "//":
            return None  # Werkzeug's matcher never sees two slashes at the beginning
        parts = path.split("/")
        if self.prefix:
            parts = self.prefix + parts
        # PERF: most paths are found without trying one way after another, for which each step
        # would be a call. What is found here is what the walk would find first; the walk also
        # makes the nodes, and tells what is missing.
        node = root
        values: list[str] = []
        for part in parts:
            following = node.static.get(part)
            if following is None:
                for edge in node.edges:
                    test = edge.test
                    if test is None:
                        if edge.takes_rest and part and "\n" not in path:
                            leaf = edge.leaf(method)
                            if leaf is not None:
                                values.append("/".join(parts[edge.depth :]))
                                return self._match(path, leaf, values, in_context)
                        break
                    if test(part):
                        following = edge.node
                        values.append(part)
                        break
                if following is None:
                    break
            node = following
        else:
            leaf = None if node.by_method is None else node.by_method.get(method)
            if leaf is not None:
                # PERF: 'Leaf.has_changed' takes a call to say this.
                rule = leaf.rule
                methods = rule.methods
                if rule.endpoint is not leaf.endpoint or methods is None or method not in methods:
                    return None
                if not rule.defaults:
                    if leaf.single_str_param is not None:
                        return leaf, {leaf.single_str_param: values[0]}
                    if leaf.single_param is not None:
                        name, convert = leaf.single_param
                        try:
                            return leaf, {name: convert(values[0])}
                        except ValueError:  # as in _match
                            return None
                    if leaf.two_params is not None:
                        name, first, other, second = leaf.two_params
                        try:
                            text, other_text = values
                            return leaf, {
                                name: text if first is None else first(text),
                                other: other_text if second is None else second(other_text),
                            }
                        except ValueError:
                            return None
                return self._match(path, leaf, values, in_context)
        found = root.walk(parts, 0, [], method)
        if found is None:
            # With fewer slashes there might be a rule.
            return None if "//" in path else MISSING
        if found is UNDECIDED:
            return None
        leaf, values = t.cast("tuple[Leaf, list[str]]", found)
        return None if leaf.has_changed(method) else self._match(path, leaf, values, in_context)

    def find_literal(self, path: str, method: str) -> Match | None:
        """Return the rule of a path that was found without a variable before, or ``None``."""
        by_method = self.literal.get(path)
        leaf = None if by_method is None else by_method.get(method)
        if leaf is None or leaf.has_changed(method):
            return None
        defaults = leaf.rule.defaults
        return leaf, dict(defaults) if defaults else {}

    def _match(self, path: str, leaf: Leaf, values: list[str], in_context: bool) -> Match | None:
        if leaf.needs_context and not in_context:
            return None
        if not values and path.isascii():
            self._keep(path)
        try:
            return leaf, leaf.view_args(values)
        except ValueError:  # a ValidationError, or what the matcher makes one of
            return None

    def _keep(self, path: str) -> None:
        """Add a path that was found without a variable to the literal ones."""
        node = self.root
        for part in (*self.prefix, *path.split("/")):
            node = None if node is None else node.static.get(part)
        if node is not None and node.by_method:
            self.literal[path] = node.by_method

    def allowed_methods(self, path: str) -> set[str] | None:
        """Return the methods of the rules that have the path, or ``None``: ask Werkzeug's matcher.

        :param path: decoded.
        """
        if self.root is None or path[:1] != "/" or "//" in path:
            return None
        methods: set[str] = set()
        parts = [*self.prefix, *path.split("/")]
        return methods if self.root.collect(parts, 0, methods) else None
