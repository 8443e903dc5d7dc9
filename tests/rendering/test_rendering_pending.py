"""Functions that append are written for templates that are rendered again, and for few others."""

from __future__ import annotations

import gc
import threading
import typing as t
import weakref

import jinja2
import pytest
from werkzeug.test import create_environ

from flask import Flask, stream_template_string
from flask.rendering import pending
from flask.rendering.state import state_of
from flask.rendering.template import ApplicationTemplate

BASE = "{% block one %}{% endblock %}\n{{ 1 // x }}"
PAGE = "{% extends 'base' %}{% block one %}<{{ x }}>{% endblock %}"
LIB = "{% macro show(x) %}<{{ x }}>{% endmacro %}"


@pytest.fixture(autouse=True)
def functions_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pending, "RENDERINGS", 3)


def environment_of(**templates: str) -> jinja2.Environment:
    environment = Flask(__name__).jinja_env
    environment.loader = jinja2.DictLoader({"base": BASE, "page": PAGE, "lib": LIB, **templates})
    return environment


def is_written(environment: jinja2.Environment, name: str) -> bool:
    template = t.cast(ApplicationTemplate, environment.get_template(name))
    return template.program is not None


def test_they_are_written_for_the_fourth_rendering(rendered_faster: list[str | None]) -> None:
    environment = environment_of()
    for count in range(6):
        assert environment.get_template("page").render(x=1) == "<1>\n1"
        assert is_written(environment, "page") is (count >= 3)
        assert is_written(environment, "base") is (count >= 3)
    assert rendered_faster == ["page"] * 3


def test_lines_of_errors_are_right_before_and_after() -> None:
    template = environment_of().get_template("page")
    for _ in range(5):
        with pytest.raises(ZeroDivisionError) as caught:
            template.render(x=0)
        lines = [(entry.name, entry.lineno + 1) for entry in caught.traceback][-1:]
        assert lines == [("top-level template code", 2)]
    assert t.cast(ApplicationTemplate, template).program is not None


def test_what_is_imported_is_written_at_once() -> None:
    environment = environment_of(main="{% from 'lib' import show %}{{ show(x) }}")
    assert environment.get_template("main").render(x=1) == "<1>"
    assert is_written(environment, "lib")
    assert not is_written(environment, "main")


def test_templates_from_strings_are_left_to_jinja(rendered_faster: list[str | None]) -> None:
    template = environment_of().from_string("{{ x }}")
    assert [template.render(x=1) for _ in range(5)] == ["1"] * 5
    assert rendered_faster == []


def test_templates_from_strings_leave_nothing_with_the_environment() -> None:
    environment = environment_of()
    state = state_of(environment)
    for number in range(50):
        environment.from_string(f"{number}{{{{ x }}}}").render(x=1)
    assert len(state.compiling) == len(state.waiting) == 0


def test_few_trees_are_kept() -> None:
    names = [f"t{number}" for number in range(40)]
    environment = environment_of(**dict.fromkeys(names, "{{ x }}"))
    templates = [t.cast(ApplicationTemplate, environment.get_template(name)) for name in names]
    assert sum(template._pending is not None for template in templates) == pending._MOST_KEPT
    assert [template.render(x=1) for template in templates] == ["1"] * 40
    for _ in range(100):
        environment.compile("{{ x }}", "other")
    assert len(state_of(environment).compiling) <= pending._MOST_KEPT


def test_trees_go_with_their_environment() -> None:
    environment = environment_of()
    environment.get_template("page")
    environment.compile("{{ x }}", "other")
    gone = weakref.ref(environment)
    del environment
    gc.collect()
    assert gone() is None


def test_code_of_another_process_has_no_tree_and_is_rendered_by_jinja() -> None:
    environment = environment_of()
    code = environment.compile(PAGE, "page")
    other = environment_of()
    template = other.template_class.from_code(other, code, {})
    assert [template.render(x=1) for _ in range(5)] == ["<1>\n1"] * 5
    assert t.cast(ApplicationTemplate, template).program is None


def test_threads_render_while_one_of_them_writes() -> None:
    template = environment_of().get_template("page")
    rendered: list[str] = []
    start = threading.Barrier(8)

    def render() -> None:
        start.wait()
        for _ in range(20):
            rendered.append(template.render(x=1))

    threads = [threading.Thread(target=render) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rendered == ["<1>\n1"] * 160
    assert t.cast(ApplicationTemplate, template).program is not None


def test_what_a_template_was_given_is_let_go_though_the_template_waits_for_its_functions() -> None:
    app = Flask(__name__)
    closed = []

    def chunks() -> t.Iterator[str]:
        try:
            yield from "abc"
        finally:
            closed.append(True)

    @app.route("/")
    def index() -> t.Iterator[str]:
        return stream_template_string("{% for c in chunks %}{{ c }}{% endfor %}", chunks=chunks())

    gc.collect()
    gc.disable()
    try:
        body = app(create_environ("/"), lambda *args: lambda data: None)
        assert next(iter(body)) == b"a"
        t.cast(t.Any, body).close()
        del body
        assert closed == [True]
    finally:
        gc.enable()


def test_the_else_of_a_counted_loop_has_no_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pending, "RENDERINGS", 0)
    source = "{% for x in xs %}{{ loop.index }}{% else %}{{ loop.index }}{% endfor %}"
    template = Flask(__name__).jinja_env.from_string(source)
    assert template.render(xs="ab") == "12"
    with pytest.raises(jinja2.UndefinedError, match="loop"):
        template.render(xs="")
