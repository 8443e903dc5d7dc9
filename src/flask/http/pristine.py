"""Checks that methods of other libraries have not been replaced.

A fast path replaces such a method only while the method is unchanged. Agents replace methods while
modules are imported, so methods are checked at import too.
"""

from __future__ import annotations

import sys
import threading
import typing as t
from types import FunctionType


class Replaced:
    """Placeholder for a method that was replaced before import; identical to no method."""


def pristine(owner: type, name: str) -> t.Any:
    """Return a class's function or property if it comes from the class's library.

    Compare it with the class's current attribute before taking a fast path. If it was already
    replaced, the result is identical to no attribute. For a class method, the function is returned.
    """
    for cls in owner.__mro__:
        if name in vars(cls):
            found = vars(cls)[name]
            function = found.fget if isinstance(found, property) else found
            if isinstance(found, classmethod):
                found = function = found.__func__
            is_own = isinstance(function, FunctionType) and (
                function.__globals__ is vars(sys.modules[cls.__module__])
            )
            return found if is_own else Replaced()
    raise AttributeError(f"{owner!r} has no {name!r}")


class Unpatched:
    """Keeps the answer to a question about classes until one of them is written to.

    CPython marks a class as unchanged (``Py_TPFLAGS_VALID_VERSION_TAG``) when something is looked
    up on it, and takes the mark from it and from all its subclasses when an attribute of it is
    set or deleted.  Nobody looks anything up on the class that is made here, below those that are
    watched, so its mark stays gone until this object sets it again.  On an interpreter that does
    not set the mark, such as CPython 3.13, the question is asked each time.

    :param compare: the question; asked again after each write.
    :param watched: the classes; their bases are watched, too.
    """

    # PERF: to see that nothing has changed takes 30 ns; to compare twenty names takes 300.

    def __init__(self, compare: t.Callable[[], bool], *watched: type) -> None:
        self._compare = compare
        self.canary: t.Any = type("Unpatched", watched, {})
        self.held = False
        self._lock = threading.Lock()

    def holds(self) -> bool:
        """Return whether the comparison holds for the classes now."""
        return self.held if self.canary.__flags__ & IS_UNCHANGED else self._look()

    def _look(self) -> bool:
        # Another thread, or the parent of this process, may be about it: then nothing is sure.
        if not self._lock.acquire(blocking=False):
            return self._compare()
        try:
            self.held = False  # for other threads, until it is known
            getattr(self.canary, "__init__", None)  # first, so that a write from here on is noticed
            self.held = held = self._compare()
            return held
        finally:
            self._lock.release()


IS_UNCHANGED = 1 << 19
"""``Py_TPFLAGS_VALID_VERSION_TAG``, CPython's mark of a class that was not written to."""
