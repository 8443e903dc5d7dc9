"""The WebSocket for handlers that are ordinary functions: methods that wait in their thread."""

from __future__ import annotations

import asyncio
import threading
import typing as t

from ..asynchronous.gevent import is_running_here
from .errors import WebsocketDisconnected
from .websocket import Websocket

T = t.TypeVar("T")


class SyncWebsocket:
    """The current WebSocket for a handler that is no coroutine function.

    It is what :data:`flask.websockets.sync_websocket` stands for: a :class:`Websocket` whose
    methods block.

    .. code-block:: python

        @app.websocket("/echo")
        def echo():
            for message in sync_websocket:
                sync_websocket.send(message)

    Everything else, such as ``args``, is that of the :attr:`websocket`.
    """

    def __init__(self, websocket: Websocket) -> None:
        self.websocket = websocket

    def receive(self, timeout: float | None = None) -> str | bytes:
        """Return the next message; see :meth:`.Connection.receive`.

        :param timeout: how long to wait, in seconds; ``None``: for ever.
        :raises TimeoutError: if none came in that time.
        """
        if timeout is None:
            return self._wait(self.websocket.receive())
        return self._wait(asyncio.wait_for(self.websocket.receive(), timeout))

    def receive_json(self) -> t.Any:
        """Return what the next message has as JSON."""
        return self._wait(self.websocket.receive_json())

    def send(self, data: str | bytes) -> None:
        """Send a message; see :meth:`.Connection.send`."""
        self._wait(self.websocket.send(data))

    def send_json(self, *args: t.Any, **kwargs: t.Any) -> None:
        """Send data as JSON; the arguments are those of :func:`flask.jsonify`."""
        self._wait(self.websocket.send_json(*args, **kwargs))

    def accept(
        self,
        headers: t.Mapping[str, str] | t.Iterable[tuple[str, str]] | None = None,
        subprotocol: str | None = None,
    ) -> None:
        """Accept the connection; see :meth:`.Connection.accept`."""
        self._wait(self.websocket.accept(headers, subprotocol))

    def close(self, code: int = 1000, reason: str | None = None) -> None:
        """Close the connection; see :meth:`.Connection.close`."""
        self._wait(self.websocket.close(code, reason))

    def __iter__(self) -> t.Iterator[str | bytes]:
        while True:
            try:
                yield self.receive()
            except WebsocketDisconnected:
                return

    def __getattr__(self, name: str) -> t.Any:
        return getattr(self.websocket, name)

    def _wait(self, coroutine: t.Coroutine[t.Any, t.Any, T]) -> T:
        """Run a coroutine on the connection's loop and return what it returns."""
        loop = self.websocket.loop
        if is_running_here(loop):
            coroutine.close()
            raise RuntimeError(
                "'sync_websocket' was used on the event loop, which it would block. Use"
                " 'websocket' with 'await' there."
            )
        call = _Call(coroutine)
        loop.call_soon_threadsafe(call.begin)
        return t.cast(T, call.outcome())


class _Call:
    """A coroutine that a thread waits for.  A disconnect, though a cancellation, is an outcome."""

    def __init__(self, coroutine: t.Coroutine[t.Any, t.Any, t.Any]) -> None:
        self._coroutine = coroutine
        self._ended = threading.Lock()
        self._ended.acquire()
        self._task: asyncio.Task[None] | None = None
        self._result: t.Any = None
        self._error: BaseException | None = None

    def begin(self) -> None:
        self._task = asyncio.ensure_future(self._run())

    async def _run(self) -> None:
        try:
            self._result = await self._coroutine
        except BaseException as error:
            self._error = error
        finally:
            self._ended.release()

    def outcome(self) -> t.Any:
        self._ended.acquire()
        error, self._error = self._error, None
        try:
            if error is not None:
                raise error
            return self._result
        finally:
            del error  # its traceback holds this frame
