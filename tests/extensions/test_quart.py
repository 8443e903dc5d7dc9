"""Quart: another framework, which builds on `flask.sansio`."""

from __future__ import annotations

import asyncio

import pytest
from quart import (
    Blueprint,
    Quart,
    abort,
    flash,
    g,
    get_flashed_messages,
    jsonify,
    redirect,
    render_template_string,
    request,
    session,
    url_for,
    websocket,
)

from flask.sansio.app import App


@pytest.fixture
def app():
    app = Quart(__name__)
    app.secret_key = "k"
    shop = Blueprint("shop", __name__, url_prefix="/shop")

    @app.before_request
    async def before():
        g.order = ["before"]

    @app.after_request
    async def after(response):
        response.headers["X-Order"] = " ".join([*g.order, "after"])
        return response

    @app.route("/<name>")
    async def hello(name):
        g.order.append("view")
        return await render_template_string("Hello {{ name }} {{ word }}", name=name)

    @app.context_processor
    async def words():
        return {"word": "again"}

    @shop.post("/items/<int:id>")
    async def item(id):
        session["last"] = id
        return jsonify(id=id, sent=await request.get_json(), url=url_for(".item", id=id)), 201

    @shop.route("/last")
    def last():
        return {"last": session.get("last")}

    @shop.route("/missing")
    async def missing():
        abort(404)

    @shop.errorhandler(404)
    async def nothing(error):
        return f"nothing: {error.code}", 404

    @app.route("/moved")
    async def moved():
        await flash("moved")
        return redirect(url_for("messages"))

    @app.route("/messages")
    async def messages():
        return get_flashed_messages()

    @app.websocket("/echo")
    async def echo():
        while True:
            await websocket.send(await websocket.receive())

    app.register_blueprint(shop)
    return app


def ask(app, method, path, **options):
    """Send one request and answer its response and its body."""

    async def send():
        response = await app.test_client().open(path, method=method, **options)
        return response, await response.get_data(as_text=True)

    return asyncio.run(send())


def test_it_stands_on_the_sansio_layer(app):
    assert isinstance(app, App)


def test_a_view_with_its_hooks_and_template(app):
    response, text = ask(app, "GET", "/Ann")
    assert (response.status_code, text) == (200, "Hello Ann again")
    assert response.headers["X-Order"] == "before view after"


def test_blueprints_sessions_and_json(app):
    async def walk():
        client = app.test_client()
        made = await client.post("/shop/items/3", json={"a": 1})
        kept = await client.get("/shop/last")
        return made.status_code, await made.get_json(), await kept.get_json()

    status, made, kept = asyncio.run(walk())
    assert (status, made) == (201, {"id": 3, "sent": {"a": 1}, "url": "/shop/items/3"})
    assert kept == {"last": 3}


def test_error_handlers_and_methods(app):
    response, text = ask(app, "GET", "/shop/missing")
    assert (response.status_code, text) == (404, "nothing: 404")
    assert ask(app, "POST", "/Ann")[0].status_code == 405
    allowed = ask(app, "OPTIONS", "/shop/items/1")[0].headers["Allow"]
    assert set(allowed.split(", ")) == {"OPTIONS", "POST"}


def test_flashed_messages_and_redirects(app):
    async def walk():
        client = app.test_client()
        response = await client.get("/moved", follow_redirects=True)
        return await response.get_json()

    assert asyncio.run(walk()) == ["moved"]


def test_websockets(app):
    async def talk():
        async with app.test_client().websocket("/echo") as socket:
            await socket.send("hello")
            return await socket.receive()

    assert asyncio.run(talk()) == "hello"


def test_its_commands(app):
    @app.cli.command("greet")
    def greet():
        print(f"hello from {app.name}")

    result = app.test_cli_runner().invoke(args=["greet"])
    assert result.output == "hello from test_quart\n"
