"""WebSockets on Gunicorn's gevent worker: one thread, in which everything is a greenlet."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from test_websockets_wsgi import CLOSE, TEXT, Client, until
from testkit.processes import HOST, ProcessGroup, answers, free_port, started

needs = [name for name in ("gevent", "gunicorn") if importlib.util.find_spec(name) is None]
pytestmark = pytest.mark.skipif(bool(needs), reason=f"{' and '.join(needs)} not installed")
HERE = Path(__file__).parent


class Served:
    """A running server."""

    def __init__(self, port: int, process: ProcessGroup, log: Path) -> None:
        self.port, self.process, self.log = port, process, log

    def ask(self, path: str, data: bytes | None = None) -> str:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://{HOST}:{self.port}{path}", data, timeout=20) as answer:
            return str(answer.read().decode())

    @property
    def state(self) -> dict[str, int]:
        found: dict[str, int] = json.loads(self.ask("/state"))
        return found

    @contextlib.contextmanager
    def connect(self, path: str) -> Iterator[Client]:
        client = Client(self.port, path).opened()
        try:
            yield client
        finally:
            client.end()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("gevent")
    with serving(folder / "log") as served:
        yield served
    log = served.log.read_text()
    assert "Traceback" not in log
    assert "served\n" in log
    assert log.count("after serving\n") == 1


@contextlib.contextmanager
def serving(log: Path) -> Iterator[Served]:
    port = free_port()
    words = ["-m", "gunicorn", "served_gevent:app", "--bind", f"{HOST}:{port}"]
    command = [sys.executable, *words, "--worker-class", "gevent", "--graceful-timeout", "2"]
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    with started(command, log, cwd=HERE, env=environment) as process:
        process.wait_until(lambda: answers(port))
        yield Served(port, process, log)


def test_many_handlers_of_both_kinds_run_beside_requests(server: Served) -> None:
    with contextlib.ExitStack() as stack:
        clients = [
            stack.enter_context(server.connect("/sync" if number % 2 else "/echo"))
            for number in range(60)
        ]
        for turn in range(5):
            for number, client in enumerate(clients):
                client.send(TEXT, f"{turn} {number}".encode())
            assert server.ask("/view") == "/view"
            for number, client in enumerate(clients):
                assert client.receive() == (TEXT, f"{turn} {number}".encode())
        assert server.state["sockets"] == 60
    assert server.state["threads"] == 1


def test_functions_around_serving_share_the_loop(server: Served) -> None:
    before = server.state["beats"]
    with server.connect("/echo") as client:
        client.send(TEXT, b"x")
        assert client.receive() == (TEXT, b"x")
    until(lambda: server.state["beats"] > before + 5)


def test_view_publishes_to_handlers(server: Served) -> None:
    with server.connect("/ticker") as one, server.connect("/ticker") as other:
        assert server.ask("/publish", b"news") == "published"
        assert one.receive() == other.receive() == (TEXT, b"news")


def test_views_can_run_loops_of_their_own(server: Served) -> None:
    with server.connect("/echo") as client:
        for number in range(5):
            client.send(TEXT, b"x")
            assert server.ask("/run") == "ran", number
            assert client.receive() == (TEXT, b"x")


def test_coroutine_that_blocks_does_not_confuse_other_greenlets(server: Served) -> None:
    with server.connect("/blocks") as blocking, server.connect("/sync") as client:
        for _ in range(3):
            blocking.send(TEXT, b"slow")
            client.send(TEXT, b"fast")
            assert server.ask("/view") == "/view"
            assert client.receive() == (TEXT, b"fast")
            assert blocking.receive() == (TEXT, b"slow")


def test_nothing_is_left_of_connections(server: Served) -> None:
    no_linger = struct.pack("ii", 1, 0)

    def come_and_go(number: int) -> None:
        with server.connect("/sync" if number % 2 else "/echo") as client:
            if number % 3 == 0:
                client.send(CLOSE, struct.pack("!H", 1000))
                assert client.close_code() == 1000
            elif number % 3 == 1:
                client.socket.sendall(os.urandom(200))
            else:
                client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_linger)

    for number in range(6):
        come_and_go(number)
    until(lambda: server.state["sockets"] == 0)
    before = server.state["greenlets"]
    threads = [threading.Thread(target=come_and_go, args=(number,)) for number in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: server.state["sockets"] == 0)
    # Sync handlers have left greenlets that wait for the next ones.
    until(lambda: server.state["greenlets"] <= before + 30)


def test_worker_ends_with_open_connections(tmp_path: Path) -> None:
    with serving(tmp_path / "log") as server:
        with server.connect("/echo") as client, server.connect("/sync"):
            client.send(TEXT, b"x")
            assert client.receive() == (TEXT, b"x")
            begun = time.monotonic()
            os.kill(server.process.pid, signal.SIGTERM)
            until(lambda: not answers(server.port))
            assert client.receive()[0] in (CLOSE, -1)
        until(lambda: "Shutting down" in server.log.read_text())
        assert time.monotonic() - begun < 15
        assert "Traceback" not in server.log.read_text()


PROGRAMS: dict[str, Any] = {
    "a loop in a greenlet is out of sight while it waits": """
        import asyncio, sys
        import gevent
        from flask.doors.lifespan import HomeLoop

        async def generate():
            yield 1

        async def iterate(seconds):
            async for _ in generate():
                await asyncio.sleep(seconds)
            return asyncio.get_running_loop()

        home = HomeLoop.get()
        ticks = []

        async def tick():
            while True:
                ticks.append(asyncio.get_running_loop() is home.loop)
                async for _ in generate():
                    await asyncio.sleep(0.001)

        ticking = asyncio.run_coroutine_threadsafe(tick(), home.loop)
        hooks = sys.get_asyncgen_hooks()
        greenlets = []
        for _ in range(3):
            assert asyncio._get_running_loop() is None
            assert asyncio.run(iterate(0.02)) is not home.loop
            assert sys.get_asyncgen_hooks() == hooks
        assert len(ticks) > 20 and all(ticks), ticks
        assert home.run(asyncio.to_thread(lambda: "native")) == "native"
        ticking.cancel()
    """,
    "a loop that another greenlet runs does not keep it from starting": """
        import asyncio
        import gevent
        from flask.doors.lifespan import HomeLoop

        async def other():
            for _ in range(10):
                await asyncio.sleep(0.01)
            return asyncio.get_running_loop().is_running()

        greenlet = gevent.spawn(asyncio.run, other())
        gevent.sleep(0.02)
        assert HomeLoop.get().run(asyncio.sleep(0.03, "slept")) == "slept"
        assert greenlet.get(timeout=5)
    """,
    "a thread that the loop starts finds no loop running": """
        import asyncio
        import gevent
        from flask.doors.lifespan import HomeLoop
        from flask.doors.threads import WorkerPool

        found = []

        async def begin():
            WorkerPool(1).submit(lambda: found.append(asyncio._get_running_loop()))
            assert asyncio.get_running_loop() is HomeLoop.get().loop

        HomeLoop.get().run(begin())
        gevent.sleep(0.01)
        assert found == [None]
    """,
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_loop_in_a_greenlet(name: str) -> None:
    lines = PROGRAMS[name].splitlines()
    program = "from gevent import monkey; monkey.patch_all()\n" + "\n".join(
        line.removeprefix("        ") for line in lines
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_half_patched_program_is_told_what_to_patch() -> None:
    program = (
        "from gevent import monkey; monkey.patch_all(thread=False)\n"
        "import socket\n"
        "from flask.websockets.wsgi import reason_against\n"
        "assert 'patch_all()' in reason_against(socket.socket())\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
