"""Uploading, serving, replacing and removing pictures."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from notice_board.painter import Canvas
from notice_board.sample_pictures import PICTURES
from visitor import NOTICE, PNG, Visitor

from flask import Flask


def upload(content: bytes, name: str = "photo.png") -> dict[str, Any]:
    return {"picture": (BytesIO(content), name)}


def picture_of(page: str) -> str:
    found = re.search(r'src="(/pictures/[^"]+)"', page)
    assert found is not None
    return found[1]


def stored(app: Flask) -> list[Path]:
    return list(Path(app.config["UPLOAD_FOLDER"]).iterdir())


@pytest.mark.parametrize(
    ("content", "extension", "mimetype"),
    [
        (PNG, "png", "image/png"),
        (b"\xff\xd8\xff\xe0 jpeg", "jpg", "image/jpeg"),
        (b"GIF89a gif", "gif", "image/gif"),
        (b"RIFF\0\0\0\0WEBP webp", "webp", "image/webp"),
    ],
)
def test_picture_gets_a_random_name_and_its_real_type(
    member: Visitor, content: bytes, extension: str, mimetype: str
) -> None:
    url = picture_of(member.text(member.put_up(**upload(content, "../../evil.html"))))
    assert re.fullmatch(rf"/pictures/[0-9a-f]{{32}}\.{extension}", url)
    answer = member.get(url)
    assert (answer.data, answer.mimetype) == (content, mimetype)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    answer.close()


@pytest.mark.parametrize("content", [b"", b"<script>alert(1)</script>", b"RIFF....WAVE", b"\x89PN"])
def test_what_is_no_picture_is_refused(member: Visitor, app: Flask, content: bytes) -> None:
    answer = member.send("/notices/new", {**NOTICE, **upload(content)})
    assert answer.status_code == 422
    assert 'id="picture-error">Choose a PNG, JPEG, GIF or WebP picture.' in answer.text
    assert stored(app) == []


def test_picture_is_cached_and_answered_with_304(member: Visitor) -> None:
    url = picture_of(member.text(member.put_up(**upload(PNG))))
    with member.get(url) as first:
        assert "max-age=2592000" in first.headers["Cache-Control"]
        etag = first.headers["ETag"]
    with member.get(url, headers={"If-None-Match": etag}) as second:
        assert (second.status_code, second.data) == (304, b"")


def test_part_of_a_picture_can_be_asked_for(member: Visitor) -> None:
    url = picture_of(member.text(member.put_up(**upload(PNG))))
    with member.get(url, headers={"Range": "bytes=1-3"}) as answer:
        assert (answer.status_code, answer.data) == (206, b"PNG")


@pytest.mark.parametrize(
    "name", ["../board.sqlite3", "..%2fboard.sqlite3", "%2e%2e/board.sqlite3", "%00", "x" * 300]
)
def test_nothing_but_pictures_is_served(member: Visitor, name: str) -> None:
    assert member.get(f"/pictures/{name}").status_code == 404


def test_new_picture_replaces_the_old_file(member: Visitor, app: Flask) -> None:
    url = member.put_up(**upload(PNG))
    old = picture_of(member.text(url))
    member.send(f"{url}/edit", {**NOTICE, **upload(PNG + b"2")})
    assert picture_of(member.text(url)) != old
    assert [path.read_bytes() for path in stored(app)] == [PNG + b"2"]


def test_edit_without_a_file_keeps_the_picture(member: Visitor) -> None:
    url = member.put_up(**upload(PNG))
    old = picture_of(member.text(url))
    member.send(f"{url}/edit", {**NOTICE, **upload(b"", "")})
    assert picture_of(member.text(url)) == old


def test_picture_can_be_removed(member: Visitor, app: Flask) -> None:
    url = member.put_up(**upload(PNG))
    member.send(f"{url}/edit", {**NOTICE, "remove_picture": "1"})
    assert "/pictures/" not in member.text(url)
    assert stored(app) == []


def test_picture_goes_with_its_notice(member: Visitor, app: Flask) -> None:
    url = member.put_up(**upload(PNG))
    assert len(stored(app)) == 1
    member.send(f"{url}/delete")
    assert stored(app) == []


def test_picture_over_the_limit_gets_the_413_page(new_app: Callable[..., Flask]) -> None:
    member = Visitor(new_app(MAX_CONTENT_LENGTH=20_000))
    member.register("Anna")
    answer = member.send("/notices/new", {**NOTICE, **upload(PNG + b"x" * 30_000)})
    assert answer.status_code == 413
    assert "That is too big for our board" in answer.text
    assert "0.0191 MB" in answer.text


@pytest.mark.parametrize("name", sorted(PICTURES))
def test_sample_picture_is_a_sound_png(name: str) -> None:
    content = PICTURES[name](1)
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    start = content.index(b"IDAT")
    length = int.from_bytes(content[start - 4 : start])
    pixels = zlib.decompress(content[start + 4 : start + 4 + length])
    assert len(pixels) == 50 * (1 + 80 * 3)


def test_painter_blends_the_edge_of_a_shape() -> None:
    canvas = Canvas("000000", "000000", scale=1)
    canvas.rectangle(10, 10, 2.5, 1, "ffffff")
    row = canvas.rows[10]
    assert [row[x * 3] for x in (9, 10, 11, 12, 13)] == [0, 255, 255, 128, 0]
