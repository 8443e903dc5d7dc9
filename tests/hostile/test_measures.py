"""The measures find what they are for: a case that cannot fail proves nothing."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from hypothesis import strategies as st
from reliability.hostile import expressions, growth, limits
from reliability.hostile.caller import AsgiTarget, Stepwise, Target, Twins, environ_of
from reliability.hostile.case import Tally

import flask
from flask import Flask


def application(app_class: type[Flask] = Flask) -> Flask:
    app = app_class(f"measured_{app_class.__name__.lower()}")

    @app.route("/crash")
    def crash() -> None:
        raise LookupError

    @app.route("/header")
    def header() -> flask.Response:
        response = flask.Response("x")
        response.headers._list.append(("X-A", "a\r\nX-B: b"))  # type: ignore[attr-defined]
        return response

    @app.route("/differs")
    def differs() -> str:
        return type(flask.current_app._get_current_object()).__name__  # type: ignore[attr-defined]

    @app.route("/snowman")
    def snowman() -> tuple[str, int, dict[str, str]]:
        return "x", 200, {"X-A": "\u2603"}

    return app


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("/crash", "500 by LookupError from test_measures"),
        ("/header", "CR, LF or NUL in a header"),
        ("/snowman", "a header that no server can send"),
    ],
)
def test_faults_of_answers_are_found(path: str, fault: str) -> None:
    assert Target(application()).ask(environ_of(path)).faults == [fault]


def test_exceptions_that_leave_the_application_are_found() -> None:
    class Leaking(Flask):
        def wsgi_app(self, environ: object, start_response: object) -> list[bytes]:
            raise KeyError

    assert Target(Leaking("leaking")).ask(environ_of()).faults == ["KeyError left the application"]


def test_a_difference_between_the_two_ways_is_found() -> None:
    tally = Tally()
    Twins(application).ask(tally, environ_of("/differs"))
    assert tally.failures[0].startswith("two ways through the application answer differently")
    tally = Tally()
    Twins(application).ask(tally, environ_of("/missing"))
    assert tally.failures == []


def test_both_ways_of_this_package_are_taken() -> None:
    twins = Twins(application)
    twins.ask(Tally(), environ_of("/missing"))
    assert not twins.plain.app._revision.program.replaced.any()
    assert twins.stepwise.app._revision.program.replaced.any()
    assert isinstance(twins.stepwise.app, Stepwise)


def test_each_kind_of_failure_is_kept_once_by_its_shortest_input() -> None:
    tally = Tally()
    for shown in ("aaa", "a", "aa"):
        tally.fail("wrong", shown)
    assert tally.failures == ["wrong: 'a'"]


def test_generated_inputs_are_counted_and_the_same_each_time() -> None:
    rounds = []
    for _ in range(2):
        seen: list[int] = []
        tally = Tally(examples=25)
        tally.explore(st.integers(), seen.append)
        rounds.append(seen)
        assert tally.tried == len(seen) == 25
    assert rounds[0] == rounds[1]


def cubic(length: int) -> Callable[[], object]:
    text = "a" * length
    return lambda: re.match("a*a*a*b", text)


def linear(length: int) -> Callable[[], object]:
    text = "a" * length * 40
    return lambda: re.match("a*b", text)


def test_time_far_from_linear_is_found_and_linear_time_is_not() -> None:
    assert growth.is_too_slow(cubic, 150)
    assert not growth.is_too_slow(linear, 1500)


@pytest.mark.parametrize("pattern", ["(a+)+$", "a*a*b", r"(x|\d+)*[!]", r"(\s|\s+y)*-"])
def test_expressions_that_can_be_misled_are_found(pattern: str) -> None:
    compiled = re.compile(pattern)
    assert any(expressions.misled(compiled, *attack) for attack in expressions.attacks(pattern))


@pytest.mark.parametrize("pattern", ["a+b", r"[\w.]+", "(?:ab)*c"])
def test_expressions_of_linear_time_are_not_found(pattern: str) -> None:
    compiled = re.compile(pattern)
    attacks = list(expressions.attacks(pattern))
    assert not any(expressions.misled(compiled, *attack) for attack in attacks[::10])


def test_expressions_of_the_package_are_looked_at() -> None:
    found = expressions.found_in(expressions.PACKAGES)
    assert any(where.startswith("flask.") for where in found)
    assert any(where.startswith("werkzeug.") for where in found)


def test_memory_that_is_held_is_found() -> None:
    app = Flask("holding")

    @app.route("/")
    def hold() -> str:
        return "x" * limits.MIB * 2

    assert limits.peak_of(app, environ_of(), limits.Endless(b"", b"x"))[1] > limits.MIB


def test_fault_of_the_asgi_entry_point_is_noticed() -> None:
    app = application()
    target = AsgiTarget(Target(app))
    assert (target.ask(environ_of("/header")).status, target.ask(environ_of("/x")).status) == (
        200,
        404,
    )
    assert target.ask(environ_of("/crash")).faults == [f"500 by LookupError from {__name__}"]

    async def broken(scope: object, receive: object, send: Callable[..., object]) -> None:
        raise OSError

    app.asgi_app = broken  # type: ignore[method-assign, assignment]
    assert "OSError left the application" in target.ask(environ_of("/header")).faults
    twins = Twins(application)
    twins.by_asgi = target
    tally = Tally()
    twins.ask(tally, environ_of("/header"))
    assert any("by ASGI, OSError left the application" in fault for fault in tally.failures)
