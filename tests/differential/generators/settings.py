"""Random configuration, and the same few requests under it."""

from __future__ import annotations

import datetime
import random
from typing import Any

import flask
from flask import session, url_for

from ..harness import Lab

CHOICES: dict[str, tuple[Any, ...]] = {
    "DEBUG": (True, False),
    "TESTING": (True, False),
    "PROPAGATE_EXCEPTIONS": (True, False, None),
    "TRAP_HTTP_EXCEPTIONS": (True, False),
    "TRAP_BAD_REQUEST_ERRORS": (True, False, None),
    "SECRET_KEY": ("k", b"bytes", None, ""),
    "SECRET_KEY_FALLBACKS": (["old"], [], None),
    "SESSION_COOKIE_NAME": ("s", "session", "a-b"),
    "SESSION_COOKIE_DOMAIN": (None, "shop.example", ".shop.example", False),
    "SESSION_COOKIE_PATH": (None, "/x", "/"),
    "SESSION_COOKIE_HTTPONLY": (True, False),
    "SESSION_COOKIE_SECURE": (True, False),
    "SESSION_COOKIE_PARTITIONED": (True, False),
    "SESSION_COOKIE_SAMESITE": (None, "Lax", "Strict", "None", "lax", "odd"),
    "SESSION_REFRESH_EACH_REQUEST": (True, False),
    "PERMANENT_SESSION_LIFETIME": (60, datetime.timedelta(hours=1), 0),
    "SERVER_NAME": (None, "shop.example", "shop.example:81", "localhost"),
    "APPLICATION_ROOT": ("/", "/root", "/root/"),
    "PREFERRED_URL_SCHEME": ("http", "https"),
    "TRUSTED_HOSTS": (None, ["localhost"], [".shop.example", "localhost"], []),
    "MAX_CONTENT_LENGTH": (None, 0, 10, 1000),
    "MAX_FORM_MEMORY_SIZE": (None, 5, 1000),
    "MAX_FORM_PARTS": (None, 0, 5),
    "SEND_FILE_MAX_AGE_DEFAULT": (None, 0, 60, datetime.timedelta(minutes=1)),
    "USE_X_SENDFILE": (True, False),
    "TEMPLATES_AUTO_RELOAD": (None, True, False),
    "EXPLAIN_TEMPLATE_LOADING": (True, False),
    "MAX_COOKIE_SIZE": (0, 50, 4093),
    "PROVIDE_AUTOMATIC_OPTIONS": (True, False),
}
PATHS = (
    "/",
    "/session",
    "/session",
    "/permanent",
    "/read",
    "/fail",
    "/none",
    "/slash",
    "/url",
    "/static/a.txt",
    "OPTIONS /",
    "POST /form",
    "/arg",
    "/template",
    "http://shop.example/url",
    "http://a.shop.example:81/",
)


def settings(lab: Lab, rng: random.Random) -> Any:
    # A lifetime of nothing lasts until the next second begins.
    lab.freeze()
    lab.file("static/a.txt", "static file")
    lab.file("templates/t.html", "{{ config.TESTING }}")
    app = lab.app(SECRET_KEY="k")
    chosen = {
        name: rng.choice(CHOICES[name]) for name in rng.sample(list(CHOICES), rng.randrange(2, 9))
    }
    half = len(chosen) // 2 if rng.random() < 0.3 else len(chosen)
    app.config.update(dict(list(chosen.items())[:half]))
    app.add_url_rule("/", "index", lambda: "index")
    app.add_url_rule("/session", "session", lambda: (session.update(n=1), "x")[1])
    app.add_url_rule(
        "/permanent", "permanent", lambda: (setattr(session, "permanent", True), "x")[1]
    )
    app.add_url_rule("/read", "read", lambda: str(session.get("n")))
    app.add_url_rule("/fail", "fail", lambda: 1 / 0)
    app.add_url_rule("/slash/", "slash", lambda: "slash")
    app.add_url_rule(
        "/url",
        "url",
        lambda: " ".join(
            [url_for("index"), url_for("index", _external=True), url_for("static", filename="x")]
        ),
    )
    app.add_url_rule("/form", "form", lambda: str(len(flask.request.form)), methods=["POST"])
    app.add_url_rule("/arg", "arg", lambda: flask.request.args["n"])
    app.add_url_rule("/template", "template", lambda: flask.render_template("t.html"))
    client = app.test_client()
    seen: list[Any] = [{name: str(value) for name, value in chosen.items()}]
    order = rng.sample(PATHS, 8)
    for number, path in enumerate(order):
        if number == 4:
            app.config.update(chosen)
        options: dict[str, Any] = {"data": {"f": "value" * 3}} if path.startswith("POST") else {}
        answer = lab.hit(client, path, **options)
        if answer.get("body", "").startswith("<!"):
            answer["body"] = "page"
        seen.append([path, answer])
    with app.app_context():
        seen.append(lab.raises(url_for, "index").get("returned", "none"))
    return seen
