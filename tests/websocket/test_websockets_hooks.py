"""What runs around WebSocket handlers: hooks, error handlers, teardown, in which order."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from websocket_harness import Peer
from werkzeug.exceptions import Forbidden, TooManyRequests

from flask import (
    Blueprint,
    Flask,
    appcontext_popped,
    current_app,
    got_request_exception,
    has_request_context,
    request,
    url_for,
    websocket,
)
from flask.testing.websockets import WebsocketResponseError


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app


def run(test: Callable[[], Awaitable[Any]]) -> None:
    asyncio.run(test())  # type: ignore[arg-type]


def refusal(app: Flask, path: str = "/", **kwargs: Any) -> Any:
    with (
        pytest.raises(WebsocketResponseError) as caught,
        app.test_client().websocket(path, **kwargs),
    ):
        raise AssertionError("accepted")
    return caught.value.response


def closing(app: Flask, path: str = "/") -> int:
    """Connect and return the code that the application closes the connection with."""
    with app.test_client().websocket(path) as socket:
        assert list(socket) == []
    assert socket.close_code is not None
    return socket.close_code


def test_hooks_of_application_and_blueprints_run_in_order(app: Flask) -> None:
    order: list[str] = []

    def note(text: str, result: Any = None) -> Callable[..., Any]:
        def hook(*args: Any) -> Any:
            order.append(text)
            return args[0] if text.startswith("after") else result

        return hook

    outer, inner = Blueprint("outer", __name__, url_prefix="/o"), Blueprint("inner", __name__)
    for where, name in ((app, "app"), (outer, "outer"), (inner, "inner")):
        where.before_websocket(note(f"before {name}"))
        where.after_websocket(note(f"after {name}"))
        where.teardown_websocket(note(f"teardown {name}"))
    inner.before_app_websocket(note("before all"))
    inner.after_app_websocket(note("after all"))
    inner.teardown_app_websocket(note("teardown all"))
    app.teardown_appcontext(note("teardown context"))
    for unrelated in (app.before_request, app.after_request, app.teardown_request):
        unrelated(note("request"))

    @inner.websocket("/<name>")
    async def handler(name: str) -> None:
        await websocket.accept()
        order.append(name)

    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    assert closing(app, "/o/handler") == 1000
    assert order == [
        "before app",
        "before all",
        "before outer",
        "before inner",
        "handler",
        "after inner",
        "after outer",
        "after all",
        "after app",
        "teardown inner",
        "teardown outer",
        "teardown all",
        "teardown app",
        "teardown context",
    ]


def test_hooks_of_a_blueprint_are_not_for_others(app: Flask) -> None:
    blueprint = Blueprint("other", __name__)
    blueprint.before_websocket(lambda: ("no", 418))
    app.register_blueprint(blueprint, url_prefix="/other")

    @app.websocket("/")
    async def handler() -> None:
        await websocket.accept()

    assert closing(app) == 1000


def test_blueprint_registered_twice_has_its_hooks_under_both_names(app: Flask) -> None:
    blueprint = Blueprint("bp", __name__)
    calls = []

    @blueprint.before_websocket
    def before() -> None:
        calls.append(request.blueprint)

    @blueprint.websocket("/", defaults={"kind": "x"})
    async def handler(kind: str, lang: str) -> None:
        await websocket.send(f"{kind} {lang} {url_for('.handler')}")

    app.register_blueprint(blueprint, url_prefix="/a", url_defaults={"lang": "en"})
    app.register_blueprint(blueprint, url_prefix="/b", name="second", url_defaults={"lang": "de"})
    client = app.test_client()
    with client.websocket("/a/") as socket:
        assert socket.receive() == "x en ws://localhost/a/"
    with client.websocket("/b/") as socket:
        assert socket.receive() == "x de ws://localhost/b/"
    assert calls == ["bp", "second"]


def test_blueprint_endpoint_has_no_dot() -> None:
    async def handler() -> None: ...

    blueprint = Blueprint("bp", __name__)
    with pytest.raises(ValueError, match="dot"):
        blueprint.add_websocket("/", "a.b", handler)


@pytest.mark.parametrize("target", [Flask(__name__), Blueprint("bp", __name__)])
def test_mistakes_in_declarations(target: Any) -> None:
    async def handler() -> None: ...

    with pytest.raises(TypeError, match="path and a handler"):
        target.websocket(handler)(handler)
    with pytest.raises(TypeError, match="path and a handler"):
        target.add_websocket("/")
    with pytest.raises(TypeError, match="takes no 'methods'"):
        target.websocket("/", methods=["POST"])(handler)


def test_declarations_after_the_first_connection_are_refused(app: Flask) -> None:
    @app.websocket("/")
    async def handler() -> None:
        await websocket.accept()

    closing(app)
    with pytest.raises(AssertionError, match="can no longer be called"):
        app.websocket("/other")(handler)
    with pytest.raises(AssertionError, match="can no longer be called"):
        app.before_websocket(handler)


def test_sync_hooks_run_in_a_thread_and_async_ones_on_the_loop(app: Flask) -> None:
    threads: dict[str, int] = {}

    @app.before_websocket
    def before() -> None:
        threads["before"] = threading.get_ident()

    @app.before_websocket
    async def before_async() -> None:
        threads["before_async"] = threading.get_ident()

    @app.websocket("/")
    async def handler() -> None:
        threads["handler"] = threading.get_ident()
        await websocket.accept()

    closing(app)
    assert threads["before_async"] == threads["handler"] != threads["before"]


def test_thread_of_a_hook_is_given_back_before_the_handler(app: Flask) -> None:
    app.config["ASGI_HELD_THREADS"] = 1
    app.before_websocket(lambda: None)

    @app.websocket("/")
    async def handler() -> None:
        await websocket.send("open")
        await websocket.receive()

    client = app.test_client()
    with client.websocket("/") as first, client.websocket("/") as second:
        assert (first.receive(), second.receive()) == ("open", "open")


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_before_hook_refuses_with_a_response(app: Flask, kind: str) -> None:
    def before() -> Any:
        return "who are you?", 401

    async def before_async() -> Any:
        return before()

    app.before_websocket(before if kind == "sync" else before_async)

    @app.websocket("/")
    async def handler() -> None:
        raise AssertionError("called")

    assert refusal(app).status_code == 401


def test_after_hook_changes_the_response(app: Flask) -> None:
    seen = []

    @app.after_websocket
    def after(response: Any) -> Any:
        seen.append(response and response.status_code)
        if response is not None:
            response.headers["X-After"] = "1"
        return response

    @app.websocket("/no")
    async def no() -> Any:
        return "no", 401

    @app.websocket("/yes")
    async def yes() -> None:
        await websocket.accept()

    assert refusal(app, "/no").headers["X-After"] == "1"
    assert closing(app, "/yes") == 1000
    assert seen == [401, None]


def test_url_value_preprocessors_change_the_arguments(app: Flask) -> None:
    @app.url_value_preprocessor
    def pull(endpoint: str | None, values: dict[str, Any] | None) -> None:
        assert endpoint == "handler"
        assert values is not None
        values["lang"] = values["lang"].upper()

    @app.websocket("/<lang>/")
    async def handler(lang: str) -> None:
        await websocket.send(lang)

    with app.test_client().websocket("/en/") as socket:
        assert socket.receive() == "EN"


def test_subdomains_and_hosts_choose_the_handler() -> None:
    app = Flask(__name__, subdomain_matching=True)
    app.config["SERVER_NAME"] = "example.org"

    @app.websocket("/", subdomain="<name>")
    async def handler(name: str) -> None:
        await websocket.send(name)

    with app.test_client().websocket("/", base_url="http://a.example.org/") as socket:
        assert socket.receive() == "a"
    assert refusal(app, base_url="http://example.org/").status_code == 404

    hosts = Flask(__name__, host_matching=True, static_folder=None)

    @hosts.websocket("/", host="a.example.org")
    async def a() -> None:
        await websocket.send("a")

    with hosts.test_client().websocket("/", base_url="http://a.example.org/") as socket:
        assert socket.receive() == "a"
    assert refusal(hosts, base_url="http://b.example.org/").status_code == 404


# Errors


@pytest.mark.parametrize("hook", ["sync", "async"])
def test_error_handler_answers_before_accept(app: Flask, hook: str) -> None:
    def handle(error: Exception) -> Any:
        return f"{type(error).__name__} {websocket.path}", 409

    async def handle_async(error: Exception) -> Any:
        return handle(error)

    app.register_error_handler(LookupError, handle if hook == "sync" else handle_async)

    @app.websocket("/")
    async def handler() -> None:
        raise KeyError("x")

    answer = refusal(app)
    assert (answer.status_code, answer.text) == (409, "KeyError /")


def test_error_handlers_of_a_blueprint_come_first(app: Flask) -> None:
    blueprint = Blueprint("bp", __name__)
    blueprint.register_error_handler(403, lambda e: ("of the blueprint", 403))
    app.register_error_handler(403, lambda e: ("of the application", 403))

    @blueprint.websocket("/")
    async def handler() -> None:
        raise Forbidden

    app.register_blueprint(blueprint)
    assert refusal(app).text == "of the blueprint"


def test_error_handler_may_talk_to_an_open_connection(app: Flask) -> None:
    @app.errorhandler(LookupError)
    async def handle(error: LookupError) -> str:
        await websocket.send(f"failed: {error}")
        return "not sent"

    @app.websocket("/")
    async def handler() -> None:
        await websocket.accept()
        raise LookupError("nothing")

    with app.test_client().websocket("/") as socket:
        assert list(socket) == ["failed: nothing"]
        assert socket.close_code == 1011


@pytest.mark.parametrize(
    ("error", "code"), [(Forbidden(), 1008), (TooManyRequests(), 1008), (LookupError(), 1011)]
)
def test_close_code_says_what_went_wrong(app: Flask, error: Exception, code: int) -> None:
    @app.websocket("/")
    async def handler() -> None:
        await websocket.accept()
        raise error

    assert closing(app) == code


@pytest.mark.parametrize("accepted", [True, False])
def test_exception_is_logged_once_and_announced(
    app: Flask, caplog: pytest.LogCaptureFixture, accepted: bool
) -> None:
    ends: list[Any] = []
    announced = []

    def note(sender: Flask, exception: BaseException) -> None:
        announced.append(exception)

    @app.teardown_websocket
    def teardown(error: BaseException | None) -> None:
        ends.append(error)

    @app.websocket("/")
    async def handler() -> None:
        if accepted:
            await websocket.accept()
        raise LookupError("secret")

    with got_request_exception.connected_to(note, app), caplog.at_level(logging.INFO):
        if accepted:
            assert closing(app) == 1011
        else:
            answer = refusal(app)
            assert answer.status_code == 500
            assert "secret" not in answer.text
    (record,) = caplog.records
    assert record.exc_info is not None
    assert [record.exc_info[1]] == announced == ends


def test_handler_of_server_errors_answers_before_accept(app: Flask) -> None:
    @app.errorhandler(500)
    def handle(error: Any) -> Any:
        return f"oops: {error.original_exception}", 500

    @app.websocket("/")
    async def handler() -> None:
        raise LookupError("x")

    assert refusal(app).text == "oops: x"


def test_exception_reaches_a_test(app: Flask) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = None
    app.testing = True

    @app.websocket("/<int:accept>")
    async def handler(accept: int) -> None:
        if accept:
            await websocket.accept()
        raise LookupError("mine")

    socket = app.test_client().websocket("/1")
    with pytest.raises(LookupError, match="mine"), socket:
        assert list(socket) == []
    assert socket.close_code == 1011
    with pytest.raises(LookupError, match="mine"), app.test_client().websocket("/0"):
        raise AssertionError("accepted")


def test_value_returned_after_accept_is_a_mistake(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    @app.websocket("/")
    async def handler() -> str:
        await websocket.accept()
        return "too late"

    assert closing(app) == 1011
    assert "returned 'str' after it accepted" in caplog.text


def test_every_teardown_function_runs_though_one_fails(app: Flask) -> None:
    calls = []

    @app.teardown_websocket
    def first(error: object) -> None:
        calls.append("first")
        raise LookupError("first")

    @app.teardown_websocket
    def second(error: object) -> None:
        calls.append("second")
        raise LookupError("second")

    @app.teardown_appcontext
    def context(error: object) -> None:
        calls.append("context")
        assert current_app.name == app.name
        assert not has_request_context()

    popped = []

    def note(sender: Flask) -> None:
        popped.append(sender)

    @app.websocket("/")
    async def handler() -> None:
        await websocket.accept()

    with (
        appcontext_popped.connected_to(note, app),
        pytest.raises(LookupError, match="second"),
        app.test_client().websocket("/") as socket,
    ):
        assert list(socket) == []
    assert calls == ["second", "first", "context"]
    assert popped == [app]


def test_replaced_teardown_of_the_application_is_called() -> None:
    calls = []

    class Own(Flask):
        def do_teardown_appcontext(self, exc: Any = None) -> None:
            calls.append(exc)
            super().do_teardown_appcontext(exc)

    app = Own(__name__)
    app.teardown_appcontext(lambda e: calls.append("built in"))

    @app.websocket("/")
    async def handler() -> None:
        await websocket.accept()

    assert closing(app) == 1000
    assert calls == [None, "built in"]


def test_functions_before_serving_run_before_the_first_connection(app: Flask) -> None:
    calls = []

    @app.before_serving
    async def start() -> None:
        calls.append("start")

    @app.websocket("/")
    async def handler() -> None:
        calls.append("handler")
        await websocket.accept()

    async def test() -> None:
        for _ in range(2):
            async with Peer(app) as peer:
                await peer.end()

    run(test)
    assert calls == ["start", "handler", "handler"]
