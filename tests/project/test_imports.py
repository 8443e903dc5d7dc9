"""Imports inside the package go one way, by the layers that ARCHITECTURE.md lists.

Imports inside functions count as well: a late import may save start-up time, it may not hide a
cycle. Only what stands under ``if TYPE_CHECKING`` is exempt, for it never runs.
"""

import ast
import graphlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "flask"

Edge = tuple[str, str, int]


def module_name(file: Path) -> str:
    parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {module_name(file): file for file in sorted(PACKAGE.rglob("*.py"))}


def layers_of(text: str) -> dict[str, int]:
    """Read the numbered layers: ``{"flask.typing": 0, ..., "flask": 14}``."""
    section = text.partition("## Import layers")[2].partition("\n## ")[0]
    rows = re.split(r"^ *\d+\. ", section, flags=re.MULTILINE)[1:]
    names = {
        name: depth
        for depth, row in enumerate(rows)
        for name in re.findall(r"`([\w.]+)`", re.split(r":|\n\n", row)[0])
    }
    return {"flask" if n == "__init__" else f"flask.{n}": depth for n, depth in names.items()}


LAYERS = layers_of((ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"))


def layer_of(module: str) -> int | None:
    """Find the layer of a module, or of the nearest package above it that has one."""
    while module not in LAYERS:
        module = module.rpartition(".")[0]
        if module in ("", "flask"):
            return None
    return LAYERS[module]


def is_type_checking(test: ast.expr) -> bool:
    return getattr(test, "id", getattr(test, "attr", None)) == "TYPE_CHECKING"


def running_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Walk a tree as ``ast.walk`` does, past the blocks that only type checkers read."""
    children: Iterator[ast.AST] = ast.iter_child_nodes(node)
    if isinstance(node, ast.If) and is_type_checking(node.test):
        children = iter(node.orelse)
    for child in children:
        yield child
        yield from running_nodes(child)


def imported(node: ast.AST, module: str, is_package: bool) -> Iterator[str]:
    """Yield the absolute dotted names, modules or members of one, that a statement imports."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        package = module.split(".") if is_package else module.split(".")[:-1]
        above = package[: len(package) - node.level + 1] if node.level else []
        base = ".".join([*above, *filter(None, [node.module])])
        yield from (f"{base}.{alias.name}" for alias in node.names)
    elif isinstance(node, ast.Call):
        called = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if called in ("import_module", "__import__") and node.args:
            name = getattr(node.args[0], "value", None)
            if isinstance(name, str):
                yield name


def edges(source: str, module: str, is_package: bool) -> Iterator[Edge]:
    """Yield ``(importer, imported module of the package, line)``."""
    for node in running_nodes(ast.parse(source)):
        for name in imported(node, module, is_package):
            target = name if name in FILES else name.rpartition(".")[0]
            if target in FILES and target != module:
                yield module, target, getattr(node, "lineno", 0)


def all_edges() -> list[Edge]:
    return [
        edge
        for module, file in FILES.items()
        for edge in edges(file.read_text(encoding="utf-8"), module, file.name == "__init__.py")
    ]


def test_every_module_has_a_layer() -> None:
    assert FILES
    assert [module for module in FILES if layer_of(module) is None and module != "flask"] == []


def test_every_layer_names_something_that_exists() -> None:
    assert [name for name in LAYERS if name not in FILES] == []


def test_imports_never_go_up() -> None:
    def depth(module: str) -> int:
        found = layer_of(module)
        return len(LAYERS) if found is None else found

    upward = [
        f"{importer}:{line} imports {target}"
        for importer, target, line in all_edges()
        if depth(target) > depth(importer)
    ]
    assert "\n".join(upward) == ""


def test_no_module_needs_itself() -> None:
    graph: dict[str, set[str]] = {}
    for importer, target, _ in all_edges():
        graph.setdefault(importer, set()).add(target)
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        pytest.fail("import cycle: " + " <- ".join(error.args[1]))


@pytest.mark.parametrize(
    ("source", "targets"),
    [
        ("from . import globals", {"flask.globals"}),
        ("from .globals import request", {"flask.globals"}),
        ("from flask.globals import request", {"flask.globals"}),
        ("import flask.globals", {"flask.globals"}),
        ("from flask import request", {"flask"}),
        ("def late():\n    from .app import Flask", {"flask.app"}),
        ("importlib.import_module('flask.app')", {"flask.app"}),
        ("import typing as t\nif t.TYPE_CHECKING:\n    from .app import Flask", set()),
        ("if TYPE_CHECKING:\n    pass\nelse:\n    from .app import Flask", {"flask.app"}),
        ("import werkzeug.routing\nfrom jinja2 import Environment", set()),
    ],
)
def test_each_way_of_importing_is_seen(source: str, targets: set[str]) -> None:
    assert {target for _, target, _ in edges(source, "flask.helpers", False)} == targets


def test_relative_imports_are_read_from_where_they_stand() -> None:
    inside = {target for _, target, _ in edges("from .. import globals", "flask.json.tag", False)}
    package = {target for _, target, _ in edges("from .. import globals", "flask.json", True)}
    assert inside == package == {"flask.globals"}
