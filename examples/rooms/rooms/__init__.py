"""Rooms: a chat with presence, typing indicators and history."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from flask import Flask
from flask_login import LoginManager, UserMixin
from flask_wtf import CSRFProtect

from . import live, pages
from .hub import Hub
from .store import Store


class User(UserMixin):
    """Somebody who picked a name."""

    def __init__(self, name: str) -> None:
        self.id = self.name = name


def create_app(overrides: Mapping[str, Any] | None = None) -> Flask:
    """Build the application; `overrides` are settings that win over all others."""
    app = Flask(__name__, instance_relative_config=True)
    app.config.from_mapping(
        DATABASE=str(Path(app.instance_path) / "rooms.sqlite3"),
        REDIS_URL=None,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_WEBSOCKET_MESSAGE=16 * 1024,
    )
    app.config.from_prefixed_env()
    app.config.from_mapping(overrides or {})
    if app.config["SECRET_KEY"] is None:
        app.config["SECRET_KEY"] = load_or_create_key(Path(app.instance_path) / "secret_key")

    CSRFProtect(app)
    logins = LoginManager(app)
    logins.login_view = "pages.login"
    logins.user_loader(User)
    app.register_blueprint(pages.bp)
    app.register_blueprint(live.bp)

    app.extensions["store"] = Store(Path(app.config["DATABASE"]))
    app.extensions["hub"] = Hub(app.config["REDIS_URL"])

    @app.while_serving
    async def connect() -> AsyncIterator[None]:
        task = asyncio.create_task(app.extensions["hub"].run())
        yield
        task.cancel()
        await asyncio.wait((task,))

    return app


def load_or_create_key(path: Path) -> str:
    """Return the key that signs sessions, the same for every worker and after a restart."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x") as file:
            file.write(secrets.token_hex(32))
        path.chmod(0o600)
    except FileExistsError:
        pass
    return path.read_text()
