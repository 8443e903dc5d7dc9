"""Response headers beside their slow twin, Werkzeug's."""

from __future__ import annotations

import copy
import pickle
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import Headers as Plain
from werkzeug.wrappers import Response as Werkzeug

from flask import Flask, Response
from flask.http.headers import Headers, make_headers

names = st.sampled_from(["X-One", "x-one", "X-ONE", "X-Two", "Vary", "Set-Cookie", "", "é"])
values = (
    st.text(max_size=8)
    | st.sampled_from(["plain", "line\nbreak", "carriage\rreturn", "nul\0", "tab\t", "ü", ""])
    | st.integers()
    | st.binary(max_size=4)
    | st.none()
)
writes = st.lists(
    st.tuples(st.just("__setitem__"), names | st.just(0), values)
    | st.tuples(st.just("add"), names, values)
    | st.tuples(st.just("set"), names, values)
    | st.tuples(st.just("setdefault"), names, values)
    | st.tuples(st.just("remove"), names),
    max_size=8,
)


def outcomes(headers: Plain, sequence: list[tuple[t.Any, ...]]) -> list[t.Any]:
    """What each write came to, and the headers in the end."""
    seen: list[t.Any] = []
    for name, *arguments in sequence:
        try:
            seen.append(getattr(headers, name)(*arguments))
        except Exception as error:
            seen.append((type(error), str(error)))
    return [*seen, list(headers)]


@given(writes)
def test_writes_come_to_what_they_do_in_werkzeug(sequence: list[tuple[t.Any, ...]]) -> None:
    first = [("Content-Type", "text/html"), ("X-Two", "a"), ("x-two", "b")]
    assert outcomes(make_headers(first), sequence) == outcomes(Plain(first), sequence)


def test_headers_with_the_same_content_are_equal_whichever_class_they_are_of() -> None:
    pairs = [("X-One", "1"), ("X-Two", "2")]
    ours, plain = make_headers(pairs), Plain(reversed(pairs))
    assert ours == plain
    assert plain == ours
    assert ours == make_headers([("x-one", "1"), ("x-two", "2")])
    assert ours != Plain([("X-One", "2")])
    assert plain != make_headers([])
    assert ours != pairs


def test_headers_are_not_hashable_as_werkzeug_s_are_not() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(make_headers([]))


@pytest.mark.parametrize("make_copy", [copy.copy, copy.deepcopy, lambda h: h.copy()])
def test_a_copy_is_independent(make_copy: t.Callable[[Headers], Headers]) -> None:
    ours = make_headers([("X-One", "1")])
    copied = make_copy(ours)
    copied["X-One"] = "2"
    assert list(ours) == [("X-One", "1")]
    assert copied == Plain([("X-One", "2")])


def test_pickled_headers_need_nothing_but_werkzeug() -> None:
    data = pickle.dumps(make_headers([("X-One", "1")]))
    assert b"flask" not in data
    assert pickle.loads(data) == Plain([("X-One", "1")])


def test_a_pickled_response_brings_its_headers() -> None:
    app = Flask(__name__)
    with app.test_request_context():
        sent = app.make_response(("text", 202))
    received = pickle.loads(pickle.dumps(sent))
    assert isinstance(received, Response)
    # Another implementation of the class has just the attributes that were pickled.
    assert vars(received).keys() == vars(Werkzeug("text")).keys()
    assert received.status == "202 ACCEPTED"
    assert received.get_data() == b"text"
    assert received.headers == Plain(
        {"Content-Type": "text/html; charset=utf-8", "Content-Length": "4"}
    )


@given(
    pairs=st.lists(st.tuples(names, st.just("value") | st.just("")), max_size=4),
    sought=names | st.sampled_from(["VARY", "absent", 0, None, b"Vary"]),
    kind=st.sampled_from([None, int, len]),
)
def test_lookups_come_to_what_they_do_in_werkzeug(
    pairs: list[tuple[str, str]], sought: t.Any, kind: t.Any
) -> None:
    def found(headers: t.Any) -> list[t.Any]:
        seen: list[t.Any] = []
        for look in (
            lambda: headers.get(sought),
            lambda: headers.get(sought, "default", kind),
            lambda: headers.get(sought, type=kind),
            lambda: sought in headers,
        ):
            try:
                seen.append(look())
            except Exception as error:
                seen.append(type(error))
        return seen

    plain = Plain()
    plain._list = list(pairs)
    assert found(make_headers(pairs)) == found(plain)


@pytest.mark.parametrize("method", ["get", "__contains__", "_get_key"])
def test_lookups_that_somebody_replaced_in_werkzeug_are_asked(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = make_headers([("X-One", "1")])
    asked: list[str] = []
    before = getattr(Plain, method)

    def replaced(self: t.Any, key: str, *rest: t.Any) -> t.Any:
        asked.append(key)
        return before(self, key, *rest)

    monkeypatch.setattr(Plain, method, replaced)
    assert headers.get("X-One") == "1"
    assert "X-One" in headers
    assert asked


@pytest.mark.parametrize("name", ["Location", "location", "Content-Location", "X-Other", "Date"])
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("sized", [True, False])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_headers_that_are_rewritten_are_sent_as_by_werkzeug(
    name: str, first: bool, sized: bool, method: str
) -> None:
    def sent(cls: type[Werkzeug], body: t.Any, passthrough: bool) -> t.Any:
        response = cls(body, mimetype="text/html", direct_passthrough=passthrough)
        response.headers.pop("Content-Length", None)
        extra = [("Content-Length", "4")] if sized else []
        value = [(name, "/a b?ü")]
        response.headers.extend(value + extra if first else extra + value)
        announced: list[t.Any] = []
        environ = {"REQUEST_METHOD": method, "wsgi.url_scheme": "http", "HTTP_HOST": "localhost"}
        body = b"".join(response(environ, lambda *seen: announced.append(seen)))
        response.close()
        return announced, body

    for passthrough in (False, True):
        body = [b"text"] if not passthrough else iter([b"text"])
        again = [b"text"] if not passthrough else iter([b"text"])
        assert sent(Response, body, passthrough) == sent(Werkzeug, again, passthrough)
