"""The installed implementation: versions, extras, and signs that another replaced it."""

from __future__ import annotations

import json
import platform
import re
import sys
import typing as t
from importlib import metadata
from pathlib import Path

NAME = "Hipflask"

LIBRARIES = ("Werkzeug", "Jinja2", "MarkupSafe", "itsdangerous", "click", "blinker")
"""Distributions that the package always needs."""

_FOR_DEVELOPERS = frozenset({"bench", "browser", "dev", "docs", "hostile", "test"})
_REQUIREMENT = re.compile(r"^([\w.-]+).*;.*\bextra *== *[\"']([\w.-]+)[\"']")


class Installation(t.TypedDict):
    """Facts about the installation, as ``flask info --json`` prints them."""

    implementation: str
    version: str | None
    """The version of the installed distribution."""
    compatible_with: str
    """The release of Flask whose interface this one provides."""
    location: str
    """The folder that ``flask`` is imported from."""
    editable: bool
    python: dict[str, str]
    libraries: dict[str, str | None]
    extras: dict[str, dict[str, str | None]]
    """The packages of each extra, with the installed versions."""
    problems: list[str]
    """Signs that the importable or the installed ``flask`` is another one."""


def describe() -> Installation:
    """Collect the facts about the running installation."""
    found = _distributions()
    version = found[0].version if found else None
    return Installation(
        implementation=_implementation() or "unknown",
        version=version,
        compatible_with=".".join((version or "").split(".")[:3]),
        location=str(_package()),
        editable=bool(found) and _editable_root(found[0]) is not None,
        python={
            "version": platform.python_version(),
            "implementation": platform.python_implementation(),
            "executable": sys.executable,
        },
        libraries={name: version_of(name) for name in LIBRARIES},
        extras=_extras(found[0]) if found else {},
        problems=list(problems()),
    )


def problems() -> t.Iterator[str]:
    """Yield a sentence for each sign that ``flask``, importable or installed, is another one."""
    if _implementation() != NAME:
        yield f"The importable 'flask' in {_package()} is not {NAME}."
    found = _distributions()
    if not found:
        yield (
            "No distribution named 'flask' is installed, so the next package that requires Flask"
            " brings another one."
        )
    for distribution in found:
        if not _is_ours(distribution):
            yield (
                f"The installed distribution flask {distribution.version} in"
                f" {distribution.locate_file('')} is not {NAME}."
            )
        elif not _provides_package(distribution):
            yield (
                f"'flask' is imported from {_package()}, which does not belong to the installed"
                f" distribution flask {distribution.version} in {distribution.locate_file('')}."
            )


def version_of(name: str) -> str | None:
    """Return the installed version of a distribution, or ``None`` if it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _implementation() -> str | None:
    # Asked of the package that is imported, which need not be the one that this file belongs to.
    return getattr(sys.modules["flask"], "__implementation__", None)


def _package() -> Path:
    return Path(t.cast(str, sys.modules["flask"].__file__)).resolve().parent


def _distributions() -> list[metadata.Distribution]:
    """Return the installed distributions named ``flask``, the effective one first.

    There are two if one was copied over the other. A folder that is on the path twice counts once.
    """
    found = {
        str(distribution.locate_file(f"flask-{distribution.version}")): distribution
        for distribution in reversed(list(metadata.distributions(name="flask")))
    }
    return list(reversed(found.values()))


def _is_ours(distribution: metadata.Distribution) -> bool:
    return str(distribution.metadata["Summary"]).startswith(f"{NAME}:")


def _provides_package(distribution: metadata.Distribution) -> bool:
    root = _editable_root(distribution)
    if root is not None:
        return root in _package().parents
    return Path(str(distribution.locate_file("flask"))).resolve() == _package()


def _editable_root(distribution: metadata.Distribution) -> Path | None:
    """Return the project folder of an editable installation, else ``None``."""
    origin = json.loads(distribution.read_text("direct_url.json") or "{}")
    if not origin.get("dir_info", {}).get("editable"):
        return None
    from urllib.parse import unquote, urlsplit

    return Path(unquote(urlsplit(origin["url"]).path)).resolve()


def _extras(distribution: metadata.Distribution) -> dict[str, dict[str, str | None]]:
    """Return the packages of each extra meant for users, with the installed versions."""
    extras: dict[str, dict[str, str | None]] = {}
    for requirement in distribution.requires or ():
        parsed = _REQUIREMENT.match(requirement)
        if parsed is not None and parsed[2] not in _FOR_DEVELOPERS:
            extras.setdefault(parsed[2], {})[parsed[1]] = version_of(parsed[1])
    return extras
