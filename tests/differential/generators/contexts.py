"""Random programs of contexts pushed within one another, left whole or by an error."""

from __future__ import annotations

import random
from typing import Any

import flask
from flask import g

from ..harness import Lab


class Planned(Exception):
    pass


def look() -> str:
    app = flask.current_app.name if flask.has_app_context() else "-"
    path = flask.request.path if flask.has_request_context() else "-"
    mark = g.get("mark", "-") if flask.has_app_context() else "-"
    return f"{app} {path} {mark}"


def own_request() -> bool:
    """Tell whether the request is one of the current application."""
    if not flask.has_request_context():
        return False
    return flask.globals.request_ctx.app is flask.current_app._get_current_object()


def contexts(lab: Lab, rng: random.Random) -> Any:
    apps = []
    for name in ("one", "two"):
        app = lab.app(name, SECRET_KEY="k", TESTING=rng.random() < 0.3)
        app.teardown_request(
            lambda error, name=name: lab.say(f"{name} request {type(error).__name__} {look()}")
        )
        app.teardown_appcontext(
            lambda error, name=name: lab.say(f"{name} app {type(error).__name__}")
        )
        app.add_url_rule("/", "index", lambda name=name: (lab.say(f"view {look()}"), name)[1])
        app.add_url_rule("/fail", "fail", lambda: 1 / 0)
        apps.append(app)
    # One of them only: the order in which two receivers of a signal are called is nobody's.
    if rng.random() < 0.4:
        lab.watch(
            rng.choice(apps),
            "appcontext_pushed",
            "appcontext_popped",
            "appcontext_tearing_down",
            "request_tearing_down",
        )
    program(lab, rng, apps, 0)
    return look()


def program(lab: Lab, rng: random.Random, apps: list[Any], depth: int) -> None:
    """Do a few things in the present contexts, then perhaps the same one level deeper."""
    for number in range(rng.randrange(2, 5)):
        app = rng.choice(apps)
        roll = rng.random()
        lab.say(f"{depth}.{number} {look()}")
        if roll < 0.25 and depth < 2:
            inside(lab, rng, apps, depth, app.app_context())
        elif roll < 0.5 and depth < 2:
            inside(lab, rng, apps, depth, app.test_request_context(f"/{depth}{number}"))
        elif roll < 0.6:
            lab.say(lab.code(app, rng.choice(("/", "/fail", "/none"))))
        elif roll < 0.7 and flask.has_app_context():
            g.mark = f"mark{depth}{number}"
        elif roll < 0.78 and flask.has_request_context():
            lab.say(flask.copy_current_request_context(look)())
        elif roll < 0.86:
            with app.test_client() as client:
                lab.say(str(client.get("/").status_code))
                lab.say(look())
        elif roll < 0.93 and own_request():
            lab.say(list(flask.stream_with_context(iter([look()]))))
        else:
            lab.say(str(lab.raises(flask.url_for, "index").get("returned", "no url")))


def inside(lab: Lab, rng: random.Random, apps: list[Any], depth: int, context: Any) -> None:
    fails, by_hand = rng.random() < 0.25, rng.random() < 0.3
    if by_hand:
        context.push()
        program(lab, rng, apps, depth + 1)
        context.pop(*([Planned()] if fails else []))
        return
    try:
        with context:
            program(lab, rng, apps, depth + 1)
            if fails:
                raise Planned
    except Planned:
        lab.say("left by an error")
