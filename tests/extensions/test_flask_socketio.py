"""Flask-SocketIO: real servers, threaded and with gevent, and real clients of both transports."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
import redis
import requests
import socketio
from backends import nginx_running
from chat import PROGRAM
from flask_socketio import SocketIO, emit

import flask

pytestmark = pytest.mark.uses("server processes")


@pytest.fixture(scope="module", params=["threading", "gevent"])
def url(request: pytest.FixtureRequest, run_server_of_module) -> str:
    return run_server_of_module(PROGRAM, MODE=request.param).url


@pytest.fixture(scope="module")
def leave():
    """Disconnect a client without waiting for it, for it waits seconds for the server's goodbye."""
    leaving: dict[socketio.SimpleClient, Future[None]] = {}
    with ThreadPoolExecutor(max_workers=50) as pool:

        def begin(client: socketio.SimpleClient) -> None:
            if client not in leaving:
                leaving[client] = pool.submit(client.disconnect)

        yield begin
    for left in leaving.values():
        left.result()


@pytest.fixture
def visit(leave):
    """Connect clients to an address; they leave after the test."""
    clients: list[socketio.SimpleClient] = []
    with ExitStack() as stack:

        def make(url: str, transport: str, name: str = "", **options) -> socketio.SimpleClient:
            session = stack.enter_context(requests.Session())
            session.headers.update(options.get("headers", {}))
            if name:
                page = url.partition("?")[0]
                assert session.get(f"{page}/login/{name}", timeout=30).text == "in"
            client = socketio.SimpleClient(http_session=session)
            client.connect(url, transports=[transport], **{"wait_timeout": 30, **options})
            clients.append(client)
            return client

        yield make
        for client in clients:
            leave(client)


@pytest.fixture(params=["websocket", "polling"])
def connect(request: pytest.FixtureRequest, url: str, visit):
    """Connect clients to the one server, over one transport."""

    def make(name: str = "", query: str = "", **options: object) -> socketio.SimpleClient:
        return visit(url + query, request.param, name, **options)

    return make


def next_event(client: socketio.SimpleClient, name: str) -> object:
    """Receive until an event of that name comes; answer what came with it."""
    while True:
        event, *values = client.receive(timeout=30)
        if event == name:
            return values[0]


def hears_nothing(client: socketio.SimpleClient) -> bool:
    """Tell whether no event lies before the answer to a call made now."""
    client.call("echo", 1, timeout=30)
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


def test_handler_has_the_requests_context(connect) -> None:
    client = connect(query="?q=lamp", headers={"X-Key": "k"})
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
    assert requests.get(f"{url}/tell/news", timeout=30).text == "told"
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
    deadline = time.monotonic() + 30
    while client.client.connected and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not client.client.connected


@pytest.mark.parametrize("mode", ["threading", "gevent"])
@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_disconnection_is_handled_with_the_session(
    mode: str, transport: str, run_server, visit, leave
) -> None:
    # A client that polls does not always say goodbye; then the missing answer to a ping tells.
    url = run_server(PROGRAM, MODE=mode, PATIENCE="1").url
    leave(visit(url, transport, "ada"))
    deadline = time.monotonic() + 60
    while requests.get(f"{url}/gone", timeout=30).json() != ["ada"]:
        assert time.monotonic() < deadline, "the disconnection was not handled"
        time.sleep(0.02)


def test_pages_are_served_beside(url: str) -> None:
    assert requests.get(f"{url}/tell/x", timeout=30).text == "told"
    assert requests.get(f"{url}/nowhere", timeout=30).status_code == 404


# The documentation's way: the address decides which server, so a polling client stays with its own.
# Visitors from elsewhere are told apart by what a proxy before this one said of them.
NGINX = """
upstream chat {
    BALANCE
    SERVERS
}
server {
    listen 127.0.0.1:PORT;
    set_real_ip_from 127.0.0.1;
    real_ip_header X-Forwarded-For;
    add_header X-Served-By $upstream_addr always;
    proxy_set_header Host $http_host;

    location / {
        proxy_pass http://chat;
    }
    location /socket.io {
        proxy_http_version 1.1;
        proxy_buffering off;
        proxy_set_header Host $http_host;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection "Upgrade";
        proxy_pass http://chat/socket.io;
    }
}
"""


def before(servers: list[str], balance: str) -> str:
    """Configure nginx to stand before servers, of which each request is given one."""
    lines = "\n".join(f"server {url.removeprefix('http://')};" for url in servers)
    return NGINX.replace("BALANCE", balance).replace("SERVERS", lines)


