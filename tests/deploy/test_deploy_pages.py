"""The pages of docs/deploy show the files that are tested, and every file is shown or named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from deploy_pages import PAGES, ROOT, blocks, every_page, with_files

HERE = Path(__file__).parent
DEPLOY = ROOT / "deploy"
NAMES = [page.stem for page in every_page()]


@pytest.mark.parametrize("name", NAMES)
def test_files_are_shown_as_they_are(name: str) -> None:
    text = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    told = "a shown file has changed: run python tests/deploy/deploy_pages.py"
    assert with_files(text) == text, told


@pytest.mark.parametrize("name", NAMES)
def test_blocks_are_of_a_kind_that_is_told(name: str) -> None:
    for block in blocks(name):
        if not block.file:
            assert block.language in ("sh", "console", "python"), block


@pytest.mark.parametrize("name", [name for name in NAMES if name != "index"])
def test_every_page_has_tests_and_is_listed(name: str) -> None:
    modules = [path.read_text() for path in HERE.glob("test_deploy_*.py")]
    assert any(f"docs/deploy/{name}.md" in text for text in modules)
    assert f"({name}.md)" in (PAGES / "index.md").read_text()


def test_every_file_is_spoken_of_on_a_page() -> None:
    pages = "\n".join(page.read_text(encoding="utf-8") for page in every_page())
    # A page speaks of a file by its path, or by that of a folder above it.
    spoken = set(re.findall(r"deploy/[\w./-]+", pages))
    silent = []
    for path in sorted(DEPLOY.rglob("*")):
        if path.is_dir() or re.search(r"/(__pycache__|\.[^/]+)/|/ruff.toml$", str(path)):
            continue
        place = path.relative_to(ROOT)
        if not {str(place), *map(str, place.parents)} & spoken:
            silent.append(str(place))
    assert silent == []
