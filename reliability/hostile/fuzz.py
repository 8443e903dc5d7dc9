"""Generated requests: whatever a client sends, the answer is one that the application gave."""

from __future__ import annotations

import json
import typing as t
from functools import cache

from hypothesis import strategies as st

from . import inputs, target
from .caller import Environ, Twins, environ_of, post
from .case import Tally, case


@cache
def twins() -> Twins:
    return Twins(target.make)


READERS = ["/any", "/headers", "/session", "/file", "/flashes", "/number/1", "/name/x", "/none"]

# PEP 3333 lets a server leave out those that are empty.
OPTIONAL = ["SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "CONTENT_TYPE", "CONTENT_LENGTH"]
OPTIONAL += ["HTTP_HOST", "REMOTE_ADDR"]

methods = st.sampled_from(
    ["GET", "HEAD", "OPTIONS", "POST", "PUT", "get", "BREW", "", "\xff", "GET "]
)


@st.composite
def environs(draw: t.Any) -> Environ:
    environ = environ_of(
        REQUEST_METHOD=draw(methods),
        SCRIPT_NAME=draw(st.sampled_from(["", "/", "/app", "app", "//x", "/\xc3\xa9", "/\xff"])),
        PATH_INFO=draw(inputs.paths),
        QUERY_STRING=draw(inputs.queries | inputs.latin),
        CONTENT_TYPE=draw(inputs.content_types),
        CONTENT_LENGTH=draw(inputs.lengths),
        SERVER_NAME=draw(st.sampled_from(["localhost", "", "::1", "a..b", "\xff"])),
        SERVER_PORT=draw(st.sampled_from(["80", "", "x", "443", "99999", "-1", "\xb2"])),
        SERVER_PROTOCOL=draw(st.sampled_from(["HTTP/1.1", "HTTP/0.9", "", "INCLUDED"])),
        REMOTE_ADDR=draw(st.sampled_from(["127.0.0.1", "", "::1", "unix:", "\xff"])),
    )
    environ["wsgi.url_scheme"] = draw(st.sampled_from(["http", "https", "ws", "wss", "x", ""]))
    environ.update(draw(inputs.headers))
    for key in draw(st.lists(st.sampled_from(OPTIONAL), max_size=3)):
        environ.pop(key, None)
    return environ


@case("environ", "every key of a WSGI environment, odd, empty, or left out where that is allowed")
def environ(tally: Tally) -> None:
    def attempt(drawn: tuple[Environ, bytes]) -> None:
        twins().ask(tally, *drawn)

    tally.explore(st.tuples(environs(), st.binary(max_size=50)), attempt)


@case("path", "paths of noise, bad UTF-8, dots, slashes and huge numbers, to every kind of rule")
def path(tally: Tally) -> None:
    def attempt(drawn: str) -> None:
        twins().ask(tally, environ_of(PATH_INFO=drawn))

    tally.explore(inputs.paths, attempt)


@case("query", "query strings, read in every way and built into URLs again")
def query(tally: Tally) -> None:
    def attempt(drawn: tuple[str, str]) -> None:
        where, text = drawn
        twins().ask(tally, environ_of(where, QUERY_STRING=text))

    wheres = st.sampled_from(["/any", "/build", "/page", "/log-in", "/back"])
    tally.explore(st.tuples(wheres, inputs.queries | inputs.latin), attempt)


@case("headers", "request headers of broken syntax, each of them parsed by the view")
def headers(tally: Tally) -> None:
    def attempt(drawn: tuple[str, dict[str, str]]) -> None:
        where, given = drawn
        twins().ask(tally, environ_of(where, **given))

    tally.explore(st.tuples(st.sampled_from(READERS), inputs.headers), attempt)


def _one_header(name: str, what: str, key: str, wheres: list[str]) -> None:
    @case(name, what)
    def one(tally: Tally) -> None:
        def attempt(drawn: tuple[str, str]) -> None:
            where, value = drawn
            twins().ask(tally, environ_of(where, **{key: value}))

        tally.explore(st.tuples(st.sampled_from(wheres), inputs.HEADERS[key]), attempt)


_one_header("cookies", "Cookie headers of broken syntax", "HTTP_COOKIE", ["/any", "/session"])
_one_header("range", "Range headers, to a file of a thousand bytes", "HTTP_RANGE", ["/file"])
_one_header("accept", "Accept headers", "HTTP_ACCEPT", ["/headers"])
_one_header("accept-language", "Accept-Language", "HTTP_ACCEPT_LANGUAGE", ["/headers"])
_one_header("authorization", "credentials", "HTTP_AUTHORIZATION", ["/headers", "/any"])

CONDITIONS = [name for name in inputs.HEADERS if name.startswith(("HTTP_IF_", "HTTP_RANGE"))]


@case("conditions", "If-* headers, some with a range, to a file with a tag and a date")
def conditions(tally: Tally) -> None:
    def attempt(given: dict[str, str]) -> None:
        twins().ask(tally, environ_of("/file", **given))

    some = st.lists(st.sampled_from(CONDITIONS), min_size=1, max_size=3, unique=True)
    tally.explore(
        some.flatmap(
            lambda names: st.fixed_dictionaries({key: inputs.HEADERS[key] for key in names})
        ),
        attempt,
    )


pieces = st.sampled_from(
    [
        *("--x", "--x\r\n", "\r\n--x\r\n", "\r\n--x--\r\n", "--x--", "--y"),
        *("\r\n", "\r\n\r\n", "\n", "\r", ":", "a: b", " folded", "value", "\x00"),
        *('Content-Disposition: form-data; name="a"', "Content-Disposition: form-data"),
        *('; filename="../x\\"', "; filename*=utf-8''%ff", "; filename*=no-such''a", "filename="),
        *("; name=\xff", "Content-Type: text/plain; charset=no-such", "Content-Length: 9"),
        "Content-Transfer-Encoding: base64",
    ]
)
multipart_bodies = st.lists(pieces | pieces | inputs.latin, max_size=20).map(
    lambda parts: "".join(parts).encode("latin-1")
)
multipart_types = st.sampled_from(
    ["multipart/form-data; boundary=x"] * 6
    + ["multipart/form-data", "multipart/form-data; boundary=", 'multipart/form-data; boundary=""']
    + ["multipart/form-data; boundary=\xff", "multipart/form-data; boundary=" + "y" * 300]
    + ["multipart/mixed; boundary=x", "multipart/form-data; boundary=a b"]
)


@case("multipart", "multipart bodies out of broken parts, and boundaries that are none")
def multipart(tally: Tally) -> None:
    def attempt(drawn: tuple[str, str, bytes]) -> None:
        where, kind, body = drawn
        twins().ask(tally, post(where, body, kind), body)

    wheres = st.sampled_from(["/form", "/any", "/data"])
    tally.explore(st.tuples(wheres, multipart_types, multipart_bodies), attempt)


@case("form", "URL-encoded bodies of any bytes, with lengths that are wrong")
def form(tally: Tally) -> None:
    def attempt(drawn: tuple[bytes, str | None]) -> None:
        body, length = drawn
        environ = post("/form", body, "application/x-www-form-urlencoded")
        if length is not None:
            environ["CONTENT_LENGTH"] = length
        twins().ask(tally, environ, body)

    bodies = st.binary(max_size=200) | inputs.queries.map(
        lambda it: it.encode("latin-1", "replace")
    )
    tally.explore(st.tuples(bodies, st.none() | inputs.lengths), attempt)


values: st.SearchStrategy[t.Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=10)
    | st.sampled_from(["\ud800", " t", " d", "__proto__"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=4) | st.sampled_from([" t", " b", " d", " u"]), inner)
    ),
    max_leaves=12,
)
texts = values.map(lambda value: json.dumps(value).encode())
broken = st.tuples(texts, st.integers(0, 60), st.binary(max_size=3)).map(
    lambda drawn: drawn[0][: drawn[1]] + drawn[2] + drawn[0][drawn[1] + 1 :]
)
deep = st.tuples(st.sampled_from([b"[", b'{"a":', b'[{"a":[', b'"', b"-"]), st.integers(1, 20000))
odd_json = (
    deep.map(lambda drawn: drawn[0] * drawn[1])
    | st.integers(1, 3000).map(lambda n: b"[" * n + b"]" * n)
    | st.integers(1, 6000).map(lambda n: b"9" * n)
    | st.sampled_from([b"", b"\xef\xbb\xbf1", b"\xff\xfe1\0", b"1e999", b"NaN", b"-0", b"\0" * 8])
)


@case("json", "JSON bodies: odd, cut, deeply nested, of huge numbers and lone surrogates")
def json_bodies(tally: Tally) -> None:
    def attempt(drawn: tuple[str, str, bytes]) -> None:
        where, kind, body = drawn
        answer = twins().ask(tally, post(where, body, kind), body)
        if answer.status not in {200, 400, 415}:
            tally.fail(f"answered {answer.status}", body)

    kinds = st.sampled_from(
        ["application/json"] * 4 + ["application/json; charset=utf-16", "application/x+json", "a"]
    )
    bodies = texts | broken | odd_json | st.binary(max_size=30)
    tally.explore(st.tuples(st.sampled_from(["/json", "/data"]), kinds, bodies), attempt)
