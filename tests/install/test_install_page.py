"""docs/install.md shows what the tests recorded, and the static index is as the standards ask."""

from __future__ import annotations

import hashlib
import io
import json
import sys
import tarfile
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import pytest
from install_page import PAGE, RESULTS, ROOT, STEPS, recipes, with_table

sys.path.insert(0, str(ROOT / "distribution"))

import index


def test_table_is_the_recorded_one() -> None:
    page = PAGE.read_text("utf-8")
    assert with_table(page) == page


def test_every_recorded_step_passed_for_every_section() -> None:
    results = json.loads(RESULTS.read_text("utf-8"))
    assert results["recipes"].keys() == {recipe.title for recipe in recipes()}
    for row in results["recipes"].values():
        assert row["steps"] == dict.fromkeys(STEPS, True)
    assert results["original"]["check"] != 0


METADATA = "Metadata-Version: 2.1\nName: Some_Thing\nVersion: {}\nRequires-Python: >=3.11\n"


class Links(HTMLParser):
    """Collects the attributes of all links."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.found: list[dict[str, str | None]] = []
        self.feed(page.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found.append(dict(attrs))


@pytest.fixture
def simple(tmp_path: Path) -> Path:
    """Publish a wheel, then a newer one and its source."""
    for version in ("1.0", "2.0"):
        for old in tmp_path.glob("*.whl"):
            old.unlink()
        with zipfile.ZipFile(tmp_path / f"some_thing-{version}-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"some_thing-{version}.dist-info/METADATA", METADATA.format(version))
        if version == "2.0":
            text = METADATA.format(version).encode()
            with tarfile.open(tmp_path / "some_thing-2.0.tar.gz", "w:gz") as source:
                member = tarfile.TarInfo("some_thing-2.0/PKG-INFO")
                member.size = len(text)
                source.addfile(member, io.BytesIO(text))
        index.publish(tmp_path)
    return tmp_path / "simple"


def test_index_lists_every_release_with_its_hash(simple: Path) -> None:
    (project,) = Links(simple / "index.html").found
    assert project["href"] == "some-thing/"
    links = Links(simple / "some-thing" / "index.html").found
    names = []
    for link in links:
        name, _, digest = str(link["href"]).partition("#sha256=")
        content = (simple / "some-thing" / name).read_bytes()
        assert digest == hashlib.sha256(content).hexdigest()
        assert link["data-requires-python"] == ">=3.11"
        names.append(name)
    assert names == [
        "some_thing-1.0-py3-none-any.whl",
        "some_thing-2.0-py3-none-any.whl",
        "some_thing-2.0.tar.gz",
    ]


def test_metadata_of_wheels_lies_beside_them_with_its_hash(simple: Path) -> None:
    for link in Links(simple / "some-thing" / "index.html").found:
        name = str(link["href"]).partition("#")[0]
        beside = simple / "some-thing" / f"{name}.metadata"
        assert beside.exists() == name.endswith(".whl")
        if beside.exists():
            digest = hashlib.sha256(beside.read_bytes()).hexdigest()
            assert link["data-core-metadata"] == f"sha256={digest}"


def test_json_says_the_same(simple: Path) -> None:
    assert json.loads((simple / "index.json").read_text())["projects"] == [{"name": "some-thing"}]
    project = json.loads((simple / "some-thing" / "index.json").read_text())
    assert project["versions"] == ["1.0", "2.0"]
    links = Links(simple / "some-thing" / "index.html").found
    for file, link in zip(project["files"], links, strict=True):
        assert link["href"] == f"{file['url']}#sha256={file['hashes']['sha256']}"
        assert file["requires-python"] == ">=3.11"
        assert file["size"] == (simple / "some-thing" / file["filename"]).stat().st_size


def test_sums_are_those_of_the_last_release(simple: Path) -> None:
    lines = (simple.parent / "SHA256SUMS").read_text().splitlines()
    assert [line.split()[1] for line in lines] == [
        "some_thing-2.0-py3-none-any.whl",
        "some_thing-2.0.tar.gz",
    ]
    for line in lines:
        digest, name = line.split()
        assert digest == hashlib.sha256((simple.parent / name).read_bytes()).hexdigest()
