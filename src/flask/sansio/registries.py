"""Registries: dicts and lists that notify observers of writes.

They are plain, public and mutable. An application is compiled on its first request and observes
the registries that it was compiled from; a write to one makes it compile again.
"""

from __future__ import annotations

import typing as t
from collections import defaultdict
from copy import deepcopy
from functools import wraps

from ..pipeline.invalidation import Observable, Revision

C = t.TypeVar("C", bound=type)
K = t.TypeVar("K")
V = t.TypeVar("V")
D = t.TypeVar("D", bound="dict[t.Any, t.Any]")


def _notifying(name: str, base: type) -> t.Callable[..., t.Any]:
    original = getattr(base, name)

    @wraps(original)
    def write(self: t.Any, *args: t.Any, **kwargs: t.Any) -> t.Any:
        try:
            return original(self, *args, **kwargs)
        finally:
            self._changed()

    return write


def _watching(base: type, *names: str) -> t.Callable[[C], C]:
    """Make each named method of a container class notify the observers."""

    def decorate(cls: C) -> C:
        for name in names:
            setattr(cls, name, _notifying(name, base))
        return cls

    return decorate


_DICT_WRITES = (
    "__setitem__",
    "__delitem__",
    "__ior__",
    "clear",
    "pop",
    "popitem",
    "setdefault",
    "update",
)


@_watching(dict, *_DICT_WRITES)
class WatchedDict(Observable, dict[K, V]):
    """A dict that notifies its observers of writes."""

    def __copy__(self) -> WatchedDict[K, V]:
        return type(self)(self)

    def __deepcopy__(self, memo: dict[int, t.Any]) -> WatchedDict[K, V]:
        return _deepcopy_items(self, type(self)(), memo)

    def __reduce__(self) -> t.Any:
        return dict, (dict(self),)


@_watching(defaultdict, *_DICT_WRITES, "__missing__")
class WatchedDefaultDict(Observable, defaultdict[K, V]):
    """A ``defaultdict`` that notifies its observers of writes."""

    def __deepcopy__(self, memo: dict[int, t.Any]) -> WatchedDefaultDict[K, V]:
        return _deepcopy_items(self, type(self)(self.default_factory), memo)

    def __reduce__(self) -> t.Any:
        return dict, (dict(self),)


@_watching(
    list,
    "__setitem__",
    "__delitem__",
    "__iadd__",
    "__imul__",
    "append",
    "clear",
    "extend",
    "insert",
    "pop",
    "remove",
    "reverse",
    "sort",
)
class WatchedList(Observable, list[V]):
    """A list that notifies its observers of writes."""

    def __copy__(self) -> WatchedList[V]:
        return type(self)(self)

    def __deepcopy__(self, memo: dict[int, t.Any]) -> WatchedList[V]:
        copied = memo[id(self)] = type(self)()
        list.extend(copied, (deepcopy(value, memo) for value in self))
        return copied

    def __reduce__(self) -> t.Any:
        return list, (list(self),)


def lists_by_name() -> WatchedDefaultDict[t.Any, t.Any]:
    """Return an empty registry of lists."""
    return WatchedDefaultDict(WatchedList)


def _deepcopy_items(source: dict[t.Any, t.Any], copied: D, memo: dict[int, t.Any]) -> D:
    memo[id(source)] = copied
    for key, value in source.items():
        dict.__setitem__(copied, deepcopy(key, memo), deepcopy(value, memo))
    return copied


def observe(registry: object, revision: Revision) -> bool:
    """Notify a revision of writes to a registry and to the containers inside it.

    :returns: false if a plain dict or list is among them, which can't notify.
    """
    if not isinstance(registry, (WatchedDict, WatchedDefaultDict, WatchedList)):
        return False
    registry._observe(revision)
    if not registry:
        return True
    inside: t.Iterable[t.Any] = list(registry.values() if isinstance(registry, dict) else registry)
    # Each is to be observed, though one before it can't be.
    observed = [observe(c, revision) for c in inside if isinstance(c, (dict, list))]
    return all(observed)
