"""Odd things that programs do after, or around, their first requests."""

from __future__ import annotations

import copy
import mimetypes
import pickle

import flask
from flask import current_app, g, request, session

from ..harness import Lab, family, scenario


def serving(lab: Lab, **options):
    app = lab.app(**options)
    app.add_url_rule("/", "index", lambda: "index")
    app.add_url_rule("/user/<name>", "user", lambda name: f"user {name}")
    app.add_url_rule("/plain", "plain", lambda **kw: f"plain {kw}")
    app.add_url_rule("/url", "url", lambda: flask.url_for("plain"))
    return app


KEYS = {
    "integer": 12345,
    "bytes": b"k",
    "text": "k",
    "zero": 0,
    "list": ["a"],
    "float": 1.5,
    "none": None,
}


@family(**KEYS)
def kinds_of_secret_key(lab: Lab, key):
    lab.freeze()
    app = serving(lab)
    app.secret_key = key
    app.add_url_rule("/read", "read", lambda: repr(session.get("n")))
    app.add_url_rule("/write", "write", lambda: repr(session.setdefault("n", 1)))
    client = app.test_client()
    return [lab.hit(client, path) for path in ("/read", "/write", "/read", "/write")], lab.hit(
        app, "/read", cookie="session=e30.x.y"
    )


@family("integer", "list", "none")
def kinds_of_fallback(lab: Lab, kind):
    app = serving(lab, SECRET_KEY="k")
    app.config["SECRET_KEY_FALLBACKS"] = {"integer": [1], "list": ["old"], "none": None}[kind]
    app.add_url_rule("/write", "write", lambda: repr(session.setdefault("n", 1)))
    return lab.hit(app.test_client(), "/write")


@scenario
def a_type_added_after_a_file_was_sent(lab: Lab):
    app = serving(lab)
    lab.file("static/a.own", "x")
    before = lab.hit(app, "/static/a.own")
    mimetypes.add_type("application/x-own", ".own")
    lab.exit.callback(mimetypes._db.types_map[True].pop, ".own", None)
    return before["headers"], lab.hit(app, "/static/a.own")["headers"]


@scenario
def a_guess_that_is_patched(lab: Lab):
    app = serving(lab)
    lab.file("static/a.txt", "x")
    before = lab.hit(app, "/static/a.txt")
    lab.patch(mimetypes, "guess_type", lambda name, *a, **k: ("application/x-own", None))
    return before["headers"], lab.hit(app, "/static/a.txt")["headers"]


@scenario
def a_view_that_leaves_a_context(lab: Lab):
    app = serving(lab)
    other = lab.app("shop.other")
    app.add_url_rule("/leave", "leave", lambda: (other.app_context().push(), "left")[1])
    app.teardown_appcontext(lambda error: lab.say("down", current_app.name))
    seen = [lab.raises(lab.hit, app, "/leave"), lab.state()]
    while flask.has_app_context():
        flask.globals.app_ctx.pop()
    return [*seen, lab.brief(app, "/")]


@scenario
def a_view_that_leaves_its_own_context(lab: Lab):
    app = serving(lab)
    app.add_url_rule("/leave", "leave", lambda: (app.app_context().push(), "left")[1])
    seen = [lab.raises(lab.hit, app, "/leave"), lab.state()]
    while flask.has_app_context():
        flask.globals.app_ctx.pop()
    return [*seen, lab.brief(app, "/")]


PROXIES = {"current_app": current_app, "g": g, "request": request, "session": session}


@family(**PROXIES)
def copies_of_a_proxy(lab: Lab, proxy):
    app = serving(lab, SECRET_KEY="k")
    outside = [
        lab.raises(lambda: type(pickle.loads(pickle.dumps(proxy))).__name__),
        lab.raises(lambda: type(copy.copy(proxy)).__name__),
        lab.raises(lambda: type(copy.deepcopy(proxy)).__name__),
    ]
    with app.test_request_context():
        inside = [
            lab.raises(lambda: type(copy.copy(proxy)).__name__),
            lab.raises(lambda: bool(pickle.dumps(proxy))) if proxy is session else None,
        ]
    return outside, inside


@family(200, 900, 2000, 100_000)
def deeply_nested_json(lab: Lab, depth):
    app = serving(lab)
    app.add_url_rule("/read", "read", lambda: str(len(request.get_json())), methods=["POST"])
    data = "[" * depth + "]" * depth
    return lab.brief(app, "POST /read", data=data, content_type="application/json")
