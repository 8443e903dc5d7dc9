"""The application that servers serve while clients send it all kinds of frames."""

from __future__ import annotations

import asyncio
import gc

from websocket_frames import LIMIT

from flask import Flask, websocket
from flask.websockets import Websocket

app = Flask(__name__)
app.config["MAX_WEBSOCKET_MESSAGE"] = LIMIT
counts = {"begun": 0, "ended": 0, "failed": 0}


@app.get("/")
def index() -> str:
    return "up"


@app.get("/state")
async def state() -> dict[str, int]:
    gc.collect()
    found = gc.get_objects()
    return {
        **counts,
        "sockets": sum(isinstance(item, Websocket) for item in found),
        "tasks": sum(isinstance(item, asyncio.Task) and not item.done() for item in found),
    }


@app.before_websocket
async def begin() -> None:
    counts["begun"] += 1


@app.teardown_websocket
async def end(error: BaseException | None) -> None:
    counts["ended"] += 1
    counts["failed"] += error is not None
    if error is not None:
        app.logger.error("A handler ended by %r", error)


@app.websocket("/echo")
async def echo() -> None:
    async for message in websocket:
        await websocket.send(message)
