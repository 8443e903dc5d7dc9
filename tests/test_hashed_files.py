"""Static files under names with the hash of their content."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

from flask import Blueprint, Flask, render_template_string, url_for
from flask.http import hashed_files
from flask.http.hashed_files import digest_of, hashed_name
from flask.testing import FlaskClient

STYLE = b"body { color: black }\n" * 40
HASH = hashlib.sha256(STYLE).hexdigest()[:12]
YEAR = "public, max-age=31536000, immutable"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "static"
    (folder / "css").mkdir(parents=True)
    (folder / "css" / "app.css").write_bytes(STYLE)
    (folder / "LICENSE").write_bytes(b"text")
    return folder


def make_app(folder: Path, **config: Any) -> Flask:
    app = Flask("hashed", static_folder=str(folder))
    app.config.update({"STATIC_HASHED": True, **config})
    part = Blueprint("part", "hashed", static_folder=str(folder), url_prefix="/part")

    @part.route("/here")
    def here() -> str:
        return url_for(".static", filename="css/app.css")

    app.register_blueprint(part)
    app.add_url_rule("/", "index", lambda: url_for("static", filename="css/app.css"))
    return app


def test_only_links_to_files_look_at_files(folder: Path) -> None:
    app = make_app(folder)

    @app.route("/links")
    def links() -> list[str]:
        names = "static", "part.static"
        return [url_for("index"), *(url_for(name, filename="css/app.css") for name in names)]

    css = f"css/app.{HASH}.css"
    for _ in range(2):
        assert app.test_client().get("/links").json == [
            "/",
            f"/static/{css}",
            f"/part/static/{css}",
        ]
    builders = app._revision.program.url_builders
    kinds = {endpoint: type(build) for endpoint, build in builders.items()}
    hashed = hashed_files.HashedBuilder
    assert kinds == {"static": hashed, "part.static": hashed, "index": FunctionType}
    without = Flask("plain", static_folder=str(folder))
    without.add_url_rule("/", "index", lambda: url_for("static", filename="css/app.css"))
    assert without.test_client().get("/").text == "/static/css/app.css"
    assert type(without._revision.program.url_builders["static"]) is FunctionType


def answer(client: FlaskClient, path: str, **headers: str) -> Any:
    return client.get(path, headers=headers, buffered=True)


def test_links_have_the_hash_which_is_answered_by_the_file_and_kept_for_a_year(
    folder: Path,
) -> None:
    client = make_app(folder).test_client()
    for page, prefix in (("/", ""), ("/part/here", "/part"), ("/", "")):
        link = client.get(page).text
        assert link == f"{prefix}/static/css/app.{HASH}.css"
        sent = answer(client, link)
        assert sent.data == STYLE
        assert sent.headers["Cache-Control"] == YEAR
        assert sent.headers["Content-Type"] == "text/css; charset=utf-8"
        assert sent.headers["Content-Disposition"] == "inline; filename=app.css"
        assert answer(client, link, **{"If-None-Match": sent.headers["ETag"]}).status_code == 304
        assert answer(client, link, Range="bytes=0-3").data == STYLE[:4]


def test_names_without_a_hash_are_answered_as_ever(folder: Path) -> None:
    sent = answer(make_app(folder).test_client(), "/static/css/app.css")
    assert sent.data == STYLE
    assert sent.headers["Cache-Control"] == "no-cache"


def test_the_hash_of_another_content_is_answered_but_not_kept(folder: Path) -> None:
    sent = answer(make_app(folder).test_client(), "/static/css/app.0123456789ab.css")
    assert sent.data == STYLE
    assert sent.headers["Cache-Control"] == "no-cache"


def test_a_file_whose_own_name_has_a_hash_is_that_file(folder: Path) -> None:
    (folder / "css" / "app.0123456789ab.css").write_bytes(b"own")
    assert answer(make_app(folder).test_client(), "/static/css/app.0123456789ab.css").data == b"own"
    (folder / "lone.0123456789ab.css").write_bytes(b"lone")
    assert answer(make_app(folder).test_client(), "/static/lone.0123456789ab.css").data == b"lone"


@pytest.mark.parametrize(
    "path",
    [
        "/static/none.0123456789ab.css",
        "/static/../static/css/app.0123456789ab.css",
        "/static/css.0123456789ab.css",
        "/static/%2e%2e/secret.0123456789ab.txt",
        "/static/\0.0123456789ab.css",
    ],
)
def test_other_names_are_not_found(folder: Path, path: str) -> None:
    (folder.parent / "secret.txt").write_text("secret")
    assert answer(make_app(folder).test_client(), path).status_code == 404


@pytest.mark.parametrize("filename", ["none.css", "LICENSE", "css", "../static/css/app.css", ""])
def test_links_of_what_has_no_hash_are_those_without_the_setting(
    folder: Path, filename: str
) -> None:
    hashed, plain = make_app(folder), make_app(folder, STATIC_HASHED=False)
    links = []
    for app in (hashed, plain):
        app.test_client().get("/")
        with app.test_request_context():
            links.append([url_for("static", filename=filename) for _ in range(2)])
    assert links[0] == links[1]


def test_links_outside_of_a_request_and_with_more_to_them_have_the_hash(folder: Path) -> None:
    app = make_app(folder, SERVER_NAME="example.com")
    name = f"/static/css/app.{HASH}.css"
    with app.app_context():
        assert url_for("static", filename="css/app.css") == f"http://example.com{name}"
    with app.test_request_context():
        assert url_for("static", filename="css/app.css", v=1) == f"{name}?v=1"
        assert url_for("static", filename="css/app.css", _anchor="x") == f"{name}#x"
        external = url_for("static", filename="css/app.css", _external=True)
        assert external == f"http://example.com{name}"


def test_templates_have_the_same_links(folder: Path) -> None:
    app = make_app(folder, TEMPLATES_AUTO_RELOAD=False)
    app.test_client().get("/")
    source = "{{ url_for('static', filename='css/app.css') }}"
    with app.test_request_context():
        template = app.jinja_env.from_string(source)
        texts = {template.render() for _ in range(6)} | {render_template_string(source)}
    assert texts == {f"/static/css/app.{HASH}.css"}


def test_a_changed_file_has_another_hash(folder: Path) -> None:
    file = folder / "css" / "app.css"
    before = hashed_name(str(folder), "css/app.css")
    file.write_bytes(b"another")
    os.utime(file, (1, 1))
    after = hashed_name(str(folder), "css/app.css")
    assert before != after
    assert (
        answer(make_app(folder).test_client(), f"/static/{after}").headers["Cache-Control"] == YEAR
    )
    assert answer(make_app(folder).test_client(), f"/static/{before}").data == b"another"


@pytest.mark.parametrize("debug", [True, False])
def test_links_follow_changed_files_in_debug_mode_alone(folder: Path, debug: bool) -> None:
    app = make_app(folder)
    app.debug = debug
    client = app.test_client()
    first = [client.get("/").text for _ in range(3)][-1]
    (folder / "css" / "app.css").write_bytes(b"another")
    assert (client.get("/").text != first) is debug


def test_compressed_files_stand_beside_the_plain_name(folder: Path) -> None:
    (folder / "css" / "app.css.br").write_bytes(b"compressed")
    client = make_app(folder, STATIC_PRECOMPRESSED=["br"]).test_client()
    sent = answer(client, f"/static/css/app.{HASH}.css", **{"Accept-Encoding": "br"})
    assert sent.data == b"compressed"
    assert sent.headers["Content-Encoding"] == "br"
    assert sent.headers["Vary"] == "Accept-Encoding"
    assert sent.headers["Cache-Control"] == YEAR


def test_large_files_keep_their_names(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashed_files, "LARGEST", len(STYLE) - 1)
    assert hashed_name(str(folder), "css/app.css") == "css/app.css"


def test_few_hashes_are_kept_however_many_files_there_are(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hashed_files, "_MAX_KEPT", 3)
    app = make_app(folder)
    app.test_client().get("/")
    with app.test_request_context():
        for number in range(9):
            (folder / f"{number}.txt").write_text(f"text {number}")
            assert re.fullmatch(
                rf"/static/{number}\.[0-9a-f]{{12}}\.txt",
                url_for("static", filename=f"{number}.txt"),
            )
    assert len(hashed_files._digests) <= 3
    assert digest_of(str(folder / "8.txt"))


def test_the_hash_is_not_computed_for_applications_without_the_setting(folder: Path) -> None:
    app = Flask("hashed", static_folder=str(folder))
    sent = answer(app.test_client(), f"/static/css/app.{HASH}.css")
    assert sent.status_code == 404
