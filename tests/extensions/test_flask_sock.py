"""Flask-Sock: WebSocket routes, on the development server and under gunicorn's threads."""

from __future__ import annotations

import sys
import time

import pytest
from flask_sock import Sock
from loopback import serving
from server_process import running
from simple_websocket import Client, ConnectionClosed

from flask import Blueprint, Flask, request, session

PROGRAM = """
from flask import Flask
from flask_sock import Sock

app = Flask(__name__)
sock = Sock(app)

@app.route("/")
def index():
    return "page"

@sock.route("/echo")
def echo(ws):
    while True:
        ws.send(ws.receive())
"""


@pytest.fixture
def app():
    app = Flask(__name__)
    app.secret_key = "k"
    app.torn_down = []
    sock = Sock(app)
    rooms = Blueprint("rooms", __name__, url_prefix="/rooms")

    @sock.route("/echo")
    def echo(ws):
        while (text := ws.receive()) != "stop":
            ws.send(f"{session.get('name')} {text}")

    @sock.route("/<name>", bp=rooms)
    def room(ws, name):
        ws.send(f"{name} {request.args['as']} {request.blueprint} {ws.receive()}")
        ws.close(1001, "bye")

    @sock.route("/broken")
    def broken(ws):
        raise LookupError

    @app.route("/plain")
    def plain():
        session["name"] = "Ann"
        return "page"

    @app.teardown_request
    def note(error):
        app.torn_down.append(request.path)

    app.register_blueprint(rooms)
    return app


@pytest.fixture
def url(app):
    with serving(app) as url:
        yield url.replace("http", "ws")


def test_messages_go_to_and_fro_with_the_session_at_hand(app, url):
    client = app.test_client()
    client.get("/plain")
    cookie = f"session={client.get_cookie('session').value}"
    ws = Client.connect(f"{url}/echo", headers={"Cookie": cookie})
    for text in ("one", "two"):
        ws.send(text)
        assert ws.receive(timeout=30) == f"Ann {text}"
    ws.send("stop")
    with pytest.raises(ConnectionClosed):
        ws.receive(timeout=30)


def test_a_blueprint_has_sockets_too(url):
    ws = Client.connect(f"{url}/rooms/kitchen?as=cook")
    # The client speaks first, for it loses what arrives together with the answer to its handshake.
    ws.send("hello")
    assert ws.receive(timeout=30) == "kitchen cook rooms hello"
    with pytest.raises(ConnectionClosed) as closed:
        ws.receive(timeout=30)
    assert (closed.value.reason, closed.value.message) == (1001, "bye")


def test_the_request_is_torn_down_when_the_client_leaves(app, url):
    ws = Client.connect(f"{url}/echo")
    ws.close()
    deadline = time.monotonic() + 30
    while "/echo" not in app.torn_down and time.monotonic() < deadline:
        time.sleep(0.01)
    assert app.torn_down == ["/echo"]


def test_an_ordinary_request_does_not_match_a_socket_route(app):
    client = app.test_client()
    assert client.get("/plain").status_code == 200
    assert client.get("/echo").status_code == 400


@pytest.mark.uses("gunicorn")
def test_under_gunicorn(tmp_path):
    (tmp_path / "app.py").write_text(PROGRAM)
    command = [sys.executable, "-m", "gunicorn", "-b", "127.0.0.1:0", "--threads", "4"]
    with running([*command, "app:app"], tmp_path, tmp_path / "log") as server:
        ws = Client.connect(f"ws://127.0.0.1:{server.port}/echo")
        ws.send("hello")
        assert ws.receive(timeout=30) == "hello"
        ws.close()
        again = Client.connect(f"ws://127.0.0.1:{server.port}/echo")
        again.send("again")
        assert again.receive(timeout=30) == "again"
        again.close()
