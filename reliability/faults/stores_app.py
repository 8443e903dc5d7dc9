"""An application with a database and sessions in Redis, either of which may be gone."""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Iterator
from typing import Any

import redis
import sqlalchemy
from sqlalchemy.exc import OperationalError

from flask import Flask, Response, g, jsonify, request, session, stream_with_context
from flask.sessions import SessionInterface, SessionMixin
from flask.typing import ResponseReturnValue

COOKIE = "sid"


class StoredSession(dict[str, Any], SessionMixin):
    def __init__(self, number: str, stored: dict[str, Any]) -> None:
        super().__init__(stored)
        self.number = number


class RedisSessions(SessionInterface):
    """Sessions as JSON in Redis, found by the number in a cookie."""

    def __init__(self, url: str) -> None:
        self.client = redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5)

    def open_session(self, app: Flask, request: Any) -> StoredSession:
        number = request.cookies.get(COOKIE)
        stored = self.client.get(number) if number else None
        return StoredSession(number or secrets.token_hex(8), json.loads(stored or "{}"))

    def save_session(self, app: Flask, session: Any, response: Response) -> None:
        if session:
            self.client.set(session.number, json.dumps(session))
            response.set_cookie(COOKIE, session.number)


def create_app() -> Flask:
    app = Flask(__name__)
    closed: list[str] = []

    @app.route("/pid")
    def pid() -> str:
        return str(os.getpid())

    @app.route("/alive")
    def alive() -> str:
        return "alive"

    @app.route("/closed")
    def tell_closed() -> Response:
        return jsonify(closed)

    @app.teardown_appcontext
    def close_connection(error: BaseException | None) -> None:
        connection = g.pop("connection", None)
        if connection is not None:
            closed.append(type(error).__name__)
            connection.close()

    @app.errorhandler(500)
    def unavailable(error: Any) -> ResponseReturnValue:
        original = error.original_exception
        if isinstance(original, OperationalError | redis.ConnectionError | redis.TimeoutError):
            return "the store is gone", 503
        return f"{type(original).__name__}: {original}", 500

    if url := os.environ.get("DATABASE"):
        add_rows(app, sqlalchemy.create_engine(url, pool_pre_ping=True, pool_size=8))
    if url := os.environ.get("REDIS"):
        app.session_interface = RedisSessions(url)
        add_session(app)
    return app


def add_rows(app: Flask, engine: sqlalchemy.Engine) -> None:
    text = sqlalchemy.text

    connected: list[str] = []

    def connection() -> sqlalchemy.Connection:
        if "connection" not in g:
            g.connection = engine.connect()
        found: sqlalchemy.Connection = g.connection
        return found

    with engine.begin() as first:
        first.execute(text("create table if not exists row (word text primary key)"))

    @app.route("/row/<word>", methods=["POST"])
    def add(word: str) -> str:
        connection().execute(text("insert into row values (:word)"), {"word": word})
        connection().commit()
        return word

    @app.route("/rows")
    def count() -> str:
        return str(connection().execute(text("select count(*) from row")).scalar())

    @app.route("/connected")
    def tell_connected() -> Response:
        return jsonify(connected)

    @app.route("/sleep")
    def sleep() -> str:
        waiting = connection()
        connected.append("sleep")
        waiting.execute(text("select pg_sleep(20)"))
        return "slept"

    @app.route("/stream")
    def stream() -> Response:
        def numbers() -> Iterator[str]:
            while True:
                yield f"{connection().execute(text('select 1')).scalar()}\n"
                time.sleep(0.01)

        return Response(stream_with_context(numbers()))


def add_session(app: Flask) -> None:
    @app.route("/enter", methods=["POST"])
    def enter() -> str:
        session["user"] = request.form["user"]
        session["visits"] = 0
        return "entered"

    @app.route("/visit")
    def visit() -> str:
        session["visits"] = session.get("visits", 0) + 1
        return f"{session.get('user')} {session['visits']}"


app = create_app()
