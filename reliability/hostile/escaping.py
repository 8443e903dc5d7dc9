"""Markup in values: templates and the framework's own pages show it as text."""

from __future__ import annotations

import typing as t
from itertools import product

from hypothesis import strategies as st
from jinja2 import DictLoader
from markupsafe import escape

import flask
from flask import Flask, request

from . import inputs
from .caller import Twins, environ_of
from .case import Tally, case

PAYLOADS = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "<svg/onload=alert(1)>",
    "&lt;script&gt;",
    "&#60;script&#62;",
    "<!--<script>",
    "-->",
    "]]><script>",
    "{{ 7 * 191 }}",
    "{% raw %}<b>{% endraw %}",
    "{{ config }}",
    "<\x00script>",
    "<scr\nipt>",
    "\u2028<b>",
    "\uff1cscript\uff1e<",
    "%3Cscript%3E<",
    "<b>\u202e",
    "`<i>${alert(1)}`",
    "\\u003cscript\\u003e<",
    "</title><script>",
    "</textarea><script>",
    '<a href="javascript:alert(1)">',
]

PLACES = {
    "text": "{{ x }}",
    "attribute": '<a title="{{ x }}">',
    "single quotes": "<a title='{{ x }}'>",
    "joined": "{{ '<i>'|safe ~ x }}",
    "added": "{{ '' + x }}",
    "filtered": "{{ x|trim }}|{{ x|replace('zzz', 'y') }}",
    "formatted": "{{ '%s'|format(x) }}",
    "list": "{{ [x]|join(', ') }}",
    "default": "{{ missing|default(x) }}",
    "set": "{% set y %}{{ x }}{% endset %}{{ y }}",
    "assigned": "{% set y = x %}{{ y }}",
    "macro": "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(x) }}",
    "call": "{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}{{ x }}{% endcall %}",
    "loop": "{% for i in [x] %}{{ i }}{% endfor %}",
    "included": "{% include 'part.html' %}",
    "inherited": "{% extends 'base.html' %}{% block body %}{{ x }}{% endblock %}",
    "imported": "{% from 'macros.html' import show %}{{ show(x) }}",
    "request": "{{ request.args.x }}",
    "g": "{{ g.x }}",
    "flashed": "{% for m in get_flashed_messages() %}{{ m }}{% endfor %}",
    "filter block": "{% filter trim %}{{ x }}{% endfilter %}",
    "conditional": "{{ x if true }}",
    "context processor": "{{ processed }}",
}
SUFFIXES = [".html", ".htm", ".xml", ".xhtml", ".svg", ""]
WAYS = ["render", "stream"]


def _make(app_class: type[Flask]) -> Flask:
    app = app_class(f"escaping_{app_class.__name__.lower()}", static_folder=None)
    app.secret_key = "key"
    templates = {f"{name}{suffix}": text for name, text in PLACES.items() for suffix in SUFFIXES}
    templates["part.html"] = "{{ x }}"
    templates["base.html"] = "{% block body %}{% endblock %}"
    templates["macros.html"] = "{% macro show(a) %}{{ a }}{% endmacro %}"
    templates["script.html"] = "<script>let x = {{ x|tojson }}</script>"
    app.jinja_loader = DictLoader(templates)  # type: ignore[misc]

    @app.context_processor
    def processed() -> dict[str, t.Any]:
        return {"processed": request.args["x"]}

    @app.route("/<way>/<place>")
    def show(way: str, place: str) -> t.Any:
        x = flask.g.x = request.args["x"]
        flask.flash(x)
        suffix = request.args["suffix"]
        if way == "stream":
            if suffix:
                return "".join(flask.stream_template(place + suffix, x=x))
            return "".join(flask.stream_template_string(PLACES[place], x=x))
        if suffix:
            return flask.render_template(place + suffix, x=x)
        return flask.render_template_string(PLACES[place], x=x)

    @app.route("/abort")
    def abort() -> t.Any:
        flask.abort(int(request.args["code"]), request.args["x"])

    @app.route("/away")
    def away() -> t.Any:
        try:
            return flask.redirect("/" + request.args["x"])
        except ValueError:  # a line end
            return "refused", 400

    @app.route("/key")
    def key() -> str:
        return request.args[request.args["x"]]

    return app


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode("utf-8", "replace"))


def _show(tally: Tally, twins: Twins, way: str, place: str, suffix: str, x: str) -> None:
    query = f"suffix={suffix}&x={_quoted(x)}"
    answer = twins.ask(tally, environ_of(f"/{way}/{place}", QUERY_STRING=query))
    x = x.strip() if place.startswith("filter") else x
    tally.expect(str(escape(x)) in answer.text, f"not shown as text: {place}{suffix}", x)
    if escape(x) != x:
        rest = answer.text.replace(str(escape(x)), "")
        tally.expect(x not in rest, f"not escaped: {place}{suffix}", x)


@case(
    "autoescape",
    "markup in values, in 23 places of templates of each suffix and of strings: shown as text",
)
def autoescape(tally: Tally) -> None:
    twins = Twins(_make)
    for way, place, suffix, x in tally.some(product(WAYS, PLACES, SUFFIXES, PAYLOADS)):
        _show(tally, twins, way, place, suffix, x)


@case("autoescape-generated", "the same places, with generated text around markup")
def autoescape_generated(tally: Tally) -> None:
    twins = Twins(_make)
    values = st.tuples(inputs.anything, st.sampled_from(PAYLOADS), inputs.anything)
    tally.explore(
        st.tuples(
            st.sampled_from(WAYS),
            st.sampled_from([place for place in PLACES if not place.startswith("filter")]),
            st.sampled_from(SUFFIXES),
            values.map("".join),
        ),
        lambda drawn: _show(tally, twins, *drawn),
        counts=False,
    )


@case(
    "markup-elsewhere",
    "markup in error pages, redirects, missing keys and |tojson inside a script: none of it is"
    " markup there",
)
def markup_elsewhere(tally: Tally) -> None:
    twins = Twins(_make)
    codes = [400, 401, 403, 404, 409, 410, 413, 415, 418, 422, 429]
    paths = [f"/abort?code={code}&x=" for code in codes]
    paths += ["/away?x=", "/key?x=", "/render/script?suffix=.html&x=", "/none?x=", "/none/"]
    for x, start in product(PAYLOADS, paths):
        path, _, query = (start + (_quoted(x) if "?" in start else x)).partition("?")
        answer = twins.ask(tally, environ_of(path, QUERY_STRING=query))
        shown = answer.text.replace("<script>let x = ", "").removesuffix("</script>")
        tally.expect(
            not any(
                mark in shown for mark in ("<script", "<img", "<svg", "</script", '<a href="j')
            ),
            f"markup came through: {start}",
            x,
        )
