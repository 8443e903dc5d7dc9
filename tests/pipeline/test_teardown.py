"""The end of a request: every teardown function runs, once, and learns what ended the request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import create_environ, run_wsgi_app

import flask
from flask import Flask


class Stepwise(Flask):
    """Replaces a step by itself, so that no short cut is taken."""

    def request_context(self, environ: Any) -> flask.ctx.RequestContext:
        return super().request_context(environ)

    def full_dispatch_request(self) -> flask.Response:
        return super().full_dispatch_request()


class Warm(Flask):
    """Has answered requests before: from then on its host is known, and so are its plans."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.add_url_rule("/", "index", lambda: "index")
        self.add_url_rule("/fail", "fail", lambda: {}["missing"])
        for _ in range(2):
            assert self.test_client().get("/").text == "index"
        # Tests add hooks, which count from the next request also where that is too late to do.
        self._got_first_request = False


class WarmStepwise(Warm, Stepwise):
    pass


@pytest.fixture(params=[Warm, WarmStepwise], ids=["shortest", "stepwise"])
def app(request: pytest.FixtureRequest) -> Flask:
    app: Flask = request.param(__name__)
    return app


def failing(kind: type[Exception], seen: list[str], name: str) -> Callable[[Any], None]:
    def teardown(error: BaseException | None) -> None:
        seen.append(name)
        raise kind(name)

    return teardown


@pytest.mark.parametrize("place", ["teardown_request", "teardown_appcontext"])
def test_each_function_runs_though_others_fail_and_the_first_error_is_raised(
    app: Flask, place: str
) -> None:
    seen: list[str] = []
    register = getattr(app, place)
    register(lambda error: seen.append("last"))
    register(failing(LookupError, seen, "second"))
    register(failing(ValueError, seen, "first"))
    with pytest.raises(ValueError, match="first") as caught:
        app.test_client().get("/")
    assert seen == ["first", "second", "last"]
    assert "LookupError('second')" in str(caught.value.__notes__)
    assert not flask.has_app_context()


def test_a_failure_at_the_requests_end_leaves_the_applications_end_to_run(app: Flask) -> None:
    seen: list[str] = []
    app.teardown_request(failing(ValueError, seen, "request"))
    app.teardown_appcontext(lambda error: seen.append("app"))
    with pytest.raises(ValueError, match="request"):
        app.test_client().get("/")
    assert seen == ["request", "app"]
    assert not flask.has_request_context()


def serve(app: Flask, start_response: Callable[..., Any]) -> None:
    body = app(create_environ("/"), start_response)
    list(body)
    getattr(body, "close", lambda: None)()


@pytest.mark.parametrize(
    ("kind", "is_told"),
    [
        (BrokenPipeError, False),
        (ConnectionResetError, False),
        (ConnectionAbortedError, False),
        (GeneratorExit, False),
        (OSError, True),
        (ValueError, True),
        (KeyboardInterrupt, True),
    ],
)
def test_a_failed_delivery_is_told_unless_the_client_went_away(
    app: Flask, kind: type[BaseException], is_told: bool
) -> None:
    seen: list[BaseException | None] = []
    app.teardown_request(seen.append)
    error = kind("while sending")

    def start_response(*arguments: object) -> None:
        raise error

    with pytest.raises(kind):
        serve(app, start_response)
    assert seen == [error if is_told else None]
    assert not flask.has_app_context()


def test_a_failed_delivery_ends_a_request_without_hooks_too(app: Flask) -> None:
    def start_response(*arguments: object) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        serve(app, start_response)
    assert not flask.has_app_context()
    assert app.test_client().get("/").text == "index"


@pytest.mark.parametrize("propagate", [False, True])
def test_an_unhandled_error_is_told_whether_it_is_answered_or_raised(
    app: Flask, propagate: bool
) -> None:
    seen: list[tuple[str, BaseException | None]] = []
    app.teardown_request(lambda error: seen.append(("request", error)))
    app.teardown_appcontext(lambda error: seen.append(("app", error)))
    app.config["PROPAGATE_EXCEPTIONS"] = propagate
    environ = create_environ("/fail")
    if propagate:
        with pytest.raises(KeyError):
            run_wsgi_app(app, environ)
    else:
        assert run_wsgi_app(app, environ)[1] == "500 INTERNAL SERVER ERROR"
    assert [(place, type(error)) for place, error in seen] == [
        ("request", KeyError),
        ("app", KeyError),
    ]


def test_a_handled_error_is_not_told(app: Flask) -> None:
    seen: list[BaseException | None] = []
    app.teardown_request(seen.append)
    app.register_error_handler(KeyError, lambda error: "handled")
    assert app.test_client().get("/fail").text == "handled"
    assert seen == [None]


def test_ignored_errors_are_not_told(app: Flask) -> None:
    seen: list[BaseException | None] = []
    app.teardown_request(seen.append)
    app.should_ignore_error = lambda error: True  # type: ignore[method-assign]
    assert app.test_client().get("/fail").status_code == 500
    assert seen == [None]


def test_a_request_object_is_closed_with_its_files(app: Flask) -> None:
    closed: list[str] = []

    class Closing(flask.Request):
        def close(self) -> None:
            closed.append(self.path)
            super().close()

    app.request_class = Closing
    for _ in range(3):
        app.test_client().get("/")
    assert closed == ["/", "/", "/"]
