"""The application under load: every answer carries its own request's token back, by many ways.

A request's token comes in the header X-Token and stands in the path or query too; the user's name
is in the session. Views pause in their midst, so that requests overlap. Written with nothing but
Flask's documented interface, it serves on whatever `flask` is installed.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import hashlib
import mmap
import os
import random
import struct
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from flask import (
    Flask,
    Response,
    abort,
    copy_current_request_context,
    flash,
    g,
    get_flashed_messages,
    redirect,
    render_template,
    request,
    send_file,
    session,
    stream_template,
    stream_with_context,
    url_for,
)
from flask.typing import ResponseReturnValue

# A stream that keeps its context is torn down with its request, and again at its end: `resumed`.
COUNTERS = ("begun", "resumed", "ended", "opened", "closed", "mixed")
FILE_SIZE = 300_000
MOST_CONTENT = 2_000_000
PAUSE = 0.004


class Planned(Exception):
    """What the application raises on purpose; its message is the request's token."""


class Balance:
    """Counts of one process, in a file that another process can read at any time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = threading.Lock()
        self.pid = 0

    def add(self, name: str) -> None:
        with self.lock:
            if self.pid != os.getpid():
                self._open()
            at = COUNTERS.index(name) * 8
            (value,) = struct.unpack_from("q", self.memory, at)
            struct.pack_into("q", self.memory, at, value + 1)

    def _open(self) -> None:
        self.pid = os.getpid()
        path = self.folder / f"{self.pid}.balance"
        path.write_bytes(bytes(8 * len(COUNTERS)))
        with path.open("r+b") as file:
            self.memory = mmap.mmap(file.fileno(), 0)


def bytes_of_malloc() -> int:
    """How many bytes the C library's malloc has handed out and not taken back, in all threads."""
    # Ten figures: the fifth is what it mapped apart, the eighth what it gave out of its arenas.
    figures = ctypes.c_size_t * 10
    mallinfo2 = ctypes.CDLL(None).mallinfo2
    mallinfo2.restype = type("Figures", (ctypes.Structure,), {"_fields_": [("all", figures)]})
    found = mallinfo2().all
    return int(found[4] + found[7])


def read_balance(folder: Path) -> dict[str, int]:
    """The counts of all processes of a server together."""
    total = dict.fromkeys(COUNTERS, 0)
    for path in folder.glob("*.balance"):
        data = path.read_bytes()
        if len(data) == 8 * len(COUNTERS):
            for name, value in zip(COUNTERS, struct.unpack(f"{len(COUNTERS)}q", data), strict=True):
                total[name] += value
    return total


def pause() -> str:
    """Let other requests run meanwhile; an empty text, so that templates can call it."""
    time.sleep(random.random() * PAUSE)
    return ""


def proofs() -> dict[str, str]:
    """The token by each of its ways, and the user's name."""
    return {
        "g": g.token,
        "header": request.headers["X-Token"],
        "args": request.args["t"],
        "path": (request.view_args or {}).get("token", ""),
        "user": session.get("user", ""),
    }


def create_app(folder: Path) -> Flask:
    app = Flask(__name__)
    app.secret_key = "a key for the time of a load"
    app.config["MAX_CONTENT_LENGTH"] = MOST_CONTENT
    balance = Balance(folder)
    big = folder / "big.bin"
    if not big.exists():
        part = folder / f"{os.getpid()}.part"
        part.write_bytes(bytes(number % 251 for number in range(FILE_SIZE)))
        part.replace(big)
    _add_hooks(app, balance)
    _add_plain_views(app)
    _add_bodies(app, balance, big)
    _add_errors(app)
    _add_contexts(app, balance)
    return app


def _add_hooks(app: Flask, balance: Balance) -> None:
    @app.route("/pid")
    def pid() -> str:
        return str(os.getpid())

    @app.route("/blocks")
    def blocks() -> dict[str, int]:
        gc.collect()
        return {
            "pid": os.getpid(),
            "blocks": sys.getallocatedblocks(),
            "malloc": bytes_of_malloc(),
        }

    @app.before_request
    def begin() -> None:
        if request.endpoint in ("pid", "blocks"):
            return
        balance.add("begun")
        g.token = request.headers["X-Token"]

    @app.context_processor
    def add_token() -> dict[str, object]:
        return {"token_of_g": g.get("token"), "pause": pause}

    @app.after_request
    def sign(response: Response) -> Response:
        if "token" in g:
            response.headers["X-G"] = g.token
            response.headers["X-Request"] = request.headers["X-Token"]
            response.headers["X-User"] = session.get("user", "")
        return response

    @app.teardown_request
    def end(error: BaseException | None) -> None:
        if "token" in g:
            balance.add("ended")
            if g.token != request.headers["X-Token"]:
                balance.add("mixed")


