"""Short ways to open and to save a session, beside an application whose hooks rule them out."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import flask
from flask import Flask, Request, Response, session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface

Answer = tuple[str, list[tuple[str, str]], bytes]


def _read() -> str:
    return repr(dict(session))


def _count() -> str:
    session["n"] = session.get("n", 0) + 1
    return "counted"


def _fill() -> str:
    session["text"] = "".join(map(chr, range(60, 3000, 7)))
    return "filled"


def _clear() -> str:
    session.clear()
    return "cleared"


def _permanent() -> str:
    session.permanent = True
    return "permanent"


def _unaccessed() -> str:
    session["n"] = 1
    session.accessed = False
    return "unaccessed"


def _unwritable() -> str:
    session["n"] = object()
    return "unwritable"


def _without_key() -> str:
    flask.current_app.secret_key = None
    session["n"] = 1
    return "without key"


VIEWS: dict[str, Callable[[], str]] = {
    view.__name__.strip("_"): view
    for view in (_read, _count, _fill, _clear, _permanent, _unaccessed, _unwritable, _without_key)
}


def make_app(short: bool = True, **config: Any) -> Flask:
    """An application, with hooks that ask for a request and a response unless ``short``."""
    app = Flask("sessions")
    app.config.update(SECRET_KEY="key", **config)
    app.session_interface = SecureCookieSessionInterface()  # instead of the class's, to change it
    for name, view in VIEWS.items():
        app.add_url_rule(f"/{name}", name, view)
    if not short:
        app.before_request(lambda: None if flask.request.path else "never")
        app.after_request(lambda response: response)
    return app


def ask(app: Flask, path: str, cookie: str | None = None, method: str = "GET") -> Answer:
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "HTTP_HOST": "localhost",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
    }
    if cookie is not None:
        environ["HTTP_COOKIE"] = cookie
    answer: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        answer.extend((status, headers))

    body: Any = app(environ, start_response)
    content = b"".join(body)
    getattr(body, "close", lambda: None)()
    return answer[0], answer[1], content


@contextmanager
def at(second: float) -> Iterator[None]:
    """Stop the clock of cookies."""
    now = datetime.fromtimestamp(second, UTC)
    with (
        mock.patch("itsdangerous.timed.time", SimpleNamespace(time=lambda: second)),
        mock.patch("flask.sessions.datetime", SimpleNamespace(now=lambda zone: now)),
    ):
        yield


NOW = 1_790_000_000.0


@pytest.fixture(autouse=True)
def one_second() -> Iterator[None]:
    """Have all cookies signed in the same second."""
    with at(NOW):
        yield


def signed(content: dict[str, Any]) -> str:
    signer = SecureCookieSessionInterface().get_signing_serializer(make_app())
    assert signer is not None
    with at(NOW):
        return signer.dumps(content)


def answers(path: str, cookie: str | None = None, method: str = "GET", **config: Any) -> Answer:
    """The answer, after it was compared with that of the long way."""
    found = []
    for short in (True, False):
        app = make_app(short, **config)
        app.logger.disabled = True
        if path != "/without_key":
            for _ in range(3):
                ask(app, "/read")  # which compiles
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            found.append((ask(app, path, cookie, method), [str(w.message) for w in warned]))
    ours, twin = found
    assert ours == twin
    return ours[0]


CONFIGS: list[dict[str, Any]] = [
    {},
    {"SESSION_COOKIE_NAME": "other", "SESSION_COOKIE_DOMAIN": "example.org"},
    {"SESSION_COOKIE_PATH": "/shop", "SESSION_COOKIE_SECURE": True},
    {"APPLICATION_ROOT": "/root", "SESSION_COOKIE_HTTPONLY": False},
    {"SESSION_COOKIE_SAMESITE": "Lax", "SESSION_COOKIE_PARTITIONED": True},
    {"SESSION_REFRESH_EACH_REQUEST": False},
    {"MAX_COOKIE_SIZE": 30},
    {"MAX_COOKIE_SIZE": 0},
    {"SECRET_KEY_FALLBACKS": ["older"]},
]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: "+".join(config) or "default")
@pytest.mark.parametrize("path", VIEWS)
def test_text_with_a_session_is_answered_as_by_the_long_way(
    path: str, config: dict[str, Any]
) -> None:
    name = config.get("SESSION_COOKIE_NAME", "session")
    for content in ({"n": 1}, {"n": 1, "user": "ada"}, {"_permanent": True, "n": 2}, None):
        cookie = None if content is None else f"a=b; {name}={signed(content)}; c=d"
        for method in ("GET", "HEAD"):
            answers(f"/{path}", cookie, method, **config)


def test_what_was_compared_has_sessions_in_it() -> None:
    status, headers, body = answers("/count", f"session={signed({'n': 4})}")
    assert (status, body) == ("200 OK", b"counted")
    assert [name for name, _ in headers] == [
        *("Content-Type", "Content-Length", "Vary", "Set-Cookie")
    ]
    assert headers[3] == ("Set-Cookie", f"session={signed({'n': 5})}; HttpOnly; Path=/")
    assert answers("/read", f"session={signed({'n': 4})}")[2] == b"{'n': 4}"


PIECES = ["session", "other", "sessions", "=", ";", "; ", " ", "\t", '"', "\\", "a", ",", "\xe9"]


@given(
    pieces=st.lists(
        st.sampled_from([*PIECES, "; session=", "; other=", signed({"n": 1}), signed({"n": 2})]),
        max_size=9,
    )
)
@settings(max_examples=400, deadline=None)
@example([f"session={signed({'n': 1})}", "; session=", signed({"n": 2})])
@example(['a="; session=', signed({"n": 1}), '"; session=', signed({"n": 2})])
@example(['a="; session=', signed({"n": 1}), '; "'])
@example(["session =", signed({"n": 1}), "; session=", signed({"n": 2})])
@example(["a=b;session=", signed({"n": 1}), "; session=", signed({"n": 2})])
@example(["session=", signed({"n": 1}), " "])
@example(["session=", signed({"n": 1})[:-1], "A"])
def test_cookies_are_found_as_by_the_long_way(pieces: list[str]) -> None:
    assert ask(APP, "/read", "".join(pieces)) == ask(TWIN, "/read", "".join(pieces))


APP, TWIN = make_app(), make_app(short=False)


@pytest.mark.parametrize("name", ["__Host-session", "a.b", "a b", "(", "", "[s]+", "s\xe9"])
def test_cookies_of_any_name_are_found(name: str) -> None:
    for cookie in (f"{name}={signed({'n': 7})}", f"a=1; {name}={signed({'n': 7})}", f"{name}="):
        answers("/read", cookie, SESSION_COOKIE_NAME=name)


def test_a_cookie_that_is_too_old_is_an_empty_session() -> None:
    cookie = f"session={signed({'n': 1})}"
    with at(NOW + 90):
        found = answers("/read", cookie, PERMANENT_SESSION_LIFETIME=timedelta(seconds=60))
        assert found[2] == b"{}"
        found = answers("/read", cookie, PERMANENT_SESSION_LIFETIME=timedelta(seconds=91))
        assert found[2] == b"{'n': 1}"


class Eager(Request):
    def __init__(self, environ: Any, *arguments: Any, **options: Any) -> None:
        super().__init__(environ, *arguments, **options)
        environ["HTTP_COOKIE"] = f"session={signed({'n': 70})}"


class Visible(SecureCookieSession):
    accessed = True


class ClosedInterface(SecureCookieSessionInterface):
    def open_session(self, app: Flask, request: Request) -> Any:
        return self.session_class({"n": 50})


def _set_class(app: Flask) -> None:
    app.session_interface.session_class = Visible  # type: ignore[attr-defined]


def _set_salt(app: Flask) -> None:
    app.session_interface.salt = "other"  # type: ignore[attr-defined]


def _set_open(app: Flask) -> None:
    app.session_interface.open_session = (  # type: ignore[method-assign]
        lambda app, request: SecureCookieSession({"n": 60})
    )


def _set_interface(app: Flask) -> None:
    app.session_interface = ClosedInterface()


def _set_request(app: Flask) -> None:
    app.request_class = Eager


@pytest.mark.parametrize("change", [_set_class, _set_salt, _set_open, _set_interface, _set_request])
@pytest.mark.parametrize("late", [False, True])
def test_a_change_of_the_application_counts(change: Callable[[Flask], None], late: bool) -> None:
    cookie = f"session={signed({'n': 1})}"
    for path in ("/read", "/count"):
        found = []
        for short in (True, False):
            app = make_app(short)
            if late:
                ask(app, "/count", cookie)
            change(app)
            found.append([ask(app, path, cookie) for _ in range(3)])
        assert found[0] == found[1]


def _cookies(request: Request) -> dict[str, str]:
    return {"session": signed({"n": 30})}


def _set_cookie(response: Response, name: str, value: str = "", **options: Any) -> None:
    response.headers.add("Set-Cookie", "replaced=1")


PATCHES: list[tuple[type, str, Any]] = [
    (Request, "cookies", property(_cookies)),
    (Request, "dict_storage_class", dict),
    (SecureCookieSessionInterface, "open_session", ClosedInterface.open_session),
    (SecureCookieSessionInterface, "get_cookie_name", lambda self, app: "other"),
    (SecureCookieSessionInterface, "get_cookie_domain", lambda self, app: "example.net"),
    (SecureCookieSessionInterface, "should_set_cookie", lambda self, app, session: True),
    (SecureCookieSessionInterface, "get_signing_serializer", lambda self, app: None),
    (SecureCookieSessionInterface, "save_session", lambda *arguments: None),
    (SecureCookieSessionInterface, "session_class", Visible),
    (SecureCookieSession, "permanent", True),
    (Response, "set_cookie", _set_cookie),
    (Response, "max_cookie_size", 10),
    (Response, "default_status", 418),
]


@pytest.mark.parametrize(("owner", "name", "value"), PATCHES, ids=[patch[1] for patch in PATCHES])
@pytest.mark.filterwarnings("ignore:The 'session' cookie is too large")
@pytest.mark.filterwarnings("ignore:The 'other' cookie is too large")
def test_a_patch_of_a_class_counts(owner: type, name: str, value: Any) -> None:
    cookie = f"session={signed({'n': 1})}; other={signed({'n': 2})}"
    for path in ("/read", "/count"):
        found = []
        for short in (True, False):
            app = make_app(short)
            app.logger.disabled = True
            before = ask(app, path, cookie)
            with mock.patch.object(owner, name, value):
                found.append([ask(app, path, cookie) for _ in range(3)])
            assert ask(app, path, cookie) == before
        assert found[0] == found[1]


def test_a_function_for_this_response_sees_one() -> None:
    app = make_app()

    @app.route("/late")
    def late() -> str:
        @flask.after_this_request
        def note(response: Response) -> Response:
            response.headers["X-Late"] = "yes"
            return response

        session["n"] = 1
        return "late"

    for _ in range(3):
        assert ("X-Late", "yes") in ask(app, "/late")[1]


def test_a_receiver_of_the_finished_request_sees_a_response() -> None:
    seen = []
    app = make_app()

    def note(sender: Flask, response: Response, **details: Any) -> None:
        seen.append(response.headers["Set-Cookie"])

    with flask.request_finished.connected_to(note, app):
        for _ in range(3):
            ask(app, "/count")
    assert len(seen) == 3


def test_the_short_ways_make_neither_request_nor_response() -> None:
    app, cookie = make_app(), f"session={signed({'n': 1})}"
    for _ in range(3):
        ask(app, "/count", cookie)
    names: list[str] = []

    def note(frame: Any, event: str, argument: Any) -> None:
        names.append(frame.f_code.co_qualname)

    sys.setprofile(note)
    try:
        ask(app, "/count", cookie)
    finally:
        sys.setprofile(None)
    assert "answer_with_session" in names
    assert not {"Request.__init__", "Response.__init__", "finalize_request"} & set(names)
