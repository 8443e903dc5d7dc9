"""Clients that go away: noticed wherever the handler waits, and torn down once."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from websocket_harness import Peer

from flask import Flask, websocket
from flask.websockets import WebsocketDisconnected, connection


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.testing = True
    app.extensions["ends"] = ends = []
    app.teardown_websocket(ends.append)
    return app


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "WATCH_AFTER", 0.01)
    monkeypatch.setattr(connection, "CANCEL_AFTER", 0.05)


def run(test: Callable[[], Awaitable[Any]]) -> None:
    asyncio.run(test())  # type: ignore[arg-type]


async def eventually(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.001)


def test_handler_that_receives_is_told(app: Flask) -> None:
    told = []

    @app.websocket("/")
    async def handler() -> None:
        try:
            await websocket.receive()
        except WebsocketDisconnected as error:
            told.append((error.code, error.reason, str(error)))
            with pytest.raises(WebsocketDisconnected):
                await websocket.send("late")
            with pytest.raises(WebsocketDisconnected):
                await websocket.receive()
            await asyncio.sleep(0)  # cleaning up may wait
            raise

    async def test() -> None:
        async with Peer(app) as peer:
            await peer.hear()
            peer.leave(3002, "bye")
            await peer.end()

    run(test)
    assert told == [(3002, "bye", "The WebSocket connection is closed (3002: bye).")]
    assert app.extensions["ends"] == [None]


def test_handler_that_waits_for_something_else_is_cancelled(app: Flask) -> None:
    cancelled = []

    @app.websocket("/")
    async def handler() -> None:
        await websocket.accept()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(websocket.close_code)
            await asyncio.sleep(0.01)  # is not cancelled again
            cancelled.append("cleaned up")
            raise

    async def test() -> None:
        async with Peer(app) as peer:
            await peer.hear()
            peer.leave(1001)
            await peer.end()
            assert peer.task.cancelling() == 0

    run(test)
    assert cancelled == [1001, "cleaned up"]
    assert app.extensions["ends"] == [None]


def test_tasks_of_a_handler_end_with_it(app: Flask) -> None:
    ended = []

    async def produce() -> None:
        try:
            for number in range(1000):
                await websocket.send(str(number))
                await asyncio.sleep(0.001)
        finally:
            ended.append("producer")

    async def consume() -> None:
        try:
            while True:
                await websocket.receive()
        finally:
            ended.append("consumer")

    @app.websocket("/")
    async def handler() -> None:
        await websocket.accept()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(produce())
                group.create_task(consume())
        finally:
            ended.append("handler")

    async def test() -> None:
        async with Peer(app) as peer:
            await peer.hear(4)
            peer.say("x")
            peer.leave()
            await peer.end()

    run(test)
    assert sorted(ended) == ["consumer", "handler", "producer"]
    assert ended[-1] == "handler"
    assert app.extensions["ends"] == [None]


def test_messages_that_came_before_the_disconnect_are_still_received(app: Flask) -> None:
    seen = []
    go_on = asyncio.Event()

    @app.websocket("/")
    async def handler() -> None:
        await websocket.accept()
        await go_on.wait()
        async for message in websocket:
            seen.append(message)
            await asyncio.sleep(0)
        seen.append(websocket.close_code)

    async def test() -> None:
        async with Peer(app) as peer:
            await peer.hear()
            peer.say("a", "b", "c")
            peer.leave(1000)
            await eventually(lambda: peer.received == 5)
            go_on.set()
            await peer.end()

    run(test)
    assert seen == ["a", "b", "c", 1000]


def test_handler_that_never_takes_them_is_cancelled_after_a_while(app: Flask) -> None:
    late = []

    @app.websocket("/")
    async def handler() -> None:
        await websocket.accept()
        try:
            await asyncio.Event().wait()
        finally:
            with pytest.raises(WebsocketDisconnected):
                await websocket.send("late")
            late.append(True)

    async def test() -> None:
        async with Peer(app) as peer:
            await peer.hear()
            peer.say("unread")
            peer.leave()
            await peer.end()

    run(test)
    assert late == [True]
    assert app.extensions["ends"] == [None]


def test_cleaning_up_is_not_cancelled_late(app: Flask) -> None:
    cleaned = []
    go_on = asyncio.Event()

    @app.websocket("/")
    async def handler() -> None:
        await websocket.accept()
        await go_on.wait()
        async for _ in websocket:
            pass
        await asyncio.sleep(connection.CANCEL_AFTER * 3)
        cleaned.append(True)

    async def test() -> None:
        async with Peer(app) as peer:
            await peer.hear()
            peer.say("a")
            peer.leave()
            await eventually(lambda: peer.received == 3)
            go_on.set()
            await peer.end()

    run(test)
    assert cleaned == [True]


def test_handler_that_is_busy_keeps_few_messages(app: Flask) -> None:
    go_on = asyncio.Event()
    seen = []

    @app.websocket("/")
    async def handler() -> None:
        await websocket.accept()
        await go_on.wait()
        async for message in websocket:
            seen.append(message)

    async def test() -> None:
        async with Peer(app) as peer:
            await peer.hear()
            peer.say(*map(str, range(100)))
            peer.leave()
            await asyncio.sleep(0.2)
            assert peer.received == 1 + connection.MOST_AHEAD
            go_on.set()
            await peer.end()

    run(test)
    assert seen == list(map(str, range(100)))


def test_handler_that_is_busy_keeps_few_bytes(app: Flask) -> None:
    app.config["MAX_WEBSOCKET_MESSAGE"] = 100

    @app.websocket("/")
    async def handler() -> None:
        await websocket.accept()
        await asyncio.Event().wait()

    async def test() -> None:
        async with Peer(app) as peer:
            await peer.hear()
            peer.say(*["x" * 60] * 10)
            await asyncio.sleep(0.1)
            assert peer.received == 3  # the handshake and two messages
            peer.task.cancel()

    with pytest.raises(asyncio.CancelledError):
        run(test)


def test_receiving_goes_on_directly_after_a_wait(app: Flask) -> None:
    tasks = []

    @app.websocket("/")
    async def handler() -> None:
        async for message in websocket:
            await asyncio.sleep(0.05)
            tasks.append(len(asyncio.all_tasks()))
            await websocket.send(message)

    async def test() -> None:
        async with Peer(app) as peer:
            for number in range(3):
                peer.say(str(number))
                await peer.hear(number + 2)
            assert peer.texts == ["0", "1", "2"]
            # The task that receives meanwhile hands the next message over, and ends.
            await asyncio.sleep(0.02)
            peer.say("last")
            await eventually(lambda: peer.incoming.empty())
            assert max(tasks) <= 3

    run(test)


def test_no_message_is_lost_when_receiving_is_given_up(app: Flask) -> None:
    seen = []

    @app.websocket("/")
    async def handler() -> None:
        await websocket.accept()
        while len(seen) < 50:
            try:
                seen.append(await asyncio.wait_for(websocket.receive(), 0.002))
            except TimeoutError:
                await asyncio.sleep(0.012 if len(seen) % 2 else 0)

    async def test() -> None:
        async with Peer(app) as peer:
            for number in range(50):
                peer.say(str(number))
                await asyncio.sleep(0.003)
            await peer.end()

    run(test)
    assert seen == list(map(str, range(50)))


def test_client_that_does_not_read_is_given_up(app: Flask) -> None:
    app.config["RESPONSE_TIMEOUT"] = 0.05
    ended = []

    @app.websocket("/")
    async def handler() -> None:
        try:
            await websocket.send("x")
        finally:
            ended.append((websocket.is_gone, websocket.close_code))

    async def test() -> None:
        async with Peer(app, stuck=True) as peer:
            await peer.end()

    run(test)
    assert ended == [(True, 1006)]
    assert app.extensions["ends"] == [None]


def test_server_that_says_in_send_that_the_client_is_gone(app: Flask) -> None:
    told = []

    class Gone(Peer):
        async def send(self, message: Any) -> None:
            if message["type"] == "websocket.send":
                raise OSError("gone")
            await super().send(message)

    @app.websocket("/")
    async def handler() -> None:
        try:
            await websocket.send("x")
        except WebsocketDisconnected as error:
            told.append(error.code)
            raise

    async def test() -> None:
        async with Gone(app) as peer:
            await peer.end()

    run(test)
    assert told == [1006]


def test_server_that_ends_cancels_the_handler(app: Flask) -> None:
    @app.websocket("/")
    async def handler() -> None:
        await websocket.receive()

    async def test() -> None:
        async with Peer(app) as peer:
            await peer.hear()
            peer.task.cancel()
            await asyncio.wait((peer.task,))
            assert peer.task.cancelled()

    with pytest.raises(asyncio.CancelledError):
        run(test)
    (error,) = app.extensions["ends"]
    assert isinstance(error, asyncio.CancelledError)


def test_client_that_leaves_before_it_is_accepted(app: Flask) -> None:
    told = []

    @app.websocket("/")
    async def handler() -> None:
        await asyncio.sleep(0.01)
        try:
            await websocket.receive()
        except WebsocketDisconnected as error:
            told.append(error.code)
            raise

    async def test() -> None:
        async with Peer(app) as peer:
            peer.leave(1006)
            await peer.end()

    run(test)
    assert told == [1006]
    assert app.extensions["ends"] == [None]


def test_cancellation_that_comes_too_late_leaves_nothing_behind(app: Flask) -> None:
    order = []

    @app.websocket("/")
    async def handler() -> None:
        await websocket.accept()
        child = asyncio.ensure_future(websocket.receive())
        await asyncio.wait((child,))  # this task is cancelled once the child has ended
        order.append("handler ends")

    @app.teardown_websocket
    async def teardown(error: object) -> None:
        await asyncio.sleep(0)
        order.append("torn down")

    async def test() -> None:
        async with Peer(app) as peer:
            await peer.hear()
            peer.leave()
            await peer.end()
            assert peer.task.cancelling() == 0

    run(test)
    assert order[-1] == "torn down"


def test_nothing_is_left_of_a_connection(app: Flask) -> None:
    kept: list[weakref.ref[Any]] = []

    @app.websocket("/<how>")
    async def handler(how: str) -> None:
        current: Any = websocket
        kept.append(weakref.ref(current._get_current_object()))
        await websocket.accept()
        if how == "wait":
            await asyncio.Event().wait()
        async for _ in websocket:
            pass

    async def test() -> None:
        for how in ("wait", "iterate") * 5:
            async with Peer(app, f"/{how}") as peer:
                await peer.hear()
                peer.say("x")
                peer.leave()
                await peer.end()
        await eventually(lambda: len(asyncio.all_tasks()) == 1)

    run(test)
    gc.collect()
    assert [ref() for ref in kept] == [None] * 10


def test_loop_is_not_starved_by_a_server_that_drops_what_it_can_not_send(app: Flask) -> None:
    @app.websocket("/")
    async def handler() -> None:
        while True:
            await websocket.send("x")

    class Dropping(Peer):
        async def send(self, message: Any) -> None:
            if message["type"] != "websocket.send":
                await super().send(message)

    async def test() -> None:
        async with Dropping(app) as peer:
            await peer.hear()
            peer.leave()
            await peer.end()

    run(test)
    assert app.extensions["ends"] == [None]


def test_server_whose_receive_is_a_future_loses_nothing(app: Flask) -> None:
    """As Granian's, which drops the message that it was about to return."""

    class Futures(Peer):
        def receive(self) -> Any:
            return asyncio.ensure_future(super().receive())

    seen = []

    @app.websocket("/")
    async def handler() -> None:
        await websocket.accept()
        while len(seen) < 50:
            try:
                seen.append(await asyncio.wait_for(websocket.receive(), 0.001))
            except TimeoutError:
                await asyncio.sleep(0)
        async for message in websocket:
            seen.append(message)

    async def test() -> None:
        async with Futures(app) as peer:
            for number in range(50):
                peer.say(str(number))
                await asyncio.sleep(0.002)
            peer.say("last")
            peer.leave()
            await peer.end()

    run(test)
    assert seen == [*map(str, range(50)), "last"]
    assert app.extensions["ends"] == [None]


