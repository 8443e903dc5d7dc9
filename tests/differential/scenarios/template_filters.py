"""Filters, tests and globals of one's own."""

from __future__ import annotations

from flask import Blueprint, render_template_string

from ..harness import Lab, family, scenario


def registered(app, how):
    def shout(value, *more):
        return f"{value}!{''.join(more)}"

    def odd(value):
        return value % 2 == 1

    def now():
        return "now"

    if how == "decorator":
        app.template_filter()(shout)
        app.template_test()(odd)
        app.template_global()(now)
    elif how == "named":
        app.template_filter("shout")(shout)
        app.template_test("odd")(odd)
        app.template_global("now")(now)
    elif how == "keyword":
        app.template_filter(name="shout")(shout)
        app.template_test(name="odd")(odd)
        app.template_global(name="now")(now)
    elif how == "add":
        app.add_template_filter(shout)
        app.add_template_test(odd)
        app.add_template_global(now)
    elif how == "add_named":
        app.add_template_filter(shout, "shout")
        app.add_template_test(odd, name="odd")
        app.add_template_global(now, "now")
    elif how == "environment":
        app.jinja_env.filters["shout"] = shout
        app.jinja_env.tests["odd"] = odd
        app.jinja_env.globals["now"] = now
    elif how == "bare":
        app.template_filter(shout)
        app.template_test(odd)
        app.template_global(now)


TEXT = "{{ 'x'|shout }} {{ 'x'|shout('y') }} {{ 3 is odd }} {{ now() }}"


@family("decorator", "named", "keyword", "add", "add_named", "environment", "bare")
def filters_tests_globals(lab: Lab, how):
    app = lab.app()
    facts = lab.raises(registered, app, how)
    with app.app_context():
        return [facts, lab.raises(render_template_string, TEXT)]


@scenario
def filters_tests_globals_of_blueprints(lab: Lab):
    app = lab.app()
    bp = Blueprint("bp", __name__)

    @bp.app_template_filter()
    def one(value):
        return f"one {value}"

    bp.app_template_filter("two")(one)
    bp.add_app_template_filter(one, "three")

    @bp.app_template_test()
    def yes(value):
        return True

    bp.add_app_template_test(yes, "always")

    @bp.app_template_global()
    def glob():
        return "glob"

    bp.add_app_template_global(glob, "other")
    app.register_blueprint(bp)
    with app.app_context():
        return render_template_string(
            "{{ 1|one }} {{ 1|two }} {{ 1|three }} {{ 1 is yes }} {{ 1 is always }}"
            "{{ glob() }} {{ other() }}"
        )
