"""Random trees of blueprints with hooks and handlers that fail anywhere."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import werkzeug.exceptions as http

import flask
from flask import Blueprint, abort, g, session

from ..harness import Lab


class Base(Exception):
    pass


class Middle(Base):
    pass


class Leaf(Middle, ValueError):
    pass


class Teapot(http.HTTPException):
    code = 418
    description = "tea"


ERRORS: tuple[Callable[[], BaseException], ...] = (
    Base,
    Middle,
    Leaf,
    KeyError,
    ZeroDivisionError,
    http.NotFound,
    http.Forbidden,
    http.InternalServerError,
    Teapot,
    lambda: http.HTTPException(response=flask.Response("carried", 299)),
    lambda: http.BadRequestKeyError("name"),
)
HANDLED: tuple[Any, ...] = (
    Base,
    Middle,
    Leaf,
    ValueError,
    Exception,
    404,
    403,
    500,
    409,
    http.HTTPException,
    http.NotFound,
    http.InternalServerError,
    LookupError,
    Teapot,
)
CODES = (400, 403, 404, 409, 500, 503)


class Plan:
    """Makes functions that note their call, and act as the dice say."""

    def __init__(self, lab: Lab, rng: random.Random) -> None:
        self.lab, self.rng = lab, rng
        self.trouble = rng.choice((0.05, 0.15, 0.3))

    def chance(self, likelihood: float) -> bool:
        return self.rng.random() < likelihood

    def act(self) -> Callable[[], Any] | None:
        """Decide on a failure, or on none."""
        if not self.chance(self.trouble):
            return None
        error, code = self.rng.choice(ERRORS), self.rng.choice(CODES)
        if self.chance(0.3):
            return lambda: abort(code)

        def fail() -> None:
            raise error()

        return fail

    def maybe_async(self, function: Callable[..., Any]) -> Callable[..., Any]:
        if not self.chance(0.06):
            return function

        async def coroutine(*args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs)

        return coroutine

    def value(self, tag: str) -> Any:
        return self.rng.choice(
            (
                tag,
                (tag, 202),
                {"from": tag},
                [tag],
                (tag, 203, {"X-From": tag}),
                (tag, {"X-From": tag}),
                flask.Response(tag, 206),
                tag.encode(),
            )
        )

    def view(self, tag: str) -> Callable[..., Any]:
        act, value, roll = self.act(), self.value(tag), self.rng.random()

        def view(**values: Any) -> Any:
            self.lab.say(f"view {tag}")
            if roll < 0.1:
                session["at"] = tag
            elif roll < 0.2:
                flask.after_this_request(
                    lambda response: (self.lab.say(f"this {tag}"), response)[1]
                )
            elif roll < 0.25:
                return None
            elif roll < 0.3:
                return flask.redirect("/to")
            elif roll < 0.35:
                flask.flash(tag)
            elif roll < 0.4:
                g.mark = tag
            if act:
                act()
            return value

        return self.maybe_async(view)

    def before(self, tag: str) -> Callable[..., Any]:
        act, answer = self.act(), self.value(tag) if self.chance(0.07) else None

        def before() -> Any:
            self.lab.say(f"before {tag}")
            if act:
                act()
            return answer

        return self.maybe_async(before)

    def after(self, tag: str) -> Callable[..., Any]:
        act, replace = self.act() if self.chance(0.4) else None, self.chance(0.07)

        def after(response: Any) -> Any:
            self.lab.say(f"after {tag} {response.status_code}")
            if act:
                act()
            response.headers.add("X-After", tag)
            return flask.Response(f"replaced by {tag}", 207) if replace else response

        return self.maybe_async(after)

    def teardown(self, tag: str) -> Callable[..., Any]:
        def teardown(error: Any) -> None:
            self.lab.say(f"teardown {tag} {type(error).__name__}")

        return self.maybe_async(teardown)

    def preprocessor(self, tag: str) -> Callable[..., Any]:
        act = self.act() if self.chance(0.3) else None

        def preprocess(endpoint: Any, values: Any) -> None:
            self.lab.say(f"pull {tag} {endpoint}")
            if act:
                act()

        return preprocess

    def handler(self, tag: str) -> Callable[..., Any]:
        act, value, roll = self.act(), self.value(tag), self.rng.random()

        def handler(error: Any) -> Any:
            self.lab.say(f"handler {tag} {type(error).__name__}")
            if roll < 0.06:
                raise error
            if roll < 0.12 and isinstance(error, http.HTTPException):
                return error
            if roll < 0.16:
                return None
            if act:
                act()
            return value

        return self.maybe_async(handler)


def furnish(plan: Plan, place: Any, tag: str) -> None:
    """Give an application or a blueprint its hooks, handlers and views."""
    rng = plan.rng
    for register, make, likelihood in (
        (place.url_value_preprocessor, plan.preprocessor, 0.3),
        (place.before_request, plan.before, 0.5),
        (place.after_request, plan.after, 0.5),
        (place.teardown_request, plan.teardown, 0.4),
    ):
        for number in range(2):
            if plan.chance(likelihood):
                register(make(f"{tag}{number}"))
    for number in range(rng.randrange(0, 4)):
        place.register_error_handler(rng.choice(HANDLED), plan.handler(f"{tag}h{number}"))
    if isinstance(place, Blueprint):
        for register, make in (
            (place.before_app_request, plan.before),
            (place.after_app_request, plan.after),
            (place.teardown_app_request, plan.teardown),
            (place.app_url_value_preprocessor, plan.preprocessor),
        ):
            if plan.chance(0.15):
                register(make(f"{tag}*"))
        if plan.chance(0.2):
            place.app_errorhandler(rng.choice(HANDLED))(plan.handler(f"{tag}h*"))
    else:
        place.teardown_appcontext(plan.teardown("context"))
    for number in range(rng.randrange(1, 3)):
        methods = ["GET"] if plan.chance(0.7) else ["GET", "POST"]
        place.add_url_rule(
            f"/{number}", f"v{number}", plan.view(f"{tag}v{number}"), methods=methods
        )


def pipeline(lab: Lab, rng: random.Random) -> Any:
    plan = Plan(lab, rng)
    options: dict[str, Any] = {"SECRET_KEY": "k"}
    for name, choices, likelihood in (
        ("TESTING", (True,), 0.15),
        ("DEBUG", (True,), 0.1),
        ("PROPAGATE_EXCEPTIONS", (True, False), 0.2),
        ("TRAP_HTTP_EXCEPTIONS", (True,), 0.1),
        ("TRAP_BAD_REQUEST_ERRORS", (True, False), 0.2),
    ):
        if rng.random() < likelihood:
            options[name] = rng.choice(choices)
    app = lab.app(**options)
    furnish(plan, app, "app")
    places: list[tuple[Any, str]] = [(app, "")]
    made: list[tuple[Any, Blueprint, dict[str, Any]]] = []
    for number in range(rng.randrange(0, 5)):
        parent, path = rng.choice(places)
        prefix = f"/p{number}" if plan.chance(0.8) else None
        blueprint = Blueprint(f"bp{number}", __name__, url_prefix=prefix)
        furnish(plan, blueprint, f"bp{number}")
        made.append((parent, blueprint, {"name": f"n{number}"} if plan.chance(0.15) else {}))
        places.append((blueprint, path + (prefix or "")))
    for parent, blueprint, extra in reversed(made):
        parent.register_blueprint(blueprint, **extra)
    if rng.random() < 0.25:
        lab.watch(app)
    client = app.test_client()
    seen = {}
    paths = [f"{path}/{n}" for _, path in places for n in range(2)] + ["/nowhere", "OPTIONS /0"]
    paths += [f"POST {paths[0]}"]
    for path in dict.fromkeys(paths):
        lab.say(f"-> {path}")
        answer = lab.hit(client, path)
        if "raised" in answer:
            seen[path] = answer
        else:
            shown = [h for h in answer["headers"] if h.startswith(("X-", "Set", "Loc", "Vary"))]
            body = answer.get("body", "")
            seen[path] = [answer["status"][:3], "page" if body.startswith("<!") else body, *shown]
    return seen
