"""Compiled templates: as text, as modules, in caches that programs share, and reloaded."""

from __future__ import annotations

import os
import typing as t
from pathlib import Path

import jinja2
import pytest
from jinja2 import FileSystemBytecodeCache, ModuleLoader

from flask import Flask, render_template
from flask.rendering import runtime

SOURCE = "{% for x in items %}{{ loop.index }}{{ x.name }}{% endfor %}"
ITEMS = [{"name": "<a>"}, {"name": "<b>"}]
TEXT = "1&lt;a&gt;2&lt;b&gt;"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "page.html").write_text(SOURCE, encoding="utf-8")
    return folder


def environment_of(folder: Path, cache: jinja2.BytecodeCache | None = None) -> jinja2.Environment:
    app = Flask(__name__, root_path=str(folder.parent))
    app.jinja_env.bytecode_cache = cache
    return app.jinja_env


def twin_of(folder: Path, cache: jinja2.BytecodeCache) -> jinja2.Environment:
    loader = jinja2.FileSystemLoader(folder)
    return jinja2.Environment(loader=loader, autoescape=True, bytecode_cache=cache)


def program_of(template: jinja2.Template) -> t.Any:
    return template.program  # type: ignore[attr-defined]


def test_code_from_the_cache_is_the_faster_code(folder: Path) -> None:
    cache = FileSystemBytecodeCache(str(folder))
    for _ in range(2):
        environment = environment_of(folder, cache)
        template = environment.get_template("page.html")
        assert program_of(template) is not None
        assert template.render(items=ITEMS) == TEXT
        environment.code_generator_class = None  # type: ignore[assignment]
    (cached,) = folder.glob("*.cache")
    before = cached.stat().st_mtime_ns
    environment_of(folder, cache).get_template("page.html")
    assert cached.stat().st_mtime_ns == before


def test_a_cache_that_jinja_alone_fills_too_is_right_for_both(folder: Path) -> None:
    cache = FileSystemBytecodeCache(str(folder))
    for _ in range(2):
        assert twin_of(folder, cache).get_template("page.html").render(items=ITEMS) == TEXT
        template = environment_of(folder, cache).get_template("page.html")
        assert program_of(template) is not None
        assert template.render(items=ITEMS) == TEXT


def test_code_of_jinja_and_ours_run_in_each_others_environment(folder: Path) -> None:
    ours = environment_of(folder)
    theirs = jinja2.Environment(autoescape=True)
    for maker, user in [(ours, theirs), (theirs, ours)]:
        code = maker.compile(SOURCE, "page.html")
        template = user.template_class.from_code(user, code, {})
        assert template.render(items=ITEMS) == TEXT


def test_code_of_another_format_is_passed_by(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = environment_of(folder)
    code = environment.compile(SOURCE, "page.html")
    monkeypatch.setattr("flask.rendering.template.ENTRY", "rendering_0_00000000")
    template = environment.template_class.from_code(environment, code, {})
    assert program_of(template) is None
    assert template.render(items=ITEMS) == TEXT
    assert runtime.ENTRY in code.co_names


def test_compiled_templates_are_loaded_as_modules(folder: Path, tmp_path: Path) -> None:
    ours = environment_of(folder)
    ours.compile_templates(tmp_path / "compiled", zip=None)
    loader = ModuleLoader(tmp_path / "compiled")
    for environment in (environment_of(folder), jinja2.Environment(autoescape=True)):
        environment.loader = loader
        assert environment.get_template("page.html").render(items=ITEMS) == TEXT


def test_a_template_compiled_to_text_needs_nothing_but_jinja(folder: Path) -> None:
    environment = environment_of(folder)
    for defer in (False, True):
        text = environment.compile(SOURCE, "page.html", raw=True, defer_init=defer)
        assert "flask" not in text
        names: dict[str, t.Any] = {"environment": environment, "__file__": "page.html"}
        exec(compile(text, "page.html", "exec"), names)
        template = environment.template_class.from_module_dict(environment, names, {})
        assert template.render(items=ITEMS) == TEXT


def test_a_changed_template_and_its_parent_are_read_again(folder: Path) -> None:
    app = Flask(__name__, root_path=str(folder.parent))
    app.config["TEMPLATES_AUTO_RELOAD"] = True
    page, base = folder / "page.html", folder / "base.html"
    page.write_text("{% extends 'base.html' %}{% block one %}1{% endblock %}", encoding="utf-8")
    base.write_text("a{% block one %}{% endblock %}", encoding="utf-8")
    with app.app_context():
        assert render_template("page.html") == "a1"
        for file, text, expected in [
            (base, "b{% block one %}{% endblock %}", "b1"),
            (page, "{% extends 'base.html' %}{% block one %}2{% endblock %}", "b2"),
        ]:
            file.write_text(text, encoding="utf-8")
            os.utime(file, ns=(1, 1))
            assert render_template("page.html") == expected
