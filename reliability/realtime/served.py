"""The servers that are measured, and connections to them."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from testkit.processes import HOST, answers, free_port, started

ROOT = Path(__file__).parents[2]
FRAMEWORKS = {
    "Hipflask": "reliability.realtime.on_hipflask",
    "Starlette": "reliability.realtime.on_starlette",
}
PAGE_SIZE = os.sysconf("SC_PAGE_SIZE")
KEY = base64.b64encode(b"x" * 16).decode()
FRAME = b"\x81\x8a\0\0\0\0" + b"0123456789"
ECHOED = b"\x81\x0a0123456789"

Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Server:
    """A server process, and what it has used so far."""

    def __init__(self, pid: int, port: int) -> None:
        self.pid, self.port = pid, port

    @property
    def cpu(self) -> float:
        """Seconds of all threads, from the scheduler, which counts nanoseconds."""
        threads = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(file.read_text().split()[0]) for file in threads) / 1e9

    @property
    def memory(self) -> int:
        """Bytes of resident memory."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * PAGE_SIZE

    async def connect(self, path: str) -> Pair:
        reader, writer = await asyncio.open_connection(HOST, self.port)
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        head = await reader.readuntil(b"\r\n\r\n")
        assert b" 101 " in head, head
        return reader, writer


@contextlib.contextmanager
def serving(module: str, ws: str) -> Iterator[Server]:
    """Serve an application on uvicorn, with one of its WebSocket implementations."""
    port = free_port()
    program = Path(sys.executable).with_name("uvicorn")
    words = ["--port", str(port), "--ws", ws, "--log-level", "error", "--ws-ping-interval", "1000"]
    with tempfile.TemporaryDirectory() as folder:
        command = [str(program), f"{module}:app", *words]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with started(command, Path(folder) / "log", cwd=ROOT, env=environment) as process:
            process.wait_until(lambda: answers(port))
            yield Server(process.pid, port)


async def close(pairs: list[Pair]) -> None:
    """Drop connections, and give the server a moment to notice."""
    for _, writer in pairs:
        writer.transport.abort()
    await asyncio.sleep(1)
