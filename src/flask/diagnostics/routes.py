"""The nearest routes to a path that no route matches."""

from __future__ import annotations

import logging
import re
import typing as t

if t.TYPE_CHECKING:
    from werkzeug.routing import Map

_VARIABLE = r"<(?:[^<>:]+:)?([^<>]+)>"
_MOST = 3
_ENOUGH = 0.6


def nearest_routes(url_map: Map, path: str) -> list[str]:
    """Return up to three rules most similar to a path, the nearest first.

    A variable of a rule counts as equal to any segment of the path.
    """
    from difflib import SequenceMatcher

    wanted = path.strip("/").lower().split("/")
    rated = []
    for text in {rule.rule for rule in url_map.iter_rules() if not rule.websocket}:
        pieces = text.strip("/").lower().split("/")
        likeness = [
            1.0 if re.search(_VARIABLE, piece) else SequenceMatcher(None, piece, asked).ratio()
            for piece, asked in zip(pieces, wanted, strict=False)
        ]
        # Segments that one has and the other lacks count as unlike.
        score = sum(likeness) / max(len(pieces), len(wanted))
        literal = any(
            not re.search(_VARIABLE, piece) and ratio >= _ENOUGH
            for piece, ratio in zip(pieces, likeness, strict=False)
        )
        if score >= _ENOUGH and literal:
            rated.append((-score, text))
    return [text for _, text in sorted(rated)[:_MOST]]


def log_nearest_routes(url_map: Map, path: str) -> None:
    """Log the nearest routes to the path of a request that no route matches."""
    found = nearest_routes(url_map, path)
    if found:
        # Not the application's logger, whose records are the same as on the original.
        logger = logging.getLogger("hipflask")
        logger.warning("No route matches %r. Nearest: %s", path, ", ".join(map(repr, found)))
