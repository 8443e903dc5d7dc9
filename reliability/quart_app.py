"""The same application on Quart, the control of the load by ASGI: see :mod:`reliability.app`.

Written with Quart's documented interface. Views are coroutine functions and pause without a thread,
as is usual there.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import os
import random
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from quart import (
    Quart,
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

from reliability.app import FILE_SIZE, MOST_CONTENT, PAUSE, Balance, Planned, bytes_of_malloc


async def pause() -> str:
    """Let other requests run meanwhile; an empty text, so that templates can call it."""
    await asyncio.sleep(random.random() * PAUSE)
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


def create_app(folder: Path) -> Quart:
    app = Quart(__name__)
    app.secret_key = "a key for the time of a load"
    app.config["MAX_CONTENT_LENGTH"] = MOST_CONTENT
    balance = Balance(folder)
    big = folder / "big.bin"
    if not big.exists():
        big.write_bytes(bytes(number % 251 for number in range(FILE_SIZE)))
    _add_hooks(app, balance)
    _add_plain_views(app)
    _add_bodies(app, balance, big)
    _add_errors(app)
    _add_contexts(app, balance)
    return app


def _add_hooks(app: Quart, balance: Balance) -> None:
    @app.route("/pid")
    async def pid() -> str:
        return str(os.getpid())

    @app.route("/blocks")
    async def blocks() -> dict[str, int]:
        gc.collect()
        return {
            "pid": os.getpid(),
            "blocks": sys.getallocatedblocks(),
            "malloc": bytes_of_malloc(),
        }

    @app.before_request
    async def begin() -> None:
        if request.endpoint in ("pid", "blocks"):
            return
        balance.add("begun")
        g.token = request.headers["X-Token"]

    @app.context_processor
    async def add_token() -> dict[str, object]:
        return {"token_of_g": g.get("token"), "pause": pause}

    @app.after_request
    async def sign(response: Any) -> Any:
        if "token" in g:
            response.headers["X-G"] = g.token
            response.headers["X-Request"] = request.headers["X-Token"]
            response.headers["X-User"] = session.get("user", "")
        return response

    @app.teardown_request
    async def end(error: BaseException | None) -> None:
        if "token" in g:
            balance.add("ended")
            if g.token != request.headers["X-Token"]:
                balance.add("mixed")


def _add_plain_views(app: Quart) -> None:
    @app.route("/enter/<token>", methods=["POST"])
    async def enter(token: str) -> dict[str, str]:
        session["user"] = (await request.form)["user"]
        session["visits"] = 0
        return proofs()

    @app.route("/page/<token>")
    async def page(token: str) -> str:
        await pause()
        return await render_template("page.html", token=token)

    @app.route("/json/<token>", methods=["GET", "POST"])
    async def show_json(token: str) -> dict[str, object]:
        sent = await request.get_json() if request.method == "POST" else None
        await pause()
        return {**proofs(), "sent": sent}

    @app.route("/note/<token>", methods=["POST"])
    async def note(token: str) -> Any:
        session["visits"] += 1
        await flash((await request.form)["note"])
        await pause()
        return redirect(url_for("notes", token=token, t=request.args["t"]))

    @app.route("/notes/<token>")
    async def notes(token: str) -> dict[str, object]:
        return {**proofs(), "notes": get_flashed_messages(), "visits": session["visits"]}


def _add_bodies(app: Quart, balance: Balance, big: Path) -> None:
    @app.route("/upload/<token>", methods=["POST"])
    async def upload(token: str) -> dict[str, object]:
        sent = (await request.files)["file"]
        digest = hashlib.sha256()
        size = 0
        while block := sent.stream.read(16384):
            digest.update(block)
            size += len(block)
        await pause()
        return {**proofs(), "size": size, "digest": digest.hexdigest(), "name": sent.filename}

    @app.route("/raw/<token>", methods=["POST"])
    async def raw(token: str) -> dict[str, object]:
        data: Any = await request.get_data()
        return {**proofs(), "size": len(data), "digest": hashlib.sha256(data).hexdigest()}

    @app.route("/download/<token>")
    async def download(token: str) -> Response:
        token_of_g = g.token  # 'g' is another one while the body is sent
        balance.add("resumed")

        @stream_with_context
        async def lines() -> AsyncIterator[str]:
            balance.add("opened")
            g.token = token_of_g
            try:
                for number in range(int(request.args["lines"])):
                    yield f"{number} {' '.join(proofs().values())} {'.' * 400}\n"
                    if number % 8 == 0:
                        await pause()
            finally:
                balance.add("closed")

        return Response(lines(), mimetype="text/plain")

    @app.route("/rows/<token>")
    async def rows(token: str) -> Any:
        async def numbers() -> AsyncIterator[int]:
            balance.add("opened")
            try:
                for number in range(40):
                    if number % 8 == 0:
                        await pause()
                    yield number
            finally:
                balance.add("closed")

        return await stream_template("rows.html", numbers=numbers())

    @app.route("/file/<token>")
    async def file(token: str) -> Any:
        return await send_file(big, conditional=True)


def _add_errors(app: Quart) -> None:
    @app.route("/abort/<token>/<int:code>")
    async def stop(token: str, code: int) -> None:
        await pause()
        abort(code, description=token)

    @app.route("/raise/<token>")
    async def fail(token: str) -> None:
        await pause()
        raise Planned(token)

    @app.errorhandler(404)
    @app.errorhandler(403)
    @app.errorhandler(409)
    async def refused(error: Any) -> Any:
        return {**proofs(), "description": error.description}, error.code

    @app.errorhandler(500)
    async def failed(error: Any) -> Any:
        original = error.original_exception
        if not isinstance(original, Planned):
            return {"error": type(original).__name__}, 500
        return {**proofs(), "raised": str(original)}, 500, {"X-Raised": str(original)}


def _add_contexts(app: Quart, balance: Balance) -> None:
    @app.route("/async/<token>")
    async def later(token: str) -> dict[str, str]:
        await asyncio.sleep(float(request.args["seconds"]) or random.random() * PAUSE)
        return proofs()

    @app.route("/nested/<token>")
    async def nested(token: str) -> dict[str, object]:
        seen: list[object] = []
        headers = {"X-Token": "inner"}
        inner = app.test_request_context("/", query_string={"t": "inner"}, headers=headers)
        async with app.app_context(), inner:
            g.token = "inner"
            balance.add("begun")
            await pause()
            seen.append(proofs()["header"])

        balance.add("resumed")  # the copy is torn down as well

        @copy_current_request_context
        async def elsewhere() -> None:
            await pause()
            seen.append(request.headers["X-Token"])

        await asyncio.create_task(elsewhere())
        return {**proofs(), "seen": seen}


if "RELIABILITY_FOLDER" in os.environ:
    app = create_app(Path(os.environ["RELIABILITY_FOLDER"]))
