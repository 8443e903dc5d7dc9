"""Coroutines that a sync caller runs one after another, in one context and on one loop."""

from __future__ import annotations

import asyncio
import contextvars
import typing as t
from concurrent.futures import ThreadPoolExecutor

T = t.TypeVar("T")


class Steps:
    """An event loop that runs only while a sync caller waits for a coroutine."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._context = contextvars.copy_context()

    def run(self, coroutine: t.Coroutine[t.Any, t.Any, T]) -> T:
        """Run a coroutine to its end, in another thread if this one's loop is running."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return self._run(coroutine)
        with ThreadPoolExecutor(1) as helper:
            return helper.submit(self._run, coroutine).result()

    def _run(self, coroutine: t.Coroutine[t.Any, t.Any, T]) -> T:
        task = self._loop.create_task(coroutine, context=self._context)
        return self._loop.run_until_complete(task)

    def close(self) -> None:
        """Cancel what is left on the loop and close it."""
        self.run(self._loop.shutdown_asyncgens())
        self._loop.close()
