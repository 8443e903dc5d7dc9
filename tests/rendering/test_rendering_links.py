"""Links in templates are those that ``url_for`` makes, whatever changes between two renderings."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape
from werkzeug.routing import BaseConverter, BuildError, IntegerConverter, Rule, UnicodeConverter

import flask.routing.links
from flask import Flask, render_template
from flask.globals import request_ctx
from flask.routing.links import Call, find_pattern, make_link

CALLS = {
    "constant": "url_for('index')",
    "constants": "url_for('one', name='ada')",
    "quoted constant": "url_for('one', name='a b?&')",
    "constant query": "url_for('index', q='flask', page=2)",
    "quoted query": "url_for('index', q='a b&c')",
    "file": "url_for('static', filename='css/site.css')",
    "value": "url_for('one', name=x)",
    "number": "url_for('number', number=x)",
    "constant and value": "url_for('two', name='a&b', number=x)",
    "value and constant": "url_for('two', number=7, name=x)",
    "values": "url_for('two', number=y, name=x)",
    "value and query": "url_for('one', name=x, page=2)",
    "computed query": "url_for('one', name='ada', page=x)",
    "nothing": "url_for('one', name=none)",
    "flag": "url_for('number', number=true)",
    "in front": "url_for('front', name=x)",
    "converted": "url_for('shouted', name=x)",
    "missing": "url_for('one')",
    "unknown": "url_for('unknown', name=x)",
    "two rules": "url_for('either', name=x)",
    "defaults": "url_for('defaulting', name=x)",
}


def view(**values: t.Any) -> str:
    return ""


class Shouting(BaseConverter):
    def to_url(self, value: t.Any) -> str:
        return super().to_url(str(value).upper())


def make_app(cls: type[Flask] = Flask) -> Flask:
    app = cls("links", static_folder="static")
    app.secret_key = "secret"
    app.url_map.converters["shouting"] = Shouting
    for endpoint, *rules in (
        ("index", "/"),
        ("one", "/o&ne/<name>"),
        ("number", "/number/<int:number>.html"),
        ("two", "/two/<name>/<int:number>/"),
        ("front", "/<path:name>/end"),
        ("shouted", "/shouted/<shouting:name>"),
        ("either", "/either/<name>", "/or/<name>"),
    ):
        for rule in rules:
            app.add_url_rule(rule, endpoint, view)
    app.add_url_rule("/default/<name>", "defaulting", view, defaults={"a": 1})
    from jinja2 import DictLoader

    app.jinja_env.loader = DictLoader(
        {f"{name}.html": f"{{{{ {c} }}}}" for name, c in CALLS.items()}
    )
    return app


def outcome(make: t.Callable[[], t.Any]) -> t.Any:
    try:
        return str(make())
    except Exception as error:
        return type(error), str(error)


def compare(app: Flask, names: t.Iterable[str] = CALLS, **values: t.Any) -> None:
    """Compare each link with that of the method, which the template knows nothing of."""
    for name in names:

        def by_method(name: str = name) -> t.Any:
            known = {"url_for": app.url_for, "none": None, "true": True, **values}
            return escape(eval(CALLS[name], known))

        rendered = outcome(lambda name=name: render_template(f"{name}.html", **values))
        assert rendered == outcome(by_method), name


def make_rendered(cls: type[Flask] = Flask) -> Flask:
    """Return an application whose templates have their functions, and these their links."""
    app = make_app(cls)
    app.test_client().get("/")  # compiles what links are built by
    with app.test_request_context():
        for _ in range(6):
            compare(app, x="ada", y=3)
            compare(app, x=3, y=3)
    return app


@pytest.fixture
def app() -> Flask:
    return make_rendered()


def is_made(app: Flask, name: str) -> bool:
    """Whether the call's links are made by a function of their own."""
    template: t.Any = app.jinja_env.get_template(f"{name}.html")
    cells = template.program.write.__closure__
    (place,) = (cell.cell_contents for cell in cells if type(cell.cell_contents) is list)
    return t.cast(bool, place[0].__module__ == make_link.__module__)


FASTER = {
    *("constant", "constants", "constant query", "file", "value", "number"),
    *("value and constant", "constant and value", "values", "value and query", "flag"),
}


def test_the_usual_calls_have_functions_of_their_own(app: Flask) -> None:
    assert {name for name in CALLS if is_made(app, name)} == FASTER


values = (
    st.text(max_size=6)
    | st.integers()
    | st.booleans()
    | st.none()
    | st.floats(allow_nan=False)
    | st.sampled_from(["a/b", "/a", "//a", "a&b", "a'b", "ü", "a b", "", "a+b", "%41", b"bytes"])
)


@given(x=values, y=values, root=st.sampled_from(["", "/app", "/a&b", "/ü"]))
def test_links_are_those_of_the_method(x: t.Any, y: t.Any, root: str) -> None:
    with APP.test_request_context(environ_overrides={"SCRIPT_NAME": root}):
        compare(APP, x=x, y=y)


APP = make_rendered()


def patched_method(app: Flask, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Flask, "url_for", lambda self, endpoint, **values: f"<{endpoint}>")
    patch.setitem(app.jinja_env.globals, "url_for", app.url_for)


