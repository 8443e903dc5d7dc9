"""Functions for views: URLs, redirects, messages, files, and reading of settings."""

from __future__ import annotations

import datetime
import io
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import werkzeug.exceptions
from werkzeug.routing import BuildError

import flask
from flask import Flask, flash, get_flashed_messages, helpers, request, session, url_for


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    app = Flask(__name__, root_path=str(tmp_path))
    app.secret_key = "helpers"
    app.add_url_rule("/", "index", lambda: "index")
    app.add_url_rule("/hello/<name>", "hello", lambda name: name)
    app.add_url_rule("/item/<int:number>", "item", lambda number: str(number), methods=["POST"])
    blueprint = flask.Blueprint("shop", __name__, url_prefix="/shop")
    blueprint.add_url_rule("/", "front", lambda: url_for(".cart") + " " + url_for("index"))
    blueprint.add_url_rule("/cart", "cart", lambda: url_for(".front"))
    app.register_blueprint(blueprint)
    return app


class TestUrlFor:
    @pytest.mark.parametrize(
        ("endpoint", "values", "expected"),
        [
            ("index", {}, "/"),
            ("hello", {"name": "ada"}, "/hello/ada"),
            ("hello", {"name": "ü/x y"}, "/hello/%C3%BC/x%20y"),
            ("item", {"number": 7}, "/item/7"),
            ("index", {"q": "a b", "n": 1}, "/?q=a+b&n=1"),
            ("index", {"q": ["a", "b"]}, "/?q=a&q=b"),
            ("index", {"q": None}, "/"),
            ("index", {"_anchor": "top part"}, "/#top%20part"),
            ("index", {"_external": True}, "http://localhost/"),
            ("index", {"_scheme": "https", "_external": True}, "https://localhost/"),
            ("item", {"number": 7, "_method": "POST"}, "/item/7"),
            ("shop.cart", {}, "/shop/cart"),
            ("static", {"filename": "a/b.css"}, "/static/a/b.css"),
        ],
    )
    def test_within_a_request(
        self, app: Flask, endpoint: str, values: dict[str, Any], expected: str
    ) -> None:
        with app.test_request_context():
            assert url_for(endpoint, **values) == expected
            assert app.url_for(endpoint, **values) == expected

    def test_a_dot_begins_in_the_requests_blueprint(self, app: Flask) -> None:
        client = app.test_client()
        assert client.get("/shop/").text == "/shop/cart /"
        assert client.get("/shop/cart").text == "/shop/"
        with app.test_request_context("/"):
            assert url_for(".index") == "/"

    @pytest.mark.parametrize(
        ("endpoint", "values"),
        [("nowhere", {}), ("hello", {}), ("hello", {"nam": "x"}), (".cart", {})],
    )
    def test_what_cannot_be_built_is_an_error(
        self, app: Flask, endpoint: str, values: dict[str, Any]
    ) -> None:
        with app.test_request_context(), pytest.raises(BuildError):
            url_for(endpoint, **values)

    def test_a_scheme_needs_an_external_url(self, app: Flask) -> None:
        with app.test_request_context(), pytest.raises(ValueError, match="_external"):
            url_for("index", _scheme="https", _external=False)

    def test_outside_of_a_request_it_takes_a_server_name(self, app: Flask) -> None:
        with app.app_context(), pytest.raises(RuntimeError, match="SERVER_NAME"):
            url_for("index")
        app.config.update(
            SERVER_NAME="example.org", APPLICATION_ROOT="/app", PREFERRED_URL_SCHEME="https"
        )
        with app.app_context():
            assert url_for("index") == "https://example.org/app/"
            assert url_for("index", _external=False) == "/app/"

    def test_the_requests_host_and_root_are_used(self, app: Flask) -> None:
        with app.test_request_context(base_url="https://example.org:8443/app"):
            assert url_for("hello", name="a") == "/app/hello/a"
            assert url_for("index", _external=True) == "https://example.org:8443/app/"

    def test_url_defaults_and_error_handlers_are_asked(self, app: Flask) -> None:
        @app.url_defaults
        def add(endpoint: str, values: dict[str, Any]) -> None:
            if endpoint == "hello":
                values.setdefault("name", "default")

        app.url_build_error_handlers.append(
            lambda error, endpoint, values: f"/built/{endpoint}" if endpoint == "later" else None
        )
        with app.test_request_context():
            assert url_for("hello") == "/hello/default"
            assert url_for("hello", name="given") == "/hello/given"
            assert url_for("later") == "/built/later"
            with pytest.raises(BuildError):
                url_for("never")


