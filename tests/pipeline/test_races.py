"""Threads serve while other threads write what requests are compiled from.

Each writer counts up: it makes what it writes to answer with its number, and then says that it did.
A request that began after that must not be answered with an older number, and none may fail.
``RACE_SECONDS`` in the environment makes the test longer.
"""

from __future__ import annotations

import itertools
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from werkzeug.routing import Map, Rule

import flask
from flask import g, request_started
from flask.json.provider import DefaultJSONProvider
from flask.sessions import SecureCookieSessionInterface

SECONDS = float(os.environ.get("RACE_SECONDS", "3"))
READERS = 8

Write = Callable[[flask.Flask, int], None]
Read = Callable[[Any], int]


class OpenToChanges(flask.Flask):
    """Lets blueprints be registered while it serves."""

    def _check_setup_finished(self, f_name: str) -> None:
        pass


def make_app() -> flask.Flask:
    app = OpenToChanges("races")
    app.secret_key = "k"
    app.config.update(NUMBER=0, PROPAGATE_EXCEPTIONS=True)
    app.add_url_rule("/view", "view", lambda: "0")
    app.add_url_rule("/plain", "plain", lambda: "plain")
    app.add_url_rule("/hook", "hook", lambda: g.number)
    app.add_url_rule("/signal", "signal", lambda: str(g.get("signal", 0)))
    app.add_url_rule("/config", "config", lambda: str(flask.current_app.config["NUMBER"]))
    app.add_url_rule("/json", "json", lambda: {"a": 1})
    app.add_url_rule("/session", "session", lambda: flask.session.update(a=1) or "session")
    app.add_url_rule("/fail", "fail", lambda: 1 / 0)
    app.add_url_rule("/url", "url", lambda: flask.url_for("plain"))
    app.add_url_rule("/template", "template", lambda: flask.render_template_string("{{ number }}"))
    app.before_request_funcs[None] = [lambda: setattr(g, "number", "0")]
    app.template_context_processors[None].append(lambda: {"number": 0})
    app.register_error_handler(ZeroDivisionError, lambda error: "0")
    return app


# Each writes a number.


def replace_view(app: flask.Flask, n: int) -> None:
    app.view_functions["view"] = lambda: str(n)


def replace_hook(app: flask.Flask, n: int) -> None:
    hooks = app.before_request_funcs[None]
    hooks.append(lambda: setattr(g, "number", str(n)))
    del hooks[0]


def replace_after(app: flask.Flask, n: int) -> None:
    def after(response: flask.Response) -> flask.Response:
        response.headers["X-Number"] = str(n)
        return response

    app.after_request_funcs[None] = [after]


def replace_handler(app: flask.Flask, n: int) -> None:
    app.error_handler_spec[None][None][ZeroDivisionError] = lambda error: str(n)


def replace_json(app: flask.Flask, n: int) -> None:
    class Provider(DefaultJSONProvider):
        mimetype = f"application/x-{n}"

    app.json = Provider(app)


def replace_sessions(app: flask.Flask, n: int) -> None:
    class Sessions(SecureCookieSessionInterface):
        def get_cookie_name(self, app: flask.Flask) -> str:
            return f"s{n}"

    app.session_interface = Sessions()


def replace_url_defaults(app: flask.Flask, n: int) -> None:
    app.url_default_functions[None] = [lambda endpoint, values: values.setdefault("n", n)]


def replace_context_processor(app: flask.Flask, n: int) -> None:
    app.template_context_processors[None] = [lambda: {"number": n}]


def set_config(app: flask.Flask, n: int) -> None:
    app.config["NUMBER"] = n


def swap_map(app: flask.Flask, n: int) -> None:
    kept = [rule.empty() for rule in app.url_map.iter_rules() if rule.rule != "/map"]
    url_map = Map(kept, host_matching=False)
    url_map.add(Rule("/map", endpoint=f"map{n}"))
    app.view_functions[f"map{n}"] = lambda: str(n)
    app.url_map = url_map


def add_route(app: flask.Flask, n: int) -> None:
    app.view_functions["added"] = lambda number: str(number)
    app.url_map.add(Rule(f"/added/{n}", endpoint="added", defaults={"number": n}))


def register_blueprint(app: flask.Flask, n: int) -> None:
    blueprint = flask.Blueprint(f"bp{n}", "races", url_prefix=f"/bp{n}")
    blueprint.add_url_rule("/", "index", lambda: str(n))
    blueprint.register(app, {})


_receivers: list[Any] = []


def connect_receiver(app: flask.Flask, n: int) -> None:
    def receive(sender: object, **extra: object) -> None:
        g.signal = max(n, g.get("signal", 0))

    request_started.connect(receive, app)
    # Kept, as blinker knows receivers by their address, which another one might have next.
    _receivers.append(receive)
    if len(_receivers) > 2:
        request_started.disconnect(_receivers[-3], app)


