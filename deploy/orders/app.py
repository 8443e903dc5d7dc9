"""Orders: a small application with a database, sessions and background work, for several hosts.

Settings come from the environment: ``FLASK_SECRET_KEY``, ``DATABASE_URL`` (PostgreSQL),
``REDIS_URL``, and ``SESSIONS``, which is ``cookie`` or ``redis``.
"""

from __future__ import annotations

import os
from uuid import UUID

import psycopg
import redis
from flask import Flask, abort, g, request, session
from flask.typing import ResponseReturnValue
from flask_session import Session
from werkzeug.middleware.proxy_fix import ProxyFix

from tasks import fulfil

SCHEMA = """
create table if not exists orders (
    id uuid primary key,
    customer text not null,
    queued timestamptz not null default now(),
    fulfilled integer not null default 0
)
"""

app = Flask(__name__)
app.config.from_mapping(SESSION_COOKIE_SAMESITE="Lax", MAX_CONTENT_LENGTH=64 * 1024)
app.config.from_prefixed_env()
app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
    app.wsgi_app, x_for=1, x_proto=1, x_host=1
)
if os.environ.get("SESSIONS") == "redis":
    app.config["SESSION_TYPE"] = "redis"
    app.config["SESSION_REDIS"] = redis.Redis.from_url(os.environ["REDIS_URL"])
    Session(app)


def database() -> psycopg.Connection:
    """The request's connection, opened when first asked for."""
    if "database" not in g:
        g.database = psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=5)
    connection: psycopg.Connection = g.database
    return connection


@app.teardown_appcontext
def close_database(error: BaseException | None) -> None:
    if connection := g.pop("database", None):
        connection.close()


@app.cli.command("init-db")
def init_db() -> None:
    """Make the table where there is none."""
    with database() as connection:
        connection.execute(SCHEMA)


@app.get("/")
def index() -> ResponseReturnValue:
    return {"orders": "PUT /orders/<uuid>", "instance": os.environ.get("INSTANCE", "")}


@app.post("/login")
def login() -> ResponseReturnValue:
    session["name"] = request.form["name"]
    return {"name": session["name"]}


@app.get("/me")
def me() -> ResponseReturnValue:
    return {"name": customer(), "instance": os.environ.get("INSTANCE", "")}


@app.put("/orders/<uuid:number>")
def place(number: UUID) -> ResponseReturnValue:
    """Place an order under a number that the customer chose: doing so twice does no more than once.

    Should this process end between the two steps, the visitor has no answer yet, and whoever gets
    the repeated request queues the work.
    """
    with database() as connection:
        connection.execute(
            "insert into orders (id, customer) values (%s, %s) on conflict do nothing",
            (number, customer()),
        )
    fulfil.delay(str(number))
    return {"number": str(number)}, 202


@app.get("/orders/<uuid:number>")
def show(number: UUID) -> ResponseReturnValue:
    query = "select customer, fulfilled from orders where id = %s"
    row = database().execute(query, (number,)).fetchone()
    if row is None:
        abort(404)
    return {"number": str(number), "customer": row[0], "fulfilled": row[1] > 0}


@app.get("/orders")
def count() -> ResponseReturnValue:
    query = "select count(*), count(*) filter (where fulfilled > 0) from orders"
    row = database().execute(query).fetchone()
    assert row is not None
    return {"placed": row[0], "fulfilled": row[1]}


@app.get("/healthz")
def healthz() -> ResponseReturnValue:
    """Answer 200 if this instance can work: it reaches the database."""
    database().execute("select 1")
    return {"ok": True}


def customer() -> str:
    if "name" not in session:
        abort(401)
    name: str = session["name"]
    return name
