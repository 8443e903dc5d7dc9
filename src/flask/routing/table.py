"""The routing table: compiled from a URL map, it finds the rule for a path and a method."""

from __future__ import annotations

import enum
import typing as t

from werkzeug.routing import Map as BaseMap
from werkzeug.routing import Rule

from .map import Map
from .tree import UNDECIDED, Edge, Leaf, Node

Match = tuple[Leaf, dict[str, t.Any]]


class Missing(enum.Enum):
    """The type of :data:`MISSING`."""

    MISSING = enum.auto()


MISSING: t.Literal[Missing.MISSING] = Missing.MISSING
"""Found instead of a rule: there is none for the path, whatever the method."""


class RoutingTable:
    """Finds rules: literal paths in a dict, others in a tree.

    Only the rules of the map's default subdomain are in it; for host rules, redirects, and
    whatever finds nothing here, the caller asks Werkzeug's matcher.
    """

    __slots__ = ("_count", "leaves", "literal", "root", "url_map")

    url_map: BaseMap

    leaves: dict[int, Leaf]
    """Every rule's leaf, by the identity of the rule."""

    literal: dict[str, dict[str, Leaf]]
    """By path, by method: the paths that no rule's variable takes part in."""

    root: Node | None
    """Where the walk over the parts of other paths begins; ``None``: it decides nothing."""

    def __init__(self, url_map: BaseMap) -> None:
        self.url_map = url_map
        rules = list(url_map.iter_rules())
        self._count = len(rules)
        with_defaults = {rule.endpoint for rule in rules if rule.defaults}
        self.leaves = {
            id(rule): Leaf(
                rule, _is_plain(rule) and not _may_redirect(rule, url_map, with_defaults)
            )
            for rule in rules
        }
        self.root = self._plant()
        self.literal = {} if self.root is None else _literal_paths(self.root)

    def _plant(self) -> Node | None:
        """Grow the tree from the states of Werkzeug's matcher, which has them in its order."""
        state = getattr(getattr(self.url_map, "_matcher", None), "_root", None)
        if state is None or self.url_map.host_matching or state.dynamic:
            return None  # the host takes part in the match
        state = state.static.get(self.url_map.default_subdomain)
        if state is None:
            return None
        root = Node()
        pending = [(state, root)]
        while pending:
            state, node = pending.pop()
            for rule in state.rules:
                node.add(self.leaves[id(rule)])
            for part, following in state.static.items():
                node.static[part] = Node()
                pending.append((following, node.static[part]))
            edges = []
            for part, following in state.dynamic:
                edges.append(Edge(part.content, part.final, part.suffixed))
                pending.append((following, edges[-1].node))
            node.edges = tuple(edges)
        return root

    def is_current(self) -> bool:
        """Whether the map still has as many rules as the table was made from.

        Only asked of maps that do not tell when they change.
        """
        return len(self.url_map._rules) == self._count

    def find(self, path: str, method: str) -> Match | Missing | None:
        """Return the rule and the view's arguments, :data:`MISSING` if no rule has the path, or
        ``None``: ask Werkzeug's matcher.

        :param path: decoded.
        """
        by_method = self.literal.get(path)
        if by_method is not None:
            leaf = by_method.get(method)
            return None if leaf is None else (leaf, leaf.view_args([]))
        if self.root is None or path[:1] != "/" or path[:2] == "//":
            return None
        found = self.root.walk(path.split("/"), 0, [], method)
        if found is None:
            # With fewer slashes there might be a rule.
            return None if "//" in path else MISSING
        if found is UNDECIDED:
            return None
        leaf, values = t.cast("tuple[Leaf, list[str]]", found)
        try:
            return leaf, leaf.view_args(values)
        except ValueError:  # a ValidationError, or what the matcher makes one of
            return None

    def allowed_methods(self, path: str) -> set[str] | None:
        """Return the methods of the rules that have the path, or ``None``: ask Werkzeug's matcher.

        :param path: decoded.
        """
        if self.root is None or path[:1] != "/" or "//" in path:
            return None
        methods: set[str] = set()
        return methods if self.root.collect(path.split("/"), 0, methods) else None


def _literal_paths(root: Node) -> dict[str, dict[str, Leaf]]:
    """The paths that a walk over static steps alone decides.

    Such a walk is tried before any other, so that its result can be kept.
    """
    literal: dict[str, dict[str, Leaf]] = {}
    pending = [(part, node) for part, node in root.static.items()]
    while pending:
        path, node = pending.pop()
        # Werkzeug's matcher never sees two slashes at the beginning.
        if node.leaves and node.by_method and path[:2] != "//":
            literal[path] = node.by_method
        pending += [(f"{path}/{part}", following) for part, following in node.static.items()]
    return literal


def _is_plain(rule: Rule) -> bool:
    return rule.redirect_to is None and not rule.alias and not rule.websocket


def _may_redirect(rule: Rule, url_map: BaseMap, with_defaults: set[t.Any]) -> bool:
    """Whether another rule of the endpoint, with defaults, might have the better URL."""
    if not url_map.redirect_defaults or rule.endpoint not in with_defaults:
        return False
    for other in url_map.iter_rules(rule.endpoint):
        if other is rule:
            return False
        if other.provides_defaults_for(rule):
            return True
    return False


def is_watched(url_map: BaseMap) -> bool:
    """Whether the map tells when it changes."""
    return isinstance(url_map, Map) and url_map.generation is not None
