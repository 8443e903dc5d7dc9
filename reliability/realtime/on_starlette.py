"""The same application on Starlette."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

open_sockets: set[WebSocket] = set()


async def index(request: Request) -> PlainTextResponse:
    return PlainTextResponse("up")


async def echo(socket: WebSocket) -> None:
    await socket.accept()
    try:
        while True:
            await socket.send_text(await socket.receive_text())
    except WebSocketDisconnect:
        pass


async def listen(socket: WebSocket) -> None:
    await socket.accept()
    open_sockets.add(socket)
    try:
        while True:
            message = await socket.receive_text()
            for other in list(open_sockets):
                await other.send_text(message)
    except WebSocketDisconnect:
        pass
    finally:
        open_sockets.discard(socket)


app = Starlette(
    routes=[
        Route("/", index),
        WebSocketRoute("/echo", echo),
        WebSocketRoute("/listen", listen),
    ]
)
