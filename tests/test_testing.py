"""The test client, its requests, contexts and sessions, and the runner for commands."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import click
import pytest
import werkzeug.test
from werkzeug.test import TestResponse, create_environ, run_wsgi_app
from werkzeug.wrappers import Request as WerkzeugRequest

from flask import (
    Flask,
    Response,
    current_app,
    g,
    has_app_context,
    has_request_context,
    jsonify,
    redirect,
    request,
    session,
    stream_with_context,
)
from flask.cli import ScriptInfo, pass_script_info
from flask.json.provider import DefaultJSONProvider
from flask.sessions import SecureCookieSessionInterface, SessionInterface, SessionMixin
from flask.testing import EnvironBuilder, FlaskClient, FlaskCliRunner

PRESERVE = "werkzeug.debug.preserve_context"


@pytest.fixture
def app() -> Flask:
    app = Flask("shop")
    app.secret_key = "key"
    app.testing = True

    @app.route("/echo", methods=["GET", "POST", "PUT"])
    def echo() -> Response:
        return jsonify(
            {
                "method": request.method,
                "url": request.url,
                "body": request.get_data(as_text=True),
                "type": request.content_type,
                "cookies": request.cookies,
                "agent": request.user_agent.string,
                "address": request.remote_addr,
                "extra": request.environ.get("shop.extra"),
                "header": request.headers.get("X-Extra"),
            }
        )

    @app.get("/page/<name>")
    def page(name: str) -> str:
        g.page = name
        return name

    @app.get("/to/<name>")
    def to(name: str) -> Any:
        g.page = f"to {name}"
        return redirect(f"/page/{name}")

    @app.get("/fail")
    def fail() -> str:
        raise LookupError("no such item")

    @app.get("/remember/<key>")
    def remember(key: str) -> str:
        session[key] = True
        return ""

    @app.get("/recall")
    def recall() -> str:
        return ",".join(sorted(session))

    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def ended(app: Flask) -> list[str]:
    """Note the path of each request whose context ends."""
    paths: list[str] = []

    @app.teardown_request
    def note(error: BaseException | None) -> None:
        paths.append(request.path)

    return paths


@pytest.fixture(autouse=True)
def no_context_is_left() -> Iterator[None]:
    yield
    assert not has_request_context()
    assert not has_app_context()


# Environments


def built(*args: Any, config: dict[str, Any] | None = None, **kwargs: Any) -> tuple[str, str]:
    """Answer the base URL and the full path of a request."""
    app = Flask("shop")
    app.config.update(config or {})
    builder = EnvironBuilder(app, *args, **kwargs)
    made = builder.get_request()
    builder.close()
    return made.root_url, made.full_path.rstrip("?")


@pytest.mark.parametrize(
    ("config", "base"),
    [
        ({}, "http://localhost/"),
        ({"SERVER_NAME": "shop.example"}, "http://shop.example/"),
        ({"SERVER_NAME": "shop.example:81"}, "http://shop.example:81/"),
        ({"APPLICATION_ROOT": "/root"}, "http://localhost/root/"),
        ({"APPLICATION_ROOT": "root/"}, "http://localhost/root/"),
        ({"PREFERRED_URL_SCHEME": "https"}, "https://localhost/"),
        (
            {"SERVER_NAME": "a.b", "APPLICATION_ROOT": "/r", "PREFERRED_URL_SCHEME": "https"},
            "https://a.b/r/",
        ),
    ],
)
def test_base_url_comes_from_the_configuration(config: dict[str, Any], base: str) -> None:
    assert built("/x", config=config) == (base, "/x")


@pytest.mark.parametrize(
    ("arguments", "base"),
    [
        ({"subdomain": "west"}, "http://west.a.b/root/"),
        ({"url_scheme": "https"}, "https://a.b/root/"),
        ({"subdomain": "west", "url_scheme": "wss"}, "wss://west.a.b/root/"),
        ({"subdomain": ""}, "http://a.b/root/"),
        ({"base_url": "https://other.example/up"}, "https://other.example/up/"),
        ({"base_url": "http://other.example", "subdomain": ""}, "http://other.example/"),
    ],
)
def test_arguments_win_over_the_configuration(arguments: dict[str, str], base: str) -> None:
    config = {"SERVER_NAME": "a.b", "APPLICATION_ROOT": "/root"}
    assert built("/x", config=config, **arguments) == (base, "/x")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", ("http://localhost/", "/")),
        ("/x?a=1&b=2", ("http://localhost/", "/x?a=1&b=2")),
        ("/x#part", ("http://localhost/", "/x")),
        ("/a%20b", ("http://localhost/", "/a b")),
        ("https://a.b:81/x?y=1", ("https://a.b:81/", "/x?y=1")),
        ("//a.b/x", ("http://a.b/", "/x")),
    ],
)
def test_path_may_be_a_whole_url(path: str, expected: tuple[str, str]) -> None:
    assert built(path) == expected


@pytest.mark.parametrize(
    "arguments",
    [{"subdomain": "west"}, {"url_scheme": "https"}, {"subdomain": "a", "base_url": ""}],
)
def test_base_url_goes_with_no_part_of_it(arguments: dict[str, str]) -> None:
    with pytest.raises(AssertionError):
        EnvironBuilder(Flask("shop"), **{"base_url": "http://a.b", **arguments})


def test_further_arguments_of_a_builder_follow_by_position() -> None:
    builder = EnvironBuilder(Flask("shop"), "/x", None, "west", "https", "a=1", "POST")
    assert (builder.host, builder.url_scheme) == ("west.localhost", "https")
    assert (builder.query_string, builder.method) == ("a=1", "POST")
    builder.close()


def test_json_is_written_as_the_application_writes_it(app: Flask) -> None:
    class Provider(DefaultJSONProvider):
        def dumps(self, obj: Any, **kwargs: Any) -> str:
            return f"<{super().dumps(obj, **kwargs)}>"

    app.json = Provider(app)
    builder = EnvironBuilder(app, json={"day": datetime.date(2030, 1, 2)})
    assert builder.content_type == "application/json"
    assert builder.input_stream is not None
    assert builder.input_stream.read() == b'<{"day": "Wed, 02 Jan 2030 00:00:00 GMT"}>'
    builder.close()


# Requests


def test_requests_come_from_this_machine(client: FlaskClient) -> None:
    got = client.get("/echo").json
    assert got["address"] == "127.0.0.1"
    assert got["agent"] == f"Werkzeug/{version('werkzeug')}"
    assert client.environ_base == {"REMOTE_ADDR": "127.0.0.1", "HTTP_USER_AGENT": got["agent"]}


def test_environ_base_of_the_client_and_of_the_request(client: FlaskClient) -> None:
    client.environ_base["shop.extra"] = "client"
    assert client.get("/echo").json["extra"] == "client"
    assert client.get("/echo", environ_base={"shop.extra": "own"}).json["extra"] == "own"
    assert client.get("/echo", environ_overrides={"shop.extra": "over"}).json["extra"] == "over"
    assert client.get("/echo", environ_base=None).json["extra"] == "client"
    assert client.get("/echo", headers={"User-Agent": "mine"}).json["agent"] == "mine"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"json": {"a": 1}}, {"body": '{"a": 1}', "type": "application/json"}),
        ({"data": {"a": "1"}}, {"body": "a=1", "type": "application/x-www-form-urlencoded"}),
        ({"data": "text"}, {"body": "text"}),
        ({"query_string": {"a": "1"}}, {"url": "http://localhost/echo?a=1"}),
        ({"base_url": "https://a.b/up"}, {"url": "https://a.b/up/echo"}),
        ({"subdomain": "west"}, {"url": "http://west.localhost/echo"}),
        ({"url_scheme": "https"}, {"url": "https://localhost/echo"}),
        ({"headers": {"X-Extra": "h"}}, {"header": "h"}),
    ],
)
def test_arguments_of_a_request(
    client: FlaskClient, arguments: dict[str, Any], expected: dict[str, str]
) -> None:
    got = client.post("/echo", **arguments).json
    assert {key: got[key] for key in expected} == expected
    assert got["method"] == "POST"


def test_json_and_data_exclude_each_other(client: FlaskClient) -> None:
    with pytest.raises(TypeError):
        client.post("/echo", json={}, data="x")


def test_path_may_be_given_by_name_or_left_out(app: Flask, client: FlaskClient) -> None:
    app.add_url_rule("/", "root", lambda: "root")
    assert client.open(path="/echo?a=1").json["url"] == "http://localhost/echo?a=1"
    assert client.open().text == "root"
    assert client.open("/echo", "http://a.b").json["url"] == "http://a.b/echo"


@pytest.mark.parametrize("kind", [EnvironBuilder, werkzeug.test.EnvironBuilder])
def test_builder_says_everything(app: Flask, client: FlaskClient, kind: type) -> None:
    first = (app,) if kind is EnvironBuilder else ()
    builder = kind(*first, "/echo", method="PUT", data="x", environ_base={"shop.extra": "own"})
    client.environ_base["shop.extra"] = "client"
    for response in (client.open(builder), client.get(builder, data="ignored")):
        assert response.json["method"] == "PUT"
        assert response.json["extra"] == "own"
        assert response.json["address"] == "127.0.0.1"
    assert builder.environ_base == {"shop.extra": "own"}
    builder.close()


def test_environ_describes_a_request(client: FlaskClient) -> None:
    environ = create_environ("/echo", method="PUT", headers={"X-Extra": "h"})
    environ["shop.extra"] = "own"
    before = dict(environ)
    got = client.open(environ).json
    assert (got["method"], got["header"], got["address"]) == ("PUT", "h", "127.0.0.1")
    # Only what makes up the request is taken over.
    assert got["extra"] is None
    assert environ == before


def test_request_object_is_sent_again(client: FlaskClient) -> None:
    environ = create_environ("/echo?a=1", method="PUT", environ_base={"shop.extra": "own"})
    given = WerkzeugRequest(environ)
    before = dict(environ)
    response = client.open(given)
    assert response.json["method"] == "PUT"
    assert response.json["url"] == "http://localhost/echo?a=1"
    assert response.json["extra"] == "own"
    assert response.json["agent"].startswith("Werkzeug/")
    assert response.request is not given
    assert given.environ is environ
    assert environ == before


def test_response_is_of_the_application_and_reads_its_json(app: Flask) -> None:
    class Provider(DefaultJSONProvider):
        def loads(self, s: str | bytes, **kwargs: Any) -> Any:
            return ["read by the application"]

    class Answer(Response):
        pass

    app.json = Provider(app)
    app.response_class = Answer
    response = app.test_client().get("/echo")
    assert isinstance(response, Answer)
    assert isinstance(response, TestResponse)
    assert response.json == ["read by the application"]
    assert response.request.path == "/echo"


def test_redirects_are_followed_on_request(client: FlaskClient) -> None:
    assert client.get("/to/end").status_code == 302
    response = client.get("/to/end", follow_redirects=True)
    assert response.text == "end"
    assert [answer.status_code for answer in response.history] == [302]
    assert response.history[0].json_module is client.application.json
    assert response.request.path == "/page/end"


def test_cookies_are_kept(app: Flask, client: FlaskClient) -> None:
    client.set_cookie("flavour", "plain")
    client.get("/remember/a")
    assert set(client.get("/echo").json["cookies"]) == {"flavour", "session"}
    assert app.test_client(use_cookies=False).get("/echo").json["cookies"] == {}


def test_client_class_of_the_application(app: Flask) -> None:
    class Named(FlaskClient):
        def __init__(self, *args: Any, name: str, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.name = name

    app.test_client_class = Named
    client: Any = app.test_client(name="till")
    assert client.name == "till"
    assert client.get("/page/x").text == "x"


# Contexts


def test_contexts_end_with_the_request(client: FlaskClient, ended: list[str]) -> None:
    client.get("/page/x")
    assert not has_request_context()
    assert ended == ["/page/x"]
    assert client.preserve_context is False


def test_contexts_of_the_latest_request_stay_in_a_block(
    app: Flask, client: FlaskClient, ended: list[str]
) -> None:
    with client as entered:
        assert entered is client
        assert client.preserve_context is True
        assert not has_request_context()
        client.get("/page/x?n=1")
        assert request.args["n"] == "1"
        assert g.page == "x"
        assert current_app._get_current_object() is app  # type: ignore[attr-defined]
        client.get("/page/y")
        assert (request.path, g.page) == ("/page/y", "y")
    assert not has_request_context()
    assert client.preserve_context is False
    # Once as each request ends, and once as its contexts are left.
    assert ended == ["/page/x", "/page/x", "/page/y", "/page/y"]


def test_session_can_be_read_in_a_block(client: FlaskClient) -> None:
    with client:
        client.get("/remember/a")
        assert dict(session) == {"a": True}


def test_final_request_after_redirects_stays(client: FlaskClient) -> None:
    with client:
        client.get("/to/end", follow_redirects=True)
        assert (request.path, g.page) == ("/page/end", "end")


def test_answered_error_leaves_its_contexts(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.testing = False
    monkeypatch.setattr(app.logger, "disabled", True)
    with client:
        assert client.get("/fail").status_code == 500
        assert request.path == "/fail"
        assert client.get("/missing").status_code == 404
        assert request.path == "/missing"


def test_raised_error_leaves_none(client: FlaskClient) -> None:
    with client:
        client.get("/page/x")
        with pytest.raises(LookupError):
            client.get("/fail")
        assert not has_request_context()
        client.get("/page/y")
        assert request.path == "/page/y"


def test_wrong_arguments_leave_the_contexts_alone(client: FlaskClient) -> None:
    with client:
        client.get("/page/x")
        with pytest.raises(TypeError):
            client.get("/page/y", json=1, data="x")
        assert request.path == "/page/x"


def test_error_in_the_block_ends_the_contexts(client: FlaskClient, ended: list[str]) -> None:
    def fail() -> None:
        with client:
            client.get("/page/x")
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert client.preserve_context is False
    assert ended == ["/page/x", "/page/x"]


def test_block_does_not_nest(client: FlaskClient) -> None:
    with client:
        with pytest.raises(RuntimeError):
            client.__enter__()
        assert client.preserve_context is True
    with client:
        client.get("/page/x")
        assert g.page == "x"


def test_block_inside_of_other_contexts(app: Flask, client: FlaskClient) -> None:
    with app.test_request_context("/outer"):
        g.page = "outer"
        with client:
            client.get("/page/x")
            assert (request.path, g.page) == ("/page/x", "x")
        assert request.path == "/outer"


def test_streamed_response_is_read_in_a_block(app: Flask, client: FlaskClient) -> None:
    @app.get("/stream")
    def stream() -> Response:
        def parts() -> Iterator[str]:
            yield "a"
            yield request.path

        return Response(stream_with_context(parts()))

    with client:
        response = client.get("/stream")
        assert response.text == "a/stream"
        response.close()
        assert request.path == "/stream"


def test_applications_hand_their_contexts_over(app: Flask) -> None:
    contexts: list[Any] = []
    environ = create_environ("/page/x")
    environ[PRESERVE] = contexts.append
    run_wsgi_app(app, environ)
    assert not has_request_context()
    assert [type(context).__name__ for context in contexts] == ["AppContext", "RequestContext"]
    with contexts[0], contexts[1]:
        assert (request.path, g.page) == ("/page/x", "x")


def test_contexts_are_asked_for_in_a_block_only(app: Flask, client: FlaskClient) -> None:
    app.add_url_rule("/asked", "asked", lambda: str(PRESERVE in request.environ))
    assert client.get("/asked").text == "False"
    with client:
        assert client.get("/asked").text == "True"


# Sessions


def test_session_is_saved_after_the_block(client: FlaskClient) -> None:
    with client.session_transaction() as opened:
        assert isinstance(opened, SessionMixin)
        assert dict(opened) == {}
        opened["a"] = 1
        assert not has_request_context()
    assert client.get("/recall").text == "a"
    with client.session_transaction() as opened:
        assert dict(opened) == {"a": 1}
        opened.clear()
    assert client.get_cookie("session") is None
    assert client.get("/recall").text == ""


def test_session_is_not_saved_after_an_error(client: FlaskClient) -> None:
    def fail() -> None:
        with client.session_transaction() as opened:
            opened["a"] = 1
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert client.get("/recall").text == ""


def test_session_of_an_earlier_request(client: FlaskClient) -> None:
    client.get("/remember/a")
    with client, client.session_transaction() as opened:
        assert dict(opened) == {"a": True}
        opened["b"] = 2
    assert client.get("/recall").text == "a,b"


def test_session_transaction_leaves_a_block_alone(client: FlaskClient) -> None:
    with client:
        client.get("/remember/a")
        with client.session_transaction() as opened:
            opened["b"] = 2
        assert request.path == "/remember/a"
        assert dict(session) == {"a": True}


def cookie_places(client: FlaskClient) -> list[tuple[str, str]]:
    assert client._cookies is not None
    return [(domain, path) for domain, path, _ in client._cookies]


@pytest.mark.parametrize(
    ("config", "place"),
    [
        ({}, ("localhost", "/")),
        ({"SERVER_NAME": "shop.example"}, ("shop.example", "/")),
        ({"SESSION_COOKIE_DOMAIN": "shop.example"}, ("shop.example", "/")),
        ({"SESSION_COOKIE_PATH": "/admin"}, ("localhost", "/admin")),
        ({"APPLICATION_ROOT": "/root"}, ("localhost", "/root")),
    ],
)
def test_session_cookie_belongs_where_the_configuration_says(
    app: Flask, client: FlaskClient, config: dict[str, str], place: tuple[str, str]
) -> None:
    app.config.update(config)
    with client.session_transaction() as opened:
        opened["a"] = 1
    assert cookie_places(client) == [place]


def test_session_of_another_host(client: FlaskClient) -> None:
    elsewhere = "https://shop.example/up"
    with client.session_transaction("/x?y=1", base_url=elsewhere, method="POST") as opened:
        opened["a"] = 1
    assert cookie_places(client) == [("shop.example", "/")]
    assert client.get("/recall").text == ""
    assert client.get("/recall", base_url=elsewhere).text == "a"


def test_session_interface_is_asked_in_a_request(app: Flask, client: FlaskClient) -> None:
    calls = []

    class Noting(SecureCookieSessionInterface):
        def open_session(self, app: Flask, request: Any) -> Any:
            calls.append(("open", request.path, dict(request.cookies), has_request_context()))
            return super().open_session(app, request)

        def save_session(self, app: Flask, session: SessionMixin, response: Any) -> None:
            calls.append(("save", type(response).__name__, has_app_context()))
            super().save_session(app, session, response)

    app.session_interface = Noting()
    client.set_cookie("flavour", "plain")
    with client.session_transaction("/x", headers={"Cookie": "other=1"}) as opened:
        opened["a"] = 1
    assert calls[0] == ("open", "/x", {"flavour": "plain"}, True)
    assert calls[-1] == ("save", "Response", True)


def test_null_session_is_not_saved(app: Flask, client: FlaskClient) -> None:
    class Never(SecureCookieSessionInterface):
        def is_null_session(self, obj: object) -> bool:
            return True

        def save_session(self, app: Flask, session: SessionMixin, response: Any) -> None:
            raise AssertionError("saved")

    app.session_interface = Never()
    with client.session_transaction() as opened:
        opened["a"] = 1
    assert cookie_places(client) == []


def test_session_needs_cookies(app: Flask) -> None:
    client = app.test_client(use_cookies=False)
    with pytest.raises(TypeError), client.session_transaction():
        pass


def test_session_that_cannot_be_opened(app: Flask, client: FlaskClient) -> None:
    app.secret_key = None
    with pytest.raises(RuntimeError), client.session_transaction():
        pass


def test_session_interface_that_opens_none(app: Flask, client: FlaskClient) -> None:
    class Closed(SessionInterface):
        def open_session(self, app: Flask, request: Any) -> None:
            return None

    app.session_interface = Closed()
    with pytest.raises(RuntimeError), client.session_transaction():
        pass


def test_errors_of_saving_come_through(app: Flask, client: FlaskClient) -> None:
    class Failing(SecureCookieSessionInterface):
        def save_session(self, app: Flask, session: SessionMixin, response: Any) -> None:
            raise LookupError("no room")

    app.session_interface = Failing()
    with pytest.raises(LookupError), client.session_transaction() as opened:
        opened["a"] = 1


# Commands


@pytest.fixture
def commands(app: Flask) -> Flask:
    @app.cli.command()
    @click.argument("name", default="nobody")
    def greet(name: str) -> None:
        click.echo(f"{name} in {current_app.name}")

    return app


def test_runner_runs_commands_of_the_app(commands: Flask) -> None:
    runner = commands.test_cli_runner()
    assert isinstance(runner, FlaskCliRunner)
    assert runner.app is commands
    assert runner.invoke(args=["greet", "Ann"]).output == "Ann in shop\n"
    assert runner.invoke(None, "greet Bo").output == "Bo in shop\n"


def test_runner_runs_other_commands_with_the_app(commands: Flask) -> None:
    @click.command()
    @pass_script_info
    def name(info: ScriptInfo) -> None:
        click.echo(info.load_app().name)

    runner = commands.test_cli_runner()
    assert runner.invoke(name).output == "shop\n"
    given = ScriptInfo(create_app=lambda: Flask("other"))
    assert runner.invoke(name, obj=given).output == "other\n"
    assert runner.invoke(commands.cli.commands["greet"], ["Cy"]).output == "Cy in shop\n"


def test_runner_passes_settings_on(commands: Flask) -> None:
    runner = commands.test_cli_runner(env={"WHO": "Di"}, echo_stdin=False)
    assert runner.env == {"WHO": "Di"}
    result = runner.invoke(args=["missing"], catch_exceptions=False)
    assert result.exit_code == 2


def test_runner_class_of_the_application(commands: Flask) -> None:
    class Quiet(FlaskCliRunner):
        pass

    commands.test_cli_runner_class = Quiet
    assert isinstance(commands.test_cli_runner(), Quiet)
