"""The pages of docs/deploy, as the tests read them.

A block marked `sh` holds commands that a test runs. A block that follows a line with a file's path
shows that file, the very one the tests use; `python tests/deploy/deploy_pages.py` puts the files
into the pages anew. Blocks marked `console` are for reading: they change the machine, or need what
no test has.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "deploy"
# [`path`](link):, an empty line, and the block. The link may be left out.
SHOWN = r"(?:^\[?`([\w./-]+)`(?:\]\([\w./-]+\))?:\n\n)"
BLOCK = re.compile(rf"{SHOWN}?^```(\w*)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    file: str
    language: str
    text: str


@cache
def blocks(page: str) -> tuple[Block, ...]:
    text = (PAGES / f"{page}.md").read_text(encoding="utf-8")
    return tuple(Block(*found) for found in BLOCK.findall(text))


def commands(page: str, program: str = "") -> list[str]:
    """The commands of a page that the tests run, or those of one program."""
    found = []
    for block in blocks(page):
        if block.language == "sh":
            lines = block.text.replace("\\\n", " ").splitlines()
            found += [" ".join(line.split()) for line in lines if not line.startswith("#")]
    return [line for line in found if not program or line.split()[0] == program]


def only(page: str, *words: str) -> str:
    """The one command of a page that has these words."""
    (found,) = [line for line in commands(page) if all(word in line for word in words)]
    return found


def every_page() -> list[Path]:
    return sorted(PAGES.glob("*.md"))


def with_files(text: str) -> str:
    """Answer a page's text with each file that it shows as that file is now."""

    def shown(found: re.Match[str]) -> str:
        if not found[1]:
            return found[0]
        content = (ROOT / found[1]).read_text(encoding="utf-8")
        return f"{found[0][: found.start(3) - found.start()]}{content}```"

    return BLOCK.sub(shown, text)


if __name__ == "__main__":
    for path in every_page():
        path.write_text(with_files(path.read_text(encoding="utf-8")), encoding="utf-8")
