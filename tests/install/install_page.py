"""The page docs/install.md as the tests read it, and the table that they write into it.

    python tests/install/install_page.py

writes the table anew from results.json, which `make install-matrix ARGS=--record-install` writes.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PAGE = ROOT / "docs" / "install.md"
RESULTS = HERE / "results.json"
ADDRESS = "https://packages.example/simple/"
"""Stands for the address of the index wherever the documentation installs something."""

STEPS = ("lock", "sync", "add an extension", "upgrade")
FENCE = re.compile(r"(?:^`([\w./-]+)`:\n\n)?^```(\w+)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
TABLE = re.compile(r"(?<=<!-- matrix -->\n).*?(?=<!-- end -->)", flags=re.DOTALL)


@dataclass(frozen=True)
class Recipe:
    """How to install with one tool: files to write, and commands for each step."""

    title: str
    files: dict[str, str]
    steps: dict[str, str]
    """Shell commands by step; ``check`` is the last one."""


def recipes() -> list[Recipe]:
    """Return the sections of the page that go through all steps."""
    found = []
    for chapter in re.split(r"^## ", PAGE.read_text("utf-8"), flags=re.MULTILINE)[1:]:
        files, steps = {}, {}
        for name, language, text in FENCE.findall(chapter):
            if name:
                files[name] = text
            elif language == "console" and text.startswith("# lock\n"):
                steps = commands_by_step(text)
        if steps:
            found.append(Recipe(chapter.partition("\n")[0], files, steps))
    return found


def commands_by_step(text: str) -> dict[str, str]:
    parts = re.split(r"^# (.+)\n", text, flags=re.MULTILINE)[1:]
    return {
        step: re.sub(r"^\$ ", "", commands, flags=re.MULTILINE)
        for step, commands in zip(parts[::2], parts[1::2], strict=True)
    }


def table(results: dict[str, Any]) -> str:
    """Write the table of the page from recorded results."""
    lines = ["", f"| section | tried with | {' | '.join(STEPS)} |", "| --- |" + " --- |" * 5]
    for title, row in results["recipes"].items():
        cells = " | ".join("yes" if row["steps"][step] else "NO" for step in STEPS)
        lines.append(f"| [{title}](#{anchor(title)}) | {row['tool']} | {cells} |")
    original = results["original"]
    lines += [
        "",
        f"Recorded under Python {results['python']} with Hipflask {results['release']}, upgraded to"
        f" a {results['next']} made for the test. With the original Flask {original['version']} in"
        " the environment instead, `flask info --check` ended with exit code"
        f" {original['check']} and `import hipflask` with {original['import']}.",
        "",
    ]
    return "\n".join(lines) + "\n"


def anchor(title: str) -> str:
    return re.sub(r"[^\w\- ]", "", title).lower().replace(" ", "-")


def with_table(page: str) -> str:
    text = table(json.loads(RESULTS.read_text("utf-8")))
    return TABLE.sub(lambda found: text, page)


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text("utf-8")), "utf-8")
