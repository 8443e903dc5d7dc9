"""Precompressed static files, and file names that contain a version.

Used by the static files of an application or a blueprint if its configuration asks for it:

- ``STATIC_PRECOMPRESSED``: encodings of compressed files beside the originals, in order of
  preference, such as ``["br", "gzip"]``. Clients that accept it get ``app.css.br`` for ``app.css``.
- ``STATIC_VERSIONED``: a regular expression for the names of files that never change, such as
  ``r"\\.[0-9a-f]{8,}\\."`` for ``app.3f2a9c1b.css``, as build tools write them.  Clients may keep
  those for a year without asking again;
- ``STATIC_HASHED``: whether ``url_for`` puts the hash of a file's content into its name, which
  clients may then keep likewise; see :mod:`flask.http.hashed_files`.
"""

from __future__ import annotations

import os
import re
import stat
import typing as t
from functools import lru_cache

import werkzeug.utils
from werkzeug.http import parse_accept_header

from ..globals import _cv_app, current_app, request
from ..wrappers import Response
from .cached_files import Description, describe, file_header_cache, is_plain_request
from .hashed_files import file_of

SUFFIXES = {"br": ".br", "gzip": ".gz", "zstd": ".zst"}
"""The suffixes of compressed files, by encoding."""

IDENTITY = "identity"
"""The encoding of a file that is not compressed."""

_VARY = ("Vary", "Accept-Encoding")
_IMMUTABLE = ("Cache-Control", "public, max-age=31536000, immutable")
_YEAR = 31_536_000


def send_static(directory: str, filename: str, max_age: int | None) -> Response:
    """Return a response with a static file or its compressed version.

    :param directory: relative to the application's root path.
    :param filename: relative to the directory; may come from a user.
    :param max_age: in seconds; ``None`` makes clients revalidate each time.
    :raises ~werkzeug.exceptions.NotFound: if there is no such file in the directory.
    """
    context = _cv_app.get(None)
    # PERF: a proxy takes a call for each attribute.
    app = current_app if context is None or current_app is not _CURRENT_APP else context.app
    environ = request.environ
    config, root_path = app.config, app.root_path
    versioned = config.get("STATIC_VERSIONED")
    is_versioned = versioned is not None and re.search(versioned, filename) is not None
    if config.get("STATIC_HASHED"):
        filename, has_hash = file_of(os.path.join(root_path, directory), filename)
        is_versioned = is_versioned or has_hash
    encodings = config.get("STATIC_PRECOMPRESSED") or ()
    file_path, found = file_header_cache.find(directory, filename, root_path)
    compressed = compressed_beside(file_path, found, encodings) if encodings else {}
    suffix, description = "", None
    if compressed or is_versioned:
        encoding = preferred(environ.get("HTTP_ACCEPT_ENCODING", "")[:256], (*compressed,))
        suffix = SUFFIXES.get(encoding, "")
        found = compressed.get(encoding, found)
        description = describe_as(filename, bool(compressed), encoding, is_versioned)
        if description.max_age is not None:
            max_age = description.max_age
    x_sendfile = config["USE_X_SENDFILE"]
    if app.response_class is Response and not x_sendfile and is_plain_request(environ):
        return file_header_cache.send_found(
            file_path + suffix, found, max_age, environ, root_path, description
        )
    response = werkzeug.utils.send_from_directory(
        directory,
        filename + suffix,
        environ,
        download_name=None if description is None else description.name,
        max_age=max_age,
        use_x_sendfile=x_sendfile,
        response_class=app.response_class,
        _root_path=root_path,
    )
    if description is not None:
        describe(response, description)
    return t.cast(Response, response)


_CURRENT_APP = current_app


@lru_cache(maxsize=1024)
def describe_as(filename: str, varies: bool, encoding: str, is_versioned: bool) -> Description:
    """Return the description of a file; the same object for the same arguments.

    :param filename: the requested file.
    :param varies: whether the file that is sent depends on the client's encodings.
    :param encoding: encoding of the file that is sent, or ``identity``.
    :param is_versioned: whether a file of that name never changes.
    """
    headers: list[tuple[str, str]] = [_VARY] if varies else []
    if encoding != IDENTITY:
        headers.append(("Content-Encoding", encoding))
    if is_versioned:
        headers.append(_IMMUTABLE)
    return Description(os.path.basename(filename), tuple(headers), _YEAR if is_versioned else None)


def compressed_beside(
    file: str, found: os.stat_result, encodings: t.Sequence[str]
) -> dict[str, os.stat_result]:
    """Return the compressed files beside a file by encoding, in the given order.

    A compressed file older than the original is ignored.

    :param file: the path of the file.
    :param found: its ``os.stat_result``.
    :raises ValueError: for an encoding without a known suffix.
    """
    compressed = {}
    for encoding in encodings:
        suffix = _suffix(encoding)
        try:
            beside = os.stat(file + suffix)
        except OSError:
            continue
        if beside.st_mtime >= found.st_mtime and stat.S_ISREG(beside.st_mode):
            compressed[encoding] = beside
    return compressed


def _suffix(encoding: str) -> str:
    suffix = SUFFIXES.get(encoding)
    if suffix is None:
        raise ValueError(
            f"'STATIC_PRECOMPRESSED' has the unknown encoding {encoding!r}; there are:"
            f" {', '.join(map(repr, SUFFIXES))}."
        )
    return suffix


@lru_cache(maxsize=256)
def preferred(accept_encoding: str, encodings: tuple[str, ...]) -> str:
    """Return the encoding to send to a client (:rfc:`9110`, 12.5.3), or ``identity``.

    :param accept_encoding: the header's value.
    :param encodings: available encodings, in order of preference.
    """
    if not encodings:
        return IDENTITY
    accepted = parse_accept_header(accept_encoding)
    best = max(encodings, key=lambda encoding: accepted[encoding])  # the first of the best
    at_least = accepted[IDENTITY] if IDENTITY in accepted.values() else 0
    return best if accepted[best] > 0 and accepted[best] >= at_least else IDENTITY
