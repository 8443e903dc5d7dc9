"""The documentation is true: its programs run, and its links lead somewhere.

A chapter of the guide is one program. Its ``python`` blocks are run one after the other as a
module of their own; a block that follows a line with a file's name is first written to that file.
"""

import importlib.util
import os
import re
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
from blinker import NamedSignal

from flask import signals

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])

FENCE = re.compile(r"(?:^`([\w./]+)`:\n\n)?^```(\w+)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)

Block = tuple[str, str, str]


def chapters(page: Path) -> Iterator[tuple[str, list[Block]]]:
    """Yield the title of each chapter that has programs, with its blocks."""
    for chapter in re.split(r"^## ", page.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        blocks = FENCE.findall(chapter)
        if any(language == "python" for _, language, _ in blocks):
            yield chapter.partition("\n")[0], blocks


PROGRAMS = [
    pytest.param(blocks, id=f"{page.name}: {title}")
    for page in (ROOT / "README.md", ROOT / "docs" / "guide.md", ROOT / "docs" / "security.md")
    for title, blocks in chapters(page)
]


@pytest.fixture
def signals_as_before() -> Iterator[None]:
    """Disconnect what the test connects: it would be called in other tests' requests."""
    declared = [s for s in vars(signals).values() if isinstance(s, NamedSignal)]
    before = {receiver for signal in declared for receiver in signal.receivers}
    yield
    for signal in declared:
        for key in signal.receivers.keys() - before:
            receiver = signal.receivers[key]
            signal.disconnect(receiver() if isinstance(receiver, weakref.ref) else receiver)


@pytest.mark.usefixtures("signals_as_before")
@pytest.mark.parametrize("blocks", PROGRAMS)
def test_program_in_the_documentation_runs(
    blocks: list[Block], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, _, text in blocks:
        if name:
            file = tmp_path / name
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
    source = tmp_path / "documented.py"
    source.write_text("\n".join(text for _, language, text in blocks if language == "python"))

    monkeypatch.setattr(os, "environ", dict(os.environ))
    spec = importlib.util.spec_from_file_location("documented", source)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "documented", module)
    spec.loader.exec_module(module)


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_and_headings(page: Path) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path) if path else page
        if not linked.exists() or (anchor and anchor not in anchors(linked)):
            broken.append(target)
    assert broken == []


def test_guide_lists_its_chapters() -> None:
    guide = ROOT / "docs" / "guide.md"
    text = guide.read_text(encoding="utf-8")
    listed = re.findall(r"^- \[(.+)\]\(#", text, flags=re.MULTILINE)
    assert listed == re.findall(r"^## (.+)$", text, flags=re.MULTILINE)
