"""Sessions: the cookie, its settings, what is stored and how, and interfaces of one's own."""

from __future__ import annotations

import datetime
import uuid

from markupsafe import Markup
from werkzeug.datastructures import CallbackDict

import flask
from flask import session
from flask.sessions import (
    NullSession,
    SecureCookieSession,
    SessionMixin,
)

from ..harness import Lab, family, scenario

MOMENT = 1_700_000_000


def counting(lab: Lab, **options):
    options.setdefault("SECRET_KEY", "key")
    app = lab.app(**options)

    @app.get("/set/<value>")
    def put(value):
        session["value"] = value
        return "set"

    @app.get("/get")
    def get():
        return str(session.get("value"))

    @app.get("/none")
    def none():
        return "untouched"

    @app.get("/clear")
    def clear():
        session.clear()
        return "cleared"

    @app.get("/permanent")
    def permanent():
        session.permanent = True
        session["value"] = "long"
        return "permanent"

    @app.get("/pop")
    def pop():
        return str(session.pop("value", "nothing"))

    return app


@scenario
def set_read_clear(lab: Lab):
    client = counting(lab).test_client()
    return lab.hits(client, "/get", "/set/a", "/get", "/none", "/clear", "/get")


@scenario
def sequence_of_answers(lab: Lab):
    client = counting(lab).test_client()
    return [lab.hit(client, path) for path in ("/get", "/set/a", "/get", "/pop", "/get", "/pop")]


SETTINGS = {
    "name": {"SESSION_COOKIE_NAME": "basket"},
    "domain": {"SESSION_COOKIE_DOMAIN": "shop.example"},
    "domain_dot": {"SESSION_COOKIE_DOMAIN": ".shop.example"},
    "domain_false": {"SESSION_COOKIE_DOMAIN": False},
    "path": {"SESSION_COOKIE_PATH": "/deep"},
    "root": {"APPLICATION_ROOT": "/mounted"},
    "path_and_root": {"SESSION_COOKIE_PATH": "/deep", "APPLICATION_ROOT": "/mounted"},
    "not_httponly": {"SESSION_COOKIE_HTTPONLY": False},
    "secure": {"SESSION_COOKIE_SECURE": True},
    "samesite_lax": {"SESSION_COOKIE_SAMESITE": "Lax"},
    "samesite_strict": {"SESSION_COOKIE_SAMESITE": "Strict"},
    "samesite_none": {"SESSION_COOKIE_SAMESITE": "None", "SESSION_COOKIE_SECURE": True},
    "samesite_wrong": {"SESSION_COOKIE_SAMESITE": "Sometimes"},
    "partitioned": {"SESSION_COOKIE_PARTITIONED": True},
    "partitioned_secure": {"SESSION_COOKIE_PARTITIONED": True, "SESSION_COOKIE_SECURE": True},
    "everything": {
        "SESSION_COOKIE_NAME": "s",
        "SESSION_COOKIE_DOMAIN": "a.example",
        "SESSION_COOKIE_PATH": "/p",
        "SESSION_COOKIE_SECURE": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_PARTITIONED": True,
    },
    "server_name": {"SERVER_NAME": "shop.example:8080"},
}


@family(**SETTINGS)
def cookie_setting(lab: Lab, settings):
    app = counting(lab, **settings)
    client = app.test_client()
    return [
        lab.hit(client, path)["headers"]
        if settings.get("SESSION_COOKIE_SAMESITE") != "Sometimes"
        else lab.code(client, path)
        for path in ("/set/a", "/clear")
    ]


LIFETIMES = {
    "default": {},
    "delta": {"PERMANENT_SESSION_LIFETIME": datetime.timedelta(hours=2)},
    "seconds": {"PERMANENT_SESSION_LIFETIME": 600},
    "zero": {"PERMANENT_SESSION_LIFETIME": 0},
    "no_refresh": {"SESSION_REFRESH_EACH_REQUEST": False},
}


