"""Blocks of the documentation that install something."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from install_page import PAGE, ROOT

COMMAND = re.compile(
    r"^(?:RUN )?(?:\S*/)?(?:python3? -m )?"
    r"(?:pip3?|uv(?: pip)?|poetry|pdm|pipenv) (?:install|add|sync)\b"
)
FENCED = re.compile(r"^```\w*\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?:^ {4}.*\n)+", flags=re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """The installing commands of one block of a page."""

    page: Path
    number: int
    commands: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.number}"


def pages() -> list[Path]:
    """Return every page for users but docs/install.md, whose blocks have tests of their own."""
    found = [ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*/README.md")]
    return sorted(page for page in found if page != PAGE)


def blocks() -> list[Block]:
    """Return the blocks of all pages that install something."""
    return [
        Block(page, number, commands)
        for page in pages()
        for number, text in enumerate(_texts(page), 1)
        if (commands := _installing(text))
    ]


def _texts(page: Path) -> list[str]:
    text = page.read_text("utf-8")
    return [*FENCED.findall(text), *INDENTED.findall(FENCED.sub("", text))]


def _installing(text: str) -> tuple[str, ...]:
    lines = text.replace("\\\n", " ").splitlines()
    commands = [re.sub(r"^\s*(?:\$ )?", "", line) for line in lines]
    if not any(COMMAND.match(line) for line in commands):
        return ()
    # What a Dockerfile's first stage copies is there when it installs.
    stage = commands[: commands.index("", 1)] if text.startswith("FROM") else commands
    # A reader's own project is not there.
    own = re.compile(r"/path/to/(?!hipflask)")
    return tuple(
        line
        for line in commands
        if (COMMAND.match(line) and not own.search(line)) or line in _copies(stage)
    )


def _copies(lines: list[str]) -> list[str]:
    return [line for line in lines if line.startswith("COPY ") and "--from" not in line]
