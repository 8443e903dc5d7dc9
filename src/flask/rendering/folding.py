"""Constants of a template, computed once for both sets of functions."""

from __future__ import annotations

import typing as t

from jinja2 import nodes
from jinja2.compiler import find_undeclared
from jinja2.optimizer import Optimizer

Outcome = tuple[nodes.Node, t.Any]


class Folding:
    """Remembers what Jinja's code generator computed of constants, for the generator after it.

    Filters, tests and attributes of constants are computed when a template is compiled. They may
    be functions of the application, so they must not be called another time.
    """

    def __init__(self) -> None:
        # The nodes are kept, for the numbers of objects that are gone are used again.
        self.folded: dict[int, Outcome] = {}
        self.written: dict[int, Outcome] = {}
        self._references: dict[int, tuple[nodes.Node, set[str]]] = {}

    def note_references(self, template: nodes.Template) -> None:
        """Remember where ``self`` and ``super`` stand, before constants take their place."""
        parts: list[t.Any] = [template, *template.find_all(nodes.Block)]
        for part in parts:
            found = find_undeclared(part.body, ("self", "super"))
            self._references[id(part)] = part, found

    def references(self, part: nodes.Template | nodes.Block) -> set[str]:
        """Return which of ``self`` and ``super`` a template or a block was written with."""
        return self._references[id(part)][1]

    def write(self, node: nodes.Expr, compute: t.Callable[[], str]) -> str:
        """Compute the text of a constant, and remember it."""
        # Where it is Impossible, nothing is noted: an exception's traceback would keep alive what
        # the request that compiled the template was working with.
        text = compute()
        self.written[id(node)] = node, text
        return text

    def written_before(self, node: nodes.Expr) -> str:
        """Return the text of a constant.

        :raises ~jinja2.nodes.Impossible: if it was never computed.
        """
        outcome = self.written.get(id(node))
        if outcome is None:
            raise nodes.Impossible
        return t.cast(str, outcome[1])


class RememberingOptimizer(Optimizer):
    """Jinja's optimizer, which notes what it makes of each expression."""

    def __init__(self, optimizer: Optimizer, folding: Folding) -> None:
        super().__init__(optimizer.environment)
        self._folding = folding

    def visit(self, node: nodes.Node, *args: t.Any, **kwargs: t.Any) -> t.Any:
        """Return the expression, or the constant that it is."""
        folded = super().visit(node, *args, **kwargs)
        self._folding.folded[id(node)] = node, folded
        return folded


class RepeatingOptimizer(Optimizer):
    """Returns what :class:`RememberingOptimizer` noted."""

    def __init__(self, optimizer: Optimizer, folding: Folding) -> None:
        super().__init__(optimizer.environment)
        self._folding = folding

    def visit(self, node: nodes.Node, *args: t.Any, **kwargs: t.Any) -> t.Any:
        """Return the expression, or the constant that it was found to be."""
        return self._folding.folded.get(id(node), (node, node))[1]
