"""The routing table finds what Werkzeug's matcher finds, or leaves it to it."""

from __future__ import annotations

import typing as t
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import BaseConverter, BuildError, RequestRedirect, Rule, ValidationError

from flask.routing.map import Map
from flask.routing.table import MISSING, RoutingTable

METHODS = ["GET", "POST", "PUT"]


class EvenConverter(BaseConverter):
    """Refuses what its expression accepts."""

    regex = r"\d+"
    weight = 60

    def to_python(self, value: str) -> int:
        if int(value) % 2:
            raise ValidationError
        return int(value)


class TwoPartsConverter(BaseConverter):
    """Takes a slash into its value."""

    regex = r"\w+/\w+"


segments = st.sampled_from(
    [
        "a",
        "b",
        "ab",
        "x-y",
        "é",
        "<name>",
        "<string(length=2):two>",
        "<string(maxlength=3):short>",
        "<int:number>",
        "<int(min=5):big>",
        "<int(fixed_digits=2):fixed>",
        "<int(signed=True):signed>",
        "<float:ratio>",
        "<uuid:identifier>",
        "<any(a, b, about):choice>",
        "<even:even>",
        "<pair:pair>",
        "<path:rest>",
        "v<int:version>",
        "<first>-<second>",
        "<int:left>.<ext>",
    ]
)
PARTS = ["a", "b", "ab", "x-y", "é", "7", "06", "12", "-3", "1.5", "about", "v2", "q-r", "3.txt"]
PARTS += ["", "\n", "٣", "²", "long-one", "8f14e45f-ceea-467f-a8d5-7d0a5b6e5a11"]
paths = st.lists(st.sampled_from(PARTS), max_size=4).map(lambda parts: "/" + "/".join(parts))


@st.composite
def rules(draw: t.Any) -> dict[str, t.Any]:
    parts = draw(st.lists(segments, max_size=3))
    seen: set[str] = set()
    unique = []
    for part in parts:
        if part not in seen:
            seen.add(part)
            unique.append(part)
    path = "/" + "/".join(unique) + draw(st.sampled_from(["", "", "/"]))
    return {
        "string": path.replace("//", "/"),
        "methods": draw(st.sampled_from([["GET"], ["POST"], ["GET", "PUT"], None])),
        "strict_slashes": draw(st.sampled_from([None, None, False])),
        "merge_slashes": draw(st.sampled_from([None, None, False])),
        "defaults": draw(st.sampled_from([None, None, None, {"page": 1}])),
        "endpoint": draw(st.sampled_from(["one", "two", "three"])),
        "build_only": draw(st.booleans()) and draw(st.booleans()),
        "alias": draw(st.integers(0, 15)) == 0,
        "redirect_to": draw(st.sampled_from([None] * 9 + ["/a"])),
        "subdomain": draw(st.sampled_from([None] * 9 + ["sub"])),
    }


def build_map(declared: list[dict[str, t.Any]]) -> Map:
    url_map = Map(converters={"even": EvenConverter, "pair": TwoPartsConverter})
    for options in declared:
        url_map.add(Rule(**options))
    return url_map


def by_werkzeug(url_map: Map, path: str, method: str) -> t.Any:
    adapter = url_map.bind("example.org")
    try:
        rule, arguments = adapter.match(path, method, return_rule=True)
    except HTTPException as error:
        return type(error)
    except AssertionError:  # an alias without a target
        return None
    except BuildError:  # an alias that cannot be built
        return None
    return rule, dict(arguments)


@given(
    declared=st.lists(rules(), min_size=1, max_size=8),
    asked=st.lists(st.tuples(paths, st.sampled_from(METHODS)), min_size=1, max_size=12),
)
@settings(max_examples=300, deadline=None)
def test_whatever_is_found_is_what_werkzeug_finds(
    declared: list[dict[str, t.Any]], asked: list[tuple[str, str]]
) -> None:
    url_map = build_map(declared)
    table = RoutingTable(url_map, "")
    for path, method in asked:
        found = table.find(path, method)
        if found is MISSING:
            assert by_werkzeug(url_map, path, method) is NotFound
        elif found is not None:
            leaf, arguments = found
            expected = by_werkzeug(url_map, path, method)
            assert isinstance(expected, tuple), (path, method, leaf.rule)
            assert leaf.rule is expected[0], (path, method)
            assert arguments == expected[1]


