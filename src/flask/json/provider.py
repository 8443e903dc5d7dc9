"""JSON providers, which encode and decode JSON for an application."""

from __future__ import annotations

import dataclasses
import decimal
import json
import typing as t
import uuid
import weakref
from datetime import date
from json import encoder as _encoder

from werkzeug.http import http_date

from ..diagnostics.serialization import explain_unserializable

if t.TYPE_CHECKING:
    from werkzeug.sansio.response import Response

    from ..sansio.app import App


class JSONProvider:
    """The JSON operations of one application.

    To use another library, implement :meth:`dumps` and :meth:`loads` in a subclass. Set it as
    ``Flask.json_provider_class``, or assign an instance to ``app.json``.
    """

    def __init__(self, app: App) -> None:
        self._app: App = weakref.proxy(app)

    def dumps(self, obj: t.Any, **kwargs: t.Any) -> str:
        """Return data as JSON text.

        :raises NotImplementedError: if the subclass does not say how.
        """
        raise NotImplementedError(f"{type(self).__name__} must implement 'dumps'")

    def dump(self, obj: t.Any, fp: t.IO[str], **kwargs: t.Any) -> None:
        """Write data as JSON to a text file."""
        fp.write(self.dumps(obj, **kwargs))

    def loads(self, s: str | bytes, **kwargs: t.Any) -> t.Any:
        """Return the data that JSON text or UTF-8 bytes describe.

        :raises NotImplementedError: if the subclass does not say how.
        """
        raise NotImplementedError(f"{type(self).__name__} must implement 'loads'")

    def load(self, fp: t.IO[t.AnyStr], **kwargs: t.Any) -> t.Any:
        """Parse a JSON file, text or binary, and return the data."""
        return self.loads(fp.read(), **kwargs)

    def response(self, *args: t.Any, **kwargs: t.Any) -> Response:
        """Return a response with the arguments as JSON; see :func:`flask.json.jsonify`."""
        return self._app.response_class(
            self.dumps(self._prepare_response_obj(args, kwargs)), mimetype="application/json"
        )

    def _prepare_response_obj(self, args: tuple[t.Any, ...], kwargs: dict[str, t.Any]) -> t.Any:
        """Combine ``jsonify``'s arguments into one value.

        :raises TypeError: if there are both positional and keyword arguments.
        """
        if args and kwargs:
            raise TypeError("Data for a JSON response comes by args or kwargs: pass one kind only.")
        if kwargs:
            return kwargs
        if len(args) > 1:
            return args
        return args[0] if args else None


def _default(o: t.Any) -> t.Any:
    """Convert a value that JSON has no type for, or raise :exc:`TypeError`."""
    match o:
        case date():
            return http_date(o)
        case decimal.Decimal() | uuid.UUID():
            return str(o)
        case type():
            pass
        case _ if dataclasses.is_dataclass(o):
            return dataclasses.asdict(t.cast(t.Any, o))
    to_html = getattr(o, "__html__", None)
    if to_html is None:
        raise TypeError(f"Object of type {type(o).__name__} is not JSON serializable")
    return str(to_html())


_Encode = t.Callable[[t.Any], str]
_Settings = tuple[t.Any, ...]
_COMPACT = (",", ":")


_BRACKETS = {b"{", b"["}
_decoder: t.Any = json.JSONDecoder()


def _decode(text: str) -> t.Any:
    """Equal to ``json.loads`` for text without a byte order mark."""
    # PERF: the decoder looks for white space around the value by two regular expressions.
    try:
        value, end = _decoder.scan_once(text, 0)
    except StopIteration:
        return _decoder.decode(text)
    return value if end == len(text) else _decoder.decode(text)


