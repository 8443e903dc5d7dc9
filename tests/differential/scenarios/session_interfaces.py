"""Session interfaces, their methods, and interfaces of one's own."""

from __future__ import annotations

import datetime
import json

from itsdangerous import URLSafeTimedSerializer

import flask
from flask import session
from flask.sessions import (
    NullSession,
    SecureCookieSession,
    SecureCookieSessionInterface,
    SessionInterface,
    SessionMixin,
)

from ..harness import Lab, family, scenario
from .sessions import MOMENT, SETTINGS, counting


class Store(dict, SessionMixin):
    identity = ""


class MemoryInterface(SessionInterface):
    def __init__(self, lab):
        self.lab, self.kept = lab, {}

    def open_session(self, app, request):
        identity = request.cookies.get(self.get_cookie_name(app), "new")
        self.lab.say("open", identity, request.path)
        found = Store(self.kept.get(identity, {}))
        found.identity = identity
        return found

    def save_session(self, app, session, response):
        self.lab.say("save", sorted(session), response.status_code)
        self.kept["1"] = dict(session)
        response.set_cookie(self.get_cookie_name(app), "1", path=self.get_cookie_path(app))


@scenario
def interface_of_ones_own(lab: Lab):
    app = counting(lab)
    app.session_interface = MemoryInterface(lab)
    client = app.test_client()
    return [lab.hit(client, path) for path in ("/none", "/set/kept", "/get", "/nowhere")]


@scenario
def interface_on_a_subclass(lab: Lab):
    class Shop(flask.Flask):
        session_interface = MemoryInterface(lab)

    app = counting(lab, cls=Shop)
    return lab.hit(app, "/set/x")


@scenario
def interface_opening_nothing(lab: Lab):
    class Nothing(SessionInterface):
        def open_session(self, app, request):
            return None

        def save_session(self, app, session, response):
            lab.say("save")

        def make_null_session(self, app):
            lab.say("null")
            return super().make_null_session(app)

    app = counting(lab)
    app.session_interface = Nothing()
    return lab.codes(app, "/none", "/get", "/set/a")


@scenario
def interface_with_its_own_null_session(lab: Lab):
    class Quiet(dict, SessionMixin):
        pass

    class Nothing(SessionInterface):
        null_session_class = Quiet

        def open_session(self, app, request):
            return None

        def is_null_session(self, value):
            return isinstance(value, Quiet) and "value" not in value

        def save_session(self, app, session, response):
            lab.say("save", dict(session))

    app = counting(lab)
    app.session_interface = Nothing()
    return lab.codes(app, "/none", "/get", "/set/a")


@scenario
def base_interface_is_abstract(lab: Lab):
    app = lab.app()
    interface = SessionInterface()
    with app.test_request_context("/"):
        return [
            lab.raises(interface.open_session, app, flask.request),
            lab.raises(interface.save_session, app, {}, flask.Response()),
            type(interface.make_null_session(app)).__name__,
            interface.is_null_session(NullSession()),
            interface.is_null_session({}),
            interface.pickle_based,
        ]


@family(**SETTINGS)
def interface_getters(lab: Lab, settings):
    app = lab.app(**settings)
    i = SessionInterface()
    return [
        i.get_cookie_name(app),
        i.get_cookie_domain(app),
        i.get_cookie_path(app),
        i.get_cookie_httponly(app),
        i.get_cookie_secure(app),
        i.get_cookie_samesite(app),
        i.get_cookie_partitioned(app),
    ]


@scenario
def getters_of_the_interface_are_used(lab: Lab):
    class Telling(SecureCookieSessionInterface):
        def get_cookie_name(self, app):
            return "told"

        def get_cookie_domain(self, app):
            return "told.example"

        def get_cookie_path(self, app):
            return "/told"

        def get_cookie_httponly(self, app):
            return False

        def get_cookie_secure(self, app):
            return True

        def get_cookie_samesite(self, app):
            return "Strict"

        def get_expiration_time(self, app, session):
            return datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)

        def should_set_cookie(self, app, session):
            lab.say("should_set_cookie", session.modified)
            return True

    app = counting(lab)
    app.session_interface = Telling()
    return lab.hits(app, "/set/a", "/none", "/clear")


