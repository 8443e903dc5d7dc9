"""What is released can be checked by others: the wheel can be built again, byte for byte."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NEEDED = ("pyproject.toml", "README.md", "LICENSE")


def build_copy(place: Path, changed: int, mask: int) -> str:
    """Build the wheel from a copy of what it is made from; return its hash.

    :param changed: the time of every file, in seconds.
    """
    source = place / "source"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "src", source / "src", ignore=ignored)
    for name in NEEDED:
        shutil.copy(ROOT / name, source)
    for file in source.rglob("*"):
        os.utime(file, (changed, changed))
    environment = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", str(place / "dist"), str(source)],
        env=environment,
        umask=mask,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    (wheel,) = (place / "dist").iterdir()
    return hashlib.sha256(wheel.read_bytes()).hexdigest()


@pytest.mark.packaging
def test_wheel_is_the_same_whenever_and_wherever_it_is_built(tmp_path: Path) -> None:
    earlier = build_copy(tmp_path / "earlier", 1_000_000_000, 0o022)
    later = build_copy(tmp_path / "later", 1_700_000_000, 0o022)
    assert earlier == later


@pytest.mark.packaging
def test_bill_of_materials_lists_what_the_package_needs_and_no_path(tmp_path: Path) -> None:
    venv.create(tmp_path / "clean")
    interpreter = tmp_path / "clean" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(interpreter), "install", "--quiet"]
    subprocess.run([*pip, str(ROOT)], check=True)
    listed = subprocess.run(
        [
            *(sys.executable, "-m", "cyclonedx_py", "environment", "--output-reproducible"),
            *("--pyproject", str(ROOT / "pyproject.toml"), "--mc-type", "library"),
            str(interpreter),
        ],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    bill = json.loads(listed)
    names = {component["name"].lower() for component in bill["components"]}
    assert names == {"blinker", "click", "itsdangerous", "jinja2", "markupsafe", "werkzeug"}
    assert bill["metadata"]["component"]["name"] == "Flask"
    assert str(ROOT) not in listed
    assert str(tmp_path) not in listed
