"""WSGI environments of requests to one application."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import werkzeug.test

if TYPE_CHECKING:
    from ..app import Flask


class EnvironBuilder(werkzeug.test.EnvironBuilder):
    """A :class:`werkzeug.test.EnvironBuilder` with defaults from an application's configuration.

    :param app: the application the request is for.
    :param path: the path, with or without a query string, or a whole URL with scheme and host.
    :param base_url: the URL that ``path`` is relative to. By default it is composed of
        ``PREFERRED_URL_SCHEME``, ``SERVER_NAME`` (or ``localhost``) and ``APPLICATION_ROOT``.
    :param subdomain: prefix of ``SERVER_NAME``.
    :param url_scheme: overrides ``PREFERRED_URL_SCHEME``.
    :param args: passed to the base class, as are ``kwargs``.
    :raises AssertionError: if ``base_url`` is combined with ``subdomain`` or ``url_scheme``.
    """

    app: Flask

    def __init__(
        self,
        app: Flask,
        path: str = "/",
        base_url: str | None = None,
        subdomain: str | None = None,
        url_scheme: str | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        if base_url is None:
            base_url, path = _complete_url(app, path, subdomain, url_scheme)
        elif subdomain or url_scheme:
            raise AssertionError(
                "'base_url' holds a scheme and a host already: leave out 'subdomain' and"
                " 'url_scheme', or leave out 'base_url'."
            )
        self.app = app
        super().__init__(path, base_url, *args, **kwargs)

    def json_dumps(self, obj: Any, **kwargs: Any) -> str:
        """Serialize the ``json`` argument with the application's provider."""
        return self.app.json.dumps(obj, **kwargs)


def make_base_url(host: str | None, root: str, scheme: str) -> str:
    """Return the base URL of an application from its configuration.

    :param host: ``SERVER_NAME`` or its replacement.
    :param root: ``APPLICATION_ROOT``.
    """
    return f"{scheme}://{host or 'localhost'}/{root.lstrip('/')}"


def _complete_url(
    app: Flask, path: str, subdomain: str | None, url_scheme: str | None
) -> tuple[str, str]:
    """Take scheme and host from ``path`` or from the configuration; return base URL and path."""
    url = urlsplit(path)
    host = app.config["SERVER_NAME"] or "localhost"
    if subdomain:
        host = f"{subdomain}.{host}"
    scheme = url.scheme or url_scheme or app.config["PREFERRED_URL_SCHEME"]
    query = f"?{url.query}" if url.query else ""
    base_url = make_base_url(url.netloc or host, app.config["APPLICATION_ROOT"], scheme)
    return base_url, url.path + query
