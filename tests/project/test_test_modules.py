"""Each module that Flask's users know has a test module named after it."""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PACKAGE = TESTS.parent / "src" / "flask"
WITHOUT = {
    "__init__": "its names: project/test_surface.py",
    "__main__": "run by cli/",
    "typing": "checked by typing/",
}


@pytest.mark.parametrize("module", sorted(path.stem for path in PACKAGE.glob("*.py")))
def test_a_module_has_its_tests(module: str) -> None:
    if module in WITHOUT:
        assert WITHOUT[module]
    else:
        assert (TESTS / f"test_{module}.py").exists(), f"tests/test_{module}.py is missing"


@pytest.mark.parametrize("package", ["routing", "pipeline", "cli", "sansio"])
def test_a_package_has_a_folder_of_tests(package: str) -> None:
    assert list((TESTS / package).glob("test_*.py"))
