"""Broken and hostile requests over raw sockets: an answer below 500, and life goes on."""

from __future__ import annotations

import json
import re

import pytest
from server_process import Server

STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")

TARGETS = [
    b"/%",
    b"/%zz",
    b"/%e2%82",
    b"/hello/%ff%fe",
    b"/hello/%c0%af",
    b"/hello/%ed%a0%80",
    b"/hello/%00",
    b"/%00",
    b"/\x00",
    b"/hello/\x01\x7f",
    b"/hello/\xff",
    b"/hello/caf\xe9",
    "/hello/caf\u00e9\u2603".encode(),
    b"/hello/%E2%80%AE%F0%9F%98%80",
    b"/echo/" + b"%ff" * 500,
    b"/echo/%0d%0aX-Injected:%20yes",
    b"/echo/../../etc/passwd",
    b"/%2e%2e/%2e%2e/etc/passwd",
    b"/static/%2e%2e/app.py",
    b"/static/..%5c..%5capp.py",
    b"/static/%00",
    b"/static/style.css%00.html",
    b"/static/" + b"x" * 1000,
    b"/static/" + b"a/" * 1000,
    b"/static",
    b"/blog/" + b"9" * 1000,
    b"/blog/" + b"9" * 5000,
    b"/blog/%d9%a1",
    b"/blog?%ff=%zz",
    b"//evil.example/%2e%2e",
    b"/blog//..%2f",
    b"http://other.example/hello/Ada",
    b"//[x",
    b"*",
    b"?a=b",
    b"/hello/Ada#part",
    b"/echo?%",
    b"/echo?a=%zz&b=%ff&c=%00&%ff=%fe",
    b"/echo?\xff=\xfe",
    b"/echo?a=%ed%a0%80&b=%f5%80%80%80",
    b"/echo?" + b"&" * 2000,
    b"/echo?" + b"a=1&" * 900,
    b"/echo?=&=&&;&a&=b",
]

HEADERS = [
    b"Host: \xff",
    b"Host: ",
    b"Host: a b",
    b"Host: user@evil.example/path?x",
    b"Host: [::1",
    b"Host: x:99999999",
    b"Host: \xe2\x98\x83.example",
    b"Cookie: session=\xff\xfe",
    b"Cookie: session=a.b.c",
    b"Cookie: session=eyJ1c2VyIjoiYWRtaW4ifQ.aaaaaa.bbbbbbbbbbbbbbbbbbbbbbbbbbb",
    b"Cookie: session=.eJwAAAD",
    b'Cookie: session="\\777\\0"; a="unclosed',
    b"Cookie: =; ;;=x;session;\x80=\x81",
    b"Cookie: " + b"a=b; " * 1000,
    b"Content-Type: \xff/\xfe; charset=\xfd",
    b"Content-Type: text/html; charset=no-such-charset",
    b"Content-Type: multipart/form-data",
    b"Accept: \xff;;q=zzz,*/*;q=1e999,;q=-1",
    b"Accept-Language: \xff,*-*;q=,x;q=nan",
    b"Accept-Charset: no-such;q=\xb2",
    b"Accept-Encoding: ,,,;;;",
    b"Authorization: Basic /////",
    b"Authorization: Digest \xff=,,=",
    b"Authorization: ",
    b"If-Modified-Since: Sat, 99 Foo 99999 99:99:99 GMT",
    b"If-Modified-Since: Mon, 01 Jan 0000 00:00:00 -9999",
    b'If-None-Match: W/"\xff", *, "',
    b"If-Range: \xff",
    b"Range: bytes=9-1,-,a-b",
    b"Range: bytes=" + b"9" * 1000 + b"-",
    b"Date: \xff",
    b"Cache-Control: max-age=\xff, =",
    b"Max-Forwards: many",
    b"Referer: \xff\x80",
    b"User-Agent: \x80\x01",
    b"X-Odd: before\x00after",
    b"X-\xff: odd name",
    b"No colon here",
    b": no name",
    b"Content-Length: many",
    b"Content-Length: -1",
    b"Content-Length: 1_0",
    b"Content-Length: \xb2",
]

BOUNDARY = b"Content-Type: multipart/form-data; boundary=x\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"

BODIES = [
    (FORM, b"a=%zz&b=%ff&%00=%ed%a0%80&\xff=\xfe"),
    (FORM, b"&" * 10_000),
    (BOUNDARY, b""),
    (BOUNDARY, b"no boundary at all"),
    (BOUNDARY, b"--x\r\n\r\n"),
    (BOUNDARY, b"--x\r\nContent-Disposition: form-data\r\n\r\nno name\r\n--x--\r\n"),
    (BOUNDARY, b'--x\r\nContent-Disposition: form-data; name="\xff\x00"\r\n\r\n\xff\r\n--x--\r\n'),
    (
        BOUNDARY,
        b'--x\r\nContent-Disposition: form-data; name="f"; filename="../\xff\x00"\r\n'
        b"Content-Type: \xff\r\n\r\nx\r\n--x--\r\n",
    ),
    (
        BOUNDARY,
        b"--x\r\nContent-Disposition: form-data; name=a; filename*=no-such''%ff\r\n\r\n.\r\n--x--",
    ),
    (b"Content-Type: multipart/form-data; boundary=\xff\r\n", b"--\xff\r\n\r\n--\xff--"),
    (b"Content-Type: application/json\r\n", b"\xff\xfe\x00{"),
    (b"Content-Type: application/json\r\n", b'{"a": "\\ud800"}'),
    (b"Content-Type: application/json\r\n", b"[NaN, 1e999, -0]"),
]


