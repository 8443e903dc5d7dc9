"""Each optimisation, broken on purpose, is noticed by the comparison with Jinja."""

from __future__ import annotations

import typing as t

import pytest
from markupsafe import Markup
from tests.rendering.random_templates import Case, outcomes

from flask.rendering import expressions, folding, functions, loops, runtime
from flask.rendering.template import ApplicationTemplate

BASE = "<{% block one %}base{% endblock %}>{{ x }}{% block two scoped %}{{ x }}{% endblock %}"
PART = "{{ x }}{{ y }}"
LIB = "{% macro show(x, y='<y>') %}{{ x }}{{ y }}{% endmacro %}"
SOURCES = {
    "output": "{{ text }}{{ number }}{{ markup }}{{ coded }}{{ shouting }}{{ real }}{{ none }}",
    "attributes": "{{ row.name }}{{ row.price }}{{ row.lost }}{{ mapping.name }}{{ mapping.keys }}"
    "{% for item in rows %}{{ item.name }}{{ item.stock }}{% endfor %}{{ mapping.items }}",
    "items": "{{ mapping['name'] }}{{ row['price'] }}{{ row['name'] }}{{ pairs[0][1] }}"
    "{{ holder['method'](1) }}",
    "missing": "{{ absent }}{{ row.absent is defined }}{{ mapping.absent.deeper }}",
    "undefined": "{{ absent.deeper }}",
    "loops": "{% for x in numbers %}{{ loop.index }}{{ loop.index0 }}{{ loop.first }}"
    "{{ loop.cycle('a', 'b') }}{% else %}none{% endfor %}"
    "{% for x in empty %}{% else %}empty{% endfor %}",
    "whole loops": "{% for x in numbers %}{{ loop.last }}{{ loop.index }}{% include 'part' %}"
    "{% endfor %}",
    "nested loops": "{% for x in numbers %}{{ loop.index }}{% for y in pairs %}{{ loop.index0 }}"
    "{% endfor %}{{ loop.index0 }}{% endfor %}",
    "set in loops": "{% for x in numbers %}{% set y = x %}{{ with_context() }}{% endfor %}",
    "written calls": "{{ function('<') }}{{ with_context(1) }}{{ with_eval_context(2) }}"
    "{{ holder.method(1) }}{{ stop(1) }}{{ length(text) }}{{ function(1, k='<') }}",
    "calls": "{{ [function(1), function(1, 2)] }}{{ [function(1, 2, 3), function(1, k=2)] }}"
    "{{ [function(), with_context(1), with_eval_context(), with_environment(2)] }}"
    "{{ [holder.method(1), holder(1), stop(), stop(1)] }}",
    "macros": "{% from 'lib' import show %}{{ show(x) }}{{ show(x, y='<') }}{{ show() }}"
    "{% macro own(a, b) %}{{ a }}{{ b }}{% endmacro %}{{ own(1, 2) }}{{ own(1) }}{{ own(b=2) }}",
    "autoescape": "{% autoescape false %}{{ text }}{{ mapping.name }}{% endautoescape %}{{ text }}",
    "inheritance": "{% extends 'base' %}{% block one %}{{ super() }}{{ x }}{% endblock %}",
    "set blocks": "{% set z %}{{ text }}{% endset %}{{ z }}{{ self.one() }}"
    "{% block one %}{% set y = 1 %}{{ with_context() }}{% endblock %}",
    "constants": "{{ 'a'|own }}{{ 1 + 1 }}{{ '<' }}{{ 'b' is own_test }}",
    "set above": "{% set y = 'above' %}{% block one %}{{ y }}{% endblock %}{{ with_context() }}",
    "ended": "{% extends 'base' %}{% block one %}{{ x|stopping }}{% endblock %}",
    "folded references": "{% set ns = namespace(a=1) %}"
    "{% set ns.a = ('' and self.one())[coded|length] %}"
    "{% block one %}{{ ('' and super())[coded|length] }}{% endblock %}",
    "conditions": "{{ 'a' if absent }}{{ 1 if zero else 2 }}{% if row.name %}{{ x }}{% endif %}",
}


def compared(name: str) -> bool:
    templates = {"base": BASE, "part": PART, "lib": LIB, "main": SOURCES[name]}
    ours, theirs = outcomes(Case(templates, {"autoescape": True}, {"x": "text", "y": "number"}))
    return bool(ours == theirs)


@pytest.mark.parametrize("name", SOURCES)
def test_each_source_renders_as_by_jinja(name: str, rendered_faster: list[str | None]) -> None:
    assert compared(name)
    assert "main" in rendered_faster


def replaced_helper(**replaced: t.Any) -> t.Callable[[pytest.MonkeyPatch], None]:
    def sabotage(patch: pytest.MonkeyPatch) -> None:
        make = runtime._make_helpers

        def broken(environment: t.Any) -> tuple[t.Any, ...]:
            helpers = dict(zip(runtime.HELPERS, make(environment), strict=True))
            return tuple((helpers | replaced)[name] for name in runtime.HELPERS)

        patch.setattr(runtime, "_make_helpers", broken)

    return sabotage


