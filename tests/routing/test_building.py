"""The builders make the paths that Werkzeug's adapter makes, or leave them to it."""

from __future__ import annotations

import re
import typing as t
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.routing import BuildError, Rule

from flask import Flask, url_for
from flask.routing.building import compile_builder, plain_query
from flask.routing.map import Map

RULES = [
    "/",
    "/plain",
    "/with space/é",
    "/<name>",
    "/a/<name>/b",
    "/<int:number>",
    "/<int(fixed_digits=3):number>",
    "/<int(min=5):number>",
    "/<float:ratio>",
    "/<path:rest>",
    "/<path:rest>/end",
    "/<name>/<path:rest>",
    "/<uuid:identifier>",
    "/<any(about, help):page>",
    "/v<int:number>/<name>.<ext>",
    "/slash/",
]

texts = st.text(max_size=6) | st.sampled_from(
    ["", "a-b", "x_y", "~t", "a/b", "/a", "//a.example/b", "1.5", "é", "50%", "a b"]
)
any_value = (
    texts
    | st.integers(-5, 10**6)
    | st.floats(0, 9)
    | st.none()
    | st.booleans()
    | st.lists(texts, max_size=2)
    | st.just(uuid.UUID(int=5))
)
names = ["name", "number", "rest", "ratio", "page", "ext", "identifier", "q", "größe"]


@st.composite
def rules_and_values(draw: st.DrawFn) -> tuple[str, dict[str, t.Any]]:
    """A rule, and values for its variables, for some of them, or for others."""
    rule = draw(st.sampled_from(RULES))
    others = st.dictionaries(st.sampled_from(names), any_value, max_size=3)
    own = dict.fromkeys(re.findall(r"(\w+)>", rule), texts | any_value)
    return rule, draw(others) | draw(st.fixed_dictionaries(own) | st.just({}))


def outcome(build: t.Callable[[], str | None]) -> t.Any:
    try:
        return build()
    except Exception as error:
        return type(error)


@given(case=rules_and_values(), sort=st.booleans())
@settings(max_examples=1000, deadline=None)
def test_paths_are_those_of_the_adapter(case: tuple[str, dict[str, t.Any]], sort: bool) -> None:
    rule, given_values = case
    url_map = Map([Rule(rule, endpoint="one", methods=["GET"])], sort_parameters=sort)
    adapter = url_map.bind("example.org")
    builder = compile_builder(url_map, "one")
    assert builder is not None
    path = outcome(lambda: builder(dict(given_values)))
    if path is None:
        return  # the adapter is asked
    expected = outcome(lambda: adapter.build("one", dict(given_values)))
    assert path == expected if isinstance(path, type) else f"/{path}" == expected


@pytest.mark.parametrize(
    ("rule", "given_values", "path"),
    [
        ("/", {}, ""),
        ("/plain", {"q": "x", "page": 2}, "plain?q=x&page=2"),
        ("/<name>", {"name": "ada"}, "ada"),
        ("/<name>", {"name": "a-b", "q": "x y"}, "a-b?q=x+y"),
        ("/<name>", {"name": "x", "q": None}, "x"),
        ("/<name>", {"name": "x", "q": None, "page": "x y"}, "x?page=x+y"),
        ("/shop/<name>/<int:number>", {"name": "é", "number": 7}, "shop/%C3%A9/7"),
        ("/<path:rest>", {"rest": "a/b"}, "a/b"),
        # With another slash in front, a browser would take what follows for a host.
        ("/<path:rest>", {"rest": "//a.example/b"}, "a.example/b"),
        ("/<path:rest>", {"rest": "//a.example/b", "q": "x"}, "a.example/b?q=x"),
        ("/<path:rest>/end", {"rest": ""}, "end"),
        ("/<name>/<path:rest>", {"name": "", "rest": "/a"}, "a"),
    ],
)
def test_usual_paths_are_built_without_the_adapter(
    rule: str, given_values: dict[str, t.Any], path: str
) -> None:
    builder = compile_builder(Map([Rule(rule, endpoint="one")]), "one")
    assert builder is not None
    assert builder(given_values) == path


@pytest.mark.parametrize(
    ("rule", "given_values"),
    [
        ("/<name>", {}),
        ("/<name>", {"name": None}),
        ("/<name>", {"other": "x"}),
    ],
)
def test_what_is_missing_is_for_the_adapter_to_say(
    rule: str, given_values: dict[str, t.Any]
) -> None:
    builder = compile_builder(Map([Rule(rule, endpoint="one")]), "one")
    assert builder is not None
    assert builder(given_values) is None


@pytest.mark.parametrize(
    "rules",
    [
        [],
        [Rule("/a", endpoint="one"), Rule("/b", endpoint="one")],
        [Rule("/a/<page>", endpoint="one", defaults={"page": "x"})],
        [Rule("/a", endpoint="one", subdomain="www")],
        [Rule("/a", endpoint="one", subdomain="<user>")],
        [Rule("/a", endpoint="one", websocket=True)],
    ],
    ids=["unknown", "two rules", "defaults", "subdomain", "variable subdomain", "websocket"],
)
def test_endpoints_with_a_choice_have_no_builder(rules: list[Rule]) -> None:
    assert compile_builder(Map(rules), "one") is None


def test_url_for_answers_alike_before_and_after_the_first_request() -> None:
    app = Flask("building")
    app.add_url_rule("/shop/<name>/<int:number>", "product", lambda name, number: "")
    asked: list[dict[str, t.Any]] = [
        {"name": "a b", "number": 3},
        {"name": "x", "number": "4", "q": ["1", "2"]},
        {"name": "x", "number": 4, "_anchor": "top", "_external": True},
    ]
    answers = []
    for _ in range(2):
        with app.test_request_context("/", base_url="http://example.org/mounted"):
            answers.append([url_for("product", **values) for values in asked])
            with pytest.raises(BuildError):
                url_for("product", name="x")
        app.test_client().get("/")
    assert answers[0] == answers[1]
    assert answers[0][0] == "/mounted/shop/a%20b/3"


def test_numbers_and_plain_text_are_a_query_without_being_quoted() -> None:
    assert plain_query({"page": 2, "name": "a1", "none": None}) == "?page=2&name=a1"
    for value in ("a b", "é", "", True, 1.5, ["a"]):
        assert plain_query({"value": value}) is None
    assert plain_query({"a-b": 1}) is None
