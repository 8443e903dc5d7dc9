"""Calls of coroutine functions from sync code, on an event loop that is kept for each thread.

A call runs as a task of the thread's own loop. If a loop is already running in the thread, the call
runs in another thread and the caller waits for it. The same applies under gevent: all greenlets of
a thread would see its one running loop.
"""

from __future__ import annotations

from . import fork as fork
from .call import call as call
from .call import to_sync as to_sync
