"""The application that real servers serve in the tests of WebSockets."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

from flask import Flask, session, websocket
from flask.websockets import sync_websocket

app = Flask(__name__)
app.secret_key = "key"
app.config["RESPONSE_TIMEOUT"] = 5
NOTES = Path(os.environ.get("SERVED_NOTES", os.devnull))


def note(text: str) -> None:
    with NOTES.open("a") as file:
        file.write(f"{text}\n")


@app.get("/")
def index() -> str:
    return "up"


@app.teardown_websocket
def teardown(error: BaseException | None) -> None:
    note(f"teardown{websocket.path}:{type(error).__name__}")


@app.websocket("/echo")
async def echo() -> None:
    async for message in websocket:
        await websocket.send(message)


@app.websocket("/sync")
def echo_sync() -> None:
    for message in sync_websocket:
        sync_websocket.send(message)


@app.websocket("/handshake")
async def handshake() -> None:
    session["seen"] = True
    await websocket.accept({"X-Own": "1"}, subprotocol="chat")
    await websocket.send_json(
        {"path": websocket.path, "args": websocket.args, "header": websocket.headers["X-Client"]}
    )


@app.websocket("/refused")
async def refused() -> Any:
    return "who are you?", 401


@app.websocket("/closes")
async def closes() -> None:
    await websocket.accept()
    await websocket.close(4001, "enough")


@app.websocket("/boom/<token>")
async def boom(token: str) -> None:
    await websocket.accept()
    raise LookupError(token)


@app.websocket("/waits")
async def waits() -> None:
    await websocket.send("waiting")
    await asyncio.Event().wait()


@app.websocket("/impatient")
async def impatient() -> None:
    """Receive a hundred messages, giving up every other moment."""
    await websocket.accept()
    seen: list[str | bytes] = []
    while len(seen) < 100:
        try:
            seen.append(await asyncio.wait_for(websocket.receive(), 0.001))
        except TimeoutError:
            await asyncio.sleep(0.001)
    await websocket.send_json(seen)


@app.websocket("/flood")
async def flood() -> None:
    """Send without end what the client doesn't read."""
    await websocket.accept()
    while True:
        await websocket.send(b"x" * 65536)