def request_bytes(
    target: bytes = b"/echo", method: bytes = b"GET", headers: bytes = b"", body: bytes = b""
) -> bytes:
    host = b"" if re.search(rb"(?im)^host:", headers) else b"Host: localhost\r\n"
    if body:
        headers += b"Content-Length: %d\r\n" % len(body)
    start = method + b" " + target + b" HTTP/1.1\r\n"
    return start + host + b"Connection: close\r\n" + headers + b"\r\n" + body


def status_of(received: bytes) -> int:
    found = STATUS.match(received)
    assert found is not None, f"no status line in {received[:200]!r}"
    return int(found[1])


def assert_survives(site: Server, request: bytes, *, half_close: bool = False) -> int:
    """Send a request; check that it was answered, nothing was raised and the server goes on."""
    before = len(site.log)
    status = status_of(site.send_raw(request, half_close=half_close))
    assert 200 <= status < 500
    assert site.fetch("/hello/Ada").text == "Hello, Ada!"
    assert "Traceback" not in site.log[before:]
    return status


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: repr(target[:40]))
def test_odd_request_target_is_answered(public_site: Server, target: bytes) -> None:
    assert_survives(public_site, request_bytes(target))


@pytest.mark.parametrize("header", HEADERS, ids=lambda header: repr(header[:50]))
def test_odd_header_is_answered(public_site: Server, header: bytes) -> None:
    for target in (b"/echo", b"/static/style.css"):
        assert_survives(public_site, request_bytes(target, headers=header + b"\r\n"))


@pytest.mark.parametrize(("headers", "body"), BODIES)
def test_odd_body_is_answered(public_site: Server, headers: bytes, body: bytes) -> None:
    for target in (b"/echo", b"/login"):
        assert_survives(public_site, request_bytes(target, b"POST", headers, body))


@pytest.mark.parametrize(
    "cookie", [b"\xff\xfe", b"a.b.c", b"eyJ1c2VyIjoiYWRtaW4ifQ.aaaaaa.bbbb", b".eJw", b'""', b""]
)
def test_bad_session_cookie_is_an_empty_session(public_site: Server, cookie: bytes) -> None:
    headers = b"Cookie: session=" + cookie + b"\r\n"
    received = public_site.send_raw(request_bytes(b"/whoami", headers=headers))
    assert status_of(received) == 200
    assert received.endswith(b"nobody")


def test_unknown_path_is_404(public_site: Server) -> None:
    assert public_site.fetch("/nope").status == 404


def test_wrong_method_is_405_with_allow(public_site: Server) -> None:
    for method in ("GET", "PUT", "BREW"):
        answer = public_site.fetch("/data", method)
        assert answer.status == 405
        assert set(answer.headers["Allow"].split(", ")) == {"OPTIONS", "POST"}


@pytest.mark.parametrize(
    "body", [b"{", b"", b"\xff", b'{"a": 1}}', b"{'a': 1}", b"\x00", b"9" * 6000]
)
def test_broken_json_is_400(public_site: Server, body: bytes) -> None:
    answer = public_site.fetch("/data", "POST", body, {"Content-Type": "application/json"})
    assert answer.status == 400


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_wrong_content_type_is_415(public_site: Server, content_type: str) -> None:
    answer = public_site.fetch(
        "/data", "POST", json.dumps([1]).encode(), {"Content-Type": content_type}
    )
    assert answer.status == 415


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
def test_body_over_the_limit_is_413(public_site: Server, kind: str) -> None:
    path = "/data" if kind == "application/json" else "/login"
    answer = public_site.fetch(path, "POST", b'"' + b"x" * 17_000 + b'"', {"Content-Type": kind})
    assert answer.status == 413


def test_missing_form_field_is_400(public_site: Server) -> None:
    assert public_site.fetch("/login", "POST", b"").status == 400


def test_body_that_ends_early_is_400(public_site: Server) -> None:
    headers = b"Content-Type: application/json\r\nContent-Length: 100\r\n"
    request = request_bytes(b"/data", b"POST", headers) + b'{"a":'
    assert assert_survives(public_site, request, half_close=True) == 400


def test_no_answer_carries_an_injected_header(public_site: Server) -> None:
    received = public_site.send_raw(request_bytes(b"/echo/%0d%0aX-Injected:%20yes"))
    head, _, _ = received.partition(b"\r\n\r\n")
    assert b"x-injected" not in head.lower()
