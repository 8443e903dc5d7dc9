"""Query parameters, headers and cookies: what strings are converted to, and which are refused."""

import datetime
import decimal
import enum
import uuid
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import create_environ

from flask import Flask, Request, json
from flask.params import Cookie, Header, Query
from flask.params.contract import MISSING, Parameter
from flask.params.strings import StringSource, parse_query, query_extractor


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Filter(msgspec.Struct, rename="camel"):
    min_price: Annotated[int, msgspec.Meta(ge=0)] = 0
    tags: list[str] = []


def ask(annotation: Any, url: str, default: Any = MISSING, **kwargs: Any) -> Any:
    """Answer the value that a view gets as its parameter `it`, or the faults."""
    app = Flask(__name__)
    app.testing = True
    seen = []

    def view(it: Any) -> str:
        seen.append(it)
        return ""

    view.__annotations__["it"] = annotation
    if default is not MISSING:
        view.__defaults__ = (default,)
    app.add_url_rule("/", view_func=view)
    response = app.test_client(use_cookies=False).get(url, **kwargs)
    if response.status_code == 200:
        return seen[0]
    assert response.status_code == 422
    return [(it["pointer"], it["code"]) for it in json.loads(response.data)["errors"]]


A_DAY = datetime.date(2024, 2, 29)
AN_ID = uuid.UUID(int=7)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (str, "", ""),
        (str, "null", "null"),
        (str, "ünïcode & more", "ünïcode & more"),
        (int, "-12", -12),
        (float, "1.5", 1.5),
        (bool, "true", True),
        (bool, "0", False),
        (decimal.Decimal, "1.10", decimal.Decimal("1.10")),
        (datetime.date, "2024-02-29", A_DAY),
        (datetime.timedelta, "PT1H", datetime.timedelta(hours=1)),
        (uuid.UUID, str(AN_ID), AN_ID),
        (Colour, "blue", Colour.BLUE),
        (Level, "2", Level.HIGH),
        (Literal["a", "b"], "b", "b"),
        (Literal[1, 2], "2", 2),
        (int | None, "3", 3),
        (int | float, "1.5", 1.5),
    ],
)
def test_a_string_is_converted(kind: Any, text: str, value: Any) -> None:
    assert ask(Query[kind], f"/?it={quote(text)}") == value


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [
        (int, "", "type"),
        (int, "1.5", "type"),
        (int, "1_000", "type"),
        (int, "9" * 5000, "invalid"),
        (float, "nan", "type"),
        (float, "-inf", "type"),
        (float, "1e999", "invalid"),
        (bool, "maybe", "type"),
        (datetime.datetime, "1", "format"),
        (datetime.date, "2023-02-29", "format"),
        (uuid.UUID, "7", "format"),
        (decimal.Decimal, "x", "format"),
        (Colour, "green", "enum"),
        (Literal["a", "b"], "c", "enum"),
        (int | None, "x", "type"),
        (int | None, "null", "type"),
        (Annotated[int, msgspec.Meta(multiple_of=5)], "7", "multiple_of"),
    ],
)
def test_a_string_that_is_no_value_is_refused(kind: Any, text: str, code: str) -> None:
    assert ask(Query[kind], f"/?it={text}") == [("/it", code)]


@pytest.mark.parametrize(
    ("marker", "good", "bad", "code"),
    [
        (Query(ge=1), "1", "0", "minimum"),
        (Query(gt=1), "2", "1", "minimum"),
        (Query(le=1), "1", "2", "maximum"),
        (Query(lt=1), "0", "1", "maximum"),
        (Query(multiple_of=3), "6", "7", "multiple_of"),
    ],
)
def test_numbers_are_held_to_their_constraints(marker: Any, good: str, bad: str, code: str) -> None:
    assert ask(Annotated[int, marker], f"/?it={good}") == int(good)
    assert ask(Annotated[int, marker], f"/?it={bad}") == [("/it", code)]
    assert ask(Annotated[int | None, marker], f"/?it={bad}") == [("/it", code)]


@pytest.mark.parametrize(
    ("marker", "good", "bad", "code"),
    [
        (Query(pattern="^a"), "ab", "b", "pattern"),
        (Query(min_length=2), "ab", "a", "too_short"),
        (Query(max_length=2), "ab", "abc", "too_long"),
    ],
)
def test_strings_are_held_to_their_constraints(marker: Any, good: str, bad: str, code: str) -> None:
    assert ask(Annotated[str, marker], f"/?it={good}") == good
    assert ask(Annotated[str, marker], f"/?it={bad}") == [("/it", code)]


def test_a_missing_parameter_is_refused() -> None:
    assert ask(Query[int], "/") == [("/it", "missing")]
    assert ask(Header[int], "/") == [("/it", "missing")]
    assert ask(Cookie[int], "/") == [("/it", "missing")]


