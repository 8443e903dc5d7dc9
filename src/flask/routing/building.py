"""URL builders: compiled per endpoint, they put a path together."""

from __future__ import annotations

import typing as t

from werkzeug.routing import Map as BaseMap
from werkzeug.routing import Rule, ValidationError

Build = t.Callable[..., tuple[str, str]]


class Builder:
    """Builds the paths of one endpoint that has a single rule on the default subdomain.

    The rule's own compiled function makes the path; what is left out here is Werkzeug's choice
    among rules and hosts, of which there is one.
    """

    __slots__ = ("arguments", "build", "constant")

    arguments: frozenset[str]
    """The values that there must be."""

    constant: str | None
    """The path, if it has no variables."""

    build: Build
    """Called with the values; unknown ones become the query."""

    def __init__(self, rule: Rule) -> None:
        self.arguments = frozenset(rule.arguments)
        self.build = rule._build_unknown
        self.constant = self.build()[1].lstrip("/") if not rule.arguments else None

    def path(self, values: dict[str, t.Any]) -> str | None:
        """Return the path without its first slash, or ``None``: ask Werkzeug's adapter.

        What the values lack, and what a converter refuses, is for the adapter to say.
        """
        if not values:
            return self.constant
        if not self.arguments.issubset(values):
            return None
        for value in values.values():
            if value is None:  # counts as missing
                return None
        try:
            return self.build(**values)[1].lstrip("/")
        except ValidationError:
            return None


def compile_builder(url_map: BaseMap, endpoint: str) -> Builder | None:
    """Return the builder of an endpoint, or ``None`` if its URLs take Werkzeug to choose."""
    url_map.update()
    rules = getattr(url_map, "_rules_by_endpoint", {}).get(endpoint, ())
    if len(rules) != 1 or url_map.host_matching:
        return None
    (rule,) = rules
    if rule.defaults or rule.websocket or rule.subdomain != url_map.default_subdomain:
        return None
    return Builder(rule)
