"""Generations: how what was declared tells what was compiled from it that it changed.

Registries stay plain, public and mutable.  Each of those below is the ordinary dict,
``defaultdict`` or list, which in addition moves its application's :class:`Generation` when it
is written to.  Whatever was compiled from an older generation is compiled anew on next use.
"""

from __future__ import annotations

import typing as t
import weakref
from abc import ABCMeta
from collections import defaultdict
from functools import wraps

from blinker import ANY, NamedSignal

F = t.TypeVar("F", bound=t.Callable[..., t.Any])
K = t.TypeVar("K")
V = t.TypeVar("V")


class Generation:
    """Counts the writes to one application's declarations and holds what was compiled last."""

    __slots__ = ("__weakref__", "compiled", "number", "paths", "paths_of_url_for")

    number: int
    """Moves with each write."""

    compiled: t.Any
    """What the pipeline compiled from this generation; ``None`` once it is out of date."""

    paths: dict[str, t.Any]
    """The URL builders among it, by endpoint; none once it is out of date."""

    paths_of_url_for: dict[str, t.Any]
    """The same where ``app.url_for`` itself is built in: what it returns may then be had without
    calling it. PERF: both could be read from what was compiled, at two look-ups more for each URL.
    """

    def __init__(self) -> None:
        self.number = 0
        self.hold(None, {}, {})
        _generations.add(self)

    def hold(
        self, compiled: t.Any, paths: dict[str, t.Any], paths_of_url_for: dict[str, t.Any]
    ) -> None:
        self.compiled = compiled
        self.paths = paths
        self.paths_of_url_for = paths_of_url_for

    def move(self) -> None:
        self.number += 1
        self.hold(None, {}, {})

    def __deepcopy__(self, memo: dict[int, t.Any]) -> Generation:
        return Generation()


_generations: weakref.WeakSet[Generation] = weakref.WeakSet()


def move_all() -> None:
    """Move the generation of every application: a class or a signal they share changed."""
    for generation in list(_generations):
        generation.move()


def _moving(name: str, base: type) -> t.Callable[..., t.Any]:
    original = getattr(base, name)

    @wraps(original)
    def write(self: t.Any, *args: t.Any, **kwargs: t.Any) -> t.Any:
        try:
            return original(self, *args, **kwargs)
        finally:
            self.generation.move()

    return write


def _watching(*names: str) -> t.Callable[[type], type]:
    """Have each named method of the class's container base move the generation."""

    def decorate(cls: type) -> type:
        for name in names:
            setattr(cls, name, _moving(name, cls.__mro__[1]))
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


@_watching(*_DICT_WRITES)
class WatchedDict(dict[K, V]):
    """A dict whose writes move a generation."""

    generation: Generation

    def __init__(self, generation: Generation) -> None:
        super().__init__()
        self.generation = generation

    def __reduce__(self) -> t.Any:
        return dict, (dict(self),)


@_watching(*_DICT_WRITES, "__missing__")
class WatchedDefaultDict(defaultdict[K, V]):
    """A ``defaultdict`` whose writes move a generation; its factory makes watched values."""

    generation: Generation

    def __init__(self, generation: Generation, factory: t.Callable[[], V]) -> None:
        super().__init__(factory)
        self.generation = generation

    def __reduce__(self) -> t.Any:
        return dict, (dict(self),)


@_watching(
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
class WatchedList(list[V]):
    """A list whose writes move a generation."""

    generation: Generation

    def __init__(self, generation: Generation) -> None:
        super().__init__()
        self.generation = generation

    def __reduce__(self) -> t.Any:
        return list, (list(self),)


def is_watched(registry: object) -> bool:
    """Whether writes to the container are noticed, in it and in the containers inside it."""
    if isinstance(registry, dict):
        if not isinstance(registry, (WatchedDict, WatchedDefaultDict)):
            return False
        return all(is_watched(v) for v in registry.values() if isinstance(v, (dict, list)))
    return isinstance(registry, WatchedList)


class WatchedType(type):
    """The type of classes whose methods are steps: replacing one moves every generation.

    Agents replace methods on the class itself, before or after applications serve.
    """

    watched_names: frozenset[str]

    def __setattr__(cls, name: str, value: t.Any) -> None:
        super().__setattr__(name, value)
        if name in cls.watched_names:
            move_all()

    def __delattr__(cls, name: str) -> None:
        super().__delattr__(name)
        if name in cls.watched_names:
            move_all()


class WatchedABCType(WatchedType, ABCMeta):
    """The same for classes that abstract classes may be mixed into."""


class WatchedAttributes(metaclass=WatchedABCType):
    """Assigning one of the watched names, on an instance or its class, moves the generation."""

    watched_names: t.ClassVar[frozenset[str]] = frozenset()
    _generation: Generation

    def __setattr__(self, name: str, value: t.Any) -> None:
        super().__setattr__(name, value)
        if name in self.watched_names:
            self._generation.move()

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        if name in self.watched_names:
            self._generation.move()


class WatchedSignal(NamedSignal):
    """A signal that moves every generation when a receiver is connected."""

    def connect(self, receiver: F, sender: t.Any = ANY, weak: bool = True) -> F:
        connected = super().connect(receiver, sender, weak)
        move_all()
        return connected


def watched_signal(name: str) -> NamedSignal:
    """Make a signal that an application sends only where there are receivers."""
    return WatchedSignal(name)
