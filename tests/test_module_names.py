"""Names that published code imports from Flask's modules, those of other libraries included.

``tests/data/module-names-3.1.3.json`` holds what ``dir()`` gives for the modules of Flask 3.1.3,
with the module of each object that another library defines and that is no base class here.
"""

from __future__ import annotations

import importlib
import json
import types
from pathlib import Path

import pytest

NAMES: dict[str, dict[str, str | None]] = json.loads(
    (Path(__file__).parent / "data" / "module-names-3.1.3.json").read_text()
)
ALL = [(module, name) for module in NAMES for name in NAMES[module]]


@pytest.mark.parametrize(("module", "name"), ALL)
def test_a_name_is_there_and_is_what_its_library_defines(module: str, name: str) -> None:
    found = getattr(importlib.import_module(module), name)
    home = NAMES[module][name]
    if home is not None:
        is_module = isinstance(found, types.ModuleType)
        assert (found.__name__ if is_module else found.__module__) == home
