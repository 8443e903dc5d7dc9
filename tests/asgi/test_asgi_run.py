"""``flask run --asgi``: uvicorn, with the debugger for local browsers, and the reloader."""

from __future__ import annotations

import os
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from testkit.processes import ProcessGroup, started

SOURCE = """
from flask import Flask
app = Flask(__name__)

@app.get("/")
def index():
    return "first"

@app.get("/boom")
async def boom():
    raise LookupError("in an async view")
"""


class Served:
    def __init__(self, folder: Path, port: int, process: ProcessGroup) -> None:
        self.folder, self.port, self.process = folder, port, process

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def answers(self, text: str) -> bool:
        try:
            return self.get("/")[1] == text
        except OSError:
            return False


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("run")
    (folder / "site_module.py").write_text(SOURCE)
    with socket.create_server(("127.0.0.1", 0)) as sock:
        port = sock.getsockname()[1]
    command = [sys.executable, "-m", "flask", "--app", "site_module", "--debug", "run", "--asgi"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with started(
        [*command, "--port", str(port)], folder / "log", cwd=folder, env=environment
    ) as process:
        served = Served(folder, port, process)
        process.wait_until(lambda: served.answers("first"))
        yield served


def test_error_of_an_async_view_shows_the_debugger(server: Served) -> None:
    status, page = server.get("/boom")
    assert status == 500
    assert "in an async view" in page
    assert "EVALEX = true" in page
    status, style = server.get("/?__debugger__=yes&cmd=resource&f=style.css")
    assert (status, "font-family" in style) == (200, True)


def test_console_is_for_this_machine_alone(server: Served) -> None:
    _, page = server.get("/boom", Host="attacker.example")
    assert "EVALEX = false" in page
    status, _ = server.get("/console", Host="attacker.example")
    assert status == 400


def test_change_of_a_file_restarts_the_server(server: Served) -> None:
    time.sleep(1.1)  # a file system may tell seconds alone
    (server.folder / "site_module.py").write_text(SOURCE.replace("first", "second"))
    server.process.wait_until(lambda: server.answers("second"))


def test_syntax_error_is_shown_until_it_is_repaired(server: Served) -> None:
    module = server.folder / "site_module.py"
    time.sleep(1.1)
    module.write_text(SOURCE.replace("def index():", "def index(:"))
    server.process.wait_until(lambda: "SyntaxError" in server.process.log)
    assert server.process.popen.poll() is None
    time.sleep(1.1)
    module.write_text(SOURCE.replace("first", "repaired"))
    server.process.wait_until(lambda: server.answers("repaired"))
    time.sleep(1.1)
    module.write_text(f"import no_such_module\n{SOURCE}")
    server.process.wait_until(lambda: "no_such_module" in server.process.log)
    time.sleep(1.1)
    module.write_text(SOURCE.replace("first", "again"))
    server.process.wait_until(lambda: server.answers("again"))


def test_without_uvicorn_the_command_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "site_module.py").write_text(SOURCE)
    (tmp_path / "uvicorn.py").write_text("raise ImportError")
    command = [sys.executable, "-m", "flask", "--app", "site_module", "run", "--asgi"]
    with started(command, tmp_path / "log", cwd=tmp_path) as process:
        process.popen.wait(30)
        assert process.popen.returncode == 1
        assert "flask[asgi]" in process.log
