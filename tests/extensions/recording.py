"""What `--record` writes: how the tests of each package ended, for compatibility.py to report."""

from __future__ import annotations

import json
import platform
import re
import subprocess
from collections import Counter, defaultdict
from importlib import metadata
from pathlib import Path

import pytest
from backends import postgres_programs, program
from compatibility import ASGI, HIPFLASK, ORIGINAL, Results, described


def is_hipflask() -> bool:
    """Tell whether the Flask that is installed here is this package."""
    return "Hipflask" in metadata.metadata("flask")["Summary"]


class Recorder:
    """A plugin of pytest that writes down how the tests of each module ended, and with what."""

    def __init__(self, is_asgi: bool) -> None:
        self.path = ASGI if is_asgi else HIPFLASK if is_hipflask() else ORIGINAL
        self.outcomes: dict[str, dict[str, str]] = defaultdict(dict)
        self.uses: dict[str, set[str]] = defaultdict(set)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        module = Path(report.nodeid.partition("::")[0]).stem
        if report.when == "call" or not report.passed:
            self.outcomes[module][report.nodeid] = report.outcome
        self.uses[module].update(
            str(value) for key, value in report.user_properties if key == "uses"
        )

    def pytest_sessionfinish(self) -> None:
        self.path.parent.mkdir(exist_ok=True)
        self.path.write_text(json.dumps(self.results(), indent=1, sort_keys=True) + "\n")

    def results(self) -> Results:
        used = set().union(*self.uses.values())
        return {
            "flask": metadata.version("flask"),
            "python": platform.python_version(),
            "programs": {name: version for name, version in versions().items() if name in used},
            "modules": {module: self.row(module) for module in self.outcomes},
        }

    def row(self, module: str) -> Results:
        package, _ = described(module)
        return {
            "package": package,
            "version": version_of(package),
            "uses": sorted(self.uses[module]),
            "tests": dict(Counter(self.outcomes[module].values())),
        }


def version_of(package: str) -> str:
    """Answer the installed version, or nothing where a module runs several packages."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def versions() -> dict[str, str]:
    """Ask the backends that were run for their versions."""
    postgres = postgres_programs()
    commands = {
        "Chromium": [program("chromium"), "--version"],
        "nginx": [program("nginx"), "-v"],
        "PostgreSQL": [str(postgres and postgres / "postgres"), "--version"],
        "Redis": [program("redis-server"), "--version"],
    }
    return {name: printed_version(command) for name, command in commands.items()}


def printed_version(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    found = re.search(r"\d[\d.]*\d", done.stdout + done.stderr)
    assert found is not None, command
    return found[0]
