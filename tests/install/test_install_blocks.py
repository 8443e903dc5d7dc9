"""No block of the documentation that installs something brings the original Flask."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from install_blocks import COMMAND, Block, blocks
from install_index import Index
from install_page import ADDRESS, ROOT
from install_shell import UV, run

pytestmark = pytest.mark.install

GOES_BACK = re.compile(r"\bflask==3\.1\.3(?!\.)")


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what a clone of the repository has."""
    place = tmp_path_factory.mktemp("clone")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).exists():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, place / name)
    return place


@pytest.fixture(scope="session")
def index(releases: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Index:
    """Serve an index with this release."""
    made = Index(tmp_path_factory.mktemp("index"))
    made.publish(releases[0])
    return made.__enter__()


def adapted(command: str, clone: Path, index: Index) -> str:
    """Put the places of this run into a command, and have it end the script if it fails."""
    if command.startswith("COPY "):
        *sources, target = command.split()[1:]
        return f"cp -R {' '.join(str(clone / source) for source in sources)} {target}"
    command = command.removeprefix("RUN ").replace(ADDRESS, index.url)
    command = command.replace("/path/to/hipflask", str(clone))
    # Guides name an environment of their own; here there is only one.
    command = re.sub(r"^/\S+/bin/(?=python|pip)", "", command)
    return f"( {command}\n) || exit 9"


def folder_of(block: Block, clone: Path, tmp_path: Path) -> Path:
    """Return where the commands of a block are meant to be typed."""
    if any(command.startswith("COPY ") for command in block.commands):
        return tmp_path
    page = block.page.relative_to(ROOT)
    return clone / page.parent if page.parts[0] == "examples" else clone


@pytest.mark.parametrize("block", blocks(), ids=str)
def test_block_in_an_empty_environment_brings_this_package_or_none(
    block: Block, clone: Path, index: Index, tmp_path: Path
) -> None:
    commands = "\n".join(adapted(command, clone, index) for command in block.commands)
    packaged = re.search(r"--target (\S+)", commands)
    commands = commands.replace("--target ", f"--target {tmp_path}/")
    environment = tmp_path / "environment"
    ended = run(
        f"{UV} venv --quiet --seed {environment}\n. {environment}/bin/activate\n"
        f"! python -c 'import flask' 2>/dev/null\n{commands}\n"
        f"export PYTHONPATH={tmp_path / packaged[1] if packaged else ''}\n"
        "if python -c 'import flask' 2>/dev/null\n"
        "then python -m flask info --check && echo checked; else echo absent; fi",
        folder_of(block, clone, tmp_path),
        PIP_EXTRA_INDEX_URL=index.url,
        UV_INDEX=index.url,
    )
    if GOES_BACK.search(commands):
        assert ended.status == 2, ended.output
        return
    assert ended.status == 0, ended.output
    if re.search(r"flask|requirements|install \.", commands, flags=re.IGNORECASE):
        assert "checked" in ended.output.splitlines(), ended.output


def test_blocks_are_found_in_all_their_forms() -> None:
    found = {str(block.page.relative_to(ROOT)) for block in blocks()}
    assert {
        "README.md",
        "docs/deploy/aws-lambda.md",
        "docs/deploy/container.md",
        "examples/notice_board/README.md",
    } <= found
    for line in ("pip install x", "python -m pip install x", "RUN pip install .", "uv add x"):
        assert COMMAND.match(line)
