"""Lossless JSON for the values that sessions hold.

A value that JSON has no type for is written as an object with one key, its tag:
``{" t": [1, 2]}`` is a tuple. Signed session cookies contain this format.
"""

from __future__ import annotations

import typing as t
from base64 import b64decode, b64encode
from datetime import datetime
from uuid import UUID

from markupsafe import Markup
from werkzeug.http import http_date, parse_date

from ..json import dumps, loads


class JSONTag:
    """Conversion of one type to JSON and back; subclass it for a new type."""

    __slots__ = ("serializer",)

    key: str = ""
    """The tag in the JSON text. Without a key, values are converted but not tagged."""

    def __init__(self, serializer: TaggedJSONSerializer) -> None:
        self.serializer = serializer

    def check(self, value: t.Any) -> bool:
        """Return whether the tag applies to this value."""
        raise NotImplementedError(f"{type(self).__name__} must implement 'check'")

    def to_json(self, value: t.Any) -> t.Any:
        """Convert the value to types that JSON has, without the tag."""
        raise NotImplementedError(f"{type(self).__name__} must implement 'to_json'")

    def to_python(self, value: t.Any) -> t.Any:
        """Convert the result of :meth:`to_json` back."""
        raise NotImplementedError(f"{type(self).__name__} must implement 'to_python'")

    def tag(self, value: t.Any) -> dict[str, t.Any]:
        """Return the value as JSON types under the tag's key."""
        return {self.key: self.to_json(value)}


class TagDict(JSONTag):
    """A dict whose only key looks like a tag; two underscores are appended to the key."""

    __slots__ = ()
    key = " di"

    def check(self, value: t.Any) -> bool:
        if not isinstance(value, dict) or len(value) != 1:
            return False
        return next(iter(value)) in self.serializer.tags

    def to_json(self, value: t.Any) -> t.Any:
        ((only, inner),) = value.items()
        return {only + "__": self.serializer.tag(inner)}

    def to_python(self, value: t.Any) -> t.Any:
        ((only, inner),) = value.items()
        return {only.removesuffix("__"): inner}


class PassDict(JSONTag):
    """Any other dict; only its values are tagged."""

    __slots__ = ()

    def check(self, value: t.Any) -> bool:
        return isinstance(value, dict)

    def to_json(self, value: t.Any) -> t.Any:
        tag = self.serializer.tag
        return {key: tag(inner) for key, inner in value.items()}

    tag = to_json


class TagTuple(JSONTag):
    __slots__ = ()
    key = " t"

    def check(self, value: t.Any) -> bool:
        return isinstance(value, tuple)

    def to_json(self, value: t.Any) -> t.Any:
        return list(map(self.serializer.tag, value))

    def to_python(self, value: t.Any) -> t.Any:
        return tuple(value)


class PassList(JSONTag):
    """A list; only its items are tagged."""

    __slots__ = ()

    def check(self, value: t.Any) -> bool:
        return isinstance(value, list)

    def to_json(self, value: t.Any) -> t.Any:
        return list(map(self.serializer.tag, value))

    tag = to_json


class TagBytes(JSONTag):
    __slots__ = ()
    key = " b"

    def check(self, value: t.Any) -> bool:
        return isinstance(value, bytes)

    def to_json(self, value: t.Any) -> t.Any:
        return str(b64encode(value), "ascii")

    def to_python(self, value: t.Any) -> t.Any:
        return b64decode(value)


class TagMarkup(JSONTag):
    """An object with ``__html__``; it is read back as :class:`markupsafe.Markup`."""

    __slots__ = ()
    key = " m"

    def check(self, value: t.Any) -> bool:
        return callable(getattr(value, "__html__", None))

    def to_json(self, value: t.Any) -> t.Any:
        return str(value.__html__())

    def to_python(self, value: t.Any) -> t.Any:
        # It was escaped before it was signed.
        return Markup(value)  # nosec B704


class TagUUID(JSONTag):
    __slots__ = ()
    key = " u"

    def check(self, value: t.Any) -> bool:
        return isinstance(value, UUID)

    def to_json(self, value: t.Any) -> t.Any:
        return value.hex

    def to_python(self, value: t.Any) -> t.Any:
        return UUID(value)