def test_a_parameter_that_may_be_none_is_required_without_a_default() -> None:
    assert ask(Query[int | None], "/") == [("/it", "missing")]
    assert ask(Query[int | None], "/", default=None) is None


def test_a_list_takes_every_value_and_another_type_only_one() -> None:
    assert ask(Query[list[int]], "/?it=1&it=2&other=3") == [1, 2]
    assert ask(Query[set[int]], "/?it=1&it=1") == {1}
    assert ask(Query[tuple[int, ...]], "/?it=1") == (1,)
    assert ask(Query[int], "/?it=1&it=2") == [("/it", "type")]
    assert ask(Query[list[int]], "/?it=1&it=x&it=y") == [("/it/1", "type"), ("/it/2", "type")]
    assert ask(Query[list[float]], "/?it=1&it=nan") == [("/it", "type")]


def test_lists_are_held_to_their_length() -> None:
    annotation = Annotated[list[int], Query(max_length=1)]
    assert ask(annotation, "/?it=1&it=2") == [("/it", "too_long")]


def test_an_alias_is_the_name_in_the_request() -> None:
    assert ask(Annotated[int, Query(alias="$top")], "/?$top=3&it=4") == 3
    assert ask(Annotated[int, Query(alias="a/b~c")], "/") == [("/a~1b~0c", "missing")]


def test_a_model_takes_the_query_apart() -> None:
    assert ask(Query[Filter], "/?minPrice=3&tags=a&tags=b&min_price=9") == Filter(3, ["a", "b"])
    assert ask(Query[Filter], "/?minPrice=-3&tags=a") == [("/minPrice", "minimum")]
    assert ask(Query[Filter], "/") == Filter()


def test_headers_are_found_by_their_dashed_names() -> None:
    annotation: Any = Annotated[str, Header(alias="User-Agent")]
    assert ask(annotation, "/", headers={"User-Agent": "tests"}) == "tests"
    app = Flask(__name__)

    @app.get("/")
    def view(x_api_key: Header[int], content_type: Header[str] = "") -> str:
        return f"{x_api_key} {content_type}"

    client = app.test_client()
    headers = {"X-Api-Key": "7", "Content-Type": "text/x"}
    assert client.get("/", headers=headers).text == "7 text/x"
    refused = client.get("/", headers={"X-Api-Key": "seven"})
    assert json.loads(refused.data)["errors"][0]["pointer"] == "/x-api-key"


def test_a_list_of_a_header_is_split_at_commas() -> None:
    assert ask(Header[list[int]], "/", headers={"It": "1, 2,3"}) == [1, 2, 3]
    assert ask(Header[list[int]], "/", headers={"It": " "}) == []


def test_cookies_are_decoded() -> None:
    assert ask(Cookie[str], "/", headers={"Cookie": 'it="a b"; other=1'}) == "a b"
    assert ask(Cookie[int], "/", headers={"Cookie": "it=x"}) == [("/it", "type")]


names = st.sampled_from(["a", "b", "ä", "c d"])
texts = st.text(max_size=4)


@settings(max_examples=300, deadline=None)
@given(st.one_of(
    st.lists(st.tuples(names, texts)).map(urlencode),
    st.text(alphabet="ab=&+%;4 \xe4\xff", max_size=20),
))  # fmt: skip
def test_queries_are_taken_apart_as_the_request_does(query: str) -> None:
    raw = query.encode("utf-8", "surrogatepass").decode("latin1")
    environ = create_environ()
    environ["QUERY_STRING"] = raw
    arguments = Request(environ).args
    everything = frozenset(arguments) | {"a"}
    lists = arguments.to_dict(flat=False)
    scalars = {name: it[0] if len(it) == 1 else it for name, it in lists.items()}
    assert parse_query(raw, frozenset()) == scalars
    assert parse_query(raw, everything) == lists


PARAMETERS = [
    Parameter("a", "a", Annotated[int, msgspec.Meta(ge=1)], Query(), MISSING),
    Parameter("b", "b", bool, Query(), False),
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["1", "0", "x", "", "%31"]))))
def test_the_quick_conversion_equals_the_stepwise_one(pairs: list[tuple[str, str]]) -> None:
    quick = query_extractor(PARAMETERS)
    assert quick.__name__ == "extract_at_once"
    stepwise = StringSource("query", PARAMETERS)
    query = "&".join("=".join(pair) for pair in pairs)
    one: dict[str, Any] = {}
    other: dict[str, Any] = {}
    faults = quick(None, {"QUERY_STRING": query}, one)
    assert faults == stepwise._add_each(parse_query(query, frozenset()), other)
    if faults is None:
        assert one == other
