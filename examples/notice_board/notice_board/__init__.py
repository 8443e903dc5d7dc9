"""The notice board of Linden Square: a small but complete Flask application."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask

from . import api, auth, cli, db, errors, notices, pages, pictures, security


def create_app(overrides: Mapping[str, Any] | None = None) -> Flask:
    """Build the application; `overrides` are settings that win over all others."""
    app = Flask(__name__, instance_relative_config=True)
    configure(app, overrides or {})

    for part in (db, security, pages, errors, cli):
        part.init_app(app)
    for part in (notices, auth, pictures, api):
        app.register_blueprint(part.bp)
    return app


def configure(app: Flask, overrides: Mapping[str, Any]) -> None:
    """Read the settings: defaults, then the instance folder, then the environment."""
    app.config.from_object("notice_board.config.Config")
    app.config.from_pyfile("config.py", silent=True)
    app.config.from_prefixed_env()
    app.config.from_mapping(overrides)

    # Relative paths live in the instance folder; joining leaves absolute ones alone.
    instance = Path(app.instance_path)
    for key in ("DATABASE", "UPLOAD_FOLDER"):
        app.config[key] = str(instance / app.config[key])
    if not app.config["SECRET_KEY"]:
        app.config["SECRET_KEY"] = security.load_or_create_key(instance / "secret_key")
