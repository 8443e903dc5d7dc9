"""Live stock: who hears what, in one process and in several."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from server_process import Server
from shopper import Shopper
from simple_websocket import Client
from storefront import catalogue
from storefront.extensions import socketio
from storefront_server import new_database, serving, set_up
from werkzeug.datastructures import Authorization

from flask import Flask

SECONDS = 30
LOGIN = Authorization(
    "basic", {"username": catalogue.PEOPLE[1][1], "password": catalogue.PASSWORD}
).to_header()

# The extension's test client works without a message queue only.
in_one_process = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


class Listener:
    """A page that shows some products, as far as the server can tell."""

    def __init__(self, app: Flask, *slugs: Any) -> None:
        self.client = socketio.test_client(app)
        self.client.emit("watch", list(slugs))

    def heard(self) -> list[Any]:
        """Return what came since the last call: stock by slug, other events by their names."""
        events = [(it["name"], it["args"][0]) for it in self.client.get_received()]
        return [
            (value["slug"], value["stock"]) if name == "stock" else (name, value)
            for name, value in events
        ]


@in_one_process
def test_watcher_is_told_the_stock_at_once(app: Flask) -> None:
    heard = Listener(app, "aloe", "chives").heard()
    assert heard[:2] == [("aloe", 12), ("chives", 2)]
    assert heard[2][0] == "watching"
    assert sorted(heard[2][1]) == ["aloe", "chives"]


@in_one_process
def test_order_is_heard_by_those_who_watch_the_product(app: Flask, customer: Shopper) -> None:
    watcher, other = Listener(app, "aloe"), Listener(app, "mint")
    for listener in (watcher, other):
        listener.heard()
    customer.put("aloe", 3)
    customer.order()
    assert watcher.heard() == [("aloe", 9)]
    assert other.heard() == []


@in_one_process
def test_keepers_change_is_heard(app: Flask, keeper: Shopper) -> None:
    watcher = Listener(app, "trowel")
    watcher.heard()
    keeper.send("/admin/stock/trowel", {"change": 2})
    (event,) = watcher.client.get_received()
    assert event["args"] == [{"slug": "trowel", "stock": 2, "level": "few", "label": "Only 2 left"}]
    keeper.send("/admin/stock/trowel", {"change": -9})
    assert watcher.heard() == []


@in_one_process
@pytest.mark.parametrize("odd", [None, 5, "aloe", {"aloe": 1}, [], [["aloe"]], [None, 7]])
def test_odd_wish_is_left_alone(app: Flask, odd: Any) -> None:
    client = socketio.test_client(app)
    client.emit("watch", odd)
    assert [it["name"] for it in client.get_received()] in ([], ["watching"])
    client.emit("watch", ["aloe", "no-such-plant"])
    assert [it["name"] for it in client.get_received()] == ["stock", "watching"]


class Window:
    """A browser window's WebSocket, which speaks as static/socketio.js does."""

    def __init__(self, server: Server, *slugs: str) -> None:
        address = f"ws://127.0.0.1:{server.port}/socket.io/?EIO=4&transport=websocket"
        self.socket = Client.connect(address)
        self.deadline = time.monotonic() + SECONDS
        assert self.read().startswith("0{")
        self.socket.send("40")
        assert self.read().startswith("40{")
        self.socket.send("42" + json.dumps(["watch", slugs]))

    def read(self) -> str:
        message = self.socket.receive(timeout=max(0, self.deadline - time.monotonic()))
        assert message is not None, f"silence for {SECONDS} s"
        if message == "2":
            self.socket.send("3")
            return self.read()
        return str(message)

    def next_stock(self) -> tuple[str, int]:
        while True:
            name, value = json.loads(self.read()[2:])
            if name == "stock":
                return value["slug"], value["stock"]


@pytest.fixture
def two_servers(
    postgres_folder: Path, redis_server: str, tmp_path: Path
) -> Iterator[tuple[Server, Server]]:
    """Two processes that serve one shop: one PostgreSQL database, one Redis."""
    settings = {
        "FLASK_SQLALCHEMY_DATABASE_URI": new_database(postgres_folder, "shop_of_two"),
        "FLASK_REDIS_URL": redis_server,
        "FLASK_SECRET_KEY": "a key for tests",
    }
    set_up(settings)
    with (
        serving(settings, tmp_path / "first.log") as first,
        serving(settings, tmp_path / "second.log") as second,
    ):
        yield first, second


def wait_for_subscriber(redis_url: str) -> None:
    """Wait until the server listens to Redis, which it begins to with its first visitor."""
    deadline = time.monotonic() + SECONDS
    with redis.Redis.from_url(redis_url) as client:
        while not client.pubsub_numsub("flask-socketio")[0][1]:
            assert time.monotonic() < deadline, "the server does not listen to Redis"
            time.sleep(0.02)


def test_order_at_one_server_is_heard_at_the_other(
    two_servers: tuple[Server, Server], redis_server: str
) -> None:
    first, second = two_servers
    window = Window(second, "aloe")
    assert window.next_stock() == ("aloe", 12)
    wait_for_subscriber(redis_server)
    headers = {"Content-Type": "application/json", "Authorization": LOGIN}
    order = {"name": "Caspar", "street": "Moss Lane 4", "town": "Fernhill", "items": {"aloe": 5}}
    answer = first.fetch("/api/v1/orders", "POST", json.dumps(order).encode(), headers)
    assert answer.status == 201, answer.text
    assert window.next_stock() == ("aloe", 7)
    window.socket.close()
