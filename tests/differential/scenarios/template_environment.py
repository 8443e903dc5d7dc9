"""The Jinja environment: folders, loaders, options, reloading."""

from __future__ import annotations

import jinja2.defaults
from jinja2 import DictLoader

import flask
from flask import Blueprint, render_template, render_template_string

from ..harness import Lab, scenario
from .templating import library


@scenario
def search_order_app_before_blueprints(lab: Lab):
    lab.file("templates/page.html", "app page")
    lab.file("one/page.html", "one page")
    lab.file("one/own.html", "one own")
    lab.file("two/own.html", "two own")
    lab.file("two/last.html", "two last")
    app = lab.app()
    for name in ("one", "two"):
        bp = Blueprint(
            name, __name__, root_path=str(lab.tmp), template_folder=name, url_prefix=f"/{name}"
        )
        bp.add_url_rule("/own", "own", lambda: render_template("own.html"))
        bp.add_url_rule("/page", "page", lambda: render_template("page.html"))
        app.register_blueprint(bp)
    app.add_url_rule("/own", "own", lambda: render_template("own.html"))
    app.add_url_rule("/last", "last", lambda: render_template("last.html"))
    app.add_url_rule("/none", "none", lambda: render_template("none.html"))
    return [
        lab.briefs(app, "/own", "/last", "/one/own", "/two/own", "/two/page", "/none"),
        sorted(app.jinja_env.list_templates()),
    ]


@scenario
def nested_blueprint_templates(lab: Lab):
    lab.file("outer/a.html", "outer a")
    lab.file("inner/a.html", "inner a")
    lab.file("inner/b.html", "inner b")
    app = lab.app()
    outer = Blueprint("outer", __name__, root_path=str(lab.tmp), template_folder="outer")
    inner = Blueprint("inner", __name__, root_path=str(lab.tmp), template_folder="inner")
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    with app.app_context():
        return [render_template("a.html"), render_template("b.html")]


@scenario
def explain_template_loading(lab: Lab):
    import logging

    app = library(lab, EXPLAIN_TEMPLATE_LOADING=True)
    app.logger.setLevel(logging.INFO)
    lab.file("one/hello.html", "shadowed")
    bp = Blueprint(
        "one", __name__, root_path=str(lab.tmp), template_folder="one", url_prefix="/one"
    )
    bp.add_url_rule("/", "index", lambda: render_template("missing.html"))
    app.register_blueprint(bp)
    with app.app_context():
        seen = [
            lab.raises(render_template, "hello.html", name="x"),
            lab.raises(render_template, "missing.html"),
        ]
    seen.append(lab.code(app, "/one/"))
    return [
        seen,
        [
            "hello.html" in lab.messages[0],
            "templates" in lab.messages[0],
            "missing.html" in lab.messages[1],
            "one" in lab.messages[1],
            "one" in lab.messages[2],
        ],
    ]


@scenario
def template_folder_choices(lab: Lab):
    lab.file("views/a.html", "views")
    lab.file("templates/a.html", "default")
    seen = []
    for folder in (
        "views",
        str(lab.tmp / "views"),
        lab.tmp / "views",
        None,
        "nowhere",
        "templates",
    ):
        app = lab.app(template_folder=folder)
        with app.app_context():
            seen.append(
                [
                    lab.raises(render_template, "a.html"),
                    str(app.template_folder),
                    app.jinja_loader is None,
                ]
            )
    return seen


@scenario
def reloading(lab: Lab):
    seen = []
    for options in ({}, {"TEMPLATES_AUTO_RELOAD": True}, {"DEBUG": True}):
        app = lab.app(**options)
        lab.file("templates/r.html", "one", mtime=1_500_000_000)
        with app.app_context():
            first = render_template("r.html")
            lab.file("templates/r.html", "two", mtime=1_600_000_000)
            seen.append([first, render_template("r.html")])
    return seen


@scenario
def reloading_switched_on_later(lab: Lab):
    app = lab.app()
    lab.file("templates/r.html", "one", mtime=1_500_000_000)
    with app.app_context():
        seen = [render_template("r.html")]
        app.config["TEMPLATES_AUTO_RELOAD"] = True
        lab.file("templates/r.html", "two", mtime=1_600_000_000)
        seen.append(render_template("r.html"))
        app.jinja_env.auto_reload = True
        seen.append(render_template("r.html"))
    return seen


