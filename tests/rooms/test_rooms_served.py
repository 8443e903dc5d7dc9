"""The chat on real servers: two windows of Chromium, two workers behind nginx of which one dies."""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import shutil
import signal
import socket
import sys
import threading
import time
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from testkit.processes import HOST, answers, free_port, started

CHROMIUM = shutil.which("chromium")
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
REDIS = shutil.which("redis-server")
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
EXAMPLE = Path(__file__).parents[2] / "examples" / "rooms"
NGINX_CONF = """
daemon off; pid nginx.pid; error_log error.log; worker_processes 1;
events {{}}
http {{
  access_log off; client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3;
  uwsgi_temp_path t4; scgi_temp_path t5;
  map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
  upstream rooms {{ {servers} }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://rooms;
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_connect_timeout 1s;
      proxy_read_timeout 1h;
    }}
  }}
}}
"""


def until(condition: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def serving(stack: ExitStack, folder: Path, name: str, **settings: str) -> tuple[int, Any]:
    """Start one worker, and return its port and process."""
    port = free_port()
    program = str(Path(sys.executable).with_name("uvicorn"))
    command = [program, "wsgi:app", "--port", str(port), "--log-level", "warning"]
    environment = {
        **os.environ,
        "FLASK_SECRET_KEY": "key",
        "FLASK_DATABASE": str(folder / "rooms.sqlite3"),
        **settings,
    }
    process = stack.enter_context(
        started(command, folder / f"{name}.log", cwd=EXAMPLE, env=environment)
    )
    process.wait_until(lambda: answers(port))
    return port, process


def enter(page: Any, url: str, name: str, room: str) -> None:
    page.goto(url)
    page.get_by_label("Your name").fill(name)
    page.get_by_role("button", name="Enter").click()
    page.get_by_label("Another room").fill(room)
    page.get_by_role("button", name="Open").click()
    page.locator("#state", has_text="connected").wait_for()


def say(page: Any, text: str) -> None:
    page.get_by_label("Message").fill(text)
    page.get_by_role("button", name="Send").click()


@pytest.fixture
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("needs Debian's chromium package")
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


def test_two_windows_talk(browser: Any, tmp_path: Path) -> None:
    with ExitStack() as stack:
        port, _ = serving(stack, tmp_path, "worker")
        url = f"http://{HOST}:{port}"
        ada, bob, watcher = (browser.new_context().new_page() for _ in range(3))
        complaints: list[str] = []
        for page in (ada, bob, watcher):
            page.on("pageerror", lambda it: complaints.append(str(it)))
        enter(ada, url, "Ada", "lounge")
        enter(bob, url, "Bob", "lounge")
        watcher.goto(url)
        watcher.get_by_label("Your name").fill("Eve")
        watcher.get_by_role("button", name="Enter").click()
        ada.locator("#people li", has_text="Bob").wait_for()
        bob.get_by_label("Message").press_sequentially("hel")
        ada.locator("#typing", has_text="Bob is typing").wait_for()
        say(bob, "hello <b>Ada</b>")
        ada.locator("#log li", has_text="hello <b>Ada</b>").wait_for()
        assert bob.locator("#log li.mine:not(.waiting)").count() == 1
        watcher.locator("li[data-room=lounge]", has_text="Bob said something").wait_for()
        bob.close()
        ada.wait_for_function("document.querySelectorAll('#people li').length == 1")
        ada.reload()
        ada.locator("#log li", has_text="hello").wait_for()
        assert complaints == []


class Visitor:
    """A client that behaves as room.js does: it reconnects, and sends again what was not
    acknowledged.
    """

    def __init__(self, port: int, name: str) -> None:
        self.port, self.last = port, 0
        self.acknowledged: set[str] = set()
        self.seen: set[str] = set()
        self.unsent: dict[str, str] = {}
        self.connections = 0
        self._lock = threading.Lock()
        self._jar = http.cookiejar.CookieJar()
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self._jar)
        )
        page = opener.open(f"http://{HOST}:{port}/login").read().decode()
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert token is not None
        form = urllib.parse.urlencode({"name": name, "csrf_token": token[1]}).encode()
        opener.open(f"http://{HOST}:{port}/login", form)
        self._is_over = False
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def say(self, text: str) -> str:
        key = str(uuid.uuid4())
        with self._lock:
            self.unsent[key] = json.dumps({"type": "say", "key": key, "text": text})
        return key

    def end(self) -> None:
        self._is_over = True
        self._thread.join()

    def _run(self) -> None:
        while not self._is_over:
            try:
                self._talk()
            except Exception:
                time.sleep(0.2)

    def _talk(self) -> None:
        from websockets.sync.client import connect

        cookie = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._jar)
        url = f"ws://{HOST}:{self.port}/rooms/lounge/socket?after={self.last}"
        sent: set[str] = set()
        with connect(url, additional_headers={"Cookie": cookie}, proxy=None) as client:
            self.connections += 1
            while not self._is_over:
                with self._lock:
                    todo = {key: text for key, text in self.unsent.items() if key not in sent}
                for key, text in todo.items():
                    client.send(text)
                    sent.add(key)
                try:
                    event = json.loads(client.recv(timeout=0.05))
                except TimeoutError:
                    continue
                if event["type"] == "message":
                    self.last = max(self.last, event["id"])
                    self.seen.add(event["key"])
                    with self._lock:
                        if self.unsent.pop(event["key"], None):
                            self.acknowledged.add(event["key"])


