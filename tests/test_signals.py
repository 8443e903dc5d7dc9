"""Signals: when each is sent, with what, and to whom."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from blinker import Signal

import flask
from flask import Flask, request, signals

NAMES = (
    "appcontext_popped",
    "appcontext_pushed",
    "appcontext_tearing_down",
    "before_render_template",
    "got_request_exception",
    "message_flashed",
    "request_finished",
    "request_started",
    "request_tearing_down",
    "template_rendered",
)


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.secret_key = "signals"
    app.add_url_rule("/", "index", lambda: "index")
    app.add_url_rule("/fail", "fail", lambda: 1 // 0)
    app.add_url_rule("/flash", "flash", lambda: flask.flash("hello", "info") or "")
    app.add_url_rule(
        "/template", "template", lambda: flask.render_template_string("{{ a }}", a=request.path)
    )
    return app


@pytest.fixture
def heard(app: Flask) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """Every signal the application sends, by name and what it carries."""
    seen: list[tuple[str, dict[str, Any]]] = []
    connected = []
    for name in NAMES:

        def receiver(sender: Flask, _name: str = name, **details: Any) -> None:
            seen.append((_name, details))

        signal = getattr(signals, name)
        signal.connect(receiver, app)
        connected.append((signal, receiver))
    yield seen
    for signal, receiver in connected:
        signal.disconnect(receiver, app)


def names(heard: list[tuple[str, dict[str, Any]]]) -> list[str]:
    return [name for name, _ in heard]


def test_all_of_them_are_public() -> None:
    assert all(getattr(flask, name) is getattr(signals, name) for name in NAMES)


def test_a_request_sends_these_in_this_order(app: Flask, heard: list[Any]) -> None:
    app.before_request(lambda: heard.append(("before", {})))
    app.teardown_request(lambda error: heard.append(("teardown", {})))
    app.test_client().get("/")
    assert names(heard) == [
        "appcontext_pushed",
        "request_started",
        "before",
        "request_finished",
        "teardown",
        "request_tearing_down",
        "appcontext_tearing_down",
        "appcontext_popped",
    ]
    details = dict(heard)
    assert details["request_finished"]["response"].get_data() == b"index"
    assert details["request_tearing_down"] == {"exc": None}
    assert details["appcontext_tearing_down"] == {"exc": None}


def test_an_error_is_told_and_the_answer_is_still_finished(app: Flask, heard: list[Any]) -> None:
    app.test_client().get("/fail")
    details = dict(heard)
    error = details["got_request_exception"]["exception"]
    assert type(error) is ZeroDivisionError
    assert details["request_finished"]["response"].status_code == 500
    assert details["request_tearing_down"]["exc"] is error
    assert names(heard).index("got_request_exception") < names(heard).index("request_finished")


def test_a_missing_page_is_no_exception(app: Flask, heard: list[Any]) -> None:
    app.test_client().get("/missing")
    assert "got_request_exception" not in names(heard)
    assert "request_started" in names(heard)


def test_templates_tell_before_and_after(app: Flask, heard: list[Any]) -> None:
    app.test_client().get("/template")
    found = [(name, kept) for name, kept in heard if "template" in name]
    assert [name for name, _ in found] == ["before_render_template", "template_rendered"]
    for _, kept in found:
        assert kept["context"]["a"] == "/template"
        assert kept["template"].name is None


def test_a_flashed_message_is_told(app: Flask, heard: list[Any]) -> None:
    app.test_client().get("/flash")
    assert dict(heard)["message_flashed"] == {"message": "hello", "category": "info"}


def test_another_applications_receiver_hears_nothing(app: Flask, heard: list[Any]) -> None:
    other = Flask("other")
    other.add_url_rule("/", "index", lambda: "other")
    assert other.test_client().get("/").text == "other"
    assert heard == []


def test_a_receiver_of_everybody_hears_both(app: Flask) -> None:
    other = Flask("other")
    other.add_url_rule("/", "index", lambda: "other")
    senders: list[Flask] = []

    def receiver(sender: Flask, **details: Any) -> None:
        senders.append(sender)

    with flask.request_started.connected_to(receiver):
        app.test_client().get("/")
        other.test_client().get("/")
    app.test_client().get("/")
    assert senders == [app, other]


@pytest.mark.parametrize("name", ["request_started", "request_finished", "request_tearing_down"])
def test_connecting_and_disconnecting_count_from_the_next_request(app: Flask, name: str) -> None:
    client = app.test_client()
    signal = getattr(signals, name)
    seen: list[str] = []

    def receiver(sender: Flask, **details: Any) -> None:
        seen.append(request.path)

    client.get("/")
    assert seen == []
    signal.connect(receiver, app)
    client.get("/")
    assert seen == ["/"]
    signal.disconnect(receiver, app)
    client.get("/")
    assert seen == ["/"]


def test_a_receiver_that_is_gone_is_not_called(app: Flask) -> None:
    seen: list[str] = []

    class Receiver:
        def hear(self, sender: Flask, **details: Any) -> None:
            seen.append("heard")

    receiver = Receiver()
    flask.request_started.connect(receiver.hear, app)
    client = app.test_client()
    client.get("/")
    del receiver
    client.get("/")
    assert seen == ["heard"]


def test_what_a_receiver_of_request_started_raises_is_handled(app: Flask) -> None:
    @app.errorhandler(LookupError)
    def handle(error: LookupError) -> tuple[str, int]:
        return f"handled {error.args[0]}", 418

    def receiver(sender: Flask, **details: Any) -> None:
        raise LookupError("started")

    with flask.request_started.connected_to(receiver, app):
        answer = app.test_client().get("/")
    assert (answer.status_code, answer.text) == (418, "handled started")


def test_receivers_of_the_end_may_look_at_the_request(app: Flask) -> None:
    seen: list[str] = []

    def receiver(sender: Flask, **details: Any) -> None:
        seen.append(f"{request.endpoint} {flask.current_app.name}")

    with flask.request_tearing_down.connected_to(receiver, app):
        app.test_client().get("/")
    assert seen == [f"index {app.name}"]


def test_a_muted_signal_is_not_sent(app: Flask) -> None:
    heard: list[Any] = []

    def note(sender: Flask, **details: Any) -> None:
        heard.append(sender)

    with signals.request_started.connected_to(note, app):
        with signals.request_started.muted():
            app.test_client().get("/")
        assert heard == []
        app.test_client().get("/")
    assert heard == [app]


def test_receivers_may_be_methods_coroutine_functions_and_callable_objects(app: Flask) -> None:
    heard: list[str] = []

    class Listener:
        def method(self, sender: Flask, **details: Any) -> None:
            heard.append("method")

        async def coroutine(self, sender: Flask, **details: Any) -> None:
            heard.append("coroutine method")

        def __call__(self, sender: Flask, **details: Any) -> None:
            heard.append("object")

    async def function(sender: Flask, **details: Any) -> None:
        heard.append("coroutine function")

    listener = Listener()
    with contextlib.ExitStack() as exits:
        for receiver in (listener.method, listener.coroutine, listener, function):
            exits.enter_context(signals.request_started.connected_to(receiver, app))
        app.test_client().get("/")
    assert sorted(heard) == ["coroutine function", "coroutine method", "method", "object"]


def test_a_replaced_send_is_called(app: Flask) -> None:
    signal = signals.request_started
    with (
        signal.connected_to(lambda sender, **details: None, app),
        mock.patch.object(signal, "send") as send,
    ):
        app.test_client().get("/")
    send.assert_called_once()


def test_a_replaced_choice_of_receivers_is_used(app: Flask) -> None:
    signal = signals.request_started
    heard: list[str] = []

    def connected(sender: Flask, **details: Any) -> None:
        heard.append("connected")

    def chosen(sender: Flask, **details: Any) -> None:
        heard.append("chosen")

    with signal.connected_to(connected, app):
        for owner in (signal, Signal):
            with mock.patch.object(owner, "receivers_for", return_value=[chosen]):
                app.test_client().get("/")
    assert heard == ["chosen"] * 2


@pytest.mark.parametrize("by_blinker", [False, True])
def test_blinkers_choice_of_receivers(app: Flask, by_blinker: bool) -> None:
    signal = signals.request_started
    other = Flask("other")
    heard: list[str] = []

    def receiver(name: str) -> Any:
        def receive(sender: Flask, **details: Any) -> None:
            heard.append(name)

        return receive

    def one(sender: Flask, **details: Any) -> None:
        heard.append("one of two")
        signal.disconnect(another)

    def another(sender: Flask, **details: Any) -> None:
        heard.append("one of two")
        signal.disconnect(one)

    names = ("app", "everybody", "other", "twice", "gone")
    of_app, of_everybody, of_other, twice, gone = map(receiver, names)
    for each, sender in ((of_app, app), (of_other, other), (twice, app), (gone, app)):
        signal.connect(each, sender)
    for each in (of_everybody, twice):
        signal.connect(each)
    signal.connect(one, app)
    signal.connect(another, app)
    del gone, each
    with contextlib.ExitStack() as exits:
        if by_blinker:
            choice = signal.receivers_for
            exits.enter_context(
                mock.patch.object(signal, "receivers_for", lambda sender: choice(sender))
            )
        for _ in range(2):
            del heard[:]
            app.test_client().get("/")
            # Whichever comes first takes the other one away.
            assert sorted(heard) == ["app", "everybody", "one of two", "twice"]
    for each in (of_app, of_everybody, of_other, twice, one, another):
        signal.disconnect(each)
    assert not signal.receivers
