"""A request gets the same answer on the shortest way and where every step is a method call.

The shortest way is for applications that add nothing to a request. So each kind of application
is asked: with hooks and without, with a session and without, with a receiver of a signal.
"""

from __future__ import annotations

import contextlib
import io
import sys
import typing as t
from collections.abc import Callable

import pytest
from werkzeug.routing import BaseConverter, Map, Rule
from werkzeug.test import EnvironBuilder

import flask
from flask import Flask, g, jsonify, request, session
from flask.ctx import AppContext
from flask.globals import _cv_app, _cv_request
from flask.sessions import SecureCookieSessionInterface


class Stepwise(Flask):
    """Takes the slow way: one of its steps is replaced by itself."""

    def request_context(self, environ: t.Any) -> flask.ctx.RequestContext:
        return super().request_context(environ)

    def full_dispatch_request(self) -> flask.Response:
        return super().full_dispatch_request()


class Answer(t.NamedTuple):
    status: str
    headers: list[tuple[str, str]]
    body: bytes
    events: list[str]


KINDS = ("nothing", "session", "teardown", "receiver", "hooks", "overrides", "ends", "classes")
"""What the application has besides its views and error handlers."""

OVERRIDES = ("dispatch_request", "handle_user_exception", "preprocess_request")
ENDS = ("finalize_request", "make_response", "process_response", "do_teardown_request")


class NotedRequest(flask.Request):
    def close(self) -> None:
        self.environ["doors.events"].append(f"closed {self.endpoint}")
        super().close()


class TextResponse(flask.Response):
    default_mimetype = "text/plain"


class ScopedSessions(SecureCookieSessionInterface):
    events: list[str]

    def get_cookie_path(self, app: Flask) -> str:
        self.events.append(f"path of the cookie {request.path}")
        return super().get_cookie_path(app)


def declare(app: Flask, kind: str, events: list[str]) -> None:
    api = flask.Blueprint("api", __name__, url_prefix="/api")
    inner = flask.Blueprint("inner", __name__, url_prefix="/inner")
    if kind != "nothing":
        app.secret_key = "doors"
    if kind == "teardown":
        app.teardown_request(lambda exc: events.append(f"teardown {exc!r}"))
    if kind == "hooks":
        add_hooks(app, api, inner, events)
    if kind in ("overrides", "ends"):
        for name in OVERRIDES if kind == "overrides" else ENDS:
            replace(app, name, events)
    if kind == "classes":
        app.request_class = NotedRequest
        app.response_class = TextResponse
        app.session_interface = sessions = ScopedSessions()
        sessions.events = events
    add_views(app, api, inner)


def replace(app: Flask, name: str, events: list[str]) -> None:
    """Put a method in the place of one, which does nothing but call it."""
    built_in = getattr(app, name)

    def replacement(*args: t.Any, **kwargs: t.Any) -> t.Any:
        events.append(f"{name} {request.path}")
        return built_in(*args, **kwargs)

    setattr(app, name, replacement)


def add_hooks(app: Flask, api: flask.Blueprint, inner: flask.Blueprint, events: list[str]) -> None:
    def note(what: str) -> Callable[..., t.Any]:
        def hook(*args: t.Any) -> t.Any:
            events.append(f"{what} {request.path} {request.endpoint}")
            return args[0] if what.startswith("after") else None

        return hook

    for scaffold, name in ((app, "app"), (api, "api"), (inner, "inner")):
        scaffold.before_request(note(f"before-{name}"))
        scaffold.before_request(note(f"before2-{name}"))
        scaffold.after_request(note(f"after-{name}"))
        scaffold.after_request(note(f"after2-{name}"))
        scaffold.teardown_request(note(f"teardown-{name}"))
    app.teardown_appcontext(lambda exc: events.append(f"teardown-appcontext {exc!r}"))

    @api.url_value_preprocessor
    def take_language(endpoint: str | None, values: dict[str, t.Any] | None) -> None:
        events.append(f"preprocess {endpoint} {values}")
        if values:
            values["language"] = values.get("language", "none").upper()


class RefusingConverter(BaseConverter):
    def to_python(self, value: str) -> t.Any:
        flask.abort(418 if value == "teapot" else 403)


