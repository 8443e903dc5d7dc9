"""Delay of the functions that append until a template was rendered a few times.

To write and compile them takes as long as all that Jinja does for a template. A page that is
rendered again and again earns that back in a moment, a test or a template from a string never does.
"""

from __future__ import annotations

import hashlib
import typing as t
from weakref import ref

from jinja2 import Environment, nodes

from .state import state_of

if t.TYPE_CHECKING:
    from .generator import Generator
    from .template import ApplicationTemplate

RENDERINGS = 3
"""Number of renderings that are left to Jinja's code; 0: functions are written at once."""

_MOST_KEPT = 16


class Pending:
    """The tree of a template, until its functions are written."""

    def __init__(self, generator: Generator, node: nodes.Template) -> None:
        self._generator = generator
        self._node = node
        self._renderings = 0

    def is_due(self) -> bool:
        """Count a rendering, and return whether the functions should be written for it."""
        self._renderings += 1
        return self._renderings > RENDERINGS

    def write(self) -> tuple[str, str] | None:
        """Return the code, whose lines go on after those of the template's module, and the lines
        of the template by those of all the code; ``None``: Jinja's own code has to do.
        """
        written = self._generator.write_functions(self._node)
        if written is None:
            return None
        code, lines = written
        return "\n" * (self._generator.code_lineno - 1) + code, lines


def key_of(code: str) -> str:
    """Return the name under which a template's tree is kept while its module is compiled."""
    return hashlib.blake2b(code.encode(), digest_size=16).hexdigest()


def keep(environment: Environment, key: str, pending: Pending) -> None:
    """Keep a tree for the template that will be made of the code."""
    compiling = state_of(environment).compiling
    compiling[key] = pending
    if len(compiling) > _MOST_KEPT:
        compiling.popitem(last=False)


def take(template: ApplicationTemplate, key: str) -> Pending | None:
    """Return the tree that was kept for a template, once.

    Where too many wait for it, the functions of the one that has waited longest are written.
    """
    state = state_of(template.environment)
    pending = state.compiling.pop(key, None)
    if pending is not None:
        state.waiting.append(ref(template))
        if len(state.waiting) > _MOST_KEPT:
            oldest = state.waiting.popleft()()
            if oldest is not None:
                oldest.ready()
    return pending