@family(**LIFETIMES)
def permanent_session(lab: Lab, settings):
    # A lifetime of nothing lasts until the next second begins.
    lab.freeze()
    client = counting(lab, **settings).test_client()
    return [
        [h for h in lab.hit(client, path)["headers"] if h.startswith(("Set-Cookie", "Vary"))]
        for path in ("/permanent", "/get", "/none", "/set/b", "/clear")
    ]


@scenario
def lifetime_set_after_the_first_request(lab: Lab):
    app = counting(lab)
    client = app.test_client()
    first = lab.hit(client, "/permanent")
    app.permanent_session_lifetime = datetime.timedelta(minutes=5)
    second = lab.hit(client, "/permanent")
    app.config["PERMANENT_SESSION_LIFETIME"] = 7200
    return [
        first["headers"],
        second["headers"],
        lab.hit(client, "/permanent")["headers"],
        app.permanent_session_lifetime,
    ]


@scenario
def expired_session_is_empty(lab: Lab):
    app = counting(lab, PERMANENT_SESSION_LIFETIME=60)
    client = app.test_client()
    lab.freeze(MOMENT)
    lab.hit(client, "/set/a")
    cookie = client.get_cookie("session").value
    seen = []
    for seconds in (0, 59, 61, 1000):
        lab.freeze(MOMENT + seconds)
        seen.append(lab.brief(app, "/get", cookie=f"session={cookie}"))
    return seen


@scenario
def exact_cookie_at_a_fixed_time(lab: Lab):
    lab.freeze(MOMENT)
    app = counting(lab)
    return lab.hit(app, "/set/fixed", raw=True)


@scenario
def exact_cookie_of_every_type(lab: Lab):
    lab.freeze(MOMENT)
    app = lab.app(SECRET_KEY="key")
    app.add_url_rule("/", "index", lambda: (session.update(everything()), "x")[1])
    return lab.hit(app, raw=True)


@scenario
def exact_cookie_with_bytes_key(lab: Lab):
    lab.freeze(MOMENT)
    return lab.hit(counting(lab, SECRET_KEY=b"\x00\xffbytes"), "/set/fixed", raw=True)


@scenario
def cookie_of_the_original_is_read(lab: Lab):
    lab.freeze(MOMENT)
    app = counting(lab)
    cookie = "eyJ2YWx1ZSI6ImZpeGVkIn0.ZVPxAA.ZfXJQaeFF76oacySY4dUQ4OPApo"
    return lab.brief(app, "/get", cookie=f"session={cookie}")


def everything():
    return {
        "tuple": (1, (2, "three"), ()),
        "bytes": b"\x00\xff raw",
        "markup": Markup("<b>bold</b>"),
        "uuid": uuid.UUID("12345678-1234-5678-1234-567812345678"),
        "moment": datetime.datetime(2024, 2, 29, 12, 30, 15, tzinfo=datetime.UTC),
        "nested": {"list": [1, (2,), {"deep": b"x"}], "none": None},
        "float": 1.5,
        "true": True,
        "dict_tagged": {" t": "looks like a tag"},
        "dict_two": {" t": 1, "b": 2},
        "text": 'naïve \u2603 "quoted" \U0001f600',
        "empty": {},
    }


ROTATION = {
    "only_current": ("new", None, "new"),
    "old_first": ("new", ["old"], "old"),
    "old_second": ("new", ["older", "old"], "old"),
    "unknown": ("new", ["old"], "other"),
    "empty_list": ("new", [], "old"),
    "bytes": (b"new", [b"old"], "old"),
    "current_with_fallbacks": ("new", ["old"], "new"),
}


@family(**ROTATION)
def key_rotation(lab: Lab, case):
    current, fallbacks, signed_with = case
    lab.freeze(MOMENT)
    signer = counting(lab, SECRET_KEY=signed_with)
    client = signer.test_client()
    lab.hit(client, "/set/rotated")
    cookie = client.get_cookie("session").value
    app = counting(lab, SECRET_KEY=current, SECRET_KEY_FALLBACKS=fallbacks)
    seen = lab.hit(app, "/get", cookie=f"session={cookie}")
    again = lab.hit(app, "/set/fresh", raw=True)
    return [seen, again]


