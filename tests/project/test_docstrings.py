"""Docstrings begin with an imperative or a noun phrase, as PEP 257 asks."""

from __future__ import annotations

import ast
import doctest
import importlib
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "src" / "flask"
MODULES = sorted(PACKAGE.rglob("*.py"))
DEFINITIONS = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def docstrings(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of docstrings: of definitions, and of the attributes below them."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, DEFINITIONS):
            for statement in node.body:
                match statement:
                    case ast.Expr(value=ast.Constant(value=str(text))):
                        yield statement.lineno, text.strip()


def clauses(source: str) -> list[str]:
    """Return docstrings that begin with a clause instead of saying what the thing is or does."""
    return [
        f"{line}: {text.splitlines()[0]}"
        for line, text in docstrings(source)
        if re.match(r"(What|Whether|How|Where|Tells|Says)\b", text)
    ]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_docstrings_name_the_thing_or_what_it_does(path: Path) -> None:
    assert clauses(path.read_text(encoding="utf-8")) == []


def test_clauses_are_found() -> None:
    source = '''
class Job:
    """Whether a job is done."""

    name: str
    """How it is called."""

    def run(self):
        """Run the job."""
'''
    assert clauses(source) == ["3: Whether a job is done.", "6: How it is called."]


def examples() -> Iterator[doctest.DocTest]:
    """Yield the examples in docstrings of the package, one object each."""
    for path in sorted(PACKAGE.rglob("*.py")):
        if ">>>" in path.read_text(encoding="utf-8"):
            parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
            name = ".".join(part for part in parts if part != "__init__")
            yield from doctest.DocTestFinder(exclude_empty=True).find(importlib.import_module(name))


EXAMPLES = [example for example in examples() if example.examples]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_example_runs(example: doctest.DocTest) -> None:
    report = io.StringIO()
    runner = doctest.DocTestRunner(optionflags=doctest.IGNORE_EXCEPTION_DETAIL)
    runner.run(example, out=report.write)
    assert runner.failures == 0, report.getvalue()
