"""What was compiled follows what is declared, replaced or written to after the first request."""

from __future__ import annotations

import gc
import typing as t
import weakref

import pytest
from werkzeug.routing import BaseConverter, IntegerConverter, Map, Rule
from werkzeug.routing.converters import NumberConverter

import flask
from flask import Flask, Request, Response, g, request, session, signals
from flask.config import Config
from flask.ctx import AppContext, RequestContext
from flask.json.provider import DefaultJSONProvider
from flask.pipeline import invalidation
from flask.pipeline.program import RequestProgram
from flask.pipeline.replaced import Replaced
from flask.sessions import SecureCookieSessionInterface, SessionInterface


@pytest.fixture
def app() -> Flask:
    app = Flask("changes")

    @app.route("/")
    def index() -> t.Any:
        return {"value": 1} if "json" in request.args else "index"

    app.test_client().get("/")
    assert app._revision.program.is_plain
    return app


def get(app: Flask, path: str = "/", **kwargs: t.Any) -> str:
    return app.test_client().get(path, **kwargs).text


def test_a_view_function_written_to_the_registry_is_called(app: Flask) -> None:
    app.view_functions["index"] = lambda: "written"
    assert get(app) == "written"


def test_a_registry_of_ones_own_is_read_on_each_request(app: Flask) -> None:
    views: dict[str, t.Any] = {"index": lambda: "first"}
    app.view_functions = views
    assert get(app) == "first"
    views["index"] = lambda: "second"
    assert get(app) == "second"


@pytest.mark.parametrize("registry", ["before_request_funcs", "after_request_funcs"])
def test_functions_put_into_a_registry_run(app: Flask, registry: str) -> None:
    def before() -> str:
        return "hooked"

    def after(response: flask.Response) -> flask.Response:
        response.set_data("hooked")
        return response

    function = before if registry == "before_request_funcs" else after
    getattr(app, registry).setdefault(None, []).append(function)
    assert get(app) == "hooked"
    getattr(app, registry)[None].clear()
    assert get(app) == "index"
    getattr(app, registry)[None] = [function]  # a list that nobody watches
    assert get(app) == "hooked"
    getattr(app, registry)[None].remove(function)
    assert get(app) == "index"


def test_teardown_functions_put_into_a_list_run(app: Flask) -> None:
    seen: list[t.Any] = []
    app.teardown_appcontext_funcs.insert(0, seen.append)
    app.teardown_request_funcs[None].append(seen.append)
    get(app)
    assert seen == [None, None]


def test_an_error_handler_written_to_the_registry_answers(app: Flask) -> None:
    missing = app.test_client().get("/missing")
    assert missing.status_code == 404
    app.error_handler_spec[None][404][flask.Flask.aborter_class().mapping[404]] = lambda error: (
        "handled"
    )
    assert get(app, "/missing") == "handled"


def test_a_rule_added_to_the_map_is_found(app: Flask) -> None:
    assert app.test_client().get("/late").status_code == 404
    app.url_map.add(Rule("/late", endpoint="index", methods=["GET"]))
    assert get(app, "/late") == "index"


def test_another_map_is_used_as_it_grows(app: Flask) -> None:
    url_map = Map()
    app.url_map = url_map
    assert app.test_client().get("/").status_code == 404
    url_map.add(Rule("/", endpoint="index", methods=["GET"]))
    assert get(app) == "index"


def test_a_step_replaced_on_the_instance_is_called(app: Flask) -> None:
    app.dispatch_request = lambda: "replaced"  # type: ignore[method-assign]
    assert get(app) == "replaced"
    del app.dispatch_request
    assert get(app) == "index"


def test_a_step_replaced_on_the_class_is_called(app: Flask, monkeypatch: t.Any) -> None:
    called: list[str] = []
    original = Flask.preprocess_request

    def wrapped(self: Flask) -> t.Any:
        called.append(request.path)
        return original(self)

    with monkeypatch.context() as patch:
        patch.setattr(Flask, "preprocess_request", wrapped)
        get(app)
    get(app)
    assert called == ["/"]
    assert app._revision.program.is_plain


def test_a_receiver_is_sent_signals_from_the_next_request_on(app: Flask) -> None:
    seen: list[t.Any] = []

    def receiver(sender: Flask, **extra: t.Any) -> None:
        seen.append(sorted(extra))

    with signals.request_finished.connected_to(receiver, app):
        get(app)
    get(app)
    assert seen == [["response"]]


