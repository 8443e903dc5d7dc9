"""Session cookies: whoever lacks the key can neither change nor make one."""

from __future__ import annotations

import hashlib
import json
import time
import typing as t
import zlib
from collections.abc import Iterator

from hypothesis import strategies as st
from itsdangerous import TimestampSigner, URLSafeTimedSerializer
from itsdangerous.encoding import base64_encode

import flask
from flask import Flask

from . import fuzz
from .caller import Answer, Twins, environ_of, post
from .case import Tally, case

KEY = "the key of the application"
OTHER = "the key of somebody else"
SALT = "cookie-session"
CONTENT = {"user": "alice", "admin": False, "cart": [1, 2, 3]}


def _make(**config: t.Any) -> t.Callable[[type[Flask]], Flask]:
    def make(app_class: type[Flask]) -> Flask:
        app = app_class(f"tokens_{app_class.__name__.lower()}", static_folder=None)
        app.config.update(SECRET_KEY=KEY, **config)

        @app.route("/read")
        def read() -> t.Any:
            return dict(flask.session)

        @app.route("/touch")
        def touch() -> str:
            flask.session["touched"] = True
            return "touched"

        @app.route("/keep", methods=["POST"])
        def keep() -> str:
            flask.session["kept"] = flask.request.get_json()
            return "kept"

        return app

    return make


def _sign(
    content: t.Any,
    key: str = KEY,
    salt: str = SALT,
    derivation: str = "hmac",
    digest: t.Any = hashlib.sha1,
    age: int = 0,
) -> str:
    class Signer(TimestampSigner):
        def get_timestamp(self) -> int:
            return int(time.time()) - age

    options = {"key_derivation": derivation, "digest_method": digest}
    maker = URLSafeTimedSerializer(key, salt, signer=Signer, signer_kwargs=options)
    signed = maker.dumps(content)
    return signed if isinstance(signed, str) else signed.decode()


def _forged() -> Iterator[tuple[str, str]]:
    """Yield how a cookie was forged, and the cookie; none of them is to be accepted."""
    good = _sign(CONTENT)
    payload, stamp, signature = good.split(".")
    evil = base64_encode(json.dumps({"admin": True}).encode()).decode()
    yield "other key", _sign(CONTENT, key=OTHER)
    yield "empty key", f"{evil}.{stamp}.{signature}"
    yield "other salt", _sign(CONTENT, salt="cookie")
    yield "no salt", _sign(CONTENT, salt="")
    for derivation in ("concat", "django-concat", "none"):
        yield f"derivation {derivation}", _sign(CONTENT, derivation=derivation)
    for digest in (hashlib.md5, hashlib.sha256, hashlib.sha512):
        yield f"digest {digest.__name__}", _sign(CONTENT, digest=digest)
    yield "too old", _sign(CONTENT, age=60 * 60 * 24 * 32)
    yield "from the future", _sign(CONTENT, age=-60 * 60)
    for name, header in (("none", '{"alg":"none"}'), ("HS256", '{"alg":"HS256"}')):
        token = base64_encode(header.encode()).decode()
        yield f"JWT {name}", f"{token}.{evil}."
        yield f"JWT {name} signed", f"{token}.{evil}.{signature}"
    parts = (payload, stamp, signature, evil, "")
    for one in parts:
        for two in parts:
            for three in parts:
                if (one, two, three) != (payload, stamp, signature):
                    yield "swapped parts", f"{one}.{two}.{three}"
            yield "two parts", f"{one}.{two}"
    for length in range(len(good)):
        yield "cut off", good[:length]
        yield "cut off in front", good[length:] if length else ""
    for extra in (".", "=", "==", " ", "A", "\x00", "%00", "\xff", ".A", good, "." + good):
        yield "extended", good + extra
        yield "extended in front", extra + good


def _changed() -> Iterator[str]:
    """Yield cookies that differ from a good one in one character."""
    good = _sign(CONTENT)
    for at, old in enumerate(good):
        for new in "A_-.z9=+/ \xff":
            if new != old:
                yield good[:at] + new + good[at + 1 :]
        yield good[:at] + chr(ord(old) ^ 1) + good[at + 1 :]
        yield good[:at] + good[at + 1 :]


