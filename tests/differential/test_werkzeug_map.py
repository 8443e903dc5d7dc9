"""Matching and building give what Werkzeug's own map gives, on random tables."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Map, RequestRedirect, Rule

from flask import Flask, request, url_for

from .generators import routing


def tables(seed: int) -> tuple[random.Random, list[Any]]:
    chance = random.Random(seed)
    return chance, routing.table(chance, chance.randrange(1, 14))


def application(rules: list[Any]) -> tuple[Flask, Map]:
    app = Flask(__name__, static_folder=None)
    plain = Map()
    for text, endpoint, options in rules:
        try:
            app.add_url_rule(text, endpoint, routing.echo, **options)
        except (ValueError, LookupError, TypeError):
            continue
        methods = {*options.get("methods", ["GET"]), "OPTIONS"}
        plain.add(Rule(text, endpoint=endpoint, **{**options, "methods": methods}))
    return app, plain


def ask_werkzeug(plain: Map, path: str, method: str) -> tuple[str, Any]:
    try:
        rule, arguments = plain.bind("localhost").match(path, method, return_rule=True)
    except RequestRedirect as error:
        return "redirect", error.new_url
    except MethodNotAllowed as error:
        return "method", sorted(error.valid_methods or ())
    except HTTPException as error:
        return "error", error.code
    return "match", (rule.endpoint, rule.rule, arguments)


def ask_app(app: Flask, path: str, method: str) -> tuple[str, Any]:
    with app.test_request_context(path, method=method):
        error = request.routing_exception
        if isinstance(error, RequestRedirect):
            return "redirect", error.new_url
        if isinstance(error, MethodNotAllowed):
            return "method", sorted(error.valid_methods or ())
        if isinstance(error, HTTPException):
            return "error", error.code
        assert request.url_rule is not None
        return "match", (request.endpoint, request.url_rule.rule, request.view_args)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.integers(0, 2**32))
def test_matching_is_werkzeugs(seed: int) -> None:
    chance, rules = tables(seed)
    app, plain = application(rules)
    for _ in range(8):
        path = routing.fill(chance, chance.choice(rules)[0])
        method = chance.choice((*routing.METHODS, "GET", "HEAD", "OPTIONS"))
        # The client reads a leading "//" as a host; as a path it can't be asked for.
        if not path.startswith("//"):
            assert ask_app(app, path, method) == ask_werkzeug(plain, path, method), (path, method)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.integers(0, 2**32))
def test_building_is_werkzeugs(seed: int) -> None:
    chance, rules = tables(seed)
    app, plain = application(rules)
    adapter = plain.bind("localhost")
    with app.test_request_context("/"):
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


@pytest.mark.parametrize("kind", ["match", "redirect", "method", "error"])
def test_random_paths_meet_every_answer(kind: str) -> None:
    for seed in range(100):
        chance, rules = tables(seed)
        app, _ = application(rules)
        path = routing.fill(chance, chance.choice(rules)[0])
        if not path.startswith("//") and ask_app(app, path, "GET")[0] == kind:
            return
    raise AssertionError(f"no random path ended as {kind}")
