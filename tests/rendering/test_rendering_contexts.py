"""What a template is rendered with: the context, and the variables that an application adds."""

from __future__ import annotations

import typing as t
from collections.abc import Callable
from unittest import mock

import jinja2
import pytest
from jinja2 import DictLoader
from jinja2.nodes import EvalContext
from jinja2.runtime import Context

import flask
from flask import Blueprint, Flask, render_template
from flask.rendering.template import make_context

PAGES = {
    "page.html": "{{ value }} {{ late }} {{ g.user }} {{ request.path }} {{ extra }} {{ config }}",
    "page.txt": "{{ value }}",
    "other.html": "other {{ value }}",
    "child.html": "{% extends 'page.txt' %}",
}


def make_app(**functions: Callable[[], t.Any]) -> Flask:
    app = Flask("contexts")
    app.jinja_loader = DictLoader(PAGES)
    app.config.clear()
    app.config.update(app.default_config)

    @app.route("/")
    def index() -> str:
        flask.g.user = "ada"
        return render_template("page.html", value="<b>")

    return app


def rendered(app: Flask, name: str = "page.html", **values: t.Any) -> list[str]:
    """The texts of several renderings, for what is compiled with the first of them."""
    with app.test_request_context("/path"):
        flask.g.user = "ada"
        return [render_template(name, value="<b>", **values) for _ in range(3)]


@pytest.mark.parametrize("autoescape", [True, False, lambda name: name == "page.html"])
def test_a_context_is_made_as_by_its_class(autoescape: t.Any) -> None:
    environment = jinja2.Environment(autoescape=autoescape)

    def block(context: Context) -> t.Iterator[str]:
        yield ""

    for name in ("page.html", "page.txt", None):
        blocks = {"title": block}
        names = {"value": 1, "range": range}
        parent = names | {"other": 2}
        ours = make_context(environment, parent, name, blocks, names)
        theirs = Context(environment, parent, name, t.cast(t.Any, blocks), globals=names)
        assert vars(ours.eval_ctx) == vars(theirs.eval_ctx)
        ours_vars, theirs_vars = vars(ours) | {"eval_ctx": 0}, vars(theirs) | {"eval_ctx": 0}
        assert ours_vars == theirs_vars
        assert {k: type(v) for k, v in vars(ours).items()} == {
            k: type(v) for k, v in vars(theirs).items()
        }
        assert ours.parent is parent
        assert ours.blocks["title"] is not theirs.blocks["title"]


def test_the_contexts_of_two_renderings_share_nothing_that_changes() -> None:
    app = make_app()
    seen: list[dict[str, t.Any]] = []

    @jinja2.pass_context
    def note(context: Context) -> str:
        context.exported_vars.add("x")
        context.globals_keys.add("y")
        context.blocks["z"] = []
        seen.append({"parent": dict(context.parent), "vars": dict(context.vars)})
        return str(sorted(context.exported_vars)) + str("y" in context.globals_keys)

    app.jinja_env.globals["note"] = note
    app.jinja_env.loader = DictLoader({"page.html": "{{ note() }}{% set x = 1 %}"})
    texts = rendered(app)
    assert len(set(texts)) == 1
    assert seen[0].keys() == seen[1].keys()


@pytest.mark.parametrize("where", ["init", "name", "context_init"])
def test_a_patch_of_jinja_counts(where: str) -> None:
    class Unescaped(EvalContext):
        def __init__(self, environment: t.Any, template_name: str | None = None) -> None:
            super().__init__(environment, template_name)
            self.autoescape = False

    def init(self: t.Any, environment: t.Any, template_name: str | None = None) -> None:
        self.environment, self.volatile, self.autoescape = environment, False, False

    original = Context.__init__

    def context_init(
        self: t.Any, environment: t.Any, parent: t.Any, *others: t.Any, **options: t.Any
    ) -> None:
        original(self, environment, {**parent, "value": "patched"}, *others, **options)

    patches: dict[str, t.Any] = {
        "init": mock.patch.object(EvalContext, "__init__", init),
        "name": mock.patch("jinja2.runtime.EvalContext", Unescaped),
        "context_init": mock.patch.object(Context, "__init__", context_init),
    }
    app = make_app()
    app.jinja_env.loader = DictLoader({"page.html": "{{ note() }}"})

    @jinja2.pass_context
    def note(context: Context) -> str:
        return f"{context.eval_ctx.autoescape} {context['value']}"

    app.jinja_env.globals["note"] = note
    assert rendered(app) == ["True &lt;b&gt;"] * 3
    with patches[where]:
        assert rendered(app)[-1] == {"context_init": "True patched"}.get(where, "False &lt;b&gt;")
    assert rendered(app) == ["True &lt;b&gt;"] * 3


def test_globals_of_one_template_are_seen() -> None:
    app = make_app()
    rendered(app)
    app.jinja_env.get_template("page.html").globals["late"] = "late"
    assert rendered(app)[0].startswith("&lt;b&gt; late ada /path")
    app.jinja_env.globals["extra"] = "extra"
    assert " extra " in rendered(app)[0]