BAD_COOKIES = {
    "empty": "",
    "text": "nonsense",
    "dots": "a.b.c",
    "unsigned": "eyJhIjoxfQ",
    "tampered": "eyJ2YWx1ZSI6ImEifQ.ZVPxAA.aaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "long": "x" * 5000,
    "latin": "\u00e9",
    "compressed_wrong": ".abc.def.ghi",
}


@family(**BAD_COOKIES)
def unreadable_cookie(lab: Lab, value):
    return lab.hit(counting(lab), "/get", cookie=f"session={value}")


@scenario
def no_secret_key(lab: Lab):
    app = counting(lab, SECRET_KEY=None)
    return lab.codes(app, "/none", "/get", "/set/a", "/clear", "/permanent", "/pop")


NULL_USES = {
    "setitem": lambda: session.__setitem__("a", 1),
    "delitem": lambda: session.__delitem__("a"),
    "pop": lambda: session.pop("a", None),
    "popitem": lambda: session.popitem(),
    "clear": lambda: session.clear(),
    "update": lambda: session.update(a=1),
    "setdefault": lambda: session.setdefault("a", 1),
    "permanent": lambda: setattr(session, "permanent", True),
    "get": lambda: session.get("a"),
    "contains": lambda: "a" in session,
    "len": lambda: len(session),
    "iter": lambda: list(session),
    "flash": lambda: flask.flash("x"),
    "flashed": lambda: flask.get_flashed_messages(),
    "getitem": lambda: session["a"],
    "modified": lambda: [session.modified, session.new, session.accessed, session.permanent],
}


@family(**NULL_USES)
def null_session(lab: Lab, use):
    app = lab.app()
    with app.test_request_context("/"):
        kind = type(session._get_current_object())
        facts = lab.raises(use)
        return [kind.__name__, isinstance(session, SecureCookieSession), facts]


@scenario
def empty_secret_keys(lab: Lab):
    seen = {}
    for key in ("", b"", None, "0"):
        app = counting(lab, SECRET_KEY=key)
        seen[repr(key)] = lab.code(app, "/set/a")
    return seen


VARY = {
    "untouched": lambda: None,
    "get": lambda: session.get("a"),
    "contains": lambda: "a" in session,
    "len": lambda: len(session),
    "iter": lambda: list(session),
    "bool": lambda: bool(session),
    "getitem": lambda: session.get("a") or session.setdefault("z", None),
    "setdefault_present": lambda: session.setdefault("present", 2),
    "setdefault_absent": lambda: session.setdefault("absent", 2),
    "set_same": lambda: session.__setitem__("present", 1),
    "keys": lambda: list(session.keys()),
    "items": lambda: list(session.items()),
    "values": lambda: list(session.values()),
    "copy": lambda: session.copy(),
    "repr": lambda: repr(session),
    "equality": lambda: session == {},
    "permanent_read": lambda: session.permanent,
    "permanent_off": lambda: setattr(session, "permanent", False),
    "permanent_on": lambda: setattr(session, "permanent", True),
    "modified_read": lambda: session.modified,
    "modified_set": lambda: setattr(session, "modified", True),
    "accessed_set": lambda: setattr(session, "accessed", True),
    "new": lambda: session.new,
    "object": lambda: session._get_current_object(),
    "context_session": lambda: flask.globals.request_ctx.session,
    "flashed": lambda: flask.get_flashed_messages(),
    "delete": lambda: session.pop("present", None),
    "delete_absent": lambda: session.pop("absent", None),
    "clear": lambda: session.clear(),
    "update_empty": lambda: session.update(),
    "update": lambda: session.update(b=1),
    "in_place": lambda: session.get("list", []).append(1),
    "in_place_modified": lambda: (
        session.get("list", []).append(1),
        setattr(session, "modified", True),
    ),
    "template": lambda: flask.render_template_string("{{ 1 }}"),
    "template_session": lambda: flask.render_template_string("{{ session.a }}"),
}


