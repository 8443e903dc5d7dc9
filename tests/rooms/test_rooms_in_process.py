"""The chat by the test client: who gets in, what is said, what is stored."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import Any

import pytest

from flask import Flask
from flask.testing import FlaskClient
from flask.testing.websockets import WebsocketDisconnectError, WebsocketResponseError


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    from rooms import create_app  # only where its requirements are

    return create_app(
        {"TESTING": True, "SECRET_KEY": "key", "DATABASE": str(tmp_path / "rooms.sqlite3")}
    )


def visitor(app: Flask, name: str) -> FlaskClient:
    client = app.test_client()
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/login").text)
    assert token is not None
    answer = client.post("/login", data={"name": name, "csrf_token": token[1]})
    assert answer.location == "/"
    return client


def next_of(socket: Any, kind: str) -> Any:
    while (event := socket.receive_json())["type"] != kind:
        pass
    return event


def say(socket: Any, text: str, key: str | None = None) -> str:
    key = key or str(uuid.uuid4())
    socket.send_json(type="say", text=text, key=key)
    return key


def test_visitors_log_in_first(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/").location.startswith("/login")
    assert client.post("/login", data={"name": "ada"}).status_code == 400  # no CSRF token
    with pytest.raises(WebsocketResponseError) as caught, client.websocket("/rooms/a/socket"):
        raise AssertionError("accepted")
    assert caught.value.response.status_code == 401


def test_other_sites_can_not_listen(app: Flask) -> None:
    client = visitor(app, "ada")
    socket = client.websocket("/rooms/a/socket", headers={"Origin": "http://evil.example"})
    with pytest.raises(WebsocketResponseError) as caught, socket:
        raise AssertionError("accepted")
    assert caught.value.response.status_code == 403


def test_two_people_see_and_hear_each_other(app: Flask) -> None:
    ada, bob = visitor(app, "ada"), visitor(app, "bob")
    with ada.websocket("/rooms/kitchen/socket") as first:
        assert next_of(first, "present")["names"] == ["ada"]
        with bob.websocket("/rooms/kitchen/socket") as second:
            assert next_of(first, "present")["names"] == ["ada", "bob"]
            second.send_json(type="typing")
            assert next_of(first, "typing")["name"] == "bob"
            key = say(second, " hello ")
            for socket in (first, second):
                message = next_of(socket, "message")
                assert (message["author"], message["text"], message["key"]) == ("bob", "hello", key)
        assert next_of(first, "present")["names"] == ["ada"]


def test_rooms_are_apart(app: Flask) -> None:
    ada, bob = visitor(app, "ada"), visitor(app, "bob")
    with (
        ada.websocket("/rooms/kitchen/socket") as first,
        bob.websocket("/rooms/garden/socket") as second,
    ):
        say(first, "in the kitchen")
        next_of(first, "message")
        say(second, "in the garden")
        assert next_of(second, "message")["text"] == "in the garden"


def test_history_begins_after_what_was_seen(app: Flask) -> None:
    ada = visitor(app, "ada")
    with ada.websocket("/rooms/kitchen/socket") as socket:
        for number in range(3):
            say(socket, str(number))
            seen = next_of(socket, "message")["id"]
            if number == 0:
                first = seen
    with ada.websocket(f"/rooms/kitchen/socket?after={first}") as socket:
        assert [next_of(socket, "message")["text"] for _ in range(2)] == ["1", "2"]


def test_message_that_is_sent_again_is_stored_once(app: Flask) -> None:
    ada = visitor(app, "ada")
    with ada.websocket("/rooms/kitchen/socket") as socket:
        key = say(socket, "once")
        first = next_of(socket, "message")
        say(socket, "once", key)
        assert next_of(socket, "message") == first
    assert len(app.extensions["store"].since("kitchen", 0)) == 1


@pytest.mark.parametrize("data", ["no JSON", "[]", "{}", '{"type": "say"}', b"\xff"])
def test_nonsense_closes_the_connection(app: Flask, data: Any) -> None:
    with visitor(app, "ada").websocket("/rooms/kitchen/socket") as socket:
        socket.send(data)
        with pytest.raises(WebsocketDisconnectError) as caught:
            next_of(socket, "never")
    assert caught.value.code == 1003


def test_slow_client_is_told_to_connect_again(app: Flask) -> None:
    from rooms.hub import ROOM_FOR, Listener

    listener = Listener("kitchen", "ada")
    for number in range(ROOM_FOR + 1):
        listener.put({"type": "message", "room": "kitchen", "number": number})
    assert listener.queue.get_nowait() is None
    assert listener.queue.empty()


def test_rooms_are_found_by_name(app: Flask) -> None:
    client = visitor(app, "ada")
    assert client.get("/rooms?name=My+Room").location == "/rooms/my-room"
    assert client.get("/rooms?name=<b>").location == "/"
    assert client.get("/rooms/<b>").status_code == 404
    assert client.get("/rooms/my-room").status_code == 200
