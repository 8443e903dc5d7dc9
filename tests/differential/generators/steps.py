"""Steps of the pipeline replaced by chance, and registries written to at any time."""

from __future__ import annotations

import collections
import functools
import random
from typing import Any

from werkzeug.exceptions import NotFound

import flask
from flask import Blueprint

from ..harness import Lab

STEPS = (
    "wsgi_app",
    "request_context",
    "full_dispatch_request",
    "preprocess_request",
    "dispatch_request",
    "finalize_request",
    "make_response",
    "process_response",
    "handle_user_exception",
    "handle_http_exception",
    "handle_exception",
    "log_exception",
    "raise_routing_exception",
    "make_default_options_response",
    "ensure_sync",
    "do_teardown_request",
    "do_teardown_appcontext",
    "trap_http_exception",
    "create_url_adapter",
    "inject_url_defaults",
    "url_for",
    "update_template_context",
)
PATHS = ("/", "/fail", "/abort", "/slash", "/none", "OPTIONS /", "/template", "/bp/", "/bp/fail")


def furnish(lab: Lab, app: flask.Flask) -> None:
    app.add_url_rule("/", "index", lambda: flask.url_for("index"))
    app.add_url_rule("/fail", "fail", lambda: 1 / 0)
    app.add_url_rule("/abort", "abort", lambda: flask.abort(409))
    app.add_url_rule("/slash/", "slash", lambda: "slash")
    app.add_url_rule("/template", "template", lambda: flask.render_template_string("{{ x }}t"))
    app.before_request(lambda: lab.say("before"))
    app.after_request(lambda response: (lab.say("after"), response)[1])
    app.teardown_request(lambda error: lab.say("teardown"))
    bp = Blueprint("bp", __name__, url_prefix="/bp")
    bp.add_url_rule("/", "index", lambda: "bp")
    bp.add_url_rule("/fail", "fail", lambda: {}["missing"])
    bp.register_error_handler(KeyError, lambda error: ("bp handled", 400))
    bp.before_request(lambda: lab.say("bp before"))
    app.register_blueprint(bp)


def wrapper(lab: Lab, tag: str, function: Any) -> Any:
    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        lab.say(tag)
        return function(*args, **kwargs)

    return wrapped


def ask(lab: Lab, rng: random.Random, app: flask.Flask, count: int) -> dict[str, str]:
    seen = {}
    for path in rng.sample(PATHS, count):
        lab.say(f"-> {path}")
        seen[path] = lab.brief(app, path)
    return seen


def steps(lab: Lab, rng: random.Random) -> Any:
    """Wrap some steps on the class, in a subclass, on the instance, before or after requests."""
    chosen = [
        (name, rng.choice(("class", "subclass", "instance", "late", "late class")))
        for name in rng.sample(STEPS, rng.randrange(1, 6))
    ]
    members = {}
    for name, place in chosen:
        if place == "class":
            lab.patch(flask.Flask, name, wrapper(lab, f"class {name}", getattr(flask.Flask, name)))
        elif place == "subclass":

            def method(self: Any, *args: Any, name: str = name, **kwargs: Any) -> Any:
                lab.say(f"sub {name}")
                return getattr(super(kind, self), name)(*args, **kwargs)

            members[name] = method
    kind = type("Shop", (flask.Flask,), members) if members else flask.Flask
    app = lab.app(cls=kind)
    furnish(lab, app)
    for name, place in chosen:
        if place == "instance":
            setattr(app, name, wrapper(lab, f"own {name}", getattr(app, name)))
    seen = [ask(lab, rng, app, 5)]
    late = [(name, place) for name, place in chosen if place.startswith("late")]
    for name, place in late:
        if place == "late":
            setattr(app, name, wrapper(lab, f"late {name}", getattr(app, name)))
        else:
            lab.patch(
                flask.Flask, name, wrapper(lab, f"late class {name}", getattr(flask.Flask, name))
            )
    if late:
        seen.append(ask(lab, rng, app, 4))
        for name, place in late:
            if place == "late":
                delattr(app, name)
        seen.append(ask(lab, rng, app, 2))
    return [chosen, seen]


