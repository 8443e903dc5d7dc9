"""Static files: conditions, compressed files beside them, names with a version in them."""

from __future__ import annotations

import gzip
import os
import re
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import werkzeug.utils
from werkzeug.datastructures import Headers
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.test import create_environ, run_wsgi_app

from flask import (
    Blueprint,
    Flask,
    Request,
    Response,
    after_this_request,
    request_finished,
    session,
)
from flask.http import cached_files
from flask.http.precompressed import preferred
from flask.testing import FlaskClient

STYLE = b"body { color: black }\n" * 40


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "static"
    folder.mkdir()
    (folder / "app.css").write_bytes(STYLE)
    (folder / "plain.txt").write_bytes(b"text")
    os.utime(folder / "app.css", (1_700_000_000.5, 1_700_000_000.5))
    return folder


class Client(FlaskClient):
    """A client that reads each answer to its end, which closes the file."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        return super().open(*args, **kwargs, buffered=True)


def client_for(folder: Path, **config: Any) -> FlaskClient:
    app = Flask("files", static_folder=str(folder))
    app.config.update(config)
    blueprint = Blueprint("part", "files", static_folder=str(folder), url_prefix="/part")
    app.register_blueprint(blueprint)
    app.test_client_class = Client
    return app.test_client()


# Conditions

MODIFIED = "Tue, 14 Nov 2023 22:13:20 GMT"
CONDITIONS: list[dict[str, str]] = [
    {},
    {"If-None-Match": "ETAG"},
    {"If-None-Match": "W/ETAG"},
    {"If-None-Match": '"other", ETAG'},
    {"If-None-Match": '"other"'},
    {"If-None-Match": "*"},
    {"If-None-Match": ""},
    {"If-Modified-Since": MODIFIED},
    {"If-Modified-Since": "Tue, 14 Nov 2023 22:13:19 GMT"},
    {"If-Modified-Since": "Tue, 14 Nov 2023 22:13:21 GMT"},
    {"If-Modified-Since": "Tuesday, 14-Nov-23 22:13:20 GMT"},
    {"If-Modified-Since": "yesterday"},
    {"If-None-Match": "ETAG", "If-Modified-Since": MODIFIED},
    {"If-None-Match": "ETAG", "If-Modified-Since": "Tue, 14 Nov 2022 22:13:20 GMT"},
    {"If-None-Match": '"other"', "If-Modified-Since": MODIFIED},
    {"If-None-Match": "", "If-Modified-Since": MODIFIED},
    {"If-Match": '"other"'},
    {"If-Unmodified-Since": MODIFIED},
    {"Range": "bytes=2-5"},
    {"Range": "bytes=2-5", "If-Range": "ETAG"},
    {"Range": "bytes=9000-"},
]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("headers", CONDITIONS, ids=str)
def test_conditions_are_answered_as_by_werkzeug(
    folder: Path, headers: dict[str, str], method: str
) -> None:
    client = client_for(folder)
    etag = client.get("/static/app.css").headers["ETag"]
    headers = {name: value.replace("ETAG", etag) for name, value in headers.items()}
    environ = create_environ("/", method=method, headers=headers)
    sent: Any
    try:
        sent = werkzeug.utils.send_file(folder / "app.css", environ, response_class=Response)
    except RequestedRangeNotSatisfiable as error:
        sent = error
    body, status, expected = run_wsgi_app(sent, environ, buffered=True)
    for _ in range(2):
        answer = client.open("/static/app.css", method=method, headers=headers)
        assert answer.status == status
        assert answer.data == b"".join(body)
        assert without_date(answer.headers) == without_date(expected)


def without_date(headers: Headers) -> list[tuple[str, str]]:
    return sorted((name, value) for name, value in headers if name != "Date")


def test_dates_are_those_of_each_answer(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_for(folder, SEND_FILE_MAX_AGE_DEFAULT=60)
    client.get("/static/app.css")
    monkeypatch.setattr(cached_files, "time", lambda: 1_800_000_000.5)
    answer = client.get("/static/app.css")
    assert answer.headers["Date"] == "Fri, 15 Jan 2027 08:00:00 GMT"
    assert answer.headers["Expires"] == "Fri, 15 Jan 2027 08:01:00 GMT"
    assert answer.headers["Cache-Control"] == "public, max-age=60"


# Compressed files


@pytest.fixture
def compressed(folder: Path) -> Path:
    (folder / "app.css.gz").write_bytes(gzip.compress(STYLE))
    (folder / "app.css.br").write_bytes(b"as if compressed")
    return folder


@pytest.mark.parametrize("url", ["/static/app.css", "/part/static/app.css"])
@pytest.mark.parametrize(
    ("accept", "encoding"),
    [
        ("gzip, deflate, br", "br"),
        ("gzip", "gzip"),
        ("gzip;q=1, br;q=0.5", "gzip"),
        ("br;q=0", None),
        ("*", "br"),
        ("identity, gzip;q=0.5", None),
        ("deflate", None),
        ("", None),
        (None, None),
    ],
)
def test_the_encoding_that_a_client_accepts_is_sent(
    compressed: Path, url: str, accept: str | None, encoding: str | None
) -> None:
    client = client_for(compressed, STATIC_PRECOMPRESSED=["br", "gzip"])
    for _ in range(2):
        headers = {} if accept is None else {"Accept-Encoding": accept}
        answer = client.get(url, headers=headers)
        assert answer.headers.get("Content-Encoding") == encoding
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
        suffix = {"br": ".br", "gzip": ".gz", None: ""}[encoding]
        assert answer.data == (compressed / f"app.css{suffix}").read_bytes()
        assert answer.headers["Content-Length"] == str(len(answer.data))


def test_each_encoding_has_an_etag_of_its_own_to_ask_with(compressed: Path) -> None:
    client = client_for(compressed, STATIC_PRECOMPRESSED=["br", "gzip"])
    etags = set()
    for accept in ("br", "gzip", "identity"):
        etag = client.get("/static/app.css", headers={"Accept-Encoding": accept}).headers["ETag"]
        etags.add(etag)
        headers = {"Accept-Encoding": accept, "If-None-Match": etag}
        again = client.get("/static/app.css", headers=headers)
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["Vary"] == "Accept-Encoding"
        assert "Content-Encoding" not in again.headers
    assert len(etags) == 3


def test_the_type_is_that_of_the_file_and_not_of_its_compressed_form(compressed: Path) -> None:
    (compressed / "app.css.zst").write_bytes(b"as if compressed")
    client = client_for(compressed, STATIC_PRECOMPRESSED=["zstd"])
    answer = client.get("/static/app.css", headers={"Accept-Encoding": "zstd"})
    assert answer.headers["Content-Encoding"] == "zstd"
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"


def test_a_range_is_one_of_the_compressed_file(compressed: Path) -> None:
    client = client_for(compressed, STATIC_PRECOMPRESSED=["gzip"])
    headers = {"Accept-Encoding": "gzip", "Range": "bytes=0-1"}
    answer = client.get("/static/app.css", headers=headers)
    assert (answer.status_code, answer.data) == (206, b"\x1f\x8b")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Vary"] == "Accept-Encoding"


def test_a_compressed_file_of_an_earlier_version_is_not_sent(compressed: Path) -> None:
    os.utime(compressed / "app.css.br", (1_600_000_000, 1_600_000_000))
    client = client_for(compressed, STATIC_PRECOMPRESSED=["br", "gzip"])
    answer = client.get("/static/app.css", headers={"Accept-Encoding": "br, gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"


def test_files_without_compressed_ones_are_as_they_were(compressed: Path) -> None:
    plain, asking = client_for(compressed), client_for(compressed, STATIC_PRECOMPRESSED=["br"])
    for url in ("/static/plain.txt", "/static/app.css.br"):
        headers = {"Accept-Encoding": "br"}
        before, after = (client.get(url, headers=headers) for client in (plain, asking))
        assert without_date(before.headers) == without_date(after.headers)
        assert before.data == after.data


def test_compressed_files_are_not_sent_unless_asked_for(compressed: Path) -> None:
    answer = client_for(compressed).get("/static/app.css", headers={"Accept-Encoding": "br"})
    assert answer.data == STYLE
    assert "Vary" not in answer.headers


@pytest.mark.parametrize("path", ["../secret", "/etc/hosts", "missing.css", "..%2fsecret", "a%00b"])
def test_nothing_outside_of_the_folder_is_looked_for(compressed: Path, path: str) -> None:
    (compressed.parent / "secret").write_bytes(b"secret")
    (compressed.parent / "secret.br").write_bytes(b"secret")
    client = client_for(compressed, STATIC_PRECOMPRESSED=["br"], STATIC_VERSIONED="secret")
    answer = client.get(f"/static/{path}", headers={"Accept-Encoding": "br"})
    assert answer.status_code in {308, 404}
    assert b"secret" not in answer.data


def test_an_unknown_encoding_is_named(compressed: Path) -> None:
    client = client_for(compressed, STATIC_PRECOMPRESSED=["brotli"], TESTING=True)
    with pytest.raises(ValueError, match=r"'brotli'.*'br', 'gzip'"):
        client.get("/static/app.css")


def test_a_response_class_of_the_applications_own_is_kept(compressed: Path) -> None:
    class Own(Response):
        pass

    client = client_for(compressed, STATIC_PRECOMPRESSED=["gzip"])
    client.application.response_class = Own
    seen: list[type] = []

    @client.application.after_request
    def note(response: Response) -> Response:
        seen.append(type(response))
        return response

    answer = client.get("/static/app.css", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(answer.data) == STYLE
    assert answer.headers["Content-Encoding"] == "gzip"
    assert seen == [Own]


def test_files_of_a_server_that_sends_them_are_the_compressed_ones(compressed: Path) -> None:
    client = client_for(compressed, STATIC_PRECOMPRESSED=["gzip"], USE_X_SENDFILE=True)
    answer = client.get("/static/app.css", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["X-Sendfile"].endswith("app.css.gz")
    assert answer.headers["Content-Encoding"] == "gzip"


@pytest.mark.parametrize("accept", ["br;q=x", "," * 999, "br" * 999, "\xff"])
def test_any_header_is_answered(compressed: Path, accept: str) -> None:
    client = client_for(compressed, STATIC_PRECOMPRESSED=["br"])
    answer = client.get("/static/app.css", headers={"Accept-Encoding": accept})
    assert answer.status_code == 200


def test_equal_encodings_are_chosen_in_the_order_of_the_configuration() -> None:
    assert preferred("gzip, br", ("br", "gzip")) == "br"
    assert preferred("gzip, br", ("gzip", "br")) == "gzip"


# Names with a version in them


def test_files_with_a_version_in_their_name_are_kept_for_a_year(folder: Path) -> None:
    (folder / "app.3f2a9c1b.css").write_bytes(STYLE)
    (folder / "app.3f2a9c1b.css.gz").write_bytes(gzip.compress(STYLE))
    client = client_for(folder, STATIC_PRECOMPRESSED=["gzip"], STATIC_VERSIONED=r"\.[0-9a-f]{8,}\.")
    for headers in ({}, {"Accept-Encoding": "gzip"}):
        for _ in range(2):
            answer = client.get("/static/app.3f2a9c1b.css", headers=headers)
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert re.search(r" 20\d\d ", answer.headers["Expires"])
            assert ("Content-Encoding" in answer.headers) == bool(headers)
    assert client.get("/static/app.css").headers["Cache-Control"] == "no-cache"


# A response that nobody looks at


@pytest.mark.parametrize("headers", CONDITIONS, ids=str)
def test_a_hook_after_the_view_sees_and_changes_no_other_answer(
    folder: Path, headers: dict[str, str]
) -> None:
    """The hook makes the headers, which otherwise nobody does."""
    answers = []
    for looks in (False, True):
        client = client_for(folder)
        if looks:
            client.application.after_request(lambda response: response.headers and response)
        etag = client.get("/static/app.css").headers["ETag"]
        sent = {name: value.replace("ETAG", etag) for name, value in headers.items()}
        got = [client.get("/static/app.css", headers=sent) for _ in range(3)]
        answers.append(
            [
                (answer.status, [h for h in answer.headers if h[0] != "Date"], answer.data)
                for answer in got
            ]
        )
    assert answers[0] == answers[1]


def test_the_session_and_the_encoding_are_named_by_one_vary(compressed: Path) -> None:
    client = client_for(compressed, STATIC_PRECOMPRESSED=["gzip"], SECRET_KEY="key")
    client.application.add_url_rule(
        "/read/<path:name>",
        "read",
        lambda name: session.get("a") or client.application.send_static_file(name),
    )
    for _ in range(3):
        answer = client.get("/read/app.css", headers={"Accept-Encoding": "gzip"})
        assert answer.headers.getlist("Vary") == ["Accept-Encoding, Cookie"]


@pytest.mark.parametrize("patched", ["class", "init", "proxy"])
def test_a_request_of_the_applications_own_is_asked(folder: Path, patched: str) -> None:
    class Ranged(Request):
        @property
        def environ(self) -> Any:
            return {**self.given, "HTTP_RANGE": "bytes=2-5"}

        @environ.setter
        def environ(self, value: Any) -> None:
            self.given = value

    client = client_for(folder)
    for _ in range(2):
        assert client.get("/static/app.css").status_code == 200
    if patched == "class":
        client.application.request_class = Ranged
        for _ in range(3):
            assert client.get("/static/app.css").data == STYLE[2:6]
    elif patched == "init":
        init = Request.__init__

        def ranged(self: Request, environ: Any, *arguments: Any) -> None:
            init(self, {**environ, "HTTP_RANGE": "bytes=2-5"}, *arguments)

        with mock.patch.object(Request, "__init__", ranged):
            assert client.get("/static/app.css").data == STYLE[2:6]
    else:
        environ = create_environ(headers={"Range": "bytes=2-5"})
        with mock.patch("flask.helpers.request", Request(environ)):
            assert client.get("/static/app.css").data == STYLE[2:6]
    assert patched == "class" or client.get("/static/app.css").data == STYLE


def test_the_folder_may_change_between_two_requests(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    (other / "static").mkdir(parents=True)
    (other / "static" / "app.css").write_text("other")
    client = client_for(folder)
    app = client.application
    assert client.get("/static/app.css").data == STYLE
    app.static_folder = str(other / "static")
    assert client.get("/static/app.css").data == b"other"
    app.static_folder = "static"
    app.root_path = str(folder.parent)
    assert client.get("/static/app.css").data == STYLE
    app.root_path = str(other)
    assert client.get("/static/app.css").data == b"other"


def test_a_response_that_a_view_returns_goes_through_what_there_is_after_it() -> None:
    app = Flask("answers")
    app.secret_key = "key"

    @app.route("/<what>")
    def view(what: str) -> Response:
        if what == "session":
            session["a"] = 1
        if what == "function":
            after_this_request(lambda response: Response("replaced"))
        return Response("text")

    client = app.test_client()
    for _ in range(3):
        assert client.get("/plain").data == b"text"
        assert client.get("/function").data == b"replaced"
        assert "session=" in client.get("/session").headers["Set-Cookie"]
    seen: list[bytes] = []

    def note(sender: Flask, response: Response, **details: Any) -> None:
        seen.append(response.data)

    with request_finished.connected_to(note, app):
        for _ in range(3):
            client.get("/plain")
    assert seen == [b"text"] * 3
