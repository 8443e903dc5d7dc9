"""The reference has an entry for every public name, setting, signal and extra."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from flask import Flask

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
FACTS = json.loads((ROOT / "tests" / "data" / "surface-3.1.3.json").read_text(encoding="utf-8"))

# Extras for people who work on the package, which no application needs.
FOR_CONTRIBUTORS = {"test", "browser", "bench", "hostile", "dev", "docs", "mutation"}


def entries() -> set[str]:
    """The full names that pages of the reference describe."""
    found = set()
    for page in REFERENCE.glob("*.md"):
        module = ""
        for kind, name in re.findall(
            r"^\.\. (?:py:)?(\w+):: ([\w.]+)", page.read_text(encoding="utf-8"), flags=re.MULTILINE
        ):
            if kind in {"module", "currentmodule"}:
                module = name
            else:
                found.add(name if name.startswith("flask.") else f"{module}.{name}")
    return found


def public_names() -> Iterator[set[str]]:
    """Yield the names that each public object goes by, of which the reference has one at least."""
    for module, names in FACTS["modules"].items():
        for name, fact in names.items():
            if fact.get("incidental") or name.startswith("_") or is_module(module, name, fact):
                continue
            yield {f"{module}.{name}", f"flask.{name}", str(fact.get("to", ""))}


def is_module(module: str, name: str, fact: dict[str, str]) -> bool:
    return fact["kind"] == "module" or f"{module}.{name}" in FACTS["modules"]


def test_every_public_name_has_an_entry() -> None:
    there = entries()
    assert [sorted(names) for names in public_names() if not names & there] == []


def test_entries_are_of_names_that_exist() -> None:
    missing = []
    for name in entries():
        module, _, attribute = name.rpartition(".")
        found: object = __import__(module, fromlist=["_"])
        if not hasattr(found, attribute):
            missing.append(name)
    assert missing == []


def settings() -> dict[str, str]:
    """Each key of the page on configuration, with the line that tells its type and default."""
    text = (REFERENCE / "configuration.md").read_text(encoding="utf-8")
    return dict(re.findall(r"^### (\w+)\n\n(Type .+)$", text, flags=re.MULTILINE))


def optional_settings() -> set[str]:
    """The keys that the package reads if somebody has set them."""
    sources = "\n".join(path.read_text(encoding="utf-8") for path in ROOT.glob("src/**/*.py"))
    return set(re.findall(r"config\.get\(\s*\"([A-Z_]+)\"", sources))


def test_every_setting_has_an_entry_and_every_entry_is_a_setting() -> None:
    assert set(settings()) == set(Flask.default_config) | optional_settings()


def test_defaults_of_settings_are_told_as_they_are() -> None:
    told = {"DEBUG": "`False`", "PERMANENT_SESSION_LIFETIME": "31 days"}
    for key, value in Flask.default_config.items():
        default = settings()[key].rpartition("default")[2]
        spelled = told.get(key, f'"{value}"' if isinstance(value, str) else repr(value))
        assert spelled in default.replace("_", ""), key


def test_every_signal_has_an_entry() -> None:
    page = (REFERENCE / "signals.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\.\. py:data:: (\w+)", page, flags=re.MULTILINE)) == set(
        FACTS["signals"]
    )


def test_every_extra_has_an_entry() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = set(project["optional-dependencies"]) - FOR_CONTRIBUTORS
    page = (REFERENCE / "extras.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `([\w-]+)` \|", page, flags=re.MULTILINE))
    assert extras - listed == set()
    assert listed - extras == set()
