"""Applications that change one thing keep the short ways: shown by the functions that are called.

A guard that is too strict changes no answer: requests would only take longer ways than they have
to. So these tests look at the ways.
"""

from __future__ import annotations

import copy
import sys
from typing import Any

import pytest
from benchmarks import additions, customised
from benchmarks.scenarios import environ_of

import flask
from flask import Flask
from flask.ctx import AppContext, RequestContext
from flask.pipeline.program import RequestProgram
from flask.sessions import SecureCookieSessionInterface

KINDS = [name for name in customised.FACTORIES if not name.startswith("receiver")]
WITHOUT_HOOKS = [
    "nothing-special",
    "blueprint",
    "matching-subdomains",
    "matching-hosts",
    "url-defaults",
]
"""These have nothing that a request does for them."""

COMPILING = ("RequestProgram.__init__", "RequestProgram._compile_plan", "RoutingTable.__init__")
MATCHING = ("MapAdapter.match", "StateMachineMatcher.match", "Map.bind_to_environ")


def ask(app: Flask, environ: dict[str, Any]) -> bytes:
    body = app(environ.copy(), lambda *arguments: None)
    content = b"".join(body)
    getattr(body, "close", lambda: None)()
    return content


def called(app: Flask, environ: dict[str, Any], before: int = 3) -> list[str]:
    """The Python functions that a request calls, once so many others have gone before it."""
    for _ in range(before):
        assert ask(app, environ) == b"Hello, World!"
    names: list[str] = []

    def note(frame: Any, event: str, argument: Any) -> None:
        if event == "call":
            names.append(frame.f_code.co_qualname)

    sys.setprofile(note)
    try:
        ask(app, environ)
    finally:
        sys.setprofile(None)
    return names


def environ_for(kind: str) -> dict[str, Any]:
    return environ_of(additions.BY_NAME[kind].exchanges[0].request)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_compiled_and_werkzeugs_matcher_is_not_asked(kind: str) -> None:
    names = called(customised.FACTORIES[kind](), environ_for(kind))
    assert not [name for name in names if name in COMPILING]
    if kind != "session-interface":  # it opens each session, for which the request is looked at
        assert not [name for name in names if name in MATCHING]


@pytest.mark.parametrize("kind", WITHOUT_HOOKS)
def test_an_application_without_hooks_is_served_by_the_entry_point_alone(kind: str) -> None:
    names = called(customised.FACTORIES[kind](), environ_for(kind))
    assert "handle_request" not in names
    assert "finalize_request" not in names
    assert len(names) < 24


@pytest.mark.parametrize("method", ["HEAD", "GET"])
@pytest.mark.parametrize(
    "value", ["Hello, World!", {"a": 1}, [1]], ids=lambda value: type(value).__name__
)
def test_plain_values_are_sent_without_a_request_or_response_object(
    value: Any, method: str
) -> None:
    app = Flask(__name__)
    app.add_url_rule("/", "view", lambda: value)
    environ = environ_for("nothing-special") | {"REQUEST_METHOD": method}
    for _ in range(3):
        ask(app, environ)
    names = called(app, environ, before=0)
    assert "Response.__init__" not in names
    assert "text_response" not in names
    assert "Request.__init__" not in names


def test_after_its_last_receiver_an_application_has_the_short_way_again() -> None:
    app, environ = customised.create_plain(), environ_for("nothing-special")

    def receiver(sender: Flask, **details: Any) -> None:
        pass

    short = called(app, environ)
    with flask.request_started.connected_to(receiver):
        assert len(called(app, environ)) > len(short)
    assert called(app, environ) == short


def test_after_a_replacement_is_taken_back_the_short_way_is_there_again() -> None:
    app, environ = customised.create_plain(), environ_for("nothing-special")
    short = called(app, environ)
    app.dispatch_request = lambda: "Hello, World!"  # type: ignore[method-assign]
    assert len(called(app, environ)) > len(short)
    del app.dispatch_request  # type: ignore[method-assign]
    assert called(app, environ) == short


