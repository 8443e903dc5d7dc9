"""The environ that a scope becomes is the one that WSGI servers make of the same request."""

from __future__ import annotations

from typing import Any

import pytest

from flask import Flask, Request
from flask.doors.scope import _ENVIRON_KEYS, MalformedScope, environ_of

from .harness import http_scope


def request_of(path: str = "/", **changes: Any) -> Request:
    return Request(environ_of(http_scope(path, **changes)))


def test_parts_of_the_url() -> None:
    request = request_of("/a/b?x=1&x=2", scheme="https", headers=[("x-a", "1")])
    assert request.url == "https://localhost/a/b?x=1&x=2"
    assert request.args.getlist("x") == ["1", "2"]
    assert request.remote_addr == "127.0.0.1"
    assert request.headers["X-A"] == "1"
    assert request.environ["SERVER_PROTOCOL"] == "HTTP/1.1"
    assert request.environ["SERVER_PORT"] == "8000"


def test_constants_of_the_protocol_are_those_of_pep_3333() -> None:
    environ = environ_of(http_scope("/"))
    assert environ["wsgi.version"] == (1, 0)
    assert environ["wsgi.multithread"] is True
    assert environ["wsgi.multiprocess"] is True
    assert environ["wsgi.run_once"] is False


@pytest.mark.parametrize(
    ("root", "path", "script", "info"),
    [
        ("", "/a", "", "/a"),
        ("/api", "/api/a", "/api", "/a"),
        ("/api", "/a", "/api", "/a"),  # a server whose path leaves out the root path
        ("/api", "/api", "/api", "/"),
        ("/api", "/apiary", "/api", "/apiary"),
        ("/api/", "/api/a", "/api", "/a"),
        ("/ä", "/ä/ö", "/ä", "/ö"),
    ],
)
def test_root_path(root: str, path: str, script: str, info: str) -> None:
    request = request_of(path, root_path=root, raw_path=None)
    assert (request.root_path, request.path) == (script, info)


@pytest.mark.parametrize(
    ("sent", "path_info"),
    [
        (b"/a%2Fb", "/a/b"),
        (b"/%C3%A4", "/Ã¤"),
        (b"/%FF%C3%A4", "/\xffÃ¤"),  # no UTF-8: WSGI servers pass on the bytes
        (b"/%EF%BF%BD", "/ï¿½"),  # the replacement character itself
        (b"/a%20b%3Fc", "/a b?c"),
    ],
)
def test_paths_have_the_bytes_that_were_sent(sent: bytes, path_info: str) -> None:
    from urllib.parse import unquote

    scope = http_scope(raw_path=sent)
    scope["path"] = unquote(sent.decode("ascii"), errors="replace")
    assert environ_of(scope)["PATH_INFO"] == path_info


def test_bytes_that_were_sent_count_below_a_root_path() -> None:
    scope = http_scope(root_path="/r", raw_path=b"/r/%FF")
    scope["path"] = "/r/\ufffd"
    environ = environ_of(scope)
    assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == ("/r", "/\xff")


def test_raw_path_that_stands_for_another_path_does_not_count() -> None:
    scope = http_scope(raw_path=b"/%FF")
    scope["path"] = "/rewritten\ufffd"
    assert environ_of(scope)["PATH_INFO"] == "/rewrittenï¿½"


def test_repeated_headers_are_joined() -> None:
    headers = [("x-a", "1"), ("x-a", "2"), ("cookie", "a=1"), ("cookie", "b=2")]
    request = request_of(headers=headers)
    assert request.headers["X-A"] == "1,2"
    assert dict(request.cookies) == {"a": "1", "b": "2"}


def test_repeated_host_is_no_trusted_host() -> None:
    app = Flask(__name__)
    app.config["TRUSTED_HOSTS"] = ["localhost"]
    environ = environ_of(http_scope(headers=[("host", "evil.example")]))
    with app.request_context(environ) as context:
        assert context.request.routing_exception is not None


def test_headers_with_an_underscore_are_left_out() -> None:
    request = request_of(headers=[("x_forwarded_for", "evil"), ("", "empty")])
    assert "HTTP_X_FORWARDED_FOR" not in request.environ
    assert "HTTP_" not in request.environ


def test_header_values_are_latin_1() -> None:
    scope = http_scope()
    scope["headers"].append((b"x-a", bytes(range(128, 256))))
    assert environ_of(scope)["HTTP_X_A"] == bytes(range(128, 256)).decode("latin-1")


def test_names_of_headers_are_kept_within_a_bound() -> None:
    for number in range(3000):
        environ_of(http_scope(headers=[(f"x-{number}", "1")]))
    assert len(_ENVIRON_KEYS) <= 1024
    assert environ_of(http_scope(headers=[("x-2999", "1")]))["HTTP_X_2999"] == "1"


def test_ten_thousand_headers() -> None:
    environ = environ_of(http_scope(headers=[("x-a", "1")] * 10_000))
    assert environ["HTTP_X_A"].count("1") == 10_000


def test_servers_that_tell_little() -> None:
    scope = http_scope(http_version="2")
    for key in ("client", "server", "root_path", "raw_path", "scheme"):
        del scope[key]
    environ = environ_of(scope)
    assert environ["SERVER_PROTOCOL"] == "HTTP/2"
    assert environ["wsgi.url_scheme"] == "http"
    assert "REMOTE_ADDR" not in environ


def test_unix_socket_has_no_port() -> None:
    environ = environ_of(http_scope(server=("/run/app.sock", None), client=None))
    assert environ["SERVER_PORT"] == ""


@pytest.mark.parametrize(
    "fault",
    [
        {"method": None},
        {"path": None},
        {"path": b"/"},
        {"query_string": "text"},
        {"headers": None},
        {"headers": [("text", "text")]},
        {"headers": [(b"one",)]},
        {"server": ()},
    ],
    ids=str,
)
def test_malformed_scope_is_the_servers_mistake(fault: dict[str, Any]) -> None:
    with pytest.raises(MalformedScope, match="ASGI server"):
        environ_of({**http_scope(), **fault})


def test_missing_part_is_named() -> None:
    scope = http_scope()
    del scope["headers"]
    with pytest.raises(MalformedScope, match="'headers'"):
        environ_of(scope)
