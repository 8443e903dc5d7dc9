"""Worker threads: order, growth, limits, fork and end."""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import threading
import time
import weakref
from collections.abc import Callable
from contextvars import ContextVar
from queue import SimpleQueue
from typing import Any

import pytest

from flask.doors.threads import Mailbox, PinnedThread, WorkerPool


def until(condition: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.001)


def test_jobs_run_in_their_order() -> None:
    pool = WorkerPool(1)
    seen: list[int] = []
    for number in range(1000):
        pool.submit(lambda number=number: seen.append(number))  # type: ignore[misc]
    assert pool.close(10)
    assert seen == list(range(1000))


def test_blocked_threads_do_not_keep_others_from_their_jobs() -> None:
    pool = WorkerPool(8)
    release, ran = threading.Event(), threading.Event()
    for _ in range(7):
        pool.submit(release.wait)
    pool.submit(ran.set)
    assert ran.wait(10)
    release.set()
    assert pool.close(10)


def test_no_more_threads_than_allowed() -> None:
    pool = WorkerPool(3)
    release = threading.Event()
    for _ in range(20):
        pool.submit(release.wait)
    until(lambda: pool.waiting == 17)
    assert pool.threads == 3
    release.set()
    assert pool.close(10)


def test_idle_thread_is_used_before_another_is_started() -> None:
    pool = WorkerPool(8)
    for _ in range(50):
        done = threading.Event()
        pool.submit(done.set)
        assert done.wait(10)
        until(lambda: pool._crew.idle)
    assert pool.threads == 1
    pool.close(10)


def test_thread_that_is_about_to_end_its_job_takes_the_next_one() -> None:
    pool = WorkerPool(8)
    ended: SimpleQueue[int] = SimpleQueue()

    def job() -> None:
        pool.expect_thread()
        ended.put(threading.get_ident())
        time.sleep(0.0005)  # during which the next job comes

    threads = set()
    for _ in range(50):
        pool.submit(job)
        threads.add(ended.get(timeout=10))
    assert len(threads) == 1
    assert pool.threads == 1
    assert pool.close(10)


@pytest.mark.parametrize("tells", [False, True])
def test_no_job_is_lost_between_threads_that_fall_asleep(tells: bool) -> None:
    pool = WorkerPool(4)
    count = 0
    lock = threading.Lock()

    def job() -> None:
        nonlocal count
        with lock:
            count += 1
        if tells:
            pool.expect_thread()

    def submit() -> None:
        for number in range(2000):
            pool.submit(job)
            if number % 7 == 0:
                time.sleep(0)

    submitters = [threading.Thread(target=submit) for _ in range(3)]
    for thread in submitters:
        thread.start()
    for thread in submitters:
        thread.join()
    until(lambda: count == 6000)
    assert pool.close(10)


def test_thread_outlives_a_job_that_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    failures: list[object] = []
    monkeypatch.setattr("sys.excepthook", lambda kind, *_: failures.append(kind))
    pool = WorkerPool(1)
    ran = threading.Event()
    pool.submit(lambda: 1 / 0)
    pool.submit(ran.set)
    assert ran.wait(10)
    assert failures == [ZeroDivisionError]
    pool.close(10)


def test_closed_pool_takes_no_jobs() -> None:
    pool = WorkerPool(1)
    assert pool.close()
    with pytest.raises(RuntimeError, match="closed"):
        pool.submit(print)


def test_pool_without_threads_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        WorkerPool(0)


def test_job_is_let_go_of_when_done() -> None:
    class Thing:
        def __call__(self) -> None: ...

    pool = WorkerPool(1)
    thing = Thing()
    ref = weakref.ref(thing)
    pool.submit(thing)
    del thing
    until(lambda: gc.collect() is not None and ref() is None)
    pool.close(10)


def test_pinned_thread_is_one_thread() -> None:
    pinned = PinnedThread()
    seen: list[int] = []
    for _ in range(20):
        pinned.submit(lambda: seen.append(threading.get_ident()))
    assert pinned.close(10)
    assert len(seen) == 20
    assert len(set(seen)) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system can't fork")
def test_child_process_has_threads_of_its_own() -> None:
    pool = WorkerPool(2)
    done = threading.Event()
    pool.submit(done.set)
    assert done.wait(10)
    pid = os.fork()
    if pid == 0:  # pragma: no cover - in the child
        again = threading.Event()
        pool.submit(again.set)
        os._exit(0 if again.wait(10) else 1)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    pool.close(10)


