"""Request and Response: what Flask's classes add to Werkzeug's, and subclasses of them."""

from __future__ import annotations

import io
from typing import Any

import pytest
from werkzeug.datastructures import Headers
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType
from werkzeug.test import create_environ

import flask
from flask import Flask, Request, Response, request


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)

    @app.route("/", methods=["GET", "POST"])
    def index() -> str:
        return "index"

    @app.route("/hello/<name>")
    def hello(name: str) -> str:
        return name

    return app


class TestRouting:
    def test_a_matched_request_knows_its_rule(self, app: Flask) -> None:
        with app.test_request_context("/hello/ada"):
            assert request.endpoint == "hello"
            assert request.view_args == {"name": "ada"}
            assert request.url_rule is not None
            assert request.url_rule.rule == "/hello/<name>"
            assert request.routing_exception is None
            assert request.blueprint is None
            assert request.blueprints == []

    def test_an_unmatched_request_knows_why(self, app: Flask) -> None:
        with app.test_request_context("/nowhere"):
            assert request.endpoint is None
            assert request.view_args is None
            assert request.url_rule is None
            assert request.routing_exception.code == 404  # type: ignore[union-attr]
        with app.test_request_context("/hello/ada", method="POST"):
            assert request.routing_exception.code == 405  # type: ignore[union-attr]

    def test_one_without_a_context_knows_nothing(self) -> None:
        made = Request(create_environ("/hello/ada"))
        assert made.endpoint is None
        assert made.blueprint is None
        assert made.blueprints == []
        assert made.view_args is None

    def test_blueprints_are_named_innermost_first(self, app: Flask) -> None:
        outer, inner = flask.Blueprint("outer", __name__), flask.Blueprint("inner", __name__)
        inner.add_url_rule("/in", "view", lambda: "in")
        outer.register_blueprint(inner)
        app.register_blueprint(outer)
        with app.test_request_context("/in"):
            assert request.endpoint == "outer.inner.view"
            assert request.blueprint == "outer.inner"
            assert request.blueprints == ["outer.inner", "outer"]

    def test_hooks_may_change_the_arguments(self, app: Flask) -> None:
        @app.before_request
        def shout() -> None:
            if request.view_args:
                request.view_args["name"] = request.view_args["name"].upper()

        assert app.test_client().get("/hello/ada").text == "ADA"

    def test_hooks_may_replace_the_rule(self, app: Flask) -> None:
        @app.before_request
        def reroute() -> None:
            request.url_rule = next(app.url_map.iter_rules("index"))
            request.view_args = {}

        assert app.test_client().get("/hello/ada").text == "index"


class TestJson:
    def test_a_body_is_parsed_once(self, app: Flask) -> None:
        with app.test_request_context("/", method="POST", json={"a": [1, None]}):
            assert request.is_json
            assert request.json == {"a": [1, None]}
            assert request.get_json() is request.json

    @pytest.mark.parametrize("mimetype", ["application/json", "application/problem+json"])
    def test_json_mimetypes_are_known(self, app: Flask, mimetype: str) -> None:
        with app.test_request_context("/", data="[1]", content_type=mimetype):
            assert request.get_json() == [1]

    def test_another_mimetype_is_refused_unless_forced_or_silent(self, app: Flask) -> None:
        with app.test_request_context("/", data="[1]", content_type="text/plain"):
            assert not request.is_json
            with pytest.raises(UnsupportedMediaType):
                request.get_json()
            assert request.get_json(silent=True) is None
            assert request.get_json(force=True) == [1]

    def test_a_broken_body_is_the_clients_fault(self, app: Flask) -> None:
        with app.test_request_context("/", data="{", content_type="application/json"):
            with pytest.raises(BadRequest) as caught:
                request.get_json()
            assert "could not understand" in str(caught.value)
            assert request.get_json(silent=True) is None

    def test_debug_mode_tells_what_is_broken(self, app: Flask) -> None:
        app.debug = True
        with (
            app.test_request_context("/", data="{", content_type="application/json"),
            pytest.raises(BadRequest, match="JSON"),
        ):
            request.get_json()

    def test_the_applications_provider_reads(self, app: Flask) -> None:
        class Provider(flask.json.provider.DefaultJSONProvider):
            def loads(self, s: Any, **kwargs: Any) -> Any:
                return ["by provider", s]

        app.json = Provider(app)
        with app.test_request_context("/", data="1", content_type="application/json"):
            assert request.get_json() == ["by provider", b"1"]