def add_views(app: Flask, api: flask.Blueprint, inner: flask.Blueprint) -> None:
    app.url_map.converters["refusing"] = RefusingConverter

    @app.errorhandler(404)
    def missing(error: Exception) -> tuple[str, int]:
        return f"no {request.path}", 404

    @api.errorhandler(ZeroDivisionError)
    def division(error: Exception) -> tuple[dict[str, str], int]:
        return {"error": "division"}, 422

    @api.route("/<language>/<int:number>", methods=["GET", "PUT"])
    def number(number: int, language: str) -> t.Any:
        return {"number": number, "language": language}

    @api.route("/divide")
    def divide() -> t.Any:
        return 1 / 0  # type: ignore[return-value]

    @inner.route("/session")
    def read_session() -> t.Any:
        return str(session.get("count"))

    @inner.route("/count")
    def count() -> t.Any:
        session["count"] = session.get("count", 0) + 1
        session.permanent = True
        return str(session["count"])

    api.register_blueprint(inner)
    app.register_blueprint(api)

    @app.route("/")
    def text() -> t.Any:
        return "grüß dich"

    @app.route("/list")
    def a_list() -> t.Any:
        return [1, {"b": 2, "a": 1}]

    @app.route("/created")
    def created() -> t.Any:
        return "made", 201, {"X-Made": "yes"}

    @app.route("/nothing")
    def nothing() -> t.Any:
        return "", 204

    @app.route("/response")
    def a_response() -> t.Any:
        answer = jsonify(a=1)
        answer.set_cookie("seen", "1")
        return answer

    @app.route("/after")
    def after() -> t.Any:
        @flask.after_this_request
        def mark(answer: flask.Response) -> flask.Response:
            answer.headers["X-After"] = "this"
            return answer

        return "after"

    @app.route("/stream")
    def stream() -> t.Any:
        def parts() -> t.Iterator[str]:
            yield "one "
            yield request.path

        return flask.stream_with_context(parts())

    @app.route("/redirect")
    def away() -> t.Any:
        return flask.redirect(flask.url_for("api.number", language="en", number=3))

    @app.route("/abort/<int:code>")
    def abort(code: int) -> t.Any:
        flask.abort(code)

    @app.route("/crash")
    def crash() -> t.Any:
        raise LookupError("crash")

    @app.route("/form", methods=["POST"])
    def form() -> t.Any:
        return f"{request.form['name']} {request.files['file'].filename}"

    @app.route("/json", methods=["POST"])
    def read_json() -> t.Any:
        return request.get_json()

    @app.route("/refused/<refusing:part>")
    def refused(part: str) -> t.Any:
        return part

    @app.route("/looked-at")
    def looked_at() -> t.Any:
        return f"{request.method} {request.url_rule} {request.cookies.get('seen')}"

    @app.route("/slash/")
    def slash() -> t.Any:
        return "slash"

    @app.route("/path/<path:rest>")
    def path(rest: str) -> t.Any:
        return rest

    @app.route("/none")
    def none() -> t.Any:
        return None

    @app.route("/options", methods=["OPTIONS", "GET"])
    def options() -> t.Any:
        return request.method


def get(path: str, **kwargs: t.Any) -> dict[str, t.Any]:
    return {"path": path, **kwargs}


REQUESTS: list[dict[str, t.Any]] = [
    get("/"),
    get("/", method="HEAD"),
    get("/", method="OPTIONS"),
    get("/", method="POST"),
    get("/", headers={"Host": "a..b"}),
    get("/", headers={"Connection": "Upgrade", "Upgrade": "websocket"}),
    get("/list"),
    get("/created"),
    get("/nothing"),
    get("/response"),
    get("/response", method="HEAD"),
    get("/after"),
    get("/stream"),
    get("/redirect"),
    get("/abort/404"),
    get("/abort/418"),
    get("/crash"),
    get("/none"),
    get("/form", method="POST", data={"name": "n", "file": (io.BytesIO(b"x"), "f.txt")}),
    get("/form", method="POST"),
    get("/json", method="POST", json={"b": [1], "a": None}),
    get("/json", method="POST", data="{", content_type="application/json"),
    get("/json", method="POST", data="x"),
    get("/refused/teapot"),
    get("/refused/other"),
    get("/looked-at"),
    get("/looked-at", headers={"Cookie": "seen=1"}),
    get("/", headers={"Cookie": "seen=1"}),
    get("/slash"),
    get("/slash/"),
    get("/path/a/b//c"),
    get("//path/a"),
    get("/path//a"),
    get("/missing"),
    get("/päth"),
    get("/options", method="OPTIONS"),
    get("/api/de/3"),
    get("/api/de/3", method="PUT"),
    get("/api/de/x"),
    get("/api/de/3", method="DELETE"),
    get("/api/divide"),
    get("/api/inner/session"),
    get("/api/inner/session", headers={"Cookie": "session=broken; other=1"}),
    get("/api/inner/count"),
    get("/", headers={"Cookie": "session=broken"}),
]