@pytest.mark.parametrize(
    ("cls", "name"),
    [
        (Flask, "dispatch_request"),
        (AppContext, "push"),
        (RequestContext, "match_request"),
        (flask.Request, "close"),
    ],
)
def test_after_a_class_has_its_method_back_the_short_way_is_there_again(
    cls: type, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, environ = customised.create_plain(), environ_for("nothing-special")
    short = called(app, environ)
    built_in: Any = getattr(cls, name)
    with monkeypatch.context() as patch:
        patch.setattr(cls, name, lambda *args: built_in(*args))
        assert len(called(app, environ)) > len(short)
    assert called(app, environ) == short


def test_copies_of_a_request_leave_the_short_way() -> None:
    app, environ = customised.create_plain(), environ_for("nothing-special")
    short = called(app, environ)
    with app.test_request_context():
        assert copy.copy(flask.request._get_current_object()).path == "/"
        assert copy.copy(app).name == app.name
    assert called(app, environ) == short
    assert not app._revision.program.needs_check


def test_a_program_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    app = customised.create_plain()
    compiled: list[object] = []
    built_in = RequestProgram.__init__

    def noted(self: RequestProgram, *args: Any) -> None:
        compiled.append(self)
        built_in(self, *args)

    monkeypatch.setattr(RequestProgram, "__init__", noted)
    assert app._current_program() is app._current_program()
    assert len(compiled) == 1


def test_a_session_interface_may_have_attributes_of_its_own() -> None:
    app, environ = customised.create_plain(), environ_for("nothing-special")
    short = called(app, environ)
    interface: Any = SecureCookieSessionInterface()
    app.session_interface = interface
    interface.lifetime = 5
    assert called(app, environ) == short
    interface.get_cookie_path = lambda app: "/"
    assert len(called(app, environ)) > len(short)


def test_a_session_that_nobody_asks_for_is_not_opened() -> None:
    app, environ = customised.create_plain(), environ_for("nothing-special")
    names = called(app, environ | {"HTTP_COOKIE": "other=1"})
    assert "SecureCookieSessionInterface.open_session" not in names
    assert "RequestContext.open_session" not in names


def test_literal_paths_are_found_in_a_dict_and_others_by_one_walk() -> None:
    app = customised.create_plain()
    app.add_url_rule("/hello/<name>", "hello", lambda name: "Hello, World!")
    environ = environ_for("nothing-special")
    assert "RoutingTable.find" not in called(app, environ)
    found = called(app, environ | {"PATH_INFO": "/hello/ada"})
    assert found.count("RoutingTable.find") == 1
    assert "Node.walk" not in found


def test_urls_are_built_by_what_was_compiled() -> None:
    app = customised.create_plain()
    app.add_url_rule("/hello/<name>", "hello", lambda name: name)
    app.view_functions["index"] = lambda: flask.url_for("hello", name="ada") and "Hello, World!"
    names = called(app, environ_for("nothing-special"))
    assert "MapAdapter.build" not in names
    assert "compile_builder" not in names


def test_a_changed_hook_leaves_the_routing_tables_as_they_are() -> None:
    app, environ = customised.create_plain(), environ_for("nothing-special")
    called(app, environ)
    app.before_request_funcs[None].append(lambda: None)
    names = called(app, environ, before=0)
    assert "RequestProgram.__init__" in names
    assert "RoutingTable.__init__" not in names
    app.url_map.add(app.url_rule_class("/x", endpoint="index"))
    assert "RoutingTable.__init__" in called(app, environ, before=0)


def test_each_known_host_has_the_short_way() -> None:
    app, environ = customised.create_plain(), environ_for("nothing-special")
    one, two = ({**environ, "HTTP_HOST": host} for host in ("one.example", "two.example"))
    for _ in range(3):
        ask(app, one)
        ask(app, two)
    for known in (one, two):
        assert "handle_request" not in called(app, known, before=0)


def test_a_replaced_class_attribute_is_noticed_once_and_then_short_again() -> None:
    class Shop(Flask):
        def dispatch_request(self) -> Any:
            return super().dispatch_request()

    app, environ = customised.create_plain(Shop), environ_for("nothing-special")
    assert not [name for name in called(app, environ) if name in COMPILING]
    Shop.dispatch_request = lambda self: Flask.dispatch_request(self)  # type: ignore
    assert not [name for name in called(app, environ) if name in COMPILING]


def test_a_class_that_handles_assignments_itself_is_not_compiled_each_time() -> None:
    class Shop(Flask):
        def __setattr__(self, name: str, value: Any) -> None:
            object.__setattr__(self, name, value)

    app, environ = customised.create_plain(Shop), environ_for("nothing-special")
    assert not [name for name in called(app, environ) if name in COMPILING]
    app.dispatch_request = lambda: "replaced"  # type: ignore[method-assign]
    assert ask(app, environ) == b"replaced"
    del app.dispatch_request  # type: ignore[method-assign]
    assert ask(app, environ) == b"Hello, World!"
    app.view_functions = {"index": lambda: "other views"}
    assert ask(app, environ) == b"other views"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/none", "404"), ("PUT", "/", "405"), ("GET", "/folder", "308")],
)
def test_error_pages_are_made_without_being_sent(method: str, path: str, status: str) -> None:
    app = customised.create_plain()
    app.add_url_rule("/folder/", "folder", lambda: "folder")
    environ = {**environ_for("nothing-special"), "REQUEST_METHOD": method, "PATH_INFO": path}
    names: list[str] = []

    def note(frame: Any, event: str, argument: Any) -> None:
        if event == "call":
            names.append(frame.f_code.co_qualname)

    statuses: list[str] = []
    sys.setprofile(note)
    try:
        app(environ, lambda status, headers: statuses.append(status))
    finally:
        sys.setprofile(None)
    assert [line[:3] for line in statuses] == [status]
    assert "run_wsgi_app" not in names
