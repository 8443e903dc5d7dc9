"""A case: one kind of attack, tried with many inputs, and the tally of what came of it."""

from __future__ import annotations

import time
import typing as t
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.strategies import SearchStrategy

T = t.TypeVar("T")

_SHOWN = 300


@dataclass
class Tally:
    """What was tried in a case and what failed."""

    seconds: float = 0.0
    """How long generated inputs may go on after the first round; 0: one round."""

    examples: int = 100
    """How many inputs a round generates."""

    tried: int = 0

    share: int = 1
    """Of long lists of inputs, every how many-th is tried."""

    skipped: str = ""
    """Why nothing could be tried here, if so."""

    _failures: dict[str, str] = field(default_factory=dict)

    @property
    def failures(self) -> list[str]:
        """One line for each kind of failure, with the shortest input that showed it."""
        return [f"{kind}: {shown}" for kind, shown in sorted(self._failures.items())]

    def fail(self, kind: str, shown: object) -> None:
        """Note a failure.

        :param kind: what went wrong; failures of the same kind are noted once.
        :param shown: the input.
        """
        text = ascii(shown)
        if len(text) > _SHOWN:
            text = f"{text[:_SHOWN]}... ({len(text)} characters)"
        kept = self._failures.get(kind)
        if kept is None or len(text) < len(kept):
            self._failures[kind] = text

    def expect(self, holds: bool, kind: str, shown: object) -> None:
        """Count one input that was tried, as a failure unless something holds."""
        self.tried += 1
        if not holds:
            self.fail(kind, shown)

    def some(self, inputs: Iterable[T]) -> Iterator[T]:
        """The inputs of a long list that are tried."""
        return islice(inputs, 0, None, self.share)

    def explore(
        self, inputs: SearchStrategy[T], attempt: Callable[[T], None], counts: bool = True
    ) -> None:
        """Hand generated inputs to a function, round after round until the time is over.

        The inputs of a round follow from its number: what failed once fails again.

        :param counts: whether an input is one that was tried; otherwise the function counts.
        """
        end = time.monotonic() + self.seconds
        number = 0
        while number == 0 or time.monotonic() < end:
            self._round(number, inputs, attempt, counts)
            number += 1

    def _round(
        self, number: int, inputs: SearchStrategy[T], attempt: Callable[[T], None], counts: bool
    ) -> None:
        @seed(number)
        @settings(
            max_examples=self.examples,
            phases=[Phase.generate],
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(inputs)
        def one(example: T) -> None:
            self.tried += counts
            attempt(example)

        one()


@dataclass(frozen=True)
class Case:
    """A kind of attack."""

    name: str

    what: str
    """What is tried, and what must not happen."""

    run: Callable[[Tally], None]

    needs_sockets: bool = False
    """Whether it starts a server."""

    is_long: bool = False
    """Whether even one round takes too long to run with each change."""


CASES: list[Case] = []
"""All of them, in the order of the report."""


def case(
    name: str, what: str, *, needs_sockets: bool = False, is_long: bool = False
) -> Callable[[Callable[[Tally], None]], Callable[[Tally], None]]:
    """Enter a function among the cases."""

    def enter(run: Callable[[Tally], None]) -> Callable[[Tally], None]:
        CASES.append(Case(name, what, run, needs_sockets, is_long))
        return run

    return enter
