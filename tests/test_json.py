"""JSON text is read as the standard library reads it."""

from __future__ import annotations

import json
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask import Flask

provider = Flask(__name__).json

data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)
texts = (
    st.builds(
        lambda value, before, after: before + json.dumps(value) + after,
        data,
        *(st.text(" \t\n\r\v\N{NO-BREAK SPACE}\ufeff", max_size=2),) * 2,
    )
    | st.text(alphabet='{}[]",:0123456789.-eEtrufalsn \\\ud800\0', max_size=8)
    | st.sampled_from(["", " ", "\ufeff{}", "{", '{"a":1}x', "[1,]", "NaN", "-Infinity", "01"])
)
encodings = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "utf-32-be"])


def outcome(loads: t.Callable[..., t.Any], text: t.Any, **options: t.Any) -> t.Any:
    try:
        return repr(loads(text, **options))
    except Exception as error:
        return type(error), str(error)


@given(texts)
def test_text_is_read_as_by_the_standard_library(text: str) -> None:
    assert outcome(provider.loads, text) == outcome(json.loads, text)


@given(texts, encodings)
def test_bytes_are_read_as_by_the_standard_library(text: str, encoding: str) -> None:
    body = text.encode(encoding, "surrogatepass")
    assert outcome(provider.loads, body) == outcome(json.loads, body)


@given(st.binary(max_size=6) | st.binary(max_size=4).map(lambda rest: b"[" + rest))
def test_any_bytes_are_read_as_by_the_standard_library(body: bytes) -> None:
    assert outcome(provider.loads, body) == outcome(json.loads, body)


@pytest.mark.parametrize("text", [bytearray(b'{"a": 1}'), 5, None])
def test_other_types_are_the_standard_library_s_to_judge(text: t.Any) -> None:
    assert outcome(provider.loads, text) == outcome(json.loads, text)


def test_options_are_those_of_the_standard_library() -> None:
    options = {"parse_float": str, "object_pairs_hook": list}
    assert outcome(provider.loads, '{"a": 1.5}', **options) == "[('a', '1.5')]"
