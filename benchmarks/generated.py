"""Files that are generated from raw results: a command writes them, a test compares them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path


class Generated:
    """The files that a module generates.

    `render` answers each file's path and what it must hold; `module` is the one that is run.
    """

    def __init__(self, module: str, render: Callable[[], dict[Path, str]]) -> None:
        self.module = module
        self.render = render

    def outdated(self) -> list[str]:
        """Names of the files that aren't what the results say."""
        return [
            path.name
            for path, text in self.render().items()
            if not path.exists() or path.read_text() != text
        ]

    def write(self) -> None:
        for path, text in self.render().items():
            path.write_text(text)

    def main(self) -> int:
        """Write the files; with `--check` among the arguments say which are out of date."""
        if "--check" not in sys.argv[1:]:
            self.write()
            return 0
        outdated = self.outdated()
        for name in outdated:
            print(f"{name} is out of date: run python -m {self.module}", file=sys.stderr)
        return 1 if outdated else 0
