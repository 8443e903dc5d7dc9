"""Random rule tables, asked for random paths and for random URLs."""

from __future__ import annotations

import random
from typing import Any

from werkzeug.routing import BuildError

import flask
from flask import request, url_for

from ..harness import Lab

WORDS = ("a", "b", "item", "x1", "page", "up.down", "a-b")
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH")
ANY = "any(a,item,'x y')"
CONVERTERS: dict[str, tuple[str, ...]] = {
    "": ("a", "item", "7", "a b", "\u00fc", "x.y", "a-b", "longer-value"),
    "string(length=2)": ("ab", "abc", "77"),
    "string(minlength=2)": ("ab", "a", "abcdef"),
    "string(maxlength=2)": ("a", "abc"),
    "int": ("7", "007", "-7", "0", "12345678901234567890"),
    "int(fixed_digits=2)": ("07", "7", "123"),
    "int(min=3,max=9)": ("2", "3", "9", "10"),
    "int(signed=True)": ("-7", "7", "+7"),
    "float": ("1.5", "1", ".5", "-1.5", "1.50"),
    "float(signed=True)": ("-1.5", "1.0"),
    "path": ("a", "a/b", "a/b/c", "item/7", "a//b", "a/"),
    ANY: ("a", "item", "x y", "b"),
    "uuid": ("12345678-1234-5678-1234-567812345678", "not-a-uuid"),
}


def piece(rng: random.Random, used: list[str]) -> str:
    """Make one segment of a rule."""
    roll = rng.random()
    if roll < 0.45 or len(used) >= 3:
        return rng.choice(WORDS)
    name = f"v{len(used)}"
    used.append(name)
    converter = rng.choice(list(CONVERTERS))
    variable = f"<{converter}:{name}>" if converter else f"<{name}>"
    if roll > 0.9 and converter != "path":
        return rng.choice((f"pre-{variable}", f"{variable}.html", f"(x){variable}"))
    return variable


def rule(rng: random.Random) -> str:
    used: list[str] = []
    text = "/" + "/".join(piece(rng, used) for _ in range(rng.randrange(0, 4)))
    return text + "/" if text != "/" and rng.random() < 0.35 else text


def table(rng: random.Random, size: int) -> list[tuple[str, str, dict[str, Any]]]:
    """Make rules with their endpoints and options."""
    rules = []
    for number in range(size):
        options: dict[str, Any] = {}
        text = rule(rng)
        if rng.random() < 0.4:
            options["methods"] = rng.sample(METHODS, rng.randrange(1, 3))
        if rng.random() < 0.1:
            options["strict_slashes"] = rng.random() < 0.5
        if rng.random() < 0.08:
            options["merge_slashes"] = False
        if rng.random() < 0.12:
            options["defaults"] = {"extra": rng.choice((1, "d"))}
        if rng.random() < 0.04:
            options["redirect_to"] = "/a"
        if rng.random() < 0.04:
            options["build_only"] = True
        if rng.random() < 0.05:
            options["alias"] = True
        endpoint = f"e{number if rng.random() < 0.85 else max(0, number - 1)}"
        rules.append((text, endpoint, options))
    return rules


def fill(rng: random.Random, text: str) -> str:
    """Turn a rule into a path that it may match, or nearly."""
    parts = []
    for part in text.split("/"):
        while "<" in part:
            before, _, rest = part.partition("<")
            variable, _, after = rest.partition(">")
            converter = variable.rpartition(":")[0]
            choices = CONVERTERS[converter]
            part = before + (choices[0] if rng.random() < 0.5 else rng.choice(choices)) + after
        parts.append(part.replace("(x)", rng.choice(("(x)", "x"))))
    path = "/".join(parts)
    roll = rng.random()
    if roll < 0.1:
        path += "/"
    elif roll < 0.2:
        path = path.rstrip("/") or "/"
    elif roll < 0.25:
        path = path.replace("/", "//", 1)
    elif roll < 0.3:
        path = path.upper()
    elif roll < 0.35:
        path += "/" + rng.choice(WORDS)
    return path or "/"


def echo(**arguments: Any) -> str:
    return f"{request.endpoint} {sorted(arguments.items())!r}"


def fill_app(app: flask.Flask, rules: list[tuple[str, str, dict[str, Any]]]) -> list[Any]:
    """Add the rules; one that can't be added is told by its exception."""
    refused = []
    for text, endpoint, options in rules:
        try:
            app.add_url_rule(text, endpoint, echo, **options)
        except Exception as error:
            refused.append([text, type(error).__name__])
    return refused


def ask(lab: Lab, rng: random.Random, app: flask.Flask, rules: Any, count: int) -> dict[str, str]:
    client = app.test_client()
    seen = {}
    for _ in range(count):
        path = fill(rng, rng.choice(rules)[0])
        method = rng.choice((*METHODS, "GET", "GET", "HEAD", "OPTIONS"))
        answer = lab.hit(client, path, method=method)
        if "raised" in answer:
            seen[f"{method} {path}"] = answer["raised"]
            continue
        shown = [h for h in answer["headers"] if h.startswith(("Location", "Allow"))]
        body = "" if answer.get("body", "").startswith("<!") else answer.get("body", "")
        seen[f"{method} {path}"] = " ".join([answer["status"][:3], body, *shown])
    return seen


