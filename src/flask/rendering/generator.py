"""The code of a template's module: Jinja's, and what leads to the functions that append."""

from __future__ import annotations

import typing as t
from copy import copy
from io import StringIO

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.nodes import EvalContext

from . import functions, pending, pristine
from .folding import Folding, RememberingOptimizer
from .runtime import ENTRY

# CPython parses no more than 200 nested parentheses and 100 levels of indentation. The functions
# that append nest deeper than Jinja's.
_MOST_PARENTHESES = 150
_MOST_SPACES = 4 * 90


class Generator(CodeGenerator):
    """Jinja's code generator, which also provides for the functions that append."""

    def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
        super().__init__(*args, **kwargs)
        self._folding = Folding()
        self._eval_ctx: EvalContext | None = None
        self._has_functions = type(self) is Generator and self._is_plain()
        if self._has_functions and self.optimizer is not None:
            self.optimizer = RememberingOptimizer(self.optimizer, self._folding)

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:
        """Write the module of a template."""
        if self._has_functions:
            self._folding.note_references(node)
        super().visit_Template(node, frame)
        if not self._has_functions or not isinstance(self.stream, StringIO):
            return
        if pending.RENDERINGS and self.environment.bytecode_cache is None:
            if self.name is None:
                return  # a template from a string is rarely rendered again
            key = pending.key_of(self.stream.getvalue())
            self.writeline(f"{ENTRY} = {key!r}")
            pending.keep(self.environment, key, pending.Pending(self, node))
            return
        # A tree is not to be had of cached bytecode.
        written = self.write_functions(node)
        if written is not None:
            code, lines = written
            self.stream.write(code)
            self.writeline(f"debug_info = {lines!r}")

    def enter_frame(self, frame: Frame) -> None:
        """Write what a frame begins with; the first is that of the whole template."""
        if self._eval_ctx is None:
            # Made once, for that may call a function of the application.
            self._eval_ctx = copy(frame.eval_ctx)
        super().enter_frame(frame)

    def _is_plain(self) -> bool:
        environment = self.environment
        return (
            pristine.is_verified
            and not self.defer_init
            and not environment.is_async
            and not environment.sandboxed
            and pristine.generator_is_pristine()
            and pristine.Pristine(environment).holds()
        )

    def write_functions(self, node: nodes.Template) -> tuple[str, str] | None:
        """Return the code of the functions that append, and the lines of the template by those of
        all the code; ``None`` where a template takes more.
        """
        assert self._eval_ctx is not None
        code = StringIO()
        writer = functions.FunctionGenerator(
            self.environment, self.name, self.filename, code, False, self.optimized
        )
        writer.continue_after(self, self._folding, copy(self._eval_ctx))
        try:
            writer.visit(node)
        except functions.Unsupported:
            return None
        written = code.getvalue()
        if _is_too_deep(written):
            return None
        return written, "&".join(f"{line}={code_line}" for line, code_line in writer.debug_info)

    def _output_child_to_const(self, node: nodes.Expr, frame: Frame, finalize: t.Any) -> str:
        convert = super()._output_child_to_const
        return self._folding.write(node, lambda: convert(node, frame, finalize))


def _is_too_deep(code: str) -> bool:
    return any(
        line.count("(") > _MOST_PARENTHESES or line.startswith(" " * _MOST_SPACES)
        for line in code.splitlines()
    )
