"""Marks that tell the ASGI entry point where functions run, seen by WSGI."""

from __future__ import annotations

import pytest

from flask import Flask
from flask.asgi import body_pieces, non_blocking, streams_body


def test_a_marked_function_is_called_as_any_other() -> None:
    app = Flask(__name__)
    app.before_request(non_blocking(lambda: "from the hook"))
    assert app.test_client().get("/").text == "from the hook"


def test_a_marked_view_reads_the_body_by_pieces_under_wsgi() -> None:
    app = Flask(__name__)

    @app.post("/")
    @streams_body
    async def count() -> str:
        return ",".join([str(len(piece)) async for piece in body_pieces()])

    assert app.test_client().post("/", data=b"x" * 100_000).text == "65536,34464"
    assert app.test_client().post("/").text == ""


@pytest.mark.parametrize(("size", "status"), [(10, 200), (11, 413)])
def test_body_beyond_the_limit_is_refused(size: int, status: int) -> None:
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 10

    @app.post("/")
    @streams_body
    async def count() -> str:
        return str(sum([len(piece) async for piece in body_pieces()]))

    assert app.test_client().post("/", data=b"x" * size).status_code == status
