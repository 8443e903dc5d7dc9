"""Templates: where they are found, what they see, how they are rendered and streamed."""

from __future__ import annotations

import datetime
import sys

from jinja2 import TemplateNotFound, UndefinedError
from markupsafe import Markup

import flask
from flask import Blueprint, render_template, render_template_string, stream_template_string

from ..harness import Lab, family, scenario


def library(lab: Lab, **options):
    lab.file("templates/hello.html", "Hello {{ name }}!")
    lab.file("templates/hello.txt", "Hello {{ name }}!")
    lab.file("templates/base.html", "<{% block body %}base{% endblock %}>")
    lab.file(
        "templates/child.html",
        "{% extends 'base.html' %}{% block body %}child {{ super() }}{% endblock %}",
    )
    lab.file(
        "templates/part.html",
        "{% macro greet(who) %}hi {{ who }}{% endmacro %}{% set answer = 42 %}",
    )
    lab.file("templates/include.html", "[{% include 'hello.html' %}]")
    lab.file("templates/import.html", "{% from 'part.html' import greet %}{{ greet(name) }}")
    lab.file("templates/broken.html", "{% if %}")
    lab.file("templates/crash.html", "{{ 1 / 0 }}")
    lab.file("templates/deep/er/page.html", "deep {{ name }}")
    lab.file(
        "templates/context.html",
        "{{ name }} {{ config.NAME }} {{ g.x }} {{ request.path }} {{ session.y }}",
    )
    return lab.app(**options)


ESCAPES = (
    "a.html",
    "a.htm",
    "a.xml",
    "a.xhtml",
    "a.svg",
    "a.txt",
    "a.js",
    "a",
    "a.HTML",
    "a.html.j2",
    "a.md",
    "a.xht",
)


@family(*ESCAPES)
def autoescape_by_extension(lab: Lab, name):
    app = lab.app()
    lab.file(f"templates/{name}", "{{ x }}")
    with app.app_context():
        return [render_template(name, x="<&\"'>"), app.select_jinja_autoescape(name)]


@scenario
def autoescape_of_strings(lab: Lab):
    app = lab.app()
    with app.app_context():
        return [
            render_template_string("{{ x }}", x="<b>"),
            render_template_string("{{ x|safe }}", x="<b>"),
            render_template_string("{{ x }}", x=Markup("<b>")),
            render_template_string("{% autoescape false %}{{ x }}{% endautoescape %}", x="<b>"),
            render_template_string("{{ x|e }}", x="<b>"),
            app.select_jinja_autoescape(None),
        ]


@scenario
def select_jinja_autoescape_overridden(lab: Lab):
    class Shop(flask.Flask):
        def select_jinja_autoescape(self, filename):
            return filename is not None and filename.endswith(".txt")

    app = library(lab, cls=Shop)
    with app.app_context():
        return [
            render_template("hello.txt", name="<b>"),
            render_template("hello.html", name="<b>"),
            render_template_string("{{ x }}", x="<b>"),
        ]


@family(
    "hello.html",
    "child.html",
    "include.html",
    "import.html",
    "broken.html",
    "crash.html",
    "deep/er/page.html",
    "context.html",
    "missing.html",
    "../secret.html",
    "/hello.html",
    "deep/../hello.html",
    "deep\\er\\page.html",
    "",
    "templates/hello.html",
)
def render_file(lab: Lab, name):
    app = library(lab, NAME="shop")
    lab.file("secret.html", "secret")
    with app.test_request_context("/path"):
        return lab.raises(render_template, name, name="you")


@scenario
def render_template_with_the_name_of_the_argument(lab: Lab):
    app = lab.app()
    with app.app_context():
        return [
            lab.raises(lambda: render_template_string("{{ source }}", source="x")),
            lab.raises(lambda: render_template_string(source="{{ x }}", x=1)),
        ]


@family(
    first=["none.html", "hello.html"],
    second=["hello.html", "hello.txt"],
    none=["a.html", "b.html"],
    empty=[],
    tuple=("none.html", "hello.txt"),
)
def choice_of_templates(lab: Lab, names):
    app = library(lab)
    with app.app_context():
        return lab.raises(render_template, names, name="you")


