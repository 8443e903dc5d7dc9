"""Server-sent events, read by httpx-sse's parser, on both doors."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import httpx_sse
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flask import Flask, g, request, session, url_for
from flask.json import dumps
from flask.sse import KEEP_ALIVE, ServerSentEvent, event_stream, last_event_id

Read = tuple[str, str, str, int | None]


def parse(text: str) -> list[Read]:
    """Read a stream as a client does: event, data, ID, time before it connects again."""
    response = httpx.Response(
        200, headers={"Content-Type": "text/event-stream"}, content=text.encode()
    )
    events = httpx_sse.EventSource(response).iter_sse()
    return [(event.event, event.data, event.id, event.retry) for event in events]


@pytest.fixture(params=["wsgi", "asgi"])
def client(request: pytest.FixtureRequest) -> Any:
    app = Flask(__name__)
    app.testing = True
    app.secret_key = "key"
    return app.test_client(door=request.param)


# Events


def test_fields_are_read_back() -> None:
    event = ServerSentEvent("text", event="note", id="7", retry=1500)
    assert parse(event.encode(dumps).decode()) == [("note", "text", "7", 1500)]


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
@example("a\nb\r\nc\rd\n")
@example("")
@example(": no comment")
@example("data: x")
@example(" space")
@example("\N{LINE SEPARATOR}\v\f\x85")
def test_any_text_is_one_event(text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    encoded = ServerSentEvent(text, id="1").encode(dumps).decode()
    assert parse(encoded) == [("message", lines, "1", None)]


@pytest.mark.parametrize(
    ("data", "text"), [({"a": [1]}, '{"a": [1]}'), (1, "1"), (None, "null"), (True, "true")]
)
def test_other_data_is_json(data: Any, text: str) -> None:
    assert parse(ServerSentEvent(data).encode(dumps).decode())[0][1] == text


@pytest.mark.parametrize(
    "fields",
    [
        {"event": "a\nevent: b"},
        {"event": "a\rb"},
        {"id": "1\n\ndata: x"},
        {"id": "1\0"},
        {"retry": -1},
    ],
)
def test_fields_that_would_break_the_stream_are_refused(fields: Any) -> None:
    with pytest.raises(ValueError, match=r"line break|null character|no time"):
        ServerSentEvent("x", **fields)


def test_text_that_utf_8_can_not_have_is_replaced() -> None:
    assert ServerSentEvent("\ud800").encode(dumps) == b"data: ?\n\n"


# Streams


def generate() -> Iterator[Any]:
    yield "text"
    yield {"a": 1}
    yield None
    yield ServerSentEvent("named", event="tick", id="2")


async def generate_async() -> AsyncIterator[Any]:
    for event in generate():
        yield event
        await asyncio.sleep(0)


@pytest.mark.parametrize("source", [generate, generate_async])
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_events_arrive(client: Any, source: Callable[[], Any], kind: str) -> None:
    def view() -> Any:
        return event_stream(source(), retry=2000, headers={"X-Own": "1"})

    async def view_async() -> Any:
        return view()

    client.application.add_url_rule("/", "view", view if kind == "sync" else view_async)
    answer = client.get("/")
    assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-cache, no-transform"
    assert answer.headers["X-Accel-Buffering"] == "no"
    assert answer.headers["X-Own"] == "1"
    assert "Content-Length" not in answer.headers
    assert ":\n\n" in answer.text
    assert answer.text.startswith("retry: 2000\n\n")
    assert [(event, data, id) for event, data, id, _ in parse(answer.text) if data] == [
        ("message", "text", ""),
        ("message", '{"a": 1}', ""),
        ("tick", "named", "2"),
    ]


@pytest.mark.parametrize("is_async", [False, True])
def test_request_and_session_are_there_in_the_generator(client: Any, is_async: bool) -> None:
    def look() -> list[Any]:
        return [request.args["q"], session.get("user"), g.value, url_for("view")]

    def generate() -> Iterator[Any]:
        yield look()

    async def generate_async() -> AsyncIterator[Any]:
        await asyncio.sleep(0)
        yield look()

    async def view() -> Any:
        g.value = 1
        return event_stream(generate_async() if is_async else generate())

    client.application.add_url_rule("/view", "view", view)
    with client.session_transaction() as kept:
        kept["user"] = "ada"
    assert parse(client.get("/view?q=x").text)[-1][1] == '["x", "ada", 1, "/view"]'


def test_stream_begins_before_the_first_event(client: Any) -> None:
    go_on = threading.Event()

    def generate() -> Iterator[str]:
        go_on.wait(20)
        yield "late"

    client.application.add_url_rule("/", "view", lambda: event_stream(generate()))
    answer = client.get("/")
    pieces = iter(answer.response)
    assert next(pieces) == KEEP_ALIVE
    go_on.set()
    assert b"".join(pieces) == b"data: late\n\n"
    answer.close()


def test_connection_is_kept_alive_without_disturbing_the_generator(client: Any) -> None:
    async def generate() -> AsyncIterator[str]:
        for number in range(2):
            await asyncio.sleep(0.1)
            yield str(number)

    async def view() -> Any:
        return event_stream(generate(), keep_alive=0.02)

    client.application.add_url_rule("/", "view", view)
    text = client.get("/").text
    assert text.count(":\n\n") >= 4
    assert [data for _, data, *_ in parse(text)] == ["0", "1"]


def test_connection_is_not_kept_alive_where_nobody_wants_it(client: Any) -> None:
    async def generate() -> AsyncIterator[str]:
        await asyncio.sleep(0.1)
        yield "late"

    async def view() -> Any:
        return event_stream(generate(), keep_alive=None)

    client.application.add_url_rule("/", "view", view)
    assert client.get("/").text == ":\n\ndata: late\n\n"


@pytest.mark.parametrize("is_async", [False, True])
def test_generator_is_closed_when_the_client_disconnects(client: Any, is_async: bool) -> None:
    closed = []

    def generate() -> Iterator[str]:
        try:
            while True:
                yield "x"
        finally:
            closed.append(threading.get_ident())

    async def generate_async() -> AsyncIterator[str]:
        try:
            yield "x"
            await asyncio.Event().wait()
        finally:
            closed.append(threading.get_ident())

    async def view() -> Any:
        return event_stream(generate_async() if is_async else generate())

    client.application.add_url_rule("/", "view", view)
    answer = client.get("/")
    pieces = iter(answer.response)
    assert [next(pieces), next(pieces)] == [KEEP_ALIVE, b"data: x\n\n"]
    assert closed == []
    answer.close()
    deadline = time.monotonic() + 20
    while not closed and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(closed) == 1


def test_generator_that_waits_is_cancelled_when_the_client_disconnects() -> None:
    app = Flask(__name__)
    ended = []

    @app.get("/")
    async def view() -> Any:
        async def generate() -> AsyncIterator[str]:
            try:
                await asyncio.Event().wait()
                yield ""
            finally:
                await asyncio.sleep(0)
                ended.append(True)

        return event_stream(generate(), keep_alive=0.01)

    async def test() -> None:
        async with app.async_test_client().stream("GET", "/") as response:
            pieces = aiter(response)
            assert [await anext(pieces) for _ in range(3)] == [KEEP_ALIVE] * 3
        assert ended == [True]
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(test())


def test_exception_in_a_generator_breaks_the_stream_off(client: Any) -> None:
    async def generate() -> AsyncIterator[str]:
        yield "x"
        raise LookupError("in the generator")

    async def view() -> Any:
        return event_stream(generate())

    client.application.add_url_rule("/", "view", view)
    with pytest.raises(LookupError, match="in the generator"), client.get("/") as answer:
        answer.data  # noqa: B018


def test_head_request_has_no_events(client: Any) -> None:
    client.application.add_url_rule("/", "view", lambda: event_stream(generate()))
    answer = client.head("/")
    assert answer.mimetype == "text/event-stream"
    assert answer.data == b""


@pytest.mark.parametrize("wrong", ["text", b"bytes", 1, None])
def test_what_is_no_iterable_of_events_is_refused(client: Any, wrong: Any) -> None:
    client.application.add_url_rule("/", "view", lambda: event_stream(wrong))
    with pytest.raises(TypeError, match="iterable of events"):
        client.get("/")


@pytest.mark.parametrize(
    ("header", "expected"),
    [(None, None), ("7", "7"), ("", ""), ("\xe2\x98\x83", "\N{SNOWMAN}"), ("\xff", "\ufffd")],
)
def test_last_event_id_is_what_the_client_has_seen(
    client: Any, header: str | None, expected: str | None
) -> None:
    seen = []

    def view() -> str:
        seen.append(last_event_id())
        return ""

    client.application.add_url_rule("/", "view", view)
    if header == "" and client._door == "asgi":
        pytest.skip("the test client leaves out empty headers")
    client.get("/", headers=None if header is None else {"Last-Event-ID": header})
    assert seen == [expected]


def test_applications_without_events_do_not_import_them() -> None:
    import subprocess
    import sys

    program = "import sys, flask; flask.Flask('x'); assert 'flask.sse' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
