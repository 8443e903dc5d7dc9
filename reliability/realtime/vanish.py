"""Clients that connect and vanish, by the thousand: what they leave behind in the server."""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
import struct
import urllib.request
from pathlib import Path
from typing import Any

from testkit.processes import HOST

from .served import FRAMEWORKS, KEY, Server, serving

HANDSHAKE = (
    f"GET /listen HTTP/1.1\r\nHost: {HOST}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    f"Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n"
).encode()
WAYS = ("before the answer", "after the answer", "in a frame", "garbage", "close")
NO_LINGER = struct.pack("ii", 1, 0)


def state_of(server: Server) -> dict[str, Any]:
    """What the server holds: memory in MiB, files, threads, handlers."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://{HOST}:{server.port}/state") as answer:
        state: dict[str, Any] = json.load(answer)
    state["memory"] = round(server.memory / 2**20, 1)
    state["files"] = len(os.listdir(f"/proc/{server.pid}/fd"))
    state["threads"] = len(list(Path(f"/proc/{server.pid}/task").iterdir()))
    return state


async def vanish(server: Server, rng: random.Random) -> None:
    reader, writer = await asyncio.open_connection(HOST, server.port)
    writer.write(HANDSHAKE)
    way = rng.choice(WAYS)
    if way != "before the answer":
        await reader.readuntil(b"\r\n\r\n")
    if way == "in a frame":
        writer.write(b"\x81\xfe\x10\x00\0\0\0\0half of it")
    elif way == "garbage":
        writer.write(rng.randbytes(rng.randrange(1, 4000)))
    elif way == "close":
        writer.write(b"\x88\x82\0\0\0\0\x03\xe8")
    elif rng.random() < 0.5:  # by a reset
        sock: socket.socket = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    writer.close()


async def crowd(server: Server, count: int, rng: random.Random) -> None:
    for _ in range(count // 50):
        await asyncio.gather(*[vanish(server, rng) for _ in range(50)])
    await asyncio.sleep(3)


def disappear(count: int, ws: str, seed: int = 1) -> dict[str, Any]:
    """Have clients vanish; return what the server holds before and after."""
    rng = random.Random(seed)
    with serving(FRAMEWORKS["Hipflask"], ws) as server:
        asyncio.run(crowd(server, min(count, 1000), rng))
        before = state_of(server)
        asyncio.run(crowd(server, count, rng))
        return {"ws": ws, "clients": count, "before": before, "after": state_of(server)}