def replaced_method(name: str, value: t.Any) -> t.Callable[[pytest.MonkeyPatch], None]:
    def sabotage(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(functions.FunctionGenerator, name, value)

    return sabotage


def write_nothing(*args: t.Any) -> None:
    pass


def call_directly(context: t.Any, obj: t.Any, args: tuple[t.Any, ...]) -> t.Any:
    return obj(*args)


def write_directly(
    context: t.Any, out: list[str], obj: t.Any, args: tuple[t.Any, ...], kwargs: t.Any = None
) -> None:
    out.append(str(obj(*args)))


class Silent(runtime.PlainMacro):
    """A macro that says that it appended, and did not."""

    def __init__(self, environment: t.Any, func: t.Any, *args: t.Any) -> None:
        super().__init__(environment, lambda *args: "", *args)


def no_resolving(self: t.Any, frame: t.Any) -> None:
    for target, (action, _) in frame.symbols.loads.items():
        if action != "param":
            self.writeline(f"{target} = missing")


def no_variables(self: t.Any, frame: t.Any) -> dict[str, str]:
    return {}


def fold_nothing(self: t.Any, node: t.Any) -> str:
    return "constant"


SABOTAGES: dict[str, tuple[str, t.Callable[[pytest.MonkeyPatch], None]]] = {
    "text is not escaped": ("output", replaced_helper(escape_text=str)),
    "markup is escaped": (
        "output",
        replaced_helper(text=lambda value: runtime.escape_text(str(value))),
    ),
    "__html__ is not asked": (
        "output",
        replaced_helper(text=lambda value: value if type(value) is Markup else str(value)),
    ),
    "no item where there is no attribute": (
        "attributes",
        replaced_helper(item=lambda obj, name: ""),
    ),
    "names of dict methods are items": (
        "attributes",
        lambda patch: patch.setattr(expressions, "_DICT_NAMES", frozenset()),
    ),
    "no attribute where there is no item": (
        "items",
        replaced_helper(getitem=lambda obj, name: obj[name]),
    ),
    "what is missing is none": ("missing", replaced_helper(item=lambda obj, name: None)),
    "undefined is plain": ("undefined", replaced_helper(undefined=lambda *a, **k: "")),
    "a counter for all of loop": (
        "whole loops",
        lambda patch: patch.setattr(functions, "uses_of_loop", lambda node: 1),
    ),
    "inner loops count for outer ones": (
        "nested loops",
        replaced_method(
            "_counter_of",
            lambda self, node, frame: (
                self._loops[0].counter if getattr(node, "name", "") == "loop" else None
            ),
        ),
    ),
    "callables are passed nothing": ("calls", replaced_helper(call=call_directly)),
    "callables that are written are passed nothing": (
        "written calls",
        replaced_helper(write_call=write_directly),
    ),
    "keyword arguments are lost": (
        "calls",
        replaced_helper(call_with=lambda context, obj, args, kwargs: obj(*args)),
    ),
    "keyword arguments are lost where a call is written": (
        "macros",
        replaced_helper(write_call_with=write_directly),
    ),
    "what calls return is not escaped": (
        "written calls",
        replaced_helper(write_call_with=lambda context, out, obj, args, kwargs: out.append("<>")),
    ),
    "macros append nothing": (
        "macros",
        lambda patch: patch.setattr(runtime, "PlainMacro", Silent),
    ),
    "arguments of macros are mixed up": (
        "macros",
        lambda patch: patch.setattr(
            runtime,
            "_arguments_of_macro",
            lambda macro, args, kwargs: [*kwargs.values(), runtime.missing][-1:],
        ),
    ),
    "what ends a block ends nothing": (
        "ended",
        replaced_helper(ended=lambda error: None),
    ),
    "parents are not rendered": ("inheritance", replaced_helper(write_root=write_nothing)),
    "inclusions are not rendered": ("whole loops", replaced_helper(write_included=write_nothing)),
    "variables are not found": ("output", replaced_method("enter_frame", no_resolving)),
    "variables of loops and blocks are not passed": (
        "set in loops",
        replaced_method("_variables_for_call", no_variables),
    ),
    "variables of blocks are not passed": (
        "set blocks",
        replaced_method("_variables_for_call", no_variables),
    ),
    "constants are computed again": (
        "constants",
        lambda patch: patch.setattr(
            functions.FunctionGenerator,
            "_output_child_to_const",
            expressions.CodeGenerator._output_child_to_const,
        ),
    ),
    "constants are others": (
        "constants",
        lambda patch: patch.setattr(folding.Folding, "written_before", fold_nothing),
    ),
    "escaped in spite of autoescape": (
        "autoescape",
        replaced_method("_output_child_pre", lambda self, *args: self.write("escape_text(")),
    ),
    "loops that see loop through an inclusion are counted": (
        "whole loops",
        lambda patch: (
            patch.setattr(loops, "_sees_locals", lambda node: False),
            patch.setattr(loops, "COUNTED", loops.COUNTED | {"last"}),
        ),
    ),
}


@pytest.mark.parametrize("title", SABOTAGES)
def test_what_is_broken_on_purpose_is_noticed(title: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, sabotage = SABOTAGES[title]
    sabotage(monkeypatch)
    assert not compared(name)


def test_the_lines_of_errors_are_part_of_the_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    templates = {"main": "\n\n{{ x }}\n{{ fail() }}", "base": "", "part": "", "lib": ""}
    case = Case(templates, {}, {})
    ours, theirs = outcomes(case)
    assert ours == theirs
    monkeypatch.setattr(ApplicationTemplate, "get_corresponding_lineno", lambda self, line: 1)
    ours, theirs = outcomes(case)
    assert ours != theirs
