"""An event loop per thread, reused as long as calls leave it unchanged."""

from __future__ import annotations

import asyncio
import contextvars
import os
import sys
import threading
import typing as t
import weakref

from .executors import executors_by_loop, make_executor

T = t.TypeVar("T")


class ThreadLoop:
    """The event loop of a thread, closed when the thread ends or the process exits.

    The thread's next call reuses it unless a call has changed it or left anything in it. Then it
    is closed, as :func:`asyncio.run` does after each call, and the next call gets a new one.
    """

    def __init__(self) -> None:
        self.loop = loop = asyncio.new_event_loop()
        self.generators: weakref.WeakSet[t.Any] = weakref.WeakSet()
        self.executor = make_executor()
        loop.set_default_executor(self.executor)
        open_loops.add(loop)
        self.close = weakref.finalize(self, _close, loop, os.getpid())
        executors = executors_by_loop()
        self.companion = None if executors is None else make_executor(1)
        if executors is not None and self.companion is not None:
            # Functions given to sync_to_async would otherwise wait for each other in the one
            # thread that asgiref has for all loops which it did not make.
            executors[loop] = self.companion
        self._at_first = _settings_of(loop)

    def run(self, coroutine: t.Coroutine[t.Any, t.Any, T], context: contextvars.Context) -> T:
        """Run a coroutine to its end, then cancel and close what it leaves behind."""
        loop = self.loop
        loop.call_soon(self._watch_generators, context=context)
        task = loop.create_task(coroutine, context=context)
        try:
            self._run_until_done(task, context)
        except BaseException:
            # What ends a program leaves the loop by itself. The loop would report it a second
            # time, as never retrieved, when the task is collected.
            if task.done() and not task.cancelled():
                task.exception()
            raise
        finally:
            self._end_leftovers()
            if not self._is_as_at_first():
                self._discard()
        try:
            return task.result()
        finally:
            del task  # holds the error, whose traceback holds this frame

    def _run_until_done(
        self, future: asyncio.Future[t.Any], context: contextvars.Context | None = None
    ) -> None:
        # Not run_until_complete: its frame, which the traceback of an error would hold, holds the
        # future and thereby the error.
        future.add_done_callback(_stop_loop, context=context)
        try:
            while not future.done():
                self.loop.run_forever()
        finally:
            del future  # the frames of coroutines hold that of their caller, which is this one

    def _watch_generators(self) -> None:
        """Track each async generator that is started; the loop that runs this resets the hook.

        The loop's own ``shutdown_asyncgens`` is for a loop that does not run again.
        """
        sys.set_asyncgen_hooks(firstiter=self.generators.add)

    def _end_leftovers(self) -> None:
        tasks = asyncio.all_tasks(self.loop)
        if tasks:
            for task in tasks:
                task.cancel()
            self._finish(list(tasks), "A task that a call left behind failed when cancelled")
        if self.generators:
            generators = list(self.generators)
            self.generators.clear()
            closing = [self.loop.create_task(_close_generator(agen)) for agen in generators]
            self._finish(closing, "An async generator that a call left behind failed when closed")

    def _is_as_at_first(self) -> bool:
        """Return whether the loop is empty and its settings are unchanged."""
        return (
            self._at_first is not None
            and self._at_first == _settings_of(self.loop)
            and _is_empty(self.loop)
            and not self.executor.at_work
            and not (self.companion is not None and self.companion.at_work)
        )

    def _discard(self) -> None:
        """Close the loop after running callbacks that are due; timers are dropped."""
        _of_thread.loop = None
        if not self.loop.is_closed():
            waits = self.executor.at_work > 0
            self._run_until_done(self.loop.create_task(_shut_down(self.loop, waits)))
        self.close()

    def _finish(self, tasks: list[asyncio.Task[t.Any]], problem: str) -> None:
        self._run_until_done(asyncio.gather(*tasks, return_exceptions=True))
        for task in tasks:
            error = None if task.cancelled() else task.exception()
            if error is not None:
                report = {"message": problem, "exception": error, "task": task}
                self.loop.call_exception_handler(report)


async def _shut_down(loop: asyncio.AbstractEventLoop, waits_for_threads: bool) -> None:
    await loop.shutdown_asyncgens()
    if waits_for_threads:
        await loop.shutdown_default_executor()


async def _close_generator(agen: t.AsyncGenerator[t.Any, t.Any]) -> None:
    await agen.aclose()


def _stop_loop(future: asyncio.Future[t.Any]) -> None:
    future.get_loop().stop()


class _OfThread(threading.local):
    loop: ThreadLoop | None = None


_of_thread = _OfThread()
open_loops: set[asyncio.AbstractEventLoop] = set()


def own_loop() -> ThreadLoop:
    own = _of_thread.loop
    if own is None or own.loop.is_closed():
        own = _of_thread.loop = ThreadLoop()
    return own


def forget_loops() -> list[asyncio.AbstractEventLoop]:
    """Reset this module in a forked process; return the parent's loops."""
    global _of_thread
    _of_thread = _OfThread()
    loops = list(open_loops)
    open_loops.clear()
    return loops


def _settings_of(loop: t.Any) -> tuple[t.Any, ...] | None:
    """Return the settings of a loop, or ``None`` for a loop that is not one of asyncio's classes.

    The contents of such a loop can't be inspected, so callers treat it as changed.
    """
    # PERF: asyncio's own attributes, as its methods cost a call each. Not its dict, which makes
    # CPython build one, and slows all attributes of the loop down.
    try:
        return (
            type(loop._ready),
            type(loop._scheduled),
            type(loop._signal_handlers),
            len(loop._selector._fd_to_key),
            loop._exception_handler,
            loop._task_factory,
            loop._debug,
            loop.slow_callback_duration,
            loop._default_executor,
        )
    except AttributeError:
        return None


def _is_empty(loop: t.Any) -> bool:
    """Return whether the loop has no callbacks left; drop cancelled timers."""
    timers = loop._scheduled
    if loop._ready or loop._signal_handlers:
        return False
    if timers:
        if not all(timer.cancelled() for timer in timers):
            return False
        # Each holds the context of the call that set it, until its time comes.
        timers.clear()
        loop._timer_cancelled_count = 0
    return True


def _close(loop: asyncio.AbstractEventLoop, pid: int) -> None:
    if pid != os.getpid():
        return  # a fork ends the other threads, but has to let go of their loops otherwise
    open_loops.discard(loop)
    executor = (executors_by_loop() or {}).pop(loop, None)
    if executor is not None:
        executor.shutdown(wait=False)
    if not loop.is_running():  # as in a daemon thread, when the process exits
        loop.close()
