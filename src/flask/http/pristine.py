"""Methods of other libraries as those libraries wrote them.

A fast path stands in for such a method only as long as nobody has replaced it.  Agents replace
methods while modules are imported, so what is found at import is looked at, too.
"""

from __future__ import annotations

import sys
import threading
import typing as t
from types import FunctionType


class Replaced:
    """Stands for a method that was replaced before it could be noted; identical to no method."""


def pristine(owner: type, name: str) -> t.Any:
    """Return a class's function or property if it is the one that the class's library wrote.

    Compare it with what the class has when a fast path is about to be taken.  One that was
    already replaced gives an object that no comparison by identity holds for.  Of a class method
    the function is returned.
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
        """Whether the comparison holds for the classes as they are."""
        return self.held if self.canary.__flags__ & IS_UNCHANGED else self._look()

    def _look(self) -> bool:
        # Another thread, or the parent of this process, may be about it: then nothing is sure.
        if not self._lock.acquire(blocking=False):
            return self._compare()
        try:
            getattr(self.canary, "__init__", None)  # first, so that a write from here on is noticed
            self.held = held = self._compare()
            return held
        finally:
            self._lock.release()


IS_UNCHANGED = 1 << 19
"""``Py_TPFLAGS_VALID_VERSION_TAG``, CPython's mark of a class that was not written to."""
