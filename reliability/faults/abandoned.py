"""A script that abandons a thousand contexts in each of many ways, and looks what is left."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import threading
import warnings
import weakref
from collections.abc import Callable, Iterator
from contextvars import copy_context
from typing import Any

from werkzeug.test import create_environ

from flask import (
    Flask,
    Response,
    copy_current_request_context,
    current_app,
    g,
    has_app_context,
    has_request_context,
    request,
    session,
    stream_template,
    stream_with_context,
)

TIMES = 1000
# Caches that grow once, and then never again, may take so many blocks of memory.
MOST_BLOCKS_LEFT = 500


class Witness:
    """Put into a context; when it is gone, so is the context."""


app = Flask(__name__)
app.secret_key = "a key for abandoned contexts"
TEMPLATE = app.jinja_env.from_string("{% for chunk in chunks %}{{ chunk }}{% endfor %}")
witnesses: list[weakref.ref[Witness]] = []


def witness() -> None:
    seen = Witness()
    witnesses.append(weakref.ref(seen))
    g.witness = seen
    if has_request_context():
        session["seen"] = 1
        request.witness = seen  # type: ignore[attr-defined]


def push_in_thread() -> None:
    """A context pushed in a thread that ends without a pop."""

    def push() -> None:
        app.test_request_context("/?a=1").push()
        witness()

    thread = threading.Thread(target=push)
    thread.start()
    thread.join()


def push_in_copied_context() -> None:
    """An application context pushed in a copy of the context variables that is thrown away."""

    def push() -> None:
        app.app_context().push()
        witness()

    copy_context().run(push)


def push_in_task() -> None:
    """A context pushed in an asyncio task that is cancelled."""

    async def wait() -> None:
        app.test_request_context("/").push()
        witness()
        await asyncio.sleep(60)

    async def main() -> None:
        task = asyncio.ensure_future(wait())
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(main())


def never_pushed() -> None:
    """A context that is made and not pushed."""
    context = app.test_request_context("/")
    seen = Witness()
    witnesses.append(weakref.ref(seen))
    context.witness = seen  # type: ignore[attr-defined]


def suspended_generator() -> None:
    """A generator with an application context, suspended and dropped, in a thread of its own."""

    def generate() -> Iterator[int]:
        with app.app_context():
            witness()
            yield 1

    def drop() -> None:
        next(generate())

    thread = threading.Thread(target=drop)
    thread.start()
    thread.join()


def stream(begin: bool, template: bool = False) -> None:
    """A streamed response that nobody closes, iterated once or not at all, in its own thread."""

    def chunks() -> Iterator[str]:
        witness()
        yield "a"
        yield g.witness.__class__.__name__

    def answer() -> Response:
        witness()
        if template:
            return Response(stream_template(TEMPLATE, chunks=chunks()))
        return Response(stream_with_context(chunks()))

    def drop() -> None:
        with app.test_request_context("/"):
            body = answer().response
        if begin:
            next(iter(body))

    thread = threading.Thread(target=drop)
    thread.start()
    thread.join()


def copied_function() -> None:
    """A function with a copy of the request's context, which is never called."""
    with app.test_request_context("/"):
        witness()
        copy_current_request_context(lambda: None)


def unclosed_answer() -> None:
    """A WSGI answer that the server neither reads nor closes."""
    app(create_environ("/stream"), lambda *given: lambda data: None)


def kept_by_client() -> None:
    """A test client that keeps its context and is dropped with it, in a thread of its own."""

    def drop() -> None:
        client = app.test_client()
        client.__enter__()
        client.get("/")
        witness()

    thread = threading.Thread(target=drop)
    thread.start()
    thread.join()


@app.route("/")
def index() -> str:
    return "index"


@app.route("/stream")
def streaming() -> Iterator[str]:
    witness()
    yield "a"
    yield "b"


WAYS: dict[str, Callable[[], Any]] = {
    "pushed in a thread that ends": push_in_thread,
    "pushed in a context that is dropped": push_in_copied_context,
    "pushed in a task that is cancelled": push_in_task,
    "made and not pushed": never_pushed,
    "in a suspended generator": suspended_generator,
    "stream not begun": lambda: stream(False),
    "stream begun and dropped": lambda: stream(True),
    "streamed template begun and dropped": lambda: stream(True, template=True),
    "copied to a function that is never called": copied_function,
    "answer neither read nor closed": unclosed_answer,
    "kept by a client that is dropped": kept_by_client,
}


def serves() -> bool:
    """No context is left here, and the next request finds its own."""
    if has_request_context() or has_app_context():
        return False
    with app.test_client() as client:
        is_right = client.get("/").text == "index" and current_app.name == app.name
    return is_right and not has_app_context()


def try_way(name: str, abandon: Callable[[], Any]) -> list[str]:
    """Abandon a thousand; the answer is what is left of them, or wrong since."""
    failures = []
    for _ in range(50):
        abandon()
    gc.collect()
    witnesses.clear()
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in range(TIMES):
        abandon()
    left = 0
    for _ in range(3):
        gc.collect()
        left = sum(1 for seen in witnesses if seen() is not None)
    if left:
        failures.append(f"{name}: {left} of {len(witnesses)} contexts are left")
    witnesses.clear()
    gc.collect()
    blocks = sys.getallocatedblocks() - before
    if blocks > MOST_BLOCKS_LEFT:
        failures.append(f"{name}: {blocks} blocks of memory are left")
    if not serves():
        failures.append(f"{name}: the next request is wrong")
    return failures


def main() -> None:
    unraised: list[str] = []
    sys.unraisablehook = lambda given: unraised.append(f"{given.exc_type.__name__} when dropped")
    warnings.simplefilter("ignore")
    failures = [text for name, abandon in WAYS.items() for text in try_way(name, abandon)]
    failures += sorted(set(unraised))
    print(json.dumps({"tried": TIMES * len(WAYS), "failures": failures}))


if __name__ == "__main__":
    main()
