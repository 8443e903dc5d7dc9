"""Contexts: what is current from push to pop, `g`, and functions that take a context along."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Iterator

import pytest

import flask
from flask import Flask, g, request, session


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.secret_key = "ctx"

    @app.route("/")
    def index() -> str:
        return "index"

    return app


@pytest.fixture(autouse=True)
def no_context_is_left_behind() -> Iterator[None]:
    yield
    assert not flask.has_request_context()
    assert not flask.has_app_context()


class TestNamespace:
    def test_attributes_can_be_set_read_and_deleted(self, app: Flask) -> None:
        with app.app_context():
            g.user = "ada"
            assert g.user == "ada"
            assert "user" in g
            assert list(g) == ["user"]
            del g.user
            assert "user" not in g
            with pytest.raises(AttributeError, match="user"):
                g.user  # noqa: B018
            with pytest.raises(AttributeError, match="user"):
                del g.user

    def test_get_gives_a_default_and_keeps_nothing(self, app: Flask) -> None:
        with app.app_context():
            assert g.get("user") is None
            assert g.get("user", "nobody") == "nobody"
            assert "user" not in g

    def test_setdefault_keeps_the_first_value(self, app: Flask) -> None:
        with app.app_context():
            assert g.setdefault("list", []) == []
            g.list.append(1)
            assert g.setdefault("list", [2]) == [1]
            assert g.setdefault("nothing") is None

    def test_pop_takes_a_value_out_once(self, app: Flask) -> None:
        with app.app_context():
            g.user = "ada"
            assert g.pop("user") == "ada"
            assert g.pop("user", "gone") == "gone"
            assert g.pop("user", None) is None
            with pytest.raises(KeyError, match="user"):
                g.pop("user")

    def test_each_context_begins_with_nothing(self, app: Flask) -> None:
        with app.app_context():
            g.user = "ada"
            with app.app_context():
                assert "user" not in g
            assert g.user == "ada"

    def test_a_namespace_of_the_applications_own_is_used(self, app: Flask) -> None:
        class Namespace(flask.ctx._AppCtxGlobals):
            color = "red"

        app.app_ctx_globals_class = Namespace
        with app.app_context():
            assert g.color == "red"

    def test_it_shows_whose_it_is(self, app: Flask) -> None:
        with app.app_context():
            assert repr(g._get_current_object()) == f"<flask.g of '{__name__}'>"


class TestAppContext:
    def test_it_is_current_inside_of_the_block_only(self, app: Flask) -> None:
        assert not flask.has_app_context()
        with app.app_context() as context:
            assert flask.has_app_context()
            assert not flask.has_request_context()
            assert context.app is app
        assert not flask.has_app_context()

    def test_teardown_functions_run_last_first_with_the_error(self, app: Flask) -> None:
        seen: list[object] = []
        app.teardown_appcontext(lambda error: seen.append(("first", error)))
        app.teardown_appcontext(lambda error: seen.append(("second", error)))
        with app.app_context():
            assert seen == []
        assert seen == [("second", None), ("first", None)]
        del seen[:]
        error = ValueError("inside")
        with pytest.raises(ValueError, match="inside"), app.app_context():
            raise error
        assert seen == [("second", error), ("first", error)]

    def test_signals_tell_of_push_and_pop(self, app: Flask) -> None:
        seen: list[str] = []

        def pushed(sender: Flask) -> None:
            seen.append("pushed")

        def popped(sender: Flask) -> None:
            seen.append("popped")

        with (
            flask.appcontext_pushed.connected_to(pushed, app),
            flask.appcontext_popped.connected_to(popped, app),
        ):
            with app.app_context():
                assert seen == ["pushed"]
            assert seen == ["pushed", "popped"]

    def test_push_and_pop_by_hand(self, app: Flask) -> None:
        context = app.app_context()
        context.push()
        assert flask.current_app.name == app.name
        context.pop()
        assert not flask.has_app_context()

    def test_a_wrong_order_of_pops_is_refused(self, app: Flask) -> None:
        outer, inner = app.app_context(), app.app_context()
        outer.push()
        inner.push()
        with pytest.raises((AssertionError, RuntimeError)):
            outer.pop()
        # What is current is put right by hand: the wrong pop may have taken either.
        while flask.has_app_context():
            flask.globals.app_ctx._get_current_object().pop()


class TestRequestContext:
    def test_it_brings_an_app_context_along(self, app: Flask) -> None:
        with app.test_request_context("/") as context:
            assert flask.has_request_context()
            assert flask.has_app_context()
            assert context.app is app
            assert context.request.path == "/"

    def test_it_shares_an_app_context_of_the_same_application(self, app: Flask) -> None:
        with app.app_context():
            g.mark = "outer"
            with app.test_request_context("/"):
                assert g.mark == "outer"
                g.inner = 1
            assert g.inner == 1

    def test_another_applications_context_is_not_shared(self, app: Flask) -> None:
        with Flask("other").app_context():
            g.mark = "other"
            with app.test_request_context("/"):
                assert "mark" not in g
                assert flask.current_app.name == app.name
            assert flask.current_app.name == "other"

    def test_push_matches_the_url(self, app: Flask) -> None:
        with app.test_request_context("/"):
            assert request.endpoint == "index"
            assert request.view_args == {}
            assert request.routing_exception is None
        with app.test_request_context("/missing"):
            assert request.endpoint is None
            assert request.url_rule is None
            assert type(request.routing_exception).__name__ == "NotFound"

    def test_teardown_functions_run_at_pop(self, app: Flask) -> None:
        seen: list[object] = []
        app.teardown_request(lambda error: seen.append(("request", error)))
        app.teardown_appcontext(lambda error: seen.append(("app", error)))
        context = app.test_request_context("/")
        context.push()
        assert seen == []
        error = LookupError("given")
        context.pop(error)
        assert seen == [("request", error), ("app", error)]

    def test_teardown_learns_what_the_block_raised(self, app: Flask) -> None:
        seen: list[BaseException | None] = []
        app.teardown_request(seen.append)
        error = ValueError("inside")
        with pytest.raises(ValueError, match="inside"), app.test_request_context("/"):
            raise error
        assert seen == [error]

    def test_the_session_is_opened_and_not_saved(self, app: Flask) -> None:
        with app.test_request_context("/"):
            assert dict(session) == {}
            session["user"] = "ada"
            assert session.modified

    def test_a_copy_shares_request_and_session(self, app: Flask) -> None:
        with app.test_request_context("/copied") as context:
            session["user"] = "ada"
            copied = context.copy()
            assert copied is not context
            assert copied.request is context.request
            assert copied.session is context.session
        with copied:
            assert request.path == "/copied"
            assert session["user"] == "ada"

    def test_the_environ_lets_go_of_the_request_afterwards(self, app: Flask) -> None:
        with app.test_request_context("/") as context:
            assert request.environ["werkzeug.request"] is context.request
        assert context.request.environ["werkzeug.request"] is None

    def test_an_answered_routing_error_keeps_no_frames_alive(self, app: Flask) -> None:
        with app.test_request_context("/missing"):
            error = request.routing_exception
            assert error is not None
            assert app.full_dispatch_request().status_code == 404
            assert error.__traceback__ is not None
        assert error.__traceback__ is None


class TestAfterThisRequest:
    def test_it_changes_this_response_only(self, app: Flask) -> None:
        @app.route("/once")
        def once() -> str:
            @flask.after_this_request
            def mark(response: flask.Response) -> flask.Response:
                response.headers["X-Once"] = "yes"
                return response

            return "once"

        client = app.test_client()
        assert client.get("/once").headers["X-Once"] == "yes"
        assert "X-Once" not in client.get("/").headers

    def test_it_comes_before_the_applications_own(self, app: Flask) -> None:
        @app.route("/order")
        def order() -> str:
            flask.after_this_request(lambda response: note(response, "this"))
            flask.after_this_request(lambda response: note(response, "this too"))
            return ""

        @app.after_request
        def last(response: flask.Response) -> flask.Response:
            return note(response, "app")

        def note(response: flask.Response, what: str) -> flask.Response:
            response.headers.add("X-Order", what)
            return response

        answer = app.test_client().get("/order")
        assert answer.headers.getlist("X-Order") == ["this", "this too", "app"]

    def test_outside_of_a_request_it_is_refused(self) -> None:
        with pytest.raises(RuntimeError, match="after_this_request"):
            flask.after_this_request(lambda response: response)


class TestCopyCurrentRequestContext:
    def test_a_thread_gets_the_request(self, app: Flask) -> None:
        seen: list[str] = []
        with app.test_request_context("/thread"):
            g.mark = "not taken along"
            session["user"] = "ada"

            @flask.copy_current_request_context
            def work(word: str, *, again: str) -> None:
                """Does some work."""
                seen.extend([word, again, request.path, session["user"], str("mark" in g)])

            assert work.__name__ == "work"
            assert work.__doc__ == "Does some work."
            thread = threading.Thread(target=work, args=("a",), kwargs={"again": "b"})
            thread.start()
            thread.join()
        assert seen == ["a", "b", "/thread", "ada", "False"]

    def test_the_functions_value_comes_back(self, app: Flask) -> None:
        with app.test_request_context("/"):
            double = flask.copy_current_request_context(lambda number: number * 2)
        assert contextvars.Context().run(double, 4) == 8

    def test_outside_of_a_request_it_is_refused(self) -> None:
        with pytest.raises(RuntimeError, match="copy_current_request_context"):
            flask.copy_current_request_context(lambda: None)


def test_stream_with_context_keeps_the_request_for_the_body(app: Flask) -> None:
    gone: list[str] = []
    app.teardown_request(lambda error: gone.append(request.path))

    @app.route("/stream")
    def stream() -> flask.Response:
        def parts() -> Iterator[str]:
            yield request.path
            yield str(len(gone))

        return flask.Response(flask.stream_with_context(parts()))

    # Teardown runs when the view is done, and once more when the body is.
    assert app.test_client().get("/stream").text == "/stream1"
    assert gone == ["/stream", "/stream"]


def test_a_view_sees_the_context_and_nothing_of_it_stays(app: Flask) -> None:
    @app.route("/look")
    def look() -> list[object]:
        g.visits = g.get("visits", 0) + 1
        return [flask.has_request_context(), flask.has_app_context(), request.endpoint, g.visits]

    client = app.test_client()
    for _ in range(2):
        assert client.get("/look").json == [True, True, "look", 1]
    assert not flask.has_app_context()


def test_a_client_in_a_block_keeps_the_last_request(app: Flask) -> None:
    seen: list[str] = []
    app.teardown_request(lambda error: seen.append(request.args["number"]))
    with app.test_client() as client:
        client.get("/?number=1")
        assert request.args["number"] == "1"
        client.get("/?number=2")
        assert request.args["number"] == "2"
    # Each is torn down when it is answered, and once more when the client lets go of it.
    assert seen == ["1", "1", "2", "2"]