@dataclass(frozen=True)
class Fleet:
    """Two servers joined by Redis, and nginx before them."""

    urls: dict[str, str]
    front: str
    redis_url: str
    channel: str

    def address_of(self, name: str) -> dict[str, str]:
        """Answer the headers of a visitor whom nginx sends to the server of this name."""
        for network in range(1, 200):
            headers = {"X-Forwarded-For": f"10.0.{network}.1"}
            if requests.get(f"{self.front}/server", headers=headers, timeout=30).text == name:
                return headers
        raise LookupError(name)

    def wait_until_joined(self) -> None:
        """Return once both servers listen to Redis, as they do soon after the first visitor."""
        deadline = time.monotonic() + 30
        with redis.Redis.from_url(self.redis_url) as client:
            while client.pubsub_numsub(self.channel)[0][1] < len(self.urls):
                assert time.monotonic() < deadline, "the servers do not listen"
                time.sleep(0.01)


@pytest.fixture(scope="module", params=["threading", "gevent"])
def fleet(
    request: pytest.FixtureRequest,
    run_server_of_module,
    redis_server: str,
    tmp_path_factory: pytest.TempPathFactory,
):
    with ThreadPoolExecutor() as pool:
        servers = pool.map(
            lambda name: run_server_of_module(
                PROGRAM, MODE=request.param, QUEUE=redis_server, NAME=name
            ),
            ("one", "two"),
        )
        urls = dict(zip(("one", "two"), (server.url for server in servers), strict=True))
    config = before(list(urls.values()), "ip_hash;")
    with nginx_running(tmp_path_factory.mktemp("nginx"), config) as front:
        yield Fleet(urls, front, redis_server, f"chat-{request.param}")


@pytest.fixture(params=["websocket", "polling"])
def meet(request: pytest.FixtureRequest, fleet: Fleet, visit):
    """Connect, through nginx, a client to each of the two servers."""

    def make(name: str = "") -> list[socketio.SimpleClient]:
        addresses = [fleet.address_of(name) for name in ("one", "two")]
        clients = [
            visit(fleet.front, request.param, name, headers=headers) for headers in addresses
        ]
        fleet.wait_until_joined()
        return clients

    return make


@pytest.mark.uses("Redis", "nginx")
def test_message_reaches_the_room_on_the_other_server(meet) -> None:
    ann, bob = meet()
    for client in (ann, bob):
        client.emit("join", "bridge")
        assert next_event(client, "joined") == "bridge"
    ann.call("say", ("bridge", "hello over there"))
    assert next_event(bob, "said") == "hello over there"
    bob.call("say", ("bridge", "hello back"))
    assert next_event(ann, "said") == "hello back"
    bob.call("leave", "bridge")
    ann.call("say", ("bridge", "gone?"))
    ann.emit("shout", "anyone")
    assert next_event(bob, "said") == "anyone"


@pytest.mark.uses("Redis", "nginx")
def test_view_of_one_server_tells_the_clients_of_both(meet, fleet: Fleet) -> None:
    clients = meet()
    for name, url in fleet.urls.items():
        assert requests.get(f"{url}/tell/{name}", timeout=30).text == "told"
        assert [next_event(client, "told") for client in clients] == [name, name]


@pytest.mark.uses("Redis", "nginx")
def test_session_of_the_page_is_there_behind_nginx(meet) -> None:
    assert [next_event(client, "welcome") for client in meet("ada")] == ["ada", "ada"]


@pytest.mark.uses("Redis", "nginx")
@pytest.mark.parametrize("name", ["one", "two"])
def test_polling_client_stays_with_its_server(fleet: Fleet, visit, name: str) -> None:
    client = visit(fleet.front, "polling", headers=fleet.address_of(name))
    answers: list[requests.Response] = []
    client.client.eio.http.hooks["response"].append(lambda answer, **_: answers.append(answer))
    for number in range(5):
        assert client.call("echo", number) == number
    assert len(answers) >= 5
    assert {answer.status_code for answer in answers} == {200}
    server = fleet.urls[name].removeprefix("http://")
    assert {answer.headers["X-Served-By"] for answer in answers} == {server}


@pytest.mark.uses("Redis")
def test_polling_client_is_lost_where_servers_take_turns(fleet: Fleet, visit, run_nginx) -> None:
    front = run_nginx(before(list(fleet.urls.values()), ""))
    with pytest.raises(socketio.exceptions.ConnectionError):
        visit(front, "polling", wait_timeout=1)
    assert visit(front, "websocket").call("echo", 1) == 1


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
