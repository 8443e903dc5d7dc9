"""The documentation is free of phrases that we have had to correct before."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
# The documentation is these folders, the pages beside them, and files of the project.
FOLDERS = ("deploy", "explanation", "how-to", "migrating", "reference", "tutorial")
PAGES = sorted(
    [
        *(ROOT / f"{name}.md" for name in ("README", "ARCHITECTURE", "CONTRIBUTING", "SECURITY")),
        *(ROOT / "examples").glob("*/README.md"),
        *DOCS.glob("*.md"),
        *(page for folder in FOLDERS for page in (DOCS / folder).glob("*.md")),
    ]
)

#: A phrase, as a regular expression, and what to write instead.
PHRASES = {
    r"\bof (?:yours|ours|his|theirs|ones? own|one's own)\b": "your own, ours; or say whose",
    r"\bones own\b": "your own",
    r"\bstands? for itself\b": "self-contained",
    r"\bwhat their names say\b": "describe each",
    r"\bthat (?:is|are) to be\b": "restructure the sentence",
    r"\bin which\b": "where, with; or two sentences",
    r"\bis honou?red\b": "works, takes effect",
    r"\bis a stranger's\b|\bstrangers\b": "untrusted, clients",
    r"\bfor want of\b": "because there is no",
    r"\bhas a say\b": "is called",
    r"\banew\b": "again",
    r"\bby itself, by\b": "restructure the sentence",
    r"(?:^|[.;] )So may\b": "you can",
    r"\bwhereupon\b|\bthereof\b|\bhenceforth\b": "then, of it, from then on",
    r"[,;] for (?:it|he|she|they|there|published)\b": "because",
    r"\bhonours\b|\bhearkens?\b": "follows",
    r"\bHe (?:can|cannot|does|may)\b": "they, attackers",
    r"\ba visitor's own\b": "the client's",
    r"\bbe it\b|\blest\b": "or, so that ... not",
    r"\bso\.$": "therefore, or leave it out",
}
HEADINGS = {
    "growing",
    "changing over",
    "take it",
    "addresses",
    "what comes in",
    "what goes out",
    "around every request",
    "remembering a visitor",
    "when something fails",
    "serving it",
    "settings",
    "where to find what",
    "start",
}


def prose(page: Path) -> str:
    """The text of a page without code, tables of raw results and comments."""
    text = page.read_text(encoding="utf-8")
    for code in (r"^(`{3,}).*?^\1$", r"<!--.*?-->", r"`[^`\n]+`", r"^ {4}.*$"):
        text = re.sub(code, "", text, flags=re.MULTILINE | re.DOTALL if "?" in code else re.M)
    return text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_phrases_are_plain_english(page: Path) -> None:
    text = " ".join(prose(page).split())
    found = {
        match[0]: remedy
        for phrase, remedy in PHRASES.items()
        for match in [re.search(phrase, text, flags=re.IGNORECASE)]
        if match
    }
    assert found == {}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_headings_are_terms_that_people_search_for(page: Path) -> None:
    titles = re.findall(r"^#+ (.+)$", prose(page), flags=re.MULTILINE)
    assert [title for title in titles if title.lower() in HEADINGS] == []


def test_a_phrase_to_correct_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Growing\n\nA type of ones own, for it is right.\n", encoding="utf-8")
    with pytest.raises(AssertionError, match="ones own"):
        test_phrases_are_plain_english(page)
    with pytest.raises(AssertionError, match="Growing"):
        test_headings_are_terms_that_people_search_for(page)
