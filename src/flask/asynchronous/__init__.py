"""Coroutine functions called from sync code, on an event loop that stays with the thread.

A call runs as a task of the thread's own loop. Where a loop is running already, or where gevent
has replaced threads by greenlets, all of which see the one loop that runs in their thread, the
call runs in another thread and the caller waits for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import importlib
import inspect
import os
import sys
import threading
import typing as t
import weakref
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

T = t.TypeVar("T")

CoroutineFunction = t.Callable[..., t.Coroutine[t.Any, t.Any, T]]

_MISSING: t.Any = object()

_MOST_THREADS = 100
"""How many calls run at once under gevent, for each of its hubs; others wait."""

_MOST_HELPERS = 1000
"""How deep calls may be nested: each, one inside of the other, takes a thread more."""


def to_sync(func: CoroutineFunction[T]) -> t.Callable[..., T]:
    """Return a function that calls a coroutine function and waits for what it returns.

    The coroutine sees the caller's context variables, and the caller those that it sets. What it
    leaves behind, tasks and suspended generators, is cancelled and closed before the call returns,
    as by :func:`asyncio.run`.
    """
    return partial(call, func)


def call(func: CoroutineFunction[T], /, *args: t.Any, **kwargs: t.Any) -> T:
    """Call a coroutine function and wait for what it returns."""
    context = contextvars.copy_context()
    try:
        if _is_loop_running() or _is_shared_by_greenlets():
            return _run_elsewhere(func, args, kwargs, context)
        bridge = _bridge_to_caller()
        if bridge is not None:
            return t.cast(T, bridge(func)(*args, **kwargs))
        return _own_loop().run(_start(func, args, kwargs), context)
    finally:
        del args, kwargs  # perhaps an error that is raised again: its traceback holds this frame
        _bring_back(context)


def _start(
    func: CoroutineFunction[T], args: tuple[t.Any, ...], kwargs: dict[str, t.Any]
) -> t.Coroutine[t.Any, t.Any, T]:
    """Return the coroutine of a call, of which nothing has run yet."""
    code = getattr(func, "__code__", None)
    if code is not None and code.co_flags & inspect.CO_COROUTINE:
        return func(*args, **kwargs)

    # Only marked as a coroutine function: calling it may do anything, so the loop has to run.
    async def awaiting() -> T:
        return await func(*args, **kwargs)

    return awaiting()


def _bring_back(context: contextvars.Context) -> None:
    """Set the context variables to what a call has set them to in its copy of the context."""
    for variable, value in context.items():
        if variable.get(_MISSING) is not value:
            variable.set(value)


def _is_loop_running() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _bridge_to_caller() -> t.Callable[..., t.Any] | None:
    """Return asgiref's ``async_to_sync`` if this thread works for a loop, by ``sync_to_async``.

    It runs coroutines on that loop, as applications behind an ASGI adapter expect.
    """
    sync = sys.modules.get("asgiref.sync")
    if sync is None:
        return None
    loop = getattr(sync.SyncToAsync.threadlocal, "main_event_loop", None)
    if loop is None or not loop.is_running():
        return None
    if getattr(sync.SyncToAsync.threadlocal, "main_event_loop_pid", os.getpid()) != os.getpid():
        return None
    return t.cast("t.Callable[..., t.Any]", sync.async_to_sync)


# A loop that stays


class _ThreadLoop:
    """The event loop of a thread, closed when the thread ends or the process exits."""

    def __init__(self) -> None:
        self.loop = loop = asyncio.new_event_loop()
        self.generators: weakref.WeakSet[t.Any] = weakref.WeakSet()
        _open_loops.add(loop)
        weakref.finalize(self, _close, loop, os.getpid())
        if _is_shared_by_greenlets():
            # The threads of others would be greenlets, which run only as long as this loop does.
            loop.set_default_executor(_NativeThreads())
        executors = _executors_by_loop()
        if executors is not None:
            # Functions given to sync_to_async would otherwise wait for each other in the one
            # thread that asgiref has for all loops which it did not make.
            executors[loop] = (
                _NativeThreads() if _is_shared_by_greenlets() else ThreadPoolExecutor(1)
            )

    def run(self, coroutine: t.Coroutine[t.Any, t.Any, T], context: contextvars.Context) -> T:
        """Run a coroutine to its end, and end what it leaves behind."""
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
        """Note each async generator that is begun; the loop that runs this resets the hook.

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

    def _finish(self, tasks: list[asyncio.Task[t.Any]], problem: str) -> None:
        self._run_until_done(asyncio.gather(*tasks, return_exceptions=True))
        for task in tasks:
            error = None if task.cancelled() else task.exception()
            if error is not None:
                report = {"message": problem, "exception": error, "task": task}
                self.loop.call_exception_handler(report)


async def _close_generator(agen: t.AsyncGenerator[t.Any, t.Any]) -> None:
    await agen.aclose()


def _stop_loop(future: asyncio.Future[t.Any]) -> None:
    future.get_loop().stop()


class _OfThread(threading.local):
    loop: _ThreadLoop | None = None


_of_thread = _OfThread()
_open_loops: set[asyncio.AbstractEventLoop] = set()


def _own_loop() -> _ThreadLoop:
    own = _of_thread.loop
    if own is None or own.loop.is_closed():
        own = _of_thread.loop = _ThreadLoop()
    return own


