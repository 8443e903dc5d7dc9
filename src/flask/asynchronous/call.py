"""Call a coroutine function from sync code: here, in another thread, or on the caller's loop."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import os
import sys
import typing as t
from functools import partial

from .elsewhere import run_elsewhere
from .gevent import is_shared_by_greenlets
from .loop import own_loop

T = t.TypeVar("T")

CoroutineFunction = t.Callable[..., t.Coroutine[t.Any, t.Any, T]]

_MISSING: t.Any = object()


def to_sync(func: CoroutineFunction[T]) -> t.Callable[..., T]:
    """Return a function that calls a coroutine function and waits for what it returns.

    The coroutine shares the caller's context variables, in both directions. Tasks and suspended
    generators that it leaves behind are cancelled and closed before the call returns, as
    :func:`asyncio.run` does.
    """
    return partial(call, func)


def call(func: CoroutineFunction[T], /, *args: t.Any, **kwargs: t.Any) -> T:
    """Call a coroutine function and wait for what it returns."""
    context = contextvars.copy_context()
    try:
        if _is_loop_running() or is_shared_by_greenlets():
            return run_elsewhere(partial(_run_here, func, args, kwargs, context))
        bridge = _bridge_to_caller()
        if bridge is not None:
            return t.cast(T, bridge(func)(*args, **kwargs))
        return own_loop().run(_start(func, args, kwargs), context)
    finally:
        del args, kwargs  # perhaps an error that is raised again: its traceback holds this frame
        _bring_back(context)


def _run_here(
    func: CoroutineFunction[T],
    args: tuple[t.Any, ...],
    kwargs: dict[str, t.Any],
    context: contextvars.Context,
) -> T:
    """Run a coroutine function on the current thread's loop."""
    try:
        return own_loop().run(_start(func, args, kwargs), context)
    finally:
        del args, kwargs  # as in call


def _start(
    func: CoroutineFunction[T], args: tuple[t.Any, ...], kwargs: dict[str, t.Any]
) -> t.Coroutine[t.Any, t.Any, T]:
    """Return the coroutine of a call without starting it."""
    code = getattr(func, "__code__", None)
    if code is not None and code.co_flags & inspect.CO_COROUTINE:
        return func(*args, **kwargs)

    # Only marked as a coroutine function: calling it may do anything, so the loop has to run.
    async def awaiting() -> T:
        return await func(*args, **kwargs)

    return awaiting()


def _bring_back(context: contextvars.Context) -> None:
    """Copy the context variables that a call has set in its copy of the context."""
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
    """Return asgiref's ``async_to_sync`` if ``sync_to_async`` runs this thread for a loop.

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
