"""Sessions: what marks them as changed, the cookie that keeps them, and other interfaces."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import itsdangerous
import pytest
from markupsafe import Markup
from werkzeug.http import parse_cookie, parse_date
from werkzeug.test import TestResponse

import flask
from flask import Flask, session
from flask.sessions import (
    NullSession,
    SecureCookieSession,
    SecureCookieSessionInterface,
    SessionInterface,
)


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.secret_key = "sessions"

    @app.route("/")
    def untouched() -> str:
        return "untouched"

    @app.route("/read")
    def read() -> dict[str, Any]:
        return dict(session)

    @app.route("/set/<key>/<value>")
    def set_value(key: str, value: str) -> str:
        session[key] = value
        return "set"

    @app.route("/clear")
    def clear() -> str:
        session.clear()
        return "cleared"

    @app.route("/permanent")
    def permanent() -> str:
        session.permanent = True
        session["user"] = "ada"
        return "permanent"

    return app


def cookie_of(response: TestResponse) -> str:
    """The whole Set-Cookie header of the session."""
    (found,) = (c for c in response.headers.getlist("Set-Cookie") if c.startswith("session="))
    return found


def attributes_of(response: TestResponse) -> dict[str, str]:
    parts = (part.strip().partition("=") for part in cookie_of(response).split(";")[1:])
    return {name: value for name, _, value in parts}


class TestSession:
    def test_reading_does_not_mark_it_as_modified(self) -> None:
        made = SecureCookieSession({"a": 1})
        assert not made.modified
        assert (made["a"], made.get("a"), made.setdefault("a", 2)) == (1, 1, 1)
        assert "a" in made
        assert not made.modified

    @pytest.mark.parametrize(
        "write",
        [
            lambda s: s.__setitem__("a", 2),
            lambda s: s.__delitem__("a"),
            lambda s: s.update(b=1),
            lambda s: s.pop("a"),
            lambda s: s.popitem(),
            lambda s: s.setdefault("b", 1),
            lambda s: s.clear(),
        ],
    )
    def test_every_way_of_writing_marks_it_as_modified(self, write: Callable[[Any], Any]) -> None:
        made = SecureCookieSession({"a": 1})
        write(made)
        assert made.modified

    def test_a_change_inside_of_a_value_goes_unseen(self) -> None:
        made = SecureCookieSession({"list": []})
        made["list"].append(1)
        assert not made.modified
        made.modified = True
        assert made.modified

    def test_permanence_is_kept_among_the_values(self) -> None:
        made = SecureCookieSession()
        assert not made.permanent
        made.permanent = True
        assert made["_permanent"] is True
        assert made.permanent
        made.permanent = 0  # type: ignore[assignment]
        assert made["_permanent"] is False

    def test_one_without_a_key_can_be_read_and_refuses_writes(self) -> None:
        made = NullSession()
        assert made.get("user") is None
        for write in (
            lambda: made.__setitem__("a", 1),
            lambda: made.update(a=1),
            lambda: made.pop("a", None),
            lambda: made.setdefault("a"),
            made.clear,
            made.popitem,
        ):
            with pytest.raises(RuntimeError, match="secret key"):
                write()


class TestCookie:
    def test_values_come_back_with_the_next_request(self, app: Flask) -> None:
        client = app.test_client()
        client.get("/set/user/ada")
        assert client.get("/read").json == {"user": "ada"}
        client.get("/set/color/red")
        assert client.get("/read").json == {"user": "ada", "color": "red"}

    def test_types_that_json_lacks_come_back(self, app: Flask) -> None:
        values = {
            "tuple": (1, "b"),
            "bytes": b"\x00\xff",
            "markup": Markup("<b>"),
            "uuid": UUID(int=7),
            "date": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
            "nested": {"deep": [(1, 2), {" t": "tag-like"}]},
        }
        seen: dict[str, Any] = {}
        app.add_url_rule("/write", "write", lambda: session.update(values) or "")
        app.add_url_rule("/copy", "copy", lambda: seen.update(session) or "")
        client = app.test_client()
        client.get("/write")
        client.get("/copy")
        assert seen == values
        assert type(seen["tuple"]) is tuple
        assert type(seen["markup"]) is Markup

    def test_an_untouched_session_sets_no_cookie(self, app: Flask) -> None:
        client = app.test_client()
        answer = client.get("/")
        assert "Set-Cookie" not in answer.headers
        assert "Vary" not in answer.headers

    def test_reading_varies_by_cookie_and_sets_none(self, app: Flask) -> None:
        client = app.test_client()
        client.get("/set/user/ada")
        answer = client.get("/read")
        assert answer.headers["Vary"] == "Cookie"
        assert "Set-Cookie" not in answer.headers

    @pytest.mark.parametrize(
        "look",
        [
            lambda: "a" in session,
            lambda: len(session),
            lambda: session.get("a"),
            lambda: list(session),
            lambda: bool(session),
            lambda: session == {},
            lambda: session.permanent,
            lambda: session._get_current_object(),
        ],
    )
    def test_every_look_at_it_varies_by_cookie(self, app: Flask, look: Callable[[], Any]) -> None:
        app.add_url_rule("/look", "look", lambda: str(look() is None))
        answer = app.test_client().get("/look")
        assert answer.headers["Vary"] == "Cookie"
        assert "Set-Cookie" not in answer.headers

    def test_an_emptied_session_deletes_its_cookie(self, app: Flask) -> None:
        client = app.test_client()
        client.get("/set/user/ada")
        answer = client.get("/clear")
        assert cookie_of(answer).startswith("session=; Expires=Thu, 01 Jan 1970 00:00:00 GMT")
        assert attributes_of(answer)["Max-Age"] == "0"
        assert answer.headers["Vary"] == "Cookie"
        assert client.get("/read").json == {}

    def test_emptying_what_never_was_deletes_the_cookie_too(self, app: Flask) -> None:
        answer = app.test_client().get("/clear")
        assert cookie_of(answer).startswith("session=; Expires=Thu, 01 Jan 1970")
        assert answer.headers["Vary"] == "Cookie"

    def test_it_is_signed_with_the_key_and_a_salt(self, app: Flask) -> None:
        answer = app.test_client().get("/set/user/ada")
        value = parse_cookie(cookie_of(answer))["session"]
        signer = itsdangerous.URLSafeTimedSerializer(
            "sessions",
            salt="cookie-session",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha1},
        )
        assert signer.loads(value) == {"user": "ada"}

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda value: value[:-1],
            lambda value: "x" + value,
            lambda value: value.rpartition(".")[0],
            lambda value: "",
            lambda value: "....",
            lambda value: "é",
        ],
    )
    def test_a_spoiled_one_is_an_empty_session(
        self, app: Flask, spoil: Callable[[str], str]
    ) -> None:
        value = parse_cookie(cookie_of(app.test_client().get("/set/user/ada")))["session"]
        client = app.test_client(use_cookies=False)
        good = client.get("/read", headers={"Cookie": f"session={value}"})
        assert good.json == {"user": "ada"}
        spoiled = client.get("/read", headers={"Cookie": f"session={spoil(value)}"})
        assert spoiled.json == {}

    def test_one_of_another_key_is_an_empty_session(self, app: Flask) -> None:
        client = app.test_client()
        client.get("/set/user/ada")
        app.secret_key = "another"
        assert client.get("/read").json == {}

    def test_a_fallback_key_still_reads_and_the_new_one_writes(self, app: Flask) -> None:
        client = app.test_client()
        client.get("/set/user/ada")
        app.config.update(SECRET_KEY="new", SECRET_KEY_FALLBACKS=["older", "sessions"])
        assert client.get("/read").json == {"user": "ada"}
        client.get("/set/color/red")
        app.config["SECRET_KEY_FALLBACKS"] = []
        assert client.get("/read").json == {"user": "ada", "color": "red"}

    def test_one_older_than_the_lifetime_is_an_empty_session(
        self, app: Flask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        app.permanent_session_lifetime = timedelta(seconds=100)
        client = app.test_client(use_cookies=False)
        value = parse_cookie(cookie_of(client.get("/permanent")))["session"]
        now = itsdangerous.TimestampSigner.get_timestamp
        for later, expected in ((99, {"_permanent": True, "user": "ada"}), (102, {})):
            monkeypatch.setattr(
                itsdangerous.TimestampSigner,
                "get_timestamp",
                lambda signer, later=later: now(signer) + later,
            )
            assert client.get("/read", headers={"Cookie": f"session={value}"}).json == expected


class TestCookieAttributes:
    def test_as_they_come(self, app: Flask) -> None:
        assert attributes_of(app.test_client().get("/set/a/b")) == {"HttpOnly": "", "Path": "/"}

    @pytest.mark.parametrize(
        ("settings", "expected"),
        [
            ({"SESSION_COOKIE_DOMAIN": "example.org"}, {"Domain": "example.org"}),
            ({"SESSION_COOKIE_PATH": "/shop"}, {"Path": "/shop"}),
            ({"APPLICATION_ROOT": "/app"}, {"Path": "/app"}),
            ({"APPLICATION_ROOT": "/app", "SESSION_COOKIE_PATH": "/x"}, {"Path": "/x"}),
            ({"SESSION_COOKIE_SECURE": True}, {"Secure": ""}),
            ({"SESSION_COOKIE_SAMESITE": "Lax"}, {"SameSite": "Lax"}),
            (
                {"SESSION_COOKIE_PARTITIONED": True, "SESSION_COOKIE_SECURE": True},
                {"Partitioned": "", "Secure": ""},
            ),
        ],
    )
    def test_settings_show(
        self, app: Flask, settings: dict[str, Any], expected: dict[str, str]
    ) -> None:
        app.config.update(settings)
        attributes = attributes_of(app.test_client().get("/set/a/b"))
        assert attributes == {"HttpOnly": "", "Path": "/"} | expected
        # The one that deletes it has to name the same place.
        client = app.test_client(use_cookies=False)
        value = parse_cookie(cookie_of(client.get("/set/a/b")))["session"]
        deleting = attributes_of(client.get("/clear", headers={"Cookie": f"session={value}"}))
        assert deleting["Path"] == attributes["Path"]
        assert deleting.get("Domain") == attributes.get("Domain")
        assert deleting.get("SameSite") == attributes.get("SameSite")
        assert "Secure" not in attributes or "Secure" in deleting
        assert "HttpOnly" in deleting

    def test_http_only_can_be_switched_off(self, app: Flask) -> None:
        app.config["SESSION_COOKIE_HTTPONLY"] = False
        assert "HttpOnly" not in attributes_of(app.test_client().get("/set/a/b"))

    def test_the_name_is_a_setting(self, app: Flask) -> None:
        app.config["SESSION_COOKIE_NAME"] = "shop"
        client = app.test_client()
        answer = client.get("/set/user/ada")
        assert answer.headers["Set-Cookie"].startswith("shop=")
        assert client.get("/read").json == {"user": "ada"}

    def test_a_permanent_one_ends_after_the_lifetime(self, app: Flask) -> None:
        app.permanent_session_lifetime = timedelta(days=3)
        ends = parse_date(attributes_of(app.test_client().get("/permanent"))["Expires"])
        assert ends is not None
        assert abs(ends - datetime.now(UTC) - timedelta(days=3)) < timedelta(seconds=60)

    def test_a_permanent_one_is_sent_with_each_answer_unless_told_otherwise(
        self, app: Flask
    ) -> None:
        client = app.test_client()
        client.get("/permanent")
        answer = client.get("/")
        assert "Set-Cookie" in answer.headers
        assert answer.headers["Vary"] == "Cookie"
        app.config["SESSION_REFRESH_EACH_REQUEST"] = False
        assert "Set-Cookie" not in client.get("/").headers
        assert "Set-Cookie" in client.get("/set/a/b").headers


class TestInterface:
    def test_getters_read_the_settings(self, app: Flask) -> None:
        interface = SessionInterface()
        assert interface.get_cookie_name(app) == "session"
        assert interface.get_cookie_domain(app) is None
        assert interface.get_cookie_path(app) == "/"
        assert interface.get_cookie_httponly(app) is True
        assert interface.get_cookie_secure(app) is False
        assert interface.get_cookie_samesite(app) is None
        assert interface.get_cookie_partitioned(app) is False

    def test_only_a_permanent_session_has_an_end(self, app: Flask) -> None:
        interface = SessionInterface()
        made = SecureCookieSession()
        assert interface.get_expiration_time(app, made) is None
        made.permanent = True
        assert interface.get_expiration_time(app, made) is not None

    @pytest.mark.parametrize(
        ("permanent", "modified", "refresh", "expected"),
        [
            (False, False, True, False),
            (False, True, True, True),
            (False, True, False, True),
            (True, False, True, True),
            (True, False, False, False),
            (True, True, False, True),
        ],
    )
    def test_when_a_cookie_is_sent(
        self, app: Flask, permanent: bool, modified: bool, refresh: bool, expected: bool
    ) -> None:
        app.config["SESSION_REFRESH_EACH_REQUEST"] = refresh
        made = SecureCookieSession({"_permanent": permanent})
        made.modified = modified
        assert SessionInterface().should_set_cookie(app, made) is expected

    def test_a_base_interface_has_to_be_completed(self, app: Flask) -> None:
        with pytest.raises(NotImplementedError):
            SessionInterface().open_session(app, flask.Request({}))
        with pytest.raises(NotImplementedError):
            SessionInterface().save_session(app, SecureCookieSession(), flask.Response())

    def test_a_null_session_is_recognised(self, app: Flask) -> None:
        interface = SessionInterface()
        assert interface.is_null_session(interface.make_null_session(app))
        assert not interface.is_null_session(SecureCookieSession())

    def test_without_a_secret_key_there_is_nothing_to_sign_with(self, app: Flask) -> None:
        interface = SecureCookieSessionInterface()
        assert interface.get_signing_serializer(app) is not None
        app.secret_key = None
        assert interface.get_signing_serializer(app) is None
        with app.test_request_context() as context:
            assert interface.open_session(app, context.request) is None
        assert app.test_client().get("/read").json == {}
        assert app.test_client().get("/set/a/b").status_code == 500

    @pytest.mark.parametrize(
        ("getter", "value", "attribute"),
        [
            ("get_cookie_domain", "example.org", "Domain"),
            ("get_cookie_path", "/there", "Path"),
            ("get_cookie_samesite", "Strict", "SameSite"),
        ],
    )
    def test_a_replaced_getter_is_asked(
        self, app: Flask, getter: str, value: str, attribute: str
    ) -> None:
        kind = type("Mine", (SecureCookieSessionInterface,), {getter: lambda self, app: value})
        app.session_interface = kind()
        assert attributes_of(app.test_client().get("/set/a/b"))[attribute] == value

    def test_replaced_salt_digest_and_serializer_are_used(self, app: Flask) -> None:
        class Mine(SecureCookieSessionInterface):
            salt = "pepper"
            digest_method = staticmethod(hashlib.sha256)
            key_derivation = "django-concat"

        app.session_interface = Mine()
        client = app.test_client()
        value = parse_cookie(cookie_of(client.get("/set/user/ada")))["session"]
        signer = itsdangerous.URLSafeTimedSerializer(
            "sessions",
            salt="pepper",
            signer_kwargs={"key_derivation": "django-concat", "digest_method": hashlib.sha256},
        )
        assert signer.loads(value) == {"user": "ada"}
        assert client.get("/read").json == {"user": "ada"}

    def test_an_interface_of_ones_own_opens_and_saves(self, app: Flask) -> None:
        store: dict[str, Any] = {}
        seen: list[str] = []

        class Kept(dict[str, Any], flask.sessions.SessionMixin):
            pass

        class InMemory(SessionInterface):
            def open_session(self, app: Flask, request: flask.Request) -> Any:
                seen.append(f"open {request.path}")
                return Kept(store)

            def save_session(self, app: Flask, session: Any, response: flask.Response) -> None:
                seen.append(f"save {response.status_code}")
                store.clear()
                store.update(session)

        app.session_interface = InMemory()
        client = app.test_client()
        client.get("/set/user/ada")
        client.get("/")
        assert store == {"user": "ada"}
        assert seen == ["open /set/user/ada", "save 200", "open /", "save 200"]
        assert client.get("/missing").status_code == 404
        assert seen[-2:] == ["open /missing", "save 404"]

    def test_one_that_opens_none_gets_a_null_session(self, app: Flask) -> None:
        class Closed(SessionInterface):
            def open_session(self, app: Flask, request: flask.Request) -> None:
                return None

        app.session_interface = Closed()
        client = app.test_client()
        assert client.get("/read").json == {}
        assert client.get("/set/a/b").status_code == 500


def test_a_session_transaction_writes_what_the_next_request_reads(app: Flask) -> None:
    client = app.test_client()
    with client.session_transaction() as opened:
        opened["user"] = "ada"
    assert client.get("/read").json == {"user": "ada"}
    with client.session_transaction() as opened:
        assert opened["user"] == "ada"


def test_a_getter_that_reads_the_session_has_the_answer_vary_by_cookie() -> None:
    class Reading(SecureCookieSessionInterface):
        def get_cookie_domain(self, app: Flask) -> str | None:
            return None if session.get("domain") is None else "example.org"

    app = Flask("reading")
    app.secret_key = "key"
    app.session_interface = Reading()
    app.add_url_rule("/", "index", lambda: "index")
    client = app.test_client()
    assert [client.get("/").headers.get("Vary") for _ in range(3)] == ["Cookie"] * 3