def test_a_configuration_of_ones_own_is_read(app: Flask) -> None:
    app.config = Config(app.root_path, {**app.config, "TRUSTED_HOSTS": ["good.example"]})
    assert app.test_client().get("/").status_code == 400
    assert get(app, base_url="http://good.example") == "index"


def test_a_json_response_of_ones_own_is_made(app: Flask) -> None:
    assert get(app, "/?json") == '{"value":1}\n'
    app.json.response = lambda *args: app.response_class("own")  # type: ignore[method-assign]
    assert get(app, "/?json") == "own"


def test_a_response_class_that_closes_is_closed(app: Flask) -> None:
    closed: list[str] = []

    class Closing(flask.Response):
        def close(self) -> None:
            closed.append("closed")
            super().close()

    app.response_class = Closing
    get(app, buffered=True)
    assert closed == ["closed"]


def test_a_hook_may_lead_the_request_elsewhere(app: Flask) -> None:
    app.view_functions["other"] = lambda name: f"other {name}"
    app.url_map.add(Rule("/other/<name>", endpoint="other", methods=["GET"]))

    @app.before_request_funcs.setdefault(None, []).append
    def lead() -> None:
        request.url_rule = next(app.url_map.iter_rules("other"))
        request.view_args = {"name": "led"}

    assert get(app) == "other led"


def test_functions_registered_while_a_request_is_handled_count_for_it(app: Flask) -> None:
    def late() -> str:
        app.after_request_funcs[None].append(lambda response: flask.Response("late"))
        return "view"

    app.view_functions["index"] = late
    assert get(app) == "late"


def test_the_session_interface_is_asked_once_it_is_not_the_built_in_one(app: Flask) -> None:
    class Interface(flask.sessions.SecureCookieSessionInterface):
        def open_session(self, app: Flask, request: flask.Request) -> t.Any:
            g.opened = True
            return super().open_session(app, request)

    app.view_functions["index"] = lambda: str(g.get("opened"))
    assert get(app) == "None"
    app.session_interface = Interface()
    assert get(app) == "True"


def test_an_async_view_put_into_the_registry_is_run(app: Flask) -> None:
    pytest.importorskip("asgiref")

    async def view() -> str:
        return "async"

    app.view_functions["index"] = view
    assert get(app) == "async"


def test_an_application_is_freed_with_its_last_reference() -> None:
    gc.collect()
    gc.disable()
    try:
        app = Flask("freed")

        @app.route("/")
        async def index() -> str:
            return "index"

        app.add_url_rule("/plain", "plain", lambda: "plain")
        assert get(app) == "index"
        assert get(app, "/plain") == "plain"
        reference = weakref.ref(app)
        del app
        assert reference() is None
    finally:
        gc.enable()


def test_a_hook_after_the_view_may_replace_the_session_interface() -> None:
    class Noting(SessionInterface):
        saved: list[object]

        def save_session(self, app: Flask, session: object, response: Response) -> None:
            self.saved.append(session)

    app = Flask(__name__)
    app.secret_key = "key"
    noting = Noting()
    noting.saved = []

    @app.route("/")
    def view() -> str:
        session["user"] = "ada"
        return "text"

    @app.after_request
    def replace(response: Response) -> Response:
        app.session_interface = noting
        return response

    assert app.test_client().get("/").data == b"text"
    assert noting.saved == [{"user": "ada"}]


class Mixin:
    """What a user's application class inherits from besides Flask."""


class Inheriting(Mixin, Flask):
    pass


