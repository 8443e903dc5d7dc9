"""Two servers, one on each implementation, share sessions and messages behind one proxy."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import os
import random
import subprocess
import sys
import threading
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Iterator
from http.cookiejar import CookieJar
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from .rollout_server import VALUES

ROOT = Path(__file__).parents[2]
SERVER = Path(__file__).with_name("rollout_server.py")
ORACLE = os.environ.get("HIPFLASK_ORACLE", ROOT / ".work" / "oracle" / "bin" / "python")
REQUESTS = 200
# Hop-by-hop and self-made headers, which a proxy doesn't pass on.
OWN = {"connection", "date", "server", "transfer-encoding", "content-length"}

pytestmark = pytest.mark.skipif(
    not Path(ORACLE).exists(),
    reason="needs an interpreter with the original: make differential, or set HIPFLASK_ORACLE",
)


@contextlib.contextmanager
def server(python: str | Path) -> Iterator[int]:
    """Run the application in another interpreter and answer its port."""
    environment = dict(os.environ)
    if str(python) != sys.executable:
        environment.pop("PYTHONPATH", None)
    process = subprocess.Popen(
        [python, SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        text=True,
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.stdin.close()
            process.wait(timeout=10)


@contextlib.contextmanager
def proxy(ports: list[int]) -> Iterator[int]:
    """Pass each request on to the next of the ports in turn."""
    turn = itertools.cycle(ports)

    class Handler(BaseHTTPRequestHandler):
        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            backend = http.client.HTTPConnection("127.0.0.1", next(turn), timeout=10)
            backend.request(self.command, self.path, body, dict(self.headers.items()))
            response = backend.getresponse()
            data = response.read()
            self.send_response(response.status)
            for name, value in response.getheaders():
                if name.lower() not in OWN:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
            backend.close()

        do_GET = do_POST = pass_on

        def log_message(self, format: str, *args: Any) -> None:
            pass

    front = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=front.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield front.server_port
    finally:
        front.shutdown()
        thread.join()
        front.server_close()


class Visitor:
    """One browser: a cookie jar, and a memory of what the servers must know."""

    def __init__(self, port: int, jar: CookieJar) -> None:
        self.base = f"http://127.0.0.1:{port}"
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        self.words: list[str] = []
        self.messages: list[list[str]] = []
        self.stored: set[str] = set()
        self.served_by: Counter[str] = Counter()

    def ask(self, path: str, form: dict[str, str] | None = None) -> dict[str, Any]:
        data = None if form is None else urllib.parse.urlencode(form).encode()
        with self.opener.open(self.base + path, data, timeout=10) as response:
            answer: dict[str, Any] = json.load(response)
        self.served_by[answer["by"]] += 1
        return answer

    def add(self, chance: random.Random) -> None:
        self.words = [*self.words, f"w{chance.randrange(100)}"]
        assert self.ask(f"/add/{self.words[-1]}", {})["words"] == self.words

    def read(self, chance: random.Random) -> None:
        assert self.ask("/words")["words"] == self.words

    def flash(self, chance: random.Random) -> None:
        message = [chance.choice(["info", "warn"]), f"m\u00fc{chance.randrange(100)}"]
        self.messages.append(message)
        self.ask(f"/flash/{message[0]}", {"text": message[1]})

    def collect(self, chance: random.Random) -> None:
        assert self.ask("/messages")["messages"] == self.messages
        self.messages = []

    def store(self, chance: random.Random) -> None:
        name = chance.choice(sorted(VALUES))
        self.stored.add(name)
        self.ask(f"/store/{name}", {})

    def check(self, chance: random.Random) -> None:
        for name in sorted(self.stored)[:2]:
            answer = self.ask(f"/check/{name}")
            assert answer["same"], f"{name} came back as {answer['type']}"

    def permanent(self, chance: random.Random) -> None:
        assert self.ask(f"/permanent/{chance.randrange(2)}", {})


def test_sessions_and_messages_survive_a_rollout() -> None:
    chance = random.Random(3)
    with (
        server(ORACLE) as original,
        server(sys.executable) as ours,
        proxy([original, ours]) as port,
    ):
        visitor = Visitor(port, CookieJar())
        actions = [
            visitor.add,
            visitor.read,
            visitor.flash,
            visitor.flash,
            visitor.collect,
            visitor.store,
            visitor.check,
            visitor.permanent,
        ]
        while visitor.served_by.total() < REQUESTS:
            chance.choice(actions)(chance)
        visitor.read(chance)
        visitor.collect(chance)
    assert visitor.stored == set(VALUES)
    assert len(visitor.served_by) == 2
    assert min(visitor.served_by.values()) >= REQUESTS // 2 - 1
