"""Write a static package index: a folder that any web server, or none, can serve to pip and others.

    python distribution/index.py dist

puts the wheels and source distributions of ``dist`` into ``dist/simple``, beside those of earlier
releases that are there already, and lists them with their hashes: ``index.html`` as PEP 503 and
629 describe it, ``index.json`` as PEP 691 does, and each wheel's metadata beside it (PEP 658), so
that resolvers need not download the wheel. ``dist/SHA256SUMS`` has the hashes for ``sha256sum -c``.
"""

from __future__ import annotations

import argparse
import hashlib
import html
import json
import re
import shutil
import sys
import tarfile
import typing as t
import zipfile
from email.parser import HeaderParser
from pathlib import Path

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="pypi:repository-version" content="1.1">
<title>{title}</title>
</head>
<body>
{body}
</body>
</html>
"""


class File(t.NamedTuple):
    """One file of a project, as an index lists it."""

    name: str
    sha256: str
    size: int
    requires_python: str
    metadata_sha256: str | None
    """The hash of the wheel's metadata, which lies beside it; ``None`` for other files."""

    def as_html(self) -> str:
        data = f' data-requires-python="{html.escape(self.requires_python)}"'
        if self.metadata_sha256:
            data += f' data-core-metadata="sha256={self.metadata_sha256}"'
        return f'<a href="{self.name}#sha256={self.sha256}"{data}>{self.name}</a><br>'

    def as_json(self) -> dict[str, t.Any]:
        return {
            "filename": self.name,
            "url": self.name,
            "hashes": {"sha256": self.sha256},
            "size": self.size,
            "requires-python": self.requires_python,
            "core-metadata": {"sha256": self.metadata_sha256} if self.metadata_sha256 else False,
        }


def publish(folder: Path) -> Path:
    """Copy the distributions of a folder into the index below it, write that, and return it."""
    simple = folder / "simple"
    for file in sorted([*folder.glob("*.whl"), *folder.glob("*.tar.gz")]):
        project = simple / normalised(file.name.partition("-")[0])
        project.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, project / file.name)
    write(simple)
    _write_sums(folder)
    return simple


def write(simple: Path) -> None:
    """List what is in the folders of an index: one folder for each project, named after it."""
    projects = sorted(path for path in simple.iterdir() if path.is_dir())
    for project in projects:
        _write_project(project)
    links = "\n".join(f'<a href="{project.name}/">{project.name}</a><br>' for project in projects)
    (simple / "index.html").write_text(PAGE.format(title="Simple index", body=links), "utf-8")
    names = [{"name": project.name} for project in projects]
    _write_json(simple / "index.json", {"meta": {"api-version": "1.1"}, "projects": names})


def _write_project(project: Path) -> None:
    paths = sorted([*project.glob("*.whl"), *project.glob("*.tar.gz")])
    files = [_describe(path) for path in paths]
    body = "\n".join(file.as_html() for file in files)
    (project / "index.html").write_text(PAGE.format(title=project.name, body=body), "utf-8")
    versions = dict.fromkeys(path.name.removesuffix(".tar.gz").split("-")[1] for path in paths)
    described = {
        "meta": {"api-version": "1.1"},
        "name": project.name,
        "versions": list(versions),
        "files": [file.as_json() for file in files],
    }
    _write_json(project / "index.json", described)


def _describe(path: Path) -> File:
    metadata = _metadata(path)
    metadata_sha256 = None
    if path.suffix == ".whl":
        path.with_name(f"{path.name}.metadata").write_bytes(metadata)
        metadata_sha256 = hashlib.sha256(metadata).hexdigest()
    requires = HeaderParser().parsestr(metadata.decode()).get("Requires-Python", "")
    content = path.read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    return File(path.name, sha256, len(content), requires, metadata_sha256)


def _metadata(path: Path) -> bytes:
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
            return wheel.read(name)
    with tarfile.open(path) as source:
        member = source.extractfile(f"{path.name.removesuffix('.tar.gz')}/PKG-INFO")
        assert member is not None
        return member.read()


def _write_sums(folder: Path) -> None:
    files = sorted([*folder.glob("*.whl"), *folder.glob("*.tar.gz")])
    lines = (f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files)
    (folder / "SHA256SUMS").write_text("".join(lines), "utf-8")


def _write_json(path: Path, data: dict[str, t.Any]) -> None:
    path.write_text(json.dumps(data, indent=1) + "\n", "utf-8")


def normalised(name: str) -> str:
    """Return a project's name as an index spells it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Write a static package index.")
    parser.add_argument("folder", type=Path, help="the folder with wheels and sources")
    folder = parser.parse_args(words).folder
    print(f"index: {publish(folder)}")
    print((folder / "SHA256SUMS").read_text("utf-8"), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
