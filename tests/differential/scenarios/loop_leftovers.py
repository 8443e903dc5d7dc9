"""An event loop: what a view leaves in it, or changes of it, is not there for the next view."""

from __future__ import annotations

import asyncio
import contextvars
import socket
import time

from flask import request

from ..harness import Lab, family, scenario

VARIABLE: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="none")


def serving(lab: Lab, leave):
    """An application with a view that leaves something behind, and one that looks."""
    app = lab.app()

    @app.get("/leave/<who>")
    async def leaving(who):
        VARIABLE.set(who)
        await leave(lab, asyncio.get_running_loop())
        lab.say("left", who)
        return who

    @app.get("/look")
    async def look():
        loop = asyncio.get_running_loop()
        await asyncio.sleep(0.05)
        lab.say("looked", request.path)
        return {
            "debug": loop.get_debug(),
            "handler": loop.get_exception_handler() is not None,
            "factory": loop.get_task_factory() is not None,
            "slow": loop.slow_callback_duration,
            "marked": hasattr(loop, "mark"),
            "tasks": len(asyncio.all_tasks(loop)),
        }

    return app


def note(lab: Lab, event: str):
    path = request.path if request else "no request"
    lab.say(event, VARIABLE.get(), path)


async def call_later(lab: Lab, loop):
    loop.call_later(0.01, note, lab, "later")


async def call_soon(lab: Lab, loop):
    loop.call_soon(note, lab, "soon")


async def call_soon_twice(lab: Lab, loop):
    loop.call_soon(lambda: loop.call_soon(note, lab, "soon again"))


async def cancelled_timer(lab: Lab, loop):
    loop.call_later(0.01, note, lab, "later").cancel()


async def task(lab: Lab, loop):
    async def run():
        try:
            await asyncio.sleep(0.01)
            note(lab, "task ended")
        except asyncio.CancelledError:
            note(lab, "task cancelled")
            raise

    lab.kept = loop.create_task(run())
    await asyncio.sleep(0)


async def task_that_sets_a_timer(lab: Lab, loop):
    async def run():
        try:
            await asyncio.sleep(1)
        finally:
            loop.call_later(0.01, note, lab, "timer of a cancelled task")

    lab.kept = loop.create_task(run())
    await asyncio.sleep(0)


async def reader(lab: Lab, loop):
    ours, theirs = socket.socketpair()
    lab.exit.callback(ours.close)
    lab.exit.callback(theirs.close)
    loop.add_reader(ours, lambda: (ours.recv(1), note(lab, "readable")))
    theirs.send(b"x")


async def exception_handler(lab: Lab, loop):
    loop.set_exception_handler(lambda loop, context: note(lab, "handler"))


async def task_factory(lab: Lab, loop):
    loop.set_task_factory(lambda loop, coroutine, **kw: asyncio.Task(coroutine, loop=loop, **kw))


async def debug(lab: Lab, loop):
    loop.set_debug(True)


async def slow_callbacks(lab: Lab, loop):
    loop.slow_callback_duration = 7


async def mark(lab: Lab, loop):
    loop.mark = True
    lab.exit.callback(vars(loop).pop, "mark", None)


async def future_of_a_thread(lab: Lab, loop):
    future = loop.run_in_executor(None, time.sleep, 0.02)
    future.add_done_callback(lambda future: note(lab, "thread done"))


async def awaited_thread(lab: Lab, loop):
    await asyncio.to_thread(note, lab, "in a thread")


async def nothing(lab: Lab, loop):
    await asyncio.sleep(0)


LEAVE = {
    function.__name__: function
    for function in (
        call_later,
        call_soon,
        call_soon_twice,
        cancelled_timer,
        task,
        task_that_sets_a_timer,
        reader,
        exception_handler,
        task_factory,
        debug,
        slow_callbacks,
        mark,
        future_of_a_thread,
        awaited_thread,
        nothing,
    )
}


@family(**LEAVE)
def after_a_view(lab: Lab, leave):
    app = serving(lab, leave)
    return [lab.brief(app, path) for path in ("/leave/a", "/look", "/leave/b", "/look")]


@family("call_later", "reader", "debug")
def after_a_hook(lab: Lab, name):
    app = serving(lab, LEAVE["nothing"])

    @app.before_request
    async def before():
        if request.path != "/look":
            await LEAVE[name](lab, asyncio.get_running_loop())

    return [lab.brief(app, path) for path in ("/leave/a", "/look", "/look")]


@scenario
def after_a_view_that_fails(lab: Lab):
    async def fail(lab, loop):
        loop.call_later(0.01, note, lab, "later")
        raise LookupError

    return [lab.brief(serving(lab, fail), path) for path in ("/leave/a", "/look")]
