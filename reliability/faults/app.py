"""The application that fails on demand: `?at=STEP` says where, `?kind=http` by which exception.

It notes what happened under the token of each request, and tells it at `/events?of=TOKEN`. Under
`/direct` the same stands without a session interface of its own. Written with nothing but Flask's
documented interface, it serves on whatever `flask` is installed.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterator
from typing import Any

from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.routing import BaseConverter

from flask import (
    Blueprint,
    Flask,
    Response,
    after_this_request,
    g,
    got_request_exception,
    jsonify,
    render_template_string,
    request,
    request_finished,
    request_started,
    request_tearing_down,
    session,
    stream_template_string,
    stream_with_context,
    template_rendered,
    url_for,
)
from flask.sessions import SecureCookieSessionInterface
from flask.typing import ResponseReturnValue
from reliability.faults import streams
from reliability.faults.notes import LEAKS, NOTES, Broken, Noting, asked, note, trip

SIGNALS = {
    "request_started": request_started,
    "request_finished": request_finished,
    "request_tearing_down": request_tearing_down,
    "got_request_exception": got_request_exception,
    "template_rendered": template_rendered,
}


class First(Exception):
    """What is raised before an error handler that then fails itself."""


class FailingSessions(SecureCookieSessionInterface):
    def open_session(self, app: Flask, request: Any) -> Any:
        trip("session open")
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: Any, response: Response) -> None:
        trip("session save")
        super().save_session(app, session, response)


class FailingConverter(BaseConverter):
    def to_python(self, value: str) -> str:
        trip("converter")
        return value


class Remember(logging.Handler):
    """Notes what the application logs, without writing it."""

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            note("logged")


def create_app(*, own_sessions: bool) -> Flask:
    app = Flask(__name__)
    app.secret_key = "a key for the time of a fault"
    if own_sessions:
        app.session_interface = FailingSessions()
    app.url_map.converters["failing"] = FailingConverter
    _add_hooks(app)
    _add_error_handlers(app)
    _add_teardowns(app)
    _add_signals(app)
    _add_views(app)
    app.register_blueprint(_blueprint())
    streams.add_views(app)
    return app


def _add_hooks(app: Flask) -> None:
    @app.url_value_preprocessor
    def take_values(endpoint: str | None, values: dict[str, Any] | None) -> None:
        trip("url value preprocessor")

    @app.url_defaults
    def add_values(endpoint: str, values: dict[str, Any]) -> None:
        trip("url defaults")

    @app.before_request
    def prepare() -> None:
        g.token = asked("token")
        session["token"] = g.token
        trip("before_request")

    @app.after_request
    def dress(response: Response) -> Response:
        trip("after_request")
        response.headers["X-Token"] = g.get("token", "")
        return response

    @app.context_processor
    def add_names() -> dict[str, object]:
        trip("context processor")
        return {"trip": trip}


def _add_error_handlers(app: Flask) -> None:
    @app.errorhandler(First)
    def handle_first(error: First) -> ResponseReturnValue:
        trip("error handler")
        return "handled", 500

    @app.errorhandler(500)
    def handle_rest(error: Any) -> ResponseReturnValue:
        trip("handler of 500")
        return f"failed: {error.original_exception}", 500


def _add_teardowns(app: Flask) -> None:
    """Three functions of each sort, of which the middle one fails on demand."""
    for name in ("teardown_request", "teardown_appcontext"):

        def last(error: BaseException | None, name: str = name) -> None:
            note(f"{name}, last")

        def middle(error: BaseException | None, name: str = name) -> None:
            trip(name)

        def first(error: BaseException | None, name: str = name) -> None:
            note(f"{name}, first")

        for function in (last, middle, first):
            getattr(app, name)(function)


def _add_signals(app: Flask) -> None:
    for name, sent in SIGNALS.items():

        def receive(sender: object, step: str = f"signal {name}", **values: object) -> None:
            trip(step)

        sent.connect(receive, app, weak=False)


def _add_views(app: Flask) -> None:
    @app.route("/pid")
    def pid() -> str:
        return str(os.getpid())

    @app.route("/events")
    def tell() -> ResponseReturnValue:
        return jsonify(NOTES[request.args["of"]] if "of" in request.args else LEAKS)

    @app.route("/fail")
    def fail() -> ResponseReturnValue:
        @after_this_request
        def dress(response: Response) -> Response:
            trip("after_this_request")
            return response

        fail_in_view(asked("at"))
        link = url_for("take_part", part="whole")
        return render_template_string("{{ trip('template') or link }}", link=link)

    @app.route("/later")
    async def later() -> str:
        await asyncio.sleep(float(asked("seconds") or 0))
        trip("coroutine view")
        return str(g.token)

    @app.route("/part/<failing:part>")
    def take_part(part: str) -> str:
        return part

    @app.route("/body")
    def body() -> Response:
        return failing_body(asked("at"), NOTES[asked("token")])


def fail_in_view(at: str) -> None:
    """Raise what some steps after the view need to be reached at all."""
    if at == "error handler":
        raise First
    if at in ("handler of 500", "signal got_request_exception"):
        raise Broken("before that step")
    if at == "endpoint that is not there":
        url_for("nowhere")
    if at == "template that is not there":
        render_template_string("{% include 'nowhere.html' %}")
    trip("view")


def failing_body(at: str, notes: list[str]) -> Response:
    """A streamed body that fails at its first chunk, at a later one, or when it is closed."""

    def chunks() -> Iterator[str]:
        try:
            if at == "first chunk":
                raise Broken(at)
            yield "first\n" * 100
            if at == "later chunk":
                raise Broken(at)
            yield "second\n" * 100
        finally:
            notes.append("closed")

    def on_close() -> None:
        notes.append("on close")
        if at == "call_on_close":
            raise Broken(at)

    if at == "streamed template":
        source = "{% for chunk in chunks %}{{ chunk }}{{ trip('streamed template') }}{% endfor %}"
        response = Response(stream_template_string(source, chunks=chunks()))
    elif request.args.get("how") == "context":
        response = Response(stream_with_context(chunks()))
    else:
        response = Response(chunks())
    response.call_on_close(on_close)
    return response


def _blueprint() -> Blueprint:
    blueprint = Blueprint("inner", __name__, url_prefix="/inner")

    @blueprint.before_request
    def prepare() -> None:
        trip("before_request of a blueprint")

    @blueprint.after_request
    def dress(response: Response) -> Response:
        trip("after_request of a blueprint")
        return response

    @blueprint.teardown_request
    def clean(error: BaseException | None) -> None:
        trip("teardown_request of a blueprint")

    @blueprint.route("/fail")
    def fail() -> str:
        return "inner"

    return blueprint


direct = create_app(own_sessions=False)
app = Noting(DispatcherMiddleware(create_app(own_sessions=True), {"/direct": direct}))
# Both applications have one logger, that of their import name.
direct.logger.addHandler(Remember())
direct.logger.propagate = False
