"""Flask-Compress: negotiated compression of pages, files and streams."""

from __future__ import annotations

import gzip
import zlib

import brotli
import pytest
from flask_compress import Compress

from flask import Flask, send_file

TEXT = "a line of text that repeats itself\n" * 100


@pytest.fixture
def app(tmp_path):
    (tmp_path / "style.css").write_text(TEXT)
    app = Flask(__name__, static_folder=tmp_path, static_url_path="/static")
    Compress(app)

    @app.route("/page")
    def page():
        return TEXT

    @app.route("/short")
    def short():
        return "short"

    @app.route("/picture")
    def picture():
        return TEXT, 200, {"Content-Type": "image/png"}

    @app.route("/missing")
    def missing():
        return TEXT, 404

    @app.route("/json")
    def json():
        return [TEXT]

    @app.route("/stream")
    def stream():
        return (part for part in TEXT.splitlines(keepends=True)), {"Content-Type": "text/plain"}

    @app.route("/file")
    def file():
        return send_file(tmp_path / "style.css", etag="abc")

    return app


@pytest.fixture
def get(app):
    client = app.test_client()

    def get(path, accepts, **headers):
        return client.get(path, headers={"Accept-Encoding": accepts, **headers})

    return get


@pytest.mark.parametrize(
    ("name", "undo"),
    [("gzip", gzip.decompress), ("deflate", zlib.decompress), ("br", brotli.decompress)],
)
@pytest.mark.parametrize("path", ["/page", "/json"])
def test_body_is_compressed_as_the_client_asks(get, name, undo, path):
    answer = get(path, name)
    assert answer.headers["Content-Encoding"] == name
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert int(answer.headers["Content-Length"]) == len(answer.data) < 500
    assert undo(answer.data) == get(path, "identity").data


@pytest.mark.parametrize("path", ["/short", "/picture", "/missing"])
def test_what_does_not_gain_is_left_alone(get, path):
    answer = get(path, "gzip")
    assert "Content-Encoding" not in answer.headers
    assert answer.headers["Vary"] == "Accept-Encoding"


def test_a_stream_is_compressed_piece_by_piece(get):
    answer = get("/stream", "br, gzip")
    assert answer.headers["Content-Encoding"] == "br"
    assert "Content-Length" not in answer.headers
    assert brotli.decompress(answer.data).decode() == TEXT


def test_static_file_is_compressed_and_not_sent_twice(get):
    first = get("/static/style.css", "br")
    assert brotli.decompress(first.data).decode() == TEXT
    assert first.headers["ETag"].endswith(':br"')
    second = get("/static/style.css", "br", **{"If-None-Match": first.headers["ETag"]})
    assert (second.status_code, second.data) == (304, b"")


def test_only_decorated_views_are_compressed_if_so_configured():
    app = Flask(__name__)
    app.config["COMPRESS_REGISTER"] = False
    compress = Compress()
    compress.init_app(app)
    app.add_url_rule("/plain", "plain", lambda: TEXT)
    app.add_url_rule("/small", "small", compress.compressed()(lambda: TEXT))
    client = app.test_client()
    headers = {"Accept-Encoding": "gzip"}
    assert "Content-Encoding" not in client.get("/plain", headers=headers).headers
    assert gzip.decompress(client.get("/small", headers=headers).data).decode() == TEXT
