"""Ten thousand clients that wait hold no thread each, with the usual extensions."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from testkit.processes import ProcessGroup, answers, free_port, started

pytestmark = pytest.mark.asgi
HERE = Path(__file__).parent
CLIENTS = 10_000
FILES = CLIENTS + 500
AT_A_TIME = 250
FEW_THREADS = 20


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    for package in ("flask_cors", "flask_login", "flask_sqlalchemy"):
        pytest.importorskip(package, reason="of tests/asgi/requirements.txt")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < FILES:
        if hard < FILES:
            pytest.skip(f"a process may not have {FILES} open files here")
        resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, hard))  # the server inherits it
    number = free_port()
    program = Path(sys.executable).with_name("uvicorn")
    command = [str(program), "polls_app:app", "--port", str(number), "--backlog", "4096"]
    options = ["--no-access-log", "--timeout-keep-alive", "120"]
    with started([*command, *options], tmp_path / "log", cwd=HERE, env=dict(os.environ)) as process:
        process.wait_until(lambda: answers(number))
        yield number
        assert_quiet(process)


def assert_quiet(process: ProcessGroup) -> None:
    assert "Traceback" not in process.log, process.log[-3000:]


async def ask(port: int, path: str, method: str = "GET") -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
    )
    answer = await reader.read()
    writer.close()
    return answer.partition(b"\r\n\r\n")[2]


async def poll(port: int, number: int, sent: asyncio.Semaphore) -> tuple[bytes, bytes]:
    async with sent:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"Host: localhost\r\nX-Token: user{number}\r\nOrigin: http://other.example\r\n"
        writer.write(f"GET /poll HTTP/1.1\r\n{head}Connection: close\r\n\r\n".encode())
        await writer.drain()
    try:
        answer = await reader.read()
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
    head_bytes, _, body = answer.partition(b"\r\n\r\n")
    return head_bytes, body


async def waiting(port: int, count: int) -> dict[str, int]:
    async with asyncio.timeout(90):
        while True:
            state: dict[str, int] = json.loads(await ask(port, "/state"))
            if state["waiting"] == count:
                return state
            await asyncio.sleep(0.05)


def test_ten_thousand_idle_long_polls_hold_no_threads(port: int) -> None:
    async def test() -> None:
        assert await ask(port, "/database") == b"42"
        sent = asyncio.Semaphore(AT_A_TIME)
        polls = [asyncio.ensure_future(poll(port, n, sent)) for n in range(CLIENTS)]
        state = await waiting(port, CLIENTS)
        assert state["torn_down"] == 0
        assert state["threads"] <= FEW_THREADS
        assert state["most_threads"] <= FEW_THREADS
        # Meanwhile, others are answered.
        assert await ask(port, "/database") == b"42"
        await ask(port, "/release", "POST")
        for number, (head, body) in enumerate(await asyncio.gather(*polls)):
            assert head.startswith(b"HTTP/1.1 200 ")
            assert b"access-control-allow-origin" in head.lower()
            assert body == f"user{number}".encode()
        assert (await waiting(port, 0))["torn_down"] == CLIENTS

    asyncio.run(test())


def test_ten_thousand_clients_that_go_away_are_torn_down_once(port: int) -> None:
    async def test() -> None:
        sent = asyncio.Semaphore(AT_A_TIME)
        polls = [asyncio.ensure_future(poll(port, n, sent)) for n in range(CLIENTS)]
        await waiting(port, CLIENTS)
        for task in polls:
            task.cancel()
        await asyncio.gather(*polls, return_exceptions=True)
        del polls, task
        await waiting(port, 0)
        async with asyncio.timeout(30):
            while (torn := json.loads(await ask(port, "/state"))["torn_down"]) < CLIENTS:
                await asyncio.sleep(0.05)
        assert torn == CLIENTS

    asyncio.run(test())
