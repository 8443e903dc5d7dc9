"""Fast parsers of typical forms, uploads and query strings.

Werkzeug's parsers process bodies of any length in chunks, with streams and events. Most bodies are
short and have the format that browsers write. Those are parsed here at once, with the same result.
Longer, malformed and unusual bodies are left to Werkzeug's parsers, the slow twins.
"""

from __future__ import annotations

import re
import typing as t
from functools import cache
from io import BytesIO
from operator import attrgetter
from string import ascii_letters, digits
from tempfile import SpooledTemporaryFile
from urllib.parse import unquote

from werkzeug.datastructures import FileStorage, Headers, ImmutableMultiDict
from werkzeug.formparser import FormDataParser, MultiPartParser
from werkzeug.sansio.multipart import MultipartDecoder
from werkzeug.wrappers import Request as RequestBase

from .pristine import Unpatched, pristine
from .streams import AT_ONCE, BodyStream

if t.TYPE_CHECKING:
    from ..wrappers import Request

AT_MOST = 500 * 1024
"""The most bytes of a body that is read as a whole: the most that Werkzeug keeps of one file in
memory.
"""

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"

Form = ImmutableMultiDict[str, str]
Files = ImmutableMultiDict[str, FileStorage]
Part = tuple[str, "str | None", list[tuple[str, str]], int, int]
"""Name, filename and headers of a part, and the start and end of its content."""

_LIMITS_URLENCODED = "max_form_memory_size" in FormDataParser._parse_urlencoded.__code__.co_names
"""True for the first releases of Werkzeug 3.1, which refuse URL-encoded forms above the limit."""

_BOUNDARY_CHARACTERS = frozenset(f"{ascii_letters}{digits}_.+-")


def boundary_of(content_type: str) -> str | None:
    """Return the boundary in the content type of an upload, if it is written as most clients do."""
    kind, _, boundary = content_type.partition("boundary=")
    if kind not in ("multipart/form-data; ", "multipart/form-data;"):
        return None
    return boundary if boundary and _BOUNDARY_CHARACTERS.issuperset(boundary) else None


def parse_query(text: str) -> Form:
    """Return the names and values of a query string or of an urlencoded form.

    The slow twin is :func:`urllib.parse.parse_qsl`, called as Werkzeug does.
    """
    pairs: dict[str, list[str]] = {}
    is_quoted = "%" in text or "+" in text
    for pair in text.split("&"):
        if pair:
            name, _, value = pair.partition("=")
            if is_quoted:
                # PERF: a call for each name and value takes longer than to look.
                if "%" in name or "+" in name:
                    name = _unquote(name)
                if "%" in value or "+" in value:
                    value = _unquote(value)
            if name in pairs:
                pairs[name].append(value)
            else:
                pairs[name] = [value]
    return _multidict(pairs)


def _unquote(text: str) -> str:
    text = text.replace("+", " ")
    if "%" not in text:
        return text
    if not text.isascii():
        return unquote(text, "utf-8", "werkzeug.url_quote")
    # PERF: the standard library's function looks for what isn't ASCII, piece by piece.
    first, *others = text.encode().split(b"%")
    pieces = [first]
    for piece in others:
        byte = _BYTES.get(piece[:2])
        pieces += (byte, piece[2:]) if byte is not None else (b"%", piece)
    return b"".join(pieces).decode("utf-8", "werkzeug.url_quote")


_DIGITS = "0123456789abcdefABCDEF"
_BYTES = {(a + b).encode(): bytes([int(a + b, 16)]) for a in _DIGITS for b in _DIGITS}
"""Bytes by the two digits that stand for them after a percent sign."""


def _multidict(pairs: dict[str, list[t.Any]]) -> ImmutableMultiDict[str, t.Any]:
    # PERF: the constructor finds out what it is made from, and makes the lists.
    made: ImmutableMultiDict[str, t.Any] = ImmutableMultiDict.__new__(ImmutableMultiDict)
    dict.update(made, pairs)
    return made