@pytest.mark.skipif(REDIS is None, reason="needs Debian's redis-server package")
@pytest.mark.skipif(not os.path.exists(NGINX), reason="needs Debian's nginx package")
def test_killed_worker_loses_no_message_that_was_acknowledged(tmp_path: Path) -> None:
    with ExitStack() as stack:
        redis_port, front = free_port(), free_port()
        redis = stack.enter_context(
            started(
                [str(REDIS), "--port", str(redis_port), "--save", "", "--bind", HOST],
                tmp_path / "redis.log",
                cwd=tmp_path,
            )
        )
        redis.wait_until(lambda: answers(redis_port))
        settings = {"FLASK_REDIS_URL": f"redis://{HOST}:{redis_port}"}
        workers = [serving(stack, tmp_path, f"worker{n}", **settings) for n in range(2)]
        server = "server {}:{} max_fails=1 fail_timeout=60s;"
        servers = " ".join(server.format(HOST, port) for port, _ in workers)
        conf = tmp_path / "nginx.conf"
        conf.write_text(NGINX_CONF.format(servers=servers, port=front))
        nginx = stack.enter_context(
            started(
                [NGINX, "-p", str(tmp_path), "-c", str(conf)], tmp_path / "nginx.log", cwd=tmp_path
            )
        )
        nginx.wait_until(lambda: answers(front))

        visitors = [Visitor(front, f"visitor {n}") for n in range(4)]
        try:
            until(lambda: all(visitor.connections for visitor in visitors))
            said: set[str] = set()
            for number in range(60):
                said.add(visitors[number % 4].say(str(number)))
                time.sleep(0.02)
                if number == 30:
                    workers[0][1].popen.send_signal(signal.SIGKILL)
                    before = set().union(*(visitor.acknowledged for visitor in visitors))
            until(lambda: all(not visitor.unsent for visitor in visitors))
            until(lambda: all(visitor.seen == said for visitor in visitors))
        finally:
            for visitor in visitors:
                visitor.end()
        assert before, "nothing was acknowledged before the worker was killed"
        assert sum(visitor.connections for visitor in visitors) > 4, "nobody had to reconnect"
        # Each was stored once, in spite of those that were sent twice.
        import sqlite3

        rows = sqlite3.connect(tmp_path / "rooms.sqlite3").execute("SELECT key FROM message")
        assert sorted(key for (key,) in rows) == sorted(said)


def test_page_is_served_by_one_process_without_redis(tmp_path: Path) -> None:
    with ExitStack() as stack:
        port, process = serving(stack, tmp_path, "worker")
        with socket.create_connection((HOST, port), 10) as client:
            client.sendall(b"GET /login HTTP/1.0\r\nHost: localhost\r\n\r\n")
            assert b"Come in" in b"".join(iter(lambda: client.recv(65536), b""))
        assert "Redis" not in process.log
