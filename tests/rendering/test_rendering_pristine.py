"""Whatever is overridden or patched in Jinja has its effect on templates at once."""

from __future__ import annotations

import subprocess
import sys
import typing as t
from unittest import mock

import jinja2
import pytest
from jinja2.compiler import CodeGenerator
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from flask import Flask
from flask.rendering import pristine
from flask.templating import Environment

SOURCE = (
    "{% macro show(x) %}{{ x.name }}{% endmacro %}{{ show(row) }}{{ row['name'] }}{{ absent }}"
    "{{ f('<') }}{% for x in [1, 2] %}{{ loop.cycle('a', 'b') }}{{ loop.index }}{% endfor %}"
    "{% block one %}{{ row.name }}{% endblock %}{{ self.one() }}"
)
VARIABLES = {"row": {"name": "<n>"}, "f": lambda value: value * 2}


OF_ENVIRONMENT: dict[str, t.Any] = {
    "getattr": lambda self, obj, name: (
        f"attribute {name}" if isinstance(obj, dict) else getattr(obj, name, None) or obj[name]
    ),
    "getitem": lambda self, obj, name: f"item {name}",
    "concat": lambda *args: "; ".join(args[-1]),
}
OF_RUNTIME: dict[str, t.Any] = {
    "Context.call": lambda self, *args, **kwargs: Markup("called"),
    "Context.resolve_or_missing": lambda self, key: self.parent.get(key, key.upper()),
    "Macro.__call__": lambda self, *args, **kwargs: Markup("macro"),
    "Macro._invoke": lambda self, *args, **kwargs: Markup("invoked"),
    "LoopContext.cycle": lambda self, *args: "cycled",
    "BlockReference.__call__": lambda self: Markup("block"),
}
EXPECTED = "&lt;n&gt;&lt;n&gt;&lt;&lt;a1b2&lt;n&gt;&lt;n&gt;"


def of(*bases: type) -> jinja2.Environment:
    app = Flask(__name__)
    app.jinja_environment = type("OwnEnvironment", bases, {})
    return app.jinja_env


def of_jinja(*bases: type) -> jinja2.Environment:
    return type("Twin", bases, {})(autoescape=True)


def render(environment: jinja2.Environment) -> str:
    return environment.from_string(SOURCE).render(VARIABLES)


def test_without_any_the_faster_code_renders(rendered_faster: list[str | None]) -> None:
    assert render(of(Environment)) == EXPECTED == render(of_jinja(jinja2.Environment))
    assert len(rendered_faster) == 1


@pytest.mark.parametrize("name", OF_ENVIRONMENT)
def test_an_override_in_an_environment_is_called(name: str) -> None:
    mixin = type("Mixin", (jinja2.Environment,), {name: OF_ENVIRONMENT[name]})
    expected = render(of_jinja(mixin))
    assert expected != EXPECTED
    for bases in [(mixin, Environment), (Environment, mixin)]:
        assert render(of(*bases)) == expected

    own = type("OwnEnvironment", (Environment,), {name: OF_ENVIRONMENT[name]})
    assert render(of(own)) == expected


@pytest.mark.parametrize("name", OF_ENVIRONMENT)
@pytest.mark.parametrize("place", ["class", "base", "instance"])
def test_an_environments_method_may_be_patched_later(name: str, place: str) -> None:
    environment = of(Environment)
    template = environment.from_string(SOURCE)
    assert template.render(VARIABLES) == EXPECTED
    places = {"class": type(environment), "base": jinja2.Environment, "instance": environment}
    value = OF_ENVIRONMENT[name]
    if place == "instance" and name.startswith("get"):
        value = value.__get__(environment)
    twin = of_jinja(type("Mixin", (jinja2.Environment,), {name: OF_ENVIRONMENT[name]}))
    expected = render(twin)
    with mock.patch.object(places[place], name, value):
        assert template.render(VARIABLES) == expected != EXPECTED
    assert template.render(VARIABLES) == EXPECTED


@pytest.mark.parametrize("name", OF_RUNTIME)
def test_jinjas_runtime_may_be_patched(name: str) -> None:
    template = of(Environment).from_string(SOURCE)
    twin = of_jinja(jinja2.Environment).from_string(SOURCE)
    assert template.render(VARIABLES) == EXPECTED
    with mock.patch(f"jinja2.runtime.{name}", OF_RUNTIME[name]):
        assert template.render(VARIABLES) == twin.render(VARIABLES) != EXPECTED
    assert template.render(VARIABLES) == EXPECTED


@pytest.mark.parametrize("name", ["escape", "Macro", "LoopContext", "TemplateReference"])
def test_names_that_templates_import_may_be_patched(
    name: str, rendered_faster: list[str | None]
) -> None:
    with mock.patch(f"jinja2.runtime.{name}", getattr(jinja2.runtime, name).__call__):
        of(Environment).from_string(SOURCE)
    stand_in = mock.Mock(side_effect=getattr(jinja2.runtime, name))
    with mock.patch(f"jinja2.runtime.{name}", stand_in):
        render(of(Environment))
    assert stand_in.called
    assert rendered_faster == []


def test_the_class_of_what_is_undefined_may_be_changed_later() -> None:
    environment = of(Environment)
    template = environment.from_string("{{ absent }}{{ x.absent }}")
    assert template.render(x={}) == ""
    environment.undefined = jinja2.DebugUndefined
    assert (
        template.render(x={}) == "{{ absent }}{{ no such element: dict object[&#39;absent&#39;] }}"
    )
    environment.undefined = jinja2.Undefined
    assert template.render(x={}) == ""


