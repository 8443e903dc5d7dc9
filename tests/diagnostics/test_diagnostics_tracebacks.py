"""Tracebacks, as logs and debuggers show them: the application's lines, and few of ours."""

from __future__ import annotations

import ast
import asyncio
import linecache
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest
from werkzeug.test import EnvironBuilder, run_wsgi_app

import flask
from flask import Flask, Request, jsonify, render_template_string, request, url_for
from flask.json.provider import DefaultJSONProvider
from flask.testing.asgi_client import AsyncFlaskClient
from flask.views import MethodView, View

Setup = Callable[[], Flask]


def fail(*args: Any, **kwargs: Any) -> Any:
    raise LookupError("here")


def new(cls: type[Flask] = Flask, view: Callable[..., Any] = lambda: "x") -> Flask:
    app = cls("shop", static_folder=None)
    app.add_url_rule("/", "index", view)
    return app


@pytest.fixture(autouse=True)
def _disconnected() -> Iterator[None]:
    yield
    flask.request_started.disconnect(fail)


# Applications whose request fails in a line of their own


def failing_view() -> Flask:
    return new(view=fail)


def failing_view_with_hooks() -> Flask:
    app = new(view=fail)
    app.before_request(lambda: None)
    app.errorhandler(ValueError)(lambda error: "")
    return app


def failing_async_view() -> Flask:
    async def view() -> str:
        return str(fail())

    return new(view=view)


def failing_async_view_with_hooks() -> Flask:
    app = failing_async_view()

    @app.before_request
    async def before() -> None:
        pass

    app.after_request(lambda response: response)
    return app


def failing_async_hook() -> Flask:
    app = new()

    @app.before_request
    async def before() -> None:
        fail()

    return app


def failing_method_view() -> Flask:
    class Index(MethodView):
        get = fail

        def dispatch_request(self, **kwargs: Any) -> Any:
            return super().dispatch_request(**kwargs)

    return new(view=Index.as_view("index"))


def failing_async_class_view() -> Flask:
    class Index(View):
        init_every_request = False

        async def dispatch_request(self) -> Any:
            fail()

    return new(view=Index.as_view("index"))


def hooked(name: str) -> Setup:
    def setup() -> Flask:
        app = new()
        getattr(app, name)(fail)
        return app

    setup.__name__ = name
    return setup


def failing_error_handler() -> Flask:
    app = new(view=lambda: {}["missing"])
    app.errorhandler(KeyError)(fail)
    return app


def failing_signal_receiver() -> Flask:
    app = new()
    flask.request_started.connect(fail, app)
    return app


def failing_template_filter() -> Flask:
    app = new(view=lambda: render_template_string("{{ 1|broken }}"))
    app.template_filter("broken")(fail)
    return app


def failing_context_processor() -> Flask:
    app = new(view=lambda: render_template_string("{{ 1 }}"))
    app.context_processor(fail)
    return app


def failing_url_defaults() -> Flask:
    app = new(view=lambda: url_for("index"))
    app.url_defaults(fail)
    return app


def failing_json_provider() -> Flask:
    class Provider(DefaultJSONProvider):
        default = staticmethod(fail)

    app = new(view=lambda: jsonify(object()))
    app.json = Provider(app)
    return app


def failing_request_class() -> Flask:
    class Custom(Request):
        args = property(fail)  # type: ignore[assignment]

    app = new(view=lambda: request.args["q"])
    app.request_class = Custom
    return app


def failing_override(name: str) -> Setup:
    def setup() -> Flask:
        return new(type("Custom", (Flask,), {name: fail}), view=lambda: {}["missing"])

    setup.__name__ = f"override of {name}"
    return setup


def override_that_calls_the_built_in(name: str) -> Setup:
    def override(self: Flask, *args: Any, **kwargs: Any) -> Any:
        return getattr(super(cls, self), name)(*args, **kwargs)

    cls = type("Custom", (Flask,), {name: override})

    def setup() -> Flask:
        return new(cls, view=fail)

    setup.__name__ = f"{name} with super"
    return setup


SETUPS: list[Setup] = [
    failing_view,
    failing_view_with_hooks,
    failing_async_view,
    failing_async_view_with_hooks,
    failing_async_hook,
    failing_method_view,
    failing_async_class_view,
    *map(hooked, ("before_request", "after_request", "url_value_preprocessor")),
    failing_error_handler,
    failing_signal_receiver,
    failing_template_filter,
    failing_context_processor,
    failing_url_defaults,
    failing_json_provider,
    failing_request_class,
    *map(
        failing_override,
        (
            "preprocess_request",
            "dispatch_request",
            "full_dispatch_request",
            "process_response",
            "handle_user_exception",
        ),
    ),
    *map(
        override_that_calls_the_built_in,
        ("dispatch_request", "full_dispatch_request", "handle_user_exception", "wsgi_app"),
    ),
]


# The two ways to serve, and the two places that show tracebacks


def serve_by_wsgi(app: Flask) -> None:
    run_wsgi_app(app, EnvironBuilder("/").get_environ(), buffered=True)


