"""Native threads under gevent, where threads are greenlets."""

from __future__ import annotations

import importlib
import sys
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
