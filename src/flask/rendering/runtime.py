"""Functions that the code of a template calls while it renders."""

from __future__ import annotations

import typing as t
from types import BuiltinFunctionType, FunctionType, MethodType
from zlib import crc32

from jinja2 import Environment, Template
from jinja2.runtime import BlockReference, Context, Macro
from jinja2.utils import internalcode, missing
from markupsafe import Markup, escape

from ..routing.links import Call, make_link
from .finding import cached_template
from .shortcuts import links, shortcuts
from .state import state_of

try:
    # PERF: for text, markupsafe.escape wraps what this returns into Markup, which takes ten times
    # as long as all the rest; a piece of output need not be known as markup.
    from markupsafe._speedups import _escape_inner as escape_text
except ImportError:  # MarkupSafe before 3.0, or without its compiled part

    def escape_text(value: str, /) -> str:
        """Escape text."""
        return str(escape(value))


Write = t.Callable[[Context, "list[str]"], None]
"""Appends what a template or a block renders to a list."""

Helpers = tuple[t.Any, ...]

HELPERS = (
    "absent",
    "missing",
    "undefined",
    "concat",
    "escape_text",
    "text",
    "item",
    "getitem",
    "find",
    "call",
    "call_with",
    "write_call",
    "write_call_with",
    "new_link",
    "write_root",
    "write_included",
    "stopped",
    "ended",
    "PlainMacro",
)
"""The names of :func:`helpers_of`'s functions and values in the code of a template."""

FORMAT = 1
"""Counts up when the meaning of the code that is written changes, for bytecode is cached."""

ENTRY = f"rendering_{FORMAT}_{crc32(' '.join(HELPERS).encode()):08x}"
"""The name of the function in a template's module that makes the functions that append.

The module needs nothing but Jinja to be imported: compiled templates and cached bytecode can be
used by other versions, and without this package, which don't know the name and pass it by.
"""

_PLAIN = frozenset({FunctionType, MethodType, BuiltinFunctionType})
_STOPPED = "value was undefined because a callable raised a StopIteration exception"

absent = object()


def text(value: t.Any) -> str:
    """Escape a value that is not plain text."""
    return t.cast(str, value) if type(value) is Markup else escape(value)


@internalcode
def ended(error: StopIteration) -> t.NoReturn:
    """Raise what becomes of the error where Jinja renders, for there it ends a generator."""
    raise RuntimeError("generator raised StopIteration") from error


def writer(template: Template, environment: Environment) -> Write | None:
    """Return what appends the template's text to a list, if faster code may be used for it."""
    if template.environment is not environment:
        return None
    program: t.Any = getattr(template, "program", None)
    if program is None:
        ready = getattr(template, "ready", None)
        program = None if ready is None else ready()
        if program is None:
            return None
    write: Write = program.write
    return write


def included_context(template: Template, context: Context, local: dict[str, t.Any]) -> Context:
    """Return the context of a template that is included."""
    return template.new_context(context.get_all(), True, local)


class PlainMacro(Macro):
    """A macro of plain parameters, whose function can append to a list that it is passed.

    It takes no caller, and no arguments for which it has no parameter.
    """


PlainMacro.__name__ = Macro.__name__  # templates may write macros


def _arguments_of_macro(
    macro: Macro, args: tuple[t.Any, ...], kwargs: dict[str, t.Any]
) -> t.Sequence[t.Any] | None:
    """Return the arguments after the positional ones; ``None`` if it takes Jinja to complain."""
    missed = macro._argument_count - len(args)
    if not kwargs:
        return (missing,) * missed if missed >= 0 else None
    unknown = len(kwargs)
    given = []
    for name in macro.arguments[len(args) :]:
        if name in kwargs:
            given.append(kwargs[name])
            unknown -= 1
        else:
            given.append(missing)
    return None if unknown or missed < 0 else given


def helpers_of(environment: Environment) -> Helpers | None:
    """Return what :data:`HELPERS` names, for the templates of an environment.

    ``None``: its class of what is undefined was changed since the first of its templates, and
    functions of one class must not be mixed with those of another.
    """
    state = state_of(environment)
    if state.helpers is None:
        state.undefined, state.helpers = environment.undefined, _make_helpers(environment)
    return state.helpers if state.undefined is environment.undefined else None


