"""WebSockets on real ASGI servers, with a client that follows RFC 6455."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from testkit.processes import ProcessGroup, started

pytestmark = pytest.mark.asgi
HERE = Path(__file__).parent
APP = "served_websockets:app"

UVICORN = ["uvicorn", APP, "--port", "{port}"]
SERVERS = {
    "uvicorn-websockets": [*UVICORN, "--ws", "websockets"],
    "uvicorn-sansio": [*UVICORN, "--ws", "websockets-sansio"],
    "uvicorn-wsproto": [*UVICORN, "--ws", "wsproto"],
    "hypercorn": ["hypercorn", f"asgi:{APP}", "--bind", "127.0.0.1:{port}"],
    "granian": ["granian", APP, "--interface", "asgi", "--port", "{port}"],
    "flask-wsgi": ["flask", "--app", "served_websockets", "run", "--port", "{port}"],
    "gunicorn-threads": [
        *["gunicorn", APP, "--bind", "127.0.0.1:{port}"],
        *["--worker-class", "gthread", "--threads", "8"],
    ],
    "gunicorn-gevent": [
        *["gunicorn", APP, "--bind", "127.0.0.1:{port}"],
        *["--worker-class", "gevent"],
    ],
    "flask": ["flask", "--app", "served_websockets", "run", "--asgi", "--port", "{port}"],
}
# Leave out the headers that 'accept' is called with.
WITHOUT_HEADERS = {"granian"}

HANDSHAKE = (
    b"GET /path HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


@dataclass
class Served:
    name: str
    port: int
    process: ProcessGroup
    notes_path: Path
    log: Path

    @property
    def notes(self) -> list[str]:
        return self.notes_path.read_text().split() if self.notes_path.exists() else []

    def connect(self, path: str, **options: Any) -> Any:
        from websockets.sync.client import connect

        return connect(f"ws://127.0.0.1:{self.port}{path}", proxy=None, **options)

    def is_up(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", "/")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def memory(self) -> int:
        """The resident memory of the server and its children, in bytes."""
        pages = 0
        for status in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                fields = status.read_text().rpartition(")")[2].split()
                if int(fields[2]) == self.process.pid or int(fields[3]) == self.process.pid:
                    pages += int(fields[21])
        return pages * os.sysconf("SC_PAGE_SIZE")


def until(condition: Callable[[], object], seconds: float = 20) -> None:
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
        served = Served(request.param, port, process, folder / "notes", folder / "log")
        process.wait_until(served.is_up)
        yield served


@pytest.mark.parametrize("path", ["/echo", "/sync"])
def test_messages_of_all_sizes_are_echoed(server: Served, path: str) -> None:
    with server.connect(path, max_size=None) as client:
        for data in ("", "text", "\N{GRINNING FACE}" * 1000, b"", b"\0\xff", b"x" * 1024 * 1024):
            client.send(data)
            assert client.recv(timeout=20) == data


def test_handshake_carries_headers_session_and_subprotocol(server: Served) -> None:
    from websockets import Subprotocol

    with server.connect(
        "/handshake?a=1",
        subprotocols=[Subprotocol("other"), Subprotocol("chat")],
        additional_headers={"X-Client": "c"},
    ) as client:
        if server.name not in WITHOUT_HEADERS:
            assert client.response.headers["X-Own"] == "1"
            assert "session=" in client.response.headers["Set-Cookie"]
        assert client.subprotocol == "chat"
        assert json.loads(client.recv(timeout=20)) == {
            "path": "/handshake",
            "args": {"a": "1"},
            "header": "c",
        }


def test_refusal_is_a_response(server: Served) -> None:
    from websockets.exceptions import InvalidStatus

    with pytest.raises(InvalidStatus) as caught, server.connect("/refused"):
        raise AssertionError("accepted")
    assert caught.value.response.status_code == 401
    assert caught.value.response.body == b"who are you?"


def test_page_of_another_origin_is_refused(server: Served) -> None:
    from websockets import Origin
    from websockets.exceptions import InvalidStatus

    own = Origin(f"http://127.0.0.1:{server.port}")
    with server.connect("/echo", origin=own) as client:
        client.send("x")
        assert client.recv(timeout=20) == "x"
    evil = Origin("http://evil.example")
    with pytest.raises(InvalidStatus) as caught, server.connect("/echo", origin=evil):
        raise AssertionError("accepted")
    assert caught.value.response.status_code == 403


@pytest.mark.parametrize(
    ("path", "code", "reason"), [("/closes", 4001, "enough"), ("/boom/x", 1011, "")]
)
def test_close_codes(server: Served, path: str, code: int, reason: str) -> None:
    from websockets.exceptions import ConnectionClosed

    with server.connect(path) as client:
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=20)
        assert (client.close_code, client.close_reason) == (code, reason)


def test_exception_is_logged_once(server: Served) -> None:
    token = uuid.uuid4().hex

    def lines() -> int:
        return server.log.read_text().count(f"LookupError: {token}")

    with server.connect(f"/boom/{token}"):
        until(lines)
    time.sleep(0.2)
    assert lines() == 1


def test_message_above_the_limit_closes(server: Served) -> None:
    from websockets.exceptions import ConnectionClosed

    with server.connect("/echo", max_size=None) as client:
        client.send(b"x" * (1024 * 1024 + 1))
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=20)
        assert client.close_code == 1009


@pytest.mark.parametrize("how", ["close", "vanish"])
def test_disconnect_ends_a_handler_that_waits(server: Served, how: str) -> None:
    ends = server.notes.count("teardown/waits:NoneType")
    with server.connect("/waits") as client:
        assert client.recv(timeout=20) == "waiting"
        if how == "close":
            client.close()
        else:
            client.socket.shutdown(socket.SHUT_RDWR)
        until(lambda: server.notes.count("teardown/waits:NoneType") == ends + 1)


def test_no_message_is_lost_when_receiving_is_given_up(server: Served) -> None:
    with server.connect("/impatient") as client:
        for number in range(100):
            client.send(str(number))
            time.sleep(0.002)
        assert json.loads(client.recv(timeout=20)) == list(map(str, range(100)))


def test_client_that_does_not_read_costs_little_memory(server: Served) -> None:
    before = server.memory()
    with socket.create_connection(("127.0.0.1", server.port), 20) as client:
        client.sendall(HANDSHAKE.replace(b"/path", b"/flood"))
        assert client.recv(12) == b"HTTP/1.1 101"
        time.sleep(1.5)
        grown = server.memory() - before
    assert grown < 32 * 1024 * 1024, f"{grown / 1024 / 1024:.0f} MiB"
    until(lambda: any(line.startswith("teardown/flood") for line in server.notes))


def test_request_smuggled_after_a_handshake_is_never_answered(server: Served) -> None:
    smuggled = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), 20) as client:
        client.sendall(HANDSHAKE.replace(b"/path", b"/closes") + smuggled)
        client.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert b"HTTP/1.1 200" not in answer