@pytest.mark.parametrize("order", list(permutations(["<name>", "<int:number>", "<path:rest>"])))
def test_steps_are_tried_by_weight_though_nobody_has_sorted_the_map(order: list[str]) -> None:
    url_map = Map([Rule(f"/a/{text}", endpoint=text, methods=["GET"]) for text in order])
    table = RoutingTable(url_map, "")
    found = {}
    for path in ("/a/7", "/a/b", "/a/b/c"):
        match = table.find(path, "GET")
        assert isinstance(match, tuple)
        found[path] = match[0].rule.endpoint
    assert url_map._remap  # type: ignore[has-type]
    assert found == {"/a/7": "<int:number>", "/a/b": "<name>", "/a/b/c": "<path:rest>"}
    for path, endpoint in found.items():
        assert by_werkzeug(url_map, path, "GET")[0].endpoint == endpoint


plain_segments = st.sampled_from(["a", "b", "x-y", "é", "<name>", "<int:number>", "<second>"])
plain_rules = st.lists(plain_segments, max_size=3, unique=True).map(lambda p: "/" + "/".join(p))


def build_plain_map(declared: list[str], methods: list[str]) -> Map:
    return Map(
        [Rule(text, endpoint=f"e{n}", methods=methods) for n, text in enumerate(sorted(declared))]
    )


@given(declared=st.sets(plain_rules, min_size=1, max_size=8), asked=st.lists(paths, max_size=12))
@settings(max_examples=200, deadline=None)
def test_plain_rules_are_decided_by_the_table_alone(declared: set[str], asked: list[str]) -> None:
    url_map = build_plain_map(sorted(declared), ["GET"])
    table = RoutingTable(url_map, "")
    for path in [*asked, *declared]:
        if "//" in path:
            continue  # Werkzeug would redirect to the path with one slash
        expected = by_werkzeug(url_map, path, "GET")
        found = table.find(path, "GET")
        if expected is NotFound:
            assert found is MISSING, path
            assert table.allowed_methods(path) == set(), path
        else:
            assert isinstance(found, tuple), path
            assert (found[0].rule, found[1]) == expected
            assert table.allowed_methods(path) == {"GET", "HEAD"}, path


@pytest.mark.parametrize(
    ("declared", "path", "methods"),
    [
        ([("/a", ["GET"])], "/a", {"GET", "HEAD"}),
        ([("/a", ["GET"]), ("/a", ["PUT"])], "/a", {"GET", "HEAD", "PUT"}),
        ([("/a", ["POST"]), ("/<name>", ["DELETE"])], "/a", {"POST", "DELETE"}),
        ([("/<name>", ["POST"]), ("/<int:number>", ["PUT"])], "/7", {"POST", "PUT"}),
        ([("/a", ["POST"]), ("/<name>", ["DELETE"])], "/b", {"DELETE"}),
        ([("/a", ["POST"])], "/b", set()),
    ],
)
def test_allowed_methods_of_plain_rules_are_gathered_over_all_of_them(
    declared: list[tuple[str, list[str]]], path: str, methods: set[str]
) -> None:
    rules = [Rule(text, endpoint=text, methods=allowed) for text, allowed in declared]
    url_map = Map(rules)
    assert RoutingTable(url_map, "").allowed_methods(path) == methods
    assert set(url_map.bind("example.org").allowed_methods(path)) == methods


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ({"string": "/a/"}, "/a"),  # perhaps a redirect
        ({"string": "/a"}, "//a"),  # perhaps merged slashes
        ({"string": "/<path:rest>"}, "/a"),  # an expression
    ],
)
def test_allowed_methods_are_left_to_werkzeug_where_a_walk_does_not_do(
    options: dict[str, t.Any], path: str
) -> None:
    url_map = build_map([{**options, "endpoint": "one", "methods": ["GET"]}])
    assert RoutingTable(url_map, "").allowed_methods(path) is None