@scenario
def template_object(lab: Lab):
    app = library(lab)
    with app.app_context():
        made = app.jinja_env.get_template("hello.html")
        text = app.jinja_env.from_string("x {{ name }}")
        return [
            render_template(made, name="obj"),
            render_template(text, name="str"),
            made.render(name="plain"),
        ]


@scenario
def globals_and_context(lab: Lab):
    app = lab.app(SECRET_KEY="k", NAME="n")
    app.add_url_rule("/", "index", lambda: "x")
    text = (
        "{{ request.path }} {{ session.get('a') }} {{ g.get('b') }} {{ config.NAME }}"
        "{{ url_for('index') }} {{ get_flashed_messages() }}"
    )
    with app.test_request_context("/here"):
        inside = render_template_string(text)
    names = sorted(
        set(app.jinja_env.globals) - {"range", "dict", "lipsum", "cycler", "joiner", "namespace"}
    )
    with app.app_context():
        without = [
            lab.raises(render_template_string, "{{ " + part + " }}")
            for part in (
                "request is defined",
                "session is defined",
                "g is defined",
                "request",
                "session",
                "g.x",
                "config.NAME",
                "request.path",
            )
        ]
    return [inside, names, without]


@scenario
def globals_in_imported_templates(lab: Lab):
    lab.file(
        "templates/macro.html",
        "{% macro m() %}{{ request.path if request }}|{{ config.NAME }}|{{ g.x if g }}|"
        "{{ extra }}{% endmacro %}",
    )
    lab.file("templates/plain.html", "{% import 'macro.html' as t %}{{ t.m() }}")
    lab.file("templates/with.html", "{% import 'macro.html' as t with context %}{{ t.m() }}")
    app = lab.app(NAME="n")
    app.context_processor(lambda: {"extra": "processed"})
    with app.test_request_context("/p"):
        flask.g.x = "gx"
        return [render_template("plain.html"), render_template("with.html")]


@scenario
def context_processors_order_and_precedence(lab: Lab):
    app = lab.app()
    outer = Blueprint("outer", __name__, url_prefix="/outer")
    inner = Blueprint("inner", __name__, url_prefix="/inner")
    for name, place in (("app1", app), ("app2", app), ("outer", outer), ("inner", inner)):
        place.context_processor(lambda name=name: (lab.say(name), {"who": name, name: True})[1])
    inner.app_context_processor(
        lambda: (lab.say("for app"), {"who": "for app", "request": "overwritten?"})[1]
    )
    text = "{{ who }} {{ app1 }} {{ outer }} {{ inner }} {{ request == 'overwritten?' }}"
    for place in (app, outer, inner):
        place.add_url_rule("/t", "t", lambda: render_template_string(text))
        place.add_url_rule("/given", "given", lambda: render_template_string(text, who="given"))
    outer.register_blueprint(inner)
    app.register_blueprint(outer)
    return lab.briefs(app, "/t", "/given", "/outer/t", "/outer/inner/t", "/outer/inner/given")


@family(none=None, text="x", list=[("a", 1)], empty={}, raising="raise")
def context_processor_returning(lab: Lab, value):
    app = lab.app()

    @app.context_processor
    def processor():
        if value == "raise":
            raise LookupError
        return value

    with app.app_context():
        return lab.raises(render_template_string, "{{ a }}")


@scenario
def update_template_context_by_hand(lab: Lab):
    app = lab.app()
    app.context_processor(lambda: {"a": "processor", "b": "processor"})
    with app.test_request_context("/"):
        context = {"a": "given"}
        back = app.update_template_context(context)
    with app.app_context():
        other = {}
        app.update_template_context(other)
    return [back, sorted(context), context["a"], sorted(other)]


@scenario
def context_processors_registry(lab: Lab):
    app = lab.app()
    bp = Blueprint("bp", __name__)
    bp.context_processor(dict)
    bp.app_context_processor(dict)
    app.register_blueprint(bp)
    return {str(k): len(v) for k, v in app.template_context_processors.items()}


