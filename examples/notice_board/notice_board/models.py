"""What the board knows: people and their notices, and the questions asked about them."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime

from .db import get_db

CATEGORIES = {
    "for-sale": "For sale",
    "wanted": "Wanted",
    "events": "Events",
    "lost-found": "Lost & found",
    "help": "Lending a hand",
    "news": "Square news",
}

# SQLite stores signed 64-bit integers; a larger one cannot name a row.
LARGEST_ID = 2**63 - 1
MAX_SEARCH_WORDS = 6


class NameTaken(ValueError):
    """Somebody else already registered under this name."""


@dataclass(frozen=True, slots=True)
class User:
    id: int
    name: str
    password_hash: str
    joined: datetime


@dataclass(frozen=True, slots=True)
class Notice:
    id: int
    author_id: int
    author: str
    title: str
    body: str
    category: str
    picture: str | None
    created: datetime
    changed: datetime | None

    @property
    def category_label(self) -> str:
        return CATEGORIES.get(self.category, self.category)

    def belongs_to(self, user: User | None) -> bool:
        return user is not None and user.id == self.author_id


@dataclass(frozen=True, slots=True)
class NoticeFilter:
    """Which notices to list; an empty field does not restrict."""

    search: str = ""
    category: str = ""
    author_id: int | None = None

    def where(self) -> tuple[str, list[object]]:
        """Return an SQL condition and its parameters."""
        conditions = ["1"]
        values: list[object] = []
        for word in self.search.split()[:MAX_SEARCH_WORDS]:
            conditions.append("(title LIKE ? ESCAPE '\\' OR body LIKE ? ESCAPE '\\')")
            values += [like_pattern(word)] * 2
        if self.category:
            conditions.append("category = ?")
            values.append(self.category)
        if self.author_id is not None:
            conditions.append("author_id = ?")
            values.append(self.author_id)
        return " AND ".join(conditions), values


@dataclass(frozen=True, slots=True)
class NoticePage:
    """One page of a list of notices; pages count from 1."""

    notices: list[Notice]
    number: int
    size: int
    total: int

    @property
    def last(self) -> int:
        return max(1, -(-self.total // self.size))

    @property
    def previous(self) -> int | None:
        return self.number - 1 if self.number > 1 else None

    @property
    def next(self) -> int | None:
        return self.number + 1 if self.number < self.last else None


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def like_pattern(word: str) -> str:
    """Turn a word into a LIKE pattern that matches it anywhere, wildcards taken literally."""
    for special in "\\%_":
        word = word.replace(special, "\\" + special)
    return f"%{word}%"


# People


def find_user(user_id: int) -> User | None:
    row = get_db().execute("SELECT * FROM user WHERE id = ?", [user_id]).fetchone()
    return user_from_row(row) if row else None


def find_user_by_name(name: str) -> User | None:
    row = get_db().execute("SELECT * FROM user WHERE name = ?", [name]).fetchone()
    return user_from_row(row) if row else None


def has_users() -> bool:
    return get_db().execute("SELECT 1 FROM user LIMIT 1").fetchone() is not None


def create_user(name: str, password_hash: str) -> User:
    """Store a new user.

    :raises NameTaken: when the name is in use, in whatever upper and lower case.
    """
    joined = now()
    db = get_db()
    try:
        with db:
            cursor = db.execute(
                "INSERT INTO user (name, password_hash, joined) VALUES (?, ?, ?)",
                [name, password_hash, joined.isoformat()],
            )
    except sqlite3.IntegrityError as error:
        raise NameTaken(name) from error
    return User(int(cursor.lastrowid or 0), name, password_hash, joined)


def user_from_row(row: sqlite3.Row) -> User:
    return User(row["id"], row["name"], row["password_hash"], datetime.fromisoformat(row["joined"]))


# Notices

SELECT_NOTICE = (
    "SELECT notice.*, user.name AS author FROM notice JOIN user ON user.id = notice.author_id"
)


def list_notices(wanted: NoticeFilter, page: int, size: int) -> NoticePage:
    """Return one page of the wanted notices, newest first."""
    condition, values = wanted.where()
    db = get_db()
    total = db.execute(f"SELECT count(*) FROM notice WHERE {condition}", values).fetchone()[0]
    rows = db.execute(
        f"{SELECT_NOTICE} WHERE {condition} ORDER BY created DESC, notice.id DESC LIMIT ? OFFSET ?",
        [*values, size, (page - 1) * size],
    )
    return NoticePage([notice_from_row(row) for row in rows], page, size, total)


def find_notice(notice_id: int) -> Notice | None:
    if notice_id > LARGEST_ID:
        return None
    row = get_db().execute(f"{SELECT_NOTICE} WHERE notice.id = ?", [notice_id]).fetchone()
    return notice_from_row(row) if row else None


def create_notice(
    author: User,
    title: str,
    body: str,
    category: str,
    picture: str | None = None,
    created: datetime | None = None,
) -> int:
    """Store a new notice and return its number."""
    db = get_db()
    with db:
        cursor = db.execute(
            "INSERT INTO notice (author_id, title, body, category, picture, created)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            [author.id, title, body, category, picture, (created or now()).isoformat()],
        )
    return int(cursor.lastrowid or 0)


def update_notice(notice_id: int, title: str, body: str, category: str) -> None:
    db = get_db()
    with db:
        db.execute(
            "UPDATE notice SET title = ?, body = ?, category = ?, changed = ? WHERE id = ?",
            [title, body, category, now().isoformat(), notice_id],
        )


def set_picture(notice_id: int, picture: str | None) -> None:
    db = get_db()
    with db:
        db.execute("UPDATE notice SET picture = ? WHERE id = ?", [picture, notice_id])


def delete_notice(notice_id: int) -> None:
    db = get_db()
    with db:
        db.execute("DELETE FROM notice WHERE id = ?", [notice_id])


def notice_from_row(row: sqlite3.Row) -> Notice:
    return Notice(
        id=row["id"],
        author_id=row["author_id"],
        author=row["author"],
        title=row["title"],
        body=row["body"],
        category=row["category"],
        picture=row["picture"],
        created=datetime.fromisoformat(row["created"]),
        changed=datetime.fromisoformat(row["changed"]) if row["changed"] else None,
    )
