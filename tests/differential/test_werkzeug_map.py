"""Requests and `url_for` give what Werkzeug's own map gives, on random tables."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Map, RequestRedirect, Rule
from werkzeug.test import create_environ
from werkzeug.urls import iri_to_uri
from werkzeug.wrappers import Response

from flask import Flask, request, url_for

from .generators import routing


def tables(seed: int) -> tuple[random.Random, list[Any]]:
    chance = random.Random(seed)
    return chance, routing.table(chance, chance.randrange(1, 14))


class Asked:
    """An application of random rules that notes which view was called, and Werkzeug's own map."""

    def __init__(self, rules: list[Any]) -> None:
        self.app = Flask(__name__, static_folder=None)
        self.plain = Map()
        self.called: list[tuple[Any, ...]] = []
        for text, endpoint, options in rules:
            try:
                self.app.add_url_rule(text, endpoint, self.view, **options)
            except (ValueError, LookupError, TypeError):
                continue
            methods = {*options.get("methods", ["GET"]), "OPTIONS"}
            self.plain.add(Rule(text, endpoint=endpoint, **{**options, "methods": methods}))

    def view(self, **arguments: Any) -> str:
        assert request.url_rule is not None
        assert request.view_args == arguments
        self.called.append((request.endpoint, request.url_rule.rule, arguments))
        return "called"

    def by_app(self, path: str, method: str) -> tuple[str, Any]:
        """What a request gets, told in the words of :meth:`by_werkzeug`."""
        self.called.clear()
        environ = create_environ(base_url="http://localhost/", method=method)
        # As it stands: the client would read a leading "//" as a host.
        environ["PATH_INFO"] = path.encode().decode("latin-1")
        response = Response.from_app(self.app, environ, buffered=True)
        if self.called:
            assert response.status_code == 200
            return "match", self.called[0]
        allow = sorted(filter(None, response.headers.get("Allow", "").split(", ")))
        match response.status_code:
            case 308:
                return "redirect", response.headers["Location"]
            case 405:
                return "method", allow
            case 200 if method == "OPTIONS":
                return "options", allow
        return "error", response.status_code

    def by_werkzeug(self, path: str, method: str) -> tuple[str, Any]:
        adapter = self.plain.bind("localhost")
        try:
            rule, arguments = adapter.match(path, method, return_rule=True)
        except RequestRedirect as error:
            return "redirect", iri_to_uri(error.new_url)
        except MethodNotAllowed as error:
            return "method", sorted(error.valid_methods or ())
        except HTTPException as error:
            return "error", error.code
        except Exception:  # an alias that can't be built
            return "error", 500
        if method == "OPTIONS":
            return "options", sorted(adapter.allowed_methods(path))
        return "match", (rule.endpoint, rule.rule, arguments)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.integers(0, 2**32))
def test_matching_is_werkzeugs(seed: int) -> None:
    chance, rules = tables(seed)
    asked = Asked(rules)
    for _ in range(8):
        path = routing.fill(chance, chance.choice(rules)[0])
        method = chance.choice((*routing.METHODS, "GET", "HEAD", "OPTIONS"))
        assert asked.by_app(path, method) == asked.by_werkzeug(path, method), (path, method)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.integers(0, 2**32))
def test_building_is_werkzeugs(seed: int) -> None:
    chance, rules = tables(seed)
    asked = Asked(rules)
    adapter = asked.plain.bind("localhost")
    with asked.app.test_request_context("/"):
        for _ in range(8):
            text, endpoint, _options = chance.choice(rules)
            values = {f"v{n}": routing.likely(chance, text, n) for n in range(3)}
            external = chance.random() < 0.3

            def build(function: Any, *arguments: Any, **keywords: Any) -> Any:
                try:
                    return function(*arguments, **keywords)
                except Exception as error:
                    return type(error).__name__

            expected = build(adapter.build, endpoint, dict(values), force_external=external)
            assert build(url_for, endpoint, **values, _external=external) == expected


def test_the_tables_hold_every_converter() -> None:
    seen = {text for seed in range(200) for text, _, _ in tables(seed)[1]}
    for converter in routing.CONVERTERS:
        wanted = f"<{converter}:" if converter else "<v0>"
        assert any(wanted in text for text in seen), converter


@pytest.mark.parametrize("kind", ["match", "redirect", "method", "options", "error"])
def test_random_paths_meet_every_answer(kind: str) -> None:
    for seed in range(100):
        chance, rules = tables(seed)
        path = routing.fill(chance, chance.choice(rules)[0])
        method = "OPTIONS" if kind == "options" else "GET"
        if Asked(rules).by_app(path, method)[0] == kind:
            return
    raise AssertionError(f"no random path ended as {kind}")
