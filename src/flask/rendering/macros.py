"""Code of macros, which can append to the list of their caller."""

from __future__ import annotations

from jinja2 import nodes
from jinja2.compiler import Frame, MacroRef, find_undeclared

from .expressions import ExpressionGenerator


class MacroGenerator(ExpressionGenerator):
    """Writes macros."""

    def macro_body(
        self, node: nodes.Macro | nodes.CallBlock, frame: Frame
    ) -> tuple[Frame, MacroRef]:
        """Write the function of a macro."""
        frame = frame.inner()
        frame.symbols.analyze_node(node)
        macro = MacroRef(node)
        parameters = self._parameters(macro, frame)
        frame.require_output_check = False
        frame.symbols.analyze_node(node)
        frame.buffer = self.temporary_identifier()
        is_plain = _is_plain(macro)
        into = ["into=None"] if is_plain else []
        self.writeline(f"def macro({', '.join(parameters + into)}):", node)
        self.indent()
        if is_plain:
            self._begin_plain_macro(frame)
        else:
            self.writeline(f"{frame.buffer} = []")
        self.enter_frame(frame)
        self._write_defaults(node, frame)
        self.blockvisit(node.body, frame)
        if is_plain:
            self._end_plain_macro(frame)
        self.return_buffer_contents(frame, force_unescaped=True)
        self.outdent()
        return frame, macro

    def _begin_plain_macro(self, frame: Frame) -> None:
        """Write the beginning of a macro that can append to a list that it is passed."""
        self.writeline(f"{frame.buffer} = [] if into is None else into")
        self.writeline(f"length = len({frame.buffer})")
        self.writeline("try:")
        self.indent()

    def _end_plain_macro(self, frame: Frame) -> None:
        self.outdent()
        # What it has rendered is dropped: Jinja takes the value of such a call for undefined.
        self.writeline("except StopIteration:")
        self.indent()
        self.writeline("if into is None: raise")
        self.writeline("into[length:] = [stopped()]")
        self.outdent()
        self.writeline("if into is not None: return")

    def _parameters(self, macro: MacroRef, frame: Frame) -> list[str]:
        """Return a macro's parameters: its own, then those that its body takes for granted."""
        node = macro.node
        names = [arg.name for arg in node.args]
        parameters = [frame.symbols.ref(name) for name in names]
        used = find_undeclared(node.body, ("caller", "kwargs", "varargs"))
        macro.accesses_caller = "caller" in used
        macro.accesses_kwargs = "kwargs" in used and "kwargs" not in names
        macro.accesses_varargs = "varargs" in used and "varargs" not in names
        if macro.accesses_caller and "caller" not in names:
            parameters.append(frame.symbols.declare_parameter("caller"))
        if macro.accesses_kwargs:
            parameters.append(frame.symbols.declare_parameter("kwargs"))
        if macro.accesses_varargs:
            parameters.append(frame.symbols.declare_parameter("varargs"))
        return parameters

    def _write_defaults(self, node: nodes.Macro | nodes.CallBlock, frame: Frame) -> None:
        self.push_parameter_definitions(frame)
        required = len(node.args) - len(node.defaults)
        for index, arg in enumerate(node.args):
            ref = frame.symbols.ref(arg.name)
            self.writeline(f"if {ref} is missing:")
            self.indent()
            self.writeline(f"{ref} = ")
            if index < required:
                hint = f"parameter {arg.name!r} was not provided"
                self.write(f"undefined({hint!r}, name={arg.name!r})")
            else:
                self.visit(node.defaults[index - required], frame)
            self.mark_parameter_stored(ref)
            self.outdent()
        self.pop_parameter_definitions()

    def macro_def(self, macro_ref: MacroRef, frame: Frame) -> None:
        """Write what makes the macro of its function."""
        self.write("Plain" if _is_plain(macro_ref) else "")
        super().macro_def(macro_ref, frame)


def _is_plain(macro: MacroRef) -> bool:
    """Return whether calls of a macro need nothing but its parameters."""
    accesses = macro.accesses_caller or macro.accesses_kwargs or macro.accesses_varargs
    is_called_caller = any(arg.name == "caller" for arg in macro.node.args)
    return isinstance(macro.node, nodes.Macro) and not (accesses or is_called_caller)
