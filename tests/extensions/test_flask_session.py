"""Flask-Session: sessions kept on the server, in Redis, a database or files."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from cachelib.file import FileSystemCache
from flask_session import Session
from flask_sqlalchemy import SQLAlchemy

import flask


def create_app(**settings: object) -> flask.Flask:
    app = flask.Flask(__name__)
    app.secret_key = "visits"
    app.config.update(settings)
    Session(app)

    @app.get("/count")
    def count():
        flask.session["count"] = flask.session.get("count", 0) + 1
        return str(flask.session["count"])

    @app.get("/look")
    def look():
        return {key: str(value) for key, value in flask.session.items()}

    @app.get("/plain")
    def plain():
        return "nothing asked"

    @app.get("/append")
    def append():
        flask.session.setdefault("list", []).append(1)
        flask.session.modified = True
        return str(len(flask.session["list"]))

    @app.get("/forget")
    def forget():
        flask.session.clear()
        return "forgotten"

    @app.get("/login")
    def login():
        flask.session["user"] = "ada"
        app.session_interface.regenerate(flask.session)
        return "in"

    @app.get("/fail")
    def fail():
        flask.session["kept"] = "yes"
        raise RuntimeError

    @app.get("/flash")
    def flash():
        flask.flash("saved", "info")
        return flask.redirect("/flashed")

    @app.get("/flashed")
    def flashed():
        return flask.jsonify(flask.get_flashed_messages(with_categories=True))

    return app


def sqlalchemy_settings(url: str) -> dict[str, object]:
    return {
        "SESSION_TYPE": "sqlalchemy",
        "SQLALCHEMY_DATABASE_URI": url,
        "SESSION_SQLALCHEMY_TABLE": "visitors",
    }


@pytest.fixture(params=["redis", "sqlite", "postgresql", "files"])
def settings(request: pytest.FixtureRequest, tmp_path: Path):
    if request.param == "redis":
        with redis.Redis.from_url(request.getfixturevalue("redis_url")) as server:
            yield {"SESSION_TYPE": "redis", "SESSION_REDIS": server}
    elif request.param == "files":
        files = FileSystemCache(str(tmp_path / "sessions"))
        yield {"SESSION_TYPE": "cachelib", "SESSION_CACHELIB": files}
    else:
        if request.param == "sqlite":
            url = f"sqlite:///{tmp_path}/sessions.db"
        else:
            url = request.getfixturevalue("postgres_url")
        bare = flask.Flask("database")
        bare.config["SQLALCHEMY_DATABASE_URI"] = url
        yield sqlalchemy_settings(url)


@pytest.fixture
def app(settings: dict[str, object]):
    app = with_database(settings)
    yield app
    if "sqlalchemy" in app.extensions:
        with app.app_context():
            app.extensions["sqlalchemy"].engine.dispose()


def with_database(settings: dict[str, object]) -> flask.Flask:
    """Create the application; a database of sessions is shared with its Flask-SQLAlchemy."""
    if settings["SESSION_TYPE"] != "sqlalchemy":
        return create_app(**settings)
    first = flask.Flask("first")
    first.config["SQLALCHEMY_DATABASE_URI"] = settings["SQLALCHEMY_DATABASE_URI"]
    db = SQLAlchemy()

    class Bound(SQLAlchemy):
        pass

    del Bound, first
    return create_app_with_db(db, settings)


def create_app_with_db(db: SQLAlchemy, settings: dict[str, object]) -> flask.Flask:
    return create_app(**settings, SESSION_SQLALCHEMY=db)
