"""All of them together: installed beside this package, and none brings another Flask."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

LINES = (Path(__file__).parent / "requirements.txt").read_text().splitlines()
REQUIREMENTS = [Requirement(line) for line in LINES if line and not line.startswith("#")]


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=str)
def test_package_is_installed_in_a_release_asked_for(requirement: Requirement) -> None:
    assert metadata.version(requirement.name) in requirement.specifier


@pytest.mark.ours
def test_flask_is_still_this_distribution() -> None:
    flask = metadata.distribution("flask")
    assert "Hipflask" in flask.metadata["Summary"]
    assert flask.version.startswith("3.1.3.")
    # An editable installation, such as a developer's, lists no packages.
    owners = metadata.packages_distributions().get("flask", ["Flask"])
    assert owners == ["Flask"]


def test_no_requirement_is_left_unmet() -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
