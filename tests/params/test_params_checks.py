"""Checks find every fault, once, where it is; and decide as msgspec does."""

import dataclasses
import datetime
import enum
import json
import uuid
from typing import Annotated, Any, Literal, NamedTuple, TypedDict

import attrs
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flask.params.checks import compile_check, run_check
from flask.params.codec import make_codec
from flask.params.faults import MOST_FAULTS, Faults

Meta = msgspec.Meta


class Cat(msgspec.Struct, tag="cat"):
    lives: Annotated[int, Meta(ge=0, le=9)]


class Dog(msgspec.Struct, tag="dog"):
    name: str


class Point(msgspec.Struct, array_like=True):
    x: int
    y: int = 0


class Line(msgspec.Struct, array_like=True, tag="line"):
    length: int


class Round(msgspec.Struct, array_like=True, tag="round"):
    radius: int


@dataclasses.dataclass
class Address:
    city: Annotated[str, Meta(min_length=1)]
    zip: str = ""


@attrs.define
class Size:
    width: int
    height: int = 1


class Options(TypedDict, total=False):
    dark: bool


class Pair(NamedTuple):
    left: int
    right: str


class Colour(enum.Enum):
    RED = "red"


class Everything(msgspec.Struct, forbid_unknown_fields=True):
    pet: Cat | Dog
    when: datetime.datetime
    key: uuid.UUID
    colour: Colour
    letter: Literal["a", "b"]
    address: Address
    size: Size
    options: Options
    pair: Pair
    point: Point
    shape: Line | Round
    mark: Line
    scores: dict[str, Annotated[int, Meta(ge=1)]]
    some: Annotated[list[Annotated[str, Meta(pattern="^x")]], Meta(max_length=2)]
    fixed: tuple[int, str]
    maybe: int | None = None
    either: int | str | list[int] = 0


RIGHT = {
    "pet": {"type": "cat", "lives": 9},
    "when": "2024-01-01T00:00:00Z",
    "key": str(uuid.UUID(int=1)),
    "colour": "red",
    "letter": "a",
    "address": {"city": "Bern"},
    "size": {"width": 1},
    "options": {"dark": True},
    "pair": [1, "a"],
    "point": [1],
    "shape": ["round", 1],
    "mark": ["line", 1],
    "scores": {"a": 1},
    "some": ["x"],
    "fixed": [1, "a"],
}


def faults_of(kind: Any, data: Any) -> list[tuple[str, str]]:
    faults = Faults("body")
    run_check(compile_check(kind), data, "", faults)
    return [(it.pointer, it.code) for it in faults.found]


def test_right_data_have_no_fault() -> None:
    assert faults_of(Everything, RIGHT) == []


@pytest.mark.parametrize(
    ("field", "value", "faults"),
    [
        ("pet", {"type": "cat", "lives": 10}, [("/pet/lives", "maximum")]),
        ("pet", {"type": "cow"}, [("/pet/type", "tag")]),
        ("pet", {"type": ["cat"]}, [("/pet/type", "tag")]),
        ("pet", {}, [("/pet/type", "missing")]),
        ("pet", 1, [("/pet", "type")]),
        ("when", "yesterday", [("/when", "format")]),
        ("when", 1, [("/when", "type")]),
        ("key", "1", [("/key", "format")]),
        ("colour", "blue", [("/colour", "enum")]),
        ("letter", "c", [("/letter", "enum")]),
        ("address", {"city": ""}, [("/address/city", "too_short")]),
        ("address", {"zip": 1}, [("/address/city", "missing"), ("/address/zip", "type")]),
        ("size", {}, [("/size/width", "missing")]),
        ("options", {"dark": 1}, [("/options/dark", "type")]),
        ("pair", ["a", 1], [("/pair/0", "type"), ("/pair/1", "type")]),
        ("pair", [1], [("/pair/1", "missing")]),
        ("point", ["a", "b"], [("/point/0", "type"), ("/point/1", "type")]),
        ("shape", ["round", "a"], [("/shape/1", "type")]),
        ("shape", ["square", 1], [("/shape/0", "tag")]),
        ("shape", [[], 1], [("/shape/0", "tag")]),
        ("shape", [], [("/shape/0", "missing")]),
        ("shape", {"type": "round"}, [("/shape", "type")]),
        ("mark", ["round", "a"], [("/mark/0", "tag"), ("/mark/1", "type")]),
        ("scores", {"a": 0, "b/c": "1"}, [("/scores/a", "minimum"), ("/scores/b~1c", "type")]),
        ("some", ["x", "y", "x"], [("/some", "too_long"), ("/some/1", "pattern")]),
        ("fixed", [1], [("/fixed", "too_short")]),
        ("fixed", ["a", 1], [("/fixed/0", "type"), ("/fixed/1", "type")]),
        ("maybe", "1", [("/maybe", "type")]),
        ("either", [1, "a"], [("/either/1", "type")]),
        ("either", 1.5, [("/either", "type")]),
        ("unknown", 1, [("/unknown", "unknown_field")]),
    ],
)  # fmt: skip
def test_each_fault_is_found_at_its_place(field: str, value: Any, faults: Any) -> None:
    assert faults_of(Everything, RIGHT | {field: value}) == faults


def test_all_faults_are_found_at_once() -> None:
    wrong = dict.fromkeys(RIGHT)
    assert [pointer for pointer, _ in faults_of(Everything, wrong)] == [
        f"/{name}" for name in RIGHT
    ]


def test_the_faults_listed_are_bounded() -> None:
    assert len(faults_of(list[int], ["a"] * 1000)) == MOST_FAULTS


def test_faults_quote_no_values() -> None:
    secret = "hunter2"
    wrong = RIGHT | dict.fromkeys(("colour", "letter", "when", "key", "maybe", "pet"), secret)
    faults = Faults("body")
    run_check(compile_check(Everything), wrong, "", faults)
    assert len(faults.found) == 6
    assert secret not in repr(faults.found)


class Ordered(msgspec.Struct):
    low: int
    high: int

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError("low must not exceed high")


def test_what_only_the_model_itself_finds_is_reported_at_its_place() -> None:
    codec = make_codec(list[Ordered])
    data = [{"low": 1, "high": 2}, {"low": 2, "high": 1}]
    with pytest.raises(ValueError, match="exceed") as caught:
        codec.decode(json.dumps(data).encode())
    [fault] = codec.find_faults(data, caught.value, "body")
    assert fault == ("body", "/1", "low must not exceed high", "invalid")


plain = st.recursive(
    st.sampled_from([None, True, False, 1.5, "a", "x", "red", "line", "round", ""])
    | st.integers(-2, 12),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["type", "lives", "city", "dark", "a"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.dictionaries(st.sampled_from([*RIGHT, "maybe", "either", "unknown"]), plain, max_size=2))
def test_there_are_faults_exactly_where_msgspec_refuses(changes: dict[str, Any]) -> None:
    data = RIGHT | changes
    try:
        msgspec.convert(data, Everything, str_keys=True)
    except msgspec.ValidationError:
        assert faults_of(Everything, data)
    else:
        assert faults_of(Everything, data) == []


class Node(msgspec.Struct):
    next: "Node | int"


def test_pointers_into_deep_data_are_cut() -> None:
    data: Any = "wrong"
    for _ in range(200):
        data = {"next": data}
    assert faults_of(Node, data) == [("/next" * 160 + "/next", "type")]


def test_data_too_deep_to_walk_end_the_search() -> None:
    data: Any = 1
    for _ in range(5000):
        data = {"next": data}
    assert faults_of(Node, data) == []
