"""The application: rules, return values, errors, hosts, and methods that can be replaced."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from werkzeug.exceptions import BadRequest, Forbidden, HTTPException, NotFound
from werkzeug.routing import BaseConverter
from werkzeug.test import create_environ, run_wsgi_app

import flask
from flask import Flask, request


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.secret_key = "app"
    app.add_url_rule("/", "index", lambda: "index")
    app.add_url_rule("/fail", "fail", lambda: {}["missing"])
    app.add_url_rule("/abort/<int:code>", "abort", flask.abort)
    return app


class TestRules:
    def test_an_endpoint_is_named_after_its_function(self, app: Flask) -> None:
        @app.route("/hello")
        def hello() -> str:
            return request.endpoint or ""

        assert app.test_client().get("/hello").text == "hello"
        assert app.view_functions["hello"] is hello

    @pytest.mark.parametrize("method", ["get", "post", "put", "delete", "patch"])
    def test_decorators_of_methods(self, app: Flask, method: str) -> None:
        getattr(app, method)("/only")(lambda: method)
        client = app.test_client()
        assert getattr(client, method)("/only").text == method
        other = "post" if method == "get" else "get"
        refused = getattr(client, other)("/only")
        assert refused.status_code == 405
        assert method.upper() in refused.headers["Allow"]

    def test_a_decorator_of_one_method_takes_no_others(self, app: Flask) -> None:
        with pytest.raises(TypeError, match="methods"):
            app.get("/", methods=["POST"])

    def test_methods_of_the_view_function_are_used(self, app: Flask) -> None:
        def view() -> str:
            return request.method

        view.methods = ["post"]  # type: ignore[attr-defined]
        app.add_url_rule("/view", view_func=view)
        client = app.test_client()
        assert client.post("/view").text == "POST"
        assert client.get("/view").status_code == 405

    def test_methods_are_not_one_string(self, app: Flask) -> None:
        with pytest.raises(TypeError, match="list"):
            app.add_url_rule("/x", "x", lambda: "", methods="GET")

    def test_options_are_answered_unless_the_view_does(self, app: Flask) -> None:
        app.add_url_rule("/auto", "auto", lambda: "", methods=["GET", "POST"])
        app.add_url_rule("/own", "own", lambda: "own", methods=["GET", "OPTIONS"])
        off = {"provide_automatic_options": False}
        app.add_url_rule("/off", "off", lambda: "", **off)
        client = app.test_client()
        allowed = client.options("/auto").headers["Allow"].split(", ")
        assert sorted(allowed) == ["GET", "HEAD", "OPTIONS", "POST"]
        assert client.options("/own").text == "own"
        assert client.options("/off").status_code == 405

    def test_one_endpoint_has_one_function(self, app: Flask) -> None:
        with pytest.raises(AssertionError, match="index"):
            app.add_url_rule("/other", "index", lambda: "other")

    def test_a_function_may_come_later(self, app: Flask) -> None:
        app.add_url_rule("/later", "later")
        app.endpoint("later")(lambda: "came")
        assert app.test_client().get("/later").text == "came"

    def test_a_converter_of_the_applications_own(self, app: Flask) -> None:
        class ListConverter(BaseConverter):
            def to_python(self, value: str) -> list[str]:
                return value.split("+")

            def to_url(self, value: Any) -> str:
                return "+".join(value)

        app.url_map.converters["list"] = ListConverter
        app.add_url_rule("/list/<list:items>", "items", lambda items: items)
        assert app.test_client().get("/list/a+b").json == ["a", "b"]
        with app.test_request_context():
            assert flask.url_for("items", items=["x", "y"]) == "/list/x+y"

    def test_after_the_first_request_set_up_is_over(self, app: Flask) -> None:
        app.test_client().get("/")
        for late in (
            lambda: app.add_url_rule("/late", "late", lambda: ""),
            lambda: app.before_request(lambda: None),
            lambda: app.register_blueprint(flask.Blueprint("late", __name__)),
            lambda: app.errorhandler(404)(lambda error: ""),
        ):
            with pytest.raises(AssertionError, match="first request"):
                late()


class TestReturnValues:
    @pytest.mark.parametrize(
        ("value", "status", "kind", "body"),
        [
            ("grüß", 200, "text/html; charset=utf-8", "grüß".encode()),
            (b"bytes", 200, "text/html; charset=utf-8", b"bytes"),
            (bytearray(b"array"), 200, "text/html; charset=utf-8", b"array"),
            ({"a": 1}, 200, "application/json", b'{"a":1}\n'),
            ([1, "b"], 200, "application/json", b'[1,"b"]\n'),
            (("x", 201), 201, "text/html; charset=utf-8", b"x"),
            (("x", "202 Later"), 202, "text/html; charset=utf-8", b"x"),
            (("x", {"Content-Type": "a/b"}), 200, "a/b", b"x"),
            (("x", [("Content-Type", "a/b")]), 200, "a/b", b"x"),
            (({"a": 1}, 418, {"X-One": "1"}), 418, "application/json", b'{"a":1}\n'),
            (([1], 201), 201, "application/json", b"[1]\n"),
            (iter(["a", "b"]), 200, "text/html; charset=utf-8", b"ab"),
            (flask.Response("r", 203), 203, "text/html; charset=utf-8", b"r"),
            ((flask.Response("r"), 204), 204, "text/html; charset=utf-8", b""),
            (("", 204), 204, "text/html; charset=utf-8", b""),
        ],
    )
    def test_what_a_view_may_return(
        self, app: Flask, value: Any, status: int, kind: str, body: bytes
    ) -> None:
        app.add_url_rule("/value", "value", lambda: value)
        answer = app.test_client().get("/value")
        assert answer.status_code == status
        assert answer.headers["Content-Type"] == kind
        assert answer.data == body

    def test_headers_of_a_tuple_replace_those_of_the_response(self, app: Flask) -> None:
        made = flask.Response("r", headers={"X-One": "old", "X-Two": "2"})
        app.add_url_rule("/value", "value", lambda: (made, {"X-One": "new"}))
        answer = app.test_client().get("/value")
        assert answer.headers.getlist("X-One") == ["new"]
        assert answer.headers["X-Two"] == "2"

    @pytest.mark.parametrize("value", [None, (None, 200), ("a", 200, {}, 1), ("a",), 7, object()])
    def test_what_it_may_not_return(self, app: Flask, value: Any) -> None:
        app.add_url_rule("/value", "value", lambda: value)
        app.testing = True
        with pytest.raises(TypeError, match="valid response"):
            app.test_client().get("/value")

    def test_a_wsgi_application_is_asked(self, app: Flask) -> None:
        def application(environ: Any, start_response: Any) -> list[bytes]:
            start_response("418 Teapot", [("X-Path", environ["PATH_INFO"])])
            return [b"wsgi"]

        app.add_url_rule("/value", "value", lambda: application)
        answer = app.test_client().get("/value")
        assert (answer.status, answer.text) == ("418 Teapot", "wsgi")
        assert answer.headers["X-Path"] == "/value"


class TestErrors:
    def test_http_exceptions_are_answers(self, app: Flask) -> None:
        client = app.test_client()
        assert client.get("/abort/403").status_code == 403
        assert client.get("/missing").status_code == 404
        assert client.post("/").status_code == 405

    def test_an_unhandled_error_is_logged_and_answered(
        self, app: Flask, caplog: pytest.LogCaptureFixture
    ) -> None:
        answer = app.test_client().get("/fail")
        assert answer.status_code == 500
        assert "Internal Server Error" in answer.text
        (record,) = caplog.records
        assert (record.name, record.levelno) == (app.name, logging.ERROR)
        assert record.exc_info is not None
        assert record.exc_info[0] is KeyError
        assert "/fail" in record.getMessage()
        assert "GET" in record.getMessage()

    @pytest.mark.parametrize(
        ("settings", "is_raised"),
        [
            ({}, False),
            ({"TESTING": True}, True),
            ({"DEBUG": True}, True),
            ({"PROPAGATE_EXCEPTIONS": True}, True),
            ({"PROPAGATE_EXCEPTIONS": False, "TESTING": True}, False),
        ],
    )
    def test_who_sees_an_unhandled_error(
        self, app: Flask, settings: dict[str, Any], is_raised: bool
    ) -> None:
        app.config.update(settings)
        if is_raised:
            with pytest.raises(KeyError, match="missing"):
                run_wsgi_app(app, create_environ("/fail"))
        else:
            assert run_wsgi_app(app, create_environ("/fail"))[1].startswith("500")

    def test_the_nearest_class_has_the_handler(self, app: Flask) -> None:
        app.register_error_handler(Exception, lambda error: (f"any {type(error).__name__}", 500))
        app.register_error_handler(LookupError, lambda error: ("lookup", 500))
        app.register_error_handler(HTTPException, lambda error: (f"http {error.code}", error.code))
        app.register_error_handler(403, lambda error: ("403", 403))
        app.add_url_rule("/divide", "divide", lambda: 1 // 0)
        client = app.test_client()
        assert client.get("/fail").text == "lookup"
        assert client.get("/divide").text == "any ZeroDivisionError"
        assert client.get("/abort/403").text == "403"
        assert client.get("/abort/418").text == "http 418"
        assert client.get("/missing").text == "http 404"

    def test_a_handler_of_500_gets_the_original_error(self, app: Flask) -> None:
        seen: list[BaseException | None] = []

        @app.errorhandler(500)
        def handle(error: Any) -> tuple[str, int]:
            seen.append(error.original_exception)
            return "sorry", 500

        assert app.test_client().get("/fail").text == "sorry"
        assert type(seen[0]) is KeyError

    def test_a_handler_may_answer_with_anything(self, app: Flask) -> None:
        app.register_error_handler(KeyError, lambda error: ({"error": "missing"}, 404))
        answer = app.test_client().get("/fail")
        assert (answer.status_code, answer.json) == (404, {"error": "missing"})

    def test_after_hooks_see_the_answer_to_an_error(self, app: Flask) -> None:
        seen: list[int] = []

        @app.after_request
        def note(response: flask.Response) -> flask.Response:
            seen.append(response.status_code)
            return response

        client = app.test_client()
        for path in ("/", "/missing", "/fail", "/abort/403"):
            client.get(path)
        assert seen == [200, 404, 500, 403]

    def test_a_failing_after_hook_is_a_server_error(self, app: Flask) -> None:
        @app.after_request
        def fail(response: flask.Response) -> flask.Response:
            raise LookupError("after")

        assert app.test_client().get("/").status_code == 500

    def test_trapped_http_exceptions_are_errors(self, app: Flask) -> None:
        app.testing = True
        app.config["TRAP_HTTP_EXCEPTIONS"] = True
        with pytest.raises(Forbidden):
            app.test_client().get("/abort/403")

    def test_trapped_bad_requests_are_errors(self, app: Flask) -> None:
        app.add_url_rule("/key", "key", lambda: request.args["missing"])
        app.testing = True
        assert app.test_client().get("/key").status_code == 400
        app.config["TRAP_BAD_REQUEST_ERRORS"] = True
        with pytest.raises(BadRequest, match="missing"):
            app.test_client().get("/key")

    @pytest.mark.parametrize("wrong", [NotFound(), KeyError("x"), 999, int])
    def test_what_no_handler_can_be_registered_for(self, app: Flask, wrong: Any) -> None:
        with pytest.raises((TypeError, ValueError, LookupError)):
            app.register_error_handler(wrong, lambda error: "")

    def test_a_handlers_own_failure_is_a_server_error(self, app: Flask) -> None:
        app.register_error_handler(404, lambda error: 1 // 0)
        assert app.test_client().get("/missing").status_code == 500


class TestReplacedMethods:
    def test_each_step_may_be_replaced_in_a_subclass(self) -> None:
        seen: list[str] = []

        class Shop(Flask):
            def full_dispatch_request(self) -> flask.Response:
                seen.append("full_dispatch_request")
                return super().full_dispatch_request()

            def preprocess_request(self) -> Any:
                seen.append("preprocess_request")
                return super().preprocess_request()

            def dispatch_request(self) -> Any:
                seen.append("dispatch_request")
                return super().dispatch_request()

            def finalize_request(self, rv: Any, from_error_handler: bool = False) -> Any:
                seen.append("finalize_request")
                return super().finalize_request(rv, from_error_handler)

            def make_response(self, rv: Any) -> Any:
                seen.append("make_response")
                return super().make_response(rv)

            def process_response(self, response: Any) -> Any:
                seen.append("process_response")
                return super().process_response(response)

            def do_teardown_request(self, *arguments: Any) -> None:
                seen.append("do_teardown_request")
                super().do_teardown_request(*arguments)

            def do_teardown_appcontext(self, *arguments: Any) -> None:
                seen.append("do_teardown_appcontext")
                super().do_teardown_appcontext(*arguments)

        app = Shop("shop")
        app.add_url_rule("/", "index", lambda: "index")
        assert app.test_client().get("/").text == "index"
        assert seen == [
            "full_dispatch_request",
            "preprocess_request",
            "dispatch_request",
            "finalize_request",
            "make_response",
            "process_response",
            "do_teardown_request",
            "do_teardown_appcontext",
        ]

    def test_a_replacement_on_the_instance_counts_from_the_next_request(self, app: Flask) -> None:
        client = app.test_client()
        assert client.get("/").text == "index"
        app.dispatch_request = lambda: "replaced"  # type: ignore[method-assign]
        assert client.get("/").text == "replaced"
        del app.dispatch_request  # type: ignore[method-assign]
        assert client.get("/").text == "index"

    def test_a_replacement_on_a_mixin_counts_from_the_next_request(self) -> None:
        class Mixin:
            pass

        class Shop(Mixin, Flask):
            pass

        app = Shop("shop")
        app.add_url_rule("/", "index", lambda: "index")
        client = app.test_client()
        assert client.get("/").text == "index"
        Mixin.dispatch_request = lambda self: "mixed in"  # type: ignore[attr-defined]
        assert client.get("/").text == "mixed in"

    def test_middleware_may_wrap_the_entry(self, app: Flask) -> None:
        inner = app.wsgi_app

        def middleware(environ: Any, start_response: Any) -> Any:
            environ["PATH_INFO"] = "/"
            return inner(environ, start_response)

        app.wsgi_app = middleware  # type: ignore[method-assign]
        assert app.test_client().get("/anywhere").text == "index"

    def test_functions_of_an_error_can_be_replaced(self, app: Flask) -> None:
        app.handle_user_exception = lambda error: f"user {error!r}"  # type: ignore
        assert app.test_client().get("/fail").text == "user KeyError('missing')"

    def test_replaced_logging_is_called(self, app: Flask) -> None:
        seen: list[Any] = []
        app.log_exception = seen.append  # type: ignore[method-assign]
        app.test_client().get("/fail")
        assert seen[0][0] is KeyError


class TestSettings:
    def test_names_and_paths(self, tmp_path: Path) -> None:
        app = Flask("shop", root_path=str(tmp_path), static_folder="files", static_url_path="/f")
        assert app.name == "shop"
        assert app.root_path == str(tmp_path)
        assert app.static_folder == str(tmp_path / "files")
        assert app.static_url_path == "/f"
        assert app.has_static_folder
        assert repr(app) == "<Flask 'shop'>"
        assert not Flask("none", static_folder=None).has_static_folder

    def test_attributes_are_settings(self, app: Flask) -> None:
        app.testing = True
        assert app.config["TESTING"] is True
        app.config["SECRET_KEY"] = "changed"
        assert app.secret_key == "changed"
        app.debug = True
        assert app.config["DEBUG"] is True
        assert app.jinja_env.auto_reload

    def test_ensure_sync_leaves_plain_functions_alone(self, app: Flask) -> None:
        def plain() -> None:
            pass

        assert app.ensure_sync(plain) is plain

        async def view() -> str:
            return "async"

        assert app.ensure_sync(view)() == "async"

    def test_shell_context(self, app: Flask) -> None:
        app.shell_context_processor(lambda: {"seven": 7})
        context = app.make_shell_context()
        assert context["app"] is app
        assert context["seven"] == 7

    def test_url_for_ignores_what_is_not_there(self, app: Flask) -> None:
        with app.test_request_context():
            assert app.url_for("index") == "/"
            app.inject_url_defaults("index", {})


class TestHosts:
    def test_subdomains(self) -> None:
        app = Flask("shop", subdomain_matching=True)
        app.config["SERVER_NAME"] = "example.org"
        app.add_url_rule("/", "index", lambda: "main")
        app.add_url_rule("/", "sub", lambda: "sub", subdomain="api")
        app.add_url_rule("/", "user", lambda user: f"user {user}", subdomain="<user>")
        client = app.test_client()
        for host, expected in (
            ("example.org", "main"),
            ("api.example.org", "sub"),
            ("ada.example.org", "user ada"),
            ("example.org", "main"),
        ):
            assert client.get("/", base_url=f"http://{host}").text == expected

    def test_hosts(self) -> None:
        app = Flask("shop", host_matching=True, static_host="static.example.org")
        app.add_url_rule("/", "one", lambda: "one", host="one.example.org")
        app.add_url_rule("/", "any", lambda name: name, host="<name>.example.org")
        client = app.test_client()
        assert client.get("/", base_url="http://one.example.org").text == "one"
        assert client.get("/", base_url="http://two.example.org").text == "two"
        assert client.get("/", base_url="http://example.com").status_code == 404

    def test_without_matching_the_host_is_ignored(self, app: Flask) -> None:
        app.config["SERVER_NAME"] = "example.org"
        client = app.test_client()
        assert client.get("/", base_url="http://other.example.com").text == "index"

    def test_rules_of_a_default_subdomain(self) -> None:
        app = Flask("shop")
        app.url_map.default_subdomain = "www"
        app.config["SERVER_NAME"] = "example.org"
        app.add_url_rule("/", "index", lambda: "www")
        app.add_url_rule("/", "api", lambda: "api", subdomain="api")
        for host in ("example.org", "www.example.org", "other.example.com"):
            assert app.test_client().get("/", base_url=f"http://{host}").text == "www"

    def test_hosts_that_are_not_trusted_are_refused(self, app: Flask) -> None:
        app.config["TRUSTED_HOSTS"] = ["example.org", ".example.net"]
        client = app.test_client()
        assert client.get("/", base_url="http://example.org").text == "index"
        assert client.get("/", base_url="http://a.example.net:8000").text == "index"
        assert client.get("/", base_url="http://example.com").status_code == 400

    def test_a_mounted_application_knows_its_root(self, app: Flask) -> None:
        app.add_url_rule("/where", "where", lambda: flask.url_for("index"))
        answer = app.test_client().get("/where", base_url="http://localhost/mounted")
        assert answer.text == "/mounted/"
