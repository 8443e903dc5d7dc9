"""The files of the built site: complete, linked to each other, and free of the network."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import click
import pytest

from flask.cli import cli

pytestmark = pytest.mark.site

ROOT = Path(__file__).parents[2]
FACTS = json.loads((ROOT / "tests" / "data" / "surface-3.1.3.json").read_text(encoding="utf-8"))

# Members that belong to the classes of other packages, which the reference leaves to their docs.
FOREIGN = {
    "flask.cli.AppGroup",
    "flask.cli.CertParamType",
    "flask.cli.FlaskGroup",
    "flask.cli.NoAppException",
    "flask.cli.SeparatedPathType",
    "flask.debughelpers.DebugFilesKeyError",
    "flask.debughelpers.FormDataRoutingRedirect",
    "flask.debughelpers.UnexpectedUnicodeError",
    "flask.signals.Namespace",
}


class Page(HTMLParser):
    """The ids of a page, and what it refers to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.parts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids |= {value for name in ("id", "name") if (value := given.get(name))}
        if tag == "a" and (target := given.get("href")):
            self.links.append(target)
        elif tag in {"link", "script", "img", "iframe", "source"}:
            self.parts += [value for name in ("href", "src") if (value := given.get(name))]


@cache
def read(path: Path) -> Page:
    return Page(path.read_text(encoding="utf-8"))


def known_ids(page: Path) -> set[str]:
    """The fragments that lead somewhere on a page; browsers know the first two by themselves."""
    return {"", "top"} | read(page).ids


def pages(site: Path) -> list[Path]:
    return sorted(site.rglob("*.html"))


def broken(page: Path, targets: list[str]) -> Iterator[str]:
    """Yield the targets that are no file beside the page, or no place in that file."""
    for target in targets:
        parts = urlsplit(target)
        if parts.scheme or parts.netloc:
            continue
        path = unquote(parts.path)
        linked = (page.parent / path).resolve() if path else page
        if not linked.exists() or (
            linked.suffix == ".html" and unquote(parts.fragment) not in known_ids(linked)
        ):
            yield target


def test_every_link_leads_to_a_place_in_the_site(site: Path) -> None:
    found = {
        str(page.relative_to(site)): list(broken(page, read(page).links + read(page).parts))
        for page in pages(site)
    }
    assert {page: targets for page, targets in found.items() if targets} == {}


def test_no_part_of_a_page_comes_from_the_network(site: Path) -> None:
    outside = [
        (page.name, part)
        for page in pages(site)
        for part in read(page).parts
        if urlsplit(part).netloc
    ]
    assert outside == []
    styles = "\n".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))
    assert "url(http" not in styles
    assert "@import" not in styles


def expected_entries() -> Iterator[set[str]]:
    """Yield the names of each public object and member, one of which has an entry."""
    for module, names in FACTS["modules"].items():
        for name, fact in names.items():
            known = {f"{module}.{name}", f"flask.{name}"}
            if fact.get("incidental") or fact["kind"] == "module" or name.startswith("_"):
                continue
            if "to" in fact or f"{module}.{name}" in FACTS["modules"]:
                continue
            yield known
            if fact.get("members") and f"{module}.{name}" not in FOREIGN:
                for member in fact["members"]:
                    if not member.startswith("_"):
                        yield {f"{prefix}.{member}" for prefix in known}


def test_every_public_name_and_member_has_an_entry(site: Path) -> None:
    sphinx: Any = pytest.importorskip("sphinx.util.inventory", reason="needs the docs extra")
    inventory = sphinx.InventoryFile.loads((site / "objects.inv").read_bytes(), uri="").data
    there = {name for kind, names in inventory.items() if kind[:3] == "py:" for name in names}
    assert [sorted(names) for names in expected_entries() if not names & there] == []


def options(command: click.Command, path: str) -> Iterator[tuple[str, str]]:
    """Yield each command with each of its options, and the commands below it."""
    yield path, path
    for parameter in command.params:
        for spelled in (*parameter.opts, *parameter.secondary_opts):
            yield path, spelled
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from options(child, f"{path} {name}")


@pytest.mark.parametrize(("command", "option"), list(options(cli, "flask")))
def test_every_command_and_option_has_an_entry(site: Path, command: str, option: str) -> None:
    text = (site / "reference" / "command-line.html").read_text(encoding="utf-8")
    section = text.partition(f'id="command-{command.replace(" ", "-")}"')[2]
    assert section
    assert option in section.partition('<span id="command-')[0]


def test_list_for_language_models_has_every_page(site: Path) -> None:
    text = (site / "llms.txt").read_text(encoding="utf-8")
    made = {"genindex", "search", "py-modindex"}
    for page in pages(site):
        name = page.relative_to(site).with_suffix("").as_posix()
        if name not in made and not name.startswith("_"):
            assert f"({name}.html):" in text, name
    assert len((site / "llms-full.txt").read_text(encoding="utf-8")) > 100_000


def test_folder_of_versions_leads_to_the_newest(site: Path) -> None:
    assert f"url={site.name}/index.html" in (site.parent / "index.html").read_text()
    assert f'"{site.name}"' in (site.parent / "versions.js").read_text()
