"""Coroutines that are begun by hand, and awaited only where they have to wait."""

from __future__ import annotations

import types
import typing as t


@types.coroutine
def drive(
    coroutine: t.Coroutine[t.Any, t.Any, t.Any], at_first_wait: t.Callable[[], None]
) -> t.Generator[t.Any, t.Any, t.Any]:
    """Await a coroutine, with a function called if and when it has to wait."""
    # PERF: most requests never wait, and need nobody who watches out for their client.
    try:
        awaited = coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    at_first_wait()
    return (yield from t.cast(t.Any, drive_on(coroutine, awaited)))


@types.coroutine
def drive_on(
    coroutine: t.Coroutine[t.Any, t.Any, t.Any], awaited: t.Any
) -> t.Generator[t.Any, t.Any, t.Any]:
    """Await a coroutine that was begun.

    :param awaited: what it waits for.
    """
    while True:
        try:
            value = yield awaited
        except GeneratorExit:
            coroutine.close()
            raise
        except BaseException as error:
            try:
                awaited = coroutine.throw(error)
            except StopIteration as stop:
                return stop.value
        else:
            try:
                awaited = coroutine.send(value)
            except StopIteration as stop:
                return stop.value
