"""The proxies beside their slow twin: Werkzeug's ``LocalProxy`` on the same context variable."""

from __future__ import annotations

import gc
import operator
import threading
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.local import LocalProxy

from flask import Flask, Request, g, request, session
from flask.globals import _cv_app, _cv_request


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.secret_key = "proxies"
    return app


OPERATIONS: dict[str, Callable[[Any], object]] = {
    "attribute": lambda proxy: proxy.name,
    "missing attribute": lambda proxy: proxy.absent,
    "missing attribute with default": lambda proxy: getattr(proxy, "absent", "default"),
    "hasattr": lambda proxy: (hasattr(proxy, "name"), hasattr(proxy, "absent")),
    "set attribute": lambda proxy: (setattr(proxy, "name", "new"), proxy.name),
    "delete attribute": lambda proxy: (delattr(proxy, "name"), hasattr(proxy, "name")),
    "get item": lambda proxy: proxy["name"],
    "missing item": lambda proxy: proxy["absent"],
    "set item": lambda proxy: (operator.setitem(proxy, "name", "new"), proxy["name"]),
    "delete item": lambda proxy: (operator.delitem(proxy, "name"), "name" in proxy),
    "in": lambda proxy: ("name" in proxy, "absent" in proxy),
    "bool": bool,
    "len": len,
    "list": list,
    "sorted dir": lambda proxy: sorted(dir(proxy)),
    "class": lambda proxy: proxy.__class__.__name__,
    "isinstance": lambda proxy: isinstance(proxy, LocalProxy),
    "dict": lambda proxy: proxy.__dict__,
    "doc": lambda proxy: proxy.__doc__,
    "module": lambda proxy: proxy.__module__,
    "wrapped": lambda proxy: callable(proxy.__wrapped__),
    "current object": lambda proxy: repr(proxy._get_current_object()),
    "repr": repr,
    "str": str,
    "equal": lambda proxy: (proxy == {"name": "ada"}, proxy != {"name": "ada"}),
    "call": lambda proxy: proxy(),
    "missing attribute through operator": operator.attrgetter("absent"),
}


def outcome(operation: Callable[[Any], object], proxy: Any) -> tuple[str, object]:
    try:
        return "returned", operation(proxy)
    except Exception as error:
        # Up to a colon: what we say beyond that is our own.
        message = None if isinstance(error, RuntimeError) else str(error).partition(":")[0]
        return "raised", (type(error), message)


def twins() -> dict[str, tuple[Any, Any]]:
    return {
        "g": (g, LocalProxy(_cv_app, "g", unbound_message="unbound")),
        "session": (session, LocalProxy(_cv_request, "session", unbound_message="unbound")),
    }


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("proxy", ["g", "session"])
def test_each_operation_does_what_a_plain_proxy_does(app: Flask, name: str, proxy: str) -> None:
    outcomes = []
    for which in (0, 1):
        with app.test_request_context():
            g.name = "ada"
            session["name"] = "ada"
            outcomes.append(outcome(OPERATIONS[name], twins()[proxy][which]))
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("proxy", ["g", "session"])
def test_each_operation_outside_does_what_a_plain_proxy_does(name: str, proxy: str) -> None:
    ours, plain = twins()[proxy]
    assert outcome(OPERATIONS[name], ours) == outcome(OPERATIONS[name], plain)


def test_an_attribute_that_fails_is_asked_once(app: Flask) -> None:
    class OwnRequest(Request):
        asked = 0

        @property
        def broken(self) -> str:
            type(self).asked += 1
            raise AttributeError("from inside")

    app.request_class = OwnRequest
    with app.test_request_context():
        with pytest.raises(AttributeError, match="from inside"):
            request.broken  # type: ignore[attr-defined]  # noqa: B018
        assert OwnRequest.asked == 1
        assert not hasattr(request, "broken")
        assert OwnRequest.asked == 2


def test_what_failed_in_one_thread_is_not_raised_in_another(app: Flask) -> None:
    failures: list[str] = []

    def read(name: str) -> None:
        with app.app_context():
            for _ in range(2000):
                try:
                    getattr(g, name)
                except AttributeError as error:
                    if error.name != name:
                        failures.append(f"{name}: {error}")

    threads = [threading.Thread(target=read, args=(f"name{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_failed_read_keeps_nothing_alive(app: Flask) -> None:
    class Held:
        pass

    def fail() -> weakref.ref[Held]:
        held = Held()
        with app.app_context():
            g.held = held
            assert not hasattr(g, "absent")
        return weakref.ref(held)

    gc.disable()
    try:
        assert fail()() is None
    finally:
        gc.enable()
