"""Templates that others name are found as the environment does, and see the same globals."""

from __future__ import annotations

import typing as t
from unittest import mock

import jinja2
import pytest

from flask import Flask
from flask.rendering.template import ApplicationTemplate
from flask.templating import Environment

TEMPLATES = {
    "base": "base {% block one %}{% endblock %}",
    "part": "part ",
    "lib": "{% macro show() %}lib {{ own }}{% endmacro %}",
    "sub/base": "sub base {% block one %}{% endblock %}",
    "sub/part": "sub part ",
    "sub/lib": "{% macro show() %}sub lib {{ own }}{% endmacro %}",
    "page": "{% extends 'base' %}{% from 'lib' import show %}"
    "{% block one %}{% include 'part' %}{{ show() }}{% endblock %}",
}
PAGE = "base part lib "


def environment_of(*bases: type) -> jinja2.Environment:
    app = Flask(__name__)
    app.jinja_environment = type("OwnEnvironment", bases, {})
    app.jinja_env.loader = jinja2.DictLoader(TEMPLATES)
    return app.jinja_env


class Relative(jinja2.Environment):
    def join_path(self, template: str, parent: str) -> str:
        return f"sub/{template}"


@pytest.mark.parametrize("bases", [(Environment, Relative), (Relative, Environment)])
def test_an_own_join_path_is_asked(
    bases: tuple[type, ...], rendered_faster: list[str | None]
) -> None:
    environment = environment_of(*bases)
    for _ in range(2):
        assert environment.get_template("page").render() == "sub base sub part sub lib "
    assert "page" in rendered_faster


@pytest.mark.parametrize("name", ["get_template", "_load_template", "join_path"])
@pytest.mark.parametrize("is_instance", [True, False])
def test_patched_methods_that_find_templates_are_called(name: str, is_instance: bool) -> None:
    environment = environment_of(Environment)
    page = environment.get_template("page")
    assert page.render() == PAGE
    place = environment if is_instance else jinja2.Environment
    patched = mock.Mock(side_effect=LookupError("patched"))
    with mock.patch.object(place, name, patched), pytest.raises(LookupError, match="patched"):
        page.render()
    assert page.render() == PAGE


def test_another_loader_is_used_at_once() -> None:
    environment = environment_of(Environment)
    page = environment.get_template("page")
    assert page.render() == PAGE
    environment.loader = jinja2.DictLoader(TEMPLATES | {"part": "other "})
    assert page.render() == "base other lib "
    environment.loader = None
    with pytest.raises(TypeError, match="no loader"):
        page.render()


@pytest.mark.parametrize("size", [0, 1, 3, -1])
def test_caches_of_any_size_hold_what_they_can(size: int) -> None:
    app = Flask(__name__)
    app.jinja_options = {"cache_size": size}
    app.jinja_env.loader = jinja2.DictLoader(TEMPLATES)
    for _ in range(3):
        assert app.jinja_env.get_template("page").render() == PAGE


def imported(environment: jinja2.Environment) -> list[str]:
    """Render pages that have globals of their own, or none, and import the same macro."""
    source = "{% from 'lib' import show %}{{ show() }}"
    rendered = []
    for own in (None, {"own": "one"}, {"own": "two"}, None):
        page = environment.from_string(source, own)
        rendered += [page.render(), page.render(own="passed")]
    environment.globals["own"] = "of all"
    rendered.append(environment.from_string(source).render())
    environment.get_template("lib", globals={"own": "of lib"})
    rendered.append(environment.from_string(source, {"own": "one"}).render())
    return rendered


def test_what_is_imported_sees_the_globals_that_jinja_shows_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    twin = imported(jinja2.Environment(loader=jinja2.DictLoader(TEMPLATES)))
    assert imported(environment_of(Environment)) == twin

    def without_globals(self: t.Any, ctx: t.Any = None) -> t.Any:
        self._module = self._module or self.make_module()
        return self._module

    monkeypatch.setattr(ApplicationTemplate, "_get_default_module", without_globals)
    assert imported(environment_of(Environment)) != twin


def test_a_context_has_what_jinja_gives_it() -> None:
    environment = environment_of(Environment)
    twin = jinja2.Environment()
    twin.globals = environment.globals
    for given in ({}, {"own": 1}):
        for arguments in [(None,), ({"a": 1},), ({"a": 1}, True), ({"a": 1}, True, {"b": 2})]:
            contexts = [
                e.from_string("{% block one %}{% endblock %}", dict(given)).new_context(*arguments)
                for e in (environment, twin)
            ]
            ours, theirs = (
                (c.parent, c.vars, c.exported_vars, c.name, c.globals_keys, list(c.blocks))
                for c in contexts
            )
            assert ours == theirs
