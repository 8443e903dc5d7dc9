"""Whatever a template environment's other bases define or replace is what counts."""

from __future__ import annotations

import typing as t
from unittest import mock

import jinja2
import pytest
from jinja2.sandbox import SandboxedEnvironment, SecurityError
from markupsafe import Markup

import flask
from flask import Flask, render_template_string, stream_template_string
from flask.rendering import pending
from flask.templating import Environment

NAMES = sorted(name for name in dir(jinja2.Environment) if not name.startswith("__"))

ESCAPES = [
    "{{ ''.__class__.__mro__ }}",
    "{{ ''['__class__'] }}",
    "{{ ''|attr('__class__') }}",
    "{{ '{0.__class__}'.format('') }}",
    "{{ view.__globals__ }}",
    "{% set name = ''.__class__ %}{{ name }}",
    "{% for item in [''] %}{{ item.__class__.__mro__ }}{% endfor %}",
    "{% macro show(x) %}{{ x.__class__.__mro__ }}{% endmacro %}{{ show('') }}",
    "{{ alter() }}",
]


def application(*bases: type) -> Flask:
    app = Flask(__name__)
    app.jinja_environment = type("OwnEnvironment", bases, {})
    return app


def alter() -> str:
    return "altered"


alter.alters_data = True  # type: ignore[attr-defined]


def outcome(render: t.Callable[..., str], source: str) -> t.Any:
    try:
        return render(source, view=alter, alter=alter)
    except Exception as error:
        return type(error), str(error)


@pytest.fixture(autouse=True)
def functions_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the faster code of templates written at once."""
    monkeypatch.setattr(pending, "RENDERINGS", 0)


@pytest.mark.parametrize("source", ESCAPES)
@pytest.mark.parametrize("is_first", [True, False])
def test_a_sandbox_among_the_bases_holds(source: str, is_first: bool) -> None:
    bases = (Environment, SandboxedEnvironment)
    app = application(*(bases if is_first else reversed(bases)))
    twin = SandboxedEnvironment(autoescape=True)

    def of_sandbox(source: str, **context: t.Any) -> str:
        return twin.from_string(source).render(context)

    def streamed(source: str, **context: t.Any) -> str:
        return "".join(stream_template_string(source, **context))

    expected = outcome(of_sandbox, source)
    assert "<class" not in str(expected) or expected[0] is SecurityError
    with app.test_request_context():
        assert outcome(render_template_string, source) == expected
        assert outcome(streamed, source) == expected


@pytest.mark.parametrize("name", NAMES)
def test_no_name_of_jinjas_environment_hides_that_of_another_base(name: str) -> None:
    marker = object()
    mixin = type("Mixin", (jinja2.Environment,), {name: marker})
    assert getattr(type("After", (Environment, mixin), {}), name) is marker
    assert getattr(type("Before", (mixin, Environment), {}), name) is marker


@pytest.mark.parametrize("name", ["context_class", "template_class", "make_globals", "getattr"])
def test_a_name_patched_on_jinjas_environment_is_seen(name: str) -> None:
    environment = Flask(__name__).jinja_env
    marker = mock.Mock()
    with mock.patch.object(jinja2.Environment, name, marker):
        assert getattr(environment, name) is marker
    assert getattr(environment, name) is not marker


def test_attributes_set_on_an_environment_count() -> None:
    class Other(jinja2.runtime.Context):
        pass

    environment = Flask(__name__).jinja_env
    environment.context_class = Other
    assert type(environment.from_string("").new_context()) is Other
    environment.getattr = lambda obj, name: f"{name} of it"  # type: ignore[method-assign]
    assert environment.from_string("{{ x.y }}").render(x=1) == "y of it"


class Loud(jinja2.Environment):
    """A base that overrides what templates ask an environment for."""

    def getattr(self, obj: t.Any, attribute: str) -> t.Any:
        return f"attribute {attribute}"

    def getitem(self, obj: t.Any, argument: t.Any) -> t.Any:
        return f"item {argument}"

    def make_globals(self, d: t.Any) -> t.Any:
        return {**(d or {}), "site": "loud"}


@pytest.mark.parametrize("bases", [(Environment, Loud), (Loud, Environment)])
def test_what_another_base_overrides_is_called(bases: tuple[type, ...]) -> None:
    app = application(*bases)
    source = "{{ x.y }} {{ x['z'] }} {{ site }} {{ config }}"
    rendered = app.jinja_env.from_string(source).render(x=1)
    assert rendered == "attribute y item z loud "


def test_a_context_of_another_base_is_used() -> None:
    class Shouting(jinja2.runtime.Context):
        def resolve_or_missing(self, key: str) -> t.Any:
            return key.upper()

        def call(self, *args: t.Any, **kwargs: t.Any) -> t.Any:  # type: ignore[override]
            return Markup("called")

    class Base(jinja2.Environment):
        context_class = Shouting

    app = application(Environment, Base)
    assert app.jinja_env.from_string("{{ word }} {{ word() }}").render() == "WORD called"


def test_a_template_class_of_another_base_is_used() -> None:
    class Own(jinja2.Template):
        pass

    class Base(jinja2.Environment):
        template_class = Own

    assert type(application(Environment, Base).jinja_env.from_string("")) is Own


class Stand:
    """Takes the place of ``current_app`` in a module, as tests of applications have it."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def _get_current_object(self) -> Flask:
        return self.app


def test_a_patched_current_app_is_the_one_that_renders() -> None:
    app, other = Flask("one"), Flask("two")
    app.jinja_env.globals["site"] = "one"
    other.jinja_env.globals["site"] = "two"
    with app.test_request_context(), mock.patch("flask.templating.current_app", Stand(other)):
        assert render_template_string("{{ site }}") == "two"
        assert "".join(stream_template_string("{{ site }}")) == "two"
    with mock.patch("flask.templating.current_app", Stand(other)):
        assert render_template_string("{{ site }}") == "two"
    with app.test_request_context():
        assert render_template_string("{{ site }}") == "one"
    assert flask.templating.current_app is flask.current_app
