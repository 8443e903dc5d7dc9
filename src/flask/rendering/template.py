"""Templates that are rendered by functions that append to a list."""

from __future__ import annotations

import typing as t
from collections import ChainMap
from functools import partial

from jinja2 import Template, runtime
from jinja2.environment import TemplateModule
from jinja2.nodes import EvalContext
from jinja2.runtime import Context
from jinja2.utils import missing

from ..http.pristine import pristine
from .pending import Pending, take
from .pristine import Pristine, is_verified, names_are_pristine
from .runtime import ENTRY, Write, ended, helpers_of

if t.TYPE_CHECKING:
    from jinja2 import Environment


_render = pristine(Template, "render")
_get_default_module = pristine(Template, "_get_default_module")
_make_module = pristine(Template, "make_module")
_NAMES_OF_JINJA = vars(runtime)


class Program:
    """The functions of one template that append."""

    __slots__ = ("layers", "pristine", "write")

    layers: t.Any
    """The template's globals, if contexts of it can be made of them without a look at its class."""

    def __init__(self, write: Write, pristine: Pristine, layers: t.Any) -> None:
        self.write = write
        self.pristine = pristine
        self.layers = layers


class ApplicationTemplate(Template):
    """A template of an application's environment."""

    program: Program | None = None
    _pending: Pending | None = None

    @classmethod
    def _from_namespace(
        cls,
        environment: Environment,
        namespace: t.MutableMapping[str, t.Any],
        globals: t.MutableMapping[str, t.Any],
    ) -> Template:
        template = t.cast(
            ApplicationTemplate, super()._from_namespace(environment, namespace, globals)
        )
        entry = namespace.get(ENTRY)
        if isinstance(entry, str):
            template._pending = take(template, entry)
        elif entry is not None:
            template._install(namespace)
        return template

    def _install(self, namespace: t.Mapping[str, t.Any]) -> None:
        """Have the functions that append ready, if they may be used."""
        environment = self.environment
        helpers = helpers_of(environment)
        if helpers is None or not is_verified or not names_are_pristine(namespace):
            return
        write, blocks = namespace[ENTRY](environment, *helpers)
        for name, block in self.blocks.items():
            block.write = blocks[name]  # type: ignore[attr-defined]
        is_usual = type(self) is ApplicationTemplate and type(self.globals) is ChainMap
        layers = self.globals if is_usual else self  # which is no globals
        self.program = Program(write, Pristine(environment), layers)

    def ready(self) -> Program | None:
        """Return the functions that append, written now if they were not; ``None``: there are
        none, or they must not be used.
        """
        # Another thread that renders meanwhile uses Jinja's code.
        pending, self._pending = self._pending, None
        if pending is not None:
            self._write_functions(pending)
        program = self.program
        return None if program is None or not program.pristine.holds() else program

    def _write_functions(self, pending: Pending) -> None:
        written = pending.write()
        if written is None:
            return
        code, lines = written
        namespace = self.root_render_func.__globals__
        try:
            exec(compile(code, self.filename or "<template>", "exec"), namespace)
        except Exception:  # a warning that is an error, for instance: Jinja's code renders on
            return
        self._debug_info = lines
        self._install(namespace)

    def render(self, *args: t.Any, **kwargs: t.Any) -> str:
        """Return the template's text; see :meth:`jinja2.Template.render`."""
        program, pending = self.program, self._pending
        if program is None and pending is not None and pending.is_due():
            program = self.ready()
        if program is None or not program.pristine.holds():
            return super().render(*args, **kwargs)
        if Template.render is not _render:
            # Monitoring agents replace it, to time the work inside.
            return Template.render(self._listing(program), *args, **kwargs)
        # PERF: the context has a copy of the variables.
        is_dict = len(args) == 1 and not kwargs and type(args[0]) is dict
        given: dict[str, t.Any] = args[0] if is_dict else dict(*args, **kwargs)
        environment = self.environment
        layers: t.Any = self.globals
        if (
            layers is not program.layers
            or len(maps := layers.maps) != 2
            or maps[0]
            or environment.context_class is not Context
            or _NAMES_OF_JINJA["EvalContext"] is not EvalContext
        ):
            context = self.new_context(given)
            is_known = False
        else:
            parent = dict(maps[1], **given)
            context = make_context(environment, parent, self.name, self.blocks, maps[1])
            is_known = True
        try:
            if not is_known:
                return "".join(self._pieces(program, context))
            out: list[str] = []
            try:
                program.write(context, out)
            except StopIteration as error:
                ended(error)
            return "".join(out)
        except Exception:
            environment.handle_exception()

    def make_module(
        self,
        vars: dict[str, t.Any] | None = None,
        shared: bool = False,
        locals: t.Mapping[str, t.Any] | None = None,
    ) -> TemplateModule:
        """Return a module of what the template exports; see :meth:`jinja2.Template.make_module`."""
        # Modules stay, and their macros are called often.
        program = self.ready()
        if program is None or Template.make_module is not _make_module:
            return super().make_module(vars, shared, locals)
        context = self.new_context(vars, shared, locals)
        return TemplateModule(self, context, list(self._pieces(program, context)))

    def _listing(self, program: Program) -> Template:
        """Return a copy whose root function returns what Jinja's own one yields."""
        listing: t.Any = object.__new__(type(self))
        listing.__dict__.update(self.__dict__)
        listing.root_render_func = partial(self._pieces, program)
        return t.cast(Template, listing)

    def _pieces(self, program: Program, context: Context) -> t.Iterable[str]:
        if type(context) is not Context or type(context.parent) is not dict:
            return self.root_render_func(context)
        out: list[str] = []
        try:
            program.write(context, out)
        except StopIteration as error:
            ended(error)
        return out

    def new_context(
        self,
        vars: dict[str, t.Any] | None = None,
        shared: bool = False,
        locals: t.Mapping[str, t.Any] | None = None,
    ) -> Context:
        """Return what the template is rendered with: the globals, and the variables over them."""
        environment = self.environment
        layers = self.globals
        if type(layers) is not ChainMap or environment.context_class is not Context:
            return super().new_context(vars, shared, locals)
        # PERF: a mapping of several layers is copied key by key; each layer is a dict.
        *own, names = layers.maps
        if any(own):
            names = {}
            for layer in reversed(layers.maps):
                names.update(layer)
        parent: dict[str, t.Any]
        if shared:
            parent = {} if vars is None else vars
        else:
            parent = dict(names, **vars) if vars else dict(names)
        if locals:
            given = {name: value for name, value in locals.items() if value is not missing}
            parent = {**parent, **given}
        return Context(environment, parent, self.name, self.blocks, globals=names)

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:
        module, layers = self._module, self.globals
        if (
            module is None
            or ctx is None
            or type(layers) is not ChainMap
            or Template._get_default_module is not _get_default_module
            or ctx.globals_keys.difference(*layers.maps)
        ):
            return super()._get_default_module(ctx)
        # PERF: the template that imports has no globals that this one lacks, as Jinja would find
        # out key by key.
        return module


def make_context(
    environment: Environment,
    parent: dict[str, t.Any],
    name: str | None,
    blocks: t.Mapping[str, t.Any],
    globals: t.Iterable[str],
) -> Context:
    """Return ``Context(environment, parent, name, blocks, globals)``."""
    # PERF: a third of the time of a small template goes into the constructors.
    autoescape: t.Any = environment.autoescape
    eval_ctx: t.Any = EvalContext.__new__(EvalContext)
    eval_ctx.environment = environment
    eval_ctx.autoescape = autoescape(name) if callable(autoescape) else autoescape
    eval_ctx.volatile = False
    context = Context.__new__(Context)
    context.parent = parent
    context.vars = {}
    context.environment = environment
    context.eval_ctx = eval_ctx
    context.exported_vars = set()
    context.name = name
    context.globals_keys = set(globals)
    context.blocks = stacks = {}
    for block, function in blocks.items():
        stacks[block] = [function]
    return context
