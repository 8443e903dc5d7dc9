"""Shorter ways to the result of methods that templates call often."""

from __future__ import annotations

import typing as t

Shortcut = t.Callable[[t.Any, tuple[t.Any, ...], dict[str, t.Any]], t.Any]
"""Returns what a method of the first argument returns for the arguments and keyword arguments, or
``None``: call the method.
"""

shortcuts: dict[t.Callable[..., t.Any], Shortcut] = {}
"""By the function of the method, so that an overridden method is called."""

Link = t.Callable[[t.Any, str, dict[str, t.Any]], "str | None"]
"""Returns the URL of an endpoint for values, none of whose names begins with an underscore, or
``None``: call the method.
"""

links: dict[t.Callable[..., t.Any], Link] = {}
"""By the function of the method."""