@pytest.mark.parametrize(
    ("rule", "path", "arguments"),
    [
        ("/", "/", {}),
        ("/a/b", "/a/b", {}),
        ("/a/", "/a/", {}),
        ("/<name>", "/bob", {"name": "bob"}),
        ("/<int:number>", "/42", {"number": 42}),
        ("/<int:number>/x", "/42/x", {"number": 42}),
        ("/<int(max=50):number>", "/42", {"number": 42}),
        ("/<path:rest>", "/a/b/c", {"rest": "a/b/c"}),
        ("/v<int:version>/<name>", "/v2/bob", {"version": 2, "name": "bob"}),
        ("/café", "/café", {}),
    ],
)
def test_usual_rules_are_decided_without_werkzeug(
    rule: str, path: str, arguments: dict[str, t.Any]
) -> None:
    url_map = Map([Rule(rule, endpoint="one", methods=["GET"])])
    found = RoutingTable(url_map, "").find(path, "GET")
    assert found is not None
    assert found[1] == arguments


@pytest.mark.parametrize(
    ("options", "path", "method"),
    [
        ({"string": "/a"}, "/a", "GET"),  # for any method
        ({"string": "/a/", "methods": ["GET"]}, "/a", "GET"),  # a redirect
        ({"string": "/a", "methods": ["GET"]}, "//a", "GET"),  # merged slashes
        ({"string": "/a", "methods": ["GET"]}, "/a", "POST"),  # 405
        ({"string": "/a", "methods": ["GET"]}, "/b//c", "GET"),  # perhaps merged slashes
        ({"string": "/a", "methods": ["GET"], "strict_slashes": False}, "/a/", "GET"),
        ({"string": "/a", "methods": ["GET"], "redirect_to": "/b"}, "/a", "GET"),
        ({"string": "/a", "methods": ["GET"], "subdomain": "www"}, "/a", "GET"),
        ({"string": "/a", "methods": ["GET"], "websocket": True}, "/a", "GET"),
        ({"string": "/<even:number>", "methods": ["GET"]}, "/3", "GET"),
    ],
)
def test_what_takes_more_than_a_walk_is_left_to_werkzeug(
    options: dict[str, t.Any], path: str, method: str
) -> None:
    url_map = build_map([{**options, "endpoint": "one"}])
    assert RoutingTable(url_map, "").find(path, method) is None


def test_the_arguments_of_two_requests_are_not_one_object() -> None:
    url_map = Map([Rule("/a", endpoint="one", methods=["GET"], defaults={"page": 1})])
    table = RoutingTable(url_map, "")
    first, second = table.find("/a", "GET"), table.find("/a", "GET")
    assert first is not None
    assert second is not None
    first[1]["page"] = 2
    assert second[1] == {"page": 1}
    assert table.find("/a", "GET")[1] == {"page": 1}  # type: ignore[index]


def test_a_map_counts_its_changes() -> None:
    url_map = Map()
    before = url_map.version
    url_map.add(Rule("/a", endpoint="one"))
    assert url_map.version > before
    before = url_map.version
    url_map.redirect_defaults = False
    assert url_map.version > before


@given(
    declared=st.lists(rules(), min_size=1, max_size=8),
    asked=st.lists(paths, min_size=1, max_size=8),
)
@settings(max_examples=200, deadline=None)
def test_the_methods_of_a_path_are_those_that_werkzeug_allows(
    declared: list[dict[str, t.Any]], asked: list[str]
) -> None:
    url_map = build_map(declared)
    table = RoutingTable(url_map, "")
    for path in asked:
        methods = table.allowed_methods(path)
        if methods is None:
            continue
        assert methods == set(url_map.bind("example.org").allowed_methods(path))


def test_a_path_without_any_rule_is_known_to_be_missing() -> None:
    table = RoutingTable(Map([Rule("/a/<int:number>", endpoint="one", methods=["GET"])]), "")
    assert table.find("/b", "GET") is MISSING
    assert table.find("/a/x", "GET") is MISSING
    assert table.find("/a/1", "POST") is None


