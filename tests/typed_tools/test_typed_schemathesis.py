"""schemathesis sends right and wrong requests by the hundred, and finds nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
import torture
from conftest import served
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import CHECKS

from flask import Flask

EXAMPLES = 40


def run_over_socket(url: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the command with all checks."""
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{url}/openapi.json"]
    command += ["--checks", "all", "--max-examples", str(EXAMPLES), "--seed", "1", *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_example_over_a_socket(example: Flask) -> None:
    with served(example) as url:
        credentials = {"name": "tester", "password": "correct horse"}
        token = httpx.post(f"{url}/v1/accounts", json=credentials).json()["token"]
        done = run_over_socket(url, "--header", f"Authorization: Bearer {token}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Tested: 12" in done.stdout


def test_the_torture_application_over_a_socket() -> None:
    with served(torture.app) as url:
        done = run_over_socket(url)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Tested: 15" in done.stdout


def run_in_process(app: Flask, headers: dict[str, str] | None = None) -> int:
    """Try each operation of an application without a server; answer how many there are."""
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app)
    count = 0
    for result in schema.get_all_operations():
        operation: Any = result.ok()

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @schemathesis_given(operation)
        def try_one(case: Any) -> None:
            case.call_and_validate(headers=headers)

        try_one()
        count += 1
    return count


def schemathesis_given(operation: Any) -> Callable[[Any], Any]:
    from hypothesis import given

    return given(case=operation.as_strategy())


def test_the_example_in_process(example: Flask, sign_up: Callable[[str], dict[str, str]]) -> None:
    assert run_in_process(example, sign_up("tester")) == 12


def test_the_torture_application_in_process() -> None:
    assert run_in_process(torture.app) == 15


def test_all_checks_are_run() -> None:
    assert {"not_a_server_error", "response_schema_conformance"} <= set(CHECKS.get_all_names())


@pytest.mark.parametrize("peer", ["fastapi_app", "litestar_app"])
def test_like_applications_elsewhere_are_not_clean(peer: str, tmp_path: Path) -> None:
    """The same operations, declared as these frameworks' documentation shows."""
    pytest.importorskip("uvicorn", reason="the peers need an ASGI server")
    here = Path(__file__).parent
    with subprocess.Popen(
        [sys.executable, here / "peers.py", peer], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        try:
            done = run_over_socket(url)
        finally:
            process.terminate()
    assert done.returncode == 1, done.stdout
    assert "Failures:" in done.stdout
