"""Environments of plain requests, made without an :class:`EnvironBuilder`.

Most requests of a test suite are a path, perhaps with headers, a form or JSON. A builder parses
such a request and composes it again. Here it is written into a copy of an environment that a
builder made once. Any other request is left to a builder, the slow twin of this module.
"""

from __future__ import annotations

import re
import sys
from contextlib import closing
from functools import lru_cache
from io import BytesIO
from operator import attrgetter
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import werkzeug.test
from werkzeug.wsgi import get_current_url

from .environ import EnvironBuilder, make_base_url

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from ..app import Flask

_TEXT = r"[\w.~:@,!$&'()*+=/-]"
_match_url = re.compile(rf"(/(?!/){_TEXT}*)(?:\?((?:{_TEXT}|[%?])+))?", re.ASCII).fullmatch
"""A path and query that a builder would not change by quoting or unquoting."""

_is_path = re.compile(rf"/?{_TEXT}*", re.ASCII).fullmatch
_is_header_name = re.compile(r"[A-Za-z0-9-]+").fullmatch
_is_header_value = re.compile(r"[^\r\n]*").fullmatch
_is_media_type = re.compile(
    r"(?!multipart/form-data|application/x-www-form-urlencoded)[\w/.+; =-]+", re.ASCII
).fullmatch

_OPTIONS = frozenset({"method", "headers", "query_string", "data", "json", "content_type"})
"""The arguments of a builder that a plain request may have."""

_PLAIN_VALUES = frozenset({str, int, float, bool})
_FORM = "application/x-www-form-urlencoded"

_builder = attrgetter(
    "__init__", "__new__", "get_environ", "get_request", "json_dumps", "request_class",
    "server_protocol", "wsgi_version",
)  # fmt: skip
_BUILT_IN = _builder(EnvironBuilder)


def make_environ(app: Flask, args: tuple[Any, ...], kwargs: dict[str, Any]) -> WSGIEnvironment:
    """Return the environment that an :class:`EnvironBuilder` makes of its arguments."""
    if len(args) < 2:
        environ = make_plain_environ(app, {}, args[0] if args else "/", kwargs)
        if environ is not None:
            return environ
    with closing(EnvironBuilder(app, *args, **kwargs)) as builder:
        return builder.get_environ()


def make_plain_environ(
    app: Flask, base: WSGIEnvironment, path: Any, options: dict[str, Any]
) -> WSGIEnvironment | None:
    """Return the environment that an :class:`EnvironBuilder` makes of these arguments, or
    ``None`` if only a builder can make it.

    :param base: defaults of the environment, as the builder's ``environ_base``.
    :param options: the builder's arguments by name.
    """
    if type(path) is not str or not options.keys() <= _OPTIONS:
        return None
    url = _match_url(path)
    config = app.config
    place = (config["SERVER_NAME"], config["APPLICATION_ROOT"], config["PREFERRED_URL_SCHEME"])
    if url is None or not _are_texts(place) or _builder(EnvironBuilder) != _BUILT_IN:
        return None
    # PERF: a copy of a dict takes a tenth of the time that it takes to write one.
    environ = {**base, **_template(*place)}
    method = options.get("method", "GET")
    query = _query(url, options.get("query_string"))
    if type(method) is not str or query is None:
        return None
    environ["REQUEST_METHOD"] = method
    environ["PATH_INFO"] = url[1]
    environ["QUERY_STRING"] = query
    environ["REQUEST_URI"] = environ["RAW_URI"] = path
    environ["wsgi.errors"] = sys.stderr
    if not (options.keys() - {"method"}):
        environ["wsgi.input"] = BytesIO()
    elif not (_write_body(app, environ, options) and _write_headers(environ, options)):
        return None
    return environ


def _are_texts(place: tuple[Any, Any, Any]) -> bool:
    server_name, root, scheme = place
    return (server_name is None or type(server_name) is str) and type(root) is type(scheme) is str


