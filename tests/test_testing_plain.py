"""Plain requests of the test client have the environment that a builder would make for them."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Iterator
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import pytest
import werkzeug.test
from hypothesis import given, settings
from hypothesis import strategies as st
from itsdangerous import TimestampSigner
from werkzeug.datastructures import Headers
from werkzeug.wrappers import Request
from werkzeug.wsgi import get_current_url

from flask import Flask, jsonify, request, session
from flask.json.provider import DefaultJSONProvider
from flask.testing import EnvironBuilder, FlaskClient, plain
from flask.testing.plain import make_environ, make_plain_environ, origin

PATHS = [
    "/",
    "/a",
    "/a/b.html",
    "/a//b/",
    "//host/a",
    "",
    "a",
    "/a?b=c&d=e",
    "/a?",
    "/a?b?c",
    "/a%20b",
    "/a?b=%20",
    "/a b",
    "/é",
    "/a#b",
    "/a;b",
    "/a:b@c",
    "/a\n",
    "http://other.example/a?b=c",
    "/[",
    "/a?b=[",
    "?a=b",
    "/a?\t",
]
any_text = st.text(max_size=6) | st.sampled_from(["a", "a=b", "a b", "é", "/x", "a\nb", "\udc80"])
any_value = st.one_of(
    any_text, st.integers(), st.floats(), st.booleans(), st.none(), st.lists(any_text, max_size=2)
)
any_mapping = st.dictionaries(any_text, any_value, max_size=3)
header_names = st.sampled_from(
    [
        "X-Extra",
        "x-extra",
        "x_extra",
        "Content-Type",
        "content-type",
        "Content-Length",
        "Host",
        "Cookie",
        "User-Agent",
        "A B",
        "Ä",
    ]
)
media_types = st.sampled_from(
    [
        "",
        "text/plain",
        "application/json",
        "application/json; charset=utf-8",
        "multipart/form-data",
        "multipart/form-data; boundary=x",
        "Multipart/Form-Data",
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded; charset=utf-8",
        "a\nb",
        "é/x",
    ]
)
header_values = any_text | media_types | st.integers(0, 5)
any_headers = st.one_of(
    st.none(),
    st.dictionaries(header_names, header_values, max_size=3),
    st.lists(st.tuples(header_names, header_values), max_size=2),
    st.builds(Headers, st.just([("X-Extra", "a")])),
)
any_json = st.recursive(st.none() | any_text | st.integers(), lambda inner: st.lists(inner))
any_options = st.fixed_dictionaries(
    {},
    optional={
        "method": st.sampled_from(["GET", "POST", "put", "", None]),
        "headers": any_headers,
        "query_string": st.none() | any_text | any_mapping,
        "data": st.none() | any_text | st.binary(max_size=4) | any_mapping,
        "json": any_json,
        "content_type": st.none() | media_types,
        "environ_overrides": st.just({"a": "b"}),
        "auth": st.just(("ada", "secret")),
        "base_url": st.just("http://a.example/b"),
    },
)
any_config = st.fixed_dictionaries(
    {},
    optional={
        "SERVER_NAME": st.sampled_from(["shop.example", "shop.example:81", "bücher.example"]),
        "APPLICATION_ROOT": st.sampled_from(["/root", "root/", "/a b", "/?q"]),
        "PREFERRED_URL_SCHEME": st.sampled_from(["https", "ws"]),
    },
)


def application(config: dict[str, Any]) -> Flask:
    app = Flask("shop", static_folder=None)
    app.config.update(config)
    return app


def build(app: Flask, base: dict[str, Any], path: str, options: dict[str, Any]) -> Any:
    with contextlib.closing(EnvironBuilder(app, path, environ_base=base, **options)) as builder:
        return builder.get_environ()


def shown(environ: dict[str, Any]) -> list[Any]:
    """What is in an environment, in its order."""
    return [
        (key, value.getvalue() if key == "wsgi.input" else value) for key, value in environ.items()
    ]


@given(st.sampled_from(PATHS) | any_text, any_options, any_config)
@settings(max_examples=800, deadline=None)
def test_environments_are_those_of_the_builder(
    path: str, options: dict[str, Any], config: dict[str, Any]
) -> None:
    app = application(config)
    base = {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_EXTRA": "base", "CONTENT_TYPE": "base"}
    try:
        expected = shown(build(app, base, path, options))
    except Exception as error:
        with contextlib.suppress(type(error)):
            assert make_plain_environ(app, base, path, options) is None
        return
    made = make_plain_environ(app, base, path, options)
    if made is not None:
        assert shown(made) == expected
        assert shown(make_environ(app, (path,), {**options, "environ_base": base})) == expected


@pytest.mark.parametrize(
    ("path", "options"),
    [
        ("/", {}),
        ("/a/b?c=d&e=%20", {"method": "POST"}),
        ("/", {"headers": {"X-Extra": "é", "Accept": "a, b"}}),
        ("/", {"headers": {}}),
        ("/", {"query_string": {"a": 1, "b": "c d"}}),
        ("/", {"query_string": "a=b"}),
        ("/", {"method": "POST", "data": {"a": "b c", "d": 1, "e": True}}),
        ("/", {"method": "POST", "data": "text"}),
        ("/", {"method": "POST", "data": b"bytes", "content_type": "text/plain"}),
        ("/", {"method": "POST", "json": {"a": [1, "é"]}, "headers": {"X-Extra": "a"}}),
        ("/", {"method": "POST", "json": 0}),
        ("/", {"data": "{}", "headers": {"Content-Type": "application/json"}}),
    ],
)
def test_usual_requests_are_made_without_a_builder(path: str, options: dict[str, Any]) -> None:
    app = application({"SERVER_NAME": "shop.example", "APPLICATION_ROOT": "/root"})
    made = make_plain_environ(app, {}, path, options)
    assert made is not None
    assert shown(made) == shown(build(app, {}, path, options))


@pytest.mark.parametrize(
    ("path", "options"),
    [
        ("/a?b#c", {}),
        ("/a?b c", {}),
        ("/", {"query_string": {"a": "b c/é&x!$"}}),
        ("/", {"query_string": {"a": None, "b": "c"}}),
        ("/", {"query_string": {"a": ["b", "c"]}}),
        ("/?a", {"query_string": "b"}),
        ("/", {"data": {"a": "b c/é&x!$"}}),
        ("/", {"data": {"a": None, "b": "c"}}),
        ("/", {"headers": {"X-Extra": "a", "x_extra": "b", "x-extra": "c"}}),
        ("/", {"headers": {"X-Extra": "a", "x-extra": "b"}}),
        ("/", {"headers": {"Content-Length": "9"}, "data": "abc"}),
        ("/", {"headers": {"Content-Length": "9"}}),
        ("/", {"headers": {"Content-Type": "text/a"}, "content_type": "text/b", "data": "x"}),
        ("/", {"headers": {"Content-Type": "text/a", "content-type": "text/b"}, "data": "x"}),
        ("/", {"content_type": "multipart/form-data", "data": {"a": "b"}}),
        ("/", {"content_type": "multipart/form-data; boundary=x", "data": "a"}),
        ("/", {"content_type": "application/x-www-form-urlencoded"}),
        ("/", {"content_type": "application/x-www-form-urlencoded", "data": {"a": "é"}}),
        ("/", {"content_type": "application/json", "data": {"a": "b"}}),
    ],
)
def test_odd_requests_are_as_the_builder_makes_them(
    path: str, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(werkzeug.test, "time", lambda: 0)  # for the boundary
    monkeypatch.setattr(werkzeug.test, "random", lambda: 0)
    app = application({})
    outcomes = []
    for make in (build, lambda app, base, path, options: make_environ(app, (path,), options)):
        try:
            outcomes.append(shown(make(app, {}, path, options)))
        except ValueError as error:
            outcomes.append([str(error)])
    assert outcomes[0] == outcomes[1]


def test_environments_share_nothing() -> None:
    app = application({})
    first, second = (make_environ(app, ("/",), {}) for _ in range(2))
    assert first["wsgi.input"] is not second["wsgi.input"]
    first["SCRIPT_NAME"] = "/changed"
    assert make_environ(app, ("/",), {})["SCRIPT_NAME"] == second["SCRIPT_NAME"] == ""


def test_errors_are_written_to_what_stderr_is_now(monkeypatch: pytest.MonkeyPatch) -> None:
    app = application({})
    make_environ(app, ("/",), {})
    monkeypatch.setattr(sys, "stderr", sys.stdout)
    assert make_environ(app, ("/",), {})["wsgi.errors"] is sys.stdout


@pytest.mark.parametrize("owner", [EnvironBuilder, werkzeug.test.EnvironBuilder])
def test_a_builder_that_was_patched_is_used(owner: type) -> None:
    app = application({})
    with mock.patch.object(owner, "server_protocol", "HTTP/3"):
        assert make_environ(app, ("/",), {})["SERVER_PROTOCOL"] == "HTTP/3"
    with mock.patch.object(owner, "get_environ", return_value={"patched": True}):
        assert make_environ(app, ("/",), {}) == {"patched": True}
    assert make_plain_environ(app, {}, "/", {}) is not None


def test_json_is_written_by_the_applications_provider() -> None:
    class Provider(DefaultJSONProvider):
        def dumps(self, obj: Any, **kwargs: Any) -> str:
            return "[42]"

    app = application({})
    app.json = Provider(app)
    assert make_environ(app, ("/",), {"json": {}})["wsgi.input"].read() == b"[42]"


hosts = st.one_of(
    st.sampled_from(
        [
            "",
            "localhost",
            "a.example:80",
            "a.example:443",
            "a.example:99999",
            "A.Example",
            "xn--bcher-kva.example",
            "[::1]",
            "[::1]:81",
            "a..b",
            "a@b",
            "a b",
            "a/b",
            "a:x",
            "é",
            "x" * 70,
        ]
    ),
    any_text,
)


@given(
    hosts,
    st.sampled_from(["http", "https", "ws"]),
    st.sampled_from(["", "/", "/root", "/a b"]),
    st.sampled_from(["", "/", "/a/b", "a", "//a", "/a%20b", "/a b", "/é", "/a?b", "/:"]) | any_text,
    st.sampled_from(["", "a=b", "#", "a=[", "/x?y", "\n"]),
)
@settings(max_examples=800, deadline=None)
def test_host_and_path_for_cookies_are_those_of_the_whole_url(
    host: str, scheme: str, root: str, path: str, query: str
) -> None:
    environ = {
        "wsgi.url_scheme": scheme,
        "HTTP_HOST": host,
        "SERVER_NAME": "server",
        "SERVER_PORT": "80",
        "SCRIPT_NAME": root,
        "PATH_INFO": path,
        "QUERY_STRING": query,
    }
    try:
        url = urlsplit(get_current_url(environ))
        expected = url.hostname or "localhost", url.path
    except Exception as error:
        with contextlib.suppress(type(error)):
            assert origin(environ) is None
        return
    assert origin(environ) in (None, expected)


@pytest.mark.parametrize(
    "host", ["A.EXAMPLE", "a.example:80", "bücher.example", "xn--bcher-kva.de"]
)
def test_host_names_are_compared_as_werkzeug_writes_them(host: str) -> None:
    environ = make_environ(application({}), ("/",), {"headers": {"Host": host}})
    name = urlsplit(get_current_url(environ)).hostname or "localhost"
    assert origin(environ) == (name, "/")


def test_usual_hosts_and_paths_are_not_made_urls_of() -> None:
    made = make_environ(application({}), ("/a/b",), {})
    with mock.patch.object(plain, "get_current_url", side_effect=AssertionError):
        origin(made)  # once per host, and 'localhost' was asked for before
        assert origin({**made, "PATH_INFO": "/other"}) == ("localhost", "/other")


class SlowClient(FlaskClient):
    """A client on the way that plain requests don't take."""

    run_wsgi_app = werkzeug.test.Client.run_wsgi_app
    _add_cookies_to_wsgi = werkzeug.test.Client._add_cookies_to_wsgi

    def open(self, *args: Any, **kwargs: Any) -> Any:
        with mock.patch.object(plain, "_match_url", return_value=None):
            return super().open(*args, **kwargs)


