"""What happens while a page is open: the WebSocket of a room, and the stream of all activity."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

from flask import Blueprint, Response, abort, current_app, websocket
from flask.sse import ServerSentEvent, event_stream
from flask_login import current_user

from .hub import Hub, Listener
from .store import Store

bp = Blueprint("live", __name__)
NAME = re.compile(r"[a-z0-9-]{1,40}")
LONGEST = 2000
TRY_AGAIN = 1013


def hub() -> Hub:
    found: Hub = current_app.extensions["hub"]
    return found


def store() -> Store:
    found: Store = current_app.extensions["store"]
    return found


@bp.before_websocket
def require_login() -> None:
    if not current_user.is_authenticated:
        abort(401)


@bp.websocket("/rooms/<room>/socket")
async def socket(room: str) -> None:
    """Talk to one browser window in a room.

    The client says which message it has seen last, and gets the later ones. A message that it gets
    back with its own key is stored; until then it may send it again.
    """
    if not NAME.fullmatch(room):
        abort(404)
    after = websocket.args.get("after", 0, type=int)
    name = current_user.name
    await websocket.accept()
    try:
        with hub().listening(room, name) as listener:
            for message in await asyncio.to_thread(store().since, room, after):
                await websocket.send_json(type="message", **message.as_dict())
            await hub().announce(room)
            async with asyncio.TaskGroup() as group:
                sender = group.create_task(pass_on(listener))
                async for data in websocket:
                    await handle(room, name, data)
                sender.cancel()
    finally:
        await asyncio.shield(hub().announce(room))


async def pass_on(listener: Listener) -> None:
    """Send what happens in the room."""
    while (event := await listener.queue.get()) is not None and event["type"] != "again":
        await websocket.send_json(event)
    await websocket.close(TRY_AGAIN, "connect again")


async def handle(room: str, name: str, data: str | bytes) -> None:
    """Do what a client asks for; close the connection if it makes no sense."""
    try:
        asked: Any = current_app.json.loads(data)
        kind = asked["type"]
        if kind == "typing":
            await hub().publish({"type": "typing", "room": room, "name": name})
        elif kind == "say":
            text, key = str(asked["text"]).strip()[:LONGEST], str(asked["key"])
            if text and len(key) == 36:
                await say(room, name, text, key)
    except (KeyError, TypeError, ValueError):
        await websocket.close(1003, "not understood")


async def say(room: str, name: str, text: str, key: str) -> None:
    """Store a message, then tell everybody; a client may have sent it twice."""
    message = await asyncio.to_thread(store().add, room, name, text, key)
    await hub().publish({"type": "message", **message.as_dict()})


@bp.get("/activity")
async def activity() -> Response:
    """Stream what happens in all rooms."""
    # Not by Flask-Login's decorator, which would run this view in a thread, on a loop of its own.
    require_login()
    hub_, name = hub(), current_user.name

    async def events() -> AsyncIterator[Any]:
        with hub_.listening(None, name) as listener:
            while (event := await listener.queue.get()) is not None:
                if event["type"] == "message":
                    shown = {"room": event["room"], "author": event["author"]}
                    yield ServerSentEvent(shown, event="said")
                elif event["type"] == "present":
                    shown = {"room": event["room"], "count": len(event["names"])}
                    yield ServerSentEvent(shown, event="present")

    return event_stream(events(), retry=1000)
