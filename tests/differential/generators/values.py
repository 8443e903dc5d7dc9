"""Random return values of views, and random values as JSON."""

from __future__ import annotations

import copy
import datetime
import decimal
import random
import uuid
from typing import Any

from markupsafe import Markup
from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response as WerkzeugResponse

import flask

from ..harness import Lab

STATUSES = (
    200,
    201,
    204,
    299,
    304,
    404,
    500,
    "201",
    "202 Made Up",
    "",
    None,
    0,
    999,
    "x y",
    "404 NOT FOUND",
    True,
)
HEADER_SETS: tuple[Any, ...] = (
    {},
    {"X-A": "1"},
    {"X-A": ["1", "2"]},
    [("X-A", "1"), ("X-A", "2")],
    (("X-A", "1"),),
    Headers([("X-A", "1")]),
    {"Content-Type": "text/plain"},
    {"content-type": "application/x; charset=latin-1"},
    {"Set-Cookie": "a=b"},
    {"Location": "/x"},
    {"Vary": "Accept"},
    {"X-A": 5},
    {"X-A": "b\u00fc"},
    None,
    [],
    {"Content-Length": "3"},
    {"Cache-Control": "no-store"},
    {"X\u00e9": "1"},
)


def application(environ: Any, start_response: Any) -> Any:
    start_response("210 App", [("X-App", "1")])
    return [b"app"]


def body(rng: random.Random) -> Any:
    return rng.choice(
        (
            lambda: "text",
            lambda: "",
            lambda: b"\x00\xff",
            lambda: bytearray(b"ba"),
            lambda: {"k": [1, None]},
            lambda: ["l", 2],
            lambda: (c for c in "gen"),
            lambda: iter([b"it"]),
            lambda: flask.Response("resp", 221, {"X-R": "r"}),
            lambda: WerkzeugResponse("w", 222),
            lambda: application,
            lambda: None,
            lambda: 5,
            lambda: {1, 2},
            lambda: Markup("<m>"),
            lambda: "\u2603",
            dict,
            list,
            lambda: object(),
            lambda: flask.jsonify(a=1),
            lambda: flask.redirect("/r"),
            lambda: memoryview(b"mv"),
            lambda: map(str, [1]),
            lambda: ("x", 201),
        )
    )()


def returned(rng: random.Random) -> Any:
    """Make a value a view might return, right or wrong."""
    shape = rng.random()
    if shape < 0.2:
        return body(rng)
    if shape < 0.4:
        return body(rng), rng.choice(STATUSES)
    if shape < 0.6:
        return body(rng), copy.deepcopy(rng.choice(HEADER_SETS))
    if shape < 0.95:
        return body(rng), rng.choice(STATUSES), copy.deepcopy(rng.choice(HEADER_SETS))
    return (body(rng),) * rng.choice((0, 1, 4))


def returns(lab: Lab, rng: random.Random) -> Any:
    app = lab.app(PROPAGATE_EXCEPTIONS=rng.random() < 0.5)
    if rng.random() < 0.2:
        app.response_class = type("Own", (flask.Response,), {"default_mimetype": "text/own"})
    state = rng.getstate()
    app.add_url_rule("/", "index", lambda: returned(rng))
    seen = [compact(lab.hit(app)) for _ in range(4)]
    rng.setstate(state)
    app.view_functions["index"] = lambda: flask.make_response(returned(rng))
    seen += [compact(lab.hit(app, method="HEAD")) for _ in range(4)]
    return seen


def compact(answer: dict[str, Any]) -> Any:
    """Leave out a page of Werkzeug's wording."""
    if answer.get("body", "").startswith("<!"):
        return answer["status"]
    return answer


def value(rng: random.Random, depth: int = 0) -> Any:
    roll = rng.random()
    if depth < 3 and roll < 0.2:
        return [value(rng, depth + 1) for _ in range(rng.randrange(0, 4))]
    if depth < 3 and roll < 0.4:
        keys = rng.choice(
            (
                ("b", "a", "c"),
                (2, 1, 3),
                ("x", 1, None),
                (True, False, "t"),
                ("\u00fc", "\u2603", "z"),
            )
        )
        return {key: value(rng, depth + 1) for key in keys[: rng.randrange(0, 4)]}
    if depth < 3 and roll < 0.45:
        return tuple(value(rng, depth + 1) for _ in range(2))
    return rng.choice(
        (
            None,
            True,
            False,
            0,
            -1,
            2**64,
            1.5,
            1e300,
            "",
            "text",
            "\u00fc\u2603",
            "</script>",
            '\x00\n\t"\\',
            datetime.date(2024, 2, 29),
            datetime.datetime(2024, 1, 2, 3, 4, 5),
            decimal.Decimal("1.10"),
            uuid.UUID(int=9),
            Markup("<b>"),
            b"bytes",
            {1},
            float("inf"),
            datetime.timedelta(1),
            ...,
            1j,
        )
        if rng.random() < 0.4
        else ("a", 1, None, "b\u00e9", 2.5, True)
    )


def json_values(lab: Lab, rng: random.Random) -> Any:
    app = lab.app(DEBUG=rng.random() < 0.2)
    for name, choices in (
        ("sort_keys", (True, False)),
        ("ensure_ascii", (True, False)),
        ("compact", (True, False, None)),
        ("mimetype", ("text/json", "application/json")),
    ):
        if rng.random() < 0.4:
            setattr(app.json, name, rng.choice(choices))
    seen = []
    with app.test_request_context("/"):
        for _ in range(6):
            made = value(rng)
            seen.append(lab.raises(flask.json.dumps, made))
            seen.append(lab.raises(lambda made=made: lab.see(flask.jsonify(made))))
            seen.append(lab.raises(lambda made=made: lab.see(flask.make_response(made))))
            seen.append(
                lab.raises(lambda made=made: flask.render_template_string("{{ x|tojson }}", x=made))
            )
    return seen
