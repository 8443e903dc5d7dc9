"""Each method of the session interface replaced: in a subclass, on the class, on the instance."""

from __future__ import annotations

import datetime
import functools

from flask import session
from flask.sessions import (
    SecureCookieSession,
    SecureCookieSessionInterface,
    SessionInterface,
    SessionMixin,
)

from ..harness import Lab, family, scenario

METHODS = (
    "open_session",
    "save_session",
    "get_signing_serializer",
    "should_set_cookie",
    "get_expiration_time",
    "get_cookie_name",
    "get_cookie_domain",
    "get_cookie_path",
    "get_cookie_httponly",
    "get_cookie_secure",
    "get_cookie_samesite",
    "get_cookie_partitioned",
    "is_null_session",
    "make_null_session",
)
PATHS = ("/idle", "/read", "/set", "/idle", "/read", "/permanent", "/idle", "/clear", "/none")


def shop(lab: Lab, **options):
    app = lab.app(**{"SECRET_KEY": "k", **options})
    app.add_url_rule("/idle", "idle", lambda: "idle")
    app.add_url_rule("/read", "read", lambda: str(session.get("n")))
    app.add_url_rule("/set", "set", lambda: (session.update(n=1), "set")[1])
    app.add_url_rule(
        "/permanent", "permanent", lambda: (setattr(session, "permanent", True), "p")[1]
    )
    app.add_url_rule("/clear", "clear", lambda: (session.clear(), "clear")[1])
    return app


def visit(lab: Lab, app):
    client = app.test_client()
    seen = []
    for path in PATHS:
        lab.say(f"-> {path}")
        answer = lab.hit(client, path)
        seen.append([answer["status"], [h for h in answer["headers"] if h[:3] in {"Set", "Var"}]])
    return seen


def telling(lab: Lab, name, function):
    @functools.wraps(function)
    def wrapped(*args, **kwargs):
        lab.say(name)
        return function(*args, **kwargs)

    return wrapped


@family(*METHODS)
def in_a_subclass(lab: Lab, name):
    def method(self, *args, **kwargs):
        lab.say(name)
        return getattr(super(kind, self), name)(*args, **kwargs)

    kind = type("Own", (SecureCookieSessionInterface,), {name: method})
    app = shop(lab)
    app.session_interface = kind()
    return visit(lab, app)


@family(*METHODS)
def on_the_instance(lab: Lab, name):
    app = shop(lab)
    app.session_interface = SecureCookieSessionInterface()
    first = visit(lab, app)
    original = getattr(app.session_interface, name)
    setattr(app.session_interface, name, telling(lab, name, original))
    return [first, visit(lab, app)]


@family(*METHODS)
def on_the_class(lab: Lab, name):
    app = shop(lab)
    visit(lab, app)
    lab.events.clear()
    owner = SecureCookieSessionInterface
    lab.patch(owner, name, telling(lab, name, getattr(owner, name)))
    return visit(lab, app)


@family(*METHODS)
def on_the_base_class(lab: Lab, name):
    if name == "get_signing_serializer":
        return "the base has none"
    app = shop(lab)
    lab.patch(SessionInterface, name, telling(lab, name, getattr(SessionInterface, name)))
    return visit(lab, app)


ANSWERS = {
    "should_set_cookie": lambda self, app, session: False,
    "get_expiration_time": lambda self, app, session: datetime.datetime(2040, 1, 1),
    "get_cookie_name": lambda self, app: "own_name",
    "get_cookie_path": lambda self, app: "/own",
    "get_cookie_domain": lambda self, app: "own.example",
    "get_cookie_httponly": lambda self, app: False,
    "get_cookie_secure": lambda self, app: True,
    "get_cookie_samesite": lambda self, app: "Strict",
    "get_cookie_partitioned": lambda self, app: True,
    "is_null_session": lambda self, obj: True,
    "open_session": lambda self, app, request: None,
    "save_session": lambda self, app, session, response: None,
    "get_signing_serializer": lambda self, app: None,
}


@family(**ANSWERS)
def answering_otherwise(lab: Lab, answer):
    name = next(key for key, value in ANSWERS.items() if value is answer)
    app = shop(lab)
    app.session_interface = type("Own", (SecureCookieSessionInterface,), {name: answer})()
    return visit(lab, app)


SESSION_METHODS = (
    "__getitem__",
    "get",
    "setdefault",
    "__setitem__",
    "pop",
    "clear",
    "__contains__",
)


@family(*SESSION_METHODS)
def session_class_with_its_own(lab: Lab, name):
    def method(self, *args, **kwargs):
        lab.say(name, list(args)[:1])
        return getattr(super(kind, self), name)(*args, **kwargs)

    kind = type("Own", (SecureCookieSession,), {name: method})
    app = shop(lab)
    interface = SecureCookieSessionInterface()
    interface.session_class = kind
    app.session_interface = interface
    return visit(lab, app)


