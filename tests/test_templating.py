"""Templates of an application are rendered as Jinja's own class renders them."""

from __future__ import annotations

import contextlib
import functools
import html
import sqlite3
import typing as t

import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import Template, Undefined
from markupsafe import Markup

from flask import Flask
from flask.rendering import pending
from flask.rendering.shortcuts import links
from flask.rendering.template import ApplicationTemplate

SOURCES = [
    "{{ value }}",
    "{{ value }}{{ value|e }}{{ value|safe }}",
    "{{ value ~ '<' ~ value }}",
    "{% set kept %}<b>{{ value }}</b>{% endset %}{{ kept }}{{ kept is escaped }}",
    "{% macro row(x) %}<i>{{ x }}</i>{% endmacro %}{{ row(value) }}{{ row(value)|upper }}",
    "{% macro box() %}<p>{{ caller() }}</p>{% endmacro %}{% call box() %}{{ value }}{% endcall %}",
    "{% filter upper %}<{{ value }}>{% endfilter %}",
    "{% autoescape false %}{{ value }}{% endautoescape %}{{ value }}",
    "{% for part in [value, value] %}{{ loop.index }}{{ part }}{% endfor %}",
    "{{ [value]|join('<') }}{{ '<%s>'|format(value) }}",
]


class Coded:
    def __html__(self) -> str:
        return "<coded>"


class Shouting(str):
    def __html__(self) -> str:
        return self.upper()


values = (
    st.text(max_size=8)
    | st.text(alphabet="<>&'\"a", max_size=8)
    | st.text(max_size=8).map(Markup)
    | st.text(alphabet="<ab", max_size=8).map(Shouting)
    | st.integers()
    | st.booleans()
    | st.none()
    | st.floats()
    | st.binary(max_size=4)
    | st.builds(Coded)
    | st.lists(st.text(alphabet="<ab", max_size=4), max_size=2)
)


