"""Response headers, cookies that stay with TLS, and the secret key."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from pathlib import Path

from flask import Flask

from .extensions import talisman

LOCAL_TARGET = re.compile(r"/(?![/\\])[!-\[\]-~]*")

# Scripts and styles are files of this site, and nothing is inline, so no nonce is needed.
# 'self' covers the WebSocket of this site, too.
POLICY = {
    "default-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}


def init_app(app: Flask) -> None:
    if not app.config["SECRET_KEY"]:
        app.config["SECRET_KEY"] = load_or_create_key(Path(app.instance_path) / "secret_key")
    with_tls = app.config["FORCE_HTTPS"]
    app.config["REMEMBER_COOKIE_SECURE"] = with_tls
    talisman.init_app(
        app,
        content_security_policy=POLICY,
        force_https=with_tls,
        strict_transport_security=with_tls,
        session_cookie_secure=with_tls,
        session_cookie_samesite=app.config["SESSION_COOKIE_SAMESITE"],
        referrer_policy="same-origin",
    )


def is_local_target(target: str) -> bool:
    """Tell whether a ``?next=`` value stays on this site."""
    return LOCAL_TARGET.fullmatch(target) is not None


def load_or_create_key(path: Path) -> str:
    """Read the secret key from a file, making it first when there is none.

    Of several workers that start at once, each writes a draft, and one of them links it into place.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text().strip()