@scenario
def processor_added_to_the_registry_later(lab: Lab):
    app = lab.app()
    app.add_url_rule("/", "index", lambda: render_template_string("{{ late }}"))
    first = lab.brief(app)
    app.template_context_processors[None].append(lambda: {"late": "now"})
    return [first, lab.brief(app)]


@scenario
def decorated_functions_come_back(lab: Lab):
    app = lab.app()
    return [
        app.template_filter("a")(len) is len,
        app.template_test("b")(callable) is callable,
        app.template_global("c")(max) is max,
        app.context_processor(dict) is dict,
    ]


@scenario
def get_template_attribute(lab: Lab):
    app = library(lab)
    with app.app_context():
        greet = flask.get_template_attribute("part.html", "greet")
        return [
            str(greet("you")),
            flask.get_template_attribute("part.html", "answer"),
            lab.raises(flask.get_template_attribute, "part.html", "none"),
            lab.raises(flask.get_template_attribute, "none.html", "x"),
        ]


@scenario
def signals_of_rendering(lab: Lab):
    app = library(lab)
    lab.watch(app, "before_render_template", "template_rendered")
    names = []
    flask.template_rendered.connect(
        receiver := (
            lambda sender, template, context, **extra: names.append(
                [template.name, context.get("name"), sorted(context)]
            )
        ),
        app,
    )
    with app.test_request_context("/"):
        render_template("include.html", name="n")
        render_template_string("x", name="s")
        lab.raises(render_template, "crash.html")
        list(flask.stream_template("hello.html", name="streamed"))
        list(stream_template_string("y", name="streamed"))
    return [names, receiver is not None]


@scenario
def before_render_template_may_change_the_context(lab: Lab):
    app = lab.app()

    def change(sender, template, context, **extra):
        context["x"] = "changed"

    with flask.before_render_template.connected_to(change, app), app.app_context():
        return [
            render_template_string("{{ x }}", x="given"),
            "".join(stream_template_string("{{ x }}", x="given")),
        ]


@scenario
def streaming_in_a_view(lab: Lab):
    lab.file(
        "templates/s.html",
        "a{{ request.args.q }}{% for n in numbers %}{{ n }}{% endfor %}{{ g.x }}z",
    )
    app = lab.app()
    app.teardown_request(lambda error: lab.say("teardown"))
    app.template_context_processors[None].append(lambda: {"p": 1})

    def numbers():
        for n in range(3):
            lab.say("number", n, lab.state())
            yield n

    @app.get("/")
    def index():
        flask.g.x = "gx"
        return flask.stream_template("s.html", numbers=numbers())

    @app.get("/string")
    def string():
        return stream_template_string(
            "{{ request.path }}{% for n in numbers %}{{ n }}{% endfor %}", numbers=numbers()
        )

    from werkzeug.test import create_environ

    return [lab.wsgi(app, create_environ("/?q=Q")), lab.wsgi(app, create_environ("/string"))]


@scenario
def streaming_without_a_request(lab: Lab):
    app = library(lab)
    with app.app_context():
        stream = flask.stream_template("hello.html", name="you")
        return [
            "".join(stream),
            lab.raises(flask.stream_template, "missing.html"),
            lab.raises(
                lambda: "".join(flask.stream_template(["none.html", "hello.txt"], name="x"))
            ),
        ]


@scenario
def streaming_that_fails_midway(lab: Lab):
    app = lab.app()
    app.teardown_request(lambda error: lab.say("teardown", error))

    @app.get("/")
    def index():
        return stream_template_string("start{% for n in [1, 0] %}{{ 1 // n }}{% endfor %}")

    from werkzeug.test import create_environ

    return lab.wsgi(app, create_environ("/"))


@scenario
def tojson_filter(lab: Lab):
    app = lab.app()
    with app.app_context():
        return [
            render_template_string("{{ x|tojson }}", x={"b": "<script>'&", "a": [1, None, True]}),
            render_template_string("<a b='{{ x|tojson }}'>", x="it's"),
            render_template_string("{{ x|tojson(2) }}", x=[1]),
            render_template_string("{{ x|tojson }}", x=datetime.date(2024, 1, 2)),
            lab.raises(render_template_string, "{{ x|tojson }}", x=object()),
        ]


