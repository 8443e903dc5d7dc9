"""Functions that run before the first request and after the last.

A :class:`Lifespan` runs on one event loop: the server's, if it speaks ASGI's lifespan protocol, or
one in a thread of its own.  Sync functions run in one thread, the same from start to end.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import inspect
import logging
import os
import threading
import typing as t
import weakref
from contextvars import copy_context

from ..asynchronous.gevent import new_greenlet_loop, run_in_greenlet, threads_are_greenlets
from .threads import PinnedThread

if t.TYPE_CHECKING:
    from ..sansio.app import App
    from .body import Receive
    from .sending import Send

T = t.TypeVar("T")
Step = t.Callable[[], t.Any]

logger = logging.getLogger("flask.asgi")


class Lifespan:
    """Functions around serving of one application in one process."""

    def __init__(self) -> None:
        self._entered: list[t.Any] = []
        self._thread: PinnedThread | None = None

    async def start(self, app: App) -> None:
        """Call ``before_serving`` functions, then enter ``while_serving`` generators.

        :raises Exception: the first error; generators that were entered are left.
        """
        try:
            for function in app.before_serving_funcs:
                await self._call(app, function)
            for function in app.while_serving_gens:
                generator = function()
                await self._advance(app, generator)
                self._entered.append(generator)
        except BaseException:
            await self._leave(app)
            self._end_thread()
            raise

    def keep_thread(self) -> None:
        """Start the thread for sync functions, which can't be started while Python exits."""
        self._open_thread().submit(do_nothing)

    async def stop(self, app: App) -> list[BaseException]:
        """Call ``after_serving`` functions, then leave the generators, the last entered first.

        :returns: their exceptions; each function is called even if another fails.
        """
        failures: list[BaseException] = []
        for function in app.after_serving_funcs:
            try:
                await self._call(app, function)
            except Exception as error:
                failures.append(error)
        failures += await self._leave(app)
        self._end_thread()
        return failures

    async def _leave(self, app: App) -> list[BaseException]:
        failures: list[BaseException] = []
        while self._entered:
            try:
                await self._finish(app, self._entered.pop())
            except Exception as error:
                failures.append(error)
        return failures

    async def _call(self, app: t.Any, function: Step) -> t.Any:
        if inspect.iscoroutinefunction(function):
            with app.app_context():
                return await function()
        result = await self._in_thread(app, function)
        return await result if inspect.isawaitable(result) else result

    async def _advance(self, app: t.Any, generator: t.Any) -> bool:
        """Run a generator to its next ``yield``; return whether there was one."""
        if hasattr(generator, "__anext__"):
            with app.app_context():
                return await anext(generator, _ENDED) is not _ENDED
        return await self._in_thread(app, lambda: next(generator, _ENDED)) is not _ENDED

    async def _finish(self, app: App, generator: t.Any) -> None:
        if await self._advance(app, generator):
            raise RuntimeError(f"{generator!r} yields more than once; it should yield once.")

    async def _in_thread(self, app: App, function: t.Callable[[], T]) -> T:
        return await call_in(self._open_thread().submit, with_app_context(app, function))

    def _open_thread(self) -> PinnedThread:
        if self._thread is None:
            self._thread = PinnedThread("flask-lifespan")
        return self._thread

    def _end_thread(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.close()


_ENDED: t.Any = object()


def do_nothing() -> None:
    """Be the job by which a thread is started before there is any."""


def with_app_context(app: t.Any, function: t.Callable[[], T]) -> t.Callable[[], T]:
    """Return a function that calls another with the application current."""

    def call() -> T:
        with app.app_context():
            return function()

    return call


async def call_in(submit: t.Callable[[t.Any], object], function: t.Callable[[], T]) -> T:
    """Call a function in a worker thread and return what it returns."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()
    context = copy_context()

    def settle(result: t.Any, error: BaseException | None) -> None:
        if future.done():
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    def job() -> None:
        outcome: tuple[t.Any, BaseException | None]
        try:
            outcome = context.run(function), None
        except BaseException as error:
            outcome = None, error
        with contextlib.suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(settle, *outcome)
        del outcome

    submit(job)
    return await future


async def handle_lifespan(
    app: App, receive: Receive, send: Send, before_stop: t.Callable[[], t.Awaitable[None]]
) -> None:
    """Follow ASGI's lifespan protocol: start when the server starts, stop when it stops.

    :param before_stop: function called after the last request, before those after serving.
    """
    lifespan = Lifespan()
    message = await receive()
    if message["type"] != "lifespan.startup":
        raise RuntimeError(f"The ASGI server began its lifespan with {message['type']!r}.")
    state = serving_state(app)
    state.is_started = True
    try:
        await lifespan.start(app)
    except Exception as error:
        logger.exception("The application %r could not be started", app.name)
        await send({"type": "lifespan.startup.failed", "message": _told(error)})
        return
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await before_stop()
    failures = await lifespan.stop(app)
    state.is_started = False
    for failure in failures:
        logger.error("A function after serving failed", exc_info=failure)
    if failures:
        await send({"type": "lifespan.shutdown.failed", "message": _told(failures[0])})
    else:
        await send({"type": "lifespan.shutdown.complete"})


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


# Without the protocol


class ServingState:
    """The process in which an application was started."""

    def __init__(self) -> None:
        self.is_started = False
        self.lock = threading.Lock()
        self.pid = os.getpid()


def serving_state(app: App) -> ServingState:
    state: ServingState | None = app.__dict__.get("_serving_state")
    if state is None or state.pid != os.getpid():
        state = app.__dict__["_serving_state"] = ServingState()
    return state


def ensure_started(app: App) -> None:
    """Start an application at its first request, for servers that don't announce their start.

    The functions after serving run when the process ends.

    :raises Exception: the error of a function before serving; the next request tries again.
    """
    state = serving_state(app)
    if state.is_started or not app.has_serving_functions:
        return
    with state.lock:
        if state.is_started:
            return
        lifespan = Lifespan()
        HomeLoop.get().run(lifespan.start(app))
        state.is_started = True
        _stop_when_process_ends(app, lifespan)


async def ensure_started_on_loop(app: App) -> None:
    """Do the same as :func:`ensure_started` on the server's loop."""
    state = serving_state(app)
    while not state.is_started:
        if state.lock.acquire(blocking=False):
            try:
                if not state.is_started:
                    lifespan = Lifespan()
                    await lifespan.start(app)
                    state.is_started = True
                    _stop_when_process_ends(app, lifespan)
            finally:
                state.lock.release()
        else:
            await asyncio.sleep(0.01)


def _stop_when_process_ends(app: App, lifespan: Lifespan) -> None:
    # CPython 3.12 starts no threads while it ends, so those that are needed then start now.
    HomeLoop.get()
    if not all(map(inspect.iscoroutinefunction, app.after_serving_funcs)):
        lifespan.keep_thread()
    atexit.register(_stop_at_exit, weakref.ref(app), lifespan, os.getpid())


def _stop_at_exit(ref: weakref.ref[App], lifespan: Lifespan, pid: int) -> None:
    app = ref()
    if app is None or pid != os.getpid():
        return
    for failure in HomeLoop.get().run(lifespan.stop(app)):
        logger.error("A function after serving failed", exc_info=failure)


class HomeLoop:
    """An event loop in its own thread, for servers without a loop.

    Under gevent the thread is a greenlet, and shares its thread with those of requests.
    """

    _current: t.ClassVar[HomeLoop | None] = None

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._is_greenlet = threads_are_greenlets()
        self.loop = new_greenlet_loop() if self._is_greenlet else asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._serve, name="flask-home-loop", daemon=True)
        self.thread.start()

    @classmethod
    def get(cls) -> HomeLoop:
        """Return the loop of this process, started when it is first needed."""
        current = cls._current
        if current is None or current.pid != os.getpid():
            current = cls._current = HomeLoop()
        return current

    def _serve(self) -> None:
        if self._is_greenlet:
            run_in_greenlet(self.loop)
        else:
            asyncio.set_event_loop(self.loop)
            self.loop.run_forever()

    def run(self, coroutine: t.Coroutine[t.Any, t.Any, T]) -> T:
        """Run a coroutine on the loop and wait for it."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()
