"""Fork safety: a child process leaves its parent's event loops alone."""

from __future__ import annotations

import asyncio
import contextlib
import os

from .elsewhere import forget_helpers
from .executors import CountingThreads, executors_by_loop
from .loop import forget_loops


def let_go_of_loops() -> None:
    """Forget the parent's loops after a fork, so that closing them does not reach the parent's.

    Both processes share the epoll objects: unregistering in one affects the other.
    """
    forget_helpers()
    loops = forget_loops()
    with open(os.devnull) as nothing:
        for loop in loops:
            fileno = getattr(getattr(loop, "_selector", None), "fileno", None)
            if fileno is not None:
                with contextlib.suppress(OSError, ValueError):
                    os.dup2(nothing.fileno(), fileno(), inheritable=False)
            # The threads of the old one are not here, and its locks may be held by them.
            loop.set_default_executor(CountingThreads(1))
            executors = executors_by_loop() or {}
            executors.pop(loop, None)
            if not loop.is_running():
                loop.close()
    _inherited.extend(loops)


_inherited: list[asyncio.AbstractEventLoop] = []
"""The parent's loops, kept because garbage collection would close them."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=let_go_of_loops)