def test_variables_that_are_no_names_are_refused_as_by_jinja() -> None:
    app = make_app()
    rendered(app)
    template = app.jinja_env.get_template("page.txt")
    for _ in range(3):
        with pytest.raises(TypeError):
            template.render({1: 2})


# Context processors


def _twins() -> tuple[Flask, Flask]:
    """Two applications, the second with a processor that adds nothing."""
    ours, twin = make_app(), make_app()
    twin.context_processor(dict)
    return ours, twin


@pytest.mark.parametrize(
    "values",
    [{}, {"g": {"user": "given"}}, {"request": {"path": "given"}}, {"extra": 1, "late": 2}],
    ids=str,
)
def test_what_a_view_passes_takes_precedence(values: dict[str, t.Any]) -> None:
    ours, twin = _twins()
    assert rendered(ours, **values) == rendered(twin, **values)


def test_variables_are_those_of_the_built_in_processor() -> None:
    ours, twin = _twins()
    for app in (ours, twin):
        with app.test_request_context():
            context: dict[str, t.Any] = {"value": 1}
            app.update_template_context(context)
            assert list(context) == ["value", "g", "request"]
            assert type(context["request"]) is flask.Request
        with app.app_context():
            context = {}
            app.update_template_context(context)
            assert list(context) == ["g"]


def test_processors_may_come_and_go() -> None:
    app = make_app()
    assert " ada " in rendered(app)[0]
    app.template_context_processors[None].append(lambda: {"extra": "more"})
    assert " more " in rendered(app)[0]
    for change in (
        lambda processors: processors[None].clear(),
        lambda processors: processors.clear(),
    ):
        change(app.template_context_processors)
        with app.test_request_context():
            context = {"value": 1}
            app.update_template_context(context)
            assert context == {"value": 1}


def test_processors_of_a_blueprint_are_for_its_requests() -> None:
    app = make_app()
    shop, plain = Blueprint("shop", "contexts"), Blueprint("plain", "contexts")
    shop.context_processor(lambda: {"extra": "of the shop", "value": "never"})

    @shop.route("/shop")
    @plain.route("/plain")
    def show() -> str:
        flask.g.user = "ada"
        return render_template("page.html", value="<b>")

    app.register_blueprint(shop)
    app.register_blueprint(plain)
    client = app.test_client()
    for _ in range(3):
        assert "&lt;b&gt;  ada /shop of the shop" in client.get("/shop").text
        assert "of the shop" not in client.get("/plain").text
        assert "of the shop" not in client.get("/").text


def test_a_replaced_ensure_sync_is_asked() -> None:
    app = make_app()
    rendered(app)
    asked: list[t.Any] = []

    def ensure_sync(function: t.Any) -> t.Any:
        asked.append(function)
        return function

    app.ensure_sync = ensure_sync  # type: ignore[method-assign]
    rendered(app)
    assert len(asked) >= 3


# Templates in the cache


class OtherEnvironment(flask.templating.Environment):
    def get_or_select_template(self, *arguments: t.Any, **options: t.Any) -> jinja2.Template:
        return self.get_template("other.html")


def test_a_replaced_look_up_is_asked() -> None:
    app = make_app()
    app.jinja_environment = OtherEnvironment  # type: ignore[misc]
    assert rendered(app) == ["other &lt;b&gt;"] * 3
    app = make_app()
    assert rendered(app, "page.txt") == ["<b>"] * 3
    environment: t.Any = app.jinja_env
    for name in ("get_or_select_template", "get_template", "_load_template"):
        other = environment.get_template("other.html")
        setattr(environment, name, lambda *arguments, other=other, **options: other)
        assert rendered(app, "page.txt") == ["other &lt;b&gt;"] * 3
        delattr(environment, name)
        assert rendered(app, "page.txt") == ["<b>"] * 3
        replaced = mock.patch.object(
            flask.templating.Environment,
            name,
            lambda *arguments, other=other, **options: other,
        )
        with replaced:
            assert rendered(app, "page.txt") == ["other &lt;b&gt;"] * 3
        assert rendered(app, "page.txt") == ["<b>"] * 3


def test_templates_are_looked_at_again_where_the_environment_reloads() -> None:
    app = make_app()
    app.config["TEMPLATES_AUTO_RELOAD"] = True
    sources = {"page.txt": "old"}
    app.jinja_loader = DictLoader(sources)
    assert rendered(app, "page.txt") == ["old"] * 3
    sources["page.txt"] = "new"
    assert rendered(app, "page.txt") == ["new"] * 3


def test_several_names_and_templates_are_accepted() -> None:
    app = make_app()
    template = app.jinja_env.get_template("page.txt")
    for names in (["none.html", "page.txt"], [template], template):
        with app.app_context():
            for _ in range(3):
                assert render_template(t.cast(t.Any, names), value=1) == "1"