@pytest.mark.parametrize("cls", [Inheriting, Mixin, Flask])
def test_a_step_replaced_on_a_class_is_called_from_the_next_request_on(
    cls: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = Inheriting("inheriting")
    app.add_url_rule("/", "index", lambda: "index")
    client = app.test_client()
    assert client.get("/").text == "index"
    with monkeypatch.context() as patch:
        patch.setattr(cls, "dispatch_request", lambda self: "replaced", raising=False)
        assert client.get("/").text == "replaced"
    assert client.get("/").text == "index"


@pytest.mark.parametrize(
    ("cls", "name"),
    [
        (AppContext, "pop"),
        (RequestContext, "match_request"),
        (RequestContext, "push"),
        (Request, "close"),
        (SecureCookieSessionInterface, "open_session"),
        (SecureCookieSessionInterface, "save_session"),
        (SessionInterface, "is_null_session"),
    ],
)
def test_a_replaced_method_of_a_class_beside_the_application_is_called(
    cls: type, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = Flask("patched")
    app.secret_key = "patched"
    app.add_url_rule("/", "index", lambda: "index")
    client = app.test_client()
    for _ in range(3):
        assert client.get("/").text == "index"
    calls: list[str] = []
    built_in = getattr(cls, name)

    def replacement(self: t.Any, *args: t.Any, **kwargs: t.Any) -> t.Any:
        calls.append(name)
        return built_in(self, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(cls, name, replacement)
        assert client.get("/").text == "index"
    assert calls == [name]


def test_a_step_replaced_while_a_program_is_compiled_is_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Own(Flask):
        # In the namespace already, so that counting its names tells nothing.
        dispatch_request = Flask.dispatch_request

    class Late(Replaced):
        __slots__ = ()

        def __init__(self, *args: t.Any) -> None:
            super().__init__(*args)
            Own.dispatch_request = lambda self: "replaced"  # type: ignore[method-assign]

    app = Own("late")
    app.add_url_rule("/", "index", lambda: "index")
    with monkeypatch.context() as patch:
        patch.setattr(RequestProgram, "replaced_class", Late)
        get(app)
    assert get(app) == "replaced"


@pytest.mark.parametrize("cls", [AppContext, RequestContext])
def test_a_replaced_constructor_of_a_context_is_called(
    app: Flask, cls: t.Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[t.Any] = []
    init = cls.__init__

    def noted(self: t.Any, *args: t.Any, **kwargs: t.Any) -> None:
        made.append(self)
        init(self, *args, **kwargs)

    monkeypatch.setattr(cls, "__init__", noted)
    assert [get(app), get(app)] == ["index"] * 2  # the host is known to the second
    assert len(made) == 2
    monkeypatch.undo()
    assert [get(app), get(app)] == ["index"] * 2
    assert len(made) == 2


def test_a_new_mark_of_classes_is_set_for_a_new_generation(monkeypatch: pytest.MonkeyPatch) -> None:
    class Watched:
        value = 1

    watch = invalidation.ClassWatch(Watched)
    seen: list[int] = []

    def noting_getattr(*args: t.Any) -> t.Any:
        seen.append(watch.generation)
        return getattr(*args)

    monkeypatch.setattr(invalidation, "getattr", noting_getattr, raising=False)
    first = watch.look()
    Watched.value = 2
    second = watch.look()
    assert first < second
    assert seen[-1] == second


def test_a_look_at_classes_while_another_thread_looks_is_good_for_once() -> None:
    class Watched:
        pass

    watch = invalidation.ClassWatch(Watched)
    with watch._lock:
        assert watch.look() != watch.generation


@pytest.mark.parametrize("cls", [BaseConverter, NumberConverter, IntegerConverter])
def test_a_replaced_conversion_of_values_in_paths_is_called(
    cls: t.Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = Flask("converters")
    app.add_url_rule("/number/<int:value>", "number", lambda value: f"{value!r}")
    app.add_url_rule("/text/<value>", "text", lambda value: f"{value!r}")
    for _ in range(2):
        assert [get(app, "/number/7"), get(app, "/text/a")] == ["7", "'a'"]
    monkeypatch.setattr(cls, "to_python", lambda self, value: f"replaced {value}")
    expected = ["7", "'replaced a'"] if cls is BaseConverter else ["'replaced 7'", "'a'"]
    for _ in range(2):
        assert [get(app, "/number/7"), get(app, "/text/a")] == expected
    monkeypatch.undo()
    for _ in range(2):
        assert [get(app, "/number/7"), get(app, "/text/a")] == ["7", "'a'"]


@pytest.mark.parametrize("when", ["before the request", "in the view"])
@pytest.mark.parametrize("name", ["response", "_prepare_response_obj"])
def test_a_replaced_step_of_the_json_provider_is_called(
    name: str, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = Flask("provider")

    def replacement(self: DefaultJSONProvider, *args: t.Any) -> t.Any:
        return Response("replaced") if name == "response" else "replaced"

    def replace() -> None:
        monkeypatch.setattr(DefaultJSONProvider, name, replacement)

    def view() -> dict[str, int]:
        if when == "in the view":
            replace()
        return {"value": 1}

    app.add_url_rule("/json", "json", view)
    app.add_url_rule("/plain", "plain", lambda: {"value": 1})
    assert get(app, "/plain") == get(app, "/plain") == '{"value":1}\n'
    if when == "before the request":
        replace()
    assert get(app, "/json").strip().strip('"') == "replaced"
    monkeypatch.undo()
    assert get(app, "/plain") == get(app, "/plain") == '{"value":1}\n'
