"""Flask-SocketIO: real servers, threaded and with gevent, and real clients of both transports."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
import requests
import socketio
from flask_socketio import SocketIO, emit

import flask

PROGRAM = """
import os
mode = os.environ["MODE"]
if mode == "gevent":
    from gevent import monkey
    monkey.patch_all()
import socket
import flask
from flask_socketio import (
    ConnectionRefusedError, Namespace, SocketIO, close_room, disconnect, emit, join_room,
    leave_room, send,
)

app = flask.Flask("chat")
app.secret_key = "chat"
# Clients that poll do not always say goodbye; then only the missing answer to a ping tells.
socketio = SocketIO(
    app, async_mode=mode, message_queue=os.environ.get("QUEUE"), ping_interval=1, ping_timeout=5
)
gone = []

@app.get("/login/<name>")
def login(name):
    flask.session["name"] = name
    return "in"

@app.get("/tell/<text>")
def tell(text):
    socketio.emit("told", text)
    return "told"

@app.get("/gone")
def show_gone():
    return flask.jsonify(gone)

@socketio.on("connect")
def connect(auth):
    if auth == {"key": "wrong"}:
        raise ConnectionRefusedError("wrong key")
    emit("welcome", flask.session.get("name", "guest"))

@socketio.on("disconnect")
def left(reason):
    gone.append(flask.session.get("name", "guest"))

@socketio.on("echo")
def echo(data):
    return data

@socketio.on("count")
def count():
    flask.session["count"] = flask.session.get("count", 0) + 1
    return flask.session["count"]

@socketio.on("request")
def request_seen(data):
    seen = flask.request
    return [seen.args["q"], seen.headers["X-Key"], seen.event["message"], seen.event["args"],
        seen.namespace, len(seen.sid) > 5, flask.current_app.name, flask.url_for("login", name="a")]

@socketio.on("g")
def global_is_new():
    flask.g.seen = flask.g.get("seen", 0) + 1
    return flask.g.seen

@socketio.on("join")
def join(room):
    join_room(room)
    emit("joined", room, to=room)

@socketio.on("leave")
def leave(room):
    leave_room(room)
    return True

@socketio.on("close")
def close(room):
    close_room(room)
    return True

@socketio.on("say")
def say(room, text):
    emit("said", text, to=room, include_self=False)
    return True

@socketio.on("shout")
def shout(text):
    emit("said", text, broadcast=True)

@socketio.on("message")
def message(text):
    send(text.upper())

@socketio.on("json")
def json(data):
    send(data, json=True)

@socketio.on("work")
def work():
    def later(sid):
        socketio.sleep(0.05)
        socketio.emit("done", "work", to=sid)
    socketio.start_background_task(later, flask.request.sid)
    return "begun"

@socketio.on("kick")
def kick():
    disconnect()

@socketio.on("fail")
def fail():
    raise ZeroDivisionError

@socketio.on_error()
def on_error(error):
    emit("failed", type(error).__name__)

class Admin(Namespace):
    def on_connect(self, auth):
        return flask.session.get("name") == "ada"

    def on_status(self, data):
        return ["fine", flask.request.namespace]

socketio.on_namespace(Admin("/admin"))

with socket.create_server(("127.0.0.1", 0)) as listener:
    port = listener.getsockname()[1]
if mode == "gevent":
    from gevent import spawn_later
    spawn_later(0.3, print, f"Running on http://127.0.0.1:{port}", flush=True)
