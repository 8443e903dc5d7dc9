"""File responses whose headers are cached until the file changes."""

from __future__ import annotations

import mimetypes
import os
import stat
import typing as t
from functools import lru_cache
from time import time

import werkzeug.utils
from werkzeug.exceptions import NotFound
from werkzeug.http import http_date, parse_date, parse_etags, unquote_etag
from werkzeug.security import safe_join
from werkzeug.wrappers import Response as ResponseBase
from werkzeug.wsgi import wrap_file

from ..wrappers import Response, emits_as_built_in
from .pristine import pristine
from .streams import close_when_dropped

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_MAX_KEPT = 1024


# PERF: a dataclass takes as long to make as the rest of the module.


class Description:
    """Properties of a file response that don't follow from the file itself."""

    __slots__ = ("headers", "max_age", "name")

    name: str
    """Name from which the content type is guessed."""

    headers: tuple[tuple[str, str], ...]
    """Additional headers of the response."""

    max_age: int | None
    """Seconds that clients may cache it; ``None`` for the application's default."""

    def __init__(
        self, name: str, headers: tuple[tuple[str, str], ...], max_age: int | None
    ) -> None:
        self.name = name
        self.headers = headers
        self.max_age = max_age


_Key = tuple[str, float, int, "int | None", "Description | None", tuple[t.Any, ...]]


class Kept:
    """Headers of a response, and the positions of those that change each second."""

    __slots__ = ("date_at", "etag", "expires_at", "headers", "last_modified")

    def __init__(
        self,
        headers: list[tuple[str, str]],
        etag: str,
        last_modified: str,
        date_at: int,
        expires_at: int | None,
    ) -> None:
        self.headers = headers
        self.etag = etag
        self.last_modified = last_modified
        self.date_at = date_at
        self.expires_at = expires_at

    def now(self, max_age: int | None) -> list[tuple[str, str]]:
        """Return the current headers."""
        headers = self.headers.copy()
        second = int(time())
        headers[self.date_at] = "Date", _date(second)
        if self.expires_at is not None and max_age is not None:
            headers[self.expires_at] = "Expires", _date(second + max_age)
        return headers


def _keep(answer: t.Any) -> Kept | None:
    """Return a cache entry for a response, if its headers are the usual ones."""
    headers = list(answer.headers)
    names = [name for name, _ in headers]
    if {"Date", "ETag", "Last-Modified"} - set(names):
        return None
    return Kept(
        headers,
        answer.headers["ETag"],
        answer.headers["Last-Modified"],
        names.index("Date"),
        names.index("Expires") if "Expires" in names else None,
    )


class FileHeaderCache:
    """Cache of the headers that Werkzeug creates for plain requests for files.

    The key consists of the file's path, time, size and type, the caching time and the description.
    Requests with a range or an unusual condition, and custom response classes, bypass the cache.
    """

    def __init__(self) -> None:
        self._kept: dict[_Key, Kept] = {}
        self._files: dict[tuple[str, str, str], str] = {}

    def find(self, directory: str, path: str, root_path: str) -> tuple[str, os.stat_result]:
        """Return the path of a file in a directory and its ``os.stat_result``.

        :param directory: relative to the root path, and so is the path to the directory.
        :raises ~werkzeug.exceptions.NotFound: if there is no such file in the directory.
        """
        # PERF: joining paths takes longer than looking at the file. Only names of files that are
        # there are remembered, however they are written.
        place = (root_path, directory, path)
        file_path = self._files.get(place)
        if file_path is None:
            inside = safe_join(directory, path)
            if inside is None:
                raise NotFound
            file_path = os.path.join(root_path, inside)
        try:
            found = os.stat(file_path)
        except (OSError, ValueError):
            raise NotFound from None
        if not stat.S_ISREG(found.st_mode):
            raise NotFound
        if len(self._files) >= _MAX_KEPT:
            self._files.clear()
        self._files[place] = file_path
        return file_path, found

    def send(
        self,
        directory: str,
        path: str,
        max_age: int | t.Callable[[str], int | None] | None,
        environ: WSGIEnvironment,
        root_path: str,
        description: Description | None = None,
    ) -> Response:
        """Return a response for a file in a directory.

        :param directory: relative to the root path, and so is the path to the directory.
        :param max_age: in seconds, or a function of the file's path that returns them.
        :param description: further properties of the response.
        :raises ~werkzeug.exceptions.NotFound: if there is no such file in the directory.
        """
        # PERF: Werkzeug guesses the type, formats two dates and a name, and builds the headers
        # one by one; that takes longer than reading a style sheet. Here the file is looked at
        # once, as it has to be.
        file_path, found = self.find(directory, path, root_path)
        if callable(max_age):
            max_age = max_age(file_path)
        return self.send_found(file_path, found, max_age, environ, root_path, description)

    def send_found(
        self,
        file_path: str,
        found: os.stat_result,
        max_age: int | None,
        environ: WSGIEnvironment,
        root_path: str,
        description: Description | None,
    ) -> Response:
        """Return the response for a file that was looked at.

        :param found: what the system knows of it.
        """
        name = file_path if description is None else description.name
        key = (file_path, found.st_mtime, found.st_size, max_age, description, _type_of(name))
        kept = self._kept.get(key)
        if kept is None:
            return self._send_by_werkzeug(key, environ, root_path)
        answer = Response.__new__(Response)
        answer.start_with(kept.now(max_age))
        if _is_known(environ, kept.etag, kept.last_modified):
            answer._status, answer._status_code = "304 NOT MODIFIED", 304
            answer.response = ()
        else:
            file = open(file_path, "rb")  # noqa: SIM115 - closed with the response
            answer.response = wrap_file(environ, file)
            close_when_dropped(answer.response)
        return answer

    def _send_by_werkzeug(self, key: _Key, environ: WSGIEnvironment, root_path: str) -> Response:
        file_path, mtime, size, max_age, description, _ = key
        answer = werkzeug.utils.send_file(
            file_path,
            environ,
            download_name=None if description is None else description.name,
            max_age=max_age,
            response_class=Response,
            _root_path=root_path,
        )
        close_when_dropped(answer.response)
        if description is not None:
            describe(answer, description)
        if len(self._kept) >= _MAX_KEPT:
            self._kept.clear()
        # The ETag tells whether it was still the same file.
        same = answer.headers.get("ETag", "").startswith(f'"{mtime}-{size}-')
        if same and answer.status_code == 200 and (kept := _keep(answer)) is not None:
            self._kept[key] = kept
        return t.cast(Response, answer)