def routes(lab: Lab, rng: random.Random) -> Any:
    """A random table, asked for random paths; more rules come after the first requests."""
    app = lab.app(static_folder=None)
    if rng.random() < 0.1:
        app.url_map.strict_slashes = False
    if rng.random() < 0.1:
        app.url_map.merge_slashes = False
    if rng.random() < 0.1:
        app.url_map.redirect_defaults = False
    rules = table(rng, rng.randrange(1, 12))
    refused = fill_app(app, rules)
    seen = [refused, ask(lab, rng, app, rules, 10)]
    if rng.random() < 0.3:
        more = table(rng, 3)
        for text, endpoint, options in more:
            try:
                app.url_map.add(app.url_rule_class(text, endpoint=endpoint, **options))
            except Exception as error:
                refused.append([text, type(error).__name__])
            app.view_functions.setdefault(endpoint, echo)
        seen.append(ask(lab, rng, app, more + rules, 6))
    return seen


HOSTS = ("shop.example", "www.shop.example", "a.shop.example", "a.b.shop.example", "other.example")
PLACES = ("", "www", "a", "<sub>", "<sub>.b", "b")


def hosts(lab: Lab, rng: random.Random) -> Any:
    """Tables over hosts or subdomains."""
    by_host = rng.random() < 0.4
    options: dict[str, Any] = {"static_folder": None}
    options["host_matching" if by_host else "subdomain_matching"] = rng.random() < 0.8
    if rng.random() < 0.8:
        options["SERVER_NAME"] = rng.choice(("shop.example", "shop.example:8080"))
    app = lab.app(**options)
    if rng.random() < 0.2:
        app.url_map.default_subdomain = rng.choice(("www", "a"))
    rules = table(rng, rng.randrange(2, 8))
    for _text, _endpoint, extra in rules:
        if by_host:
            if rng.random() < 0.8:
                extra["host"] = rng.choice((*HOSTS, "<sub>.shop.example"))
        elif rng.random() < 0.7:
            extra["subdomain"] = rng.choice(PLACES)
    seen: list[Any] = [fill_app(app, rules)]
    for _ in range(10):
        path, host = fill(rng, rng.choice(rules)[0]), rng.choice(HOSTS)
        base = f"{rng.choice(('http', 'https'))}://{host}{rng.choice(('', '', ':8080'))}/"
        answer = lab.hit(app, path, base_url=base)
        shown = [h for h in answer.get("headers", []) if h.startswith("Location")]
        body = "" if answer.get("body", "").startswith("<!") else answer.get("body", "")
        seen.append([base, path, answer.get("raised") or answer["status"][:3], body, *shown])
    return seen


def value_for(rng: random.Random) -> Any:
    return rng.choice(
        (7, "7", "a", "a b", "a/b", "\u00fc", 1.5, "", None, True, [1, 2], "x&y=z", -3, "ab")
    )


def likely(rng: random.Random, text: str, number: int) -> Any:
    """Choose a value for a variable of a rule, mostly one that its converter takes."""
    converter = text.partition(f":v{number}>")[0].rpartition("<")[2]
    choices = CONVERTERS.get(converter, CONVERTERS[""])
    if rng.random() < 0.7:
        return rng.choice(choices)
    return value_for(rng)


def building(lab: Lab, rng: random.Random) -> Any:
    """URLs built from random values in random surroundings."""
    app = lab.app(static_folder=None)
    if rng.random() < 0.6:
        app.config["SERVER_NAME"] = rng.choice(("shop.example", "shop.example:8080"))
    if rng.random() < 0.3:
        app.config["APPLICATION_ROOT"] = "/root"
    if rng.random() < 0.3:
        app.config["PREFERRED_URL_SCHEME"] = "https"
    rules = table(rng, rng.randrange(1, 8))
    seen: list[Any] = [fill_app(app, rules)]
    if rng.random() < 0.3:
        app.url_default_functions[None].append(
            lambda endpoint, values: values.setdefault("v0", "7")
        )

    def build() -> str:
        text, endpoint, _ = rng.choice(rules)
        values: dict[str, Any] = {
            f"v{n}": likely(rng, text, n)
            for n in range(3)
            if f":v{n}>" in text or f"<v{n}>" in text
        }
        if values and rng.random() < 0.15:
            values.popitem()
        if rng.random() < 0.3:
            values["query"] = value_for(rng)
        for name, choices in (
            ("_external", (True, False)),
            ("_scheme", ("https", "")),
            ("_anchor", ("top", "a b")),
            ("_method", METHODS),
        ):
            if rng.random() < 0.15:
                values[name] = rng.choice(choices)
        endpoint = rng.choice((endpoint, endpoint, endpoint, "." + endpoint, "nowhere"))
        try:
            return url_for(endpoint, **values)
        except BuildError as error:
            return f"BuildError {getattr(error.suggested, 'endpoint', None)}"
        except Exception as error:
            return type(error).__name__

    if rng.random() < 0.5:
        surroundings: Any = app.test_request_context("/", base_url="http://here.example/mount")
    else:
        surroundings = app.app_context()
    with surroundings:
        seen.append([build() for _ in range(12)])
    return seen
