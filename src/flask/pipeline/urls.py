"""URLs of endpoints, from a compiled builder or from Werkzeug's adapter."""

from __future__ import annotations

import typing as t
from urllib.parse import quote

from werkzeug.exceptions import SecurityError
from werkzeug.routing import BuildError, MapAdapter
from werkzeug.wsgi import get_host

from ..ctx import RequestContext
from ..globals import _cv_app, _cv_request
from ..routing.building import build_here

if t.TYPE_CHECKING:
    from ..app import Flask
    from ..wrappers import Request

_ANCHOR_SAFE = "%!#$&'()*+,/:;=?@"


Bind = t.Callable[..., MapAdapter]


def make_adapter(app: Flask, request: Request | None, bind: Bind) -> MapAdapter | None:
    """Return the URL adapter for the request's host, or for ``SERVER_NAME``.

    :param bind: function that binds a map to an environ, with a host and a subdomain.
    """
    server_name = app.config["SERVER_NAME"]
    if request is None:
        return None if server_name is None else _bind_outside(app, server_name)
    if (trusted := app.config["TRUSTED_HOSTS"]) is not None:
        request.trusted_hosts = trusted
    # Checks the host, which must not wait until somebody asks for it. Once the request was
    # routed, its host is one that was accepted.
    ctx = _cv_request.get(None)
    was_routed = ctx is not None and ctx._request is request and ctx.plan is not None
    trusted = None if was_routed else request.trusted_hosts
    t.cast(t.Any, request).host = host = get_host(request.environ, trusted)
    if "xn--" in host.lower():
        _check_domain(host)
    url_map = app.url_map
    if url_map.host_matching:
        return bind(url_map, request.environ)
    if app.subdomain_matching:
        return bind(url_map, request.environ, server_name)
    return bind(url_map, request.environ, server_name, url_map.default_subdomain or "")


def _check_domain(host: str) -> None:
    """Reject an invalid encoded domain (:rfc:`3490`), which would fail in URLs."""
    try:
        host.partition(":")[0].encode("ascii").decode("idna")
    except UnicodeError:
        raise SecurityError(f"Host {host!r} is not a domain.") from None


def _bind_outside(app: Flask, server_name: str) -> MapAdapter:
    config = app.config
    return app.url_map.bind(
        server_name, config["APPLICATION_ROOT"], url_scheme=config["PREFERRED_URL_SCHEME"]
    )


def build_url(
    app: Flask, endpoint: str, values: dict[str, t.Any], special: dict[str, t.Any]
) -> str:
    """Return the URL of an endpoint.

    :param special: the arguments of ``url_for`` with an underscore, by name.
    """
    ctx = _cv_request.get(None)
    if ctx is not None and endpoint[:1] == ".":
        blueprint = ctx.request.blueprint
        endpoint = endpoint[1:] if blueprint is None else blueprint + endpoint
    try:
        url = _build_by_adapter(app, ctx, endpoint, values, special)
    except BuildError as error:
        return app.handle_url_build_error(error, endpoint, values | special)
    anchor = special["_anchor"]
    return url if anchor is None else f"{url}#{quote(anchor, safe=_ANCHOR_SAFE)}"


def build_quickly(app: Flask, endpoint: str, values: dict[str, t.Any]) -> str | None:
    """Build a path with the endpoint's builder, compiling it if needed. ``None`` means to ask
    :func:`build_url`, the slow twin.
    """
    url = build_here(app, endpoint, values)
    if url is not None:
        return url
    program = app._revision.program
    if program is None or not program.add_builder(app, endpoint):
        return None
    return build_here(app, endpoint, values)


def _build_by_adapter(
    app: Flask,
    ctx: RequestContext | None,
    endpoint: str,
    values: dict[str, t.Any],
    special: dict[str, t.Any],
) -> str:
    scheme, external = special["_scheme"], special["_external"]
    if external is None:
        external = special["_external"] = ctx is None or scheme is not None
    adapter = _current_adapter(app, ctx)
    if adapter is None and ctx is None:
        raise RuntimeError(
            "Unable to build URLs here: outside of a request, only 'SERVER_NAME' can say what a"
            " URL begins with. Set it ('APPLICATION_ROOT' and 'PREFERRED_URL_SCHEME' too, where"
            " they differ from the defaults)."
        )
    if scheme is not None and not external:
        raise ValueError("'_scheme' is for external URLs: '_external' must not be False.")
    app.inject_url_defaults(endpoint, values)
    if "STATIC_HASHED" in app.config:
        from ..http.hashed_files import with_hash  # PERF: most applications don't ask for it

        values = with_hash(app, endpoint, values)
    if adapter is None:
        raise AttributeError(
            "Unable to build URLs in this request: its host is not trusted, or"
            " 'create_url_adapter' returned None.",
            name="build",
            obj=None,
        )
    return adapter.build(endpoint, values, special["_method"], external, url_scheme=scheme)


def _current_adapter(app: Flask, ctx: RequestContext | None) -> MapAdapter | None:
    if ctx is not None:
        return ctx.url_adapter
    outside = _cv_app.get(None)
    return app.create_url_adapter(None) if outside is None else outside.url_adapter