@pytest.fixture
def app() -> Iterator[Flask]:
    app = Flask("shop")
    app.secret_key = "key"

    @app.route("/<path:name>", methods=["GET", "POST"])
    def echo(name: str) -> Any:
        session["count"] = session.get("count", 0) + 1
        response = jsonify(
            cookies=request.cookies,
            count=session["count"],
            form=request.form,
            json=request.get_json(silent=True),
            args=request.args,
            headers=sorted(request.headers),
            errors=request.environ["wsgi.errors"] is sys.stderr,
        )
        response.set_cookie(name[-1], "value", path="/" + name)
        response.set_cookie("wide", name, domain="example.org")
        response.set_cookie("gone", max_age=0)
        return response

    return app


def cookies_of(answer: Any) -> list[str]:
    """The cookies that an answer sets, but for the session, whose signature holds the time."""
    cookies = answer.headers.getlist("Set-Cookie")
    return [re.sub(r"Expires=[^;]*", "Expires=", cookie) for cookie in cookies[:-1]]


@pytest.mark.parametrize("use_cookies", [True, False])
def test_requests_and_cookies_are_the_same_on_both_ways(
    app: Flask, use_cookies: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Sessions are signed in the same second on both ways.
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self: 1_800_000_000)
    told = []
    for kind in (FlaskClient, SlowClient):
        client = kind(app, app.response_class, use_cookies=use_cookies)
        if use_cookies:
            client.set_cookie("gone", "x")
            client.set_cookie("set", "y", domain="example.org", origin_only=False)
        answers = [
            client.get("/a/b"),
            client.get("/a/b?q=1"),
            client.get("/a", query_string={"q": "ü"}),
            client.post("/a/b/c", data={"a": 1, "b": "ü"}),
            client.post("/a", json={"a": [1]}, headers={"X-Extra": "1"}),
            client.get("/a", headers={"Host": "sub.example.org", "Cookie": "x=y"}),
            client.get("/a%20b"),
        ]
        assert isinstance(answers[0].request, Request)
        told.append(
            [(answer.json, cookies_of(answer), answer.request.full_path) for answer in answers]
        )
    assert told[0] == told[1]
    assert told[0][1][0]["count"] == (2 if use_cookies else 1)