class TestRedirectAndAbort:
    def test_redirect(self, app: Flask) -> None:
        made = flask.redirect("/there")
        assert (made.status_code, made.headers["Location"]) == (302, "/there")
        assert flask.redirect("/there", 308).status_code == 308
        with app.app_context():
            assert type(flask.redirect("/there")) is app.response_class

    def test_an_applications_own_redirect_is_used(self, app: Flask) -> None:
        app.redirect = lambda location, code=302: (location, code)  # type: ignore
        with app.app_context():
            assert flask.redirect("/x", 301) == ("/x", 301)

    def test_abort(self, app: Flask) -> None:
        with pytest.raises(werkzeug.exceptions.NotFound):
            flask.abort(404)
        with pytest.raises(werkzeug.exceptions.Forbidden) as caught:
            flask.abort(403, "not yours")
        assert caught.value.description == "not yours"
        with pytest.raises(LookupError):
            flask.abort(1234)
        answer = flask.Response("given")
        with pytest.raises(werkzeug.exceptions.HTTPException) as given:
            flask.abort(answer)
        assert given.value.get_response() is answer

    def test_an_applications_own_aborter_is_used(self, app: Flask) -> None:
        class Gone(werkzeug.exceptions.HTTPException):
            code = 499

        app.aborter.mapping[499] = Gone
        with app.app_context(), pytest.raises(Gone):
            flask.abort(499)


class TestMakeResponse:
    def test_of_nothing_one_or_several_values(self, app: Flask) -> None:
        with app.test_request_context():
            assert flask.make_response().get_data() == b""
            assert flask.make_response("text").get_data() == b"text"
            made = flask.make_response("text", 201, {"X-One": "1"})
            assert (made.status_code, made.headers["X-One"]) == (201, "1")
            assert flask.make_response(("text", 202)).status_code == 202


class TestFlash:
    def test_messages_are_shown_once(self, app: Flask) -> None:
        app.add_url_rule("/flash", "flash", lambda: flash("saved") or "")
        app.add_url_rule("/show", "show", lambda: get_flashed_messages())
        client = app.test_client()
        client.get("/flash")
        client.get("/flash")
        assert client.get("/show").json == ["saved", "saved"]
        assert client.get("/show").json == []

    def test_within_one_request_they_stay(self, app: Flask) -> None:
        with app.test_request_context():
            flash("one")
            assert get_flashed_messages() == ["one"]
            flash("two")
            assert get_flashed_messages() == ["one"]
            assert "_flashes" in session

    def test_categories(self, app: Flask) -> None:
        def show(**options: Any) -> Any:
            with app.test_request_context():
                flash("a")
                flash("b", "error")
                flash("c", "info")
                return get_flashed_messages(**options)

        assert show(with_categories=True) == [("message", "a"), ("error", "b"), ("info", "c")]
        assert show(category_filter=["error", "info"]) == ["b", "c"]
        assert show(category_filter=["error"], with_categories=True) == [("error", "b")]
        assert show(category_filter=("none",)) == []


