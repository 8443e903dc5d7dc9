"""The origin of a handshake, by which cross-site WebSocket hijacking is refused.

Browsers let any page open a WebSocket to any host, and send that host's cookies along.  They also
send the page's origin (:rfc:`6454`), which is all that a server can go by.
"""

from __future__ import annotations

import typing as t
from urllib.parse import urlsplit

USUAL_PORTS = {"http": 80, "https": 443}


def is_allowed(origin: str | None, host: str, scheme: str, allowed: t.Any) -> bool:
    """Return whether a page of an origin may open a WebSocket.

    :param origin: from the handshake; ``None``: not from a browser.
    :param host: that the client connected to, perhaps with a port.
    :param scheme: of the connection, ``http`` or ``https``.
    :param allowed: other origins: ``https://app.example``, ``https://*.app.example``, or ``*``.
    """
    if origin is None:
        return True
    if isinstance(allowed, str):
        allowed = [allowed]
    origin = origin.lower()
    if any(_matches(origin, pattern.lower()) for pattern in allowed or ()):
        return True
    return _is_same(origin, host.lower(), scheme)


def _matches(origin: str, pattern: str) -> bool:
    if pattern in {"*", origin}:
        return True
    scheme, star, domain = pattern.partition("://*.")
    return bool(star) and origin.startswith(f"{scheme}://") and origin.endswith(f".{domain}")


def _is_same(origin: str, host: str, scheme: str) -> bool:
    """Return whether the origin is that of the host; a proxy may have omitted the port."""
    try:
        parts, asked = urlsplit(origin), urlsplit(f"//{host}")
        usual = USUAL_PORTS.get(parts.scheme)
        port, own = parts.port or usual, asked.port or usual
    except ValueError:
        return False
    if usual is None or not parts.hostname or "@" in parts.netloc:
        return False
    # Behind a proxy that ends TLS, the connection itself is never secure.
    is_downgrade = scheme == "https" and parts.scheme == "http"
    return parts.hostname == asked.hostname and port == own and not is_downgrade