class TagDateTime(JSONTag):
    """A datetime as an HTTP date, with a precision of one second; it is read back in UTC."""

    __slots__ = ()
    key = " d"

    def check(self, value: t.Any) -> bool:
        return isinstance(value, datetime)

    def to_json(self, value: t.Any) -> t.Any:
        return http_date(value)

    def to_python(self, value: t.Any) -> t.Any:
        return parse_date(value)


class TaggedJSONSerializer:
    """Serializer of sessions: JSON with tags for further types.

    Besides JSON's types it handles tuples, bytes, ``Markup``, ``UUID``, ``datetime``, and dicts
    that look like tags. Add more types with :meth:`register`.
    """

    __slots__ = ("_defaults", "order", "tags")

    default_tags: t.ClassVar[list[type[JSONTag]]] = [
        TagDict,
        PassDict,
        TagTuple,
        PassList,
        TagBytes,
        TagMarkup,
        TagUUID,
        TagDateTime,
    ]
    """Tag classes that are registered on creation, in this order."""

    tags: dict[str, JSONTag]
    """Tags by key."""

    order: list[JSONTag]
    """All tags; the first one whose ``check`` returns true is used."""

    def __init__(self) -> None:
        self.tags = {}
        self.order = []
        for tag_class in self.default_tags:
            self.register(tag_class)
        standard = type(self).default_tags is TaggedJSONSerializer.default_tags
        self._defaults = self.order.copy() if standard else None

    def register(
        self,
        tag_class: type[JSONTag],
        force: bool = False,
        index: int | None = None,
    ) -> None:
        """Add a tag.

        :param force: replace a tag that has the same key.
        :param index: position in :attr:`order`, by default the end. It must come before a tag that
            would also accept the value, for example for a subclass of dict.
        :raises KeyError: if the key is taken and ``force`` is not set.
        """
        tag = tag_class(self)
        if tag.key:
            if tag.key in self.tags and not force:
                raise KeyError(f"the tag key {tag.key!r} is taken; 'force' replaces its tag")
            self.tags[tag.key] = tag
        self.order.insert(len(self.order) if index is None else index, tag)

    def tag(self, value: t.Any) -> t.Any:
        """Convert a value to JSON types, with tags if needed."""
        for tag in self.order:
            if tag.check(value):
                return tag.tag(value)
        return value

    def untag(self, value: dict[str, t.Any]) -> t.Any:
        """Convert a tagged object back to its value; return any other object unchanged."""
        if len(value) == 1:
            ((key, inner),) = value.items()
            if key in self.tags:
                return self.tags[key].to_python(inner)
        return value

    def _untag_inside_out(self, value: t.Any) -> t.Any:
        # PERF: a call for each of the plain values would take longer than reading the text; and
        # most sessions hold nothing else.
        if isinstance(value, dict):
            if not _PLAIN.issuperset(map(type, value.values())):
                value = {
                    k: v if type(v) in _PLAIN else self._untag_inside_out(v)
                    for k, v in value.items()
                }
            return self.untag(value)
        if isinstance(value, list):
            return [v if type(v) in _PLAIN else self._untag_inside_out(v) for v in value]
        return value

    def _tag_usual(self, value: t.Any) -> t.Any:
        """Equal to :meth:`tag` as long as only the default tags are registered."""
        # PERF: sessions mostly hold these types, which the default tags leave as they are;
        # asking each of them in turn would take longer than writing the text.
        kind = type(value)
        if kind in _PLAIN:
            return value
        if kind is dict and (len(value) != 1 or self.tags.keys().isdisjoint(value)):
            if _PLAIN.issuperset(map(type, value.values())):
                return value
            return {k: v if type(v) in _PLAIN else self._tag_usual(v) for k, v in value.items()}
        if kind is list:
            return [self._tag_usual(v) for v in value]
        return self.tag(value)

    def dumps(self, value: t.Any) -> str:
        """Return the value as compact tagged JSON text."""
        usual = self.order == self._defaults and type(self).tag is _TAG
        tagged = self._tag_usual(value) if usual else self.tag(value)
        return dumps(tagged, separators=(",", ":"))

    def loads(self, value: str) -> t.Any:
        """Parse the text that :meth:`dumps` returned."""
        return self._untag_inside_out(loads(value))


_PLAIN = frozenset({str, int, float, bool, type(None)})
_TAG = TaggedJSONSerializer.tag
