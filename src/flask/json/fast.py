"""JSON with orjson, several times as fast; needs the ``fast`` extra.

.. code-block:: python

    app.config["JSON_PROVIDER"] = "fast"

Set it before ``app.json`` is first used, or assign ``app.json = FastJSONProvider(app)``.
"""

from __future__ import annotations

import typing as t

try:
    import orjson
except ImportError as error:
    raise ImportError(
        "The fast JSON provider needs orjson, which is not installed: install 'flask[fast]', or"
        " leave 'JSON_PROVIDER' out of the configuration.",
        name="orjson",
    ) from error

from .provider import DefaultJSONProvider


class FastJSONProvider(DefaultJSONProvider):
    """Provider that uses :mod:`orjson`, several times as fast as the default provider.

    It writes the same types in the same way, with these differences:

    - text outside of ASCII is UTF-8 instead of escapes, unless :attr:`ensure_ascii` is set, which
      leaves the writing to the standard library;
    - ``NaN`` and the infinities are ``null``, as JSON has no such numbers, and reading refuses
      them;
    - keys that are not text are sorted as their text, also where the types differ, for which the
      default provider raises :exc:`TypeError`;
    - repeated keys and nesting depth in parsed text follow orjson's rules.

    Calls with keyword arguments, those of :func:`json.dumps` and :func:`json.loads`, use the
    standard library.
    """

    ensure_ascii = False

    def dumps(self, obj: t.Any, **kwargs: t.Any) -> str:
        """Return data as JSON text, without white space."""
        if kwargs or self.ensure_ascii:
            return super().dumps(obj, **kwargs)
        return self._dump_bytes(obj).decode()

    def loads(self, s: str | bytes, **kwargs: t.Any) -> t.Any:
        """Return the data of JSON text.

        :raises ValueError: if it is not JSON (:exc:`json.JSONDecodeError`) or not UTF-8.
        """
        return super().loads(s, **kwargs) if kwargs else orjson.loads(s)

    def body(self, obj: t.Any) -> bytes:
        if self.ensure_ascii or not self.writes_compact():
            return super().body(obj)
        return self._dump_bytes(obj) + b"\n"

    def _dump_bytes(self, obj: t.Any) -> bytes:
        option = orjson.OPT_NON_STR_KEYS
        option |= orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
        if self.sort_keys:
            option |= orjson.OPT_SORT_KEYS
        try:
            return orjson.dumps(obj, self.default, option)
        except orjson.JSONEncodeError:
            # An integer of more than 64 bits, text that is not UTF-8, or what nobody can write.
            return super().dumps(obj, separators=(",", ":")).encode("utf-8", "surrogatepass")
