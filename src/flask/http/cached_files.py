"""Files from a directory, sent again: what Werkzeug answered for a file holds until it changes."""

from __future__ import annotations

import mimetypes
import os
import stat
import typing as t
from functools import lru_cache
from time import time

import werkzeug.utils
from werkzeug.exceptions import NotFound
from werkzeug.http import http_date, parse_etags, unquote_etag
from werkzeug.security import safe_join
from werkzeug.wsgi import wrap_file

from ..wrappers import Response
from .streams import close_when_dropped

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_MAX_KEPT = 1024

_Key = tuple[str, float, int, int | None, tuple[t.Any, ...]]


class KeptAnswers:
    """Remembers the headers of Werkzeug's answers to plain requests for files.

    They follow from the path, the time, the size and the type of the file, and the time that
    clients may keep it, which are the key.  Requests with a range or an unusual condition,
    responses of a class of the application's own, and anything but a path and a ``max_age`` are
    not answered from here.
    """

    def __init__(self) -> None:
        self._headers: dict[_Key, list[tuple[str, str]]] = {}

    def send(
        self,
        directory: str,
        path: str,
        max_age: int | t.Callable[[str], int | None] | None,
        environ: WSGIEnvironment,
        root_path: str,
    ) -> Response:
        """Return the response for a file in a directory.

        :param directory: relative to the root path, and so is the path to the directory.
        :param max_age: in seconds, or a function of the file's path that says so.
        :raises ~werkzeug.exceptions.NotFound: if there is no such file in the directory.
        """
        # PERF: Werkzeug guesses the type, formats two dates and a name, and builds the headers
        # one by one; that takes longer than reading a style sheet. Here the file is looked at
        # once, as it has to be.
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
        if callable(max_age):
            max_age = max_age(file_path)
        key = (file_path, found.st_mtime, found.st_size, max_age, _type_of(file_path))
        headers = self._headers.get(key)
        if headers is None:
            return self._send_by_werkzeug(key, environ, root_path)
        answer = Response.__new__(Response)
        answer.start_with(headers)
        listed = answer.headers
        listed["Date"] = _date(int(time()))
        if max_age is not None:
            listed["Expires"] = http_date(int(time() + max_age))
        if _is_known(environ.get("HTTP_IF_NONE_MATCH"), listed["ETag"]):
            answer._status, answer._status_code = "304 NOT MODIFIED", 304
            answer.response = ()
        else:
            file = open(file_path, "rb")  # noqa: SIM115 - closed with the response
            answer.response = wrap_file(environ, file)
            close_when_dropped(answer.response)
        return answer

    def _send_by_werkzeug(self, key: _Key, environ: WSGIEnvironment, root_path: str) -> Response:
        file_path, mtime, size, max_age, _ = key
        answer = werkzeug.utils.send_file(
            file_path, environ, max_age=max_age, response_class=Response, _root_path=root_path
        )
        close_when_dropped(answer.response)
        if len(self._headers) >= _MAX_KEPT:
            self._headers.clear()
        # The ETag tells whether it was still the same file.
        same = answer.headers.get("ETag", "").startswith(f'"{mtime}-{size}-')
        if same and answer.status_code == 200:
            self._headers[key] = list(answer.headers)
        return t.cast(Response, answer)


def _type_of(path: str) -> tuple[t.Any, ...]:
    """Return what the standard library's guess at the type of a file follows from."""
    # PERF: the guess itself takes five times as long.
    suffix = path[path.rfind(".") :]
    return (
        mimetypes.guess_type,
        mimetypes.types_map.get(suffix),
        mimetypes.encodings_map.get(suffix),
    )


def _is_known(if_none_match: str | None, etag: str) -> bool:
    """Whether the client has the file that the ETag is of."""
    if if_none_match is None or if_none_match == etag:
        return if_none_match is not None
    return parse_etags(if_none_match).contains_weak(unquote_etag(etag)[0])


@lru_cache(maxsize=2)
def _date(second: int) -> str:
    return http_date(second)


def is_plain_request(environ: WSGIEnvironment) -> bool:
    """Whether the only condition, if any, is an ETag."""
    return (
        environ["REQUEST_METHOD"] in {"GET", "HEAD"}
        and "HTTP_RANGE" not in environ
        and "HTTP_IF_RANGE" not in environ
        and "HTTP_IF_MATCH" not in environ
        and "HTTP_IF_MODIFIED_SINCE" not in environ
        and "HTTP_IF_UNMODIFIED_SINCE" not in environ
    )


kept_answers = KeptAnswers()