@pytest.fixture(params=["event", "loop"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How a mailbox wakes its loop: by an event of its own, or as the loop itself does."""
    if request.param == "loop":
        monkeypatch.delattr("os.eventfd", raising=False)
    elif not hasattr(os, "eventfd"):
        pytest.skip("this system has no eventfd")
    return str(request.param)


def test_mailbox_delivers_all_in_order(way: str) -> None:
    async def main() -> list[int]:
        mailbox = Mailbox(asyncio.get_running_loop())
        seen: list[int] = []
        done = asyncio.Event()

        def post() -> None:
            for number in range(5000):
                mailbox.post(lambda number=number: seen.append(number))  # type: ignore[misc]
            mailbox.post(done.set)

        thread = threading.Thread(target=post)
        thread.start()
        await asyncio.wait_for(done.wait(), 10)
        thread.join()
        return seen

    assert asyncio.run(main()) == list(range(5000))


def test_mailbox_that_is_emptied_is_no_error(way: str) -> None:
    errors: list[object] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda loop, context: errors.append(context))
        mailbox = Mailbox(loop)
        done = asyncio.Event()
        mailbox.post(done.set)
        await done.wait()
        await asyncio.sleep(0)

    asyncio.run(main())
    assert errors == []


def test_post_to_a_closed_loop_does_nothing(way: str) -> None:
    loop = asyncio.new_event_loop()
    mailbox = Mailbox(loop)
    loop.close()
    mailbox.post(lambda: None)
    assert not mailbox._posted


def test_mailbox_wakes_a_loop_that_sleeps(way: str) -> None:
    async def main() -> None:
        mailbox = Mailbox(asyncio.get_running_loop())
        for _ in range(3):
            done = asyncio.Event()
            threading.Timer(0.01, mailbox.post, (done.set,)).start()
            await asyncio.wait_for(done.wait(), 10)

    asyncio.run(main())


def test_mailbox_runs_callbacks_in_a_context_of_its_own(way: str) -> None:
    variable: ContextVar[str] = ContextVar("variable", default="unset")

    async def main() -> list[str]:
        variable.set("of the first request")
        mailbox = Mailbox(asyncio.get_running_loop())
        seen: list[str] = []
        done = asyncio.Event()
        mailbox.post(lambda: seen.append(variable.get()))
        mailbox.post(done.set)
        await asyncio.wait_for(done.wait(), 10)
        return seen

    assert asyncio.run(main()) == ["unset"]


@pytest.mark.skipif(not hasattr(os, "eventfd"), reason="this system has no eventfd")
@pytest.mark.parametrize("ends_first", ["loop", "mailbox", "mailbox, beside the loop"])
def test_event_of_a_mailbox_is_closed_with_it(ends_first: str) -> None:
    held: list[Mailbox] = []

    async def main() -> int:
        loop: Any = asyncio.get_running_loop()
        own = len(loop._selector.get_map())
        held.append(Mailbox(loop))
        descriptor: int = held[0]._event._descriptor  # type: ignore[union-attr]
        gc.collect()
        os.fstat(descriptor)
        assert len(loop._selector.get_map()) == own + 1
        if ends_first == "mailbox":
            held.clear()
        elif ends_first != "loop":
            await asyncio.to_thread(held.clear)
        for _ in range(3):
            await asyncio.sleep(0)
        assert len(loop._selector.get_map()) == own + (ends_first == "loop")
        return descriptor

    descriptor = asyncio.run(main())
    held.clear()
    gc.collect()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_mailbox_that_nobody_holds_delivers_what_was_posted(way: str) -> None:
    async def main() -> None:
        done = asyncio.Event()
        Mailbox(asyncio.get_running_loop()).post(done.set)
        gc.collect()
        await asyncio.wait_for(done.wait(), 10)

    asyncio.run(main())


@pytest.mark.skipif(not hasattr(os, "eventfd"), reason="this system has no eventfd")
def test_mailbox_without_a_free_descriptor_wakes_its_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(os, "eventfd", refuse)

    async def main() -> None:
        mailbox = Mailbox(asyncio.get_running_loop())
        done = asyncio.Event()
        mailbox.post(done.set)
        await asyncio.wait_for(done.wait(), 10)

    asyncio.run(main())
