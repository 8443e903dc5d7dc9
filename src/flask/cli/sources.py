"""Source locations of functions and classes."""

from __future__ import annotations

import inspect
import os
from typing import Any


def place_of(function: Any) -> str:
    """Return file and line of a function or class, relative to the working directory."""
    written = inspect.unwrap(getattr(function, "view_class", function))
    try:
        file = inspect.getsourcefile(written)
        line = inspect.getsourcelines(written)[1]
    except (OSError, TypeError):
        return ""
    if file is None:
        return ""
    relative = os.path.relpath(file)
    return f"{file if relative.startswith(os.pardir) else relative}:{line}"