def load_form(request: Request) -> bool:
    """Parse the body of a request into its ``form`` and ``files``; return true on success.

    Otherwise the body can still be read from the request's stream.
    """
    own = vars(request)
    mimetype = request.mimetype
    if mimetype != URLENCODED and mimetype != MULTIPART:
        return False
    if not (_is_built_in(request) and _parsers_unpatched.holds()):
        return False
    read = _read(request)
    if read is None:
        return False
    data, stream = read
    parse = _load_urlencoded if mimetype == URLENCODED else _load_multipart
    loaded = parse(request, data)
    if loaded is None:
        own["stream"] = BodyStream(BytesIO(data), len(data))
        return False
    own["form"], own["files"] = loaded
    own["stream"] = stream
    return True


_HOOKS = (
    "_get_file_stream",
    "_get_stream_for_parsing",
    "content_length",
    "form_data_parser_class",
    "make_form_data_parser",
    "mimetype",
    "mimetype_params",
    "parameter_storage_class",
    "want_form_data_parsed",
)
"""Attributes that influence the parsing of forms, except the limits."""

_hooks = attrgetter(*_HOOKS)
_BUILT_IN = _hooks(RequestBase)
_hook_names = frozenset({*_HOOKS, "stream"})


def _is_built_in(request: Request) -> bool:
    return _hooks(type(request)) == _BUILT_IN and _hook_names.isdisjoint(vars(request))


def _read(request: Request) -> tuple[bytes, t.IO[bytes]] | None:
    """Return the body and its exhausted stream, or ``None`` if it can't be read here."""
    data: bytes | None = vars(request).get("_cached_data")
    if data is not None:
        stream: t.IO[bytes] = BytesIO(data)
        stream.seek(0, 2)
        return data, stream
    length = request._known_length()
    if length is None or not 0 < length <= AT_MOST:
        return None
    environ = request.environ
    data = _read_pieces(environ["wsgi.input"], length)
    own = vars(request)
    if len(data) < length:  # Werkzeug's parser may have more to say of it than that
        own["stream"] = BodyStream(BytesIO(data), length)
        return None
    return data, t.cast("t.IO[bytes]", BodyStream(environ["wsgi.input"], length, length))


def _read_pieces(body: t.IO[bytes], length: int) -> bytes:
    """Read up to ``length`` bytes, less if the body ends early."""
    pieces: list[bytes] = []
    left = length
    try:
        if length <= AT_ONCE:  # PERF: one piece is all that most bodies come in
            piece = body.read(length)
            if len(piece) == length:
                return piece
            pieces.append(piece)
            left = length - len(piece) if piece else 0
        while left > 0 and (piece := body.read(min(left, AT_ONCE))):
            pieces.append(piece)
            left -= len(piece)
    except (OSError, ValueError):
        pass  # as if it ended there
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _load_urlencoded(request: Request, data: bytes) -> tuple[Form, Files] | None:
    if _LIMITS_URLENCODED:
        most = request.max_form_memory_size
        if most is not None and len(data) > most:
            return None
    try:
        return parse_query(data.decode()), _multidict({})
    except UnicodeDecodeError:
        return None


def _load_multipart(request: Request, data: bytes) -> tuple[Form, Files] | None:
    most = request.max_form_memory_size
    if most is not None and len(data) > most:
        return None  # a field may be too large
    boundary = request.mimetype_params.get("boundary", "")
    if not boundary or not boundary.isascii():
        return None
    parts = split_multipart(data, b"--" + boundary.encode(), request.max_form_parts)
    if parts is None:
        return None
    form: dict[str, list[str]] = {}
    files: dict[str, list[FileStorage]] = {}
    length = request.content_length
    for name, filename, headers, begin, end in parts:
        if filename is None:
            form.setdefault(name, []).append(data[begin:end].decode(errors="replace"))
        else:
            file = _make_file(request, length, filename, headers, memoryview(data)[begin:end])
            storage = FileStorage(file, filename, name, headers=_make_headers(headers))
            files.setdefault(name, []).append(storage)
    return _multidict(form), _multidict(files)


