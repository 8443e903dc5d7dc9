"""Analysis of the use of ``loop`` in the loops of a template."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from jinja2 import nodes
from jinja2.compiler import Frame

COUNTED = frozenset({"index", "index0", "first"})
"""Attributes of ``loop`` that a counter can tell, and nothing else of the loop."""


@dataclass
class Loop:
    """A loop whose body is being written."""

    assigns: bool
    """True where variables are set in the body."""
    ref: str | None = None
    """The name that ``loop`` would have in the code, where a counter takes its place."""
    counter: str = ""
    """The name of the counter, which begins with zero."""


def uses_of_loop(node: nodes.For) -> int | None:
    """Count how often a loop's body uses ``loop``; ``None``: for more than a counter can tell."""
    uses = 0
    for child in node.body:
        for count in _uses(child):
            if count is None:
                return None
            uses += count
    if uses and any(_sees_locals(child) for child in node.body):
        return None
    if any(name.name == "loop" for child in node.else_ for name in _names(child)):
        return None  # there it is another variable
    return None if any(_has_scoped_block(child) for child in node.body) else uses


def _uses(node: nodes.Node) -> t.Iterator[int | None]:
    """Yield 1 for each use that a counter can serve, ``None`` for each other."""
    if isinstance(node, nodes.Name) and node.name == "loop":
        yield None
        return
    children: t.Iterable[nodes.Node]
    if isinstance(node, nodes.Getattr) and _is_loop(node.node) and node.attr in COUNTED:
        yield 1
        children = ()
    elif isinstance(node, nodes.Call) and _is_cycle(node):
        yield 1
        children = node.args
    elif isinstance(node, nodes.Macro | nodes.CallBlock):
        # What is called later may find the counter where ``loop`` is gone.
        children = node.iter_child_nodes()
        if any(name.name == "loop" for name in node.find_all(nodes.Name)):
            yield None
    elif isinstance(node, nodes.For):
        # Its body and its test have a ``loop`` of their own, or none that is outside of it.
        yield from _uses_in_inner_loop(node)
        return
    elif isinstance(node, nodes.Block):
        return
    else:
        children = node.iter_child_nodes()
    for child in children:
        yield from _uses(child)


def _uses_in_inner_loop(node: nodes.For) -> t.Iterator[int | None]:
    for child in (node.iter, *node.else_):
        yield from _uses(child)
    has_own = node.recursive or any(
        name.name == "loop" for child in node.body for name in _names(child)
    )
    if node.test is not None and any(name.name == "loop" for name in _names(node.test)):
        yield None
    if not has_own:
        return


def contains(node: nodes.Node, kinds: tuple[type[nodes.Node], ...]) -> bool:
    """Return whether a node is of one of the kinds, or has one below it."""
    below = node.find_all(t.cast("type[nodes.Node]", kinds))
    return isinstance(node, kinds) or next(below, None) is not None


def _names(node: nodes.Node) -> t.Iterator[nodes.Name]:
    if isinstance(node, nodes.Name):
        yield node
    yield from node.find_all(nodes.Name)


def _is_loop(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Name) and node.name == "loop" and node.ctx == "load"


def _is_cycle(node: nodes.Call) -> bool:
    callee = node.node
    return (
        isinstance(callee, nodes.Getattr)
        and callee.attr == "cycle"
        and _is_loop(callee.node)
        and bool(node.args)
        and not (node.kwargs or node.dyn_args or node.dyn_kwargs)
    )


def _sees_locals(node: nodes.Node) -> bool:
    """Return whether a part of the body is passed all variables, of which ``loop`` is one."""
    kinds = (nodes.Include, nodes.Import, nodes.FromImport, nodes.DerivedContextReference)
    return contains(node, kinds)


def _has_scoped_block(node: nodes.Node) -> bool:
    blocks = [node] if isinstance(node, nodes.Block) else []
    return any(block.scoped for block in (*blocks, *node.find_all(nodes.Block)))


def counts(node: nodes.Node, frame: Frame, loops: list[Loop]) -> bool:
    """Return whether an expression is the number of a loop's step."""
    if not (isinstance(node, nodes.Getattr) and _is_loop(node.node)):
        return False
    ref = frame.symbols.find_ref("loop")
    return node.attr != "first" and any(loop.ref == ref for loop in loops if loop.ref)