class TestLimits:
    def test_a_body_that_is_too_long_is_refused(self, app: Flask) -> None:
        app.config["MAX_CONTENT_LENGTH"] = 3
        with app.test_request_context("/", method="POST", data=b"1234"):
            assert request.max_content_length == 3
            with pytest.raises(RequestEntityTooLarge):
                request.get_data()
        with app.test_request_context("/", method="POST", data=b"123"):
            assert request.get_data() == b"123"

    def test_form_fields_and_parts_have_limits_of_their_own(self, app: Flask) -> None:
        app.config.update(MAX_FORM_MEMORY_SIZE=10, MAX_FORM_PARTS=2)
        fields = {"a": "x" * 11}
        with app.test_request_context("/", method="POST", data=fields):
            assert request.max_form_memory_size == 10
            assert request.max_form_parts == 2
        multipart = {"content_type": "multipart/form-data", "method": "POST"}
        with (
            app.test_request_context("/", data=fields, **multipart),
            pytest.raises(RequestEntityTooLarge),
        ):
            request.form  # noqa: B018
        with (
            app.test_request_context("/", data={"a": "1", "b": "2", "c": "3"}, **multipart),
            pytest.raises(RequestEntityTooLarge),
        ):
            request.form  # noqa: B018

    def test_a_request_may_set_its_own(self, app: Flask) -> None:
        app.config["MAX_CONTENT_LENGTH"] = 3
        with app.test_request_context("/", method="POST", data=b"12345"):
            request.max_content_length = 10
            request.max_form_memory_size = 20
            request.max_form_parts = 30
            assert request.get_data() == b"12345"
            assert (request.max_form_memory_size, request.max_form_parts) == (20, 30)
        with app.test_request_context("/", method="POST", data=b"12345"):
            assert request.max_content_length == 3

    def test_outside_of_an_application_there_are_werkzeugs(self) -> None:
        made = Request(create_environ())
        assert made.max_content_length is None
        assert made.max_form_memory_size == 500_000
        assert made.max_form_parts == 1_000


class TestForms:
    def test_fields_and_files(self, app: Flask) -> None:
        data = {"title": "Notes", "file": (io.BytesIO(b"content"), "notes.txt")}
        with app.test_request_context("/", method="POST", data=data):
            assert request.form["title"] == "Notes"
            assert request.files["file"].filename == "notes.txt"
            assert request.files["file"].read() == b"content"
            assert request.values["title"] == "Notes"

    def test_urlencoded_fields(self, app: Flask) -> None:
        body = "a=1&a=2&b=%C3%BC+x&empty="
        kind = "application/x-www-form-urlencoded"
        with app.test_request_context("/", method="POST", data=body, content_type=kind):
            assert request.form.getlist("a") == ["1", "2"]
            assert request.form.to_dict() == {"a": "1", "b": "ü x", "empty": ""}
            assert not request.files

    def test_a_missing_field_is_a_bad_request(self, app: Flask) -> None:
        with app.test_request_context("/", method="POST", data={"a": "1"}):
            with pytest.raises(BadRequest) as caught:
                request.form["b"]
            assert isinstance(caught.value, KeyError)

    def test_data_first_leaves_no_form(self, app: Flask) -> None:
        kind = "application/x-www-form-urlencoded"
        with app.test_request_context("/", method="POST", data="a=1", content_type=kind):
            assert request.get_data() == b"a=1"
            assert request.form["a"] == "1"
            assert request.data == b"a=1"
        with app.test_request_context("/", method="POST", data="a=1", content_type=kind):
            assert request.form["a"] == "1"
            assert request.get_data() == b""

    def test_debug_mode_explains_a_file_in_a_plain_form(self, app: Flask) -> None:
        app.debug = True
        with (
            app.test_request_context("/", method="POST", data={"file": "name.txt"}),
            pytest.raises(KeyError, match="multipart/form-data"),
        ):
            request.files["file"]


