"""The mutants of a module, made by Cosmic Ray, without those that no test could tell.

Left out are changes of annotations, which nothing evaluates; of what only type checkers read; and
``==`` in place of ``is`` or the reverse, which makes a difference to nobody here.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cosmic_ray.plugins
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code

from .trial import SOURCES

Position = tuple[int, int]
SAME_HERE = ("_Is_Eq", "_IsNot_NotEq", "_Eq_Is", "_NotEq_IsNot")


@dataclass(frozen=True)
class Mutant:
    """One small fault: which operator, applied to which of its places in which file."""

    path: str
    operator: str
    occurrence: int
    start: Position
    end: Position

    @property
    def family(self) -> str:
        """The kind of change: ``ReplaceComparisonOperator`` for each pair of operators."""
        return self.operator.rpartition("/")[2].partition("_")[0]

    def text(self) -> str:
        """The module's text with the fault in it."""
        operator = cosmic_ray.plugins.get_operator(self.operator)()
        source = (SOURCES / self.path).read_text()
        changed = mutate_code(source, operator, self.occurrence)
        assert changed is not None
        return str(changed)

    def describe(self) -> str:
        """File, line and the changed line."""
        before = (SOURCES / self.path).read_text().splitlines()
        after = self.text().splitlines()
        pairs = enumerate(zip(before, after, strict=False), start=1)
        number, line = next(
            ((number, new.strip()) for number, (old, new) in pairs if old != new),
            (self.start[0], "(lines removed)"),
        )
        return f"{self.path}:{number}: {before[number - 1].strip()}  =>  {line}"


def mutants_of(path: str) -> Iterator[Mutant]:
    """All mutants of a file below ``src``."""
    source = (SOURCES / path).read_text()
    unseen = list(unseen_ranges(source))
    tree = get_ast(source)
    for name in cosmic_ray.plugins.operator_names():
        operator_class = cosmic_ray.plugins.get_operator(name)
        if operator_class.arguments() or name.endswith(SAME_HERE):
            continue
        operator = operator_class()
        positions = (
            place for node in ast_nodes(tree) for place in operator.mutation_positions(node)
        )
        for occurrence, (start, end) in enumerate(positions):
            if not any(low <= start and end <= high for low, high in unseen):
                yield Mutant(path, name, occurrence, tuple(start), tuple(end))


def unseen_ranges(source: str) -> Iterator[tuple[Position, Position]]:
    """Where a change can't be observed: annotations, and what is for type checkers only."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case (
                ast.AnnAssign(annotation=annotation) | ast.arg(annotation=ast.expr() as annotation)
            ):
                yield span(annotation)
            case ast.FunctionDef(returns=ast.expr() as returns):
                yield span(returns)
            case ast.AsyncFunctionDef(returns=ast.expr() as returns):
                yield span(returns)
            case ast.If(test=ast.Attribute(attr="TYPE_CHECKING")):
                yield span(node)
            case ast.If(test=ast.UnaryOp(operand=ast.Attribute(attr="TYPE_CHECKING"))):
                yield span(node.test)
            case ast.Assign(value=ast.Subscript()) | ast.Assign(value=ast.BinOp(op=ast.BitOr())):
                yield span(node.value)  # an alias of a type
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and is_overload(node):
            _, end = span(node)
            yield (node.decorator_list[0].lineno, 0), end


def is_overload(node: ast.FunctionDef) -> bool:
    return any("overload" in ast.unparse(decorator) for decorator in node.decorator_list)


def span(node: ast.expr | ast.stmt) -> tuple[Position, Position]:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)


def sample(paths: Iterable[str], size: int | None, seed: int) -> list[Mutant]:
    """Choose mutants at random, at most one of each family at a place; all places for no size.

    A comparison can be changed into nine others: so it counts once, as other places do.
    """
    chance = random.Random(seed)
    places: dict[tuple[str, Position, Position, str], list[Mutant]] = {}
    for path in paths:
        for mutant in mutants_of(path):
            key = (mutant.path, mutant.start, mutant.end, mutant.family)
            places.setdefault(key, []).append(mutant)
    chosen = [chance.choice(found) for found in places.values()]
    chance.shuffle(chosen)
    return chosen if size is None else chosen[:size]


def files_below(names: Iterable[str]) -> list[str]:
    """The Python files of packages and modules, relative to ``src``."""
    found: list[Path] = []
    for name in names:
        place = SOURCES / name
        found += sorted(place.rglob("*.py")) if place.is_dir() else [place]
    return [str(path.relative_to(SOURCES)) for path in found]
