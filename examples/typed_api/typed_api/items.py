"""Items: search, show, offer, change, delete."""

from __future__ import annotations

import datetime
import math
from typing import Annotated, Literal

from flask import g, url_for
from flask.openapi import operation
from flask.params import Body, Query, responds, typed
from msgspec import UNSET
from sqlalchemy import Select, func, select
from werkzeug.exceptions import Forbidden, NotFound

from . import database as db
from . import schemas
from .accounts import signed_in
from .version import v1

ITEM = "/items/<int:item_id>"
MISSING = "There is no such item."
NOT_OWN = "The item is another account's."

_ORDERS = {
    "newest": db.Item.added.desc(),
    "cheapest": db.Item.price.asc(),
    "name": db.Item.name.asc(),
}


def find_item(item_id: int) -> db.Item:
    """Return an item, or abort with 404."""
    item = db.session().get(db.Item, item_id)
    if item is None:
        raise NotFound(f"There is no item {item_id}.")
    return item


def find_own_item(item_id: int) -> db.Item:
    """Return an item of the current account."""
    item = find_item(item_id)
    if item.owner_id != g.account.id:
        raise Forbidden("The item is another account's.")
    return item


def as_sent(item: db.Item) -> schemas.Item:
    """Return the public fields of an item."""
    return schemas.Item(
        id=item.id,
        name=item.name,
        price=item.price,
        description=item.description,
        tags=item.tags,
        state=schemas.State(item.state),
        added=item.added.replace(tzinfo=datetime.UTC),
        owner=schemas.Account(item.owner.id, item.owner.name),
    )


@v1.get("/items")
@operation(tags=["items"], security=[])
@typed
def search_items(
    q: Annotated[str, Query(max_length=80, description="Part of the name")] = "",
    tag: Annotated[list[schemas.TagName], Query(max_length=5, description="All of these")] = [],  # noqa: B006
    min_price: Query[schemas.Price | None] = None,
    max_price: Query[schemas.Price | None] = None,
    state: Query[schemas.State | None] = None,
    order: Query[Literal["newest", "cheapest", "name"]] = "newest",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    size: Annotated[int, Query(ge=1, le=100)] = 20,
) -> schemas.Page[schemas.Item]:
    """Search items.

    Without parameters, all items, newest first.
    """
    found: Select[tuple[db.Item]] = select(db.Item)
    if q:
        found = found.where(db.Item.name.icontains(q, autoescape=True))
    for name in tag:
        found = found.where(db.Item.tag_rows.any(db.Tag.name == name))
    if min_price is not None:
        found = found.where(db.Item.price >= min_price)
    if max_price is not None:
        found = found.where(db.Item.price <= max_price)
    if state is not None:
        found = found.where(db.Item.state == state.value)
    session = db.session()
    total = session.scalar(select(func.count()).select_from(found.subquery())) or 0
    rows = session.scalars(
        found.order_by(_ORDERS[order], db.Item.id).limit(size).offset((page - 1) * size)
    )
    return schemas.Page([as_sent(it) for it in rows], page, math.ceil(total / size), total)


@v1.get(ITEM)
@operation(tags=["items"], security=[])
@responds(others={404: MISSING})
@typed
def show_item(item_id: schemas.Id) -> schemas.Item:
    """Show an item."""
    return as_sent(find_item(item_id))


@v1.post("/items")
@operation(tags=["items"])
@responds(201, headers={"Location": str})
@signed_in
@typed
def create_item(it: Body[schemas.NewItem]) -> tuple[schemas.Item, int, dict[str, str]]:
    """Offer an item."""
    item = db.Item(
        name=it.name,
        price=it.price,
        description=it.description,
        tags=it.tags,
        state=schemas.State.OFFERED.value,
        added=datetime.datetime.now(datetime.UTC).replace(tzinfo=None),
        owner=g.account,
    )
    session = db.session()
    session.add(item)
    session.commit()
    location = url_for(".show_item", item_id=item.id)
    return as_sent(item), 201, {"Location": location}


@v1.patch(ITEM)
@operation(tags=["items"])
@responds(others={403: NOT_OWN, 404: MISSING})
@signed_in
@typed
def change_item(item_id: schemas.Id, change: Body[schemas.ItemChange]) -> schemas.Item:
    """Change one of your items."""
    item = find_own_item(item_id)
    if change.name is not UNSET:
        item.name = change.name
    if change.price is not UNSET:
        item.price = change.price
    if change.description is not UNSET:
        item.description = change.description
    if change.tags is not UNSET:
        item.tags = change.tags
    if change.state is not UNSET:
        item.state = change.state.value
    db.session().commit()
    return as_sent(item)


@v1.delete(ITEM)
@operation(tags=["items"])
@responds(others={403: NOT_OWN, 404: MISSING})
@signed_in
@typed
def delete_item(item_id: schemas.Id) -> tuple[None, Literal[204]]:
    """Delete one of your items and its pictures."""
    session = db.session()
    session.delete(find_own_item(item_id))
    session.commit()
    return None, 204