socketio.run(app, port=port, allow_unsafe_werkzeug=True)
"""


@pytest.fixture(scope="module", params=["threading", "gevent"])
def url(request: pytest.FixtureRequest, run_server_of_module):
    return run_server_of_module(PROGRAM, MODE=request.param).url


@pytest.fixture(params=["websocket", "polling"])
def connect(request: pytest.FixtureRequest, url: str):
    """Connect clients over one transport; they are disconnected after the test."""
    with ThreadPoolExecutor() as pool, ExitStack() as stack:
        # A client waits seconds for the server's goodbye, so all leave at the same time.
        clients: list[socketio.SimpleClient] = []
        stack.callback(lambda: list(pool.map(lambda client: client.disconnect(), clients)))

        def make(name: str = "", **options: object) -> socketio.SimpleClient:
            session = requests.Session()
            stack.enter_context(session)
            if name:
                assert session.get(f"{url}/login/{name}").text == "in"
            client = socketio.SimpleClient(http_session=session)
            client.connect(options.pop("url", url), transports=[request.param], **options)
            clients.append(client)
            return client

        yield make


def next_event(client: socketio.SimpleClient, name: str) -> object:
    """Receive until an event of that name comes; answer what came with it."""
    while True:
        event, *values = client.receive(timeout=10)
        if event == name:
            return values[0]


def hears_nothing(client: socketio.SimpleClient) -> bool:
    """Tell whether no event lies before the answer to a call made now."""
    client.call("echo", 1, timeout=10)
    return [event for event, *_ in client.input_buffer if event == "said"] == []


def test_client_uses_the_transport_asked_for(connect, request: pytest.FixtureRequest) -> None:
    wanted = request.node.callspec.params["connect"]
    assert connect().transport == wanted


def test_session_of_the_page_is_there_at_connection(connect) -> None:
    assert next_event(connect("ada"), "welcome") == "ada"
    assert next_event(connect(), "welcome") == "guest"


def test_call_is_answered(connect) -> None:
    assert connect().call("echo", {"text": "héllo", "n": [1, None]}) == {
        "text": "héllo",
        "n": [1, None],
    }
    assert connect().call("echo", b"\x00\xff") == b"\x00\xff"


def test_session_holds_between_events_of_one_client(connect) -> None:
    one, other = connect("ada"), connect("ada")
    assert [one.call("count") for _ in range(3)] == [1, 2, 3]
    assert other.call("count") == 1


def test_handler_has_the_requests_context(connect, url: str) -> None:
    client = connect(url=f"{url}?q=lamp", headers={"X-Key": "k"})
    expected = ["lamp", "k", "request", ["data"], "/", True, "chat", "/login/a"]
    assert client.call("request", "data") == expected


def test_app_context_is_new_for_each_event(connect) -> None:
    client = connect()
    assert [client.call("g") for _ in range(2)] == [1, 1]


def test_room_is_heard_by_those_who_joined(connect) -> None:
    ann, bob, cid = connect(), connect(), connect()
    for client in (ann, bob):
        client.emit("join", "garden")
        assert next_event(client, "joined") == "garden"
    ann.call("say", ("garden", "hi"))
    assert next_event(bob, "said") == "hi"
    assert hears_nothing(cid)
    assert hears_nothing(ann)
    bob.call("leave", "garden")
    ann.call("say", ("garden", "still there?"))
    assert hears_nothing(bob)


def test_closed_room_is_empty(connect) -> None:
    ann, bob = connect(), connect()
    bob.emit("join", "hall")
    next_event(bob, "joined")
    ann.call("close", "hall")
    ann.call("say", ("hall", "anyone?"))
    assert hears_nothing(bob)


def test_broadcast_is_heard_by_all(connect) -> None:
    clients = [connect() for _ in range(3)]
    clients[0].emit("shout", "fire")
    assert [next_event(client, "said") for client in clients] == ["fire"] * 3


def test_unnamed_messages_as_text_and_json(connect) -> None:
    client = connect()
    client.emit("message", "loud")
    assert next_event(client, "message") == "LOUD"
    client.emit("json", {"a": 1})
    assert next_event(client, "json") == {"a": 1}


def test_view_sends_to_clients(connect, url: str) -> None:
    client = connect()
    assert requests.get(f"{url}/tell/news", timeout=10).text == "told"
    assert next_event(client, "told") == "news"


def test_background_task_sends_later(connect) -> None:
    client = connect()
    assert client.call("work") == "begun"
    assert next_event(client, "done") == "work"


def test_refused_connection_tells_why(connect) -> None:
    with pytest.raises(socketio.exceptions.ConnectionError):
        connect(auth={"key": "wrong"})
    assert connect(auth={"key": "right"}).call("echo", 1) == 1


def test_failing_handler_reaches_the_error_handler_and_the_client_stays(connect) -> None:
    client = connect()
    client.emit("fail")
    assert next_event(client, "failed") == "ZeroDivisionError"
    assert client.call("echo", 1) == 1


def test_namespace_of_a_class_checks_the_session(connect) -> None:
    assert connect("ada", namespace="/admin").call("status", 1) == ["fine", "/admin"]
    with pytest.raises(socketio.exceptions.ConnectionError):
        connect("bob", namespace="/admin")


def test_server_may_disconnect_a_client(connect) -> None:
    client = connect()
    client.emit("kick")
    deadline = time.monotonic() + 10
    while client.client.connected and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not client.client.connected


def test_disconnection_is_handled_with_the_session(connect, url: str) -> None:
    name = f"leaver{time.monotonic_ns()}"
    client = connect(name)
    client.call("echo", 1)
    client.disconnect()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if name in requests.get(f"{url}/gone", timeout=10).json():
            return
        time.sleep(0.02)
    pytest.fail("the disconnection was not handled")


def test_pages_are_served_beside(url: str) -> None:
    assert requests.get(f"{url}/tell/x", timeout=10).text == "told"
    assert requests.get(f"{url}/nowhere", timeout=10).status_code == 404


@pytest.mark.parametrize("mode", ["threading", "gevent"])
def test_two_servers_are_joined_by_redis(mode: str, run_server, redis_url: str) -> None:
    urls = [run_server(PROGRAM, MODE=mode, QUEUE=redis_url).url for _ in range(2)]
    with socketio.SimpleClient() as ann, socketio.SimpleClient() as bob:
        for client, url in zip((ann, bob), urls, strict=True):
            client.connect(url, transports=["websocket"])
            client.emit("join", "bridge")
            assert next_event(client, "joined") == "bridge"
        ann.call("say", ("bridge", "hello over there"))
        assert next_event(bob, "said") == "hello over there"
        requests.get(f"{urls[1]}/tell/all", timeout=10)
        assert next_event(ann, "told") == "all"


def test_its_test_client_shares_the_pages_session() -> None:
    app = flask.Flask(__name__)
    app.secret_key = "chat"
    server = SocketIO(app)

    @app.get("/login")
    def login():
        flask.session["name"] = "ada"
        return "in"

    @server.on("who")
    def who():
        emit("you", flask.session.get("name"))
        return "asked"

    pages = app.test_client()
    pages.get("/login")
    client = server.test_client(app, flask_test_client=pages)
    assert client.is_connected()
    assert client.emit("who", callback=True) == "asked"
    assert client.get_received()[0]["args"] == ["ada"]
    client.disconnect()
    assert not client.is_connected()
