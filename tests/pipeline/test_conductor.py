"""The conductor for synchronous requests is what is generated from the asynchronous one."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]
PIPELINE = ROOT / "src" / "flask" / "pipeline"


def generator() -> ModuleType:
    file = ROOT / "scripts" / "generate_conductor.py"
    spec = importlib.util.spec_from_file_location("generate_conductor", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_committed_twin_is_generated_from_the_source() -> None:
    source = (PIPELINE / "conductor.py").read_text(encoding="utf-8")
    committed = (PIPELINE / "_conductor_sync.py").read_text(encoding="utf-8")
    generated = generator().generate(source)
    assert ast.dump(ast.parse(committed)) == ast.dump(ast.parse(generated))


def test_the_twin_waits_for_nothing() -> None:
    committed = (PIPELINE / "_conductor_sync.py").read_text(encoding="utf-8")
    nodes = list(ast.walk(ast.parse(committed)))
    assert not [node for node in nodes if isinstance(node, ast.Await | ast.AsyncFunctionDef)]
    assert not [node for node in nodes if isinstance(node, ast.Name) and node.id == "run"]
