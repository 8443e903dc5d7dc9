"""Server-Sent Events: a response that sends events to a page's ``EventSource`` as they happen."""

from __future__ import annotations

import asyncio
import contextlib
import re
import typing as t
from collections.abc import AsyncIterable, Iterable
from contextvars import copy_context
from dataclasses import dataclass

from .globals import current_app, request
from .helpers import stream_with_context

if t.TYPE_CHECKING:
    from .wrappers import Response

KEEP_ALIVE = b":\n\n"
"""A comment, which clients ignore: it keeps proxies from closing the connection."""

_LINE_ENDS = re.compile(r"\r\n|\r|\n")
_ENDED: t.Any = object()

Dumps = t.Callable[[t.Any], str]
Event = t.Union["ServerSentEvent", t.Any]
"""An event, or the data of one; ``None``: nothing happened, keep the connection alive."""


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """An event, as the HTML standard defines it.

    :param data: a text; other data is sent as JSON.
    :param event: the type that listeners are added for; ``None``: ``message``.
    :param id: sent back by a client that connects again, see :func:`last_event_id`.
    :param retry: how long a client waits before it connects again, in milliseconds.
    :raises ValueError: if ``event`` or ``id`` can't be sent, or ``retry`` is negative.
    """

    data: t.Any = ""
    event: str | None = None
    id: str | None = None
    retry: int | None = None

    def __post_init__(self) -> None:
        for name, value in (("event", self.event), ("id", self.id)):
            if value is not None and _LINE_ENDS.search(value):
                raise ValueError(f"The {name} {value!r} of a server-sent event has a line break.")
        if self.id is not None and "\0" in self.id:
            raise ValueError(f"The id {self.id!r} of a server-sent event has a null character.")
        if self.retry is not None and self.retry < 0:
            raise ValueError(f"'retry' is {self.retry}, which is no time to wait.")

    def encode(self, dumps: Dumps) -> bytes:
        """Return the event as it is sent.

        :param dumps: writes data that is no text as JSON.
        """
        lines = []
        if self.event is not None:
            lines.append(f"event: {self.event}")
        if self.id is not None:
            lines.append(f"id: {self.id}")
        if self.retry is not None:
            lines.append(f"retry: {self.retry}")
        text = self.data if isinstance(self.data, str) else dumps(self.data)
        lines += [f"data: {line}" for line in _LINE_ENDS.split(text)]
        return "\n".join([*lines, "", ""]).encode("utf-8", "replace")


def event_stream(
    events: t.Iterable[Event] | t.AsyncIterable[Event],
    *,
    keep_alive: float | None = 15.0,
    retry: int | None = None,
    headers: t.Mapping[str, str] | None = None,
) -> Response:
    """Return a response that sends events, to be returned from a view.

    .. code-block:: python

        @app.get("/ticks")
        async def ticks():
            async def generate():
                for number in itertools.count():
                    yield ServerSentEvent(number, event="tick")
                    await asyncio.sleep(1)

            return event_stream(generate())

    ``request`` and ``session`` can be read in the generator.  It is closed when the client
    disconnects, so clean up in ``finally``.

    :param events: an async or sync iterable, usually a generator: events, or data of events.  For
        ``None``, a comment is sent instead, which keeps the connection alive.
    :param keep_alive: the time between two events after which such a comment is sent, in seconds;
        ``None``: never.  It is for async iterables; a sync one has to yield ``None`` itself.
    :param retry: how long clients wait before they connect again, in milliseconds.
    :param headers: further headers of the response.
    :raises TypeError: for what can't be iterated.
    """
    dumps = current_app.json.dumps
    opening = KEEP_ALIVE if retry is None else f"retry: {retry}\n\n".encode()
    body: t.Any
    if isinstance(events, AsyncIterable):
        body = _AsyncEvents(events, dumps, keep_alive, opening)
    elif isinstance(events, Iterable) and not isinstance(events, (str, bytes)):
        body = stream_with_context(_sync_events(events, dumps, opening))
    else:
        raise TypeError(
            f"'event_stream' takes an iterable of events, usually a generator, not {events!r}."
        )
    response = current_app.response_class(body, mimetype="text/event-stream")
    # Compressing or keeping the response would hold events back.
    response.headers["Cache-Control"] = "no-cache, no-transform"
    response.headers["X-Accel-Buffering"] = "no"
    response.headers.update(headers or {})
    return response


def last_event_id() -> str | None:
    """Return the ID of the last event that the client has seen, from an earlier connection.

    ``None``: it has not seen any.  Send what it missed first, then go on.
    """
    value = request.headers.get("Last-Event-ID")
    if value is None:
        return None
    # Browsers send UTF-8, of which WSGI makes Latin-1.
    return value.encode("latin-1", "replace").decode("utf-8", "replace")


def _encoded(event: Event, dumps: Dumps) -> bytes:
    if event is None:
        return KEEP_ALIVE
    if not isinstance(event, ServerSentEvent):
        event = ServerSentEvent(event)
    return event.encode(dumps)


def _sync_events(events: t.Iterable[Event], dumps: Dumps, opening: bytes) -> t.Iterator[bytes]:
    try:
        yield opening
        for event in events:
            yield _encoded(event, dumps)
    finally:
        close = getattr(events, "close", None)
        if close is not None:
            close()


class _AsyncEvents:
    """Encoded events of an async iterable, with comments where it takes its time.

    Each step of the iterable runs in a task of its own, which a comment doesn't interrupt, and in
    the context that was current when this was made.
    """

    def __init__(
        self,
        events: t.AsyncIterable[Event],
        dumps: Dumps,
        keep_alive: float | None,
        opening: bytes,
    ) -> None:
        self._events = aiter(events)
        self._dumps = dumps
        self._keep_alive = keep_alive
        self._opening: bytes | None = opening
        self._step: asyncio.Task[t.Any] | None = None
        self._context = copy_context()

    def __aiter__(self) -> t.Self:
        return self

    async def __anext__(self) -> bytes:
        opening, self._opening = self._opening, None
        if opening is not None:
            return opening
        step = self._step
        if step is None:
            loop = asyncio.get_running_loop()
            step = self._step = loop.create_task(self._next(), context=self._context)
        await asyncio.wait((step,), timeout=self._keep_alive)
        if not step.done():
            return KEEP_ALIVE
        self._step = None
        event = step.result()
        if event is _ENDED:
            raise StopAsyncIteration
        return _encoded(event, self._dumps)

    async def _next(self) -> Event:
        return await anext(self._events, _ENDED)

    async def aclose(self) -> None:
        """End the step that is under way, and close the iterable."""
        step, self._step = self._step, None
        if step is not None:
            step.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait((step,))
                if not step.cancelled() and (error := step.exception()) is not None:
                    raise error
        close = getattr(self._events, "aclose", None)
        if close is not None:
            await close()
