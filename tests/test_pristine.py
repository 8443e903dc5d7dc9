"""Fast paths notice replaced methods, on a class and on its bases, before import and later."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import werkzeug.wrappers
from werkzeug.wsgi import ClosingIterator

import flask
from flask.http.pristine import Unpatched, pristine
from flask.wrappers import emits_as_built_in


class Base:
    def step(self) -> str:
        return "built in"


class Derived(Base):
    pass


class Other:
    pass


ORIGINAL = Base.step


def is_built_in() -> bool:
    return Derived.step is ORIGINAL


def test_a_comparison_is_made_again_only_after_a_write(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    unpatched = Unpatched(lambda: asked.append(1) or is_built_in(), Derived, Other)
    assert [unpatched.holds() for _ in range(3)] == [True] * 3
    before = len(asked)
    monkeypatch.setattr(Base, "step", lambda self: "patched")
    assert [unpatched.holds() for _ in range(3)] == [False] * 3
    assert len(asked) > before


@pytest.mark.parametrize("owner", [Base, Derived])
def test_a_patch_is_noticed_wherever_in_the_bases(
    owner: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpatched = Unpatched(is_built_in, Derived)
    assert unpatched.holds()
    with monkeypatch.context() as patch:
        patch.setattr(owner, "step", lambda self: "patched")
        assert not unpatched.holds()
    assert unpatched.holds()


def test_a_question_asked_while_another_thread_looks_is_answered_too() -> None:
    unpatched = Unpatched(is_built_in, Derived)
    with unpatched._lock:
        assert unpatched.holds()


def test_until_a_comparison_is_made_again_the_last_one_does_not_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[bool] = []
    unpatched = Unpatched(lambda: seen.append(unpatched.held) or is_built_in(), Derived)
    assert unpatched.holds()
    monkeypatch.setattr(Base, "step", lambda self: "patched")
    assert not unpatched.holds()
    assert not any(seen)


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="CPython 3.13 does not mark classes")
def test_without_a_write_nothing_is_compared() -> None:
    asked: list[int] = []
    unpatched = Unpatched(lambda: asked.append(1) or True, Derived)
    assert all(unpatched.holds() for _ in range(10))
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (flask.Response, "__call__"),
        (flask.Response, "set_data"),
        (werkzeug.wrappers.Response, "__call__"),
        (werkzeug.wrappers.Response, "get_app_iter"),
        (werkzeug.wrappers.Response, "iter_encoded"),
        (ClosingIterator, "close"),
    ],
)
def test_a_response_whose_parts_are_patched_is_not_sent_the_fast_way(
    owner: type, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert emits_as_built_in()
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, lambda *args: None)
        assert not emits_as_built_in()
    assert emits_as_built_in()


def test_a_method_that_was_replaced_before_the_import_is_nobodys() -> None:
    def wrapper(*args: Any) -> None: ...

    class Wrapped(Base):
        step = wrapper  # type: ignore[assignment]

    Wrapped.__module__ = "werkzeug.wsgi"
    assert pristine(Wrapped, "step") is not Wrapped.step
    assert pristine(Derived, "step") is ORIGINAL
    with pytest.raises(AttributeError):
        pristine(Base, "missing")


AGENT = """
from werkzeug.wsgi import ClosingIterator
inner, closed = ClosingIterator.close, []
ClosingIterator.close = lambda self: (closed.append(1), inner(self))
import flask
app = flask.Flask("agent")
app.add_url_rule("/", view_func=lambda: flask.Response("x"))
app.test_client().get("/").close()
assert closed
"""


def test_an_agent_that_patches_before_the_import_sees_responses_close() -> None:
    subprocess.run([sys.executable, "-W", "error", "-c", AGENT], check=True)