class TestSendFile:
    @pytest.fixture
    def path(self, app: Flask) -> Path:
        path = Path(app.root_path) / "notes.txt"
        path.write_bytes(b"0123456789")
        os.utime(path, (1_600_000_000, 1_600_000_000))
        return path

    @pytest.fixture
    def context(self, app: Flask) -> Iterator[None]:
        with app.test_request_context():
            yield

    @pytest.mark.usefixtures("context")
    def test_a_path_below_the_applications_folder(self, path: Path) -> None:
        answer = flask.send_file("notes.txt")
        answer.direct_passthrough = False
        assert answer.get_data() == b"0123456789"
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert answer.headers["Content-Length"] == "10"
        assert answer.headers["Content-Disposition"] == "inline; filename=notes.txt"
        assert answer.last_modified == datetime.datetime(
            2020, 9, 13, 12, 26, 40, tzinfo=datetime.UTC
        )
        assert answer.headers["ETag"]
        assert answer.cache_control.no_cache
        answer.close()

    @pytest.mark.usefixtures("context", "path")
    def test_options(self) -> None:
        answer = flask.send_file(
            "notes.txt",
            mimetype="text/x-notes",
            as_attachment=True,
            download_name="mine.txt",
            etag="given",
            conditional=False,
            last_modified=1_500_000_000,
            max_age=60,
        )
        assert answer.headers["Content-Type"] == "text/x-notes; charset=utf-8"
        assert answer.headers["Content-Disposition"] == "attachment; filename=mine.txt"
        assert answer.headers["ETag"] == '"given"'
        assert answer.headers["Last-Modified"] == "Fri, 14 Jul 2017 02:40:00 GMT"
        assert answer.cache_control.max_age == 60
        assert answer.cache_control.public
        answer.close()

    @pytest.mark.usefixtures("context")
    def test_an_open_file_needs_a_name_or_a_mimetype(self) -> None:
        answer = flask.send_file(io.BytesIO(b"data"), mimetype="text/plain")
        answer.direct_passthrough = False
        assert answer.get_data() == b"data"
        answer.close()
        named = flask.send_file(io.BytesIO(b"data"), download_name="data.csv")
        assert named.mimetype == "text/csv"
        named.close()
        with pytest.raises(TypeError, match="MIME type"):
            flask.send_file(io.BytesIO(b"data"))

    def test_conditional_and_range_requests(self, app: Flask, path: Path) -> None:
        app.add_url_rule("/file", "file", lambda: flask.send_file(path))
        client = app.test_client()
        whole = client.get("/file", buffered=True)
        assert whole.data == b"0123456789"
        same = client.get("/file", buffered=True, headers={"If-None-Match": whole.headers["ETag"]})
        assert (same.status_code, same.data) == (304, b"")
        part = client.get("/file", buffered=True, headers={"Range": "bytes=2-4"})
        assert (part.status_code, part.data) == (206, b"234")
        assert part.headers["Content-Range"] == "bytes 2-4/10"
        beyond = client.get("/file", buffered=True, headers={"Range": "bytes=20-"})
        assert beyond.status_code == 416
        path.write_bytes(b"changed")
        assert client.get("/file", buffered=True).data == b"changed"

    @pytest.mark.usefixtures("context", "path")
    def test_max_age_comes_from_the_application(self, app: Flask) -> None:
        app.config["SEND_FILE_MAX_AGE_DEFAULT"] = datetime.timedelta(hours=1)
        answer = flask.send_file("notes.txt")
        assert answer.cache_control.max_age == 3600
        answer.close()
        app.get_send_file_max_age = lambda filename: 5  # type: ignore[method-assign]
        answer = flask.send_file("notes.txt")
        assert answer.cache_control.max_age == 5
        answer.close()

    @pytest.mark.parametrize("name", ["../notes.txt", "/etc/passwd", "missing", "", "a/../../x"])
    def test_a_path_that_leaves_the_directory_is_missing(
        self, app: Flask, path: Path, name: str
    ) -> None:
        folder = path.parent / "public"
        folder.mkdir()
        (folder / "open.txt").write_text("open")
        with app.test_request_context():
            answer = flask.send_from_directory(folder, "open.txt")
            answer.direct_passthrough = False
            assert answer.get_data() == b"open"
            answer.close()
            with pytest.raises(werkzeug.exceptions.NotFound):
                flask.send_from_directory(folder, name)

    def test_static_files_are_served_from_the_folder(self, app: Flask, path: Path) -> None:
        folder = path.parent / "static"
        folder.mkdir()
        (folder / "site.css").write_text("body {}")
        client = app.test_client()
        answer = client.get("/static/site.css", buffered=True)
        assert (answer.text, answer.mimetype) == ("body {}", "text/css")
        assert client.get("/static/missing.css").status_code == 404
        assert client.get("/static/../notes.txt").status_code == 404
        assert client.post("/static/site.css").status_code == 405