def own_method(app: Flask, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(app, "url_for", lambda endpoint, **values: f"<{endpoint}>")
    patch.setitem(app.jinja_env.globals, "url_for", app.url_for)


def patched_converters(app: Flask, patch: pytest.MonkeyPatch) -> None:
    for cls in (UnicodeConverter, IntegerConverter, BaseConverter):
        patch.setattr(cls, "to_url", lambda self, value: f"<{value}>")


def one_patched_converter(app: Flask, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(IntegerConverter, "to_url", lambda self, value: f"<{value}>")


def defaults_given_later(app: Flask, patch: pytest.MonkeyPatch) -> None:
    for rule in app.url_map.iter_rules():
        patch.setattr(rule, "defaults", {"other": 1})


def sorted_parameters(app: Flask, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(app.url_map, "sort_parameters", True)


def overridden_adapter(app: Flask, patch: pytest.MonkeyPatch) -> None:
    request_ctx.url_adapter = app.url_map.bind("elsewhere", script_name="/other")  # type: ignore[misc]


def another_class(app: Flask, patch: pytest.MonkeyPatch) -> None:
    class Other(Flask):
        def create_url_adapter(self, request: t.Any) -> t.Any:
            return self.url_map.bind("elsewhere", script_name="/other")

    patch.setattr(app, "__class__", Other)


def url_defaults(app: Flask, patch: pytest.MonkeyPatch) -> None:
    app.url_default_functions.setdefault(None, []).append(
        lambda endpoint, values: values.setdefault("lang", "en")
    )


def another_rule(app: Flask, patch: pytest.MonkeyPatch) -> None:
    app.url_map.add(Rule("/first/<name>", endpoint="one"))


CHANGES = (
    patched_method,
    own_method,
    patched_converters,
    one_patched_converter,
    defaults_given_later,
    sorted_parameters,
    overridden_adapter,
    another_class,
    url_defaults,
    another_rule,
)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_changes_count_at_once(
    change: t.Callable[[Flask, pytest.MonkeyPatch], None],
    app: Flask,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with app.test_request_context(), monkeypatch.context() as patch:
        change(app, patch)
        for _ in range(2):
            compare(app, x="ada", y=3)
            compare(app, x=3, y=3)
    app.test_client().get("/")
    with app.test_request_context():
        for _ in range(3):
            compare(app, x="ada", y=3)


def test_without_a_request_a_link_takes_a_server_name(app: Flask) -> None:
    with app.app_context():
        compare(app, x="ada", y=3)
    app.config["SERVER_NAME"] = "example.com"
    with app.app_context():
        assert render_template("constants.html") == "http://example.com/o&amp;ne/ada"
        compare(app, x="ada", y=3)


def test_two_applications_share_templates(app: Flask) -> None:
    other = make_rendered()
    other.jinja_env.loader = app.jinja_env.loader
    with app.test_request_context():
        for _ in range(3):
            for owner in (other, app, other):
                template = app.jinja_env.get_template("value.html")
                text = template.render(url_for=owner.url_for, x="ada")
                assert text == "/o&amp;ne/ada"
                assert template.render(url_for=lambda *a, **k: "<", x="ada") == "&lt;"


def test_the_method_of_another_application_makes_its_links(app: Flask) -> None:
    other = Flask("other", static_folder=None)
    other.add_url_rule("/", "index", view)
    other.add_url_rule("/elsewhere/<name>", "one", view)
    other.add_url_rule("/elsewhere/<name>/<int:number>", "two", view)
    other.test_client().get("/")
    expected = {
        "constants": "/elsewhere/ada",
        "value": "/elsewhere/grace",
        "values": "/elsewhere/grace/3",
    }
    with app.test_request_context():
        for name, link in expected.items():
            template = app.jinja_env.get_template(f"{name}.html")
            ours = template.render(url_for=app.url_for, x="grace", y=3)
            assert template.render(url_for=other.url_for, x="grace", y=3) == link
            assert template.render(url_for=app.url_for, x="grace", y=3) == ours != link


def sabotaged(change: str) -> t.Any:
    def sabotage(patch: pytest.MonkeyPatch) -> None:
        def broken(rule: t.Any, call: Call) -> t.Any:
            pattern = find_pattern(rule, call)
            if pattern is None:
                return None
            if change == "constants":
                return pattern._replace(constants=())
            if change == "query":
                return pattern._replace(has_query=False)
            variables = tuple(variable._replace(tail="") for variable in pattern.variables)
            return pattern._replace(variables=variables)

        patch.setattr(flask.routing.links, "find_pattern", broken)

    return sabotage


@pytest.mark.parametrize(
    ("broken", "change"),
    [
        ("constants", one_patched_converter),
        ("query", sorted_parameters),
        ("tails", url_defaults),
    ],
)
def test_a_broken_pattern_is_noticed(
    broken: str,
    change: t.Callable[[Flask, pytest.MonkeyPatch], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sabotaged(broken)(monkeypatch)

    def compare_before_and_after() -> None:
        app = make_rendered()
        with app.test_request_context():
            change(app, monkeypatch)
            compare(app, x="ada", y=3)

    with pytest.raises(AssertionError):
        compare_before_and_after()


def test_a_missing_value_is_an_error_of_the_template_s_line(app: Flask) -> None:
    with app.test_request_context(), pytest.raises(BuildError):
        render_template("missing.html")
