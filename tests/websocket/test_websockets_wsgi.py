"""WebSockets on WSGI servers: frames on a socket, handshakes that are none, and what is missing."""

from __future__ import annotations

import base64
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from werkzeug.serving import make_server

from flask import Flask, request, websocket
from flask.websockets import socket as frames
from flask.websockets import sync_websocket

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
UPGRADE = {
    "Host": "localhost",
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Key": base64.b64encode(b"x" * 16).decode(),
    "Sec-WebSocket-Version": "13",
}


def until(condition: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


class Client:
    """A socket on which anything can be sent."""

    def __init__(self, port: int, path: str = "/echo", **headers: str | None) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 20)
        self.file = self.socket.makefile("rb")
        changed = {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [
            f"{name}: {value}"
            for name, value in {**UPGRADE, **changed}.items()
            if value is not None
        ]
        self.socket.sendall("\r\n".join([f"GET {path} HTTP/1.1", *lines, "", ""]).encode("latin-1"))

    def response(self) -> tuple[int, dict[str, str]]:
        status = int(self.file.readline().split()[1])
        headers = {}
        while line := self.file.readline().decode("latin-1").strip():
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
        return status, headers

    def opened(self) -> Client:
        assert self.response()[0] == 101
        return self

    def send(self, opcode: int, payload: bytes = b"", fin: bool = True, mask: bool = True) -> None:
        first = (0x80 if fin else 0) | opcode
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", first, (0x80 if mask else 0) | size)
        elif size < 65536:
            head = struct.pack("!BBH", first, (0x80 if mask else 0) | 126, size)
        else:
            head = struct.pack("!BBQ", first, (0x80 if mask else 0) | 127, size)
        key = b"\0\0\0\0" if mask else b""
        self.socket.sendall(head + key + payload)

    def receive(self) -> tuple[int, bytes]:
        """Return a frame's opcode and payload; -1: the connection has ended."""
        head = self.file.read(2)
        if len(head) < 2:
            return -1, b""
        size = head[1] & 127
        if size == 126:
            (size,) = struct.unpack("!H", self.file.read(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", self.file.read(8))
        return head[0] & 15, self.file.read(size)

    def close_code(self) -> int:
        opcode, payload = self.receive()
        assert opcode == CLOSE, (opcode, payload)
        return int(struct.unpack("!H", payload[:2])[0])

    def end(self) -> None:
        self.file.close()
        self.socket.close()


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.config["MAX_WEBSOCKET_MESSAGE"] = 100_000
    app.extensions["ends"] = ends = []

    @app.teardown_websocket
    def teardown(error: BaseException | None) -> None:
        ends.append((websocket.close_code, error))

    @app.before_request
    def before() -> None:
        app.extensions.setdefault("requests", []).append(request.path)

    @app.websocket("/echo")
    async def echo() -> None:
        async for message in websocket:
            await websocket.send(message)

    @app.websocket("/sync")
    def echo_sync() -> None:
        for message in sync_websocket:
            sync_websocket.send(message)

    @app.websocket("/closes")
    async def closes() -> None:
        await websocket.accept()
        await websocket.close(4000, "enough")

    @app.websocket("/refused")
    async def refused() -> Any:
        return "who are you?", 401, {"X-Why": "because"}

    @app.websocket("/flood")
    async def flood() -> None:
        while True:
            await websocket.send(b"x" * 65536)

    @app.get("/page")
    def page() -> str:
        return "page"

    return app


@pytest.fixture
def port(app: Flask) -> Iterator[int]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    server.log = lambda *args: None  # type: ignore[method-assign]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def connect(port: int) -> Iterator[Callable[..., Client]]:
    clients = []

    def connect(*args: Any, **headers: str | None) -> Client:
        client = Client(port, *args, **headers)
        clients.append(client)
        return client

    yield connect
    for client in clients:
        client.end()


Connect = Callable[..., Client]


@pytest.mark.parametrize("path", ["/echo", "/sync"])
def test_messages_of_all_sizes_are_echoed(connect: Connect, path: str, app: Flask) -> None:
    client = connect(path).opened()
    for opcode in (TEXT, BINARY):
        for size in (0, 1, 125, 126, 65535, 65536, 100_000):
            client.send(opcode, b"x" * size)
            assert client.receive() == (opcode, b"x" * size)
    client.send(CLOSE, struct.pack("!H", 3000) + b"bye")
    assert client.receive() == (CLOSE, struct.pack("!H", 3000) + b"bye")
    assert client.receive() == (-1, b"")
    until(lambda: app.extensions["ends"] == [(3000, None)])
    assert "requests" not in app.extensions  # hooks for requests are for requests


def test_message_in_pieces_is_one(connect: Connect) -> None:
    client = connect().opened()
    client.send(TEXT, "\N{SNOWMAN}".encode()[:2], fin=False)
    client.send(PING, b"in between")
    client.send(0, "\N{SNOWMAN}".encode()[2:], fin=True)
    assert client.receive() == (PONG, b"in between")
    assert client.receive() == (TEXT, "\N{SNOWMAN}".encode())


def test_handler_closes_with_code_and_reason(connect: Connect) -> None:
    client = connect("/closes").opened()
    assert client.receive() == (CLOSE, struct.pack("!H", 4000) + b"enough")
    client.send(CLOSE, struct.pack("!H", 4000))
    assert client.receive() == (-1, b"")


def test_client_that_does_not_answer_a_close_is_dropped(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, app: Flask
) -> None:
    monkeypatch.setattr(frames, "LINGER", 0.05)
    client = connect("/closes").opened()
    assert client.close_code() == 4000
    assert client.receive() == (-1, b"")
    assert app.extensions["ends"] == [(4000, None)]


def test_refusal_is_a_response(connect: Connect) -> None:
    client = connect("/refused")
    status, headers = client.response()
    assert (status, headers["x-why"]) == (401, "because")
    assert client.file.read() == b"who are you?"


def test_page_of_another_origin_is_refused(connect: Connect) -> None:
    assert connect(Origin="http://evil.example").response()[0] == 403
    assert connect(Origin="http://localhost").response()[0] == 101


def test_other_requests_are_answered_as_ever(connect: Connect, app: Flask) -> None:
    assert connect("/nowhere").response()[0] == 404
    assert connect("/page", Upgrade=None).response()[0] == 200
    assert connect("/echo", Upgrade=None).response()[0] == 400
    assert connect("/echo", Upgrade="h2c").response()[0] == 400
    assert app.extensions["ends"] == []


# What clients do wrong


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec_WebSocket_Key": None}, 400),
        ({"Sec_WebSocket_Version": None}, 400),
        ({"Sec_WebSocket_Version": "8"}, 426),
    ],
)
def test_request_that_is_no_handshake_is_refused(
    connect: Connect, app: Flask, headers: dict[str, str | None], status: int
) -> None:
    client = connect(**headers)
    answer, response = client.response()
    assert answer == status
    assert response.get("sec-websocket-version") == (
        "13" if "Sec_WebSocket_Version" in headers else None
    )
    assert app.extensions["ends"] == []


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([(TEXT, b"\xff", True, True)], 1007),
        ([(TEXT, b"\xe2\x98", True, True)], 1007),
        ([(TEXT, b"not masked", True, False)], 1002),
        ([(0, b"nothing to continue", True, True)], 1002),
        ([(TEXT, b"a", False, True), (TEXT, b"b", True, True)], 1002),
        ([(3, b"unknown", True, True)], 1002),
        ([(PING, b"x" * 126, True, True)], 1002),
        ([(PING, b"in pieces", False, True)], 1002),
        ([(CLOSE, b"1", True, True)], 1002),
        ([(CLOSE, struct.pack("!H", 999), True, True)], 1002),
        ([(CLOSE, struct.pack("!H", 1000) + b"\xff", True, True)], 1007),
        ([(BINARY, b"x" * 100_001, True, True)], 1009),
        ([(BINARY, b"x" * 60_000, False, True), (0, b"x" * 60_000, False, True)], 1009),
    ],
)
def test_frames_that_are_wrong_close_the_connection(
    connect: Connect, app: Flask, frames: list[tuple[int, bytes, bool, bool]], code: int
) -> None:
    client = connect().opened()
    for frame in frames:
        client.send(*frame)
    assert client.close_code() == code
    client.end()
    until(lambda: [end for _, end in app.extensions["ends"]] == [None])