class TestSettings:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (None, False),
            ("", False),
            ("0", False),
            ("false", False),
            ("False", False),
            ("no", False),
            ("NO", False),
            ("1", True),
            ("true", True),
            ("yes", True),
            ("anything", True),
        ],
    )
    def test_debug_flag(
        self, monkeypatch: pytest.MonkeyPatch, value: str | None, expected: bool
    ) -> None:
        if value is None:
            monkeypatch.delenv("FLASK_DEBUG", raising=False)
        else:
            monkeypatch.setenv("FLASK_DEBUG", value)
        assert helpers.get_debug_flag() is expected

    @pytest.mark.parametrize(
        ("value", "default", "expected"),
        [
            (None, True, True),
            (None, False, False),
            ("", True, True),
            ("0", True, True),
            ("false", False, True),
            ("no", True, True),
            ("1", True, False),
            ("true", True, False),
        ],
    )
    def test_load_dotenv(
        self, monkeypatch: pytest.MonkeyPatch, value: str | None, default: bool, expected: bool
    ) -> None:
        if value is None:
            monkeypatch.delenv("FLASK_SKIP_DOTENV", raising=False)
        else:
            monkeypatch.setenv("FLASK_SKIP_DOTENV", value)
        assert helpers.get_load_dotenv(default) is expected

    def test_root_path_of_a_module_is_its_folder(self) -> None:
        assert helpers.get_root_path(__name__) == str(Path(__file__).parent)
        assert helpers.get_root_path("no_such_module_anywhere") == os.getcwd()


class TestStreamWithContext:
    def test_as_a_decorator_it_gets_the_views_arguments(self, app: Flask) -> None:
        @app.route("/parts/<word>")
        def parts(word: str) -> flask.Response:
            @flask.stream_with_context
            def generate(word: str, *, sign: str) -> Iterator[str]:
                yield request.path
                yield word + sign

            return flask.Response(generate(word, sign="!"))

        assert app.test_client().get("/parts/a").text == "/parts/aa!"

    def test_the_generator_is_closed_with_the_response(self, app: Flask) -> None:
        ended: list[str] = []

        @app.route("/parts")
        def parts() -> flask.Response:
            def generate() -> Iterator[str]:
                try:
                    yield "first"
                    yield "second"
                finally:
                    ended.append(request.path)

            return flask.Response(flask.stream_with_context(generate()))

        answer = app.test_client().get("/parts", buffered=False)
        assert next(iter(answer.iter_encoded())) == b"first"
        answer.close()
        assert ended == ["/parts"]

    def test_outside_of_a_request_it_is_refused(self) -> None:
        with pytest.raises(RuntimeError, match="stream_with_context"):
            flask.stream_with_context(iter("ab"))


def test_get_template_attribute_takes_a_macro_out(app: Flask) -> None:
    folder = Path(app.root_path) / "templates"
    folder.mkdir()
    (folder / "macros.html").write_text("{% macro hi(name) %}Hi {{ name }}{% endmacro %}")
    with app.test_request_context():
        assert flask.get_template_attribute("macros.html", "hi")("<b>") == "Hi &lt;b&gt;"


def test_a_logger_is_named_after_the_application(app: Flask) -> None:
    assert app.logger.name == app.name
    assert isinstance(app.logger, logging.Logger)