@family(**VARY)
def vary_and_set_cookie_after(lab: Lab, use):
    app = lab.app(SECRET_KEY="key")
    app.add_url_rule("/", "index", lambda: (use(), "ok")[1])
    client = app.test_client()
    fresh = lab.hit(client)
    client = app.test_client()
    with client.session_transaction() as stored:
        stored.update(present=1, list=[0])
    return [fresh["headers"], lab.hit(client)["headers"]]


@scenario
def vary_is_added_to_an_existing_vary(lab: Lab):
    app = lab.app(SECRET_KEY="key")

    @app.get("/")
    def index():
        session["a"] = 1
        return "x", {"Vary": "Accept-Encoding"}

    @app.get("/cookie")
    def cookie():
        session.get("a")
        return "x", {"Vary": "Cookie, Accept"}

    @app.get("/star")
    def star():
        session.get("a")
        return "x", {"Vary": "*"}

    return lab.hits(app, "/", "/cookie", "/star")


@scenario
def session_written_after_the_response_is_made(lab: Lab):
    app = counting(lab)

    @app.after_request
    def late(response):
        session["late"] = "yes"
        return response

    return lab.hit(app, "/none")


@scenario
def session_written_in_a_teardown_is_lost(lab: Lab):
    app = counting(lab)
    app.teardown_request(lambda error: session.update(late="yes"))
    return lab.hit(app, "/none")


@scenario
def session_written_in_a_before_request_hook(lab: Lab):
    app = counting(lab)
    app.before_request(lambda: session.update(early="yes"))
    return lab.hits(app, "/none", "/nowhere")


@scenario
def session_written_before_an_error(lab: Lab):
    app = counting(lab)

    @app.get("/fail")
    def fail():
        session["value"] = "kept?"
        raise ValueError

    client = app.test_client()
    return [lab.hit(client, "/fail")["headers"], lab.brief(client, "/get")]


@family(default=4093, low=200, off=0)
def cookie_size_warning(lab: Lab, limit):
    import random

    noise = "".join(random.Random(7).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=6000))
    app = lab.app(SECRET_KEY="key", MAX_COOKIE_SIZE=limit)
    app.add_url_rule("/", "index", lambda: (session.update(v=noise), "x")[1])
    app.add_url_rule("/small", "small", lambda: (session.update(v="v"), "x")[1])
    return lab.codes(app, "/", "/small")


@scenario
def permanent_is_stored_in_the_session(lab: Lab):
    app = counting(lab)
    client = app.test_client()
    lab.hit(client, "/permanent")
    with client.session_transaction() as stored:
        return [dict(stored), stored.permanent]


@scenario
def session_attributes(lab: Lab):
    app = lab.app(SECRET_KEY="key")
    seen = []
    with app.test_request_context("/"):
        seen.append([session.new, session.modified, session.accessed, session.permanent])
        session["a"] = 1
        seen.append([session.new, session.modified, session.accessed, session.permanent])
        held = session._get_current_object()
        seen.append(
            [
                isinstance(held, SessionMixin),
                isinstance(held, CallbackDict),
                isinstance(held, dict),
                repr(held),
            ]
        )
    return seen


@scenario
def session_through_its_object(lab: Lab):
    made = SecureCookieSession({"a": [1]})
    seen = [made.modified, made.accessed]
    made["a"]
    seen += [made.modified, made.accessed]
    made.setdefault("b", 2)
    seen += [made.modified, dict(made)]
    return [*seen, SecureCookieSession().modified, SecureCookieSession(None).accessed]


@scenario
def null_session_object(lab: Lab):
    made = NullSession({"a": 1})
    return [
        made["a"],
        lab.raises(made.__setitem__, "b", 1),
        lab.raises(made.pop, "a"),
        isinstance(made, SecureCookieSession),
    ]
