"""Native threads under gevent, where threads are greenlets, and an event loop in a greenlet."""

from __future__ import annotations

import asyncio
import importlib
import sys
import threading
import typing as t
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

T = t.TypeVar("T")

_MOST_THREADS = 100
"""Maximum number of concurrent calls per gevent hub; further ones wait."""


def is_shared_by_greenlets() -> bool:
    """Return whether gevent runs other greenlets of this thread while one waits for an event loop.

    To asyncio all of them are one thread, so they would find its loop running.
    """
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and (
        monkey.is_module_patched("threading") or monkey.is_module_patched("select")
    )


class NativeThreads(ThreadPoolExecutor):
    """Executor that runs each function in a native thread under gevent."""

    at_work = 0
    """Not counted: nothing waits for these threads."""

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


def wait_for_greenlet_pool(function: t.Callable[[], None]) -> None:
    """Call a function in a native thread, while other greenlets of this one go on.

    The hub's own pool is not used: it is small, and gevent needs it to resolve host names.
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


def threads_are_greenlets() -> bool:
    """Return whether gevent has replaced threads and their locks by those of greenlets."""
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and bool(monkey.is_module_patched("threading"))


def new_greenlet_loop() -> asyncio.AbstractEventLoop:
    """Return an event loop to be run by :func:`run_in_greenlet`."""
    selectors = importlib.import_module("gevent.selectors")
    selector = type("GreenletSelector", (_OutOfSight, selectors.GeventSelector), {})()
    loop = asyncio.SelectorEventLoop(selector)
    loop.set_default_executor(NativeThreads())
    return loop


def run_in_greenlet(loop: asyncio.AbstractEventLoop) -> None:
    """Run a loop in the current greenlet for ever, while others of its thread run as well.

    They don't find it running, for they run only while it waits.  Thus they can run loops of their
    own, and :func:`asyncio.run` works in them as it does without.
    """
    selector = t.cast(t.Any, loop)._selector
    selector.greenlet = sys.modules["gevent"].getcurrent()
    selector.outside = _LoopState.taken()
    _OUTSIDE.put()
    try:
        loop.run_forever()
    finally:
        selector.outside.put()


def is_running_here(loop: asyncio.AbstractEventLoop) -> bool:
    """Return whether the caller is called by a loop, and would block it by waiting."""
    if asyncio._get_running_loop() is not loop:
        return False
    # A coroutine that blocks its greenlet lets others run, who find the loop running after all.
    greenlet = getattr(getattr(loop, "_selector", None), "greenlet", None)
    return greenlet is None or greenlet is sys.modules["gevent"].getcurrent()


def start_thread(thread: threading.Thread) -> None:
    """Start a thread; one that is a greenlet begins at once, and doesn't find a loop running."""
    if not threads_are_greenlets():
        thread.start()
        return
    state = _LoopState.taken()
    _OUTSIDE.put()
    try:
        thread.start()
    finally:
        state.put()


class _LoopState(t.NamedTuple):
    """State that asyncio keeps for each thread while a loop runs in it."""

    running: asyncio.AbstractEventLoop | None
    hooks: t.Any
    """Those of :func:`sys.set_asyncgen_hooks`."""

    @classmethod
    def taken(cls) -> _LoopState:
        return cls(asyncio._get_running_loop(), sys.get_asyncgen_hooks())

    def put(self) -> None:
        asyncio._set_running_loop(self.running)
        sys.set_asyncgen_hooks(*self.hooks)


_OUTSIDE = _LoopState(None, (None, None))


class _OutOfSight:
    """A selector that shows the state of other greenlets while its loop waits."""

    outside: _LoopState
    greenlet: t.Any
    """That of the loop."""

    def select(self, timeout: float | None = None) -> t.Any:
        own = _LoopState.taken()
        self.outside.put()
        try:
            selector: t.Any = super()
            return selector.select(timeout)
        finally:
            self.outside = _LoopState.taken()
            own.put()
