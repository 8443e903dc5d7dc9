"""From an ASGI scope to the environ that WSGI servers make of the same request."""

from __future__ import annotations

import sys
import typing as t
from urllib.parse import unquote, unquote_to_bytes

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Scope = t.MutableMapping[str, t.Any]

EXTRA = "flask.environ"
"""The key of a scope under which a test client adds to the environ; no server sets it."""


WORKERS = "flask.workers"
"""The key of a scope under which a test client has the thread that sync code is to run in."""


class MalformedScope(TypeError):
    """Raised for a scope that doesn't follow the ASGI specification: the server's mistake."""


def environ_of(scope: Scope) -> WSGIEnvironment:
    """Return the environ (:pep:`3333`) of an HTTP request, without its body.

    Repeated headers are joined by commas, cookies by semicolons.  Headers with an underscore in
    their name are left out, as they can't be told from those with a hyphen.

    :raises MalformedScope: if something is missing or has the wrong type.
    """
    try:
        return _environ_of(scope)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise MalformedScope(
            f"The ASGI server passed an HTTP scope that is not valid: {type(error).__name__}:"
            f" {error}"
        ) from error


def _environ_of(scope: Scope) -> WSGIEnvironment:
    root = scope.get("root_path") or ""
    path = scope["path"]
    if not isinstance(path, str):
        raise TypeError(f"the path is {path!r}")
    if root:
        path = path_below(root, path)
        if not root.isascii():
            root = _as_latin1(root)
    if not path.isascii():
        path = _wsgi_path(scope, path)
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope["method"].upper(),
        "SCRIPT_NAME": root,
        "PATH_INFO": path,
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": _PROTOCOLS.get(scope["http_version"], "HTTP/1.1"),
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme") or "http",
        "wsgi.input": NO_BODY,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "asgi.scope": scope,
    }
    server = scope.get("server")
    if server is not None:
        environ["SERVER_NAME"] = server[0]
        environ["SERVER_PORT"] = "" if server[1] is None else str(server[1])
    client = scope.get("client")
    if client is not None:
        environ["REMOTE_ADDR"] = client[0]
        environ["REMOTE_PORT"] = str(client[1])
    _add_headers(environ, scope["headers"])
    raw_path = scope.get("raw_path")
    if raw_path:
        target = raw_path.decode("latin-1")
        query = environ["QUERY_STRING"]
        environ["REQUEST_URI"] = environ["RAW_URI"] = f"{target}?{query}" if query else target
    extra = scope.get(EXTRA)
    if extra is not None:
        environ.update(extra)
    return environ


class _NoBody:
    """The input of a request without a body: an empty file that all such requests can share."""

    def read(self, size: int | None = -1) -> bytes:
        return b""

    def readline(self, size: int | None = -1) -> bytes:
        return b""

    def readlines(self, hint: int | None = -1) -> list[bytes]:
        return []

    def readinto(self, buffer: t.Any) -> int:
        return 0

    def __iter__(self) -> t.Iterator[bytes]:
        return iter(())


NO_BODY = _NoBody()

_PROTOCOLS = {"1.0": "HTTP/1.0", "1.1": "HTTP/1.1", "2": "HTTP/2", "3": "HTTP/3"}


def path_below(root: str, path: str) -> str:
    """Return a path without the root path that it begins with.

    Servers disagree about whether the path of a scope includes the root path, so one that doesn't
    begin with it is returned as it is.  The root path ends at a slash: ``/api`` is no part of
    ``/apiary``.
    """
    root = root.rstrip("/")
    if path == root:
        return ""
    return path[len(root) :] if path.startswith(f"{root}/") else path


def _wsgi_path(scope: Scope, path: str) -> str:
    """Return a path as WSGI has it: the bytes that were sent, as Latin-1.

    ASGI has text, in which bytes that are no UTF-8 are lost.  They are in ``raw_path``, which
    counts if it stands for the same text.
    """
    raw_path = scope.get("raw_path")
    if raw_path and "\N{REPLACEMENT CHARACTER}" in path:
        sent = raw_path.partition(b"?")[0]
        if unquote(sent.decode("latin-1"), errors="replace").endswith(path):
            decoded = unquote_to_bytes(sent).decode("latin-1")
            root = _as_latin1(scope.get("root_path") or "")
            return path_below(root, decoded) if root else decoded
    return _as_latin1(path)


def _as_latin1(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


def _add_headers(environ: WSGIEnvironment, headers: t.Iterable[tuple[bytes, bytes]]) -> None:
    known = _ENVIRON_KEYS
    for name, value in headers:
        # PERF: the names of headers repeat from request to request; making a key takes longer
        # than all the rest here.
        key = known.get(name)
        if key is None:
            key = _environ_key(name)
        if not key:
            continue
        text = value.decode("latin-1")
        if key in environ:
            text = environ[key] + ("; " if key == "HTTP_COOKIE" else ",") + text
        environ[key] = text


_ENVIRON_KEYS: dict[bytes, str] = {}
"""The environ keys of header names; empty for headers that are left out."""

_MOST_KEYS = 1024
_LONGEST_NAME = 64


def _environ_key(name: bytes) -> str:
    text = name.decode("latin-1").upper()
    key = ""
    if text and "_" not in text:
        key = text.replace("-", "_")
        if key not in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
            key = f"HTTP_{key}"
    if len(_ENVIRON_KEYS) < _MOST_KEYS and len(name) <= _LONGEST_NAME:
        _ENVIRON_KEYS[bytes(name)] = key
    return key
