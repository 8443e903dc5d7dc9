"""The Host header: with ``TRUSTED_HOSTS``, no other name is answered or comes back in a URL."""

from __future__ import annotations

import typing as t
from itertools import product

from hypothesis import strategies as st

import flask
from flask import Flask

from . import inputs
from .caller import Twins, environ_of
from .case import Tally, case

TRUSTED = ["good.example", ".sub.example", "good.example:8080"]

REFUSED = [
    "evil.example",
    "good.example.evil.example",
    "evil-good.example",
    "evilsub.example",
    "xgood.example",
    "good.example@evil.example",
    "good.example:80@evil.example",
    "evil.example:good.example",
    "good.example/evil.example",
    "evil.example/good.example",
    "evil.example?good.example",
    "evil.example#good.example",
    "evil.example\\good.example",
    "good.example evil.example",
    "good.example,evil.example",
    "good.example\tevil.example",
    "evil.example\x00good.example",
    "evil.example%00.good.example",
    "good.example%0d%0aX: y",
    "good.example\r\nX: y",
    "[good.example]",
    "[::1]",
    "127.0.0.1",
    "0",
    "localhost",
    "..good.example",
    ".good.example",
    "good..example",
    "good.example..",
    "sub.example.evil",
    "a.sub.example.evil",
    "\xe9.example",
    "xn--good.example",
    "good\u2024example".encode().decode("latin-1"),
    "g\xc3\xb6od.example",
    "good.example:evil",
    "good.example:-1",
    "good.example: 80",
    "good.example:99999999",
    " good.example",
    "*",
    "*.sub.example",
    "a" * 5000 + ".example",
]
ACCEPTED = ["good.example", "sub.example", "a.sub.example", "a.b.sub.example"]


def _make(**config: t.Any) -> t.Callable[[type[Flask]], Flask]:
    def make(app_class: type[Flask]) -> Flask:
        app = app_class(f"hosted_{app_class.__name__.lower()}", static_folder=None)
        app.secret_key = "key"
        app.config.update(TRUSTED_HOSTS=TRUSTED, **config)

        @app.route("/")
        def front() -> str:
            return flask.url_for("front", _external=True)

        @app.route("/plain/")
        def plain() -> str:
            return "answered"

        @app.route("/set")
        def set_session() -> str:
            flask.session["a"] = 1
            return flask.request.host

        return app

    return make


CONFIGS: list[dict[str, t.Any]] = [
    {},
    {"SERVER_NAME": "good.example"},
    {"SESSION_COOKIE_DOMAIN": "good.example"},
    {"PREFERRED_URL_SCHEME": "https"},
]
PATHS = ["/", "/plain/", "/plain", "/set", "/missing"]


@case(
    "hosts",
    "Host headers that resemble a trusted one, or break the syntax: 400, and the name comes back"
    " in no URL, redirect or cookie",
)
def hosts(tally: Tally) -> None:
    for config in CONFIGS:
        twins = Twins(_make(**config))
        for host, path, scheme in product(REFUSED, PATHS, ("http", "https")):
            environ = environ_of(path, HTTP_HOST=host, **{"wsgi.url_scheme": scheme})
            answer = twins.ask(tally, environ)
            tally.expect(answer.status == 400, f"{answer.status} for a host not trusted", host)
            tally.expect(
                "evil" not in str(answer.headers) and "://evil" not in answer.text,
                "the name of a host that is not trusted came back in a URL",
                host,
            )
        for host in ACCEPTED:
            answer = twins.ask(tally, environ_of("/plain/", HTTP_HOST=host))
            tally.expect(
                answer.body == b"answered" or "SERVER_NAME" in config,
                "a trusted host was refused",
                host,
            )


@case("hosts-generated", "generated Host headers: 400, unless a trusted name")
def hosts_generated(tally: Tally) -> None:
    twins = Twins(_make())
    words = ["good", ".example", "sub", ".", ":", "80", "8080", "evil", "@", "[", "]", "xn--", "-"]

    def attempt(drawn: tuple[str, str]) -> None:
        host, path = drawn
        answer = twins.ask(tally, environ_of(path, HTTP_HOST=host))
        if answer.status != 400 and not _is_trusted(host):
            tally.fail(f"{answer.status} for a host not trusted", host)

    some = inputs.as_header(inputs.mixed(*words, size=6))
    tally.explore(st.tuples(some, st.sampled_from(PATHS)), attempt)


def _is_trusted(host: str) -> bool:
    name = host.lower().partition(":")[0]
    # Without a Host header the server's own name counts, and that is not trusted either.
    return name in {"good.example", "sub.example"} or name.endswith(".sub.example")
