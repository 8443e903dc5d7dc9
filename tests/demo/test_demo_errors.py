"""Error pages, headers of every answer, and odd requests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from notice_board import create_app, models
from visitor import Visitor

from flask import Flask


def test_unknown_address_gets_the_404_page(visitor: Visitor) -> None:
    answer = visitor.get("/nowhere")
    assert answer.status_code == 404
    assert "Nothing pinned here" in answer.text
    assert 'href="/"' in answer.text


def test_posting_to_an_unknown_address_is_404_not_a_form_error(visitor: Visitor) -> None:
    assert visitor.client.post("/nowhere").status_code == 404


def test_wrong_method_keeps_allow(visitor: Visitor) -> None:
    answer = visitor.get("/logout")
    assert answer.status_code == 405
    assert set(answer.headers["Allow"].split(", ")) == {"OPTIONS", "POST"}
    assert "Method Not Allowed" in answer.text


@pytest.fixture
def broken(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Visitor:
    """A visitor of a board whose list of notices fails."""

    def fail(*args: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(models, "list_notices", fail)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return Visitor(app)


def test_failure_gets_the_500_page_without_details(broken: Visitor) -> None:
    answer = broken.get("/")
    assert answer.status_code == 500
    assert "The board has fallen off the wall" in answer.text
    assert "secret detail" not in answer.text


def test_failure_is_logged_with_its_trace(
    broken: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    broken.get("/")
    assert "secret detail" in caplog.text


def test_failure_of_the_api_is_json(broken: Visitor) -> None:
    answer = broken.get("/api/notices")
    assert (answer.status_code, answer.mimetype) == (500, "application/json")
    assert "secret detail" not in answer.text


def test_missing_database_is_named_with_the_remedy(app: Flask) -> None:
    Path(app.config["DATABASE"]).unlink()
    with pytest.raises(RuntimeError, match=r"no database at .*: run 'flask init-db' first"):
        app.test_client().get("/")
    app.config["PROPAGATE_EXCEPTIONS"] = False
    assert "fallen off the wall" in app.test_client().get("/").text


@pytest.mark.parametrize("path", ["/", "/login", "/nowhere", "/static/style.css", "/api/notices"])
def test_every_answer_carries_the_protective_headers(visitor: Visitor, path: str) -> None:
    with visitor.get(path) as answer:
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_static_files_and_api_reading_set_no_cookie(reader: Visitor) -> None:
    for path in ("/static/style.css", "/api/notices", "/"):
        with reader.get(path) as answer:
            assert answer.status_code == 200
            assert "Set-Cookie" not in answer.headers


def test_relative_paths_are_below_the_instance_folder(tmp_path: Path) -> None:
    settings = {"SECRET_KEY": "x", "DATABASE": "own.sqlite3", "UPLOAD_FOLDER": str(tmp_path)}
    app = create_app(settings)
    assert app.config["DATABASE"] == str(Path(app.instance_path, "own.sqlite3"))
    assert app.config["UPLOAD_FOLDER"] == str(tmp_path)


def test_environment_overrides_defaults(
    new_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLASK_NOTICES_PER_PAGE", "4")
    monkeypatch.setenv("FLASK_SITE_NAME", "Elm Park")
    app = new_app()
    assert app.config["NOTICES_PER_PAGE"] == 4
    assert "<b>Elm Park</b>" in app.test_client().get("/").text


@pytest.mark.parametrize(
    "path",
    [
        "/?q=%ff%fe%00%ed%a0%80",
        "/?q=" + "%25_" * 3000,
        "/?category=%00&page=%ef%bc%91",
        "/people/%ff",
        "/people/%00",
        "/notices/%d9%a1",
        "/notices/-1",
        "/notices/" + "9" * 30,
        "/pictures/%ff%00",
        "/static/%2e%2e/config.py",
        "/static/%00",
        "/%e2%80%ae",
        "/login?next=%0d%0aSet-Cookie:x=1",
    ],
)
def test_odd_addresses_are_answered(reader: Visitor, path: str) -> None:
    with reader.get(path) as answer:
        assert answer.status_code in {200, 404}


@pytest.mark.parametrize("cookie", ["\xff", "a.b.c", ".eJw", "=", "x" * 5000, "session"])
def test_odd_session_cookies_are_nobody(reader: Visitor, cookie: str) -> None:
    answer = reader.get("/", headers={"Cookie": f"session={cookie}"})
    assert answer.status_code == 200
    assert "Log in" in answer.text
