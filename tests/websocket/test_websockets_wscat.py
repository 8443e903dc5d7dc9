"""A client of other people's: wscat, which npm installs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from testkit.processes import HOST, answers, free_port, started

pytestmark = [
    pytest.mark.asgi,
    pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed"),
]
HERE = Path(__file__).parent
SERVERS = {
    "uvicorn": ["-m", "uvicorn", "served_websockets:app", "--port", "{port}"],
    "werkzeug": ["-m", "flask", "--app", "served_websockets", "run", "--port", "{port}"],
}


@pytest.fixture(scope="module")
def wscat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("npm")
    words = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, "wscat@6"]
    subprocess.run(words, check=True, timeout=100)
    return folder / "node_modules" / ".bin" / "wscat"


@pytest.fixture(scope="module", params=SERVERS)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    words = [word.format(port=port) for word in SERVERS[request.param]]
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    log = tmp_path_factory.mktemp("served") / "log"
    with started([sys.executable, *words], log, cwd=HERE, env=environment) as process:
        process.wait_until(lambda: answers(port))
        yield f"ws://{HOST}:{port}"


def run(wscat: Path, *words: str) -> str:
    """Return all that the program prints.  It ends when its input does, so that stays open."""
    environment = {**os.environ, "http_proxy": "", "HTTP_PROXY": ""}
    read, write = os.pipe()
    try:
        done = subprocess.run(
            [wscat, "--no-color", *words],
            stdin=read,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            text=True,
            timeout=60,
        )
    finally:
        os.close(read)
        os.close(write)
    return done.stdout


@pytest.mark.parametrize("path", ["/echo", "/sync"])
def test_message_comes_back(wscat: Path, url: str, path: str) -> None:
    printed = run(wscat, "--connect", url + path, "--execute", "\N{SNOWMAN}", "--wait", "2")
    assert "\N{SNOWMAN}" in printed


def test_subprotocol_and_headers_are_agreed_on(wscat: Path, url: str) -> None:
    words = [
        "--subprotocol",
        "chat",
        "--header",
        "X-Client: wscat",
        "--wait",
        "2",
        "--execute",
        "x",
    ]
    printed = run(wscat, "--connect", f"{url}/handshake?a=1", *words)
    assert '"header":"wscat"' in printed.replace(" ", "")


def test_refusal_is_shown_with_its_status(wscat: Path, url: str) -> None:
    assert "401" in run(wscat, "--connect", f"{url}/refused")
    assert "403" in run(wscat, "--connect", f"{url}/echo", "--origin", "http://evil.example")
