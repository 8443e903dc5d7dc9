"""WebSocket handlers of both kinds, and their test clients."""

from typing import Any, assert_type

from flask import Flask, abort, copy_current_websocket_context, has_websocket_context, websocket
from flask.sse import ServerSentEvent, event_stream
from flask.typing import ResponseReturnValue
from flask.websockets import Websocket, WebsocketDisconnected, sync_websocket

app = Flask(__name__)


@app.websocket("/echo/<name>")
async def echo(name: str) -> None:
    await websocket.accept({"X-Own": name}, subprotocol=None)
    async for message in websocket:
        assert_type(message, str | bytes)
        await websocket.send(message)
    assert_type(websocket.close_code, int | None)
    await websocket.close(4000, "enough")


@app.websocket("/json")
async def talk() -> ResponseReturnValue | None:
    if "user" not in websocket.cookies:
        return "who are you?", 401
    try:
        data: Any = await websocket.receive_json()
        await websocket.send_json(seen=data, page=websocket.args.get("page", 1, type=int))
    except WebsocketDisconnected as error:
        assert_type(error.code, int)
    return None


@app.websocket("/sync")
def echo_sync() -> None:
    assert_type(sync_websocket.receive(timeout=1.5), str | bytes)
    for message in sync_websocket:
        sync_websocket.send(message)


@app.before_websocket
def check() -> None:
    if not has_websocket_context():
        abort(500)


@app.teardown_websocket
async def end(error: BaseException | None) -> None:
    tell = copy_current_websocket_context(note)
    tell(error)


def note(error: BaseException | None) -> None:
    pass


def keep(socket: Websocket) -> str:
    return f"{socket.scheme}: {socket.subprotocols}"


@app.get("/events")
def events() -> ResponseReturnValue:
    return event_stream(ServerSentEvent("x", id=str(number)) for number in range(3))