def replace_class_method(app: flask.Flask, n: int) -> None:
    def process_response(self: flask.Flask, response: flask.Response) -> flask.Response:
        response.headers["X-Class"] = str(n)
        return inner(self, response)

    flask.Flask.process_response = process_response  # type: ignore[method-assign]


inner = flask.Flask.process_response


# Each reads the number that was answered with.


def of_body(response: Any) -> int:
    return int(response.get_data(as_text=True))


def of_header(name: str) -> Read:
    return lambda response: int(response.headers.get(name, 0))


def of_mimetype(response: Any) -> int:
    return int(response.mimetype.removeprefix("application/x-").replace("application/json", "0"))


def of_cookie(response: Any) -> int:
    name = response.headers["Set-Cookie"].partition("=")[0]
    return int(name.removeprefix("s")) if name != "session" else 0


def of_url(response: Any) -> int:
    return int(response.get_data(as_text=True).partition("=")[2] or 0)


CASES: dict[str, tuple[Write, Callable[[int], str], Read]] = {
    "view": (replace_view, lambda n: "/view", of_body),
    "hook": (replace_hook, lambda n: "/hook", of_body),
    "after": (replace_after, lambda n: "/plain", of_header("X-Number")),
    "handler": (replace_handler, lambda n: "/fail", of_body),
    "json": (replace_json, lambda n: "/json", of_mimetype),
    "sessions": (replace_sessions, lambda n: "/session", of_cookie),
    "url defaults": (replace_url_defaults, lambda n: "/url", of_url),
    "context processor": (replace_context_processor, lambda n: "/template", of_body),
    "config": (set_config, lambda n: "/config", of_body),
    "signal": (connect_receiver, lambda n: "/signal", of_body),
    "class": (replace_class_method, lambda n: "/plain", of_header("X-Class")),
}
# These take what was there before away, or make the map of the others anew.
MAPS: dict[str, tuple[Write, Callable[[int], str], Read]] = {
    "added route": (add_route, lambda n: f"/added/{n}" if n else "/view", of_body),
    "blueprint": (register_blueprint, lambda n: f"/bp{n}/" if n else "/view", of_body),
    "view": (replace_view, lambda n: "/view", of_body),
}
SWAPS: dict[str, tuple[Write, Callable[[int], str], Read]] = {
    "map": (swap_map, lambda n: "/map" if n else "/view", of_body),
    "hook": (replace_hook, lambda n: "/hook", of_body),
    "after": (replace_after, lambda n: "/plain", of_header("X-Number")),
}


class Race:
    """Readers and writers of one application, and what went wrong between them."""

    def __init__(
        self, app: flask.Flask, cases: dict[str, tuple[Write, Callable[[int], str], Read]]
    ) -> None:
        self.app, self.cases = app, cases
        self.completed = dict.fromkeys(cases, 0)
        self.wrong: list[str] = []
        self.requests = itertools.count()
        self.ends = time.monotonic() + SECONDS

    def goes_on(self) -> bool:
        return not self.wrong and time.monotonic() < self.ends

    def write(self, name: str) -> None:
        for n in itertools.count(1):
            if not self.goes_on():
                return
            self.cases[name][0](self.app, n)
            self.completed[name] = n
            time.sleep(0.002)

    def read(self) -> None:
        client = self.app.test_client(use_cookies=False)
        for name in itertools.cycle(self.cases):
            if not self.goes_on():
                return
            _, path_of, read = self.cases[name]
            floor = self.completed[name]
            response = client.get(path_of(floor))
            next(self.requests)
            number = read(response)
            if number < floor:
                self.wrong.append(f"{name}: answered by {number} after {floor} was written")

    def guarded(self, function: Callable[..., None], *args: Any) -> None:
        try:
            function(*args)
        except BaseException:
            self.wrong.append(traceback.format_exc())

    def run(self) -> None:
        threads = [threading.Thread(target=self.guarded, args=(self.read,)) for _ in range(READERS)]
        threads += [
            threading.Thread(target=self.guarded, args=(self.write, name)) for name in self.cases
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


@pytest.fixture
def eager_switches() -> Iterator[None]:
    """Have threads switch as often as they can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("eager_switches")
@pytest.mark.parametrize("cases", [CASES, MAPS, SWAPS], ids=["registries", "routes", "maps"])
def test_no_request_fails_or_is_answered_by_what_was_replaced(
    cases: dict[str, tuple[Write, Callable[[int], str], Read]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flask.Flask, "process_response", inner)
    race = Race(make_app(), cases)
    race.run()
    _receivers.clear()
    assert race.wrong == []
    assert next(race.requests) > READERS
    assert all(race.completed.values())
