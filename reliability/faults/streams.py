"""Views whose bodies come or go bit by bit, for clients that vanish meanwhile."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Iterator
from pathlib import Path

from flask import (
    Flask,
    Response,
    request,
    send_file,
    stream_template_string,
    stream_with_context,
)
from reliability.faults.notes import NOTES, asked, note

CHUNK = "x" * 16_000 + "\n"
# Together more than all buffers between the application and a client that reads nothing.
MOST_CHUNKS = 2000
FILE_SIZE = 32_000_000


class Noted(io.BytesIO):
    """A file that notes when it is closed."""

    def __init__(self, content: bytes, notes: list[str]) -> None:
        super().__init__(content)
        self.notes = notes

    def close(self) -> None:
        if not self.closed:
            self.notes.append("closed")
        super().close()


def add_views(app: Flask) -> None:
    """Add `/take`, which reads a body, and `/give`, which sends a long one."""

    @app.route("/take", methods=["POST"])
    def take() -> str:
        note("began")
        try:
            size = read_body(request.args["how"])
        except Exception as error:
            note(f"reading failed: {type(error).__name__}")
            raise
        note(f"took {size}")
        return str(size)

    @app.route("/give")
    def give() -> Response:
        note("began")
        return long_answer(request.args["how"], NOTES[asked("token")])

    @app.route("/slow")
    def slow() -> str:
        note("began")
        time.sleep(float(request.args["seconds"]))
        return asked("token")

    @app.route("/slow-stream")
    def slow_stream() -> Response:
        pause = float(request.args["seconds"]) / 10

        def chunks() -> Iterator[str]:
            for number in range(10):
                yield f"{number}\n"
                time.sleep(pause)

        note("began")
        return Response(chunks())


def read_body(how: str) -> int:
    """Read the request's body in one of the ways there are."""
    if how == "data":
        return len(request.get_data())
    if how == "json":
        return len(request.get_json())
    if how == "form":
        return sum(len(value) for value in request.form.values())
    if how == "files":
        return sum(len(file.read()) for file in request.files.values())
    return sum(len(block) for block in iter(lambda: request.stream.read(1000), b""))


def long_answer(how: str, notes: list[str]) -> Response:
    """Answer with a body of 32 MB: a generator, or a file in memory or on disk."""

    def chunks() -> Iterator[str]:
        try:
            for number in range(MOST_CHUNKS):
                yield CHUNK
                time.sleep(0.001 if number > 20 else 0)
            notes.append("ran to its end")
        finally:
            notes.append("closed")

    if how == "context":
        return Response(stream_with_context(chunks()))
    if how == "template":
        source = "{% for chunk in chunks %}{{ chunk }}{% endfor %}"
        return Response(stream_template_string(source, chunks=chunks()))
    if how == "file":
        return send_file(Noted(bytes(FILE_SIZE), notes), mimetype="text/plain")
    if how == "path":
        path = Path(os.environ["RELIABILITY_FOLDER"]) / "large"
        if not path.exists():
            path.write_bytes(bytes(FILE_SIZE))
        return send_file(path, mimetype="text/plain")
    response = Response(chunks())
    response.call_on_close(lambda: notes.append("on close"))
    return response
