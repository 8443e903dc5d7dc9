"""Messages of WebSockets, from the handler's side: received, sent, iterated, limited, closed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from websocket_harness import Peer

from flask import Flask, websocket
from flask.testing.websockets import WebsocketDisconnectError


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.testing = True
    return app


def run(test: Callable[[], Awaitable[Any]]) -> None:
    asyncio.run(test())  # type: ignore[arg-type]


def test_text_and_binary_messages_go_both_ways(app: Flask) -> None:
    @app.websocket("/echo")
    async def echo() -> None:
        while True:
            await websocket.send(await websocket.receive())

    with app.test_client().websocket("/echo") as socket:
        for data in ("text", "", "\N{GRINNING FACE}", b"bytes", b""):
            socket.send(data)
            answer = socket.receive()
            assert (answer, type(answer)) == (data, type(data))


def test_json_goes_both_ways_by_the_provider_of_the_application(app: Flask) -> None:
    @app.websocket("/json")
    async def echo() -> None:
        await websocket.send_json({"got": await websocket.receive_json()})
        await websocket.send_json(1, 2)
        await websocket.send_json(a=1)
        with pytest.raises(TypeError, match="not both"):
            await websocket.send_json(1, a=1)
        with pytest.raises(ValueError, match="Expecting value"):
            await websocket.receive_json()

    with app.test_client().websocket("/json") as socket:
        socket.send_json(["\N{SNOWMAN}", None])
        assert socket.receive_json() == {"got": ["\N{SNOWMAN}", None]}
        assert socket.receive_json() == [1, 2]
        assert socket.receive_json() == {"a": 1}
        socket.send("no JSON")
        with pytest.raises(WebsocketDisconnectError):
            socket.receive()


@pytest.mark.parametrize("data", [bytearray(b"ab"), memoryview(b"ab")])
def test_other_binary_types_are_sent_as_bytes(app: Flask, data: Any) -> None:
    @app.websocket("/")
    async def handler() -> None:
        await websocket.send(data)

    with app.test_client().websocket("/") as socket:
        assert socket.receive() == b"ab"


def test_what_is_neither_text_nor_bytes_is_not_sent(app: Flask) -> None:
    @app.websocket("/")
    async def handler() -> None:
        with pytest.raises(TypeError, match="send_json"):
            await websocket.send({"a": 1})  # type: ignore[arg-type]

    async def test() -> None:
        async with Peer(app) as peer:
            await peer.end()
        # Refused: nothing was received or sent, so it was not accepted either.
        assert peer.sent[0]["status"] == 403

    run(test)


def test_iteration_ends_when_the_client_closes(app: Flask) -> None:
    seen = []

    @app.websocket("/")
    async def handler() -> None:
        async for message in websocket:
            seen.append(message)
        seen.append((websocket.close_code, websocket.close_reason, websocket.is_gone))

    async def test() -> None:
        async with Peer(app) as peer:
            peer.say("a", "b")
            peer.leave(3001, "bye")

    run(test)
    assert seen == ["a", "b", (3001, "bye", True)]


def test_connection_is_closed_normally_when_the_handler_returns(app: Flask) -> None:
    @app.websocket("/")
    async def handler() -> None:
        await websocket.accept()

    with (
        app.test_client().websocket("/") as socket,
        pytest.raises(WebsocketDisconnectError) as caught,
    ):
        socket.receive()
    assert (caught.value.code, socket.close_code) == (1000, 1000)


def test_close_sends_code_and_reason_once(app: Flask) -> None:
    @app.websocket("/")
    async def handler() -> None:
        await websocket.accept()
        await websocket.close(4000, "enough")
        await websocket.close(4001)

    async def test() -> None:
        async with Peer(app) as peer:
            await peer.end()
        assert peer.sent[1:] == [{"type": "websocket.close", "code": 4000, "reason": "enough"}]

    run(test)


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 2000, 5000])
def test_codes_that_may_not_be_sent_are_refused(app: Flask, code: int) -> None:
    @app.websocket("/")
    async def handler() -> None:
        await websocket.accept()
        with pytest.raises(ValueError, match="code"):
            await websocket.close(code)

    with app.test_client().websocket("/") as socket:
        assert list(socket) == []
    assert socket.close_code == 1000


def test_reason_has_the_length_of_a_control_frame(app: Flask) -> None:
    @app.websocket("/")
    async def handler() -> None:
        await websocket.accept()
        with pytest.raises(ValueError, match="123"):
            await websocket.close(1000, "\N{SNOWMAN}" * 42)
        await websocket.close(1000, "\N{SNOWMAN}" * 41)

    with app.test_client().websocket("/") as socket:
        assert list(socket) == []
    assert socket.close_reason == "\N{SNOWMAN}" * 41


def test_nothing_is_sent_after_close(app: Flask) -> None:
    @app.websocket("/")
    async def handler() -> None:
        await websocket.accept()
        await websocket.close()
        with pytest.raises(RuntimeError, match="nothing can be sent"):
            await websocket.send("late")
        async for _ in websocket:
            raise AssertionError("a message after the close")

    async def test() -> None:
        async with Peer(app) as peer:
            peer.say("unread")
            await peer.end()
        assert [message["type"] for message in peer.sent] == ["websocket.accept", "websocket.close"]

    run(test)


def test_two_tasks_can_not_receive_at_once(app: Flask) -> None:
    @app.websocket("/")
    async def handler() -> None:
        first = asyncio.ensure_future(websocket.receive())
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="Two tasks"):
            await websocket.receive()
        await websocket.send(await first)

    async def test() -> None:
        async with Peer(app) as peer:
            await asyncio.sleep(0.01)
            peer.say("one")
            assert (await peer.hear(2))[1]["text"] == "one"

    run(test)


# The largest message


@pytest.mark.parametrize(
    ("data", "fits"),
    [
        ("x" * 10, True),
        ("x" * 11, False),
        (b"x" * 10, True),
        (b"x" * 11, False),
        ("\N{SNOWMAN}" * 3, True),  # nine bytes
        ("\N{SNOWMAN}" * 4, False),
    ],
)
def test_message_larger_than_the_limit_closes_the_connection(
    app: Flask, data: str | bytes, fits: bool
) -> None:
    app.config["MAX_WEBSOCKET_MESSAGE"] = 10
    ended = []

    @app.websocket("/")
    async def handler() -> None:
        try:
            await websocket.send(await websocket.receive())
        finally:
            ended.append(websocket.close_code)

    with app.test_client().websocket("/") as socket:
        socket.send(data)
        assert list(socket) == ([data] if fits else [])
    assert socket.close_code == (1000 if fits else 1009)
    assert ended == [None if fits else 1009]


def test_limit_is_one_mebibyte_by_default(app: Flask) -> None:
    @app.websocket("/")
    async def handler() -> None:
        async for message in websocket:
            await websocket.send(str(len(message)))

    with app.test_client().websocket("/") as socket:
        socket.send(b"x" * 1024 * 1024)
        assert socket.receive() == str(1024 * 1024)
        socket.send(b"x" * (1024 * 1024 + 1))
        assert list(socket) == []
    assert socket.close_code == 1009


class FuturesPeer(Peer):
    """A server whose ``receive`` is no coroutine function."""

    def receive(self) -> Any:
        return asyncio.ensure_future(super().receive())


@pytest.mark.parametrize("server", [Peer, FuturesPeer])
@pytest.mark.parametrize(
    "data",
    [
        ["a", b"b", "", b""],
        ["\N{SNOWMAN}" * 3, "x" * 10, b"x" * 10, "x" * 2],
        ["x", "x" * 11, "never"],
        ["\N{SNOWMAN}" * 4, "never"],
        [b"x" * 11, "never"],
    ],
)
def test_iteration_receives_what_receive_does(
    app: Flask, server: type[Peer], data: list[str | bytes]
) -> None:
    app.config["MAX_WEBSOCKET_MESSAGE"] = 10
    seen: dict[str, list[Any]] = {"iterate": [], "receive": []}

    @app.websocket("/<how>")
    async def handler(how: str) -> None:
        await websocket.accept()
        if how == "iterate":
            async for message in websocket:
                seen[how].append(message)
        else:
            try:
                while True:
                    seen[how].append(await websocket.receive())
            except asyncio.CancelledError:
                pass
        seen[how].append(websocket.close_code)

    async def test() -> None:
        for how in seen:
            async with server(app, f"/{how}") as peer:
                peer.say(*data)
                peer.leave(3000)
                await peer.end()

    run(test)
    assert seen["iterate"] == seen["receive"]
    fits = "never" not in data
    assert seen["iterate"] == ([*data, 3000] if fits else [*data[:-2], 1009])
