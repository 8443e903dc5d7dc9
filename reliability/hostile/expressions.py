"""Regular expressions: none takes more than linear time for strings made to mislead it."""

from __future__ import annotations

import re
import sys
import time
import typing as t
from collections.abc import Iterator
from importlib import metadata
from itertools import product
from re import _parser  # type: ignore[attr-defined]

import flask.cli  # noqa: F401 - whose modules are looked at too

from .case import Tally, case

_METHOD = type(re.compile("").fullmatch)

PACKAGES = ("flask", "werkzeug")
SIZES = (16, 20, 24, 32, 128, 1024, 8192, 32_768)
TOO_LONG = 0.05
"""Seconds of CPU time, far from both: of the longest string, a linear match takes a millisecond
and a quadratic one half a second, and a busy machine doubles either at most.
"""

MOST_LETTERS = 10


def found_in(packages: t.Iterable[str]) -> dict[str, re.Pattern[str]]:
    """The expressions that imported modules and their classes hold, by where they were found."""
    found: dict[str, re.Pattern[str]] = {}
    for name, module in sorted(sys.modules.items()):
        if name.partition(".")[0] in packages:
            for where, value in list(vars(module).items()):
                _collect(f"{name}.{where}", value, found)
                if isinstance(value, type) and value.__module__ == name:
                    for attribute, inner in list(vars(value).items()):
                        _collect(f"{name}.{where}.{attribute}", inner, found)
    return found


def _collect(where: str, value: object, found: dict[str, re.Pattern[str]]) -> None:
    if type(value) is _METHOD:
        value = value.__self__  # type: ignore[attr-defined]
    if type(value) is re.Pattern and isinstance(value.pattern, str):
        found.setdefault(where, value)


def letters_of(pattern: str, flags: int = 0) -> list[str]:
    """A letter for each literal and each class of an expression, and one that is in none."""
    letters: dict[str, None] = {}

    def walk(parsed: t.Any) -> None:
        for operation, argument in parsed:
            name = str(operation)
            if name in {"LITERAL", "NOT_LITERAL"}:
                letters[chr(argument)] = None
            elif name == "RANGE":
                letters[chr(argument[0])] = None
            elif name == "CATEGORY":
                letters[{"DIGIT": "0", "SPACE": " "}.get(str(argument)[-5:].lstrip("_"), "a")] = (
                    None
                )
            elif name == "IN":
                walk(argument)
            elif name == "BRANCH":
                for branch in argument[1]:
                    walk(branch)
            elif isinstance(argument, tuple | list):
                for inner in argument:
                    if isinstance(inner, _parser.SubPattern):
                        walk(inner)
            elif isinstance(argument, _parser.SubPattern):
                walk(argument)

    walk(_parser.parse(pattern, flags))
    return [*list(letters)[: MOST_LETTERS - 2], "a", "\x01"]


def attacks(pattern: str, flags: int = 0) -> Iterator[tuple[str, str, str]]:
    """Yield strings as what they begin with, what is repeated, and what they end with."""
    letters = list(dict.fromkeys(letters_of(pattern, flags)))
    pumps = [
        *letters,
        *("".join(pair) for pair in product(letters, repeat=2) if len(set(pair)) > 1),
    ]
    yield from product(["", *letters], pumps, ["", "\x01!"])


def misled(pattern: re.Pattern[str], start: str, pump: str, end: str) -> int:
    """The size at which a string takes too long to match; 0: none does."""
    for size in SIZES:
        text = start + pump * size + end
        if (
            _spent(pattern, text) > TOO_LONG
            and min(_spent(pattern, text) for _ in range(2)) > TOO_LONG
        ):
            return size
    return 0


def _spent(pattern: re.Pattern[str], text: str) -> float:
    before = time.process_time()
    pattern.match(text)
    pattern.fullmatch(text)
    return time.process_time() - before


@case(
    "expressions",
    "each regular expression of the package and of Werkzeug, matched with strings that repeat one"
    " or two of its own letters up to 32,768 times: linear time",
    is_long=True,
)
def expressions(tally: Tally) -> None:
    if metadata.version("flask").count(".") < 3:
        tally.skipped = "looks inside the package, which is not done with the original"
        return
    for where, pattern in found_in(PACKAGES).items():
        flags = pattern.flags & ~re.UNICODE
        for start, pump, end in tally.some(attacks(pattern.pattern, flags)):
            size = misled(pattern, start, pump, end)
            tally.expect(not size, f"more than linear time: {where}", (start, pump, end, size))
            if size:
                break
