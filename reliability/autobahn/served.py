"""What Autobahn talks to: a handler that echoes, and the same as a bare ASGI application."""

from __future__ import annotations

from typing import Any

from flask import Flask, websocket

app = Flask(__name__)
app.config["MAX_WEBSOCKET_MESSAGE"] = 16 * 1024 * 1024


@app.get("/")
def index() -> str:
    return "up"


@app.websocket("/echo")
async def echo() -> None:
    async for message in websocket:
        await websocket.send(message)


async def bare(scope: Any, receive: Any, send: Any) -> None:
    """Echo with nothing but what the server has."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"up"})
        return
    while scope["type"] == "websocket":
        message = await receive()
        if message["type"] == "websocket.connect":
            await send({"type": "websocket.accept"})
        elif message["type"] == "websocket.disconnect":
            return
        elif message.get("text") is not None:
            await send({"type": "websocket.send", "text": message["text"]})
        else:
            await send({"type": "websocket.send", "bytes": message["bytes"]})
