"""An application for real servers: everything that a server may do differently."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from flask import Flask, Response, g, request, send_file, stream_with_context

app = Flask(__name__)
app.secret_key = "key"
NOTES = Path(os.environ["SERVED_NOTES"])


def note(text: str) -> None:
    """Append a line to the notes, which tests read."""
    with NOTES.open("a", encoding="utf-8") as file:
        file.write(f"{text}\n")


@app.while_serving
async def serving() -> AsyncIterator[None]:
    note("started")
    yield
    note("stopped")


@app.before_request
def connect() -> None:
    g.database = sqlite3.connect(":memory:")
    g.thread = threading.get_ident()


@app.teardown_request
def close(error: BaseException | None) -> None:
    g.database.close()


@app.get("/")
def index() -> str:
    return str(g.database.execute("select 40 + 2").fetchone()[0])


@app.get("/async")
async def index_async() -> dict[str, bool]:
    await asyncio.sleep(0)
    return {"same_thread": g.thread == threading.get_ident()}


@app.route("/seen/<path:path>", methods=["GET", "POST"])
def seen(path: str) -> dict[str, object]:
    return {
        "path": path,
        "url": request.url,
        "root": request.root_path,
        "args": request.args.to_dict(flat=False),
        "cookies": request.cookies,
        "a": request.headers.get("X-A"),
    }


@app.post("/length")
def length() -> str:
    taken = 0
    while piece := request.stream.read(64 * 1024):
        taken += len(piece)
    return str(taken)


@app.post("/echo")
def echo() -> bytes:
    return request.get_data()


@app.get("/stream")
def stream() -> Response:
    def pieces() -> Iterator[str]:
        for number in range(20):
            time.sleep(0.005)
            yield f"{number}\n"

    return Response(stream_with_context(pieces()))


@app.get("/endless")
def endless() -> Response:
    def pieces() -> Iterator[str]:
        try:
            while True:
                time.sleep(0.005)
                yield "x" * 100
        finally:
            note("closed")

    return Response(pieces())


@app.get("/file")
def file() -> Response:
    return send_file(__file__)


@app.get("/boom")
def boom() -> str:
    raise LookupError("in the view")


@app.get("/slow")
def slow() -> str:
    time.sleep(0.5)
    return "slow"


@app.get("/task")
def task() -> str:
    app.add_background_task(note, "task")
    return "task"