def test_request_smuggled_after_a_handshake_is_never_answered(connect: Connect, app: Flask) -> None:
    smuggled = b"GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for path in ("/echo", "/refused", "/closes"):
        client = connect(path)
        client.socket.sendall(smuggled)
        client.socket.shutdown(socket.SHUT_WR)
        assert b"page" not in client.file.read()
    bad = connect(Sec_WebSocket_Key=None)
    bad.socket.sendall(smuggled)
    bad.socket.shutdown(socket.SHUT_WR)
    assert b"page" not in bad.file.read()
    assert "/page" not in app.extensions.get("requests", [])


def test_garbage_leaves_nothing_behind(connect: Connect, app: Flask) -> None:
    from flask.doors.lifespan import HomeLoop

    def others() -> set[threading.Thread]:
        # Those of the loop and of the workers are started when needed, and stay.
        return {each for each in threading.enumerate() if not each.name.startswith("flask-")}

    loop: Any = HomeLoop.get().loop
    watched = len(loop._selector.get_map())  # the loop's own pipe, and events of other applications
    before = others()
    for number in range(50):
        client = connect().opened()
        client.socket.sendall(os.urandom(number * 40 + 1))
        client.end()
    until(lambda: len(app.extensions["ends"]) == 50)
    until(lambda: others() <= before)
    most = watched + 1  # the event of this application's mailbox
    until(lambda: len(loop._selector.get_map()) <= most)
    assert [error for _, error in app.extensions["ends"]] == [None] * 50