def handlers(number: int) -> Any:
    """Make a registry of error handlers of the shape documented, with one handler."""
    made: Any = collections.defaultdict(lambda: collections.defaultdict(dict))
    made[None][None][Exception] = lambda error: (f"any{number}", 500)
    return made


def registries(lab: Lab, rng: random.Random) -> Any:
    """Between requests, write to the registries as extensions do."""
    app = lab.app()
    furnish(lab, app)
    scope = lambda: rng.choice((None, None, "bp"))  # noqa: E731
    seen: list[Any] = [ask(lab, rng, app, 4)]
    changes = {
        "before append": lambda n: app.before_request_funcs[scope()].append(
            lambda: lab.say(f"before{n}")
        ),
        "before insert": lambda n: app.before_request_funcs[scope()].insert(
            0, lambda: lab.say(f"first{n}")
        ),
        "before clear": lambda n: app.before_request_funcs[scope()].clear(),
        "before pop": lambda n: app.before_request_funcs.pop(scope(), None),
        "before slice": lambda n: app.before_request_funcs[None].__setitem__(
            slice(None), [lambda: lab.say(f"slice{n}")]
        ),
        "before replace": lambda n: setattr(
            app, "before_request_funcs", {None: [lambda: lab.say(f"whole{n}")]}
        ),
        "before answer": lambda n: app.before_request_funcs.__setitem__(
            "bp", [lambda: f"answer{n}"]
        ),
        "after append": lambda n: app.after_request_funcs.setdefault(scope(), []).append(
            lambda r: (lab.say(f"after{n}"), r)[1]
        ),
        "after replace": lambda n: setattr(app, "after_request_funcs", {}),
        "teardown append": lambda n: app.teardown_request_funcs.setdefault(scope(), []).append(
            lambda e: lab.say(f"down{n}")
        ),
        "teardown reverse": lambda n: app.teardown_request_funcs.setdefault(None, []).reverse(),
        "appcontext append": lambda n: app.teardown_appcontext_funcs.append(
            lambda e: lab.say(f"appdown{n}")
        ),
        "appcontext replace": lambda n: setattr(app, "teardown_appcontext_funcs", []),
        "view replace": lambda n: app.view_functions.__setitem__("index", lambda: f"view{n}"),
        "view update": lambda n: app.view_functions.update({"bp.index": lambda: f"bpview{n}"}),
        "views whole": lambda n: setattr(
            app, "view_functions", {**app.view_functions, "slash": lambda: f"slash{n}"}
        ),
        "view delete": lambda n: app.view_functions.pop("abort", None),
        "handler set": lambda n: app.error_handler_spec[None][404].__setitem__(
            NotFound, lambda e: (f"h404{n}", 404)
        ),
        "handler class": lambda n: app.error_handler_spec[scope()][None].__setitem__(
            ZeroDivisionError, lambda e: (f"zero{n}", 400)
        ),
        "handler clear": lambda n: app.error_handler_spec["bp"].clear(),
        "handlers whole": lambda n: setattr(app, "error_handler_spec", handlers(n)),
        "rule add": lambda n: (
            app.url_map.add(app.url_rule_class("/none", endpoint="late")),
            app.view_functions.__setitem__("late", lambda: "late"),
        ),
        "processor": lambda n: app.template_context_processors[None].append(lambda: {"x": f"x{n}"}),
        "pull": lambda n: app.url_value_preprocessors.setdefault(scope(), []).append(
            lambda e, v: lab.say(f"pull{n} {e}")
        ),
        "defaults": lambda n: app.url_default_functions.setdefault(None, []).append(
            lambda e, v: v.setdefault("d", n)
        ),
        "config": lambda n: app.config.update(TESTING=rng.random() < 0.5),
        "propagate": lambda n: app.config.update(
            PROPAGATE_EXCEPTIONS=rng.choice((True, False, None))
        ),
        "response class": lambda n: setattr(
            app,
            "response_class",
            type("Own", (flask.Response,), {"default_mimetype": f"text/x{n}"}),
        ),
    }
    for number in range(rng.randrange(2, 6)):
        name = rng.choice(list(changes))
        lab.say(f"== {name}")
        seen.append([name, lab.raises(changes[name], number).get("raised", "done")])
        seen.append(ask(lab, rng, app, 3))
    return seen