def _make_helpers(environment: Environment) -> Helpers:
    undefined = environment.undefined
    concat = "".join

    def item(obj: t.Any, name: str) -> t.Any:
        """Return an item where there is no attribute of that name."""
        try:
            return obj[name]
        except (TypeError, LookupError, AttributeError):
            return undefined(obj=obj, name=name)

    def find(name: t.Any, parent: str | None) -> Template:
        """Return a template that another one names."""
        return cached_template(environment, name) or environment.get_template(name, parent)

    def stopped() -> str:
        """Return the text of what a call that ended with StopIteration returns."""
        return text(undefined(_STOPPED))

    @internalcode
    def block_text(block: BlockReference) -> str:
        write = getattr(block._stack[block._depth], "write", None)
        context = block._context
        if write is None or context.environment is not environment:
            return block()
        out: list[str] = []
        try:
            write(context, out)
        except StopIteration as error:
            ended(error)
        text = concat(out)  # A template's output, which has escaped what it was given.
        return Markup(text) if context.eval_ctx.autoescape else text  # nosec B704

    @internalcode
    def call(context: Context, obj: t.Any, args: tuple[t.Any, ...]) -> t.Any:
        """Call something without keyword arguments."""
        return call_with(context, obj, args, {})

    @internalcode
    def call_with(
        context: Context, obj: t.Any, args: tuple[t.Any, ...], kwargs: dict[str, t.Any]
    ) -> t.Any:
        """Call something from a template, as :meth:`jinja2.runtime.Context.call` does."""
        # PERF: Jinja asks each callable in five ways whether it wants to be passed the context.
        # Functions and methods say so by one attribute.
        kind = type(obj)
        try:
            if kind is PlainMacro:
                given = _arguments_of_macro(obj, args, kwargs)
                if given is not None and obj._environment is environment:
                    rendered = obj._func(*args, *given)
                    autoescape = context.eval_ctx.autoescape
                    return Markup(rendered) if autoescape else rendered  # nosec B704
            elif kind is MethodType:
                shortcut = shortcuts.get(obj.__func__)
                if shortcut is not None:
                    result = shortcut(obj.__self__, args, kwargs)
                    if result is not None:
                        return result
            if kind in _PLAIN and not hasattr(obj, "jinja_pass_arg"):
                return obj(*args, **kwargs)
            if kind is BlockReference and not args and not kwargs:
                return block_text(obj)
        except StopIteration:
            return undefined(_STOPPED)
        return context.call(obj, *args, **kwargs)

    @internalcode
    def write_call(context: Context, out: list[str], obj: t.Any, args: tuple[t.Any, ...]) -> None:
        """Append what something returns, escaped."""
        # PERF: what a macro renders needs no string of its own.
        if (
            type(obj) is PlainMacro
            and obj._argument_count == len(args)
            and context.eval_ctx.autoescape
            and obj._environment is environment
        ):
            obj._func(*args, out)
        else:
            write_call_with(context, out, obj, args, {})

    @internalcode
    def write_call_with(
        context: Context,
        out: list[str],
        obj: t.Any,
        args: tuple[t.Any, ...],
        kwargs: dict[str, t.Any],
    ) -> None:
        """Append what something returns for keyword arguments, escaped."""
        if type(obj) is PlainMacro and context.eval_ctx.autoescape:
            given = _arguments_of_macro(obj, args, kwargs)
            if given is not None and obj._environment is environment:
                obj._func(*args, *given, out)
                return
        value = call_with(context, obj, args, kwargs)
        out.append(escape_text(value) if type(value) is str else text(value))

    def new_link(endpoint: str, names: tuple[str, ...], constants: dict[str, t.Any]) -> list[t.Any]:
        """Return a list of one function, which returns the links of a call of ``url_for``, and
        may put a faster one into its place.
        """
        call = Call(endpoint, names, constants)
        tried: t.Any = None

        @internalcode
        def find_link(context: Context, obj: t.Any, *computed: t.Any) -> str:
            nonlocal tried
            values = call.values(computed)
            if type(obj) is MethodType:
                app: t.Any = obj.__self__
                link = links.get(obj.__func__)
                if link is not None:
                    url = link(app, endpoint, values)
                    if url is not None:
                        program = app._revision.program
                        if tried is not program:
                            tried = program
                            made = make_link(obj, call, escape_text, find_link)
                            place[0] = find_link if made is None else made
                        return escape_text(url)
            value = call_with(context, obj, (endpoint,), values)
            return escape_text(value) if type(value) is str else text(value)

        place: list[t.Any] = [find_link]
        return place

    @internalcode
    def write_root(template: Template, context: Context, out: list[str]) -> None:
        """Append what a parent template renders."""
        write = writer(template, environment)
        if write is None:
            out.extend(template.root_render_func(context))
        else:
            try:
                write(context, out)
            except StopIteration as error:
                ended(error)

    @internalcode
    def write_included(
        template: Template, context: Context, local: dict[str, t.Any], out: list[str]
    ) -> None:
        """Append what an included template renders."""
        own = included_context(template, context, local)
        if type(own) is Context:
            write_root(template, own, out)
        else:
            out.extend(template.root_render_func(own))

    values = locals()
    values.update(absent=absent, missing=missing, escape_text=escape_text, text=text)
    values.update(getitem=environment.getitem, ended=ended, PlainMacro=PlainMacro)
    return tuple(values[name] for name in HELPERS)
