"""Views made of classes."""

from __future__ import annotations

import functools

import flask
from flask import request
from flask.views import MethodView, View

from ..harness import Lab, family, scenario
from .methods import every_method


class Counting(View):
    def __init__(self, *arguments, **keywords):
        self.made = (arguments, sorted(keywords.items()))
        self.count = 0

    def dispatch_request(self, **values):
        self.count += 1
        return f"{self.made} {self.count} {values}"


@family(true=True, false=False)
def init_every_request(lab: Lab, value):
    class Mine(Counting):
        init_every_request = value

    app = lab.app()
    app.add_url_rule("/<x>", view_func=Mine.as_view("mine", 1, two=2))
    return [lab.brief(app, "/a"), lab.brief(app, "/b")]


@scenario
def as_view_facts(lab: Lab):
    class Mine(Counting):
        """Documented."""

        methods = ["PUT", "GET"]
        provide_automatic_options = False

    view = Mine.as_view("given", 5)
    return [
        view.__name__,
        view.__doc__,
        view.__module__ == __name__,
        view.methods,
        view.provide_automatic_options,
        view.view_class is Mine,
    ]


@scenario
def view_class_decorators(lab: Lab):
    def mark(name):
        def decorator(function):
            @functools.wraps(function)
            def wrapped(*arguments, **keywords):
                lab.say(name)
                return function(*arguments, **keywords)

            return wrapped

        return decorator

    class Mine(View):
        decorators = [mark("first"), mark("second")]

        def dispatch_request(self):
            lab.say("dispatch")
            return "x"

    app = lab.app()
    app.add_url_rule("/", view_func=Mine.as_view("mine"))
    return lab.brief(app)


@scenario
def view_without_dispatch_request(lab: Lab):
    class Empty(View):
        pass

    app = lab.app()
    app.add_url_rule("/", view_func=Empty.as_view("empty"))
    return lab.code(app)


class Animal(MethodView):
    def get(self, name="none"):
        return f"get {name}"

    def post(self):
        return "post"


class Dog(Animal):
    def delete(self, name):
        return f"delete {name}"


class OwnHead(Animal):
    def head(self):
        return flask.Response(headers={"X-Head": "own"})


class OwnOptions(Animal):
    def options(self):
        return "own options"


class Fixed(Animal):
    methods = ["GET"]


class NoMethods(MethodView):
    pass


class Strange(MethodView):
    def propfind(self):
        return "propfind"

    def trace(self):
        return "trace"


@family(
    animal=Animal,
    dog=Dog,
    own_head=OwnHead,
    own_options=OwnOptions,
    fixed=Fixed,
    none=NoMethods,
    strange=Strange,
)
def method_view(lab: Lab, kind):
    app = lab.app()
    app.add_url_rule("/", view_func=kind.as_view("view"))
    return [every_method(lab, app), sorted(kind.methods) if kind.methods else None]


@scenario
def method_view_with_fewer_rules(lab: Lab):
    app = lab.app()
    view = Dog.as_view("dog")
    app.add_url_rule("/", view_func=view, methods=["GET", "POST"])
    app.add_url_rule("/<name>", view_func=view, methods=["DELETE"])
    return lab.briefs(app, "/", "POST /", "DELETE /", "DELETE /rex", "/rex")


@scenario
def method_view_asked_for_a_method_it_lacks(lab: Lab):
    app = lab.app()
    app.add_url_rule("/", view_func=Animal.as_view("animal"), methods=["GET", "PUT"])
    return [lab.code(app, "PUT /"), lab.code(app, "HEAD /")]


@scenario
def method_view_inherits_and_mixes(lab: Lab):
    class Deleter(MethodView):
        def delete(self):
            return "mixed delete"

    class Both(Animal, Deleter):
        decorators = [lambda f: functools.wraps(f)(lambda *a, **k: f"decorated {f(*a, **k)}")]

    app = lab.app()
    app.add_url_rule("/", view_func=Both.as_view("both"))
    return [sorted(Both.methods), every_method(lab, app)]


@scenario
def method_view_dispatch_overridden(lab: Lab):
    class Wrapped(Animal):
        def dispatch_request(self, *arguments, **keywords):
            lab.say("dispatch", request.method)
            return "wrapped " + super().dispatch_request(*arguments, **keywords)

    app = lab.app()
    app.add_url_rule("/", view_func=Wrapped.as_view("w"))
    return lab.briefs(app, "/", "POST /", "DELETE /")


@scenario
def method_views_with_one_class_twice(lab: Lab):
    app = lab.app()
    app.add_url_rule("/1", view_func=Counting.as_view("one", "first"))
    app.add_url_rule("/2", view_func=Counting.as_view("two", "second"))
    return lab.briefs(app, "/1", "/2")
