"""Background tasks: work that a request starts without waiting for it."""

from __future__ import annotations

import asyncio
import atexit
import inspect
import os
import threading
import typing as t
from contextvars import copy_context

from .lifespan import HomeLoop, call_in, do_nothing, with_app_context
from .threads import WorkerPool

if t.TYPE_CHECKING:
    from ..sansio.app import App

DEFAULT_SHUTDOWN_TIMEOUT = 5.0
MOST_THREADS = 8
MOST_PENDING = 10_000


class BackgroundTasks:
    """Pending background tasks of one application in one process.

    Each is an asyncio task on the server's loop, or on a loop of its own under WSGI.  Sync
    functions run in a few threads that requests don't share.
    """

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._lock = threading.Lock()
        self._count = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._pool: WorkerPool | None = None
        self._is_finished_at_exit = False

    def start(
        self,
        app: App,
        loop: asyncio.AbstractEventLoop | None,
        function: t.Callable[..., t.Any],
        args: tuple[t.Any, ...],
        kwargs: dict[str, t.Any],
    ) -> None:
        """Start a task, from any thread.

        :param loop: the server's; ``None`` if it has none.
        :raises RuntimeError: if too many tasks have not ended yet.
        """
        with self._lock:
            if self._count >= MOST_PENDING:
                raise RuntimeError(
                    f"{MOST_PENDING} background tasks of {app.name!r} have not ended yet, so"
                    f" {function!r} was not started. Hand over long work to a task queue."
                )
            self._count += 1
        if loop is None:
            loop = HomeLoop.get().loop
            self._finish_at_exit(app, loop)
        context = copy_context()
        coroutine = self._run(app, function, args, kwargs)

        def begin() -> None:
            task = loop.create_task(coroutine, context=context)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        loop.call_soon_threadsafe(begin)

    async def _run(
        self, app: t.Any, function: t.Callable[..., t.Any], args: t.Any, kwargs: dict[str, t.Any]
    ) -> None:
        try:
            if inspect.iscoroutinefunction(function):
                with app.app_context():
                    await function(*args, **kwargs)
            else:
                bound = with_app_context(app, lambda: function(*args, **kwargs))
                await call_in(self._threads().submit, bound)
        except Exception:
            app.logger.exception("The background task %r failed", function)
        finally:
            with self._lock:
                self._count -= 1

    def _threads(self) -> WorkerPool:
        with self._lock:
            if self._pool is None:
                self._pool = WorkerPool(MOST_THREADS, "flask-background")
            return self._pool

    async def finish(self, timeout: float | None) -> None:
        """Wait for the tasks, then cancel those that take longer; on their loop.

        :param timeout: seconds to wait; ``None`` for no limit.
        """
        tasks = set(self._tasks)
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=timeout)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=1)
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()

    def _finish_at_exit(self, app: App, loop: asyncio.AbstractEventLoop) -> None:
        with self._lock:
            if self._is_finished_at_exit:
                return
            self._is_finished_at_exit = True
        # CPython 3.12 starts no threads while it ends, when a task may need its first one.
        self._threads().submit(do_nothing)
        timeout = shutdown_timeout(app)

        def finish() -> None:
            if self.pid == os.getpid():
                asyncio.run_coroutine_threadsafe(self.finish(timeout), loop).result()

        atexit.register(finish)


def shutdown_timeout(app: App) -> float | None:
    """Return the seconds that background tasks get when the server stops."""
    timeout: float | None = app.config.get(
        "BACKGROUND_TASK_SHUTDOWN_TIMEOUT", DEFAULT_SHUTDOWN_TIMEOUT
    )
    return timeout


def background_tasks(app: App) -> BackgroundTasks:
    """Return the tasks of an application in this process."""
    tasks: BackgroundTasks | None = app.__dict__.get("_background_tasks")
    if tasks is None or tasks.pid != os.getpid():
        tasks = app.__dict__["_background_tasks"] = BackgroundTasks()
    return tasks
