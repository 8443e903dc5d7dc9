"""Flask-Session: sessions kept on the server, in Redis, a database or files."""

from __future__ import annotations

import time
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from cachelib.file import FileSystemCache
from flask_session import Session
from flask_sqlalchemy import SQLAlchemy

import flask

pytestmark = pytest.mark.uses("SQLite")


def create_app(**settings: object) -> flask.Flask:
    app = flask.Flask(__name__)
    app.secret_key = "visits"
    app.config.update(settings)
    if "SQLALCHEMY_DATABASE_URI" in settings:
        app.config["SESSION_SQLALCHEMY"] = SQLAlchemy(app)
    Session(app)

    @app.get("/count")
    def count():
        flask.session["count"] = flask.session.get("count", 0) + 1
        return str(flask.session["count"])

    @app.get("/look")
    def look():
        seen = flask.session.items()
        return {key: str(value) for key, value in seen if not key.startswith("_")}

    @app.get("/plain")
    def plain():
        return "nothing asked"

    @app.get("/append")
    def append():
        flask.session.setdefault("list", []).append(1)
        flask.session.modified = True
        return str(len(flask.session["list"]))

    @app.get("/forget")
    def forget():
        flask.session.clear()
        return "forgotten"

    @app.get("/login")
    def login():
        flask.session["user"] = "ada"
        app.session_interface.regenerate(flask.session)
        return "in"

    @app.get("/fail")
    def fail():
        flask.session["kept"] = "yes"
        raise RuntimeError

    @app.get("/flash")
    def flash():
        flask.flash("saved", "info")
        return flask.redirect("/flashed")

    @app.get("/flashed")
    def flashed():
        return flask.jsonify(flask.get_flashed_messages(with_categories=True))

    return app


@pytest.fixture(params=["redis", "sqlite", "postgresql", "files"])
def settings(request: pytest.FixtureRequest, tmp_path: Path):
    if request.param == "redis":
        with redis.Redis.from_url(request.getfixturevalue("redis_url")) as server:
            yield {"SESSION_TYPE": "redis", "SESSION_REDIS": server}
    elif request.param == "files":
        files = FileSystemCache(str(tmp_path / "sessions"))
        yield {"SESSION_TYPE": "cachelib", "SESSION_CACHELIB": files}
    else:
        is_sqlite = request.param == "sqlite"
        url = f"sqlite:///{tmp_path}/s.db" if is_sqlite else request.getfixturevalue("postgres_url")
        yield {"SESSION_TYPE": "sqlalchemy", "SQLALCHEMY_DATABASE_URI": url}


@pytest.fixture
def make_app(settings: dict[str, object]):
    """Create applications with the same store, as after a restart."""
    with ExitStack() as stack:

        def make(**more: object) -> flask.Flask:
            app = create_app(**settings, **more)
            if "sqlalchemy" in app.extensions:
                with app.app_context():
                    stack.callback(app.extensions["sqlalchemy"].engine.dispose)
            return app

        yield make


@pytest.fixture
def app(make_app) -> flask.Flask:
    return make_app()


def test_session_counts_visits(app: flask.Flask) -> None:
    client = app.test_client()
    assert [client.get("/count").text for _ in range(3)] == ["1", "2", "3"]
    assert app.test_client().get("/count").text == "1"


def test_cookie_holds_a_key_and_no_content(app: flask.Flask) -> None:
    client = app.test_client()
    client.get("/login")
    cookie = client.get_cookie("session")
    assert "ada" not in cookie.decoded_value
    assert len(cookie.decoded_value) >= 32
    assert cookie.http_only


def test_session_outlives_a_restart(make_app) -> None:
    client = make_app().test_client()
    client.get("/count")
    key = client.get_cookie("session").value
    other = make_app().test_client()
    other.set_cookie("session", key)
    assert other.get("/count").text == "2"


def test_unknown_key_begins_an_empty_session(app: flask.Flask) -> None:
    client = app.test_client()
    client.set_cookie("session", "made-up")
    assert client.get("/look").json == {}
    assert client.get("/count").text == "1"


def test_page_that_asks_for_no_session_sets_no_cookie(app: flask.Flask) -> None:
    assert "Set-Cookie" not in app.test_client().get("/plain").headers


def test_answer_varies_by_cookie_where_the_session_is_read(app: flask.Flask) -> None:
    assert app.test_client().get("/look").headers["Vary"] == "Cookie"


def test_cleared_session_is_deleted_with_its_cookie(app: flask.Flask) -> None:
    client = app.test_client()
    client.get("/count")
    key = client.get_cookie("session").value
    client.get("/forget")
    assert client.get_cookie("session") is None
    client.set_cookie("session", key)
    assert client.get("/look").json == {}


def test_change_inside_a_value_is_kept_when_marked(app: flask.Flask) -> None:
    client = app.test_client()
    assert [client.get("/append").text for _ in range(3)] == ["1", "2", "3"]


def test_new_key_at_login_takes_the_content_along(app: flask.Flask) -> None:
    client = app.test_client()
    client.get("/count")
    before = client.get_cookie("session").value
    client.get("/login")
    assert client.get_cookie("session").value != before
    assert client.get("/look").json == {"count": "1", "user": "ada"}
    client.set_cookie("session", before)
    assert client.get("/look").json == {}


def test_session_is_saved_though_the_view_fails(app: flask.Flask) -> None:
    client = app.test_client()
    assert client.get("/fail").status_code == 500
    assert client.get("/look").json["kept"] == "yes"


def test_flashed_message_waits_for_the_next_page_only(app: flask.Flask) -> None:
    client = app.test_client()
    assert client.get("/flash", follow_redirects=True).json == [["info", "saved"]]
    assert client.get("/flashed").json == []


def test_session_ends_after_its_lifetime(make_app) -> None:
    client = make_app(PERMANENT_SESSION_LIFETIME=timedelta(seconds=1)).test_client()
    client.get("/count")
    key = client.get_cookie("session").value
    time.sleep(1.5)
    client.set_cookie("session", key)
    assert client.get("/count").text == "1"


def test_cookie_of_the_browsers_session_has_no_end(make_app) -> None:
    answer = make_app(SESSION_PERMANENT=False).test_client().get("/count")
    assert "Expires" not in answer.headers["Set-Cookie"]


def test_cookie_is_shaped_by_the_apps_configuration(make_app) -> None:
    app = make_app(
        SESSION_COOKIE_NAME="visitor",
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_PATH="/look",
    )
    cookie = app.test_client().get("/count").headers["Set-Cookie"]
    assert cookie.startswith("visitor=")
    assert {"Secure", "SameSite=Strict", "Path=/look"} <= set(cookie.split("; "))


def test_test_client_writes_into_the_store(app: flask.Flask) -> None:
    client = app.test_client()
    with client.session_transaction() as session:
        session["count"] = 41
    assert client.get("/count").text == "42"


def test_redis_keeps_the_session_under_its_prefix(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as server:
        app = create_app(SESSION_TYPE="redis", SESSION_REDIS=server, SESSION_KEY_PREFIX="v:")
        client = app.test_client()
        client.get("/count")
        (key,) = server.keys()
        assert key.decode() == "v:" + client.get_cookie("session").value
        assert 0 < server.ttl(key) <= app.permanent_session_lifetime.total_seconds()


def test_unknown_store_is_refused_at_set_up() -> None:
    with pytest.raises(ValueError, match="SESSION_TYPE"):
        create_app(SESSION_TYPE="drawer")
