"""Worker threads for sync code behind an event loop: one hop per request.

A request is one job.  It reaches a thread through a queue that costs a tenth of an executor's
future, and what the thread has for the loop comes back through a :class:`Mailbox`, which wakes the
loop once for many messages.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import typing as t
import weakref
from asyncio import SelectorEventLoop
from collections import deque
from contextlib import suppress
from contextvars import Context

from ..asynchronous.gevent import start_thread, threads_are_greenlets

if t.TYPE_CHECKING:
    from asyncio import AbstractEventLoop

Job = t.Callable[[], object]


class _Event:
    """A file descriptor of which an asyncio loop notices that it is written to, for a mailbox.

    It is closed when neither the loop nor the mailbox has it any more.
    """

    __slots__ = ("_descriptor", "_ringing")

    def __init__(self, loop: SelectorEventLoop, context: Context) -> None:
        self._ringing: Mailbox | None = None
        self._descriptor = -1
        self._descriptor = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        context.run(loop.add_reader, self._descriptor, self._read)

    def __del__(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)

    def ring(self, mailbox: Mailbox) -> None:
        """Have the loop empty a mailbox."""
        self._ringing = mailbox
        os.eventfd_write(self._descriptor, 1)

    def _read(self) -> None:
        with suppress(BlockingIOError):
            os.eventfd_read(self._descriptor)
        mailbox, self._ringing = self._ringing, None
        if mailbox is not None:
            mailbox._deliver()

    def forget(self, loop: SelectorEventLoop) -> None:
        """Have the loop look at it no more; in any thread."""
        if loop.is_running():
            with suppress(RuntimeError):  # the loop was closed
                loop.call_soon_threadsafe(loop.remove_reader, self._descriptor)
        elif not loop.is_closed():
            loop.remove_reader(self._descriptor)


class Mailbox:
    """Runs callbacks on an event loop at the request of other threads."""

    __slots__ = ("__weakref__", "_context", "_event", "_is_scheduled", "_posted", "loop")

    def __init__(self, loop: AbstractEventLoop) -> None:
        self.loop = loop
        # Not that of the request that posts: a server that goes on to read a connection in it would
        # handle the connection's later requests in it too.
        self._context = Context()
        self._posted: deque[Job] = deque()
        self._is_scheduled = False
        self._event = self._open_event()

    def _open_event(self) -> _Event | None:
        # PERF: asyncio's own way takes four system calls to wake the loop, this one two. The loops
        # of other packages have ways of their own.
        loop = self.loop
        if not hasattr(os, "eventfd") or not isinstance(loop, SelectorEventLoop):
            return None
        if threads_are_greenlets():
            return None
        try:
            event = _Event(loop, self._context)
        except OSError:  # the process has no more descriptors
            return None
        weakref.finalize(self, event.forget, loop).atexit = False
        return event

    def post(self, callback: Job) -> None:
        """Have the loop call a function soon; once the loop is closed, nothing happens.

        Callbacks run in the order in which they were posted, and must not raise.
        """
        self._posted.append(callback)
        # PERF: waking the loop is a system call. Those who post before it has woken up share it.
        # Two threads may both find the flag unset; the second wake-up finds nothing to do.
        if not self._is_scheduled:
            self._is_scheduled = True
            if self._event is None:
                self._schedule()
            elif self.loop.is_closed():
                self._posted.clear()
            else:
                self._event.ring(self)

    def _schedule(self) -> None:
        try:
            self.loop.call_soon_threadsafe(self._deliver, context=self._context)
        except RuntimeError:  # the loop is closed: whoever waited on it is gone
            self._posted.clear()

    def _deliver(self) -> None:
        self._is_scheduled = False  # before the first look, so that no later post is missed
        take = self._posted.popleft
        try:
            while True:
                take()()
        except IndexError:
            pass


class WorkerPool:
    """Threads that take jobs from one queue; first come, first served.

    A thread is started when a job finds none idle, up to a limit, and stays until the pool is
    closed.  Threads are daemons: one that never returns doesn't keep the process from ending.

    :param most: the limit, a number of threads.
    :param name: what the threads' names begin with.
    """

    def __init__(self, most: int, name: str = "flask-worker") -> None:
        if most < 1:
            raise ValueError(f"A worker pool needs at least one thread, not {most}.")
        self._most, self._name = most, name
        self._begin()
        _pools.add(self)

    def _begin(self) -> None:
        self._crew = _Crew(self._most, self._name)

    @property
    def waiting(self) -> int:
        """Number of jobs that no thread has taken yet."""
        return len(self._crew.jobs)

    @property
    def threads(self) -> int:
        """Number of threads."""
        return len(self._crew.threads)

    def submit(self, job: Job) -> None:
        """Have a thread call a function.

        :raises RuntimeError: if the pool is closed.
        """
        crew = self._crew
        if crew.is_closed:
            raise RuntimeError("The worker pool is closed and takes no more jobs.")
        crew.jobs.append(job)
        if not crew.is_waking:
            crew.call_one()

    def expect_thread(self) -> None:
        """Announce that the calling job is about to end, so that the next job waits for its
        thread instead of waking another one.
        """
        # PERF: what a job hands to the loop may bring the next job before the thread is idle.
        # Requests one after another would take turns in several threads, with cold caches.
        crew = self._crew
        if not crew.is_waking:
            crew.is_waking = crew.is_ending = True

    def close(self, timeout: float | None = None) -> bool:
        """Take no more jobs, let those taken finish, and end the threads.

        :param timeout: how long to wait for that, in seconds; ``None`` doesn't wait.
        :returns: whether all threads have ended.
        """
        threads = self._crew.dismiss()
        deadline = time.monotonic() + (timeout or 0)
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(max(0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in threads)


class _Crew:
    """The threads of a pool, and the jobs that wait for them.

    Threads hold it instead of the pool, which may be collected while they wait.
    """

    # PERF: not a queue.SimpleQueue, from which all threads wait in turn: the thread that became
    # idle last is the one whose memory is still in the processor's caches. And one thread is
    # awakened at a time, which awakens the next if there is more to do: threads that are awake
    # compete for the interpreter, while the first one may have done all jobs already.

    def __init__(self, most: int, name: str) -> None:
        self.most, self.name = most, name
        self.jobs: deque[Job | None] = deque()
        self.idle: list[threading.Lock] = []
        self.is_waking = False
        """True if a thread is about to look for jobs."""
        self.is_ending = False
        """True if that thread is about to end its job."""
        self.is_closed = False
        self.threads: list[threading.Thread] = []
        self._lock = threading.Lock()

    def call_one(self) -> None:
        """Awaken a thread, or start one if none is idle and there may be more."""
        try:
            bell = self.idle.pop()
        except IndexError:
            if len(self.threads) < self.most:
                self._start_thread()
        else:
            self.is_waking = True
            bell.release()

    def _start_thread(self) -> None:
        with self._lock:
            number = len(self.threads) + 1
            if number > self.most or self.is_closed:
                return
            name = f"{self.name}-{number}"
            thread = threading.Thread(target=self._work, name=name, daemon=True)
            try:
                self.is_waking = True
                start_thread(thread)
            except RuntimeError:  # the system has no more threads to give
                self.is_waking = False
                if not self.threads:
                    raise
            else:
                self.threads.append(thread)

    def dismiss(self) -> list[threading.Thread]:
        """Have the threads end after the jobs that are there."""
        with self._lock:
            threads = [] if self.is_closed else list(self.threads)
            self.is_closed = True
            self.jobs.extend([None] * len(threads))
        while self.idle:
            self.call_one()
        return threads

    def _work(self) -> None:
        jobs, idle = self.jobs, self.idle
        bell = threading.Lock()
        bell.acquire()
        self.is_waking = False
        while True:
            try:
                job = jobs.popleft()
            except IndexError:
                self._wait_for_job(bell)
                continue
            if jobs and not self.is_waking and (idle or len(self.threads) < self.most):
                self.call_one()
            if job is None:
                return
            try:
                job()
            except BaseException:
                # Jobs hand their errors to the loop. One that fails must not end the thread.
                sys.excepthook(*t.cast(t.Any, sys.exc_info()))
            finally:
                del job  # holds the request while the thread waits for the next
                if self.is_ending:  # before the look at the jobs, as in '_wait_for_job'
                    self.is_ending = self.is_waking = False

    def _wait_for_job(self, bell: threading.Lock) -> None:
        self.idle.append(bell)
        if self.jobs:  # it may have come before the bell could be rung
            try:
                self.idle.remove(bell)
            except ValueError:
                pass  # the bell is being rung
            else:
                return
        bell.acquire()
        # Before the look at the jobs: whoever saw this set has left a job to this thread.
        self.is_waking = False


class PinnedThread:
    """One thread that runs jobs in their order, for code that must stay in one thread."""

    def __init__(self, name: str = "flask-pinned") -> None:
        self._pool = WorkerPool(1, name)
        self.submit = self._pool.submit
        self.close = self._pool.close


_pools: weakref.WeakSet[WorkerPool] = weakref.WeakSet()


def _begin_anew() -> None:
    """Forget the parent's threads after a fork: they don't exist in the child."""
    for pool in list(_pools):
        pool._begin()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)
