"""A blocking client for one request at a time, each on a connection of its own."""

from __future__ import annotations

import http.client
import socket
import struct
from dataclasses import dataclass, field

HOST = "127.0.0.1"
TIMEOUT = 20.0


@dataclass
class Reply:
    """An answer; `status` is 0 where the server hung up instead of, or within it."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    was_cut: bool = False

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")

    @property
    def cookie(self) -> str:
        return self.headers.get("set-cookie", "").partition(";")[0]


def ask(
    port: int,
    target: str,
    method: str = "GET",
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> Reply:
    """Send one request and read its answer; `TimeoutError` where none comes."""
    connection = http.client.HTTPConnection(HOST, port, timeout=TIMEOUT)
    sent = {"Connection": "close", **(headers or {})}
    try:
        connection.request(method, target, body, sent)
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        try:
            return Reply(response.status, response.read(), found)
        except http.client.IncompleteRead as error:
            return Reply(response.status, error.partial, found, was_cut=True)
    except TimeoutError:
        raise
    except (OSError, http.client.HTTPException):
        return Reply(0, was_cut=True)
    finally:
        connection.close()


def request_bytes(method: str, target: str, *lines: str) -> bytes:
    return "\r\n".join([f"{method} {target} HTTP/1.1", "Host: x", *lines, "", ""]).encode()


def connect(port: int, receive_buffer: int | None = None) -> socket.socket:
    client = socket.socket()
    if receive_buffer is not None:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    client.settimeout(TIMEOUT)
    client.connect((HOST, port))
    return client


def vanish(client: socket.socket, *, by_reset: bool = True) -> None:
    """Hang up, by a reset as a lost client's system does, or by closing in good order."""
    if by_reset:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