def test_test_client_names_a_handler_that_does_not_end(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flask.testing import websockets

    monkeypatch.setattr(websockets, "END_WITHIN", 0.05)

    @app.websocket("/")
    async def handler() -> None:
        async for _ in websocket:
            pass
        await asyncio.Event().wait()

    socket = app.test_client().websocket("/")
    with pytest.raises(AssertionError, match="'/' has not ended"), socket:
        socket.send("x")


@pytest.mark.parametrize("first", ["direct", "after the loop has run"])
def test_server_that_has_closed_the_connection_itself(app: Flask, first: str) -> None:
    told = []

    class Closing(Peer):
        """As uvicorn's sansio implementation does after invalid UTF-8."""

        async def send(self, message: Any) -> None:
            if message["type"] in ("websocket.send", "websocket.close"):
                if first != "direct":
                    await asyncio.sleep(0)
                raise RuntimeError(
                    f"Unexpected ASGI message {message['type']!r}, after sending 'websocket.close'."
                )
            await super().send(message)

    @app.websocket("/")
    async def handler() -> None:
        try:
            await websocket.send("x")
        except WebsocketDisconnected as error:
            told.append(error.code)
            raise

    async def test() -> None:
        async with Closing(app) as peer:
            await peer.end()

    run(test)
    assert told == [1006]
    assert app.extensions["ends"] == [None]


def test_error_of_middleware_around_send_is_raised(app: Flask) -> None:
    class Failing(Peer):
        async def send(self, message: Any) -> None:
            if message["type"] == "websocket.send":
                raise RuntimeError("not of the server")
            await super().send(message)

    @app.websocket("/")
    async def handler() -> None:
        await websocket.send("x")

    async def test() -> None:
        async with Failing(app) as peer:
            await peer.end()

    with pytest.raises(RuntimeError, match="not of the server"):
        run(test)
