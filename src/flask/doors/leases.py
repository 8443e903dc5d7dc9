"""Threads for requests on the loop: sync functions of a request share one thread."""

from __future__ import annotations

import asyncio
import sys
import typing as t
from collections import deque
from contextvars import Context

from .threads import Mailbox, PinnedThread


class Leases:
    """Threads that are lent to requests, one each, from their first sync function to their end.

    A request that waits holds its thread, so these don't count among the worker threads of sync
    requests.  Beyond the limit, requests wait in the order in which they came.

    :param most: maximum number of threads.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._count = 0
        self._idle: list[PinnedThread] = []
        self._queue: deque[asyncio.Future[PinnedThread]] = deque()

    @property
    def held(self) -> int:
        """Number of threads that requests hold now."""
        return self._count - len(self._idle)

    async def acquire(self) -> PinnedThread:
        """Return a thread that no other request has, until it is given back."""
        if self._idle:
            return self._idle.pop()
        if self._count < self._most:
            self._count += 1
            return PinnedThread("flask-request")
        future: asyncio.Future[PinnedThread] = asyncio.get_running_loop().create_future()
        self._queue.append(future)
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self.release(future.result())
            raise

    def release(self, thread: PinnedThread) -> None:
        """Take a thread back, and lend it to the request that waits for one the longest."""
        while self._queue:
            future = self._queue.popleft()
            if not future.done():
                future.set_result(thread)
                return
        self._idle.append(thread)

    def close(self) -> None:
        """Let the idle threads end."""
        for thread in self._idle:
            thread.close()
        self._count -= len(self._idle)
        self._idle.clear()


class ThreadCall:
    """A call of a sync function in another thread, to be awaited by a task.

    The function runs in the context of the task itself, not in a copy: what it sets, the task and
    later functions see, and tokens stay valid.  A cancellation of the task waits for its end.
    """

    # To the task it is a future; see :class:`flask.doors.sending.Waiter`.

    __slots__ = (
        "_arguments",
        "_asyncio_future_blocking",
        "_callback",
        "_context",
        "_error",
        "_function",
        "_handled",
        "_mailbox",
        "_result",
        "_thread",
    )

    def __init__(
        self,
        thread: PinnedThread,
        mailbox: Mailbox,
        function: t.Callable[..., t.Any],
        arguments: tuple[tuple[t.Any, ...], dict[str, t.Any]],
    ) -> None:
        self._thread = thread
        self._mailbox = mailbox
        self._function = function
        self._arguments = arguments
        self._error: BaseException | None = None
        self._handled = sys.exc_info()[1]
        self._result: t.Any = None
        self._asyncio_future_blocking = False

    def __await__(self) -> t.Generator[t.Any, None, t.Any]:
        self._asyncio_future_blocking = True
        yield self
        return self.outcome()

    def outcome(self) -> t.Any:
        """Return what the function returned, or raise what it raised."""
        error, self._error = self._error, None
        try:
            if error is not None:
                raise error
            return self._result
        finally:
            del error  # its traceback holds this frame

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return self._mailbox.loop

    def add_done_callback(self, callback: t.Callable[[t.Any], object], *, context: Context) -> None:
        self._callback, self._context = callback, context
        # Not at once: the task is still in its context, which one thread at a time can be in.
        self._mailbox.loop.call_soon(self._thread.submit, self._run)

    def _run(self) -> None:
        try:
            self._result = self._context.run(self._call)
        except BaseException as error:
            self._error = error
        self._mailbox.post(self._resume)

    def _call(self) -> t.Any:
        args, kwargs = self._arguments
        handled, self._handled = self._handled, None
        if handled is None:
            return self._function(*args, **kwargs)
        traceback = handled.__traceback__
        try:
            raise handled
        except BaseException:  # for 'sys.exc_info', as in the task
            handled.__traceback__ = traceback
            return self._function(*args, **kwargs)
        finally:
            del handled, traceback

    def _resume(self) -> None:
        self._context.run(self._callback, self)

    def result(self) -> None:
        """Called by the task before it goes on, which then asks for the outcome."""

    def cancel(self, msg: t.Any = None) -> bool:
        return False
