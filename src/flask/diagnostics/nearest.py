"""Suggestions of the nearest name, for messages about a name that does not exist."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the name most like ``name``, or ``None`` if none is close."""
    # Only shown where something went wrong, so that only then the time is spent.
    from difflib import get_close_matches

    found = get_close_matches(name, sorted(set(names)), n=1, cutoff=0.6)
    return found[0] if found else None


def suggestion(name: str, names: Iterable[str]) -> str:
    """Return `` Did you mean '...'?`` for the nearest name, or an empty string."""
    found = nearest(name, names)
    return "" if found is None else f" Did you mean {found!r}?"
