"""Pictures: what is accepted, where it is kept, how it is served."""

from __future__ import annotations

import secrets
from pathlib import Path

from flask import Blueprint, Response, current_app, send_from_directory
from werkzeug.datastructures import FileStorage

bp = Blueprint("pictures", __name__, url_prefix="/pictures")

ACCEPTED = "PNG, JPEG, GIF or WebP"


class NotAPicture(ValueError):
    """The uploaded bytes are none of the accepted kinds of picture."""


def picture_kind(content: bytes) -> str | None:
    """Return the file extension that fits the first bytes of a picture.

    The name and the content type that come with an upload are the sender's claims; the signature
    is what a browser goes by.
    """
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if content.startswith(b"\xff\xd8\xff"):
        return "jpg"
    if content.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "webp"
    return None


def read_upload(upload: FileStorage | None) -> bytes | None:
    """Return the content of a file field, or None where no file was chosen.

    :raises NotAPicture: when the content is not a picture.
    """
    if upload is None or not upload.filename:
        return None
    content: bytes = upload.read()
    if picture_kind(content) is None:
        raise NotAPicture
    return content


def save_picture(content: bytes) -> str:
    """Store a picture under a random name and return that name.

    :raises NotAPicture: when the content is not a picture.
    """
    kind = picture_kind(content)
    if kind is None:
        raise NotAPicture
    folder = Path(current_app.config["UPLOAD_FOLDER"])
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{secrets.token_hex(16)}.{kind}"
    (folder / name).write_bytes(content)
    return name


def remove_picture(name: str | None) -> None:
    if name is not None:
        Path(current_app.config["UPLOAD_FOLDER"], name).unlink(missing_ok=True)


@bp.get("/<name>")
def show(name: str) -> Response:
    # A stored picture never changes (a new one gets a new name), so it may be kept for long.
    return send_from_directory(
        current_app.config["UPLOAD_FOLDER"],
        name,
        max_age=current_app.config["PICTURE_CACHE_SECONDS"],
    )
