"""The documentation is true: its programs run, and its links lead somewhere.

A chapter of a page has an empty folder for itself, and so has what stands before the first one. A
block that follows a line with a file's name is written to that file; then the ``python`` blocks are
run one after the other, each as a module of its own. A program whose first line is
``# needs: name`` runs where these packages are installed.
"""

import importlib.util
import logging
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
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("examples/*/*.md"), *DOCS.glob("**/*.md")])
# Pages whose blocks have tests of their own: tests/deploy and tests/site/test_tutorial.py.
APART = {"deploy", "tutorial"}

FENCE = re.compile(
    r"(?:^`([\w./]+)`:\n\n)?^```([\w+]+)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL
)
NEEDS = re.compile(r"\A# needs: (.+)$", flags=re.MULTILINE)

Block = tuple[str, str, str]


def chapters(page: Path) -> Iterator[tuple[str, list[Block]]]:
    """Yield the title of each chapter that has programs, with its blocks."""
    text = page.read_text(encoding="utf-8").removeprefix("# ")
    for chapter in re.split(r"^## ", text, flags=re.MULTILINE):
        blocks = FENCE.findall(chapter)
        if any(language == "python" for _, language, _ in blocks):
            yield chapter.partition("\n")[0], blocks


PROGRAMS = [
    pytest.param(blocks, id=f"{page.relative_to(ROOT)}: {title}")
    for page in PAGES
    if page.parent.name not in APART
    for title, blocks in chapters(page)
]


@pytest.fixture
def traces_removed(tmp_path: Path) -> Iterator[None]:
    """Take back what a program leaves in the process: receivers, handlers of logs, modules."""
    declared = [s for s in vars(signals).values() if isinstance(s, NamedSignal)]
    before = {receiver for signal in declared for receiver in signal.receivers}
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    for signal in declared:
        for key in signal.receivers.keys() - before:
            receiver = signal.receivers[key]
            signal.disconnect(receiver() if isinstance(receiver, weakref.ref) else receiver)
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.mark.usefixtures("traces_removed")
@pytest.mark.parametrize("blocks", PROGRAMS)
def test_program_in_the_documentation_runs(
    blocks: list[Block], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, _, text in blocks:
        if name:
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    programs = [text for _, language, text in blocks if language == "python"]
    for number, program in enumerate(programs):
        needs = NEEDS.search(program)
        for module in needs[1].split(", ") if needs else ():
            pytest.importorskip(module, reason=f"needs {module}, which make docs-test installs")
        run(program, tmp_path / f"documented_{number}.py", monkeypatch)


def run(program: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a program as a module in its own folder."""
    file.write_text(program, encoding="utf-8")
    monkeypatch.setattr(os, "environ", dict(os.environ))
    monkeypatch.chdir(file.parent)
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, file.stem, module)
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


@pytest.mark.parametrize("folder", ["tutorial", "deploy"])
def test_index_of_a_folder_links_to_each_of_its_pages(folder: str) -> None:
    index = (DOCS / folder / "index.md").read_text(encoding="utf-8")
    names = {page.name for page in (DOCS / folder).glob("*.md")} - {"index.md"}
    assert names - set(re.findall(r"\]\(([\w.-]+)", index)) == set()
