"""Executors that run a loop's blocking functions."""

from __future__ import annotations

import asyncio
import sys
import threading
import typing as t
from concurrent.futures import Executor, Future, ThreadPoolExecutor

from .gevent import NativeThreads, is_shared_by_greenlets

T = t.TypeVar("T")


class CountingThreads(ThreadPoolExecutor):
    """A thread pool that counts the functions it is running."""

    def __init__(self, max_workers: int | None = None) -> None:
        super().__init__(max_workers, thread_name_prefix="asyncio")
        self.at_work = 0
        """Number of functions that have not ended."""
        self._counting = threading.Lock()

    def submit(self, fn: t.Callable[..., T], /, *args: t.Any, **kwargs: t.Any) -> Future[T]:
        future = super().submit(fn, *args, **kwargs)
        with self._counting:
            self.at_work += 1
        future.add_done_callback(self._note_end)
        return future

    def _note_end(self, future: Future[t.Any]) -> None:
        with self._counting:
            self.at_work -= 1


def make_executor(max_workers: int | None = None) -> CountingThreads | NativeThreads:
    """Return an executor for a loop of this thread.

    Under gevent it uses native threads: greenlets would run only while the loop runs.
    """
    return NativeThreads() if is_shared_by_greenlets() else CountingThreads(max_workers)


def executors_by_loop() -> dict[asyncio.AbstractEventLoop, Executor] | None:
    """Return asgiref's mapping from loops to executors; releases before 3.5 have none."""
    sync = sys.modules.get("asgiref.sync")
    return None if sync is None else getattr(sync.AsyncToSync, "loop_thread_executors", None)
