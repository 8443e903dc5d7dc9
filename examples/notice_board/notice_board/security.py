"""Protection of forms against forged requests, response headers, and the secret key."""

from __future__ import annotations

import contextlib
import hmac
import os
import re
import secrets
from pathlib import Path

from flask import Flask, Response, abort, request, session

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
LOCAL_TARGET = re.compile(r"/(?![/\\])[!-\[\]-~]*")

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob:; object-src 'none';"
        " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def init_app(app: Flask) -> None:
    app.before_request(check_csrf_token)
    app.after_request(add_headers)
    app.add_template_global(csrf_token)


def csrf_token() -> str:
    """Return the visitor's token; every form that changes something sends it back."""
    if "csrf_token" not in session:
        session["csrf_token"] = secrets.token_urlsafe(32)
    token: str = session["csrf_token"]
    return token


def check_csrf_token() -> None:
    """Refuse a form that was not served to this visitor.

    The API takes JSON, raw pictures or DELETE only. Browsers send none of these to another site
    without asking it first, so it needs no token.
    """
    if request.method in SAFE_METHODS or request.url_rule is None or request.blueprint == "api":
        return
    expected = session.get("csrf_token", "")
    given = request.form.get("csrf_token", "")
    if not expected or not hmac.compare_digest(expected.encode(), given.encode()):
        abort(400, "This form has expired. Go back, reload the page and send it again.")


def add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def is_local_target(target: str) -> bool:
    """Tell whether a ``?next=`` value stays on this site."""
    return LOCAL_TARGET.fullmatch(target) is not None


def load_or_create_key(path: Path) -> str:
    """Read the secret key from a file, making it first when there is none.

    Several workers may start at once: each writes a draft, and linking it into place succeeds for
    one of them only, so all of them read the same complete key.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text().strip()
