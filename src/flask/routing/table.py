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
"""Found instead of a rule: there is none for the path, whatever the method."""


class RoutingTable:
    """Finds rules: literal paths in a dict, others in a tree.

    Only the rules of the map's default subdomain are in it; for host rules, redirects, and
    whatever finds nothing here, the caller asks Werkzeug's matcher.
    """

    __slots__ = ("literal", "root", "url_map")

    url_map: BaseMap

    literal: dict[str, dict[str, Leaf]]
    """By path, by method: the paths that were found without a variable.

    A walk over static steps alone is tried before any other, so that its result can be kept.
    There are at most as many as there are rules.
    """

    root: Node | None
    """Where the walk over the parts of other paths begins; ``None``: it decides nothing."""

    def __init__(self, url_map: BaseMap) -> None:
        url_map.update()
        self.url_map = url_map
        self.literal = {}
        self.root = self._plant()

    def _plant(self) -> Node | None:
        state = getattr(getattr(self.url_map, "_matcher", None), "_root", None)
        if state is None or self.url_map.host_matching or state.dynamic:
            return None  # the host takes part in the match
        state = state.static.get(self.url_map.default_subdomain)
        return None if state is None else Node(state)

    def find(self, path: str, method: str) -> Match | Missing | None:
        """Return the rule and the view's arguments, :data:`MISSING` if no rule has the path, or
        ``None``: ask Werkzeug's matcher.

        :param path: decoded.
        """
        root = self.root
        if root is None or path[:1] != "/" or path[:2] == "//":
            return None  # Werkzeug's matcher never sees two slashes at the beginning
        parts = path.split("/")
        # PERF: most paths are found without trying one way after another, for which each step
        # would be a call. What is found here is what the walk would find first; the walk also
        # makes the nodes, and tells what is missing.
        node = root
        values: list[str] = []
        for part in parts:
            following = node.static.get(part)
            if following is None:
                for edge in node.edges:
                    if edge.test is None:
                        break
                    if edge.test(part):
                        following = edge.node
                        values.append(part)
                        break
                if following is None:
                    break
            node = following
        else:
            leaf = None if node.by_method is None else node.by_method.get(method)
            if leaf is not None:
                if leaf.text is not None:
                    return leaf, {leaf.text: values[0]}
                if leaf.only is not None:
                    name, convert = leaf.only
                    try:
                        return leaf, {name: convert(values[0])}
                    except ValueError:  # as in _match
                        return None
                return self._match(path, leaf, values)
        found = root.walk(parts, 0, [], method)
        if found is None:
            # With fewer slashes there might be a rule.
            return None if "//" in path else MISSING
        if found is UNDECIDED:
            return None
        return self._match(path, *t.cast("tuple[Leaf, list[str]]", found))

    def _match(self, path: str, leaf: Leaf, values: list[str]) -> Match | None:
        if not values:
            self._keep(path)
        try:
            return leaf, leaf.view_args(values)
        except ValueError:  # a ValidationError, or what the matcher makes one of
            return None

    def _keep(self, path: str) -> None:
        """Enter a path that was found without a variable among the literal ones."""
        node = self.root
        for part in path.split("/"):
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
        return methods if self.root.collect(path.split("/"), 0, methods) else None


def is_watched(url_map: BaseMap) -> bool:
    """Whether the map tells when it changes."""
    return isinstance(url_map, Map) and url_map.generation is not None