def test_classes_of_what_is_undefined_are_not_mixed() -> None:
    app = Flask(__name__)
    environment = app.jinja_env
    environment.loader = jinja2.DictLoader(
        {
            "base": "{{ absent }}{% block one %}{{ absent }}{% endblock %}",
            "child": "{% extends 'base' %}{% block one %}{{ super() }}{{ absent }}{% endblock %}",
        }
    )
    child = environment.get_template("child")
    environment.undefined = jinja2.DebugUndefined
    environment.get_template("base")
    assert child.render() == "{{ absent }}" * 3
    environment.undefined = jinja2.Undefined
    assert child.render() == ""


def test_a_patched_code_generator_writes_the_code(rendered_faster: list[str | None]) -> None:
    def visit_Output(self: CodeGenerator, node: t.Any, frame: t.Any) -> None:
        self.simple_write("'patched'", frame)

    with mock.patch.object(CodeGenerator, "visit_Output", visit_Output):
        assert of(Environment).from_string("text").render() == "patched"
    assert rendered_faster == []


def test_an_own_code_generator_writes_the_code(rendered_faster: list[str | None]) -> None:
    class Own(CodeGenerator):
        def visit_Output(self, node: t.Any, frame: t.Any) -> None:
            self.simple_write("'own'", frame)

    class Base(jinja2.Environment):
        code_generator_class = Own

    assert of(Environment, Base).from_string("text").render() == "own"
    from flask.rendering.generator import Generator

    class Ours(Generator):
        visit_Output = Own.visit_Output

    environment = of(Environment)
    environment.code_generator_class = Ours
    assert environment.from_string("text").render() == "own"
    assert rendered_faster == []


@pytest.mark.parametrize("options", [{"enable_async": True}, {}])
def test_asynchronous_and_sandboxed_environments_run_jinjas_code(
    options: dict[str, t.Any], rendered_faster: list[str | None]
) -> None:
    app = Flask(__name__)
    kind = Environment if options else type("Own", (Environment, SandboxedEnvironment), {})
    template = kind(app, **options).from_string("{{ 1 }}")
    assert template.render() == "1"
    assert template.program is None
    assert rendered_faster == []


def test_other_releases_of_jinja_run_their_own_code(
    monkeypatch: pytest.MonkeyPatch, rendered_faster: list[str | None]
) -> None:
    assert jinja2.__version__ in pristine.VERIFIED
    monkeypatch.setattr(pristine, "is_verified", False)
    assert render(of(Environment)) == EXPECTED
    assert rendered_faster == []


def test_a_context_class_of_its_own_runs_jinjas_code(rendered_faster: list[str | None]) -> None:
    class Own(jinja2.runtime.Context):
        def resolve_or_missing(self, key: str) -> t.Any:
            return "resolved"

    environment = of(Environment)
    template = environment.from_string("{{ anything }}{% set exported = 1 %}")
    environment.context_class = Own
    assert template.render() == "resolved"
    module = template.make_module()
    assert (str(module), module.exported) == ("resolved", 1)  # type: ignore[attr-defined]
    assert rendered_faster == []


def test_an_agent_that_wraps_rendering_is_asked(rendered_faster: list[str | None]) -> None:
    template = of(Environment).from_string(SOURCE)
    seen: list[t.Any] = []
    original = jinja2.Template.render

    def wrapped(self: jinja2.Template, *args: t.Any, **kwargs: t.Any) -> str:
        seen.append((self.name, self.filename, self.environment is template.environment))
        return original(self, *args, **kwargs)

    with mock.patch.object(jinja2.Template, "render", wrapped):
        assert template.render(VARIABLES) == EXPECTED
        with pytest.raises(jinja2.UndefinedError):
            template.render()
    assert seen == [(None, "<template>", True)] * 2
    assert rendered_faster == [None, None]


def test_a_wrapped_making_of_modules_is_asked() -> None:
    template = of(Environment).from_string("{% set a = 1 %}")
    with mock.patch.object(jinja2.Template, "make_module", mock.Mock(return_value="made")):
        assert template.make_module() == "made"
    assert template.make_module().a == 1  # type: ignore[attr-defined]


PATCHED_EARLY = """
import jinja2, jinja2.runtime
{patch}
from flask import Flask
template = Flask("x").jinja_env.from_string("{{{{ x.y }}}}{{{{ f() }}}}")
assert template.render(x=1, f=str) == {expected!r}, template.render(x=1, f=str)
"""


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        ("jinja2.Environment.getattr = lambda self, obj, name: 'patched'", "patched"),
        ("jinja2.runtime.Context.call = lambda self, *args: 'called'", "called"),
        ("jinja2.Template.render = lambda self, **kwargs: 'agent'", "agent"),
        ("jinja2.compiler.CodeGenerator.visit_Getattr = lambda self, *a: self.write('7')", "7"),
    ],
)
def test_what_was_patched_before_the_import_counts(patch: str, expected: str) -> None:
    program = PATCHED_EARLY.format(patch=patch, expected=expected)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_streams_run_jinjas_code(rendered_faster: list[str | None]) -> None:
    template = of(Environment).from_string("{{ a }}{{ b() }}")
    stream = template.generate(a=1, b=lambda: 1 / 0)
    assert next(stream) == "1"
    with pytest.raises(ZeroDivisionError):
        next(stream)
    assert rendered_faster == []