def _read(tally: Tally, twins: Twins, cookie: str, path: str = "/read") -> Answer:
    return twins.ask(tally, environ_of(path, HTTP_COOKIE=f"session={cookie}"))


@case(
    "session-forgery",
    "cookies that were changed, cut, extended, put together from parts, signed with another key,"
    " salt, derivation or hash, too old, or from the future: an empty session",
)
def session_forgery(tally: Tally) -> None:
    twins = Twins(_make())
    good = _read(tally, twins, _sign(CONTENT))
    tally.expect(json.loads(good.body) == CONTENT, "a good cookie was refused", good)
    for how, cookie in _forged():
        answer = _read(tally, twins, cookie)
        # Python's own idea of a cookie may end where a forged part begins.
        is_good = how.startswith("extended") and json.loads(answer.body) == CONTENT
        tally.expect(
            answer.status == 200 and (answer.body.strip() == b"{}" or is_good),
            f"accepted: {how}",
            cookie,
        )
    for cookie in _changed():
        answer = _read(tally, twins, cookie)
        # The last character of a signature has bits that stand for nothing.
        tally.expect(
            json.loads(answer.body) in ({}, CONTENT), "a changed cookie was accepted", cookie
        )


@case("session-keys", "fallback keys are accepted and never used to sign; other keys are neither")
def session_keys(tally: Tally) -> None:
    rotated = Twins(_make(SECRET_KEY_FALLBACKS=["older", "oldest"]))
    for key, is_known in ((KEY, True), ("older", True), ("oldest", True), (OTHER, False)):
        cookie = _sign(CONTENT, key=key)
        answer = _read(tally, rotated, cookie)
        known = json.loads(answer.body) == CONTENT
        tally.expect(known == is_known, "a key was not treated as it should be", key)
        sent = _read(tally, rotated, cookie, "/touch").header("Set-Cookie") or ""
        value = sent.partition("session=")[2].partition(";")[0]
        plain = Twins(_make())
        after = json.loads(_read(tally, plain, value).body)
        tally.expect(after.get("touched") is True, "not signed with the first key", key)
        tally.expect(("user" in after) == is_known, "the content was not carried over", key)


@case("session-noise", "generated session cookies, some that look compressed: an empty session")
def session_noise(tally: Tally) -> None:
    twins = Twins(_make())
    safe = st.text("ABCabc019_-.=", max_size=80)
    parts = st.lists(safe, min_size=2, max_size=4).map(".".join)
    packed = st.binary(max_size=60).map(
        lambda data: "." + base64_encode(zlib.compress(data)).decode() + ".AAAA.BBBB"
    )
    noise = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=60)

    def attempt(cookie: str) -> None:
        answer = _read(tally, twins, cookie)
        if answer.body.strip() != b"{}":
            tally.fail("accepted", cookie)

    tally.explore(safe | parts | packed | noise, attempt)


@case(
    "session-values",
    "values that clients chose, kept in a session, come back as they were: none of them is taken"
    " for one of the marks that the session writes",
)
def session_values(tally: Tally) -> None:
    twins = Twins(_make())

    def attempt(body: bytes) -> None:
        answer = twins.ask(tally, post("/keep", body, "application/json"), body)
        sent = answer.header("Set-Cookie") or ""
        cookie = sent.partition("session=")[2].partition(";")[0]
        if answer.status != 200:
            tally.fail(f"answered {answer.status}", body)
            return
        with_kept = _read(tally, twins, cookie)
        # As text: not a number is not equal to itself.
        if json.dumps(json.loads(with_kept.body).get("kept")) != _normal(body):
            tally.fail("came back as something else", body)

    tally.explore(fuzz.texts, attempt)


def _normal(body: bytes) -> str:
    def in_order(value: t.Any) -> t.Any:
        if isinstance(value, dict):
            return {key: in_order(value[key]) for key in sorted(value)}
        return [in_order(inner) for inner in value] if isinstance(value, list) else value

    return json.dumps(in_order(json.loads(body)))