def _type_of(path: str) -> tuple[t.Any, ...]:
    """Return the values from which the standard library guesses a file's type."""
    # PERF: the guess itself takes five times as long.
    suffix = path[path.rfind(".") :]
    return (
        mimetypes.guess_type,
        mimetypes.types_map.get(suffix),
        mimetypes.encodings_map.get(suffix),
    )


def describe(response: t.Any, description: Description) -> None:
    """Add the headers of a description to Werkzeug's response for the file."""
    for name, value in description.headers:
        response.headers[name] = value


def _is_known(environ: WSGIEnvironment, etag: str, last_modified: str) -> bool:
    """Return whether the client has the file, from its conditions (:rfc:`9110`, 13.2.2)."""
    # PERF: browsers send back what they were told, to the letter, and both if they were told both.
    if (if_none_match := environ.get("HTTP_IF_NONE_MATCH")) is not None:
        if if_none_match == etag:
            return True
        etags = parse_etags(if_none_match)
        if etags:
            return etags.contains_weak(unquote_etag(etag)[0])
    if (if_modified_since := environ.get("HTTP_IF_MODIFIED_SINCE")) is None:
        return False
    if if_modified_since == last_modified:
        return True
    since, modified = parse_date(if_modified_since), parse_date(last_modified)
    return since is not None and modified is not None and modified <= since


@lru_cache(maxsize=8)
def _date(second: int) -> str:
    return http_date(second)


_MAKE_CONDITIONAL = pristine(ResponseBase, "make_conditional")
_SET_ETAG = pristine(ResponseBase, "set_etag")
_SEND_FILE = werkzeug.utils.send_file
_SEND_FROM_DIRECTORY = werkzeug.utils.send_from_directory


def answers_as_built_in() -> bool:
    """Return whether Werkzeug's functions for file responses are unchanged."""
    return (
        Response.make_conditional is _MAKE_CONDITIONAL
        and Response.set_etag is _SET_ETAG
        and werkzeug.utils.send_from_directory is _SEND_FROM_DIRECTORY
        and werkzeug.utils.send_file is _SEND_FILE
        and emits_as_built_in()
    )


def is_plain_request(environ: WSGIEnvironment) -> bool:
    """Return whether a request has no range and only the usual conditions."""
    return (
        environ["REQUEST_METHOD"] in {"GET", "HEAD"}
        and "HTTP_RANGE" not in environ
        and "HTTP_IF_RANGE" not in environ
        and "HTTP_IF_MATCH" not in environ
        and "HTTP_IF_UNMODIFIED_SINCE" not in environ
    )


file_header_cache = FileHeaderCache()
