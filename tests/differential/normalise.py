"""Turn what a scenario saw into JSON that is the same on every run and every machine."""

from __future__ import annotations

import base64
import datetime
import decimal
import json
import os
import re
import tempfile
import uuid
import zlib
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

# By SHA-1, or by SHA-256.
SIGNED = re.compile(r"^(\.?[\w-]+)\.[\w-]+\.(?:[\w-]{27}|[\w-]{43})$")
ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")
FILE_ETAG = re.compile(r'"(\d+(?:\.\d+)?)-(\d+)-\d+"')
NEAR = 400 * 86400


def exception_name(error: BaseException) -> str:
    """Name the type and the bases a handler could catch it by, nearest first."""
    names = [
        base.__name__
        for base in type(error).__mro__
        if issubclass(base, BaseException) and not base.__name__.startswith("_")
    ]
    return " < ".join(name for name in names if name not in {"BaseException", "object"})


def exception_facts(error: BaseException, words: int = 0) -> dict[str, Any]:
    """Describe an exception without its wording, but for the first ``words`` words."""
    facts: dict[str, Any] = {"raised": exception_name(error)}
    if getattr(error, "code", None) is not None:
        facts["code"] = error.code  # type: ignore[attr-defined]
    if words:
        facts["says"] = " ".join(str(error).split()[:words])
    return facts


def decode_session(value: str) -> Any | None:
    """Read the payload of a signed session cookie, or answer None for any other value."""
    match = SIGNED.match(value)
    if match is None:
        return None
    text = match.group(1)
    packed = text.startswith(".")
    text = text.lstrip(".")
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        return json.loads(zlib.decompress(data) if packed else data)
    except (ValueError, zlib.error):
        return None


def relative_date(text: str) -> str:
    """Replace a date near now by its distance from now in whole minutes."""
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return text
    now = datetime.datetime.now(datetime.UTC)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    seconds = (moment - now).total_seconds()
    if abs(seconds) > NEAR:
        return text
    return f"<now{round(seconds / 60):+d}min>"


def set_cookie(value: str) -> str:
    """Open the session payload in a Set-Cookie header and make its expiry relative."""
    first, *attributes = value.split("; ")
    name, _, content = first.partition("=")
    session = decode_session(content)
    if session is not None:
        first = f"{name}=<signed {json.dumps(session)}>"
    shown = [
        "Expires=" + relative_date(item[8:]) if item.lower().startswith("expires=") else item
        for item in attributes
    ]
    return "; ".join([first, *shown])


def header_value(name: str, value: str) -> str:
    """Bring one header value into a form that doesn't change from run to run."""
    lowered = name.lower()
    if lowered == "set-cookie":
        return set_cookie(value)
    if lowered == "allow":
        return ", ".join(sorted(part.strip() for part in value.split(",")))
    if lowered in {"date", "expires"}:
        return relative_date(value)
    if lowered == "server":
        return "<server>"
    if lowered == "etag":
        return FILE_ETAG.sub(r'"\1-\2-<path>"', value)
    return value


def headers(pairs: Any) -> list[str]:
    """List headers as ``Name: value``, by name, equal names in their own order."""
    shown = [(name, header_value(name, value)) for name, value in pairs]
    return [f"{name}: {value}" for name, value in sorted(shown, key=lambda item: item[0].lower())]


def body(data: bytes) -> str:
    """Show a body as text where it is UTF-8, escaped where it isn't, cut where it is long."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = "bytes:" + data.decode("latin-1").encode("unicode_escape").decode()
    if len(text) > 1500:
        checksum = zlib.crc32(data)
        return f"{text[:200]}... ({len(data)} bytes, crc {checksum:08x})"
    return text


class Normaliser:
    """Rewrite values as JSON; the paths given are replaced by their names."""

    def __init__(self) -> None:
        self.places: list[tuple[str, str]] = []
        self.add_place(tempfile.gettempdir(), "<systmp>")

    def add_place(self, path: Path | str, name: str) -> None:
        """Show ``path`` as ``name`` wherever it occurs in a string, longest path first."""
        for text in {str(path), os.path.realpath(path)}:
            self.places.append((text, name))
        self.places.sort(key=lambda place: -len(place[0]))

    def text(self, value: str) -> str:
        for path, name in self.places:
            if path in value:
                value = value.replace(path, name)
        return ADDRESS.sub("0x?", value)

    def __call__(self, value: Any) -> Any:
        match value:
            case None | bool() | int() | float():
                return value
            case str():
                return self.text(str(value))
            case bytes():
                return self.text("b:" + value.decode("latin-1"))
            case BaseException():
                return exception_facts(value)
            case type():
                return f"<class {value.__name__}>"
            case dict():
                return {self._key(key): self(item) for key, item in value.items()}
            case list():
                return [self(item) for item in value]
            case tuple():
                return [self(item) for item in value]
            case set() | frozenset():
                return sorted((self(item) for item in value), key=repr)
            case datetime.datetime() | datetime.date():
                return value.isoformat()
            case datetime.timedelta():
                return f"<{value.total_seconds()}s>"
            case decimal.Decimal() | uuid.UUID() | Path():
                return self.text(f"{type(value).__name__}:{value}")
        raise TypeError(f"a scenario answered with something unobservable: {type(value)!r}")

    def _key(self, key: Any) -> str:
        return self.text(key) if isinstance(key, str) else repr(key)
