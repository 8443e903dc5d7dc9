"""The SQLite connection: opened when a request first asks for it, closed when it ends."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from flask import Flask, current_app, g


class DatabaseMissing(RuntimeError):
    """The database file is not there yet."""


def init_app(app: Flask) -> None:
    app.teardown_appcontext(close_db)


def get_db() -> sqlite3.Connection:
    """Return this request's connection.

    :raises DatabaseMissing: when ``flask init-db`` has not been run.
    """
    if "db" not in g:
        path = Path(current_app.config["DATABASE"])
        if not path.exists():
            raise DatabaseMissing(f"no database at {path}: run 'flask init-db' first")
        g.db = connect(path)
    connection: sqlite3.Connection = g.db
    return connection


def close_db(_error: BaseException | None = None) -> None:
    connection: sqlite3.Connection | None = g.pop("db", None)
    if connection is not None:
        connection.close()


def connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA foreign_keys = ON")
    # Enough with write-ahead logging: a power cut may lose the last writes, never damage the file.
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def create_tables(*, reset: bool = False) -> bool:
    """Make the database and the upload folder; tell whether the database is new.

    What exists is kept, unless `reset` is true: then every user and notice is removed.
    """
    path = Path(current_app.config["DATABASE"])
    path.parent.mkdir(parents=True, exist_ok=True)
    Path(current_app.config["UPLOAD_FOLDER"]).mkdir(parents=True, exist_ok=True)

    is_new = not path.exists()
    connection = connect(path)
    try:
        # Write-ahead logging lets several workers read while one of them writes.
        connection.execute("PRAGMA journal_mode = WAL")
        if reset:
            connection.executescript("DROP TABLE IF EXISTS notice; DROP TABLE IF EXISTS user;")
        with current_app.open_resource("schema.sql", "r") as schema:
            connection.executescript(schema.read())
    finally:
        connection.close()
    return is_new or reset
