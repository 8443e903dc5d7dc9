"""Ask vulnerability services about what the package needs: ``python -m reliability.hostile.audit``.

The exit code is 1 if a service knows of a vulnerability. Where no service answers, it says so and
is 0: a build must not fail for the network, nor claim that something was looked at.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import typing as t
from importlib import metadata

SERVICES = ("pypi", "osv")


def needed(distribution: str = "flask") -> dict[str, str]:
    """The versions of what a distribution needs to run, and what that needs."""
    versions: dict[str, str] = {}
    waiting = [distribution]
    while waiting:
        for requirement in metadata.requires(waiting.pop()) or ():
            name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0].lower()
            if "extra ==" in requirement or name in versions:
                continue
            try:
                versions[name] = metadata.version(name)
            except metadata.PackageNotFoundError:
                continue  # for another platform
            waiting.append(name)
    return versions


def ask(service: str, versions: dict[str, str]) -> list[dict[str, t.Any]] | None:
    """What a service says of each; ``None`` if it cannot be reached."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.writelines(f"{name}=={version}\n" for name, version in versions.items())
        file.flush()
        command = ["-m", "pip_audit", "-r", file.name, "--no-deps", "--disable-pip", "-f", "json"]
        done = subprocess.run(
            [sys.executable, *command, "-s", service, "--progress-spinner", "off"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    try:
        answers: list[dict[str, t.Any]] = json.loads(done.stdout)["dependencies"]
    except ValueError:
        return None
    return answers


def report(service: str, answers: list[dict[str, t.Any]]) -> int:
    """Print what was found; return how many vulnerabilities."""
    found = 0
    for answer in answers:
        for flaw in answer.get("vulns", ()):
            found += 1
            fixed = ", ".join(flaw.get("fix_versions", ())) or "no release yet"
            print(f"{answer['name']} {answer['version']}: {flaw['id']}, mended in {fixed}")
    audited = [answer["name"] for answer in answers if "vulns" in answer]
    print(f"{service}: {found} known vulnerabilities; asked about {', '.join(sorted(audited))}")
    return found


def main() -> int:
    versions = needed()
    for service in SERVICES:
        answers = ask(service, versions)
        if answers is None:
            print(f"{service}: no answer")
            continue
        unknown = [answer["name"] for answer in answers if "vulns" not in answer]
        if len(unknown) == len(answers):
            print(f"{service}: knows none of the packages")
            continue
        if unknown:
            print(f"{service}: NOT AUDITED: {', '.join(sorted(unknown))}")
        return int(report(service, answers) > 0)
    listed = ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))
    print(f"NOT AUDITED, for want of a service: {listed}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
