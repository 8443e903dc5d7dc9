"""Response headers: Werkzeug's class with faster constructor and writes."""

from __future__ import annotations

import typing as t
from functools import lru_cache

from werkzeug.datastructures import Headers as HeadersBase
from werkzeug.http import is_entity_header
from werkzeug.utils import get_content_type

from .pristine import Unpatched, pristine


class Headers(HeadersBase):
    """A faster subclass of Werkzeug's headers, equal to one with the same content."""

    if not t.TYPE_CHECKING:  # the base class says what is returned for which arguments

        def get(self, key: t.Any, default: t.Any = None, type: t.Any = None) -> t.Any:
            """Return a header's value, or the default."""
            # PERF: for a header that is not there, the base class makes an exception of three
            # classes and drops it; it is the slow twin.
            if type is None and key.__class__ is str and _lookups_unpatched.holds():
                sought = key.lower()
                for name, value in self._list:
                    if name.lower() == sought:
                        return value
                return default
            return super().get(key, default, type)

        def __contains__(self, key: t.Any) -> bool:
            if key.__class__ is str and _lookups_unpatched.holds():
                return self.get(key, _absent) is not _absent
            return super().__contains__(key)

    def __setitem__(self, key: t.Any, value: t.Any) -> None:
        # PERF: most hooks after the view set a header that is not there yet. The base class
        # takes four calls and a regular expression to come to the same; it is the slow twin.
        if type(key) is str and type(value) is str and value.isprintable():
            sought = key.lower()
            for name, _ in self._list:
                if name.lower() == sought:
                    break
            else:
                self._list.append((key, value))
                return
        super().__setitem__(key, value)

    def __eq__(self, other: object) -> bool:
        if type(other) is HeadersBase:  # which is only equal to its own class
            other = make_headers(other)
        return super().__eq__(other)

    __hash__ = None

    def __reduce__(self) -> tuple[t.Any, ...]:
        # Whoever unpickles it, from a cache for example, may have Werkzeug alone.
        return HeadersBase, (list(self._list),)


_absent = object()
_LOOKUPS = {name: pristine(HeadersBase, name) for name in ("__contains__", "_get_key", "get")}
_lookups_unpatched = Unpatched(
    lambda: all(getattr(HeadersBase, name) is found for name, found in _LOOKUPS.items()),
    HeadersBase,
)


def make_headers(pairs: t.Iterable[tuple[str, str]]) -> Headers:
    """Return headers from names and values that need no checks."""
    # PERF: the constructor takes any form of headers and checks each value.
    headers = Headers.__new__(Headers)
    headers._list = list(pairs)
    return headers


_content_types: dict[str, str] = {}


def full_content_type(mimetype: str) -> str:
    """Return the content type of a mimetype, with a charset for text."""
    full = _content_types.get(mimetype)
    if full is None:
        full = get_content_type(mimetype, "utf-8")
        if not full.isprintable():
            raise ValueError(f"The mimetype {mimetype!r} is no header value.")
        if len(_content_types) < 256:
            _content_types[mimetype] = full
    return full


@lru_cache(maxsize=256)
def is_removed_from_304(name: str) -> bool:
    """Return whether a header describes a body and must not be in a 304 response."""
    return is_entity_header(name) and name.lower() not in {"expires", "content-location"}
