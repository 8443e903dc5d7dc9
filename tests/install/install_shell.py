"""Commands of the documentation, run by a shell in a folder and an environment of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

TOOLS = Path(sys.prefix) / "tools"
"""Where each installer has an environment of its own; :func:`install_tools` makes them."""

PACKAGES = ("hatch", "pdm[locked]", "pip-tools", "pipenv", "poetry")
UV = str(Path(sys.executable).with_name("uv"))


@dataclass(frozen=True)
class Ended:
    """How a script ended, and what it printed on both streams."""

    status: int
    output: str


def install_tools() -> None:
    """Install the tools that are missing; uv is a package of the tests' environment."""
    there = {path.name for path in TOOLS.glob("*/*")}
    if "uv" not in there:
        (TOOLS / "bin").mkdir(parents=True, exist_ok=True)
        (TOOLS / "bin" / "uv").symlink_to(UV)
    for package in PACKAGES:
        if package.partition("[")[0] not in there:
            command = [UV, "tool", "install", "--quiet", package]
            subprocess.run(command, env=environment(), check=True)


def environment() -> dict[str, str]:
    """Return this process's variables without those of its own environment."""
    env = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("FLASK_", "PYTHON", "VIRTUAL_ENV"))
        and name not in {"PIP_CONSTRAINT", "UV_INDEX"}
    }
    # Our own flask would stand in for one that a tool did not install; python3 is the base one.
    own = {str(Path(sys.executable).parent)}
    folders = [folder for folder in env["PATH"].split(os.pathsep) if folder not in own]
    base = Path(sys.base_prefix, "bin")
    return env | {
        "PATH": os.pathsep.join([str(TOOLS / "bin"), str(base), *folders]),
        "UV_TOOL_DIR": str(TOOLS / "environments"),
        "UV_TOOL_BIN_DIR": str(TOOLS / "bin"),
        # Nothing is installed into the machine's own interpreter, whatever a command says.
        "PIP_REQUIRE_VIRTUALENV": "1",
        "POETRY_VIRTUALENVS_IN_PROJECT": "1",
        "PDM_CHECK_UPDATE": "0",
        "PIPENV_VENV_IN_PROJECT": "1",
        "PIPENV_IGNORE_VIRTUALENVS": "1",
        "NO_COLOR": "1",
    }


def run(script: str, cwd: Path, **env: str) -> Ended:
    """Run a script of bash, which ends at the first command that fails."""
    done = subprocess.run(
        ["bash", "-c", f"set -euo pipefail\n{script}"],
        cwd=cwd,
        env=environment() | env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Ended(done.returncode, done.stdout)