@family("accessed", "modified", "new", "permanent")
def session_class_with_a_fixed(lab: Lab, name):
    for value in (True, False):
        kind = type(
            "Own",
            (SecureCookieSession,),
            {name: property(lambda self, value=value: value, lambda self, v: None)},
        )
        app = shop(lab)
        interface = SecureCookieSessionInterface()
        interface.session_class = kind
        app.session_interface = interface
        lab.say(value, visit(lab, app))


@scenario
def serializer_with_its_own_methods(lab: Lab):
    from flask.json.tag import TaggedJSONSerializer

    class Serializer(TaggedJSONSerializer):
        def dumps(self, value):
            # An empty one is written by itsdangerous, to find out whether text comes out.
            if value:
                lab.say("dumps", sorted(value))
            return super().dumps(value)

        def loads(self, value):
            lab.say("loads")
            return super().loads(value)

    app = shop(lab)
    interface = SecureCookieSessionInterface()
    interface.serializer = Serializer()
    app.session_interface = interface
    return visit(lab, app)


@family("tag", "untag", "dumps", "loads")
def shared_serializer_patched(lab: Lab, name):
    """The answer is changed, to show that the patched method is the one in use."""
    from flask.json.tag import TaggedJSONSerializer

    original = getattr(TaggedJSONSerializer, name)

    def changed(self, value):
        answer = original(self, value)
        if isinstance(answer, dict) and "n" in answer:
            return {**answer, "n": f"{name} {answer['n']}"}
        if isinstance(answer, str) and '"n"' in answer:
            return answer.replace('"n"', f'"{name}":0,"n"')
        return answer

    lab.patch(TaggedJSONSerializer, name, changed)
    return visit(lab, shop(lab))


@family("tag", "untag", "dumps", "loads")
def serializer_subclass_changing(lab: Lab, name):
    from flask.json.tag import TaggedJSONSerializer

    original = getattr(TaggedJSONSerializer, name)

    def changed(self, value):
        answer = original(self, value)
        if isinstance(answer, dict) and "n" in answer:
            return {**answer, "n": f"{name} {answer['n']}"}
        if isinstance(answer, str) and '"n"' in answer:
            return answer.replace('"n"', f'"{name}":0,"n"')
        return answer

    kind = type("Own", (TaggedJSONSerializer,), {name: changed})
    app = shop(lab)
    interface = SecureCookieSessionInterface()
    interface.serializer = kind()
    app.session_interface = interface
    return visit(lab, app)


@scenario
def tag_registered_on_the_shared_serializer(lab: Lab):
    from flask.json.tag import JSONTag
    from flask.sessions import session_json_serializer

    class TagSet(JSONTag):
        key = " set"

        def check(self, value):
            return isinstance(value, set)

        def to_json(self, value):
            return sorted(value)

        def to_python(self, value):
            return set(value)

    before_tags, before_order = (
        dict(session_json_serializer.tags),
        list(session_json_serializer.order),
    )
    lab.exit.callback(session_json_serializer.order.extend, before_order)
    lab.exit.callback(session_json_serializer.order.clear)
    lab.exit.callback(session_json_serializer.tags.update, before_tags)
    lab.exit.callback(session_json_serializer.tags.clear)
    app = lab.app(SECRET_KEY="k")
    app.add_url_rule("/set", "set", lambda: (session.update(s={2, 1}), "set")[1])
    app.add_url_rule("/get", "get", lambda: f"{session['s']!r}")
    client = app.test_client()
    first = lab.code(client, "/set")
    session_json_serializer.register(TagSet)
    return [first, lab.hit(client, "/set")["headers"], lab.brief(client, "/get")]


@scenario
def mixin_defaults(lab: Lab):
    class Own(dict, SessionMixin):
        pass

    made = Own()
    seen = [made.new, made.modified, made.accessed, made.permanent]
    made.permanent = True
    return [*seen, made.permanent, dict(made)]


@scenario
def salt_and_digest_of_a_subclass(lab: Lab):
    import hashlib

    lab.freeze(1_700_000_000)

    class Own(SecureCookieSessionInterface):
        salt = "own"

    class Digest(SecureCookieSessionInterface):
        digest_method = staticmethod(hashlib.sha512)

    class Derivation(SecureCookieSessionInterface):
        key_derivation = "concat"

    seen = []
    for kind in (SecureCookieSessionInterface, Own, Digest, Derivation):
        app = shop(lab)
        app.session_interface = kind()
        client = app.test_client()
        lab.hit(client, "/set")
        cookie = client.get_cookie("session").value
        seen.append([cookie, lab.brief(shop(lab), "/read", cookie=f"session={cookie}")])
    return seen


@scenario
def salt_changed_on_the_instance(lab: Lab):
    app = shop(lab)
    app.session_interface = SecureCookieSessionInterface()
    client = app.test_client()
    lab.hit(client, "/set")
    before = lab.brief(client, "/read")
    app.session_interface.salt = "changed"
    after = lab.brief(client, "/read")
    app.config["SECRET_KEY_FALLBACKS"] = ["other"]
    app.session_interface.salt = "cookie-session"
    return [before, after, lab.brief(client, "/read")]
