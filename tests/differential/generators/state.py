"""Random use of the session and of flashed messages over several requests."""

from __future__ import annotations

import datetime
import random
import uuid
from typing import Any

from markupsafe import Markup

import flask
from flask import session as current

from ..harness import Lab

KEYS = ("a", "b", "_flashes_", "\u00fc")
STORED: tuple[Any, ...] = (
    1,
    "x",
    None,
    (1, (2,)),
    b"b",
    Markup("<m>"),
    uuid.UUID(int=3),
    datetime.datetime(2024, 1, 2, 3, 4, 5, tzinfo=datetime.UTC),
    {"k": [1, (2,)]},
    {" t": 1},
    [],
    "\u2603" * 3,
    1.5,
    True,
    {"n": {"m": b"deep"}},
)


def operation(rng: random.Random) -> tuple[str, Any]:
    """Choose one thing to do with the session."""
    key, value, other = rng.choice(KEYS), rng.choice(STORED), rng.choice(KEYS)
    return rng.choice(
        (
            (f"set {key}", lambda: current.__setitem__(key, value)),
            (f"get {key}", lambda: repr(current.get(key))),
            (f"item {key}", lambda: repr(current[key])),
            (f"pop {key}", lambda: repr(current.pop(key, "none"))),
            (f"del {key}", lambda: current.__delitem__(key)),
            ("clear", lambda: current.clear()),
            ("keys", lambda: sorted(current)),
            ("update", lambda: current.update({key: value, other: 1})),
            ("default", lambda: repr(current.setdefault(key, value))),
            ("permanent", lambda: setattr(current, "permanent", True)),
            ("temporary", lambda: setattr(current, "permanent", False)),
            ("modified", lambda: setattr(current, "modified", True)),
            ("unmodified", lambda: setattr(current, "modified", False)),
            ("state", lambda: [current.new, current.modified, current.accessed, current.permanent]),
            ("nested", lambda: current.setdefault("list", []).append(1)),
            ("len", lambda: len(current)),
            ("bool", lambda: bool(current)),
            ("popitem", lambda: sorted([current.popitem()], key=repr) and None),
            ("nothing", lambda: None),
            ("nothing", lambda: None),
            ("accessed", lambda: setattr(current, "accessed", False)),
        )
    )


def session(lab: Lab, rng: random.Random) -> Any:
    options: dict[str, Any] = {"SECRET_KEY": "k"}
    if rng.random() < 0.3:
        options["SESSION_REFRESH_EACH_REQUEST"] = False
    if rng.random() < 0.2:
        options["PERMANENT_SESSION_LIFETIME"] = 3600
    app = lab.app(**options)
    todo: list[tuple[str, Any]] = []
    place = rng.choice(("view", "before", "after", "view", "view"))

    def work() -> str:
        return ascii([[name, lab.raises(do)] for name, do in todo])

    @app.get("/")
    def index() -> str:
        return work() if place == "view" else "view"

    @app.before_request
    def before() -> None:
        if place == "before":
            lab.say(work())

    @app.after_request
    def after(response: Any) -> Any:
        if place == "after":
            lab.say(work())
        return response

    client = app.test_client()
    seen = []
    for _ in range(5):
        todo[:] = [operation(rng) for _ in range(rng.randrange(0, 4))]
        if rng.random() < 0.15:
            with client.session_transaction() as stored:
                stored[rng.choice(KEYS)] = rng.choice(STORED)
        answer = lab.hit(client)
        seen.append(
            [answer.get("body"), [h for h in answer["headers"] if h.startswith(("Set-", "Vary"))]]
        )
    return [place, seen]


def messages(lab: Lab, rng: random.Random) -> Any:
    app = lab.app(SECRET_KEY="k")
    todo: list[Any] = []

    def use() -> Any:
        roll = rng.random()
        category = rng.choice(("message", "warn", "error"))
        if roll < 0.45:
            text = rng.choice(("one", "two", Markup("<b>"), "\u2603", 5, ("t",)))
            return lambda: flask.flash(text, category)
        if roll < 0.6:
            return lambda: flask.get_flashed_messages()
        if roll < 0.75:
            return lambda: flask.get_flashed_messages(with_categories=True)
        if roll < 0.85:
            return lambda: flask.get_flashed_messages(category_filter=[category])
        if roll < 0.93:
            return lambda: flask.render_template_string(
                "{{ get_flashed_messages(with_categories=true) }}"
            )
        return lambda: current.pop("_flashes", "none")

    app.add_url_rule("/", "index", lambda: ascii([lab.raises(do) for do in todo]))
    client = app.test_client()
    seen = []
    for _ in range(5):
        todo[:] = [use() for _ in range(rng.randrange(0, 4))]
        answer = lab.hit(client)
        seen.append(
            [answer.get("body"), [h for h in answer["headers"] if h.startswith(("Set-", "Vary"))]]
        )
    return seen
