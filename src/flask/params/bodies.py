"""Extractors of whole bodies: JSON, and other formats by their content type."""

from __future__ import annotations

import typing as t
from collections.abc import Sequence
from fnmatch import fnmatchcase

import msgspec
from werkzeug.http import parse_options_header

from . import annotations as hints
from .codec import Codec, make_codec
from .contract import MISSING, Parameter
from .faults import Fault
from .problem import MalformedBody, WrongMediaType
from .reading import read_body
from .strings import Extract

JSON = "application/json"
MSGPACK = ("application/msgpack", "application/x-msgpack", "application/vnd.msgpack")


def media_types(parameter: Parameter) -> tuple[str, ...]:
    """Return the media types that a body parameter accepts; ``image/*`` is a range."""
    declared: tuple[str, ...] = parameter.marker.content_types  # type: ignore[attr-defined]
    if declared:
        return declared
    return ("application/octet-stream",) if hints.bare(parameter.kind) is bytes else (JSON,)


def body_extractor(parameter: Parameter) -> Extract:
    """Return the extractor of a whole body."""
    reader = BodyReader(parameter)
    name, default = parameter.name, parameter.default
    decode = reader.codec.decode
    is_json = JSON in reader.accepted and not reader.is_raw

    def extract(ctx: t.Any, environ: dict[str, t.Any], arguments: dict[str, t.Any]) -> t.Any:
        # PERF: what most requests are, in as few calls as can be; the reader is the slow twin.
        if is_json and environ.get("CONTENT_TYPE") == JSON:
            data = read_body(ctx, environ)
            if data or default is MISSING:
                try:
                    arguments[name] = decode(data)
                except (ValueError, RecursionError) as error:
                    return reader.examine(data, error, arguments)
                return None
        return reader.extract(ctx, environ, arguments)

    return extract


class BodyReader:
    """Reader of a body by its content type, which reports all faults."""

    def __init__(self, parameter: Parameter) -> None:
        self.parameter = parameter
        self.codec: Codec = make_codec(parameter.kind)
        self.accepted = media_types(parameter)
        self.plain = hints.bare(parameter.kind)
        structured = any(_is_json(it) or it in MSGPACK for it in self.accepted)
        self.is_raw = self.plain in (bytes, str) and not structured

    def extract(
        self, ctx: t.Any, environ: dict[str, t.Any], arguments: dict[str, t.Any]
    ) -> list[Fault] | None:
        """Add the value to the view's arguments, or return the faults.

        :raises WrongMediaType: if the parameter doesn't accept the content type.
        :raises MalformedBody: if the body is not valid for its content type.
        """
        data = read_body(ctx, environ)
        if not data and not self.parameter.required:
            arguments[self.parameter.name] = self.parameter.default
            return None
        content_type = environ.get("CONTENT_TYPE", "")
        if not data and not content_type:
            return [Fault("body", "", "Missing required body", "missing")]
        mimetype, options = parse_options_header(content_type)
        mimetype = mimetype.lower()
        if not self._accepts(mimetype):
            raise WrongMediaType(errors=[media_type_fault(self.accepted)])
        if self.is_raw:
            return self._add_raw(data, options.get("charset", "utf-8"), arguments)
        if mimetype in MSGPACK:
            return self._add_msgpack(data, arguments)
        try:
            arguments[self.parameter.name] = self.codec.decode(data)
        except (ValueError, RecursionError) as error:
            return self.examine(data, error, arguments)
        return None

    def _accepts(self, mimetype: str) -> bool:
        if mimetype.endswith("+json") and JSON in self.accepted:
            return True
        return any(fnmatchcase(mimetype, it) for it in self.accepted)

    def _add_raw(
        self, data: bytes, charset: str, arguments: dict[str, t.Any]
    ) -> list[Fault] | None:
        value: t.Any = data
        if self.plain is str:
            try:
                value = data.decode(charset)
            except (LookupError, UnicodeDecodeError):
                fault = Fault("body", "", "The text is not in its charset", "charset")
                raise MalformedBody(errors=[fault]) from None
        try:
            arguments[self.parameter.name] = msgspec.convert(
                value, self.parameter.kind, builtin_types=(bytes,)
            )
        except msgspec.ValidationError as error:
            return self.codec.find_faults(value, error, "body")
        return None

    def _add_msgpack(self, data: bytes, arguments: dict[str, t.Any]) -> list[Fault] | None:
        try:
            plain = msgspec.msgpack.decode(data)
        except (ValueError, RecursionError):
            fault = Fault("body", "", "The body is not MessagePack", "not_msgpack")
            raise MalformedBody(errors=[fault]) from None
        try:
            arguments[self.parameter.name] = self.codec.convert(plain)
        except (ValueError, RecursionError) as error:
            return self.codec.find_faults(plain, error, "body")
        return None

    def examine(
        self, data: bytes, error: Exception, arguments: dict[str, t.Any]
    ) -> list[Fault] | None:
        """Return all faults of a JSON text that could not be decoded as the parameter's type.

        In JSON Schema, ``4.0`` is an integer. If that was the only fault, the value is accepted.

        :raises MalformedBody: if it is not JSON.
        """
        if not data:
            return [Fault("body", "", "Missing required body", "missing")]
        try:
            plain = msgspec.json.decode(data)
        except (ValueError, RecursionError) as raised:
            raise MalformedBody(errors=[_json_fault(raised)]) from None
        try:
            plain = with_whole_numbers(plain)
            arguments[self.parameter.name] = self.codec.decode(msgspec.json.encode(plain))
        except ValueError as raised:
            return self.codec.find_faults(plain, raised, "body")
        except RecursionError:
            return self.codec.find_faults(plain, error, "body")
        return None


def with_whole_numbers(data: t.Any) -> t.Any:
    """Return plain data with each whole float replaced by an integer."""
    if isinstance(data, float):
        return int(data) if data.is_integer() and abs(data) < _EXACT else data
    if isinstance(data, list):
        return [with_whole_numbers(it) for it in data]
    if isinstance(data, dict):
        return {key: with_whole_numbers(it) for key, it in data.items()}
    return data


_EXACT = 2**53
"""From this value on, a float may represent several integers."""


def _is_json(mimetype: str) -> bool:
    return mimetype == JSON or mimetype.endswith("+json")


def media_type_fault(accepted: Sequence[str]) -> Fault:
    wanted = " or ".join(accepted)
    return Fault("header", "/Content-Type", f"Expected {wanted}", "media_type")


def _json_fault(error: Exception) -> Fault:
    if isinstance(error, RecursionError):
        return Fault("body", "", "The JSON text is nested too deeply", "too_deep")
    if isinstance(error, UnicodeDecodeError):
        return Fault("body", "", "The JSON text is not UTF-8", "not_json")
    return Fault("body", "", str(error), "not_json")
