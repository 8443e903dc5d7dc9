"""The application that is measured."""

from __future__ import annotations

import asyncio
import gc

from flask import Flask, websocket
from flask.websockets import Websocket

app = Flask(__name__)
open_sockets = set()
ended = [0, 0]
"""How many handlers have begun, and ended."""


@app.before_websocket
async def begin() -> None:
    ended[0] += 1


@app.teardown_websocket
async def end(error: BaseException | None) -> None:
    ended[1] += 1


@app.get("/")
def index() -> str:
    return "up"


@app.get("/state")
async def state() -> dict[str, int]:
    gc.collect()
    sockets = sum(isinstance(item, Websocket) for item in gc.get_objects())
    return {"handlers": ended[0] - ended[1], "sockets": sockets, "tasks": len(asyncio.all_tasks())}


@app.websocket("/echo")
async def echo() -> None:
    async for message in websocket:
        await websocket.send(message)


@app.websocket("/listen")
async def listen() -> None:
    socket = websocket._get_current_object()  # type: ignore[attr-defined]
    await socket.accept()
    open_sockets.add(socket)
    try:
        async for message in socket:
            for other in list(open_sockets):
                await other.send(message)
    finally:
        open_sockets.discard(socket)
