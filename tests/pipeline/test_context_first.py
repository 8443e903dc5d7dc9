"""Overrides that take the context first, as those written for Flask 3.2 do."""

from __future__ import annotations

import typing as t

import pytest

from flask import Flask, Response, g, render_template_string, request
from flask.ctx import AppContext, RequestContext
from flask.pipeline.context_first import METHODS, takes_context


class Recording(Flask):
    """Takes the context in every method that will, and passes it on."""

    seen: list[tuple[str, t.Any]]

    def note(self, name: str, ctx: t.Any) -> None:
        vars(self).setdefault("seen", []).append((name, ctx))

    def dispatch_request(self, ctx: AppContext) -> t.Any:  # type: ignore[override]
        self.note("dispatch_request", ctx)
        return super().dispatch_request(ctx)  # type: ignore[call-arg]

    def do_teardown_appcontext(self, ctx: t.Any, *args: t.Any) -> None:  # type: ignore[override]
        self.note("do_teardown_appcontext", ctx)
        super().do_teardown_appcontext(ctx, *args)  # type: ignore[call-arg]

    def do_teardown_request(self, ctx: t.Any, *args: t.Any) -> None:  # type: ignore[override]
        self.note("do_teardown_request", ctx)
        super().do_teardown_request(ctx, *args)  # type: ignore[call-arg]

    def finalize_request(self, ctx: t.Any, rv: t.Any, *, from_error_handler: bool = False) -> t.Any:  # type: ignore[override]
        self.note("finalize_request", ctx)
        options = {"from_error_handler": from_error_handler}
        return super().finalize_request(ctx, rv, **options)  # type: ignore[misc]

    def full_dispatch_request(self, ctx: AppContext) -> t.Any:  # type: ignore[override]
        self.note("full_dispatch_request", ctx)
        return super().full_dispatch_request(ctx)  # type: ignore[call-arg]

    def handle_exception(self, ctx: AppContext, e: Exception) -> t.Any:  # type: ignore[override]
        self.note("handle_exception", ctx)
        return super().handle_exception(ctx, e)  # type: ignore[call-arg]

    def handle_http_exception(self, ctx: AppContext, e: t.Any) -> t.Any:  # type: ignore[override]
        self.note("handle_http_exception", ctx)
        return super().handle_http_exception(ctx, e)  # type: ignore[call-arg]

    def handle_user_exception(self, ctx: AppContext, e: t.Any) -> t.Any:  # type: ignore[override]
        self.note("handle_user_exception", ctx)
        return super().handle_user_exception(ctx, e)  # type: ignore[call-arg]

    def log_exception(self, ctx: AppContext, exc_info: t.Any) -> None:  # type: ignore[override]
        self.note("log_exception", ctx)

    def make_default_options_response(self, ctx: AppContext) -> t.Any:  # type: ignore[override]
        self.note("make_default_options_response", ctx)
        return super().make_default_options_response(ctx)  # type: ignore[call-arg]

    def preprocess_request(self, ctx: AppContext) -> t.Any:  # type: ignore[override]
        self.note("preprocess_request", ctx)
        return super().preprocess_request(ctx)  # type: ignore[call-arg]

    def process_response(self, ctx: AppContext, response: Response) -> t.Any:  # type: ignore[override]
        self.note("process_response", ctx)
        return super().process_response(ctx, response)  # type: ignore[call-arg]

    def update_template_context(self, ctx: AppContext, context: t.Any) -> None:  # type: ignore[override]
        self.note("update_template_context", ctx)
        super().update_template_context(ctx, context)  # type: ignore[call-arg]


