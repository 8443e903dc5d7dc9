"""Each installer of docs/install.md keeps this package through lock, sync, addition and upgrade."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from install_index import NEXT, RELEASE, Index
from install_page import ADDRESS, STEPS, Recipe, recipes
from install_shell import run

pytestmark = pytest.mark.install

# Poetry asks its default source at addresses that mirrors lack; as a source of its own, at the
# usual ones.
POETRY_DEFAULT = """
[[tool.poetry.source]]
name = "public"
url = "{public_index}"
priority = "primary"
"""

PREPARE = """
step() { printf '@@ %s\\n' "$1"; }
locked() { # some lock file, or a folder of wheels, has the release
    { find wheels -name '*-{release}-*' || true
      grep -lE '(==|version = ")({pattern})\\b' ./*.lock pylock.toml requirements.txt || true
    } 2>/dev/null | grep . >/dev/null
}
checked() { # checked VERSION: the check passes, and names it
    local said
    said=$(check)
    printf '%s\\n' "$said"
    [[ $said == *"Hipflask $1 in "* ]]
}
"""

VERSIONS = {
    "Hatch": "hatch --version",
    "Offline, from a folder of wheels": ".venv/bin/pip --version",
    "PDM": "pdm --version",
    "Pipenv": "pipenv --version",
    "Poetry": "poetry --version",
    "pip": ".venv/bin/pip --version",
    "pip with a constraints file": ".venv/bin/pip --version",
    "pip-tools, with hashes": "pip-compile --version",
    "uv": "uv --version",
    "uv pip": "uv --version",
}
NAMES = {"pip-compile": "pip-tools"}


def script_of(recipe: Recipe, publish: str) -> str:
    prepare = PREPARE.replace("{release}", RELEASE).replace("{pattern}", re.escape(RELEASE))
    steps = recipe.steps
    lines = [prepare, f"check() {{\n{steps['check']}}}"]
    lines += [steps["lock"], "locked", "step lock"]
    for step in STEPS[1:-1]:
        lines += [steps[step], f"checked {RELEASE}", f"step {shlex.quote(step)}"]
    lines += [publish, steps["upgrade"], f"checked {NEXT}", "step upgrade"]
    return "\n".join(lines)


def test_every_section_goes_through_all_steps() -> None:
    assert {recipe.title for recipe in recipes()} == VERSIONS.keys()
    for recipe in recipes():
        assert tuple(recipe.steps) == (*STEPS, "check")


@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize("recipe", recipes(), ids=lambda recipe: recipe.title)
def test_every_step_ends_with_the_check_passing(
    recipe: Recipe, releases: tuple[Path, Path], tmp_path: Path, results: dict[str, Any]
) -> None:
    project = tmp_path / "shop"
    project.mkdir()
    with Index(tmp_path) as index:
        index.publish(releases[0])
        for name, text in recipe.files.items():
            if recipe.title == "Poetry":
                text += POETRY_DEFAULT.replace("{public_index}", public_index())
            (project / name).write_text(text.replace(ADDRESS, index.url), encoding="utf-8")
        words = [sys.executable, str(Path(__file__).with_name("publish.py")), tmp_path, releases[1]]
        script = script_of(recipe, shlex.join(map(str, words)))
        # Poetry remembers releases by the name of the source, Hatch its environments by project.
        places = {"HATCH_DATA_DIR": str(tmp_path), "POETRY_CACHE_DIR": str(tmp_path / "poetry")}
        places["PUBLIC_INDEX"] = public_index()
        ended = run(script.replace(ADDRESS, index.url), project, **places)
    done = re.findall(r"^@@ (.+)$", ended.output, flags=re.MULTILINE)
    results["recipes"][recipe.title] = {
        "tool": tool_version(recipe.title, project),
        "steps": {step: step in done for step in STEPS},
    }
    assert (ended.status, tuple(done)) == (0, STEPS), ended.output


def public_index() -> str:
    """Ask pip for the address of its default index."""
    program = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"
    asked = [sys.executable, "-c", program]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


def tool_version(title: str, project: Path) -> str:
    said = run(VERSIONS[title], project).output
    name = VERSIONS[title].partition(" ")[0].rpartition("/")[2]
    found = re.search(r"\d+(?:\.\d+)+", said)
    return f"{NAMES.get(name, name)} {found[0] if found else '?'}"


@pytest.fixture
def original(tmp_path: Path) -> Path:
    """Make an environment that has the original Flask."""
    ended = run("python3 -m venv .venv\n.venv/bin/pip install --quiet flask==3.1.3", tmp_path)
    assert ended.status == 0, ended.output
    return tmp_path


def test_the_same_checks_fail_on_the_original(original: Path, results: dict[str, Any]) -> None:
    check = run(".venv/bin/flask info --check", original)
    assertion = run(".venv/bin/python -c 'import hipflask'", original)
    results["original"] = {
        "version": "3.1.3",
        "check": check.status,
        "import": re.findall(r"^(\w+): ", assertion.output, flags=re.MULTILINE)[-1],
    }
    assert (check.status, assertion.status) == (2, 1)


def test_checks_fail_once_a_requirement_has_replaced_this_package(
    releases: tuple[Path, Path], tmp_path: Path
) -> None:
    wheel = shlex.quote(str(next(releases[0].glob("*.whl"))))
    ended = run(
        f"python3 -m venv .venv\n. .venv/bin/activate\npip install --quiet {wheel}\n"
        "flask info --check\npython -c 'import hipflask'\n"
        "echo 'Flask==3.1.3' > requirements.txt\npip install --quiet -r requirements.txt\n"
        "! flask info --check\n! python -c 'import hipflask'",
        tmp_path,
    )
    assert ended.status == 0, ended.output


def test_constraints_turn_such_a_replacement_into_an_error(
    releases: tuple[Path, Path], tmp_path: Path
) -> None:
    wheel = shlex.quote(str(next(releases[0].glob("*.whl"))))
    ended = run(
        f"python3 -m venv .venv\n. .venv/bin/activate\npip install --quiet {wheel}\n"
        "echo 'flask~=3.1.3.1' > constraints.txt\nexport PIP_CONSTRAINT=constraints.txt\n"
        "! pip install --quiet Flask==3.1.3\nflask info --check",
        tmp_path,
    )
    assert ended.status == 0, ended.output


def test_check_fails_where_the_original_was_copied_over_this_package(
    releases: tuple[Path, Path], tmp_path: Path
) -> None:
    wheel = shlex.quote(str(next(releases[0].glob("*.whl"))))
    ended = run(
        f"python3 -m venv .venv\n.venv/bin/pip install --quiet --target folder {wheel}\n"
        ".venv/bin/pip install --quiet --target over flask==3.1.3\ncp -R over/. folder\n"
        "export PYTHONPATH=folder\n! .venv/bin/python -m flask info --check\n"
        "! .venv/bin/python -c 'import hipflask'",
        tmp_path,
    )
    assert ended.status == 0, ended.output


def test_without_the_index_the_version_keeps_the_original_out(tmp_path: Path) -> None:
    ended = run(
        "python3 -m venv .venv\n! .venv/bin/pip install --quiet 'flask~=3.1.3.1'\n"
        "! .venv/bin/python -c 'import flask'",
        tmp_path,
    )
    assert ended.status == 0, ended.output