@pytest.fixture(autouse=True)
def functions_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the faster code of templates written at once."""
    monkeypatch.setattr(pending, "RENDERINGS", 0)


@pytest.fixture(scope="module")
def app() -> Flask:
    return Flask(__name__)


def of_both_classes(app: Flask, source: str) -> tuple[Template, Template]:
    environment = app.jinja_env
    ours = environment.from_string(source)
    assert type(ours) is ApplicationTemplate
    return ours, environment.from_string(source, template_class=Template)


@pytest.mark.parametrize("source", SOURCES)
@given(value=values)
@settings(max_examples=60, deadline=None)
def test_values_are_written_as_by_jinja(app: Flask, source: str, value: t.Any) -> None:
    ours, twin = of_both_classes(app, source)
    assert ours.render(value=value) == twin.render(value=value)
    assert "".join(ours.generate(value=value)) == twin.render(value=value)


def test_variables_cover_globals_and_those_of_the_template_the_environments(app: Flask) -> None:
    source = "{{ site }} {{ page }} {{ item }} {{ config is defined }}"
    environment = app.jinja_env
    environment.globals |= {"site": "site", "page": "global", "item": "global"}
    own = {"page": "own", "item": "own"}
    ours = environment.from_string(source, own)
    twin = environment.from_string(source, own, Template)

    for template in (ours, twin):
        assert template.render(item="<passed>") == "site own &lt;passed&gt; True"
        assert template.render() == "site own own True"
    environment.globals["site"] = "changed"
    ours.globals["page"] = "set"
    assert ours.render() == "changed set own True"
    assert environment.globals["page"] == "global"
    assert set(ours.globals) == set(twin.globals)
    ours.globals = ours.globals.new_child({"page": "child"})  # type: ignore[attr-defined]
    assert ours.render(item="passed") == "changed child passed True"
    assert set(ours.globals.parents) == set(twin.globals)  # type: ignore[attr-defined]


def test_names_of_variables_must_be_text(app: Flask) -> None:
    for template in of_both_classes(app, "{{ x }}"):
        with pytest.raises(TypeError):
            template.render({1: 2})


def test_modules_have_what_a_template_exports_and_no_globals(app: Flask) -> None:
    source = "{% set answer = 42 %}{% macro shout(x) %}{{ x|upper }}{% endmacro %}"
    for template in of_both_classes(app, source):
        module = template.make_module({"g": 1})
        assert module.answer == 42  # type: ignore[attr-defined]
        assert module.shout("<a") == Markup("&lt;A")  # type: ignore[attr-defined]
        assert template.make_module({"only": 1}, shared=True).answer == 42  # type: ignore[attr-defined]


def test_an_environments_own_template_class_stays() -> None:
    class OwnTemplate(Template):
        pass

    app = Flask(__name__)

    class OwnEnvironment(app.jinja_environment):  # type: ignore[misc, name-defined]
        template_class = OwnTemplate

    app.jinja_environment = OwnEnvironment
    assert type(app.jinja_env.from_string("x")) is OwnTemplate


@pytest.mark.parametrize("wants", ["context", "eval_context", "environment"])
def test_callables_are_passed_what_they_ask_for(app: Flask, wants: str) -> None:
    import jinja2

    decorate = getattr(jinja2, f"pass_{wants}")

    @decorate
    def function(passed: t.Any, word: str) -> str:
        return f"{type(passed).__name__} {word}"

    class Holder:
        @decorate
        def method(self, passed: t.Any, word: str) -> str:
            return f"{type(passed).__name__} {word}"

        @decorate
        def __call__(self, passed: t.Any, word: str) -> str:
            return f"{type(passed).__name__} {word}"

    source = "{{ f('a') }} {{ h.method('b') }} {{ h('c') }}"
    ours, twin = of_both_classes(app, source)
    rendered = ours.render(f=function, h=Holder())
    assert rendered == twin.render(f=function, h=Holder())
    names = {"context": "Context", "eval_context": "EvalContext", "environment": "Environment"}
    assert rendered == " ".join(f"{names[wants]} {letter}" for letter in "abc")


def test_a_call_that_ends_by_stop_iteration_is_undefined(app: Flask) -> None:
    def stop() -> t.NoReturn:
        raise StopIteration

    for template in of_both_classes(app, "<{{ stop() }}>"):
        assert template.render(stop=stop) == "<>"


class Row:
    """What a template may ask for an attribute or an item."""

    both = "attribute"

    def __init__(self, mapping: dict[str, t.Any]) -> None:
        self.mapping = mapping

    def __getitem__(self, name: str) -> t.Any:
        return self.mapping[name]

    @property
    def failing(self) -> str:
        raise AttributeError("inside of the property")


def database_row() -> sqlite3.Row:
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.row_factory = sqlite3.Row
        row: sqlite3.Row = connection.execute("SELECT 1 AS item, 2 AS keys").fetchone()
        return row


OBJECTS = {
    "dict": {"item": 1, "items": 2},
    "database row": database_row(),
    "row": Row({"item": "item", "both": "item", "failing": "item"}),
    "list": [1],
    "text": "text",
    "none": None,
    "undefined": Undefined(name="gone"),
}


@pytest.mark.parametrize("name", ["item", "items", "keys", "both", "failing", "absent", "__len__"])
@pytest.mark.parametrize("kind", OBJECTS)
def test_an_attribute_is_what_jinja_takes_it_for(app: Flask, kind: str, name: str) -> None:
    outcomes: list[t.Any] = []
    for environment in (app.jinja_env, jinja2.Environment()):
        try:
            found = environment.getattr(OBJECTS[kind], name)
        except jinja2.UndefinedError as error:
            outcomes.append(str(error))
            continue
        outcomes.append((type(found), repr(found)))
        if isinstance(found, Undefined):
            outcomes[-1] += (found._undefined_message,)
    assert outcomes[0] == outcomes[1]


LINKS = [
    "url_for('item', number=5)",
    "url_for('item', number=5, q='a b', page=None)",
    "url_for('item', number=5, q='<&>', _external=False)",
    "url_for('item', number=5, q='<&>', page=2)",
    "url_for('item', number=5, page=None)",
    "url_for('item', number='x')",
    "url_for('item')",
    "url_for('page', name='a b')",
    "url_for('page', name='a', _anchor='top')",
    "url_for('page', name='a', _external=True)",
    "url_for('page', name='a', _scheme='https')",
    "url_for('page', name='a', _method='POST')",
    "url_for('page', 'a')",
    "url_for(endpoint='page', name='a')",
    "url_for('absent')",
    "url_for(None)",
    "url_for('.page', name='a')",
    "url_for()",
]


@pytest.mark.parametrize("link", LINKS)
def test_a_link_in_a_template_is_that_of_the_application(link: str) -> None:
    app = Flask(__name__)
    app.add_url_rule("/item/<int:number>", "item", lambda number: "")
    app.add_url_rule("/<name>", "page", lambda name: "", methods=["GET", "POST"])
    outcomes: list[t.Any] = []

    def noted(call: t.Callable[[], str]) -> None:
        try:
            outcomes.append(call())
        except Exception as error:
            outcomes.append((type(error), str(error)))

    filtered = app.jinja_env.from_string("{{ " + link + "|safe }}")
    written = app.jinja_env.from_string("{{ " + link + " }}")
    for _ in range(2):  # before and after the builders are compiled
        with app.test_request_context("/", base_url="http://example.org/mounted"):
            noted(filtered.render)
            noted(lambda: html.unescape(written.render()))
            noted(lambda: eval(link, {"url_for": app.url_for}))
        app.test_client().get("/")
    assert outcomes == outcomes[:1] * 6


def test_a_link_that_is_built_wrongly_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(links, Flask.url_for, lambda app, endpoint, values: f"/{endpoint}")
    with pytest.raises(AssertionError):
        test_a_link_in_a_template_is_that_of_the_application(LINKS[0])


def test_a_replaced_url_for_is_called_from_templates() -> None:
    app = Flask(__name__)
    app.add_url_rule("/", "index", lambda: "")
    app.test_client().get("/")
    original = app.url_for

    @functools.wraps(original)
    def url_for(endpoint: str, **values: t.Any) -> str:
        return "https://cdn.example" + original(endpoint, **values)

    app.url_for = url_for  # type: ignore[method-assign]
    with app.test_request_context():
        source = "{{ url_for('index') }}"
        assert app.jinja_env.from_string(source).render() == "https://cdn.example/"
