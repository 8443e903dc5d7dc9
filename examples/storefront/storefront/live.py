"""Live stock: browsers that show a product are told when its stock changes.

A page says which products it shows (event "watch", with their slugs). It is told their stock at
once, since that may have changed while the page was on its way, and from then on with every change
(event "stock"). There is a room for each product, so a page hears only of what it shows.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Flask
from flask_socketio import emit, join_room
from sqlalchemy import select

from .extensions import db, socketio
from .models import Product

MOST_WATCHED = 100


def init_app(app: Flask) -> None:
    socketio.init_app(
        app,
        async_mode="threading",
        # What a window sends is handled in turn: it can't be gone while its wish is looked at.
        async_handlers=False,
        # With a message queue, every server process hears what any of them announces.
        message_queue=app.config["REDIS_URL"] or None,
    )


def announce(products: Iterable[Product]) -> None:
    """Tell everyone who watches these products what their stock is now."""
    for product in products:
        socketio.emit("stock", describe(product), to=room(product.slug))


@socketio.on("watch")
def watch(slugs: Any) -> None:
    """Have this browser hear of these products; whatever else it may send is left alone."""
    if not isinstance(slugs, list):
        return
    wanted = [slug for slug in slugs[:MOST_WATCHED] if isinstance(slug, str)]
    known = db.session.scalars(select(Product.slug).where(Product.slug.in_(wanted))).all()
    # First into the rooms, then read: a change in between is told twice, not missed.
    for slug in known:
        join_room(room(slug))
    for product in db.session.scalars(select(Product).where(Product.slug.in_(known))):
        emit("stock", describe(product))
    emit("watching", list(known))


def describe(product: Product) -> dict[str, Any]:
    return {
        "slug": product.slug,
        "stock": product.stock,
        "level": product.stock_level,
        "label": product.stock_label,
    }


def room(slug: str) -> str:
    return f"stock of {slug}"
