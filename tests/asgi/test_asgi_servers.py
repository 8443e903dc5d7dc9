"""Real ASGI servers serve one application, in a process of their own."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from testkit.processes import ProcessGroup, started

pytestmark = pytest.mark.asgi
HERE = Path(__file__).parent
APP = "served_app:app"

SERVERS = {
    "uvicorn": ["uvicorn", APP, "--port", "{port}", "--loop", "asyncio", "--http", "h11"],
    "uvicorn-uvloop": ["uvicorn", APP, "--port", "{port}", "--loop", "uvloop"],
    "hypercorn": ["hypercorn", f"asgi:{APP}", "--bind", "127.0.0.1:{port}"],
    "granian": ["granian", APP, "--interface", "asgi", "--port", "{port}"],
    "daphne": ["daphne", APP, "--port", "{port}", "--bind", "127.0.0.1"],
    "flask": ["flask", "--app", "served_app", "run", "--asgi", "--port", "{port}"],
}
WITHOUT_DRAINING = {"daphne"}  # which ends requests at once


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


@dataclass
class Served:
    name: str
    port: int
    process: ProcessGroup
    notes_path: Path

    @property
    def notes(self) -> list[str]:
        return self.notes_path.read_text().split() if self.notes_path.exists() else []

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def get(
        self, path: str, method: str = "GET", body: object = None, **headers: str
    ) -> tuple[int, bytes]:
        connection = self.connect()
        try:
            connection.request(method, path, body, headers)  # type: ignore[arg-type]
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def is_up(self) -> bool:
        try:
            return self.get("/")[0] == 200
        except OSError:
            return False


def until(condition: Callable[[], object], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


@pytest.fixture(scope="module", params=SERVERS)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    port = free_port()
    words = [word.format(port=port) for word in SERVERS[request.param]]
    program = Path(sys.executable).with_name(words[0])
    if not program.exists():
        pytest.skip(f"{words[0]} is not installed")
    environment = {**os.environ, "SERVED_NOTES": str(folder / "notes"), "PYTHONPATH": str(HERE)}
    command = [str(program), *words[1:]]
    with started(command, folder / "log", cwd=HERE, env=environment) as process:
        served = Served(request.param, port, process, folder / "notes")
        process.wait_until(served.is_up)
        yield served


def test_plain_request(server: Served) -> None:
    assert server.get("/") == (200, b"42")
    assert server.get("/", "HEAD") == (200, b"")
    assert server.get("/nowhere")[0] == 404
    assert server.get("/boom")[0] == 500
    assert server.get("/", "DELETE")[0] == 405


def test_async_view(server: Served) -> None:
    status, body = server.get("/async")
    assert status == 200
    assert "same_thread" in json.loads(body)


def test_path_query_and_headers(server: Served) -> None:
    status, body = server.get("/seen/a%2Fb%20%C3%A4?x=1&x=%C3%A4", "GET", Cookie="a=1; b=2")
    assert status == 200
    seen = json.loads(body)
    assert seen["path"] == "a/b ä"
    assert seen["args"] == {"x": ["1", "ä"]}
    assert seen["cookies"] == {"a": "1", "b": "2"}
    assert seen["url"] == f"http://127.0.0.1:{server.port}/seen/a/b%20ä?x=1&x=ä"


def test_path_that_is_no_utf_8(server: Served) -> None:
    status, body = server.get("/seen/%FFa")
    assert status in (200, 400)
    if status == 200:
        assert json.loads(body)["path"] == "\ufffda"


@pytest.mark.parametrize("size", [0, 1, 64 * 1024, 3_000_000])
def test_bodies(server: Served, size: int) -> None:
    data = os.urandom(size)
    assert server.get("/echo", "POST", data) == (200, data)
    assert server.get("/length", "POST", data) == (200, str(size).encode())


def test_chunked_body(server: Served) -> None:
    pieces = (b"x" * 10_000 for _ in range(50))
    assert server.get("/length", "POST", pieces) == (200, b"500000")


def test_stream_arrives_piece_by_piece(server: Served) -> None:
    connection = server.connect()
    connection.request("GET", "/stream")
    answer = connection.getresponse()
    assert answer.read1(3) == b"0\n"
    assert answer.read().split() == [str(number).encode() for number in range(1, 20)]
    connection.close()


def test_file(server: Served) -> None:
    assert server.get("/file") == (200, (HERE / "served_app.py").read_bytes())
    assert server.get("/file", Range="bytes=1-3")[0] == 206


def test_client_that_leaves_a_stream_has_it_closed(server: Served) -> None:
    before = server.notes.count("closed")
    with socket.create_connection(("127.0.0.1", server.port)) as sock:
        sock.sendall(b"GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n")
        sock.recv(1000)
    until(lambda: server.notes.count("closed") > before)


def test_half_a_body_leaves_the_server_well(server: Served) -> None:
    for size in (100, 1_000_000):
        with socket.create_connection(("127.0.0.1", server.port)) as sock:
            head = f"POST /length HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n"
            sock.sendall(head.encode() + b"x" * (size // 2))
    assert server.get("/") == (200, b"42")


def test_many_requests_at_once(server: Served) -> None:
    answers: list[tuple[int, bytes]] = []

    def ask() -> None:
        answers.extend(server.get("/") for _ in range(10))

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [(200, b"42")] * 200


def test_background_task(server: Served) -> None:
    before = server.notes.count("task")
    assert server.get("/task") == (200, b"task")
    until(lambda: server.notes.count("task") > before)


def test_http_2(server: Served) -> None:
    if server.name not in {"hypercorn", "granian"}:
        return  # the others have none
    import httpx

    with httpx.Client(http1=False, http2=True) as client:
        answer = client.post(f"http://127.0.0.1:{server.port}/echo", content=b"data")
        assert (answer.http_version, answer.content) == ("HTTP/2", b"data")


def test_sigterm_lets_requests_finish_and_stops_the_application(server: Served) -> None:
    """The last one: the server is gone after it."""
    assert "started" in server.notes
    answers: list[tuple[int, bytes]] = []

    def ask() -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            answers.append(server.get("/slow"))

    thread = threading.Thread(target=ask)
    thread.start()
    time.sleep(0.2)
    os.kill(server.process.pid, signal.SIGTERM)
    thread.join()
    until(lambda: not server.process.members())
    if server.name not in WITHOUT_DRAINING:
        assert answers == [(200, b"slow")]
    assert "stopped" in server.notes
