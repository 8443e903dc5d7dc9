"""Pictures of items, uploaded with a form and served unchanged."""

from __future__ import annotations

from typing import Annotated

from flask import Response
from flask.openapi import operation
from flask.params import File, Form, responds, typed
from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import NotFound

from . import database as db
from . import schemas
from .accounts import signed_in
from .items import ITEM, MISSING, NOT_OWN, find_item, find_own_item
from .version import v1

PICTURES = f"{ITEM}/pictures"
TYPES = ["image/png", "image/jpeg", "image/webp"]


@v1.get(PICTURES)
@operation(tags=["pictures"], security=[])
@responds(others={404: MISSING})
@typed
def list_pictures(item_id: schemas.Id) -> list[schemas.Picture]:
    """List the pictures of an item."""
    find_item(item_id)
    rows = db.session().scalars(select(db.Picture).where(db.Picture.item_id == item_id))
    return [schemas.Picture(it.id, it.title, it.content_type, it.size) for it in rows]


@v1.post(PICTURES)
@operation(tags=["pictures"])
@responds(201, others={403: NOT_OWN, 404: MISSING})
@signed_in
@typed
def add_picture(
    item_id: schemas.Id,
    title: Annotated[str, Form(max_length=80)],
    picture: Annotated[FileStorage, File(max_size=1_000_000, content_types=TYPES)],
) -> schemas.Picture:
    """Add a picture to one of your items."""
    item = find_own_item(item_id)
    data = picture.read()
    row = db.Picture(
        item_id=item.id, title=title, content_type=picture.mimetype, data=data, size=len(data)
    )
    session = db.session()
    session.add(row)
    session.commit()
    return schemas.Picture(row.id, row.title, row.content_type, row.size)


@v1.get(f"{PICTURES}/<int:picture_id>")
@operation(tags=["pictures"], security=[])
@responds(content_type="image/*", others={404: "There is no such picture."})
@typed
def show_picture(item_id: schemas.Id, picture_id: schemas.Id) -> Response:
    """Send a picture."""
    picture = db.session().get(db.Picture, picture_id)
    if picture is None or picture.item_id != item_id:
        raise NotFound(f"There is no picture {picture_id} of item {item_id}.")
    response = Response(picture.data, content_type=picture.content_type)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
