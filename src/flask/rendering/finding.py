"""Templates that Jinja's cache has, found without what only a full cache needs."""

from __future__ import annotations

import typing as t
from operator import attrgetter
from weakref import ref

import jinja2
from jinja2.utils import LRUCache

from ..http.pristine import IS_UNCHANGED, Unpatched, pristine

_NAMES = ("get_or_select_template", "get_template", "_load_template", "join_path")
_of_class = attrgetter(*_NAMES)
_pristine_methods = tuple(pristine(jinja2.Environment, name) for name in _NAMES)
_watched: dict[type, Unpatched] = {}


def watch(cls: type) -> None:
    """Watch a class of environments, so that its methods need not be compared each time."""
    _watched[cls] = Unpatched(lambda: _of_class(cls) == _pristine_methods, cls)


def cached_template(environment: jinja2.Environment, name: t.Any) -> jinja2.Template | None:
    """Return a template that the environment has and need not look at again, or ``None``."""
    # PERF: Jinja's cache takes a lock and puts its keys in order; that matters once it is full.
    cache: t.Any = environment.cache
    loader = environment.loader
    attributes = environment.__dict__
    cls = type(environment)
    watched = _watched.get(cls)
    if (
        type(cache) is LRUCache
        and type(name) is str
        and not environment.auto_reload
        and loader is not None
        and len(cache._mapping) < cache.capacity
        and (
            _of_class(cls) == _pristine_methods
            if watched is None
            else (watched.canary.__flags__ & IS_UNCHANGED and watched.held) or watched.holds()
        )
        and "get_or_select_template" not in attributes
        and "get_template" not in attributes
        and "_load_template" not in attributes
        and "join_path" not in attributes
    ):
        template: jinja2.Template | None = cache._mapping.get((ref(loader), name))
        return template
    return None
