"""The session's serializer and the one it stands in for read and write the same cookies."""

from __future__ import annotations

import hashlib
import time
import typing as t
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from itsdangerous import BadSignature, SignatureExpired, URLSafeTimedSerializer

from flask import Flask
from flask.http.signing import SessionSerializer, _is_compressible
from flask.sessions import SecureCookieSessionInterface, session_json_serializer

contents = st.dictionaries(
    st.text(max_size=8),
    st.text(max_size=60) | st.integers() | st.booleans() | st.lists(st.text(max_size=4)),
    max_size=5,
)


def make_app(key: t.Any = "secret", fallbacks: t.Any = None) -> Flask:
    app = Flask("signing")
    app.config.update(SECRET_KEY=key, SECRET_KEY_FALLBACKS=fallbacks)
    return app


def original(keys: t.Any, digest: t.Any = hashlib.sha1) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        keys,
        salt="cookie-session",
        serializer=session_json_serializer,
        signer_kwargs={"key_derivation": "hmac", "digest_method": digest},
    )


def serializer(app: Flask) -> URLSafeTimedSerializer:
    found = SecureCookieSessionInterface().get_signing_serializer(app)
    assert found is not None
    return found


@given(content=contents)
@settings(max_examples=300, deadline=None)
def test_cookies_are_the_same_byte_for_byte(content: dict[str, t.Any]) -> None:
    ours, theirs = serializer(make_app()), original(["secret"])
    for _ in range(3):  # the second may change between the two
        text = ours.dumps(content)
        if text == theirs.dumps(content):
            break
    else:
        raise AssertionError(text)
    assert theirs.loads(text, max_age=60) == ours.loads(text, max_age=60) == content


@pytest.mark.parametrize("length", range(80, 130, 3))
def test_lengths_around_the_bound_are_compressed_alike(length: int) -> None:
    for text in ("a" * length, "".join(chr(33 + i * 7 % 90) for i in range(length))):
        assert (
            serializer(make_app()).dumps({"k": text}).rsplit(".", 2)[0]
            == original(["secret"]).dumps({"k": text}).rsplit(".", 2)[0]
        )


def _repeated(drawn: list[tuple[int, int, int]]) -> bytes:
    """Text of different bytes, with pieces of it inserted again."""
    text = b""
    for new, start, length in drawn:
        text += bytes([new]) + text[start % (len(text) + 1) :][:length]
    return text[:28]


@pytest.mark.parametrize("distinct", range(1, 12))
def test_repeated_bytes_are_compressed_where_zlib_saves_a_byte(distinct: int) -> None:
    for length in range(40):
        text = (bytes(range(65, 65 + distinct)) * 40)[:length]
        assert _is_compressible(text) == (len(zlib.compress(text)) < len(text) - 1), text


@given(st.lists(st.tuples(st.integers(0, 255), st.integers(0, 30), st.integers(0, 14))))
@settings(max_examples=1000, deadline=None)
def test_tiny_texts_are_compressed_where_zlib_saves_a_byte(drawn: t.Any) -> None:
    text = _repeated(drawn)
    assert _is_compressible(text) == (len(zlib.compress(text)) < len(text) - 1)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: ".",
        lambda text: "..",
        lambda text: text[:-1],
        lambda text: text + "A",
        lambda text: "x" + text,
        lambda text: text.replace(".", ""),
        lambda text: text.rsplit(".", 1)[0],
        lambda text: original(["other"]).dumps({"a": 1}),
        lambda text: text.split(".")[0] + ".!!." + text.split(".")[2],
    ],
)
def test_what_is_not_ours_is_refused_as_by_the_original(damage: t.Callable[[str], str]) -> None:
    text = damage(original(["secret"]).dumps({"a": 1}))
    for signer in (serializer(make_app()), original(["secret"])):
        with pytest.raises(BadSignature):
            signer.loads(text, max_age=60)


def test_a_cookie_that_is_too_old_or_from_the_future_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = serializer(make_app()).dumps({"a": 1})
    now = time.time()
    for offset in (100, -100):
        monkeypatch.setattr(time, "time", lambda offset=offset: now + offset)
        with pytest.raises(SignatureExpired):
            serializer(make_app()).loads(text, max_age=60)


def test_fallback_keys_are_accepted_and_not_signed_with() -> None:
    app = make_app("new", ["old", "older"])
    for key in ("new", "old", "older"):
        assert serializer(app).loads(original([key]).dumps({"a": 1}), max_age=60) == {"a": 1}
    assert original(["new"]).loads(serializer(app).dumps({"a": 2}), max_age=60) == {"a": 2}


def test_another_hash_is_used_where_the_interface_says_so() -> None:
    class Interface(SecureCookieSessionInterface):
        digest_method = staticmethod(hashlib.sha256)

    ours = Interface().get_signing_serializer(make_app())
    assert ours is not None
    theirs = original(["secret"], hashlib.sha256)
    assert theirs.loads(ours.dumps({"a": 1}), max_age=60) == {"a": 1}
    assert ours.loads(theirs.dumps({"a": 1}), max_age=60, return_timestamp=True)[0] == {"a": 1}
    assert ours.loads(theirs.dumps({"a": 1}, salt="other"), salt="other") == {"a": 1}
    assert theirs.loads(ours.dumps({"a": 1}, salt="other"), salt="other") == {"a": 1}


def test_the_serializer_is_kept_until_a_setting_changes() -> None:
    app = make_app()
    kept = serializer(app)
    assert serializer(app) is kept
    app.secret_key = "changed"
    assert serializer(app) is not kept


@pytest.mark.parametrize("length", [1, 63, 64, 65, 200])
@pytest.mark.parametrize("derivation", ["none", "concat", "hmac"])
def test_keys_of_any_length_sign_alike(length: int, derivation: str) -> None:
    key = "k" * length
    ours = SessionSerializer(
        [key], "salt", session_json_serializer, derivation, hashlib.sha1, sha1=True
    )
    theirs = URLSafeTimedSerializer(
        key,
        salt="salt",
        serializer=session_json_serializer,
        signer_kwargs={"key_derivation": derivation, "digest_method": hashlib.sha1},
    )
    text = ours.dumps({"a": 1})
    assert theirs.loads(text, max_age=60) == ours.loads(text, max_age=60) == {"a": 1}
    assert ours.loads(theirs.dumps({"b": 2}), max_age=60) == {"b": 2}


def test_the_time_of_a_cookie_is_that_of_its_signing(monkeypatch: pytest.MonkeyPatch) -> None:
    signer = serializer(make_app())
    for now in (1_800_000_000, 1_800_000_000, 1_800_000_007, 1_799_999_999):
        monkeypatch.setattr(time, "time", lambda now=now: now)
        text = signer.dumps({"a": 1})
        assert text == original(["secret"]).dumps({"a": 1})
        assert signer.loads(text, max_age=0) == {"a": 1}
