"""Codecs that decode and validate values of one type, with msgspec or pydantic."""

from __future__ import annotations

import contextlib
import re
import sys
import typing as t
from collections.abc import Callable

import msgspec
from msgspec import inspect as mi

from .checks import Check, compile_check, explain, run_check
from .faults import MOST_FAULTS, EnoughFaults, Fault, Faults, join_pointer
from .finite import MESSAGE as NOT_FINITE
from .finite import (
    NotFinite,
    holds_type,
    json_may_be_not_finite,
    may_be_not_finite,
    places_of_not_finite,
)
from .pydantic_models import faults_of, holds_pydantic, model_hook


class Codec(t.Protocol):
    """Decoder of values of one type."""

    kind: t.Any
    """The type."""

    @property
    def decode(self) -> Callable[[bytes], t.Any]:
        """Function that decodes JSON text.

        It raises :exc:`ValueError` if the text is not JSON or not of the type.
        """
        ...

    def convert(self, data: t.Any, *, lax: bool = False) -> t.Any:
        """Convert plain data to a value of the type.

        :param lax: accept strings for numbers and booleans.
        :raises ValueError: if the data is not of the type.
        """
        ...

    def find_faults(
        self, data: t.Any, error: Exception, source: str, pointer: str = "", *, lax: bool = False
    ) -> list[Fault]:
        """Return the faults of plain data that was refused; there is at least one.

        :param error: the exception of :meth:`decode` or :meth:`convert`.
        """
        ...


class MsgspecCodec:
    """The codec for everything but pydantic's models."""

    def __init__(self, kind: t.Any) -> None:
        self.kind = kind
        info = mi.type_info(kind)
        # pydantic's models inside of other types; msgspec refuses them without a hook.
        has_models = "pydantic" in sys.modules and holds_type(info, (mi.CustomType,))
        self._has_models = has_models
        hook = model_hook(strict=True) if has_models else None
        self._decode = msgspec.json.Decoder(kind, dec_hook=hook).decode
        self._checks: dict[bool, Check] = {}
        self._holds_numbers = holds_type(info, (mi.FloatType, mi.DecimalType))
        # JSON text has infinities and NaN only as strings, which only decimals accept.
        holds_decimals = holds_type(info, (mi.DecimalType,))
        self.decode: Callable[[bytes], t.Any] = (
            self._decode_finite if holds_decimals else self._decode
        )

    def _decode_finite(self, data: bytes) -> t.Any:
        # Before any code of the model runs: comparing with NaN raises no ValueError.
        if json_may_be_not_finite(data):
            self._refuse_not_finite(msgspec.json.decode(data), lax=False)
        return self._decode(data)

    def convert(self, data: t.Any, *, lax: bool = False) -> t.Any:
        if self._holds_numbers:
            self._refuse_not_finite(data, lax=lax)
        hook = model_hook(strict=not lax) if self._has_models else None
        return msgspec.convert(data, self.kind, strict=not lax, str_keys=True, dec_hook=hook)

    def _refuse_not_finite(self, data: t.Any, *, lax: bool) -> None:
        if not may_be_not_finite(data):
            return
        # With any fault: msgspec might come to the number, and the model's code, before it.
        faults = Faults("")
        with contextlib.suppress(EnoughFaults):
            self._check(lax)(data, "", faults)
        if faults.found:
            raise NotFinite

    def find_faults(
        self, data: t.Any, error: Exception, source: str, pointer: str = "", *, lax: bool = False
    ) -> list[Fault]:
        faults = Faults(source)
        run_check(self._check(lax), data, pointer, faults)
        if not faults.found:
            # The checks of the model's own, as in __post_init__, which run once all else is right.
            message, code = explain(None, _own_message(error))
            faults.add(_join_path(pointer, str(error)), message, code)
        return faults.found

    def _check(self, lax: bool) -> Check:
        check = self._checks.get(lax)
        if check is None:
            check = self._checks[lax] = compile_check(self.kind, lax)
        return check


def _own_message(error: Exception) -> str:
    """Return the message of a model's own validation; those of attrs quote the value."""
    cause = error.__cause__
    trace = None if cause is None else cause.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is not None and trace.tb_frame.f_globals.get("__name__", "").startswith("attr"):
        return "Refused by a validator of the model"
    return str(error)


_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]|(\[\.\.\.\])")


def _join_path(pointer: str, message: str) -> str:
    """Return the pointer of the place that a message of msgspec ends with: ``at `$.tags[2]```."""
    path = re.search(r" - at `\$([^`]*)`$", message)
    for name, index, rest in _STEP.findall(path[1] if path else ""):
        if rest:
            break
        pointer = join_pointer(pointer, name or index)
    return pointer


class PydanticCodec:
    """The codec for types with pydantic's models in them."""

    def __init__(self, kind: t.Any) -> None:
        import pydantic

        self.kind = kind
        self.adapter = pydantic.TypeAdapter(kind)
        self._validate_json = self.adapter.validator.validate_json

    def decode(self, data: bytes) -> t.Any:
        # pydantic reads NaN, Infinity and 1e400, so msgspec decides about what is JSON.
        msgspec.json.decode(data)
        return self._validate_json(data, strict=True)

    def convert(self, data: t.Any, *, lax: bool = False) -> t.Any:
        value = self.adapter.validate_python(data)  # which takes strings for numbers by itself
        if may_be_not_finite(data):
            places = places_of_not_finite(self.adapter.dump_python(value, by_alias=True))
            if places:
                raise NotFinite(places)
        return value

    def find_faults(
        self, data: t.Any, error: Exception, source: str, pointer: str = "", *, lax: bool = False
    ) -> list[Fault]:
        if isinstance(error, NotFinite):
            places = [pointer + it for it in error.places]
            return [Fault(source, it, NOT_FINITE, "type") for it in places[:MOST_FAULTS]]
        return faults_of(error, source, pointer)


def make_codec(kind: t.Any) -> Codec:
    """Return the codec for a type.

    :raises TypeError: if neither library can read it.
    """
    return PydanticCodec(kind) if holds_pydantic(kind) else MsgspecCodec(kind)