@scenario
def jinja_options(lab: Lab):
    class Shop(flask.Flask):
        jinja_options = {
            "trim_blocks": True,
            "variable_start_string": "[[",
            "variable_end_string": "]]",
        }

    app = lab.app(cls=Shop)
    other = lab.app()
    other.jinja_options["line_statement_prefix"] = "%"
    with app.app_context():
        one = render_template_string("{% if 1 %}\n[[ 5 ]] {{ 6 }}{% endif %}")
    with other.app_context():
        two = render_template_string("% if 1\nyes\n% endif")
    return [
        one,
        two,
        dict(flask.Flask.jinja_options),
        other.jinja_options is flask.Flask.jinja_options,
    ]


@scenario
def jinja_options_after_the_environment_is_made(lab: Lab):
    app = lab.app()
    app.jinja_env  # noqa: B018
    app.jinja_options = {"trim_blocks": True}
    with app.app_context():
        return [render_template_string("{% if 1 %}\nx{% endif %}"), app.jinja_env.trim_blocks]


@scenario
def jinja_environment_facts(lab: Lab):
    app = lab.app()
    env = app.jinja_env
    return [
        type(env).__name__,
        env is app.jinja_env,
        sorted(env.extensions),
        env.autoescape is app.select_jinja_autoescape or callable(env.autoescape),
        env.policies["json.dumps_function"] is not None,
        type(env.loader).__name__,
        env.app is app,
        type(app.jinja_loader).__name__,
        sorted(set(env.filters) ^ set(jinja2.defaults.DEFAULT_FILTERS)),
        env.undefined.__name__,
    ]


@scenario
def jinja_environment_class_of_ones_own(lab: Lab):
    from flask.templating import Environment

    class Own(Environment):
        marker = "own"

    class Shop(flask.Flask):
        jinja_environment = Own

    app = lab.app(cls=Shop)
    with app.app_context():
        return [app.jinja_env.marker, render_template_string("{{ 1 }}")]


@scenario
def create_jinja_environment_overridden(lab: Lab):
    class Shop(flask.Flask):
        def create_jinja_environment(self):
            lab.say("create")
            env = super().create_jinja_environment()
            env.globals["made"] = "made"
            return env

    app = lab.app(cls=Shop)
    lab.say("before")
    with app.app_context():
        return [render_template_string("{{ made }}"), render_template_string("{{ made }}")]


@scenario
def loader_overridden(lab: Lab):
    class Shop(flask.Flask):
        def create_global_jinja_loader(self):
            return DictLoader({"a.html": "from dict {{ x }}"})

    class Other(flask.Flask):
        jinja_loader = DictLoader({"a.html": "class loader"})

    seen = []
    for kind in (Shop, Other):
        app = lab.app(cls=kind)
        with app.app_context():
            seen.append([render_template("a.html", x=1), lab.raises(render_template, "b.html")])
    return seen


@scenario
def loader_replaced_on_the_instance(lab: Lab):
    app = library(lab)
    with app.app_context():
        first = render_template("hello.html", name="x")
        app.jinja_env.loader = DictLoader({"hello.html": "replaced", "new.html": "new"})
        return [first, render_template("hello.html", name="x"), render_template("new.html")]


@scenario
def jinja_loader_assigned(lab: Lab):
    app = library(lab)
    app.jinja_loader = DictLoader({"x.html": "assigned"})
    with app.app_context():
        return [render_template("x.html"), lab.raises(render_template, "hello.html")]


@scenario
def environment_changed_after_use(lab: Lab):
    app = library(lab)
    with app.app_context():
        first = render_template_string("{{ x }}")
        app.jinja_env.globals["x"] = "global"
        app.jinja_env.trim_blocks = True
        app.jinja_env.filters["own"] = lambda value: f"own {value}"
        return [
            first,
            render_template_string("{{ x }}"),
            render_template_string("{% if 1 %}\n{{ 1|own }}{% endif %}"),
        ]


@scenario
def environment_of_a_blueprint_loader(lab: Lab):
    lab.file("bpt/x.html", "bp x")
    bp = Blueprint("bp", __name__, root_path=str(lab.tmp), template_folder="bpt")
    plain = Blueprint("plain", __name__)
    return [type(bp.jinja_loader).__name__, plain.jinja_loader, bp.template_folder]
