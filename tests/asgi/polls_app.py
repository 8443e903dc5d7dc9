"""An application that many clients wait on, with the extensions that most applications have."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from flask_cors import CORS
from flask_login import LoginManager, UserMixin, current_user
from flask_sqlalchemy import SQLAlchemy

from flask import Flask, request

app = Flask(__name__)
app.config.update(SECRET_KEY="polls", SQLALCHEMY_DATABASE_URI="sqlite://")
db = SQLAlchemy(app)
CORS(app)
login_manager = LoginManager(app)
counts = {"waiting": 0, "most_threads": 0, "torn_down": 0}
released: asyncio.Event | None = None
lock = threading.Lock()


@login_manager.request_loader
def load_user(req: Any) -> UserMixin | None:
    token = req.headers.get("X-Token")
    if token is None:
        return None
    user = UserMixin()
    user.id = token
    return user


@app.teardown_request
def count_teardown(error: BaseException | None) -> None:
    with lock:
        counts["torn_down"] += request.path == "/poll"


@app.get("/poll")
async def poll() -> str:
    global released
    if released is None:
        released = asyncio.Event()
    counts["waiting"] += 1
    counts["most_threads"] = max(counts["most_threads"], threading.active_count())
    try:
        await released.wait()
    finally:
        counts["waiting"] -= 1
    return str(current_user.id)


@app.get("/state")
async def state() -> dict[str, int]:
    return {**counts, "threads": threading.active_count()}


@app.post("/release")
async def release() -> str:
    assert released is not None
    released.set()
    return "released"


@app.get("/database")
def database() -> str:
    return str(db.session.execute(db.text("SELECT 42")).scalar())
