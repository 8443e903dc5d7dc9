"""Measure open WebSockets on uvicorn, beside the same on Starlette, one after the other.

`python -m reliability.realtime` prints, for each round: memory per open connection, CPU time of the
server per echo, and CPU time per message that a broadcast delivers. Needs starlette.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from testkit.processes import HOST, answers, free_port, started

ROOT = Path(__file__).parents[2]
FRAMEWORKS = {
    "Hipflask": "reliability.realtime.on_hipflask",
    "Starlette": "reliability.realtime.on_starlette",
}
TICK = os.sysconf("SC_CLK_TCK")
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
        """Seconds."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

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
    for _, writer in pairs:
        writer.transport.abort()
    await asyncio.sleep(1)


async def open_connections(server: Server, count: int) -> tuple[float, list[Pair]]:
    """Return memory per open connection, in KiB, and the connections."""
    await close([await server.connect("/listen") for _ in range(50)])  # imports, caches
    before = server.memory
    pairs: list[Pair] = []
    for _ in range(count // 50):
        pairs += await asyncio.gather(*[server.connect("/listen") for _ in range(50)])
    await asyncio.sleep(2)
    return (server.memory - before) / count / 1024, pairs


async def echo(server: Server, count: int, clients: int = 20) -> float:
    """Return the CPU time of an echo, in microseconds."""

    async def talk(pair: Pair, times: int) -> None:
        reader, writer = pair
        for _ in range(times):
            writer.write(FRAME)
            assert await reader.readexactly(len(ECHOED)) == ECHOED

    pairs = [await server.connect("/echo") for _ in range(clients)]
    await asyncio.gather(*[talk(pair, 200) for pair in pairs])
    before = server.cpu
    await asyncio.gather(*[talk(pair, count // clients) for pair in pairs])
    used = server.cpu - before
    await close(pairs)
    return used / count * 1e6


async def broadcast(server: Server, pairs: list[Pair], times: int) -> float:
    """Return the CPU time per message that reaches a listener, in microseconds."""

    async def once() -> None:
        pairs[0][1].write(FRAME)
        for reader, _ in pairs:
            await reader.readexactly(len(ECHOED))

    await once()
    before = server.cpu
    for _ in range(times):
        await once()
    return (server.cpu - before) / times / len(pairs) * 1e6


async def measure(server: Server, options: argparse.Namespace) -> tuple[float, float, float]:
    echoes = await echo(server, options.echoes)
    memory, pairs = await open_connections(server, options.connections)
    broadcasts = await broadcast(server, pairs, 10)
    await close(pairs)
    return memory, echoes, broadcasts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=2000)
    parser.add_argument("--echoes", type=int, default=40_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--ws", default="websockets")
    options = parser.parse_args()
    ratios: list[list[float]] = [[], [], []]
    for _ in range(options.rounds):
        figures = {}
        for name, module in FRAMEWORKS.items():
            with serving(module, options.ws) as server:
                figures[name] = asyncio.run(measure(server, options))
            memory, echoes, broadcasts = figures[name]
            print(
                f"{name}: {memory:.1f} KiB a connection, {echoes:.1f} us an echo,"
                f" {broadcasts:.1f} us a message of a broadcast",
                flush=True,
            )
        for ratio, own, other in zip(
            ratios, figures["Hipflask"], figures["Starlette"], strict=True
        ):
            ratio.append(own / other)
    print(
        "Hipflask / Starlette, median: "
        + ", ".join(
            f"{what} {median(ratio):.2f}"
            for what, ratio in zip(("memory", "echo", "broadcast"), ratios, strict=True)
        )
    )


if __name__ == "__main__":
    main()
