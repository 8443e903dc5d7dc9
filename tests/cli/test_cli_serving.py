"""The development server: durations in its log, and a free port where one is taken."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from werkzeug.serving import make_server, run_simple

from flask import Flask
from flask.cli.serving import TimedRequestHandler, additions_to, offer_free_port

Write = Callable[[str, str], Path]

APP = "from flask import Flask\napp = Flask('shop')\n"


def test_only_werkzeugs_own_function_is_given_the_handler() -> None:
    assert additions_to(run_simple) == {"request_handler": TimedRequestHandler}
    assert additions_to(lambda *args, **kwargs: None) == {}


def test_flask_run_logs_durations(write: Write, project: Path) -> None:
    write("app.py", APP)
    words = [sys.executable, "-m", "flask", "run", "--port", "0"]
    with subprocess.Popen(words, cwd=project, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            address = next(
                found[1]
                for line in process.stderr
                if (found := re.search(r"Running on (http://\S+)", line))
            )
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(f"{address}/", timeout=10)
            said = next(line for line in process.stderr if "GET /" in line)
        finally:
            process.terminate()
    assert re.search(r" 404 - \d+(\.\d)? ms$", said.rstrip())


@pytest.fixture
def taken() -> Iterator[int]:
    """Listen on a port whose successor is a port as well."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()[1]


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.0031, "3.1 ms"), (0.25, "250 ms"), (12.34, "12.3 s")]
)
def test_log_line_ends_with_the_duration(
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    seconds: float,
    shown: str,
) -> None:
    clock = iter([100.0, 100.0 + seconds])
    monkeypatch.setattr("flask.cli.serving.time.perf_counter", lambda: next(clock))
    app = Flask("shop")
    app.add_url_rule("/", "index", lambda: "welcome")
    caplog.set_level("INFO", "werkzeug")
    server = make_server("127.0.0.1", 0, app, request_handler=TimedRequestHandler)
    with server:
        import threading

        threading.Thread(target=server.handle_request, daemon=True).start()
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/", timeout=10) as response:
            assert response.read() == b"welcome"
    assert caplog.messages[-1].endswith(f'"GET / HTTP/1.1" 200 - {shown}')


def test_next_free_port_is_offered(taken: int, capsys: pytest.CaptureFixture[str]) -> None:
    offer_free_port("127.0.0.1", taken, "serve --port {port}")
    found = re.fullmatch(r"Port (\d+) is free: serve --port (\d+)\n", capsys.readouterr().err)
    assert found is not None
    assert found[1] == found[2]
    assert taken < int(found[1]) <= taken + 20


@pytest.mark.parametrize("host", ["127.0.0.1", "unix:///tmp/nowhere.sock"])
def test_nothing_is_offered_where_the_port_is_not_the_trouble(
    host: str, capsys: pytest.CaptureFixture[str]
) -> None:
    offer_free_port(host, 0, "serve --port {port}")
    assert capsys.readouterr().err == ""


def test_flask_run_offers_a_port(write: Write, project: Path, taken: int) -> None:
    write("app.py", APP)
    words = [sys.executable, "-m", "flask", "run", "--port", str(taken)]
    done = subprocess.run(
        words, cwd=project, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert f"Port {taken} is in use" in done.stderr  # Werkzeug's words, and the original's
    assert re.search(r"^Port \d+ is free: flask run --port \d+$", done.stderr, flags=re.MULTILINE)


def test_app_run_offers_a_port(write: Write, project: Path, taken: int) -> None:
    write("app.py", f"{APP}app.run(port={taken})\n")
    done = subprocess.run(
        [sys.executable, "app.py"],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert re.search(r"^Port \d+ is free: app.run\(port=\d+\)$", done.stderr, flags=re.MULTILINE)
