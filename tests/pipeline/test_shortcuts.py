"""Applications that change one thing keep the short ways: shown by the functions that are called.

A guard that is too strict changes no answer: requests would only take longer ways than they have
to. So these tests look at the ways.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest
from benchmarks import additions, customised
from benchmarks.scenarios import environ_of

import flask
from flask import Flask

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


def called(app: Flask, environ: dict[str, Any]) -> list[str]:
    """The Python functions that a request calls, once others have gone before it."""
    for _ in range(3):
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
    assert len(names) < 20


@pytest.mark.parametrize("method", ["HEAD", "GET"])
@pytest.mark.parametrize(
    "view",
    [lambda: "text", lambda: {"a": 1}, lambda: [1]],
    ids=["text", "dict", "list"],
)
def test_plain_values_are_sent_without_a_response_object(
    view: Callable[[], Any], method: str
) -> None:
    app = Flask(__name__)
    app.add_url_rule("/", "view", view)
    environ = environ_for("nothing-special") | {"REQUEST_METHOD": method}
    for _ in range(3):
        ask(app, environ)
    made: list[str] = []
    sys.setprofile(lambda frame, event, argument: made.append(frame.f_code.co_qualname))
    try:
        ask(app, environ)
    finally:
        sys.setprofile(None)
    assert "Response.__init__" not in made
    assert "text_response" not in made
    assert "Request.__init__" not in made


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