class DefaultJSONProvider(JSONProvider):
    """JSON with the standard library.

    It also encodes dates and datetimes as HTTP dates (:rfc:`9110`), ``Decimal`` and ``UUID`` as
    strings, dataclasses as objects, and objects with ``__html__`` as their markup.
    """

    mimetype = "application/json"
    """The content type of :meth:`response`."""

    compact: bool | None = None
    """Omit white space in responses; ``None`` omits it except in debug mode."""

    sort_keys = True
    """Sort the keys of every object, so that equal data gives equal text."""

    ensure_ascii = True
    """Escape all characters outside of ASCII."""

    default: t.Callable[[t.Any], t.Any] = staticmethod(_default)
    """Called with a value that JSON has no type for; returns one that it has."""

    _prepared: tuple[_Settings, _Encode] | None = None
    _prepared_compact: tuple[_Settings, _Encode] | None = None

    def dumps(self, obj: t.Any, **kwargs: t.Any) -> str:
        """Return data as JSON text; the keyword arguments are those of :func:`json.dumps`."""
        if not kwargs:
            return self._encode(obj, None)
        if len(kwargs) == 1 and kwargs.get("separators") == _COMPACT:
            return self._encode(obj, _COMPACT)
        return self._dumps_stepwise(obj, **kwargs)

    def _dumps_stepwise(self, obj: t.Any, **kwargs: t.Any) -> str:
        settings: dict[str, t.Any] = {
            "default": self.default,
            "ensure_ascii": self.ensure_ascii,
            "sort_keys": self.sort_keys,
        }
        try:
            return json.dumps(obj, **(settings | kwargs))
        except TypeError as error:
            explain_unserializable(error, obj, self.default)
            raise

    def _encode(self, obj: t.Any, separators: tuple[str, str] | None) -> str:
        """Equal to :meth:`_dumps_stepwise`, with an encoder that is kept from call to call."""
        # PERF: json.dumps makes an encoder object, and that a C encoder, on each call. For a
        # small object this is most of the time. The encoder made here is kept for as long as
        # the settings are the same.
        settings = (self.default, self.ensure_ascii, self.sort_keys, separators)
        prepared = self._prepared if separators is None else self._prepared_compact
        if prepared is None or prepared[0] != settings:
            prepared = (settings, _make_encode(*settings))
            if separators is None:
                self._prepared = prepared
            else:
                self._prepared_compact = prepared
        try:
            return prepared[1](obj)
        except TypeError as error:
            explain_unserializable(error, obj, self.default)
            raise
        except RecursionError:
            # The kept encoder does not look for cycles, as its table of open containers could
            # not be shared by threads. The standard one tells a cycle from deep nesting.
            kwargs = {} if separators is None else {"separators": separators}
            return self._dumps_stepwise(obj, **kwargs)

    def loads(self, s: str | bytes, **kwargs: t.Any) -> t.Any:
        """Return the data of JSON text; the keyword arguments are those of :func:`json.loads`.

        :raises ValueError: if it is not JSON (:exc:`json.JSONDecodeError`) or not UTF-8.
        """
        try:
            # PERF: what begins so is UTF-8, which the standard library finds out in more steps.
            if not kwargs:
                if type(s) is bytes and s[:1] in _BRACKETS and s[1:2] > b"\0":
                    s = s.decode("utf-8", "surrogatepass")
                if type(s) is str and s[:1] != "\ufeff":
                    return _decode(s)
            return json.loads(s, **kwargs)
        except RecursionError:
            raise ValueError("the JSON text is nested too deeply") from None

    def response(self, *args: t.Any, **kwargs: t.Any) -> Response:
        """Return a response with the arguments as JSON text and a line end.

        The text is indented in debug mode or if :attr:`compact` is ``False``.
        """
        return self._app.response_class(
            self._text(self._prepare_response_obj(args, kwargs)), mimetype=self.mimetype
        )

    def writes_compact(self) -> bool:
        """Return whether responses omit white space."""
        return not self._app.debug if self.compact is None else self.compact

    def _text(self, obj: t.Any) -> str:
        """Return the body of a response: JSON text and a line end."""
        if not self.writes_compact():
            text = self.dumps(obj, indent=2)
        elif type(self).dumps is _DUMPS and "dumps" not in self.__dict__:
            text = self._encode(obj, _COMPACT)
        else:
            text = self.dumps(obj, separators=_COMPACT)
        return f"{text}\n"

    def body(self, obj: t.Any) -> bytes:
        """Return the body of a response in UTF-8."""
        return self._text(obj).encode()


# Before anyone can replace them: the module is still being imported.
_DUMPS = DefaultJSONProvider.dumps
_PREPARE = DefaultJSONProvider._prepare_response_obj
_RESPONSE = DefaultJSONProvider.response


def is_json_body_all(provider: t.Any) -> bool:
    """Return whether :meth:`DefaultJSONProvider.body` is the whole JSON response: no method that
    takes part in it was replaced, on the class or the instance.
    """
    if not isinstance(provider, DefaultJSONProvider):
        return False
    cls = type(provider)
    own = vars(provider)
    return (
        cls.response is _RESPONSE
        and cls._prepare_response_obj is _PREPARE
        and "response" not in own
        and "_prepare_response_obj" not in own
    )


def _make_encode(
    default: t.Callable[[t.Any], t.Any],
    ensure_ascii: bool,
    sort_keys: bool,
    separators: tuple[str, str] | None,
) -> _Encode:
    """Return ``json.dumps`` for the settings, without its check for cycles."""
    make_c_encoder = getattr(_encoder, "c_make_encoder", None)
    if make_c_encoder is None:  # an interpreter without the C accelerator
        return json.JSONEncoder(
            default=default, ensure_ascii=ensure_ascii, sort_keys=sort_keys, separators=separators
        ).encode
    item_separator, key_separator = separators or (", ", ": ")
    quote = _encoder.encode_basestring_ascii if ensure_ascii else _encoder.encode_basestring
    chunks = make_c_encoder(
        None, default, quote, None, key_separator, item_separator, sort_keys, False, True
    )
    join = "".join

    def encode(obj: t.Any) -> str:
        return join(chunks(obj, 0))

    return encode
