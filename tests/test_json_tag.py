"""Tagged JSON keeps types that JSON lacks, for sessions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from flask.json.tag import JSONTag, TaggedJSONSerializer

serializer = TaggedJSONSerializer()

values: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.binary(max_size=5)
    | st.uuids()
    | st.text(max_size=5).map(Markup)
    | st.datetimes(datetime(1000, 1, 1), timezones=st.just(UTC)).map(
        lambda moment: moment.replace(microsecond=0)
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=3) | st.sampled_from([" t", " di", " b"]), inner)
    ),
    max_leaves=8,
)


def same(one: Any, other: Any) -> bool:
    """Equal, and of the same types all the way down."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


@given(values)
def test_values_come_back_with_their_types(value: Any) -> None:
    assert same(serializer.loads(serializer.dumps(value)), value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": 1}, '{"a":1}'),
        ((1, 2), '{" t":[1,2]}'),
        (b"a", '{" b":"YQ=="}'),
        (Markup("<b>"), '{" m":"<b>"}'),
        (UUID(int=1), '{" u":"00000000000000000000000000000001"}'),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), '{" d":"Fri, 02 Jan 2026 03:04:05 GMT"}'),
        ({" t": [1]}, '{" di":{" t__":[1]}}'),
        ([(1,)], '[{" t":[1]}]'),
    ],
)
def test_what_is_written(value: Any, text: str) -> None:
    assert serializer.dumps(value) == text
    assert same(serializer.loads(text), value)


def test_a_moment_is_kept_in_utc() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2)))
    assert serializer.loads(serializer.dumps(moment)) == moment


def test_what_has_html_shows_as_markup() -> None:
    class Link:
        def __html__(self) -> str:
            return "<a>"

    assert serializer.loads(serializer.dumps(Link())) == Markup("<a>")


class Point:
    def __init__(self, x: int) -> None:
        self.x = x


class TagPoint(JSONTag):
    key = " p"

    def check(self, value: Any) -> bool:
        return isinstance(value, Point)

    def to_json(self, value: Any) -> Any:
        return value.x

    def to_python(self, value: Any) -> Any:
        return Point(value)


def test_a_tag_of_ones_own() -> None:
    own = TaggedJSONSerializer()
    own.register(TagPoint)
    assert own.loads(own.dumps({"at": Point(3)}))["at"].x == 3
    with pytest.raises(KeyError, match=" p"):
        own.register(TagPoint)
    own.register(TagPoint, force=True)
    with pytest.raises(TypeError):
        serializer.dumps(Point(1))


def test_a_tag_may_be_put_before_others() -> None:
    class TagText(JSONTag):
        key = " x"

        def check(self, value: Any) -> bool:
            return isinstance(value, str)

        def to_json(self, value: Any) -> Any:
            return value[::-1]

        def to_python(self, value: Any) -> Any:
            return value[::-1]

    own = TaggedJSONSerializer()
    own.register(TagText, index=0)
    assert own.dumps("abc") == '{" x":"cba"}'
    assert own.loads(own.dumps("abc")) == "abc"


def test_unknown_tags_are_plain_dicts() -> None:
    assert serializer.loads('{" unknown":1}') == {" unknown": 1}
    assert serializer.loads('{" t":[1],"more":2}') == {" t": [1], "more": 2}