def ask(app: Flask, events: list[str], options: dict[str, t.Any]) -> Answer:
    del events[:]
    options = dict(options)
    if isinstance(options.get("data"), dict):  # its files are closed with the first request
        options["data"] = {**options["data"], "file": (io.BytesIO(b"x"), "f.txt")}
    environ = EnvironBuilder(**options).get_environ()
    environ["doors.events"] = events
    started: list[t.Any] = []

    def start_response(status: str, headers: t.Any, exc_info: t.Any = None) -> t.Any:
        started.append((status, sorted(headers)))

    body = app(environ, start_response)
    try:
        content = b"".join(body)
    finally:
        if hasattr(body, "close"):
            body.close()
    ((status, headers),) = started
    assert _cv_app.get(None) is None
    assert _cv_request.get(None) is None
    return Answer(status, headers, content, list(events))


def make(app_class: type[Flask], kind: str) -> tuple[Flask, list[str]]:
    events: list[str] = []
    app = app_class("doors")
    declare(app, kind, events)
    return app, events


@pytest.fixture(scope="module", params=KINDS)
def pair(request: pytest.FixtureRequest) -> t.Iterator[t.Any]:
    """Two applications of one kind: one that goes the shortest way, one that goes step by step."""
    receiving: list[str] = []

    def receiver(sender: Flask, **details: t.Any) -> None:
        receiving.append(flask.request.path)

    shortest, stepwise = make(Flask, request.param), make(Stepwise, request.param)
    with contextlib.ExitStack() as exits:
        if request.param == "receiver":
            exits.enter_context(flask.request_started.connected_to(receiver))
        yield shortest, stepwise
        assert bool(receiving) == (request.param == "receiver")


@pytest.mark.parametrize("options", REQUESTS, ids=lambda o: f"{o.get('method', 'GET')} {o['path']}")
def test_both_ways_answer_alike(pair: t.Any, options: dict[str, t.Any], caplog: t.Any) -> None:
    (shortest, its_events), (stepwise, other_events) = pair
    first = ask(shortest, its_events, options)
    log = [(record.name, record.levelname, record.getMessage()) for record in caplog.records]
    caplog.clear()
    second = ask(stepwise, other_events, options)
    assert _without_signature(first) == _without_signature(second)
    assert log == [(r.name, r.levelname, r.getMessage()) for r in caplog.records]


def test_the_two_ways_are_not_one() -> None:
    """Or the comparison above would compare a way with itself."""
    ways = []
    for app_class in (Flask, Stepwise):
        app, events = make(app_class, "nothing")
        ask(app, events, get("/"))
        called: list[str] = []

        def note(frame: t.Any, event: str, argument: t.Any, called: t.Any = called) -> None:
            if event == "call" and "flask" in frame.f_code.co_filename:
                called.append(frame.f_code.co_qualname)

        sys.setprofile(note)
        try:
            ask(app, events, get("/"))
        finally:
            sys.setprofile(None)
        ways.append(called)
    shortest, stepwise = ways
    assert "Flask.full_dispatch_request" not in shortest
    assert "Flask.full_dispatch_request" in stepwise
    assert len(shortest) < len(stepwise)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("app_class", [Flask, Stepwise])
def test_plain_answers_are_these_bytes(app_class: type[Flask], kind: str) -> None:
    app, events = make(app_class, kind)
    asked = [(path, method) for path in ("/", "/list") for method in ("GET", "HEAD")]
    answers = [ask(app, events, get(path, method=method)) for path, method in asked]
    mimetype = "text/plain" if kind == "classes" else "text/html"
    text = [("Content-Length", "11"), ("Content-Type", f"{mimetype}; charset=utf-8")]
    data = [("Content-Length", "18"), ("Content-Type", "application/json")]
    assert [answer[:3] for answer in answers] == [
        ("200 OK", text, "grüß dich".encode()),
        ("200 OK", text, b""),
        ("200 OK", data, b'[1,{"a":1,"b":2}]\n'),
        ("200 OK", data, b""),
    ]