def serve_by_asgi(app: Flask) -> None:
    async def serve() -> None:
        async with AsyncFlaskClient(app) as client:
            await client.get("/")

    asyncio.run(serve())


Serve = Callable[[Flask], None]
SERVERS = [serve_by_wsgi, serve_by_asgi]


def raised(serve: Serve, app: Flask) -> TracebackType | None:
    app.config["PROPAGATE_EXCEPTIONS"] = True
    with pytest.raises(LookupError) as caught:
        serve(app)
    return caught.value.__traceback__


def logged(serve: Serve, app: Flask, caplog: pytest.LogCaptureFixture) -> TracebackType | None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    serve(app)
    record = next(each for each in caplog.records if each.levelno == logging.ERROR)
    assert record.exc_info is not None
    return record.exc_info[2]


def frames(trace: TracebackType | None) -> Iterator[tuple[str, str, str]]:
    """Yield module, function and source line of each frame, the server's left out."""
    while trace is not None:
        frame = trace.tb_frame
        module = frame.f_globals["__name__"]
        line = linecache.getline(frame.f_code.co_filename, trace.tb_lineno)
        if not module.startswith(("flask.testing", "werkzeug.test")):
            yield module, frame.f_code.co_name, line
        trace = trace.tb_next


def longest_run_above_the_application(trace: TracebackType | None) -> int:
    """Return the greatest number of the framework's frames in a row above one that is not."""
    longest = length = 0
    for module, _, _ in frames(trace):
        if module.partition(".")[0] == "flask":
            length += 1
        else:
            longest, length = max(longest, length), 0
    return longest


@pytest.mark.parametrize("serve", SERVERS)
@pytest.mark.parametrize("setup", SETUPS, ids=lambda setup: setup.__name__)
def test_raised_traceback_has_four_frames_of_the_framework_in_a_row_at_most(
    setup: Setup, serve: Serve
) -> None:
    if "wsgi" in setup.__name__ and serve is serve_by_asgi:
        serve = serve_by_wsgi  # the other protocol does not come by there
    trace = raised(serve, setup())
    assert [name for _, name, _ in frames(trace)][-1] in ("fail", "<lambda>")
    assert longest_run_above_the_application(trace) <= 4
    assert [line for _, _, line in frames(trace) if "type: ignore" in line] == []


@pytest.mark.parametrize("serve", SERVERS)
@pytest.mark.parametrize("setup", SETUPS, ids=lambda setup: setup.__name__)
def test_logged_traceback_begins_in_the_application(
    setup: Setup, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    trace = logged(serve, setup(), caplog)
    shown = list(frames(trace))
    assert not shown[0][0].startswith("flask")
    assert longest_run_above_the_application(trace) <= 4
    assert [line for _, _, line in shown if "type: ignore" in line] == []


def test_error_of_the_framework_alone_keeps_the_last_frames() -> None:
    app = new(view=lambda: None)
    app.testing = True
    with pytest.raises(TypeError, match="returned None") as caught:
        serve_by_wsgi(app)
    names = [name for module, name, _ in frames(caught.value.__traceback__) if "flask" in module]
    # '__call__' is added after the traceback was shortened.
    assert len(names) <= 5
    assert "make_response" in names


@pytest.mark.parametrize("debug", [False, True])  # where data is indented by other functions
def test_json_of_an_unsupported_object_has_few_frames_of_the_encoder(debug: bool) -> None:
    app = new(view=lambda: {"item": {"colours": [{"name": object()}]}})
    app.debug = debug
    app.testing = True
    with pytest.raises(TypeError, match="not JSON serializable") as caught:
        serve_by_wsgi(app)
    shown = [module for module, _, _ in frames(caught.value.__traceback__)]
    assert len([module for module in shown if module.startswith(("flask", "json"))]) <= 5


def test_shortened_traceback_leaves_the_error_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    """What :func:`sys.exc_info` gave stays complete, for agents that look at it later."""
    seen: list[BaseException] = []

    def keep(sender: Flask, exception: BaseException) -> None:
        seen.append(exception)

    app = new(view=fail)
    flask.got_request_exception.connect(keep, app)
    trace = logged(serve_by_wsgi, app, caplog)
    assert seen[0].__traceback__ is not trace
    assert any(module.startswith("flask.") for module, _, _ in frames(seen[0].__traceback__))


SOURCES = sorted(Path(flask.__file__).parent.rglob("*.py"))


def test_no_line_that_calls_something_has_a_comment_for_type_checkers() -> None:
    """Such a line can stand in the traceback of a user's error."""
    marked = []
    for path in SOURCES:
        lines = path.read_text(encoding="utf-8").splitlines()
        for function in ast.walk(ast.parse("\n".join(lines))):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                for node in function.body:
                    marked += [
                        f"{path.name}:{call.lineno}"
                        for call in ast.walk(node)
                        if isinstance(call, ast.Call) and "type: ignore" in lines[call.lineno - 1]
                    ]
    assert sorted(set(marked)) == []
