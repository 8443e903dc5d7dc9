"""Invalidation of compiled programs when a registry, an attribute or a class changes.

Registries and the application's attributes notify: a write to one invalidates the
:class:`Revision` of every application compiled from it. Classes can't notify, because a metaclass
would conflict with users' metaclasses. :class:`ClassGuard` checks them at each use.
"""

from __future__ import annotations

import itertools
import threading
import typing as t
import weakref
from operator import attrgetter

from ..http.pristine import IS_UNCHANGED

T = t.TypeVar("T")

Observer = t.Callable[[], "Revision | None"]


class Revision:
    """Count of the changes to an application's declarations, with its current program."""

    __slots__ = ("__weakref__", "_lock", "number", "program")

    number: int
    """Number that increases with each change."""

    program: t.Any
    """The program compiled from this revision, or ``None`` if there is none yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.number = 0
        self.program = None

    def invalidate(self) -> None:
        """Record a change: earlier programs must not handle further requests."""
        with self._lock:
            self.number += 1
            self.program = None

    def publish(self, number: int, program: t.Any) -> bool:
        """Set the current program, unless something changed since ``number`` was read."""
        with self._lock:
            if self.number != number:
                return False
            self.program = program
            return True


class NoRevision(Revision):
    """The revision of an application that has not been compiled: nothing depends on it."""

    __slots__ = ()

    def invalidate(self) -> None:
        pass


NO_REVISION = NoRevision()


_observers_lock = threading.Lock()


class Observable:
    """Mixin for a container that notifies the revisions that were compiled from it."""

    _observers: tuple[Observer, ...] = ()

    def _observe(self, revision: Revision) -> None:
        """Invalidate a revision on each further change."""
        with _observers_lock:
            # PERF: most containers belong to one application, and are new to its first revision.
            if not self._observers:
                self._observers = (weakref.ref(revision),)
                return
            known = [observer for observer in self._observers if observer() is not None]
            if all(observer() is not revision for observer in known):
                known.append(weakref.ref(revision))
            self._observers = tuple(known)

    def _changed(self) -> None:
        for observer in self._observers:
            revision = observer()
            if revision is not None:
                revision.invalidate()


def freeze(container: t.Any) -> t.Any:
    """Return a plain copy of nested dicts and lists, to compare them with later."""
    if isinstance(container, dict):
        return {key: freeze(value) for key, value in list(container.items())}
    return (
        [freeze(value) for value in list(container)] if isinstance(container, list) else container
    )


def keep_methods_in_base(cls: type[T]) -> type[T]:
    """Return a subclass with the same name and an empty namespace.

    Users subclass and patch the subclass. A replaced method adds a name to its namespace, which
    :class:`ClassGuard` notices by counting.
    """
    members: dict[str, t.Any] = {
        "__doc__": cls.__doc__,
        "__module__": cls.__module__,
        "__qualname__": cls.__qualname__,
    }
    if not any("__slots__" in vars(base) for base in cls.__mro__):
        members["__slotnames__"] = []  # which copying an instance would add
    metaclass: t.Any = type(cls)
    return t.cast("type[T]", metaclass(cls.__name__, (cls,), members))


class ClassWatch:
    """A cheap check that no attribute of some classes or their bases was set.

    CPython marks a class when something is looked up on it, and takes the mark from it and from
    all its subclasses when an attribute of it is set or deleted.  Nobody looks anything up on
    the class that is made here, below those that are watched, so its mark stays gone until
    :meth:`look` sets it again.  An interpreter that does not set the mark, such as CPython 3.13,
    tells of a write each time.
    """

    generation = 0
    """Grows when a write was noticed.  What was known of the classes in this generation is still
    true as long as :attr:`canary` has the mark.
    """

    canary: t.Any
    """The class with the mark."""

    def __init__(self, *classes: type) -> None:
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._classes: tuple[type, ...] = ()
        self.watch(*classes)

    def watch(self, *classes: type) -> None:
        """Watch more classes; to be called before anything relies on the mark."""
        others = [cls for cls in self._classes if not any(issubclass(c, cls) for c in classes)]
        self._classes = (*classes, *others)
        self.canary = type("Unpatched", self._classes, {})
        self._namespaces = [vars(cls) for cls in self.canary.__mro__[1:-1]]

    def look(self) -> int:
        """Return the generation of what is found out about the classes from here on."""
        if not self.canary.__flags__ & IS_UNCHANGED:
            if not self._lock.acquire(blocking=False):
                # Another thread, or the parent of this process, is about it.
                return next(self._numbers)  # which nobody takes for the current one
            try:
                # In this order: the new mark says nothing of earlier generations.
                self.generation = next(self._numbers)
                getattr(self.canary, "__init__", None)
            finally:
                self._lock.release()
        return self.generation

    def size(self) -> int:
        """Return how many names the classes have together."""
        return sum(map(len, self._namespaces))


class ClassGuard:
    """Check that attributes which a program relies on are not replaced on a class or its bases.

    :param cls: the class in use, for example a user's subclass.
    :param names: the attributes that matter.
    :param empty: public classes that keep their methods in a base class of their own.

    PERF: looking up an attribute of a class takes 10 ns, and a request relies on dozens.  So the
    classes that users patch have nothing in their own namespace; a replaced method is one
    name more there, and counting is enough for as long as nobody replaced anything.
    """

    __slots__ = ("_kept", "_read", "_values", "mro", "sizes")

    mro: tuple[type, ...]

    sizes: list[tuple[t.Mapping[str, t.Any], int]]
    """The namespaces of the class, and of its bases up to an empty one, with their sizes."""

    def __init__(self, cls: type, names: t.Iterable[str], empty: t.Container[type] = ()) -> None:
        self.mro = cls.__mro__
        own = _up_to(self.mro, empty)
        self.sizes = [(vars(base), len(vars(base))) for base in own]
        self._keep(
            {
                name: getattr(cls, name)
                for name in names
                if hasattr(cls, name) and (not own or any(name in vars(base) for base in own))
            }
        )

    def _keep(self, attributes: dict[str, t.Any]) -> None:
        self._kept = attributes
        self._read = attrgetter(*attributes) if attributes else None
        values = tuple(attributes.values())
        self._values = values[0] if len(values) == 1 else values

    def forget(self, names: t.Container[str]) -> None:
        """Leave out attributes that turned out not to matter."""
        self._keep({name: value for name, value in self._kept.items() if name not in names})

    @property
    def reads_values(self) -> bool:
        """True if counting names is not enough."""
        return self._read is not None

    def holds(self, cls: type) -> bool:
        """Return whether a class has the same attributes, given that :attr:`mro` and :attr:`sizes`
        are as they were.
        """
        return self._read is None or self._read(cls) == self._values


def _up_to(mro: tuple[type, ...], empty: t.Container[type]) -> tuple[type, ...]:
    """Return the classes up to the first that keeps its methods in a base, if there is one."""
    for depth, base in enumerate(mro):
        if base in empty:
            return mro[: depth + 1]
    return ()
