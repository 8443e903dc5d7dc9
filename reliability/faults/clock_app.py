"""An application whose clock can be moved; run it before anything else has read the time."""

from __future__ import annotations

import os
import time

_real, _shift = time.time, 0.0


def shifted() -> float:
    return _real() + _shift


# Before Flask and itsdangerous are imported, so that theirs is this one, however they import it.
time.time = shifted

from flask import Flask, request, session  # noqa: E402


def create_app() -> Flask:
    app = Flask(__name__)
    app.secret_key = "a key for the time of a fault"

    @app.route("/pid")
    def pid() -> str:
        return str(os.getpid())

    @app.route("/clock", methods=["POST"])
    def move() -> str:
        global _shift
        _shift = float(request.form["seconds"])
        return f"{time.time():.0f}"

    @app.route("/enter")
    def enter() -> str:
        session["user"] = "ada"
        session.permanent = "permanent" in request.args
        return "entered"

    @app.route("/who")
    def who() -> str:
        return str(session.get("user"))

    return app


app = create_app()
