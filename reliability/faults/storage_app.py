"""An application that writes into its instance folder, which may be full or read-only."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from flask import Flask, current_app, request, session
from flask.typing import ResponseReturnValue

FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)


def instance() -> Path:
    return Path(current_app.instance_path)


def create_app() -> Flask:
    folder = os.environ.get("INSTANCE") or os.path.join(os.environ["RELIABILITY_FOLDER"], "disk")
    app = Flask(__name__, instance_path=folder)
    app.secret_key = "a key for the time of a fault"
    with contextlib.suppress(OSError):
        os.makedirs(folder, exist_ok=True)
    try:
        # As its log file: records that can't be written must not harm a request.
        app.logger.addHandler(logging.FileHandler(Path(app.instance_path) / "application.log"))
        app.logger.propagate = False
        # Large uploads are spooled there as well.
        tempfile.tempdir = folder
    except OSError:
        app.logger.warning("no log file in %s", app.instance_path)

    @app.before_request
    def record() -> None:
        app.logger.warning("%s %s", request.method, request.path)

    @app.errorhandler(OSError)
    def refused(error: OSError) -> ResponseReturnValue:
        if error.errno in FULL:
            return "full", 507
        return ("read-only", 503) if error.errno in READ_ONLY else (repr(error), 500)

    @app.errorhandler(sqlite3.Error)
    def database_refused(error: sqlite3.Error) -> ResponseReturnValue:
        words = str(error)
        if "full" in words or "disk I/O" in words:
            return "full", 507
        is_closed = "readonly" in words or "unable to open" in words
        return ("read-only", 503) if is_closed else (words, 500)

    _add_views(app)
    return app


def _add_views(app: Flask) -> None:
    @app.route("/pid")
    def pid() -> str:
        return str(os.getpid())

    @app.route("/fill", methods=["POST"])
    def fill() -> str:
        with (instance() / "filler").open("ab", buffering=0) as file:
            while True:
                file.write(bytes(1024))

    @app.route("/free", methods=["POST"])
    def free() -> str:
        (instance() / "filler").unlink(missing_ok=True)
        return "free"

    @app.route("/save/<name>", methods=["POST"])
    def save(name: str) -> str:
        with (instance() / name).open("wb") as file:
            file.write(request.get_data())
        return name

    @app.route("/upload", methods=["POST"])
    def upload() -> str:
        return str(len(request.files["file"].read()))

    @app.route("/row", methods=["POST"])
    def row() -> str:
        with closing(sqlite3.connect(instance() / "rows.sqlite", timeout=2)) as connection:
            connection.execute("create table if not exists row (word text)")
            connection.execute("insert into row values (?)", ("x" * 5000,))
            connection.commit()
            (found,) = connection.execute("select count(*) from row").fetchone()
        return str(found)

    @app.route("/visit")
    def visit() -> str:
        session["visits"] = session.get("visits", 0) + 1
        return str(session["visits"])

    @app.route("/resource")
    def resource() -> Any:
        with app.open_instance_resource("made", "w") as file:
            file.write("made")
        return "made"


app = create_app()