@scenario
def should_set_cookie_and_expiration(lab: Lab):
    app = lab.app(SECRET_KEY="key")
    i = app.session_interface
    seen = []
    for permanent in (False, True):
        for modified in (False, True):
            made = SecureCookieSession({"_permanent": permanent})
            made.modified = modified
            expires = i.get_expiration_time(app, made)
            seen.append([permanent, modified, i.should_set_cookie(app, made), expires is not None])
    app.config["SESSION_REFRESH_EACH_REQUEST"] = False
    made = SecureCookieSession({"_permanent": True})
    return [*seen, i.should_set_cookie(app, made)]


@scenario
def signing_parameters(lab: Lab):
    i = SecureCookieSessionInterface()
    serializer = i.get_signing_serializer(lab.app(SECRET_KEY="key"))
    return [
        i.salt,
        i.key_derivation,
        i.digest_method().name,
        i.session_class.__name__,
        type(i.serializer).__name__,
        isinstance(serializer, URLSafeTimedSerializer),
        i.get_signing_serializer(lab.app()),
    ]


@scenario
def signing_parameters_changed(lab: Lab):
    import hashlib

    class Stronger(SecureCookieSessionInterface):
        salt = "other"
        digest_method = staticmethod(hashlib.sha256)
        key_derivation = "django-concat"

    lab.freeze(MOMENT)
    app = counting(lab)
    app.session_interface = Stronger()
    client = app.test_client()
    return [lab.hit(client, "/set/strong", raw=True), lab.brief(client, "/get")]


@scenario
def session_class_of_ones_own(lab: Lab):
    class Loud(SecureCookieSession):
        def __getitem__(self, key):
            lab.say("getitem", key)
            return super().__getitem__(key)

    class Interface(SecureCookieSessionInterface):
        session_class = Loud

    app = lab.app(SECRET_KEY="key")
    app.session_interface = Interface()
    app.add_url_rule("/", "index", lambda: (session.update(a=1), str(session["a"]))[1])
    return lab.hit(app)


@scenario
def serializer_of_ones_own(lab: Lab):
    class Interface(SecureCookieSessionInterface):
        serializer = json

    app = counting(lab)
    app.session_interface = Interface()
    client = app.test_client()
    return [lab.hit(client, "/set/json"), lab.brief(client, "/get")]


@scenario
def interface_replaced_after_the_first_request(lab: Lab):
    lab.freeze(MOMENT)
    app = counting(lab)
    client = app.test_client()
    first = lab.hit(client, "/set/one")
    app.session_interface = MemoryInterface(lab)
    return [first, lab.hit(client, "/set/two"), lab.hit(client, "/get")]


@scenario
def save_session_replaced_on_the_instance(lab: Lab):
    app = counting(lab)
    original = app.session_interface.save_session

    def save(app_, session_, response):
        lab.say("save", dict(session_))
        return original(app_, session_, response)

    lab.patch(app.session_interface, "save_session", save)
    return lab.hits(app, "/set/a", "/none")


@scenario
def session_assigned_on_the_context(lab: Lab):
    app = counting(lab)

    @app.get("/swap")
    def swap():
        flask.globals.request_ctx.session = SecureCookieSession({"value": "swapped"})
        session.modified = True
        return str(session["value"])

    client = app.test_client()
    return [lab.hit(client, "/swap"), lab.brief(client, "/get")]


@scenario
def two_apps_with_two_cookie_names(lab: Lab):
    one = counting(lab, SESSION_COOKIE_NAME="one")
    two = counting(lab, SESSION_COOKIE_NAME="two")
    client = one.test_client()
    lab.hit(client, "/set/x")
    cookie = client.get_cookie("one").value
    return [
        lab.brief(two, "/get", cookie=f"one={cookie}"),
        lab.brief(two, "/get", cookie=f"two={cookie}"),
    ]


@scenario
def session_opens_before_url_matching(lab: Lab):
    class Interface(MemoryInterface):
        def open_session(self, app, request):
            self.lab.say("routing", request.url_rule is not None)
            return super().open_session(app, request)

    app = counting(lab)
    app.session_interface = Interface(lab)
    app.before_request(lambda: lab.say("before_request"))
    return lab.codes(app, "/none")


@scenario
def secret_key_changed_between_requests(lab: Lab):
    app = counting(lab)
    client = app.test_client()
    lab.hit(client, "/set/first")
    app.secret_key = "changed"
    seen = lab.brief(client, "/get")
    app.config["SECRET_KEY"] = "key"
    return [seen, app.secret_key, lab.brief(client, "/get")]