def test_client_that_vanishes_ends_the_handler(connect: Connect, app: Flask) -> None:
    client = connect().opened()
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.end()
    until(lambda: app.extensions["ends"] == [(1006, None)])


def test_idle_client_is_pinged_and_dropped_if_it_is_silent(
    connect: Connect, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "PING_EVERY", 0.1)
    client = connect().opened()
    for _ in range(3):
        assert client.receive()[0] == PING
        client.send(PONG)
    assert client.receive()[0] == PING
    assert client.receive() == (-1, b"")
    until(lambda: app.extensions["ends"] == [(1006, None)])


def test_slow_reader_is_given_up(connect: Connect, app: Flask) -> None:
    app.config["RESPONSE_TIMEOUT"] = 0.1
    client = connect("/flood").opened()
    until(lambda: app.extensions["ends"] == [(1006, None)])
    client.end()


def test_fast_writer_has_to_wait(connect: Connect, app: Flask) -> None:
    go_on = threading.Event()
    seen = []

    @app.websocket("/slow")
    def slow() -> None:
        sync_websocket.accept()
        go_on.wait(20)
        for message in sync_websocket:
            seen.append(message)

    client = connect("/slow").opened()
    client.socket.setblocking(False)
    sent = 0
    frame = struct.pack("!BBH", 0x82, 0x80 | 126, 60_000) + b"\0\0\0\0" + b"x" * 60_000
    deadline = time.monotonic() + 1
    rest = b""
    while time.monotonic() < deadline and sent < 500:
        try:
            rest = rest or frame
            rest = rest[client.socket.send(rest) :]
            sent += not rest
        except BlockingIOError:
            time.sleep(0.01)
    assert sent < 500, "30 MB were taken that nobody read"
    client.socket.settimeout(20)
    go_on.set()
    client.socket.sendall(rest)
    client.send(CLOSE, struct.pack("!H", 1000))
    assert client.close_code() == 1000
    until(lambda: len(seen) == sent + bool(rest))


# What is missing


def test_server_without_a_socket_says_what_to_do(app: Flask) -> None:
    answer = app.test_client().get("/echo", headers=UPGRADE)
    assert answer.status_code == 501
    assert "uvicorn" in answer.text


@pytest.mark.parametrize(("missing", "remedy"), [("wsproto", "install wsproto"), ("tls", "TLS")])
def test_what_is_missing_is_named(
    app: Flask, monkeypatch: pytest.MonkeyPatch, missing: str, remedy: str
) -> None:
    import ssl

    from flask.websockets import wsgi

    left, right = socket.socketpair()
    with left, right:
        sock: Any = left
        if missing == "wsproto":
            monkeypatch.setattr(wsgi.importlib.util, "find_spec", lambda name: None)
        else:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            sock = context.wrap_socket(left, server_side=True, do_handshake_on_connect=False)
        environ = {"werkzeug.socket": sock}
        answer = app.test_client().get("/echo", headers=UPGRADE, environ_base=environ)
        assert answer.status_code == 501
        assert remedy in answer.text
        sock.close()


def test_handlers_of_extensions_are_left_alone(app: Flask) -> None:
    def view() -> str:
        return f"taken over: {request.environ['HTTP_UPGRADE']}"

    app.add_url_rule("/extension", view_func=view, websocket=True)
    answer = app.test_client().get("/extension", headers=UPGRADE)
    assert answer.text == "taken over: websocket"