def test_overridden_methods_of_the_client_are_called(app: Flask) -> None:
    called: list[str] = []

    class Client(FlaskClient):
        def open(self, *args: Any, **kwargs: Any) -> Any:
            called.append("open")
            return super().open(*args, **kwargs)

        def run_wsgi_app(self, *args: Any, **kwargs: Any) -> Any:
            called.append("run_wsgi_app")
            return super().run_wsgi_app(*args, **kwargs)

        def _add_cookies_to_wsgi(self, environ: Any) -> None:
            called.append("_add_cookies_to_wsgi")
            super()._add_cookies_to_wsgi(environ)

        def _update_cookies_from_response(self, *args: Any) -> None:
            called.append("_update_cookies_from_response")
            super()._update_cookies_from_response(*args)

    Client(app, app.response_class).get("/a")
    assert called == [
        "open",
        "run_wsgi_app",
        "_add_cookies_to_wsgi",
        "_update_cookies_from_response",
    ]


def test_redirects_are_followed_with_what_plain_requests_were(app: Flask) -> None:
    @app.post("/move")
    def move() -> Any:
        return "", 307, {"Location": "/moved"}

    answer = app.test_client().post("/move", data={"a": "b"}, follow_redirects=True)
    assert answer.json is not None
    assert answer.json["form"] == {"a": "b"}
    assert answer.request.path == "/moved"
    assert [one.status_code for one in answer.history] == [307]


def test_contexts_of_made_up_requests_are_the_builders(app: Flask) -> None:
    with app.test_request_context("/a?b=c", method="POST", json={"d": 1}):
        assert (request.path, request.args["b"], request.json) == ("/a", "c", {"d": 1})
    with app.test_request_context():
        assert request.url == "http://localhost/"
    with app.test_request_context("/a", base_url="https://b.example/c"):
        assert request.url == "https://b.example/c/a"