def _add_plain_views(app: Flask) -> None:
    @app.route("/enter/<token>", methods=["POST"])
    def enter(token: str) -> dict[str, str]:
        session["user"] = request.form["user"]
        session["visits"] = 0
        return proofs()

    @app.route("/page/<token>")
    def page(token: str) -> str:
        pause()
        return render_template("page.html", token=token)

    @app.route("/json/<token>", methods=["GET", "POST"])
    def show_json(token: str) -> dict[str, object]:
        sent = request.get_json() if request.method == "POST" else None
        pause()
        return {**proofs(), "sent": sent}

    @app.route("/note/<token>", methods=["POST"])
    def note(token: str) -> ResponseReturnValue:
        session["visits"] += 1
        flash(request.form["note"])
        pause()
        return redirect(url_for("notes", token=token, t=request.args["t"]))

    @app.route("/notes/<token>")
    def notes(token: str) -> dict[str, object]:
        return {**proofs(), "notes": get_flashed_messages(), "visits": session["visits"]}


def _add_bodies(app: Flask, balance: Balance, big: Path) -> None:
    @app.route("/upload/<token>", methods=["POST"])
    def upload(token: str) -> dict[str, object]:
        sent = request.files["file"]
        digest = hashlib.sha256()
        size = 0
        while block := sent.stream.read(16384):
            digest.update(block)
            size += len(block)
        pause()
        return {**proofs(), "size": size, "digest": digest.hexdigest(), "name": sent.filename}

    @app.route("/raw/<token>", methods=["POST"])
    def raw(token: str) -> dict[str, object]:
        data = request.get_data()
        return {**proofs(), "size": len(data), "digest": hashlib.sha256(data).hexdigest()}

    @app.route("/download/<token>")
    def download(token: str) -> Response:
        def lines() -> Iterator[str]:
            balance.add("opened")
            try:
                for number in range(int(request.args["lines"])):
                    yield f"{number} {' '.join(proofs().values())} {'.' * 400}\n"
                    if number % 8 == 0:
                        pause()
            finally:
                balance.add("closed")

        balance.add("resumed")
        return Response(stream_with_context(lines()), mimetype="text/plain")

    @app.route("/rows/<token>")
    def rows(token: str) -> Iterator[str]:
        def numbers() -> Iterator[int]:
            balance.add("opened")
            try:
                for number in range(40):
                    if number % 8 == 0:
                        pause()
                    yield number
            finally:
                balance.add("closed")

        balance.add("resumed")
        return stream_template("rows.html", numbers=numbers())

    @app.route("/file/<token>")
    def file(token: str) -> Response:
        return send_file(big, conditional=True)


def _add_errors(app: Flask) -> None:
    @app.route("/abort/<token>/<int:code>")
    def stop(token: str, code: int) -> NoReturn:
        pause()
        abort(code, description=token)

    @app.route("/raise/<token>")
    def fail(token: str) -> NoReturn:
        pause()
        raise Planned(token)

    @app.errorhandler(404)
    @app.errorhandler(403)
    @app.errorhandler(409)
    def refused(error: Any) -> ResponseReturnValue:
        return {**proofs(), "description": error.description}, error.code

    @app.errorhandler(500)
    def failed(error: Any) -> ResponseReturnValue:
        original = error.original_exception
        if not isinstance(original, Planned):
            return {"error": type(original).__name__}, 500
        return {**proofs(), "raised": str(original)}, 500, {"X-Raised": str(original)}


def _add_contexts(app: Flask, balance: Balance) -> None:
    @app.route("/async/<token>")
    async def later(token: str) -> dict[str, str]:
        await asyncio.sleep(float(request.args["seconds"]) or random.random() * PAUSE)
        return proofs()

    @app.route("/nested/<token>")
    def nested(token: str) -> dict[str, object]:
        seen: list[object] = []
        # A request within a request has the `g` of the outer one; an application context has not.
        with app.app_context(), app.test_request_context("/?t=inner", headers={"X-Token": "inner"}):
            g.token = "inner"
            balance.add("begun")
            pause()
            seen.append(proofs()["header"])

        @copy_current_request_context
        def elsewhere() -> None:
            pause()
            seen.append(request.headers["X-Token"])

        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        return {**proofs(), "seen": seen}


if "RELIABILITY_FOLDER" in os.environ:
    app = create_app(Path(os.environ["RELIABILITY_FOLDER"]))
