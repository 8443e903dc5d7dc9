"""The application that is measured."""

from __future__ import annotations

from flask import Flask, websocket

app = Flask(__name__)
open_sockets = set()


@app.get("/")
def index() -> str:
    return "up"


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
