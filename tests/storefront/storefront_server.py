"""The storefront as a process of its own, set up and started as its README says."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from server_process import Server, python, running
from testkit.processes import clean_environment

EXAMPLE = Path(__file__).parents[2] / "examples" / "storefront"
FLASK = python("-m", "flask", "--app", "storefront")


def set_up(settings: Mapping[str, str]) -> None:
    """Make the tables and fill the shop."""
    for command in ("db upgrade", "seed"):
        done = subprocess.run(
            [*FLASK, *command.split()],
            cwd=EXAMPLE,
            env=clean_environment() | settings,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert done.returncode == 0, done.stderr


def serving(settings: Mapping[str, str], log: Path) -> AbstractContextManager[Server]:
    return running([*FLASK, "run", "--port", "0"], EXAMPLE, log, **settings)


def new_database(postgres_folder: Path, name: str) -> str:
    """Make a PostgreSQL database, and return its address."""
    import psycopg  # Only where the example's requirements are.

    place = f"host={postgres_folder} user=shop dbname=postgres"
    with psycopg.connect(place, autocommit=True) as connection:
        connection.execute(f"create database {name}")
    return f"postgresql+psycopg://shop@/{name}?host={postgres_folder}"
