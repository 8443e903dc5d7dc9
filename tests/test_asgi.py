"""Marks that tell the ASGI entry point where functions run, through both entry points."""

from __future__ import annotations

import threading

import pytest

from flask import Flask, request
from flask.asgi import body_pieces, non_blocking, streams_body
from flask.testing import FlaskClient

both_doors = pytest.mark.parametrize("door", ["wsgi", "asgi"])


@pytest.mark.parametrize("mark", [non_blocking, streams_body])
def test_a_mark_leaves_the_function_as_it_is(mark: object) -> None:
    def function() -> str:
        return "same"

    assert mark(function) is function  # type: ignore[operator]
    assert function() == "same"


@both_doors
def test_a_marked_function_is_called_as_any_other(door: str) -> None:
    app = Flask(__name__)
    app.before_request(non_blocking(lambda: "from the hook"))
    assert app.test_client(door=door).get("/").text == "from the hook"


@both_doors
def test_a_marked_hook_runs_where_an_async_view_runs(door: str) -> None:
    app = Flask(__name__)
    threads: list[int] = []

    @app.before_request
    @non_blocking
    def hook() -> None:
        threads.append(threading.get_ident())

    @app.get("/")
    async def view() -> str:
        threads.append(threading.get_ident())
        return "view"

    assert app.test_client(door=door).get("/").text == "view"
    assert len(threads) == 2
    assert len(set(threads)) == 1


def client_of(door: str, limit: int | None) -> FlaskClient:
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = limit

    @app.post("/")
    @streams_body
    async def count() -> str:
        return str(sum([len(piece) async for piece in body_pieces()]))

    @app.post("/limited")
    @streams_body
    async def limited() -> str:
        request.max_content_length = 10
        return str(sum([len(piece) async for piece in body_pieces()]))

    @app.post("/pieces")
    @streams_body
    async def pieces() -> str:
        return ",".join([str(len(piece)) async for piece in body_pieces()])

    return app.test_client(door=door)


@both_doors
@pytest.mark.parametrize("size", [0, 1, 500_000])
def test_pieces_are_the_whole_body(door: str, size: int) -> None:
    assert client_of(door, None).post("/", data=b"x" * size).text == str(size)


def test_body_is_read_by_pieces_under_wsgi() -> None:
    assert client_of("wsgi", None).post("/pieces", data=b"x" * 100_000).text == "65536,34464"


@both_doors
@pytest.mark.parametrize(("size", "status"), [(10, 200), (11, 413)])
def test_body_beyond_the_limit_is_refused(door: str, size: int, status: int) -> None:
    data = b"x" * size
    assert client_of(door, 10).post("/", data=data).status_code == status
    assert client_of(door, None).post("/limited", data=data).status_code == status