def split_multipart(data: bytes, delimiter: bytes, max_parts: int | None) -> list[Part] | None:
    """Return the parts of a multipart body, if each is written as browsers do; else ``None``.

    :param delimiter: two hyphens and the boundary.
    :param max_parts: maximum number of parts.
    """
    parts: list[Part] = []
    at = len(delimiter)
    if not data.startswith(delimiter):
        return None
    while data[at : at + 2] == b"\r\n":
        begin = data.find(b"\r\n\r\n", at) + 4
        end = data.find(delimiter, begin) - 2
        # The delimiter has a line break of its own, which is not the blank line's.
        if begin < 4 or end < begin or data[end : end + 2] != b"\r\n":
            return None
        described = _parse_headers(data[at + 2 : begin - 4])
        if described is None:
            return None
        parts.append((*described, begin, end))
        if max_parts is not None and len(parts) > max_parts:
            return None
        at = end + 2 + len(delimiter)
    return parts if data[at : at + 2] == b"--" else None


@cache
def _header_patterns() -> tuple[t.Any, t.Any]:
    """Return functions that match the disposition of a part, and its other headers."""
    # PERF: compiled for the first upload, not at import.
    disposition = (
        rb'Content-Disposition: form-data; name="([^"\\%\r\n]*)"(?:; filename="([^"\\%\r\n]*)")?'
    )
    header = rb"([A-Za-z0-9-]+): ?([^ \t\r\n](?:[^\r\n]*[^ \t\r\n])?)"
    return re.compile(disposition).fullmatch, re.compile(header).fullmatch


def _parse_headers(block: bytes) -> tuple[str, str | None, list[tuple[str, str]]] | None:
    """Return name, filename and headers of a part, or ``None`` if they are unusual."""
    match_disposition, match_header = _header_patterns()
    first, *others = block.split(b"\r\n")
    disposition = match_disposition(first)
    if disposition is None:
        return None
    try:
        name = disposition[1].decode()
        filename = None if disposition[2] is None else disposition[2].decode()
        headers = [("Content-Disposition", first[21:].decode())]
        for line in others:
            header = match_header(line)
            if header is None:
                return None
            headers.append((header[1].decode(), header[2].decode()))
    except UnicodeDecodeError:
        return None
    for key, _ in headers[1:]:
        kind = key.lower()
        # The length of a file is told to what makes its stream, the charset of a field decodes it.
        if kind == "content-length" or (kind == "content-type" and filename is None):
            return None
    return name, filename, headers


def _make_file(
    request: Request,
    length: int | None,
    filename: str,
    headers: list[tuple[str, str]],
    content: memoryview,
) -> t.IO[bytes]:
    """Return an uploaded file with its content."""
    content_type = next((value for name, value in headers if name.lower() == "content-type"), None)
    file = request._get_file_stream(
        total_content_length=length,
        filename=filename,
        content_type=content_type,
        content_length=0,
    )
    # PERF: its own class copies the content once.
    file.write(content if type(file) is SpooledTemporaryFile else bytes(content))
    file.seek(0)
    return file


def _make_headers(pairs: list[tuple[str, str]]) -> Headers:
    headers = Headers()
    headers._list += pairs  # PERF: they are known to be good
    return headers


_LIBRARY = tuple(
    (owner, name, pristine(owner, name))
    for owner, names in {
        FormDataParser: ("__init__", "parse", "_parse_multipart", "_parse_urlencoded"),
        MultiPartParser: ("__init__", "parse", "start_file_streaming", "get_part_charset"),
        MultipartDecoder: ("__init__", "receive_data", "next_event", "_parse_headers"),
    }.items()
    for name in names
)
_parsers_unpatched = Unpatched(
    lambda: all(getattr(owner, name) is found for owner, name, found in _LIBRARY),
    FormDataParser,
    MultiPartParser,
    MultipartDecoder,
)