def _without_signature(answer: Answer) -> Answer:
    """A session cookie contains the time that it was signed at, and that it ends at; the allowed
    methods are in no order.
    """
    headers = [
        (
            name,
            value.partition(".")[0]
            if name == "Set-Cookie"
            else ", ".join(sorted(value.split(", ")))
            if name == "Allow"
            else value,
        )
        for name, value in answer.headers
    ]
    return answer._replace(headers=headers)


def test_a_permanent_session_is_refreshed_by_both_doors() -> None:
    for app_class in (Flask, Stepwise):
        app, _ = make(app_class, "hooks")
        client = app.test_client()
        client.get("/api/inner/count")
        untouched = client.get("/")
        assert "session=" in untouched.headers["Set-Cookie"]
        assert untouched.headers["Vary"] == "Cookie"
        app.config["SESSION_REFRESH_EACH_REQUEST"] = False
        untouched = client.get("/")
        assert "Set-Cookie" not in untouched.headers
        assert "Vary" not in untouched.headers


@pytest.mark.parametrize("app_class", [Flask, Stepwise])
def test_a_request_inside_of_an_app_context_shares_its_g(app_class: type[Flask]) -> None:
    app = app_class("nested")

    @app.route("/")
    def shared() -> str:
        return str(g.get("mark"))

    client = app.test_client()
    for _ in range(3):  # the shortest way begins with the second request of a host
        assert client.get("/").text == "None"
        with app.app_context():
            g.mark = "outer"
            assert client.get("/").text == "outer"


@pytest.mark.parametrize("app_class", [Flask, Stepwise])
def test_an_exception_of_the_server_reaches_teardown(app_class: type[Flask]) -> None:
    app = app_class("exits")
    seen: list[BaseException | None] = []
    app.teardown_request(seen.append)

    @app.route("/")
    def leave() -> str:
        raise SystemExit(3)

    for _ in range(3):
        with pytest.raises(SystemExit):
            app.test_client().get("/")
    assert [type(error) for error in seen] == [SystemExit] * 3
    assert _cv_request.get(None) is None


@pytest.mark.parametrize("app_class", [Flask, Stepwise])
def test_an_exception_of_a_converter_is_the_answer(app_class: type[Flask]) -> None:
    app, events = make(app_class, "nothing")
    for _ in range(2):  # the second time, the host is known
        assert ask(app, events, get("/refused/teapot")).status == "418 I'M A TEAPOT"


@pytest.mark.parametrize("app_class", [Flask, Stepwise])
def test_a_request_class_is_called_before_the_application_context_is_made(
    app_class: type[Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    class NotedFirst(flask.Request):
        def __init__(self, environ: t.Any) -> None:
            made.append("request")
            super().__init__(environ)

    built_in = AppContext.__init__

    def note(self: AppContext, app: Flask) -> None:
        made.append("application context")
        built_in(self, app)

    app, events = make(app_class, "nothing")
    app.request_class = NotedFirst
    monkeypatch.setattr(AppContext, "__init__", note)
    for _ in range(2):
        ask(app, events, get("/"))
    assert made == ["request", "application context"] * 2


@pytest.mark.parametrize("app_class", [Flask, Stepwise])
def test_a_path_is_not_taken_for_one_whose_text_is_its_bytes(app_class: type[Flask]) -> None:
    app = app_class("bytes")
    app.add_url_rule("/ä", "decoded", lambda: "decoded")
    app.add_url_rule("/Ã¤/x", "bytes", lambda: "bytes")
    client = app.test_client()
    for _ in range(3):
        assert client.get("/ä").text == "decoded"
        assert client.get("/Ã¤/x").text == "bytes"
        assert client.get("/ä/x").status_code == 404


@pytest.mark.parametrize("app_class", [Flask, Stepwise])
def test_the_methods_of_an_automatic_answer_are_those_of_the_requests_adapter(
    app_class: type[Flask],
) -> None:
    app = app_class("adapters")
    app.add_url_rule("/", "index", lambda: "index")
    other = Map([Rule("/", endpoint="index", methods=["DELETE"])])

    @app.before_request
    def replace_adapter() -> None:
        if "other" in request.args:
            flask.globals.request_ctx.url_adapter = other.bind_to_environ(request.environ)

    client = app.test_client()
    for _ in range(2):
        assert client.options("/").headers["Allow"].count(", ") == 2
        assert client.options("/?other=1").headers["Allow"] == "DELETE"