class TestReading:
    def test_query_headers_and_cookies(self, app: Flask) -> None:
        headers = {"X-One": "1", "Cookie": "a=1; b=two", "Accept": "text/html"}
        with app.test_request_context("/?q=a&q=b&empty", headers=headers):
            assert request.args.getlist("q") == ["a", "b"]
            assert request.args["empty"] == ""
            assert request.args.get("n", 3, type=int) == 3
            assert request.headers["x-one"] == "1"
            assert request.cookies.to_dict() == {"a": "1", "b": "two"}
            assert request.accept_mimetypes.best == "text/html"
            assert request.query_string == b"q=a&q=b&empty"

    def test_urls(self, app: Flask) -> None:
        with app.test_request_context("/hello/ü?x=1", base_url="https://example.org/app"):
            assert request.path == "/hello/ü"
            assert request.full_path == "/hello/ü?x=1"
            assert request.script_root == "/app"
            assert request.url == "https://example.org/app/hello/ü?x=1"
            assert request.base_url == "https://example.org/app/hello/ü"
            assert request.host == "example.org"
            assert request.scheme == "https"
            assert request.is_secure
            assert request.method == "GET"

    def test_it_shows_method_and_url(self, app: Flask) -> None:
        with app.test_request_context("/hello/ada"):
            assert repr(request._get_current_object()) == (
                "<Request 'http://localhost/hello/ada' [GET]>"
            )


class TestResponse:
    def test_text_is_html_in_utf8(self) -> None:
        made = Response("grüß")
        assert made.status_code == 200
        assert made.headers["Content-Type"] == "text/html; charset=utf-8"
        assert made.get_data() == "grüß".encode()
        assert made.default_mimetype == "text/html"

    def test_json_of_an_answer(self, app: Flask) -> None:
        with app.app_context():
            made = Response('{"a": 1}', mimetype="application/json")
            assert made.is_json
            assert made.json == {"a": 1}
            assert made.get_json() == {"a": 1}
            assert Response("x").get_json(silent=True) is None

    def test_cookies_may_be_longer_if_the_setting_says_so(self, app: Flask) -> None:
        assert Response().max_cookie_size == 4093
        app.config["MAX_COOKIE_SIZE"] = 10
        with app.app_context():
            assert Response().max_cookie_size == 10
            with pytest.warns(UserWarning, match="too large"):
                Response().set_cookie("name", "x" * 20)

    @pytest.mark.parametrize(
        ("arguments", "status", "kind"),
        [
            ({"status": 201}, "201 CREATED", "text/html; charset=utf-8"),
            ({"status": "299 Odd"}, "299 Odd", "text/html; charset=utf-8"),
            ({"mimetype": "text/plain"}, "200 OK", "text/plain; charset=utf-8"),
            ({"content_type": "a/b"}, "200 OK", "a/b"),
            ({"headers": {"Content-Type": "x/y"}}, "200 OK", "x/y"),
        ],
    )
    def test_arguments(self, arguments: dict[str, Any], status: str, kind: str) -> None:
        made = Response("body", **arguments)
        assert made.status == status
        assert made.headers["Content-Type"] == kind

    def test_given_headers_become_its_own(self) -> None:
        given = Headers({"X-One": "1"})
        assert Response("", headers=given).headers is given
        pairs = {"X-One": "1"}
        made = Response("", headers=pairs)
        made.headers["X-Two"] = "2"
        assert pairs == {"X-One": "1"}

    def test_a_wsgi_answer(self) -> None:
        made = Response("body", headers={"X-One": "1"})
        body, status, headers = made.get_wsgi_response(create_environ("/"))
        assert b"".join(body) == b"body"
        assert status == "200 OK"
        assert headers == [
            ("X-One", "1"),
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Length", "4"),
        ]

    @pytest.mark.parametrize("code", [100, 204, 304])
    def test_some_statuses_have_no_body(self, app: Flask, code: int) -> None:
        app.add_url_rule("/empty", "empty", lambda: ("body", code))
        answer = app.test_client().get("/empty")
        assert answer.data == b""
        assert answer.status_code == code

    def test_head_has_the_length_and_no_body(self, app: Flask) -> None:
        answer = app.test_client().head("/")
        assert answer.headers["Content-Length"] == "5"
        assert answer.data == b""


