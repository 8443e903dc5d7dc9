"""What a run was made with: interpreter and packages of an environment."""

from __future__ import annotations

import json
import subprocess

from reliability.servers import environment

PACKAGES = (
    "flask",
    "quart",
    "werkzeug",
    "jinja2",
    "itsdangerous",
    "asgiref",
    "gunicorn",
    "uvicorn",
    "uvicorn-worker",
    "gevent",
    "granian",
    "redis",
    "psycopg",
    "sqlalchemy",
)
PROGRAM = """
import importlib.metadata, json, platform, sys
found = {"python": f"{platform.python_implementation()} {platform.python_version()}"}
for name in sys.argv[1:]:
    try:
        found[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        pass
print(json.dumps(found))
"""


def versions(python: str, packages: tuple[str, ...] = PACKAGES) -> dict[str, str]:
    """The interpreter's version under "python", and those of the packages installed there."""
    done = subprocess.run(
        [python, "-c", PROGRAM, *packages],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    found: dict[str, str] = json.loads(done.stdout)
    return found
