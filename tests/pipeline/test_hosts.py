"""Hosts are learnt with an adapter's answer, most of them without making one."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest
from werkzeug.routing import Map
from werkzeug.test import create_environ, run_wsgi_app

import flask
from flask import Flask

HOSTS = [
    *("localhost", "a.example", "127.0.0.1:8000", "A-b.Example:443", "a_b.example", "a..b", ".a"),
    *("a.", "", ":80", "a:", "a:b", "a:8\u0660", "a:80:80", "xn--bcher-kva.example", "xn--a"),
    *("XN--bcher-kva.example", "b\u00fc.example", "a" * 63, "a" * 64, "a" * 64 + ".example"),
    *("[::1]", "[::1]:80", "a b", "a/b", "a@b", "-", "-.example", "a.-"),
]


def make_app(has_adapter: bool) -> Flask:
    app = Flask("hosts")
    app.logger.disabled = True
    app.add_url_rule("/<name>", "show", lambda name: flask.url_for("show", name=name))
    app.add_url_rule("/url", "url", lambda: flask.url_for("url", _external=True))
    if has_adapter:
        app.create_url_adapter = app.create_url_adapter  # type: ignore[method-assign]
    return app


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("scheme", ["http", "https", "ftp"])
def test_the_first_request_of_a_host_is_answered_as_with_an_adapter(host: str, scheme: str) -> None:
    answers = []
    for has_adapter in (False, True):
        app = make_app(has_adapter)
        found: list[Any] = []
        for path in ("/ada", "/url", "/url/", "/ada", "/url"):
            environ = create_environ(path) | {"HTTP_HOST": host, "wsgi.url_scheme": scheme}
            body, status, headers = run_wsgi_app(app, environ, buffered=True)
            found.append((b"".join(body), status, list(headers)))
        answers.append(found)
    assert answers[0] == answers[1]


def test_a_usual_host_takes_no_adapter() -> None:
    app = make_app(has_adapter=False)
    with mock.patch.object(Map, "bind_to_environ", side_effect=AssertionError):
        assert app.test_client().get("/ada").text == "/ada"


@pytest.mark.parametrize(
    "options", [{"subdomain_matching": True}, {"host_matching": True, "static_host": "a"}], ids=str
)
def test_where_rules_have_hosts_an_adapter_tells(options: dict[str, Any]) -> None:
    app = Flask("hosts", **options)
    app.config["SERVER_NAME"] = "a.example"
    app.add_url_rule("/", "index", lambda: "index", host="a.example")
    app.add_url_rule("/", "sub", lambda: "sub", subdomain="sub", host="sub.a.example")
    client = app.test_client()
    for _ in range(2):
        assert client.get("/", base_url="http://a.example").text == "index"
        assert client.get("/", base_url="http://sub.a.example").text == "sub"


def test_trusted_hosts_are_looked_at_with_the_first_request() -> None:
    app = make_app(has_adapter=False)
    app.config["TRUSTED_HOSTS"] = ["a.example"]
    client = app.test_client()
    assert client.get("/ada", base_url="http://b.example").status_code == 400
    assert client.get("/ada", base_url="http://a.example").text == "/ada"