def test_the_response_to_a_text_is_as_one_made_by_hand(app: Flask) -> None:
    seen: list[dict[str, Any]] = []

    @app.after_request
    def look(response: Response) -> Response:
        seen.append(
            {
                "body": list(response.response),
                "status": (response.status, response.status_code),
                "headers": list(response.headers),
                "passthrough": response.direct_passthrough,
                "kinds": (type(response), response.is_sequence, response.is_streamed),
            }
        )
        return response

    app.add_url_rule("/made", "made", lambda: Response("index"))
    client = app.test_client()
    for _ in range(2):
        client.get("/")
    client.get("/made")
    assert seen[0] == seen[1] == seen[2]


class TestSubclasses:
    def test_the_applications_request_class_is_used(self, app: Flask) -> None:
        class Mine(Request):
            @property
            def shouted(self) -> str:
                return self.path.upper()

        app.request_class = Mine
        app.add_url_rule("/shout", "shout", lambda: request.shouted)  # type: ignore[attr-defined]
        assert app.test_client().get("/shout").text == "/SHOUT"

    def test_a_request_class_of_a_subclass_of_flask(self) -> None:
        class Mine(Request):
            max_content_length = 2

        class Shop(Flask):
            request_class = Mine

        app = Shop("shop")
        app.add_url_rule("/", "post", lambda: request.get_data(), methods=["POST"])
        client = app.test_client()
        assert client.post("/", data=b"12").data == b"12"
        assert client.post("/", data=b"123").status_code == 413

    def test_the_applications_response_class_is_used(self, app: Flask) -> None:
        class Mine(Response):
            default_mimetype = "text/plain"

        app.response_class = Mine
        answer = app.test_client().get("/")
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"

    def test_methods_of_a_response_class_are_called(self, app: Flask) -> None:
        class Mine(Response):
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(*args, **kwargs)
                self.headers["X-Made"] = "here"

            def get_wsgi_headers(self, environ: Any) -> Headers:
                headers = super().get_wsgi_headers(environ)
                headers["X-Sent"] = environ["PATH_INFO"]
                return headers

        app.response_class = Mine
        answer = app.test_client().get("/hello/ada")
        assert (answer.headers["X-Made"], answer.headers["X-Sent"]) == ("here", "/hello/ada")

    def test_a_view_may_return_any_werkzeug_response(self, app: Flask) -> None:
        import werkzeug

        app.add_url_rule("/plain", "plain", lambda: werkzeug.Response("plain"))
        answer = app.test_client().get("/plain")
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"

    def test_a_method_replaced_on_the_class_counts_at_once(
        self, app: Flask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client = app.test_client()
        assert "X-Replaced" not in client.get("/").headers
        inherited = Response.get_wsgi_headers

        def get_wsgi_headers(self: Response, environ: Any) -> Headers:
            headers = inherited(self, environ)
            headers["X-Replaced"] = "yes"
            return headers

        monkeypatch.setattr(Response, "get_wsgi_headers", get_wsgi_headers)
        assert client.get("/").headers["X-Replaced"] == "yes"
        monkeypatch.undo()
        assert "X-Replaced" not in client.get("/").headers