@lru_cache(maxsize=32)
def _template(server_name: str | None, root: str, scheme: str) -> WSGIEnvironment:
    """Return the part of an environment that all requests to one base URL share."""
    builder = werkzeug.test.EnvironBuilder("/", make_base_url(server_name, root, scheme))
    environ = builder.get_environ()
    builder.close()
    return environ


def _query(url: re.Match[str], given: Any) -> str | None:
    """Return the query string, or ``None`` if it needs a builder."""
    query: str = url[2] or ""
    if given is None:
        return query
    if type(given) is str:
        return given if given.isascii() and not query else None
    return None if query else _encode(given)


def _encode(given: Any) -> str | None:
    """Encode form data or a query; return ``None`` if it needs a builder."""
    if type(given) is not dict or not given:
        return None
    if not _PLAIN_VALUES.issuperset(map(type, given.values())):
        return None
    if not all(type(name) is str for name in given):
        return None
    return urlencode(given, safe="!$'()*,/:;?@")


def _write_body(app: Flask, environ: WSGIEnvironment, options: dict[str, Any]) -> bool:
    """Write the body and its headers; return false if it needs a builder."""
    content_type, is_plain = _given_content_type(options)
    data, json = options.get("data"), options.get("json")
    if not is_plain or (json is not None and data is not None):
        return False
    if json is not None:
        data = app.json.dumps(json)
        content_type = content_type or "application/json"
    elif type(data) is dict and content_type is None:
        data, content_type = _encode(data), _FORM
        if data is None:
            return False
    if data is not None and type(data) is not str and type(data) is not bytes:
        return False
    content = data.encode() if isinstance(data, str) else data or b""
    environ["wsgi.input"] = BytesIO(content)
    if content_type is not None:
        environ["CONTENT_TYPE"] = content_type
    if content:
        environ["CONTENT_LENGTH"] = str(len(content))
    return True


def _given_content_type(options: dict[str, Any]) -> tuple[str | None, bool]:
    """The content type if there is one, and whether it is a text that is not that of a form."""
    content_type = options.get("content_type")
    headers = options.get("headers")
    if content_type is None and type(headers) is dict:
        given = (headers[name] for name in headers if str(name).lower() == "content-type")
        content_type = next(given, None)
    if content_type is None:
        return None, True
    return content_type, type(content_type) is str and bool(_is_media_type(content_type))


def _write_headers(environ: WSGIEnvironment, options: dict[str, Any]) -> bool:
    """Write headers that are strings; return false if others need a builder."""
    headers = options.get("headers")
    if headers is None:
        return True
    if type(headers) is not dict:
        return False
    written = set()
    for name, value in headers.items():
        if type(name) is not str or type(value) is not str:
            return False
        key = name.upper().replace("-", "_")
        if key in written or key == "CONTENT_LENGTH":
            return False
        if not _is_header_name(name) or not _is_header_value(value):
            return False
        written.add(key)
        if key != "CONTENT_TYPE":
            environ[f"HTTP_{key}"] = value
    return True


def origin(environ: WSGIEnvironment) -> tuple[str, str] | None:
    """Return the host and the path that decide which cookies a request has, or ``None``: ask
    :func:`werkzeug.wsgi.get_current_url`.
    """
    root, path = environ.get("SCRIPT_NAME", ""), environ.get("PATH_INFO", "")
    host = environ.get("HTTP_HOST")
    if type(host) is not str or not _is_path(root) or not _is_path(path):
        return None
    if not _NOT_IN_HOSTS.isdisjoint(host):
        return None
    return _host_name(environ["wsgi.url_scheme"], host), f"{root.rstrip('/')}/{path.lstrip('/')}"


_NOT_IN_HOSTS = frozenset("/?#@\\")


@lru_cache(maxsize=256)
def _host_name(scheme: str, host: str) -> str:
    """The name in a ``Host`` header, in the form that cookies are compared with."""
    environ = {"wsgi.url_scheme": scheme, "HTTP_HOST": host, "SCRIPT_NAME": "", "PATH_INFO": "/"}
    return urlsplit(get_current_url(environ)).hostname or "localhost"
