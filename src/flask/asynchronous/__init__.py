"""Coroutine functions called from sync code, on an event loop that stays with the thread.

A call runs as a task of the thread's own loop. Where a loop is running already, or where gevent
has replaced threads by greenlets, all of which see the one loop that runs in their thread, the
call runs in another thread and the caller waits for it.
"""

from __future__ import annotations

from . import fork as fork
from .call import call as call
from .call import to_sync as to_sync
