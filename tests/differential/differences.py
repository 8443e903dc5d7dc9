"""Read the table of accepted differences from ``docs/differences.md``."""

from __future__ import annotations

import fnmatch
import functools
import re
from pathlib import Path

TABLE = Path(__file__).parents[2] / "docs" / "differences.md"
ROW = re.compile(r"^\| `([^`]+)` \| (.+) \|$")


@functools.cache
def accepted() -> dict[str, str]:
    """Answer the reason for each scenario id (or pattern of ids) in the table."""
    rows = (ROW.match(line) for line in TABLE.read_text().splitlines())
    return {row.group(1): row.group(2) for row in rows if row}


def reason_for(identity: str) -> str | None:
    """Answer why this scenario may differ, or None where it may not."""
    for pattern, reason in accepted().items():
        # Ids hold square brackets, which fnmatch would take for a set of characters.
        if fnmatch.fnmatchcase(identity, re.sub(r"\[", "[[]", pattern)):
            return reason
    return None
