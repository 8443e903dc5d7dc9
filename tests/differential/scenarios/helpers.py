"""Small public helpers, bases and decorators that others build on."""

from __future__ import annotations

import warnings

import flask
from flask import Blueprint
from flask.sansio.app import App
from flask.sansio.blueprints import Blueprint as SansioBlueprint
from flask.sansio.scaffold import Scaffold, _endpoint_from_view_func, find_package, setupmethod
from flask.views import MethodView, View, http_method_funcs

from ..harness import Lab, family, scenario


@scenario
def class_hierarchy(lab: Lab):
    def bases(kind):
        known = {
            "Flask",
            "App",
            "Scaffold",
            "Blueprint",
            "Request",
            "Response",
            "MethodView",
            "View",
        }
        # A base of the same name may hold the methods: see docs/differences.md.
        places = dict.fromkeys((base.__module__, base.__name__) for base in kind.__mro__)
        return [name for _, name in places if name in known]

    return {
        kind.__name__: bases(kind)
        for kind in (flask.Flask, Blueprint, flask.Request, flask.Response, MethodView)
    } | {
        "sansio": [
            issubclass(flask.Flask, App),
            issubclass(Blueprint, SansioBlueprint),
            issubclass(App, Scaffold),
            issubclass(MethodView, View),
        ]
    }


@scenario
def method_names(lab: Lab):
    return [sorted(http_method_funcs), type(http_method_funcs).__name__]


@scenario
def endpoint_from_a_view(lab: Lab):
    def view():
        return ""

    return [_endpoint_from_view_func(view), lab.raises(_endpoint_from_view_func, None)]


@scenario
def finding_packages(lab: Lab):
    lab.file("found_pkg/__init__.py")
    lab.file("found_pkg/mod.py")
    lab.file("found_mod.py")
    lab.importable()
    names = ("found_pkg", "found_pkg.mod", "found_mod")
    return [[str(part) if part else part for part in find_package(name)] for name in names]


@scenario
def setupmethod_of_ones_own(lab: Lab):
    class Shop(flask.Flask):
        @setupmethod
        def add_thing(self, thing):
            """Add a thing."""
            return f"added {thing}"

    app = lab.app(cls=Shop)
    first = app.add_thing(1)
    lab.code(app)
    return [first, lab.raises(app.add_thing, 2), Shop.add_thing.__name__, Shop.add_thing.__doc__]


@family("true", "1", "yes", "on", "0", "false", "no", "", "FALSE", "anything")
def dotenv_flag(lab: Lab, value):
    import os

    os.environ["FLASK_SKIP_DOTENV"] = value
    helpers = flask.helpers
    return [helpers.get_load_dotenv(), helpers.get_load_dotenv(False)]


@scenario
def dotenv_flag_unset(lab: Lab):
    return [flask.helpers.get_load_dotenv(), flask.helpers.get_load_dotenv(False)]


@scenario
def names_of_the_package(lab: Lab):
    return sorted(
        name
        for name in dir(flask)
        if not name.startswith("_") and callable(getattr(flask, name)) and name[0].islower()
    )


@scenario
def gone_names(lab: Lab):
    names = ("Markup", "escape", "_request_ctx_stack", "_app_ctx_stack", "safe_join", "ext")
    return {name: lab.raises(getattr, flask, name) for name in names}


@scenario
def version_warns(lab: Lab):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        version = flask.__version__
    return [version.startswith("3.1.3"), [item.category.__name__ for item in caught]]


@scenario
def proxies(lab: Lab):
    app = lab.app(SECRET_KEY="k")
    names = ("current_app", "g", "request", "session")
    outside = {
        name: [type(getattr(flask, name)).__name__, bool(getattr(flask, name))] for name in names
    }
    with app.test_request_context("/"):
        inside = {name: type(getattr(flask, name)._get_current_object()).__name__ for name in names}
    return [outside, inside]


@scenario
def context_variables_behind_the_proxies(lab: Lab):
    app = lab.app()
    seen = [flask.globals._cv_app.get(None)]
    with app.app_context() as context:
        seen.append(flask.globals._cv_app.get().app is app)
        seen.append(flask.globals._cv_app.get() is context)
    return [*seen, flask.globals._cv_app.get(None)]


@scenario
def scaffold_methods_on_both(lab: Lab):
    names = (
        "route",
        "get",
        "before_request",
        "errorhandler",
        "add_url_rule",
        "endpoint",
        "open_resource",
    )
    return {name: [hasattr(flask.Flask, name), hasattr(Blueprint, name)] for name in names}


@scenario
def debug_helpers_exist(lab: Lab):
    from flask.debughelpers import (
        DebugFilesKeyError,
        FormDataRoutingRedirect,
        UnexpectedUnicodeError,
    )

    return [lab.facts(error) for error in (UnexpectedUnicodeError("x"),)] + [
        [base.__name__ for base in kind.__mro__ if issubclass(base, Exception)]
        for kind in (DebugFilesKeyError, FormDataRoutingRedirect)
    ]


@scenario
def aborter_is_the_apps(lab: Lab):
    app = lab.app()
    called = []
    app.aborter = lambda *args, **kwargs: called.append([args, kwargs])
    with app.app_context():
        # An aborter should raise; this one only looks.
        after = lab.raises(flask.abort, 404, "text")
    return [called, after]


@scenario
def make_null_session_and_interface(lab: Lab):
    app = lab.app()
    interface = app.session_interface
    return [type(interface.make_null_session(app)).__name__, interface.is_null_session(object())]


@scenario
def repr_of_everything(lab: Lab):
    app, bp = lab.app(), Blueprint("bp", __name__)
    with app.test_request_context("/x?y=1"):
        return [repr(app), repr(bp), repr(flask.g), repr(flask.request), repr(app.config)[:9]]
