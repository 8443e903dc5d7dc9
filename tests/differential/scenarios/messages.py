"""Flashed messages."""

from __future__ import annotations

from markupsafe import Markup

import flask
from flask import flash, get_flashed_messages, session

from ..harness import Lab, family, scenario

READS = {
    "plain": {},
    "with_categories": {"with_categories": True},
    "filter_one": {"category_filter": ["warn"]},
    "filter_two": {"category_filter": ("warn", "message")},
    "filter_none": {"category_filter": ["nothing"]},
    "filter_with": {"with_categories": True, "category_filter": ["warn"]},
    "filter_empty": {"category_filter": ()},
    "filter_text": {"category_filter": "warning"},
}


@family(**READS)
def reading(lab: Lab, options):
    app = lab.app(SECRET_KEY="k")
    with app.test_request_context("/"):
        flash("first")
        flash("second", "warn")
        flash("third", "message")
        flash("fourth", category="warn")
        return get_flashed_messages(**options)


MESSAGES = {
    "text": "x",
    "markup": Markup("<b>"),
    "int": 5,
    "list": [1, 2],
    "dict": {"a": 1},
    "none": None,
    "unicode": "\u00fc\u2603",
    "tuple": (1, 2),
    "bytes": b"b",
    "empty": "",
    "object": object(),
}


@family(**MESSAGES)
def kinds_of_message(lab: Lab, message):
    app = lab.app(SECRET_KEY="k", PROPAGATE_EXCEPTIONS=True)
    app.add_url_rule("/put", "put", lambda: (flash(message, "c"), "put")[1])
    app.add_url_rule("/get", "get", lambda: repr(get_flashed_messages(with_categories=True)))
    client = app.test_client()
    return [lab.hit(client, "/put"), lab.brief(client, "/get"), lab.brief(client, "/get")]


CATEGORIES = {"text": "c", "empty": "", "none": None, "int": 5, "unicode": "\u00fc"}


@family(**CATEGORIES)
def kinds_of_category(lab: Lab, category):
    app = lab.app(SECRET_KEY="k")
    app.add_url_rule("/put", "put", lambda: (flash("m", category), "put")[1])
    app.add_url_rule("/get", "get", lambda: repr(get_flashed_messages(with_categories=True)))
    client = app.test_client()
    return [lab.hit(client, "/put"), lab.brief(client, "/get")]


@scenario
def messages_live_until_read(lab: Lab):
    app = lab.app(SECRET_KEY="k")
    app.add_url_rule("/put", "put", lambda: (flash("m"), "put")[1])
    app.add_url_rule("/idle", "idle", lambda: "idle")
    app.add_url_rule("/get", "get", lambda: repr(get_flashed_messages()))
    client = app.test_client()
    return [lab.hit(client, path) for path in ("/put", "/idle", "/put", "/get", "/get")]


@scenario
def messages_are_kept_for_the_rest_of_the_request(lab: Lab):
    app = lab.app(SECRET_KEY="k")
    with app.test_request_context("/"):
        flash("one")
        first = get_flashed_messages()
        flash("two")
        return [first, get_flashed_messages(), "_flashes" in session, session.get("_flashes")]


@scenario
def messages_in_the_session(lab: Lab):
    app = lab.app(SECRET_KEY="k")
    with app.test_request_context("/"):
        flash("a", "cat")
        stored = list(session["_flashes"])
        got = get_flashed_messages(with_categories=True)
        return [stored, got, dict(session)]


@scenario
def messages_put_in_the_session_by_hand(lab: Lab):
    app = lab.app(SECRET_KEY="k")
    app.add_url_rule("/get", "get", lambda: repr(get_flashed_messages(with_categories=True)))
    client = app.test_client()
    with client.session_transaction() as stored:
        stored["_flashes"] = [("message", "by hand"), ("warn", "second")]
    return [lab.hit(client, "/get"), lab.hit(client, "/get")]


@scenario
def reading_with_two_filters_in_one_request(lab: Lab):
    app = lab.app(SECRET_KEY="k")
    with app.test_request_context("/"):
        for category in ("a", "b", "a"):
            flash(f"of {category}", category)
        return [
            get_flashed_messages(category_filter=["a"]),
            get_flashed_messages(category_filter=["b"]),
            get_flashed_messages(),
        ]


@scenario
def redirect_after_post(lab: Lab):
    app = lab.app(SECRET_KEY="k")

    @app.post("/save")
    def save():
        flash("saved", "ok")
        return flask.redirect("/")

    app.add_url_rule("/", "index", lambda: repr(get_flashed_messages(with_categories=True)))
    client = app.test_client()
    return [lab.hit(client, "POST /save", follow_redirects=True), lab.brief(client)]


@scenario
def without_a_secret_key(lab: Lab):
    app = lab.app()
    app.add_url_rule("/put", "put", lambda: (flash("m"), "put")[1])
    app.add_url_rule("/get", "get", lambda: repr(get_flashed_messages()))
    return lab.codes(app, "/put", "/get")


@scenario
def flashing_in_hooks(lab: Lab):
    app = lab.app(SECRET_KEY="k")
    app.before_request(lambda: flash("before"))

    @app.after_request
    def after(response):
        flash("after")
        return response

    app.add_url_rule("/", "index", lambda: repr(get_flashed_messages()))
    client = app.test_client()
    return [lab.hit(client), lab.brief(client)]
