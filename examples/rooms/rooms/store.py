"""The messages, in SQLite: what was stored is what was acknowledged."""

from __future__ import annotations

import sqlite3
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    room TEXT NOT NULL,
    author TEXT NOT NULL,
    text TEXT NOT NULL,
    at REAL NOT NULL,
    key TEXT NOT NULL UNIQUE
);
CREATE INDEX IF NOT EXISTS message_of_room ON message (room, id);
"""
PAGE = 100
"""How many messages a client gets at most when it comes into a room."""


@dataclass(frozen=True)
class Message:
    """One message; `key` was made up by its author's browser, and comes once."""

    id: int
    room: str
    author: str
    text: str
    at: float
    key: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Store:
    """Reads and writes messages. Its methods block: call them by `asyncio.to_thread`."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._local = threading.local()
        self._connection().executescript(SCHEMA)

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = sqlite3.connect(
                self._path, isolation_level=None, timeout=10
            )
            connection.execute("PRAGMA journal_mode = WAL")
        return connection

    def add(self, room: str, author: str, text: str, key: str) -> Message:
        """Store a message. A key that is there already gives the message that is."""
        connection = self._connection()
        connection.execute(
            "INSERT INTO message (room, author, text, at, key) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (key) DO NOTHING",
            (room, author, text, time.time(), key),
        )
        row = connection.execute(
            "SELECT id, room, author, text, at, key FROM message WHERE key = ?", (key,)
        ).fetchone()
        return Message(*row)

    def since(self, room: str, after: int) -> list[Message]:
        """Return the last messages of a room, at most a page of those after an ID."""
        rows = self._connection().execute(
            "SELECT id, room, author, text, at, key FROM message"
            " WHERE room = ? AND id > ? ORDER BY id DESC LIMIT ?",
            (room, after, PAGE),
        )
        return [Message(*row) for row in reversed(rows.fetchall())]

    def rooms(self) -> list[str]:
        """Return the rooms in which something was said, the latest first."""
        rows = self._connection().execute(
            "SELECT room FROM message GROUP BY room ORDER BY max(id) DESC LIMIT 50"
        )
        return [room for (room,) in rows]