def declare(app: Flask) -> Flask:
    app.add_url_rule("/", "index", lambda: render_template_string("{{ request.path }}"))
    app.add_url_rule("/crash", "crash", lambda: 1 // 0)
    return app


@pytest.mark.parametrize("name", METHODS)
def test_an_override_is_passed_the_context(name: str) -> None:
    app = t.cast(Recording, declare(Recording("recording")))
    client = app.test_client()
    assert client.get("/").text == "/"
    assert client.get("/missing").status_code == 404
    assert client.get("/crash").status_code == 500
    assert client.options("/").headers["Allow"]
    contexts = [ctx for method, ctx in app.seen if method == name]
    assert contexts
    kind = AppContext if name == "do_teardown_appcontext" else RequestContext
    assert {type(ctx) for ctx in contexts} == {kind}
    assert all(ctx.app is app for ctx in contexts)


def test_the_context_has_what_the_proxies_stand_for() -> None:
    found: list[t.Any] = []

    class App(Flask):
        def dispatch_request(self, context: AppContext) -> t.Any:  # type: ignore[override]
            found.append(context.request.path == request.path)  # type: ignore[attr-defined]
            found.append(context.g is g._get_current_object())  # type: ignore[attr-defined]
            return super().dispatch_request(context)  # type: ignore[call-arg]

    assert declare(App("proxies")).test_client().get("/").text == "/"
    assert found == [True, True]


def test_an_override_of_a_mixin_is_passed_the_context() -> None:
    class Mixin:
        def process_response(self, ctx: t.Any, response: Response) -> Response:
            made: Response = super().process_response(ctx, response)  # type: ignore[misc]
            made.headers["X-Path"] = ctx.request.path
            return made

    class App(Mixin, Flask):  # type: ignore[misc]
        pass

    assert declare(App("mixin")).test_client().get("/").headers["X-Path"] == "/"


def test_a_subclass_of_a_class_without_overrides_may_pass_the_context_on() -> None:
    class Base(Flask):
        pass

    class App(Base):
        def preprocess_request(self, ctx: AppContext) -> t.Any:  # type: ignore[override]
            return super().preprocess_request(ctx)  # type: ignore[call-arg]

    app = declare(App("subclass"))
    app.before_request(lambda: request.args.get("early"))
    client = app.test_client()
    assert (client.get("/").text, client.get("/?early=1").text) == ("/", "1")


def test_what_calls_an_override_may_pass_the_context_itself() -> None:
    class App(Flask):
        def full_dispatch_request(self, ctx: AppContext) -> t.Any:  # type: ignore[override]
            return super().full_dispatch_request(ctx)  # type: ignore[call-arg]

    app = declare(App("called"))
    with app.test_request_context("/") as ctx:
        assert app.full_dispatch_request(t.cast(t.Any, ctx)).status_code == 200
        assert app.full_dispatch_request().status_code == 200  # type: ignore[call-arg]


def test_a_class_with_overrides_of_today_is_left_alone() -> None:
    def process_response(self: Flask, response: Response) -> Response:
        return response

    cls = type("Today", (Flask,), {"process_response": process_response})
    assert cls.__bases__ == (Flask,)
    assert vars(cls)["process_response"] is process_response


def test_steps_that_are_not_overridden_are_not_called() -> None:
    class App(Flask):
        def process_response(self, ctx: AppContext, response: Response) -> Response:  # type: ignore[override]
            return response

    app = declare(App("one"))
    app.test_client().get("/")
    replaced = app._revision.program.replaced
    assert (replaced.process_response, replaced.dispatch_request) == (True, False)


def test_template_decorators_work_without_parentheses() -> None:
    app = Flask("decorators")

    @app.template_filter
    def shout(value: str) -> str:
        return value.upper()

    @app.template_test
    def loud(value: str) -> bool:
        return value.isupper()

    @app.template_global
    def name() -> str:
        return "anna"

    with app.app_context():
        source = "{{ name() | shout }} {{ name() is loud }} {{ (name() | shout) is loud }}"
        assert render_template_string(source) == "ANNA False True"
    assert shout("a") == "A"


def test_an_override_is_recognised_by_name_or_annotation() -> None:
    def by_name(self: t.Any, ctx: t.Any) -> None: ...

    def by_annotation(self: t.Any, context: t.Any) -> None: ...

    def by_neither(self: t.Any, response: t.Any) -> None: ...

    by_annotation.__annotations__["context"] = AppContext
    by_neither.__annotations__["response"] = Response
    assert [takes_context(f) for f in (by_name, by_annotation, by_neither)] == [True, True, False]