@pytest.mark.parametrize(
    ("rule", "fitting", "refused"),
    [
        ("/<int(max=9):n>", "/9", "/10"),
        ("/<int(min=5):n>", "/5", "/4"),
        ("/<int(fixed_digits=2):n>", "/07", "/7"),
        ("/<int(signed=True):n>", "/-7", "/x"),
        ("/<float(max=1.5):n>", "/1.5", "/1.6"),
        ("/<string(length=2):n>", "/ab", "/abc"),
        ("/<any(a, b):n>", "/a", "/c"),
    ],
)
def test_bounds_of_a_converter_hold(rule: str, fitting: str, refused: str) -> None:
    url_map = Map([Rule(rule, endpoint="one", methods=["GET"])])
    table = RoutingTable(url_map, "")
    found = table.find(fitting, "GET")
    assert isinstance(found, tuple)
    assert (found[0].rule, found[1]) == by_werkzeug(url_map, fitting, "GET")
    assert not isinstance(table.find(refused, "GET"), tuple)
    assert by_werkzeug(url_map, refused, "GET") is NotFound


@pytest.mark.parametrize("redirects", [True, False])
def test_a_rule_whose_defaults_have_the_better_url_is_left_to_werkzeug(redirects: bool) -> None:
    url_map = Map(redirect_defaults=redirects)
    url_map.add(Rule("/all/", defaults={"page": 1}, endpoint="all", methods=["GET"]))
    url_map.add(Rule("/all/<int:page>", endpoint="all", methods=["GET"]))
    table = RoutingTable(url_map, "")
    found = table.find("/all/1", "GET")
    assert (found is None) == redirects
    if redirects:
        assert by_werkzeug(url_map, "/all/1", "GET") is RequestRedirect
    else:
        assert isinstance(found, tuple)
        assert found[1] == {"page": 1}


def test_paths_without_a_variable_are_kept_and_no_others() -> None:
    rules = [Rule("/a/b", endpoint="one", methods=["GET"])]
    rules.append(Rule("/a/<name>", endpoint="two", methods=["GET"]))
    table = RoutingTable(Map(rules), "")
    assert table.literal == {}
    for path in ("/a/b", "/a/c", "/a/d", "/missing"):
        table.find(path, "GET")
    assert list(table.literal) == ["/a/b"]


@pytest.mark.parametrize("rule", ["/a/<name>", "/a/<int:name>", "/<first>/<name>", "/a/7"])
def test_defaults_of_a_rule_are_among_the_arguments(rule: str) -> None:
    url_map = Map([Rule(rule, endpoint="one", methods=["GET"], defaults={"page": 1})])
    found = RoutingTable(url_map, "").find("/a/7", "GET")
    assert isinstance(found, tuple)
    assert found[1]["page"] == 1
    assert found[1] == by_werkzeug(url_map, "/a/7", "GET")[1]


RESTS = ["a", "a/b", "a/b.css", "a/", "/a", "", "a//b", "a\nb", "\n", "é", "a/../b", "7"]


@pytest.mark.parametrize(
    "rule", ["/s/<path:rest>", "/<path:rest>", "/<int:n>/<path:rest>", "/<path:rest>/end"]
)
@pytest.mark.parametrize("merges", [True, False])
def test_the_rest_of_a_path_is_found_as_by_werkzeug(rule: str, merges: bool) -> None:
    url_map = build_map(
        [
            {"string": rule, "endpoint": "one", "methods": ["GET"], "merge_slashes": merges},
            {"string": "/s/7", "endpoint": "seven", "methods": ["GET"]},
        ]
    )
    table = RoutingTable(url_map, "")
    for _ in range(2):  # the first walk makes the nodes of the tree
        for rest in RESTS:
            path = rule.replace("<int:n>", "5").replace("<path:rest>", rest)
            found = table.find(path, "GET")
            expected = by_werkzeug(url_map, path, "GET")
            if isinstance(found, tuple):
                assert (found[0].rule, found[1]) == expected, path
            else:
                assert found is None or expected is NotFound, path
    usual = rule.replace("<int:n>", "5").replace("<path:rest>", "a/b")
    assert isinstance(table.find(usual, "GET"), tuple) or rule.endswith("/end")
