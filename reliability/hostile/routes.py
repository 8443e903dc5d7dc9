"""Routing: maps of adversarial rules and converters, and where its redirects lead."""

from __future__ import annotations

import typing as t
from urllib.parse import urljoin, urlsplit

from hypothesis import strategies as st
from werkzeug.routing import BaseConverter, ValidationError

from flask import Flask

from . import inputs
from .caller import Twins, environ_of
from .case import Tally, case


class Greedy(BaseConverter):
    """Takes slashes, wherever it stands."""

    part_isolating = False
    regex = ".*"
    weight = -50


class Alternating(BaseConverter):
    """Groups and alternatives of its own, one of them empty."""

    part_isolating = False
    regex = "(?:a|aa|a/|)(b?)(/x)*"


class Refusing(BaseConverter):
    """Refuses half of what its expression accepts."""

    def to_python(self, value: str) -> str:
        if len(value) % 2:
            raise ValidationError
        return value

    def to_url(self, value: t.Any) -> str:
        return str(value)


class Choking(BaseConverter):
    """Fails with the error of a careless conversion."""

    def to_python(self, value: str) -> int:
        return int(value, 36)


class Anchored(BaseConverter):
    regex = r"\w+$"
    weight = 0


class Unusual(BaseConverter):
    regex = "[^a]"
    weight = 10**6


CONVERTERS: dict[str, type[BaseConverter]] = {
    "greedy": Greedy,
    "alternating": Alternating,
    "refusing": Refusing,
    "choking": Choking,
    "anchored": Anchored,
    "unusual": Unusual,
}
KINDS = [*CONVERTERS, "path", "int", "float", "uuid", "string", "any(a, b)", "string(length=2)"]

segments = st.sampled_from(["a", "b", "é", "a.b", "1", "x y", "$", "(", "|"])
variables = st.tuples(
    st.sampled_from(["", "a", "-"]), st.sampled_from(KINDS), st.sampled_from(["", ".b", "-", "a"])
)
rules = st.tuples(
    st.lists(segments | variables, max_size=4),
    st.booleans(),
    st.fixed_dictionaries(
        {},
        optional={
            "methods": st.sampled_from([["GET"], ["POST"], ["GET", "PUT"]]),
            "strict_slashes": st.booleans(),
            "merge_slashes": st.booleans(),
            "defaults": st.sampled_from([{"v0": "a"}, {"other": 1}]),
            "alias": st.booleans(),
            "websocket": st.booleans(),
        },
    ),
)
tried_paths = st.lists(
    st.sampled_from(["/", "/", "a", "b", "ab", "1", "aa", "x", "-", ".b", "é", "//", "x y", "|"])
    | inputs.anything.map(lambda text: text[:5]),
    max_size=12,
).map(lambda parts: "/" + "".join(parts))


def _rule_text(parts: list[t.Any], slashed: bool) -> str:
    text = ""
    for number, part in enumerate(parts):
        if isinstance(part, str):
            text += f"/{part}"
        else:
            before, kind, after = part
            text += f"/{before}<{kind}:v{number}>{after}"
    return text + ("/" if slashed or not text else "")


def _twins_of(drawn: list[tuple[list[t.Any], bool, dict[str, t.Any]]]) -> Twins | None:
    def make(app_class: type[Flask]) -> Flask:
        app = app_class(f"routes_{app_class.__name__.lower()}", static_folder=None)
        app.url_map.converters.update(CONVERTERS)

        def view(**arguments: object) -> str:
            return ascii([endpoint, arguments])

        for number, (parts, slashed, options) in enumerate(drawn):
            endpoint = f"rule{number // 2}"
            app.add_url_rule(_rule_text(parts, slashed), endpoint, view, **options)
            app.view_functions[endpoint] = view
        return app

    try:
        return Twins(make)
    except (LookupError, ValueError):  # not a map that Werkzeug makes
        return None


@case("routing", "maps of rules with greedy, refusing and failing converters, and odd paths")
def routing(tally: Tally) -> None:
    def attempt(drawn: tuple[list[t.Any], list[tuple[str, str]]]) -> None:
        twins = _twins_of(drawn[0])
        if twins is None:
            return
        for method, path in drawn[1]:
            tally.tried += 1
            twins.ask(tally, environ_of(path.replace("?", ""), REQUEST_METHOD=method))

    methods = st.sampled_from(["GET", "GET", "POST", "HEAD", "OPTIONS"])
    asked = st.lists(st.tuples(methods, tried_paths), min_size=8, max_size=8)
    tally.explore(st.tuples(st.lists(rules, min_size=1, max_size=6), asked), attempt, counts=False)


ELSEWHERE = [
    "//evil.example",
    "//evil.example/",
    "///evil.example",
    "////evil.example/%2e%2e",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/%09/evil.example",
    "/%5cevil.example",
    "//evil.example//name/x",
    "//evil.example/name",
    "/name//evil.example",
    "/name///evil.example",
    "//name/evil.example",
    "/.//evil.example",
    "/name/..//evil.example",
    "//[::1]/name",
    "//user@evil.example/name",
    "//evil.example:80/name",
    "https://evil.example/name",
    "https:evil.example",
    "javascript:alert(1)",
    "/name/javascript:alert(1)",
    "/\x01//evil.example",
    "/\xa0//evil.example",
    "/\u2028//evil.example",
    "/\u3002evil.example",
    "/name/%0d%0aLocation: https:%2f%2fevil.example",
    "/name/\r\nLocation: https://evil.example",
    "/name/?@evil.example",
    "/name/#@evil.example",
]


def _redirecting(app_class: type[Flask]) -> Flask:
    app = app_class(f"redirecting_{app_class.__name__.lower()}", static_folder=None)
    options: dict[str, t.Any] = {"view_func": lambda **arguments: "here"}
    app.add_url_rule("/", "front", **options)
    app.add_url_rule("/<path:rest>/", "rest", **options)
    app.add_url_rule("/name/<name>/", "name", **options)
    app.add_url_rule("/page/<page>", "page", defaults={"page": "1"}, **options)
    app.add_url_rule("/page/", "page", defaults={"page": "1"}, **options)
    return app


@case("open-redirect", "paths that routing redirects (slashes): never to another host")
def open_redirect(tally: Tally) -> None:
    twins = Twins(_redirecting)
    tails = ["", "/", "/x", "?next=//evil.example", "/..", "//"]
    for start in ELSEWHERE:
        for tail in tails:
            for prefix in ("", "/app"):
                path, _, query = (start + tail).partition("?")
                environ = environ_of(path, QUERY_STRING=query, SCRIPT_NAME=prefix)
                answer = twins.ask(tally, environ)
                tally.expect(
                    _stays(answer.header("Location"), "http://localhost" + prefix + path),
                    "redirected to another host",
                    (path, answer.header("Location")),
                )


def _stays(location: str | None, asked: str) -> bool:
    """Whether a browser that follows a redirect stays on the host, as browsers read it."""
    if location is None:
        return True
    as_read = location.replace("\\", "/").replace("\t", "").strip()
    return urlsplit(urljoin("http://localhost/x", as_read)).netloc == "localhost"
