"""Whatever servers and clients do, teardown functions run exactly once, and no context is left."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, MutableMapping
from typing import Any

import pytest

from flask import Flask, has_app_context, has_request_context, request

from .harness import Exchange, http_scope

Message = MutableMapping[str, Any]


def make() -> tuple[Flask, list[str]]:
    app = Flask(__name__)
    torn_down: list[str] = []

    @app.teardown_request
    def teardown(error: BaseException | None) -> None:
        torn_down.append(request.path)

    @app.post("/sync")
    def sync() -> str:
        return f"{len(request.get_data())}"

    @app.post("/sync-stream")
    def sync_stream() -> Iterator[str]:
        return iter(["one", "two", "three"])

    @app.post("/async")
    async def by_coroutine() -> str:
        await asyncio.sleep(0)
        return f"{len(request.get_data())}"

    @app.post("/async-stream")
    async def async_stream() -> AsyncIterator[str]:
        async def pieces() -> AsyncIterator[str]:
            for piece in ("one", "two", "three"):
                await asyncio.sleep(0)
                yield piece

        return pieces()

    @app.post("/fails")
    async def fails() -> str:
        raise LookupError

    return app, torn_down


class Faulty(Exchange):
    """A server whose functions raise at one of their calls.

    :param fails_at: which call that is, counted from one.
    """

    def __init__(self, path: str, side: str, fails_at: int) -> None:
        headers = [("content-length", "6")]
        super().__init__(http_scope(path, "POST", headers=headers), [b"abc", b"def"])
        self.side, self.fails_at = side, fails_at
        self.calls = {"receive": 0, "send": 0}

    def _count(self, side: str) -> None:
        self.calls[side] += 1
        if side == self.side and self.calls[side] == self.fails_at:
            self.gone.set()
            raise OSError(f"{side} failed")

    async def _receive(self) -> Message:
        self._count("receive")
        return await super()._receive()

    async def send(self, message: Message) -> None:
        self._count("send")
        await super().send(message)


class Leaving(Faulty):
    """A client that goes away at one of those calls."""

    def _count(self, side: str) -> None:
        self.calls[side] += 1
        if side == self.side and self.calls[side] == self.fails_at:
            self.gone.set()


VIEWS = ("/sync", "/sync-stream", "/async", "/async-stream", "/fails")


@pytest.mark.parametrize("kind", [Faulty, Leaving])
@pytest.mark.parametrize(
    ("side", "fails_at"), [("receive", 1), ("receive", 2), *(("send", n) for n in range(1, 5))]
)
@pytest.mark.parametrize("path", VIEWS)
def test_teardown_runs_exactly_once(
    path: str, side: str, fails_at: int, kind: type[Faulty]
) -> None:
    app, torn_down = make()

    async def test() -> None:
        for number in (1, 2):
            exchange = kind(path, side, fails_at)
            with contextlib.suppress(OSError):  # which some servers want to see again
                await exchange.run(app)
            async with asyncio.timeout(10):
                while len(torn_down) < number:
                    await asyncio.sleep(0.001)
            assert torn_down == [path] * number
            assert not has_app_context()
            assert not has_request_context()
        # The next client is served as ever.
        after = await Exchange(http_scope("/async", "POST")).run(app)
        assert (after.status, after.body) == (200, b"0")

    asyncio.run(test())
    assert torn_down == [path, path, "/async"]
