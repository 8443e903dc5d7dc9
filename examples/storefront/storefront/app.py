"""The application factory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask

from . import account, admin, api, commands, errors, live, pages, security, views
from .extensions import csrf, db, migrate

MIGRATIONS = Path(__file__).parents[1] / "migrations"


def create_app(overrides: Mapping[str, Any] | None = None) -> Flask:
    """Build the application; `overrides` are settings that win over all others."""
    app = Flask(__name__, instance_relative_config=True)
    app.config.from_object("storefront.config.Config")
    app.config.from_pyfile("config.py", silent=True)
    app.config.from_prefixed_env()
    app.config.from_mapping(overrides or {})

    db.init_app(app)
    migrate.init_app(app, db, directory=str(MIGRATIONS))
    csrf.init_app(app)
    for part in (security, account, pages, errors, commands):
        part.init_app(app)

    for part in (views, account, admin, api):
        app.register_blueprint(part.bp)
    # Programs send JSON, which no browser sends to another site without asking that site first.
    csrf.exempt(api.bp)

    # Last, because it wraps `app.wsgi_app`: what it answers itself goes past everything above.
    live.init_app(app)
    return app
