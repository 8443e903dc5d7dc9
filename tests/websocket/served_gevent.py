"""The application that Gunicorn's gevent worker serves in the tests of WebSockets under gevent."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import AsyncIterator

import greenlet

from flask import Flask, request, websocket
from flask.doors.lifespan import HomeLoop
from flask.websockets import Websocket, sync_websocket

app = Flask(__name__)
listeners: set[asyncio.Queue[str]] = set()
threads: set[int] = set()
beats: list[int] = []


def say(text: str) -> None:
    print(text, flush=True)


@app.while_serving
async def serve() -> AsyncIterator[None]:
    """Have a task run on the loop, as the subscriber of a message broker would."""

    async def beat() -> None:
        while True:
            beats.append(1)
            await asyncio.sleep(0.01)

    beating = asyncio.create_task(beat())
    yield
    beating.cancel()
    say("served")


@app.after_serving
def after_serving() -> None:
    time.sleep(0.001)
    say("after serving")


def native_thread() -> int:
    return threading.get_native_id()


@app.get("/")
def index() -> str:
    return "up"


@app.get("/state")
def state() -> dict[str, int]:
    gc.collect()
    found = gc.get_objects()
    return {
        "sockets": sum(isinstance(item, Websocket) for item in found),
        "greenlets": sum(isinstance(item, greenlet.greenlet) and not item.dead for item in found),
        "threads": len(threads),
        "beats": len(beats),
    }


@app.websocket("/echo")
async def echo() -> None:
    threads.add(native_thread())
    async for message in websocket:
        await asyncio.sleep(0.001)
        await websocket.send(message)


@app.websocket("/sync")
def echo_sync() -> None:
    threads.add(native_thread())
    for message in sync_websocket:
        time.sleep(0.001)  # gevent's
        sync_websocket.send(message)


@app.websocket("/blocks")
async def blocks() -> None:
    """Block, as a coroutine should not: other greenlets run meanwhile."""
    async for message in websocket:
        time.sleep(0.1)
        await websocket.send(message)


@app.websocket("/ticker")
async def ticker() -> None:
    queue: asyncio.Queue[str] = asyncio.Queue()
    await websocket.accept()
    listeners.add(queue)
    try:
        while True:
            await websocket.send(await queue.get())
    finally:
        listeners.discard(queue)


@app.post("/publish")
def publish() -> str:
    threads.add(native_thread())
    text = request.get_data(as_text=True)
    loop = HomeLoop.get().loop
    for queue in listeners:
        loop.call_soon_threadsafe(queue.put_nowait, text)
    return "published"


@app.get("/run")
def run() -> str:
    """Run a loop of its own, as libraries do."""

    async def generate() -> None:
        async def numbers():  # type: ignore[no-untyped-def]
            for number in range(3):
                yield number

        async for _ in numbers():
            await asyncio.sleep(0.01)
        await asyncio.to_thread(time.sleep, 0.01)

    asyncio.run(generate())
    return "ran"


@app.get("/view")
async def view() -> str:
    await asyncio.sleep(0.01)
    return request.path
