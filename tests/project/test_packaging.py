"""The distribution: what it says of itself, what is in it, and how it behaves once installed."""

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from email.message import Message
from email.parser import Parser
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command away from the source tree and answer what it printed on both streams."""
    env = {
        key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRT"))
    }
    done = subprocess.run(
        [*map(str, command)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        cwd=cwd,
        env=env,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}"
    return done.stdout


def release(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def test_lowest_pins_are_the_lower_bounds() -> None:
    lines = (ROOT / ".ci" / "lowest.txt").read_text(encoding="utf-8").splitlines()
    pins = {line for line in lines if not line.startswith("#")}
    extras = PROJECT["optional-dependencies"]
    bounded = [it for it in (*PROJECT["dependencies"], *extras["async"]) if ">=" in it]
    assert pins == {bound.replace(">=", "==") for bound in bounded}


def test_version_is_numeric_and_extends_the_release_it_is_compatible_with() -> None:
    assert release(PROJECT["version"])[:3] == (3, 1, 3)
    assert len(release(PROJECT["version"])) == 4


def test_installed_distribution_is_this_one() -> None:
    assert metadata.version("flask") == PROJECT["version"]
    assert "Hipflask" in metadata.metadata("flask")["Summary"]


def test_changelog_begins_with_the_current_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    found = re.search(r"^## (\S+)", text, flags=re.MULTILINE)
    assert found is not None
    assert found[1] == PROJECT["version"]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the source distribution, and the wheel from what is in that."""
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", out, ROOT, cwd=out)
    return out


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    return built / f"flask-{PROJECT['version']}-py3-none-any.whl"


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into an environment of its own and answer its interpreter."""
    place = tmp_path_factory.mktemp("clean")
    venv.create(place, with_pip=True)
    interpreter = place / "bin" / "python"
    run(interpreter, "-m", "pip", "install", "--quiet", wheel, cwd=place)
    return interpreter


@pytest.mark.packaging
def test_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    source = ROOT / "src"
    wanted = {
        str(file.relative_to(source))
        for file in source.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    with zipfile.ZipFile(wheel) as archive:
        found = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert "flask/py.typed" in wanted
    assert found == wanted


@pytest.mark.packaging
def test_wheel_says_what_it_is(wheel: Path) -> None:
    folder = f"flask-{PROJECT['version']}.dist-info"
    with zipfile.ZipFile(wheel) as archive:
        text: Message = Parser().parsestr(archive.read(f"{folder}/METADATA").decode())
        scripts = archive.read(f"{folder}/entry_points.txt").decode()
        assert f"{folder}/licenses/LICENSE" in archive.namelist()
    assert text["Name"] == "Flask"
    assert text["Version"] == PROJECT["version"]
    assert "independent" in text["Summary"]
    assert text["Requires-Python"] == ">=3.11"
    assert {"async", "dotenv"} <= set(text.get_all("Provides-Extra", []))
    assert "not affiliated with the Pallets" in str(text.get_payload())
    assert "flask = flask.cli:main" in scripts


@pytest.mark.packaging
def test_source_distribution_holds_the_whole_project(built: Path) -> None:
    folder = f"flask-{PROJECT['version']}"
    with tarfile.open(built / f"{folder}.tar.gz") as archive:
        found = {name.removeprefix(f"{folder}/") for name in archive.getnames()}
    assert {
        ".ci/run",
        "ARCHITECTURE.md",
        "LICENSE",
        "Makefile",
        "README.md",
        "docs/index.md",
        "pyproject.toml",
        "src/flask/app.py",
        "tests/project/test_packaging.py",
    } <= found


@pytest.mark.packaging
def test_both_ways_to_the_command_name_the_implementation(python: Path) -> None:
    for command in ([python, "-m", "flask"], [python.with_name("flask")]):
        text = run(*command, "--version", cwd=python.parent)
        assert f"Python {sys.version.split()[0]}" in text
        assert PROJECT["version"] in text
        assert "Hipflask" in text
        assert "Werkzeug" in text


@pytest.mark.packaging
def test_the_check_and_the_assertion_hold_once_installed(python: Path) -> None:
    place = python.parent.parent
    said = run(python.with_name("flask"), "info", "--check", cwd=place)
    assert said.startswith(f"Hipflask {PROJECT['version']} in {place}")
    assert run(python, "-c", "import hipflask", cwd=place) == ""


@pytest.mark.packaging
def test_an_application_runs_on_the_installed_wheel(python: Path, tmp_path: Path) -> None:
    program = (
        "from flask import Flask\n"
        "app = Flask('hello')\n"
        "app.add_url_rule('/', view_func=lambda: {'hello': 'world'}, endpoint='index')\n"
        "print(app.test_client().get('/').json)\n"
    )
    assert run(python, "-c", program, cwd=tmp_path) == "{'hello': 'world'}\n"


@pytest.mark.packaging
def test_an_extension_keeps_the_installed_distribution(python: Path, tmp_path: Path) -> None:
    said = run(python, "-m", "pip", "install", "flask-login", cwd=tmp_path)
    assert re.search(r"Requirement already satisfied: flask\b", said, flags=re.IGNORECASE)
    asked = "import importlib.metadata as m; import flask_login; print(m.version('flask'))"
    assert run(python, "-W", "ignore", "-c", asked, cwd=tmp_path).strip() == PROJECT["version"]
    run(python, "-m", "pip", "check", cwd=tmp_path)