def _executors_by_loop() -> dict[asyncio.AbstractEventLoop, t.Any] | None:
    """Where asgiref looks for the executor of a loop; releases before 3.5 do not."""
    sync = sys.modules.get("asgiref.sync")
    return None if sync is None else getattr(sync.AsyncToSync, "loop_thread_executors", None)


def _close(loop: asyncio.AbstractEventLoop, pid: int) -> None:
    if pid != os.getpid():
        return  # a fork ends the other threads, but has to let go of their loops otherwise
    _open_loops.discard(loop)
    executor = (_executors_by_loop() or {}).pop(loop, None)
    if executor is not None:
        executor.shutdown(wait=False)
    if not loop.is_running():  # as in a daemon thread, when the process exits
        loop.close()


# Another thread

Outcome = list[tuple[t.Any, BaseException | None]]
"""What a call returned, or what it raised, to be taken out: the frames of the other thread would
keep what their functions returned for as long as the traceback of the error keeps them.
"""


def _run_elsewhere(
    func: CoroutineFunction[T],
    args: tuple[t.Any, ...],
    kwargs: dict[str, t.Any],
    context: contextvars.Context,
) -> T:
    """Run a coroutine function on the loop of another thread, and wait for that."""

    def run() -> T:
        return _own_loop().run(_start(func, args, kwargs), context)

    handled = sys.exc_info()[1]
    error = None
    outcome: Outcome = []
    try:
        wait_for = _wait_for_greenlet_pool if _is_shared_by_greenlets() else _wait_for_helper
        wait_for(partial(_note_outcome, outcome, run, handled))
        result, error = outcome.pop()
        if error is not None:
            raise error
        return t.cast(T, result)
    finally:
        del error, handled  # their tracebacks hold this frame


def _note_outcome(
    outcome: Outcome, run: t.Callable[[], t.Any], handled: BaseException | None
) -> None:
    """Note what a function returns or raises.

    :param handled: what ``sys.exc_info`` is to give, as it does for the caller.
    """
    traceback = None if handled is None else handled.__traceback__
    try:
        if handled is None:
            outcome.append((run(), None))
            return
        try:
            raise handled
        except BaseException:
            handled.__traceback__ = traceback  # without this frame
            outcome.append((run(), None))
    except BaseException as error:
        outcome.append((None, error))
    finally:
        del handled, traceback


_helpers: ThreadPoolExecutor | None = None
_lock = threading.Lock()


def _wait_for_helper(function: t.Callable[[], None]) -> None:
    global _helpers
    with _lock:
        if _helpers is None:
            _helpers = ThreadPoolExecutor(_MOST_HELPERS, thread_name_prefix="async-to-sync")
        submit = _helpers.submit
    submit(function).result()


def _is_shared_by_greenlets() -> bool:
    """Whether gevent has other greenlets run while one in the same thread waits, also for a loop.

    They would find that loop running, as to asyncio they are one thread.
    """
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and (
        monkey.is_module_patched("threading") or monkey.is_module_patched("select")
    )


class _NativeThreads(ThreadPoolExecutor):
    """Under gevent, where threads are greenlets: runs each function in a real thread."""

    def submit(self, fn: t.Callable[..., T], /, *args: t.Any, **kwargs: t.Any) -> Future[T]:
        future: Future[T] = Future()
        start_thread = sys.modules["gevent.monkey"].get_original("_thread", "start_new_thread")
        start_thread(_run_native, (future, partial(fn, *args, **kwargs)))
        return future


def _run_native(future: Future[T], function: t.Callable[[], T]) -> None:
    try:
        if future.set_running_or_notify_cancel():
            future.set_result(function())
    except BaseException as error:
        future.set_exception(error)
    finally:
        del future  # holds the error, whose traceback holds this frame
        sys.modules["gevent"].get_hub().destroy(destroy_loop=True)


_pool_of_thread: t.Any = None


def _wait_for_greenlet_pool(function: t.Callable[[], None]) -> None:
    """Call a function in a native thread, while other greenlets of this one go on.

    Not in the hub's own pool, which is small, and needed for looking up names.
    """
    global _pool_of_thread
    if _pool_of_thread is None:
        # Of the thread, for which gevent's replacement is of the greenlet.
        _pool_of_thread = sys.modules["gevent.monkey"].get_original("threading", "local")()
    pool = getattr(_pool_of_thread, "pool", None)
    if pool is None:
        threadpool = importlib.import_module("gevent.threadpool")
        pool = _pool_of_thread.pool = threadpool.ThreadPool(_MOST_THREADS)
    pool.apply(function)


# Another process


def _let_go_of_loops() -> None:
    """Forget the parent's loops after a fork, so that closing them does not reach the parent's.

    Both processes have the same epoll objects: what one unregisters is gone for the other.
    """
    global _of_thread, _helpers, _lock
    _of_thread, _helpers, _lock = _OfThread(), None, threading.Lock()
    loops = list(_open_loops)
    _open_loops.clear()
    with open(os.devnull) as nothing:
        for loop in loops:
            fileno = getattr(getattr(loop, "_selector", None), "fileno", None)
            if fileno is not None:
                with contextlib.suppress(OSError, ValueError):
                    os.dup2(nothing.fileno(), fileno(), inheritable=False)
            # The threads of the old one are not here, and its locks may be held by them.
            loop.set_default_executor(ThreadPoolExecutor(1))
            executors = _executors_by_loop() or {}
            executors.pop(loop, None)
            if not loop.is_running():
                loop.close()
    _inherited.extend(loops)


_inherited: list[asyncio.AbstractEventLoop] = []
"""What must not be collected, which would close it."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go_of_loops)
