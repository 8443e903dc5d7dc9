"""Sabotages keep up with the sources: each edit still has its place."""

from __future__ import annotations

import ast

import pytest
from tests.mutation.sabotages import SABOTAGES, Sabotage
from tests.mutation.trial import ROOT


@pytest.mark.parametrize("sabotage", SABOTAGES, ids=lambda sabotage: sabotage.name)
def test_a_sabotage_changes_one_place_into_other_code(sabotage: Sabotage) -> None:
    trial = sabotage.trial()
    source = (ROOT / "src" / sabotage.path).read_text()
    assert ast.dump(ast.parse(trial.text)) != ast.dump(ast.parse(source))


def test_its_tests_exist() -> None:
    names = {name for sabotage in SABOTAGES for name in sabotage.tests}
    for name in names:
        kind, _, topic = name.partition(":")
        path = f"tests/differential/scenarios/{topic}.py" if kind == "differential" else name
        assert (ROOT / path).exists(), name
