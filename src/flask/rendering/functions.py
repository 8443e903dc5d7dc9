"""Code of functions that append what a template renders to a list."""

from __future__ import annotations

import typing as t

from jinja2 import nodes
from jinja2.compiler import Frame
from jinja2.idtracking import VAR_LOAD_RESOLVE

from .expressions import is_link
from .loops import Loop, contains, uses_of_loop
from .macros import MacroGenerator
from .runtime import ENTRY, HELPERS

_ASSIGNMENTS = (nodes.Assign, nodes.AssignBlock)


class Unsupported(Exception):
    """A template that Jinja's own code renders."""


class FunctionGenerator(MacroGenerator):
    """Writes, after a template's module, one function that makes the functions that append.

    It stands on Jinja's generator, which writes to a list too where a frame has a buffer, inside of
    macros for instance; here every frame has one. Names of variables, the order of evaluation and
    the lines that errors are attributed to stay the same.
    """

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:
        """Write the function that makes all others, and returns them."""
        eval_ctx = self._eval_ctx
        self.writeline(f"def {ENTRY}(environment, {', '.join(HELPERS)}):", extra=1)
        self.debug_info.append((1, self.code_lineno))
        self.indent()
        # Of conditional expressions without "else"; by Jinja's rules never the environment's class.
        self.writeline("cond_expr_undefined = Undefined")
        self._write_root(node, Frame(eval_ctx))
        blocks = list(node.find_all(nodes.Block))
        for block in blocks:
            self._write_block(block, Frame(eval_ctx))
        pairs = ", ".join(f"{block.name!r}: block_{block.name}" for block in blocks)
        for line in self._links:
            self.writeline(line)
        self.writeline(f"return root, {{{pairs}}}", extra=1)
        self.outdent()

    def _write_root(self, node: nodes.Template, frame: Frame) -> None:
        extends = node.find(nodes.Extends) is not None
        self.writeline("def root(context, out):", extra=1)
        self.indent()
        self.write_commons()
        if "self" in self._folding.references(node):
            self.writeline(
                f"{frame.symbols.declare_parameter('self')} = TemplateReference(context)"
            )
        frame.symbols.analyze_node(node)
        frame.toplevel = frame.rootlevel = True
        frame.buffer = "out"
        frame.require_output_check = extends
        if extends:
            self.writeline("parent_template = None")
        self.enter_frame(frame)
        self.pull_dependencies(node.body)
        self.blockvisit(node.body, frame)
        if extends:
            condition = "" if self.has_known_extends else "if parent_template is not None: "
            self.writeline(f"{condition}write_root(parent_template, context, out)")
        self.outdent()

    def _write_block(self, block: nodes.Block, frame: Frame) -> None:
        self.writeline(f"def block_{block.name}(context, out):", block, 1)
        self.indent()
        self.write_commons()
        frame.block_frame = True
        undeclared = self._folding.references(block)
        if "self" in undeclared:
            self.writeline(
                f"{frame.symbols.declare_parameter('self')} = TemplateReference(context)"
            )
        if "super" in undeclared:
            ref = frame.symbols.declare_parameter("super")
            self.writeline(f"{ref} = context.super({block.name!r}, blocks[{block.name!r}])")
        frame.symbols.analyze_node(block)
        frame.block = block.name
        frame.buffer = "out"
        self._block_assigns = contains(block, _ASSIGNMENTS)
        if self._block_assigns:
            self.writeline("_block_vars = {}")
        self.enter_frame(frame)
        self.pull_dependencies(block.body)
        self.blockvisit(block.body, frame)
        self.outdent()

    def write_commons(self) -> None:
        """Write what a function begins with."""
        self.writeline("vars = context.vars")
        self.writeline("parent = context.parent")

    def enter_frame(self, frame: Frame) -> None:
        """Write the look-ups of the variables that a frame needs."""
        loads = frame.symbols.loads
        if self.get_context_ref() != "context":
            super().enter_frame(frame)
            return
        # PERF: Context.resolve_or_missing, written out.
        resolved = {
            target: name for target, (action, name) in loads.items() if action == VAR_LOAD_RESOLVE
        }
        for target, name in resolved.items():
            self.writeline(
                f"{target} = vars[{name!r}] if {name!r} in vars"
                f" else parent[{name!r}] if {name!r} in parent else missing"
            )
        frame.symbols.loads = {k: v for k, v in loads.items() if k not in resolved}
        super().enter_frame(frame)
        frame.symbols.loads = loads

    def visit_Output(self, node: nodes.Output, frame: Frame) -> None:
        """Write one line for each piece of text."""
        if frame.require_output_check:
            if self.has_known_extends:
                return
            self.writeline("if parent_template is None:")
            self.indent()
            self.writeline("pass")
        run: list[nodes.Expr | str] = []
        for piece in self._pieces(node, frame):
            if (
                isinstance(piece, str)
                or not self._is_written_by_call(piece, frame)
                or is_link(t.cast(nodes.Call, piece))
            ):
                run.append(piece)
            else:
                self._write_run(run, frame)
                run = []
                self._write_written(t.cast(nodes.Call, piece), frame)
        self._write_run(run, frame)
        if frame.require_output_check:
            self.outdent()

    def _write_run(self, run: t.Sequence[nodes.Expr | str], frame: Frame) -> None:
        """Write the addition of pieces that stand one after the other, each on its line."""
        if not run:
            return
        # PERF: one call for all of them; each piece is on a line of its own, for tracebacks.
        is_one = len(run) == 1
        self.writeline(f"{frame.buffer}.{'append(' if is_one else 'extend(('}")
        for piece in run:
            if isinstance(piece, str):
                self.writeline(piece)
            else:
                self.newline(piece)
                if self._is_written_by_call(piece, frame):
                    self._write_link(t.cast(nodes.Call, piece), frame)
                else:
                    self._write_text(piece, frame)
            self.write("," if not is_one else "")
        self.write(")" if is_one else "))")

    def _pieces(self, node: nodes.Output, frame: Frame) -> t.Iterator[nodes.Expr | str]:
        """The expressions of an output, and between them literals of all that is constant."""
        finalize = self._make_finalize()
        constant: list[str] = []
        for child in node.nodes:
            try:
                if not (finalize.const or isinstance(child, nodes.TemplateData)):
                    raise nodes.Impossible
                constant.append(self._output_child_to_const(child, frame, finalize))
            except Exception:  # as in Jinja: what fails now shall fail when it is rendered
                if constant:
                    yield self._output_const_repr(constant)
                    constant = []
                yield child
        if constant:
            yield self._output_const_repr(constant)

    def visit_Block(self, node: nodes.Block, frame: Frame) -> None:
        """Write the call of a block where it stands, which another template may override."""
        level = 0
        if frame.toplevel:
            if self.has_known_extends:
                return
            if self.extends_so_far > 0:
                self.writeline("if parent_template is None:")
                self.indent()
                level = 1
        context = self.derive_context(frame) if node.scoped else self.get_context_ref()
        if node.required:
            self.writeline(f"if len(context.blocks[{node.name!r}]) <= 1:", node)
            self.indent()
            message = f"Required block {node.name!r} not found"
            self.writeline(f"raise TemplateRuntimeError({message!r})", node)
            self.outdent()
        block = self.temporary_identifier()
        self.writeline(f"{block} = context.blocks[{node.name!r}][0]", node)
        # Blocks of other origin have no such attribute.
        self.writeline(f"if hasattr({block}, 'write'):")
        self.indent()
        self.writeline(f"try: {block}.write({context}, {frame.buffer})", node)
        self.writeline("except StopIteration as error: ended(error)")
        self.outdent()
        self.writeline("else:")
        self.indent()
        self.writeline(f"{frame.buffer}.extend({block}({context}))", node)
        self.outdent()
        self.outdent(level)

    def visit_Extends(self, node: nodes.Extends, frame: Frame) -> None:
        """Write the look-up of a parent template."""
        if self.extends_so_far > 0 or not isinstance(node.template, nodes.Const):
            super().visit_Extends(node, frame)
            return
        self.writeline("parent_template = find(", node)
        self.visit(node.template, frame)
        self.write(f", {self.name!r})")
        self.writeline("for name, parent_block in parent_template.blocks.items():")
        self.indent()
        self.writeline("context.blocks.setdefault(name, []).append(parent_block)")
        self.outdent()
        self.has_known_extends = self.has_known_extends or frame.rootlevel
        self.extends_so_far += 1

    def _import_common(self, node: nodes.Import | nodes.FromImport, frame: Frame) -> None:
        self.write("find(")
        self.visit(node.template, frame)
        self.write(f", {self.name!r}).")
        if node.with_context:
            local = self.dump_local_context(frame)
            self.write(f"make_module(context.get_all(), True, {local})")
        else:
            self.write("_get_default_module(context)")

    def visit_Include(self, node: nodes.Include, frame: Frame) -> None:
        """Write the inclusion of a template."""
        if not node.with_context and frame.buffer != "out":
            raise Unsupported  # Jinja's code yields past the buffer
        if node.ignore_missing:
            self.writeline("try:")
            self.indent()
        loader = _loader_of(node)
        load = "find" if loader == "get_template" else f"environment.{loader}"
        self.writeline(f"template = {load}(", node)
        self.visit(node.template, frame)
        self.write(f", {self.name!r})")
        if node.ignore_missing:
            self.outdent()
            self.writeline("except TemplateNotFound:")
            self.indent()
            self.writeline("pass")
            self.outdent()
            self.writeline("else:")
            self.indent()
        if node.with_context:
            local = self.dump_local_context(frame)
            self.writeline(f"write_included(template, context, {local}, {frame.buffer})")
        else:
            self.writeline(f"{frame.buffer}.extend(template._get_default_module()._body_stream)")
        if node.ignore_missing:
            self.outdent()

    def visit_For(self, node: nodes.For, frame: Frame) -> None:
        """Write a loop; with a counter in the place of ``loop`` where that suffices."""
        loop = Loop(assigns=any(contains(child, _ASSIGNMENTS) for child in node.body))
        self._loops.append(loop)
        uses = None if node.recursive or node.test else uses_of_loop(node)
        if uses is None:
            super().visit_For(node, frame)
        else:
            self._write_counted_loop(node, frame, loop, is_counted=uses > 0)
        self._loops.pop()

    def _write_counted_loop(
        self, node: nodes.For, frame: Frame, loop: Loop, is_counted: bool
    ) -> None:
        inner, otherwise = frame.inner(), frame.inner()
        inner.loop_frame = True
        if is_counted:
            loop.ref = inner.symbols.declare_parameter("loop")
            loop.counter = self.temporary_identifier()
        inner.symbols.analyze_node(node, for_branch="body")
        unentered = ""
        if node.else_:
            otherwise.symbols.analyze_node(node, for_branch="else")
            unentered = self.temporary_identifier()
            self.writeline(f"{unentered} = 1")
        self.writeline(f"for {loop.counter}, " if is_counted else "for ", node)
        self.visit(node.target, inner)
        self.write(" in enumerate(" if is_counted else " in ")
        self.visit(node.iter, frame)
        self.write("):" if is_counted else ":")
        self.indent()
        self.enter_frame(inner)
        if loop.assigns:
            self.writeline("_loop_vars = {}")
        self.blockvisit(node.body, inner)
        if node.else_:
            self.writeline(f"{unentered} = 0")
        self.outdent()
        self.leave_frame(inner)
        if node.else_:
            self.writeline(f"if {unentered}:")
            self.indent()
            self.enter_frame(otherwise)
            self.blockvisit(node.else_, otherwise)
            self.leave_frame(otherwise)
            self.outdent()
        if self._assign_stack:
            self._assign_stack[-1].difference_update(inner.symbols.stores)

    def visit_OverlayScope(self, node: nodes.OverlayScope, frame: Frame) -> None:
        """Leave what some extensions write, and nothing else, to Jinja."""
        raise Unsupported


def _loader_of(node: nodes.Include) -> str:
    """The method that loads what an include names."""
    template = node.template
    if isinstance(template, nodes.Const) and isinstance(template.value, str):
        return "get_template"
    is_several = isinstance(template, nodes.Tuple | nodes.List) or (
        isinstance(template, nodes.Const) and isinstance(template.value, tuple | list)
    )
    return "select_template" if is_several else "get_or_select_template"
