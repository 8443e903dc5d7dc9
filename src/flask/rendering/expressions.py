"""Code of expressions: values, attributes, items and calls."""

from __future__ import annotations

import typing as t

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame, optimizeconst
from jinja2.nodes import EvalContext

from .folding import Folding, RepeatingOptimizer
from .loops import Loop, counts

_DICT_NAMES = frozenset(dir(dict))


class ExpressionGenerator(CodeGenerator):
    """Writes expressions, after the module of a template that another generator has written."""

    def continue_after(self, other: CodeGenerator, folding: Folding, eval_ctx: EvalContext) -> None:
        """Take over what depends on the code before: line numbers, names that are in use, and
        what was found to be constant.

        :param eval_ctx: as it was before that code was written.
        """
        self._eval_ctx = eval_ctx
        self.code_lineno = other.code_lineno
        self.debug_info = list(other.debug_info)
        self.import_aliases = other.import_aliases
        self._last_identifier = other._last_identifier
        self._first_write = False
        self._folding = folding
        if self.optimizer is not None:
            self.optimizer = RepeatingOptimizer(self.optimizer, folding)
        self._loops: list[Loop] = []
        self._block_assigns = False
        self._links: list[str] = []

    def _output_child_to_const(self, node: nodes.Expr, frame: Frame, finalize: t.Any) -> str:
        return self._folding.written_before(node)

    def _write_text(self, node: nodes.Expr, frame: Frame) -> None:
        finalize = self._make_finalize()
        if not frame.eval_ctx.autoescape or frame.eval_ctx.volatile:
            self._output_child_pre(node, frame, finalize)
            self.visit(node, frame)
            self._output_child_post(node, frame, finalize)
        elif finalize.src is None and counts(node, frame, self._loops):
            self.write("str(")
            self.visit(node, frame)
            self.write(")")
        else:
            # PERF: most values are plain text, which one function in C escapes.
            value = self.temporary_identifier()
            self.write(f"escape_text({value}) if type({value} := {finalize.src or ''}")
            self.visit(node, frame)
            self.write(
                f"{')' if finalize.src else ''}) is str"
                f" else str({value}) if type({value}) is int else text({value})"
            )

    def _counter_of(self, node: nodes.Node, frame: Frame) -> str | None:
        """The counter that stands for ``loop``, if the node is that name."""
        if isinstance(node, nodes.Name) and node.name == "loop":
            ref = frame.symbols.find_ref("loop")
            for loop in self._loops:
                if loop.ref == ref and ref is not None:
                    return loop.counter
        return None

    @optimizeconst
    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:
        """Write the look-up of an attribute: the item where there is no such attribute."""
        counter = self._counter_of(node.node, frame)
        if counter is not None:
            self.write({"index": f"({counter} + 1)", "index0": counter}.get(node.attr, ""))
            if node.attr == "first":
                self.write(f"({counter} == 0)")
            return
        obj, value = self.temporary_identifier(), self.temporary_identifier()
        name = repr(node.attr)
        found = f"{value} if ({value} := getattr({obj}, {name}, absent)) is not absent"
        # PERF: asked with a default, CPython makes no error for the attribute that an object lacks.
        if node.attr in _DICT_NAMES:
            self.write(f"({value} if ({value} := getattr(({obj} := ")
            self.visit(node.node, frame)
            self.write(f"), {name}, absent)) is not absent else item({obj}, {name}))")
            return
        # PERF: most of what templates are given are rows and dicts, and dicts have items alone.
        self.write(f"({obj}[{name}] if type({obj} := ")
        self.visit(node.node, frame)
        self.write(f") is dict and {name} in {obj} else {found} else item({obj}, {name}))")

    @optimizeconst
    def visit_Getitem(self, node: nodes.Getitem, frame: Frame) -> None:
        """Write the look-up of an item: the attribute where there is no such item."""
        if isinstance(node.arg, nodes.Slice):
            super().visit_Getitem(node, frame)
        elif isinstance(node.arg, nodes.Const) and type(node.arg.value) is str:
            obj, name = self.temporary_identifier(), repr(node.arg.value)
            self.write(f"({obj}[{name}] if type({obj} := ")
            self.visit(node.node, frame)
            self.write(f") is dict and {name} in {obj} else getitem({obj}, {name}))")
        else:
            self.write("getitem(")
            self.visit(node.node, frame)
            self.write(", ")
            self.visit(node.arg, frame)
            self.write(")")

    def _cycle_of(self, node: nodes.Call, frame: Frame) -> str | None:
        """The counter of the loop, if the node is its ``loop.cycle(...)``."""
        if isinstance(node.node, nodes.Getattr) and node.node.attr == "cycle":
            return self._counter_of(node.node.node, frame)
        return None

    @optimizeconst
    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:
        """Write a call."""
        counter = self._cycle_of(node, frame)
        if counter is not None:
            self.write("(")
            for arg in node.args:
                self.visit(arg, frame)
                self.write(", ")
            self.write(f")[{counter} % {len(node.args)}]")
            return
        extra = self._variables_for_call(frame)
        if extra or not _is_simple(node):
            self.write("context.call(")
            self.visit(node.node, frame)
            self.signature(node, frame, {"caller": "caller", **extra} if forward_caller else extra)
            self.write(")")
        else:
            self._write_call(node, frame, "context", forward_caller)

    def _is_written_by_call(self, node: nodes.Expr, frame: Frame) -> bool:
        """Return whether a piece is a call whose function can append it."""
        return (
            isinstance(node, nodes.Call)
            and _is_simple(node)
            and frame.eval_ctx.autoescape
            and not frame.eval_ctx.volatile
            and self._make_finalize().src is None
            and not self._variables_for_call(frame)
            and self._cycle_of(node, frame) is None
        )

    def _write_call(
        self, node: nodes.Call, frame: Frame, first: str, forward_caller: bool = False
    ) -> None:
        has_keywords = bool(node.kwargs) or forward_caller
        self.write("write_" if first != "context" else "")
        self.write(f"{'call_with' if has_keywords else 'call'}({first}, ")
        self.visit(node.node, frame)
        self.write(", (")
        for arg in node.args:
            self.visit(arg, frame)
            self.write(", ")
        self.write(")")
        if has_keywords:
            self._write_keywords(node, frame, "'caller': caller" if forward_caller else "")
        self.write(")")

    def _write_written(self, node: nodes.Call, frame: Frame) -> None:
        """Write the call of a function that may be able to append what it returns."""
        self.newline(node)
        first = f"context, {frame.buffer}"
        if isinstance(node.node, nodes.Name):
            self._write_macro_call(node, frame, first)
        else:
            self._write_call(node, frame, first)

    def _write_macro_call(self, node: nodes.Call, frame: Frame, first: str) -> None:
        """Write a call that most probably is one of a macro."""
        # PERF: then it needs no function in between, and its arguments no containers.
        values = [*node.args, *(kwarg.value for kwarg in node.kwargs)]
        macro = self.temporary_identifier()
        names = [self.temporary_identifier() for _ in values]
        for name, value in zip([macro, *names], [node.node, *values], strict=True):
            self.write(f"{name} = ")
            self.visit(value, frame)
            self.write("; ")
        count = len(node.args)
        keys = tuple(kwarg.key for kwarg in node.kwargs)
        fits = f"arguments[{count}:] == {keys!r}" if keys else f"_argument_count == {count}"
        self.writeline(
            f"if type({macro}) is PlainMacro and {macro}.{fits}"
            f" and {macro}._environment is environment and context.eval_ctx.autoescape:",
        )
        self.write(f" {macro}._func({', '.join([*names, str(frame.buffer)])})")
        self.writeline("else:")
        args = "".join(f"{name}, " for name in names[:count])
        kwargs = ", ".join(
            f"{key!r}: {name}" for key, name in zip(keys, names[count:], strict=True)
        )
        call = "write_call_with" if keys else "write_call"
        self.write(f" {call}({first}, {macro}, ({args})")
        self.write(f", {{{kwargs}}})" if keys else ")")

    def _write_link(self, node: nodes.Call, frame: Frame) -> None:
        """Write a link, by a function of its own that stands in a list."""
        place = self.temporary_identifier()
        names = tuple(kwarg.key for kwarg in node.kwargs)
        constants = {
            kwarg.key: kwarg.value.value
            for kwarg in node.kwargs
            if isinstance(kwarg.value, nodes.Const) and type(kwarg.value.value) in {int, str}
        }
        endpoint = t.cast(nodes.Const, node.args[0]).value
        self._links.append(f"{place} = new_link({endpoint!r}, {names!r}, {constants!r})")
        self.write(f"{place}[0](context, ")
        self.visit(node.node, frame)
        for kwarg in node.kwargs:
            if kwarg.key not in constants:
                self.write(", ")
                self.visit(kwarg.value, frame)
        self.write(")")

    def _write_keywords(self, node: nodes.Call, frame: Frame, more: str = "") -> None:
        self.write(", {")
        for kwarg in node.kwargs:
            self.write(f"{kwarg.key!r}: ")
            self.visit(kwarg.value, frame)
            self.write(", ")
        self.write(more + "}")

    def _variables_for_call(self, frame: Frame) -> dict[str, str]:
        """Return the variables set around a call for callables that are passed the context."""
        if frame.loop_frame and self._loops[-1].assigns:
            return {"_loop_vars": "_loop_vars"}
        if frame.block_frame and self._block_assigns:
            return {"_block_vars": "_block_vars"}
        return {}


def _is_simple(node: nodes.Call) -> bool:
    """Return whether a call's arguments are all written out, each keyword once."""
    keys = {kwarg.key for kwarg in node.kwargs}
    return not (node.dyn_args or node.dyn_kwargs) and len(keys) == len(node.kwargs)


def is_link(node: nodes.Call) -> bool:
    """Return whether a call is one of ``url_for`` with a literal endpoint and plain values."""
    callee = node.node
    return (
        isinstance(callee, nodes.Name)
        and callee.name == "url_for"
        and len(node.args) == 1
        and isinstance(node.args[0], nodes.Const)
        and type(node.args[0].value) is str
        and not any(kwarg.key[:1] == "_" for kwarg in node.kwargs)
    )
