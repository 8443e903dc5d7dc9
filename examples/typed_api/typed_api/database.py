"""Database tables, and one session per request."""

from __future__ import annotations

import datetime

from flask import Flask, current_app, g
from sqlalchemy import ForeignKey, LargeBinary, String, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship


class Base(DeclarativeBase):
    """Base class of all tables."""


class Account(Base):
    """A person who sells things."""

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    password_hash: Mapped[str]


class Token(Base):
    """An access token, stored as a digest."""

    __tablename__ = "token"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    account: Mapped[Account] = relationship()


class Item(Base):
    """A thing to sell."""

    __tablename__ = "item"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    name: Mapped[str] = mapped_column(String(80), index=True)
    description: Mapped[str]
    price: Mapped[int] = mapped_column(index=True)
    state: Mapped[str]
    added: Mapped[datetime.datetime]
    owner: Mapped[Account] = relationship()
    tag_rows: Mapped[list[Tag]] = relationship(cascade="all, delete-orphan", order_by="Tag.name")
    pictures: Mapped[list[Picture]] = relationship(cascade="all, delete-orphan")

    @property
    def tags(self) -> list[str]:
        return [row.name for row in self.tag_rows]

    @tags.setter
    def tags(self, names: list[str]) -> None:
        known = {row.name: row for row in self.tag_rows}
        self.tag_rows = [known.get(name) or Tag(name=name) for name in dict.fromkeys(names)]


class Tag(Base):
    """A tag of an item."""

    __tablename__ = "tag"

    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(30), primary_key=True, index=True)


class Picture(Base):
    """A picture of an item."""

    __tablename__ = "picture"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    title: Mapped[str] = mapped_column(String(80))
    content_type: Mapped[str]
    data: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    size: Mapped[int]


def init_app(app: Flask) -> None:
    """Connect the application to its database and create missing tables."""
    engine = create_engine(app.config["DATABASE"])
    app.extensions["engine"] = engine
    Base.metadata.create_all(engine)
    app.teardown_appcontext(_close)


def session() -> Session:
    """Return the session of the current request."""
    if "session" not in g:
        g.session = Session(current_app.extensions["engine"])
    return g.session  # type: ignore[no-any-return]


def _close(error: BaseException | None) -> None:
    opened: Session | None = g.pop("session", None)
    if opened is not None:
        opened.close()