@scenario
def tojson_uses_the_apps_provider(lab: Lab):
    from flask.json.provider import DefaultJSONProvider

    class Provider(DefaultJSONProvider):
        def dumps(self, obj, **kwargs):
            lab.say("dumps", sorted(kwargs))
            return super().dumps({"wrapped": obj}, **kwargs)

    app = lab.app()
    app.json = Provider(app)
    with app.app_context():
        first = render_template_string("{{ 1|tojson }}")
        app.json = DefaultJSONProvider(app)
        return [first, render_template_string("{{ 1|tojson }}")]


@scenario
def undefined_values(lab: Lab):
    from jinja2 import StrictUndefined

    app = lab.app()
    with app.app_context():
        seen = [
            render_template_string("[{{ nothing }}]"),
            lab.raises(render_template_string, "{{ nothing.attribute }}"),
        ]
        app.jinja_env.undefined = StrictUndefined
        return [
            *seen,
            lab.raises(render_template_string, "{{ nothing2 }}"),
            issubclass(UndefinedError, Exception),
        ]


@scenario
def template_not_found_through_a_view(lab: Lab):
    app = lab.app()
    app.add_url_rule("/", "index", lambda: render_template("no.html"))
    app.add_url_rule("/syntax", "syntax", lambda: render_template_string("{% if %}"))
    app.register_error_handler(TemplateNotFound, lambda error: (f"no {error.name}", 404))
    return [lab.brief(app), lab.code(app, "/syntax")]


@scenario
def extensions_and_i18n_filters(lab: Lab):
    app = lab.app()
    app.jinja_env.add_extension("jinja2.ext.do")
    app.jinja_env.add_extension("jinja2.ext.loopcontrols")
    with app.app_context():
        return render_template_string(
            "{% do [].append(1) %}"
            "{% for n in [1,2,3] %}{% if n == 2 %}{% break %}{% endif %}{{ n }}{% endfor %}"
        )


@scenario
def flashes_in_templates(lab: Lab):
    app = lab.app(SECRET_KEY="k")

    @app.get("/")
    def index():
        flask.flash("<b>", "warn")
        return render_template_string(
            "{% for c, m in get_flashed_messages(with_categories=true) %}"
            "{{ c }}:{{ m }}{% endfor %}"
        )

    return lab.brief(app)


@scenario
def render_function_is_looked_up_per_call(lab: Lab):
    import flask.templating

    app = lab.app()
    original = flask.templating._render
    lab.patch(flask.templating, "_render", lambda *args, **kw: "patched " + original(*args, **kw))
    with app.app_context():
        return [
            render_template_string("x"),
            sys.modules["flask.templating"]._render is not original,
        ]


@scenario
def open_resource(lab: Lab):
    lab.file("data/r.txt", "resource \u00fc")
    lab.file("instance/i.txt", "instance")
    app = lab.app(instance_path=str(lab.tmp / "instance"))
    with app.open_resource("data/r.txt") as f:
        binary = f.read()
    with app.open_resource("data/r.txt", "rt", encoding="utf-8") as f:
        text = f.read()
    with app.open_resource("data/r.txt", mode="r") as f:
        default = f.read()
    with app.open_instance_resource("i.txt") as f:
        instance = f.read()
    with app.open_instance_resource("new.txt", "w", "utf-8") as f:
        f.write("written \u00fc")
    bp = Blueprint("bp", __name__, root_path=str(lab.tmp / "data"))
    with bp.open_resource("r.txt", "r") as f:
        of_bp = f.read()
    return [
        binary,
        text,
        default,
        instance,
        (lab.tmp / "instance/new.txt").read_bytes(),
        of_bp,
        lab.raises(app.open_resource, "data/r.txt", "w"),
        lab.raises(app.open_resource, "data/r.txt", "a"),
        lab.raises(app.open_resource, "none"),
        lab.raises(app.open_instance_resource, "none"),
        lab.raises(app.open_resource, "data/r.txt", "r+"),
    ]
