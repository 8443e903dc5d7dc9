"""Templates: Jinja with the application's loaders, and the functions that render."""

from __future__ import annotations

import re
import typing as t
from collections import ChainMap
from types import FunctionType, MethodType

from jinja2 import BaseLoader, Template, TemplateNotFound
from jinja2 import Environment as BaseEnvironment
from jinja2.runtime import Context as BaseContext
from markupsafe import escape

from .ctx import AppContext, RequestContext
from .diagnostics.explanations import explain_template_loading_attempts
from .globals import _cv_app, _cv_request, current_app, request
from .helpers import stream_with_context
from .signals import before_render_template, template_rendered

if t.TYPE_CHECKING:
    from .app import Flask
    from .sansio.app import App
    from .sansio.scaffold import Scaffold

_Source = tuple[str, "str | None", "t.Callable[[], bool] | None"]
_Attempt = tuple[BaseLoader, "Scaffold", "_Source | None"]


def _default_template_ctx_processor() -> dict[str, t.Any]:
    """Give templates ``g`` in an application context and ``request`` in a request.

    ``session`` is a global of the environment instead: a template that does not use it must not
    make the response vary by cookie.
    """
    app_context: AppContext | None = _cv_app.get(None)
    request_context: RequestContext | None = _cv_request.get(None)
    context: dict[str, t.Any] = {}
    if app_context is not None:
        context["g"] = app_context.g
    if request_context is not None:
        context["request"] = request_context.request
    return context


shortcuts: dict[
    t.Callable[..., t.Any], t.Callable[[t.Any, tuple[t.Any, ...], dict[str, t.Any]], t.Any]
] = {}
"""Ways to the result of methods that templates call often, by the method's function: given its
object, the arguments and the keyword arguments, each returns the result, or ``None``: call it.
"""


class Context(BaseContext):
    """The variables of a template that is being rendered."""

    def call(
        self,
        obj: t.Any,
        /,
        *args: t.Any,
        _block_vars: t.Any = None,
        _loop_vars: t.Any = None,
        **kwargs: t.Any,
    ) -> t.Any:
        """Call something from a template."""
        # PERF: Jinja asks each callable in five ways whether it wants to be passed the context.
        # A function, or that of a method, says so by one attribute.
        function = obj.__func__ if type(obj) is MethodType else obj
        if type(function) is FunctionType and "jinja_pass_arg" not in function.__dict__:
            shortcut = shortcuts.get(function)
            if shortcut is not None and type(obj) is MethodType:
                result = shortcut(obj.__self__, args, kwargs)
                if result is not None:
                    return result
            try:
                return obj(*args, **kwargs)
            except StopIteration:
                # A generator that is rendering would take it for its own end.
                return self.environment.undefined("a call ended with StopIteration")
        return super().call(obj, *args, _block_vars=_block_vars, _loop_vars=_loop_vars, **kwargs)


def _escape_piece(value: t.Any) -> str:
    """Escape what a template writes; as a piece of its text, it need not be known as markup."""
    if type(value) is int:
        return str(value)
    return value if type(value) is str and not _is_special(value) else escape(value)


_is_special = re.compile("[&<>'\"]").search


class ApplicationTemplate(Template):
    """A template of an application's environment."""

    @classmethod
    def from_code(cls, *args: t.Any, **kwargs: t.Any) -> Template:
        """Make a template from what its source was compiled to."""
        template = super().from_code(*args, **kwargs)
        # PERF: what a template writes is escaped by the function of this name, piece by piece.
        names = template.root_render_func.__globals__
        if names.get("escape") is escape:
            names["escape"] = _escape_piece
        return template

    def new_context(
        self,
        vars: dict[str, t.Any] | None = None,
        shared: bool = False,
        locals: t.Mapping[str, t.Any] | None = None,
    ) -> BaseContext:
        """Return what the template is rendered with: the globals, and the variables over them."""
        layers = self.globals
        if not shared and type(layers) is ChainMap:
            # PERF: a mapping of several layers is copied key by key; each layer is a dict.
            merged: dict[str, t.Any] = {}
            for layer in reversed(layers.maps):
                merged.update(layer)
            vars = dict(merged, **vars) if vars else merged
            shared = True
        return super().new_context(vars, shared, locals)


class _UnlessReplaced:
    """A class attribute of :class:`Environment` that takes the place of Jinja's own value only.

    Classes may stand after ours among the bases, a sandbox for instance. Whatever they, an
    instance or a patch of Jinja's class define under the name is what counts.
    """

    def __init__(self, theirs: type, ours: type) -> None:
        self._theirs = theirs
        self._ours = ours

    def __set_name__(self, owner: type, name: str) -> None:
        self._owner = owner
        self._name = name

    def __get__(self, instance: object | None, kind: type) -> t.Any:
        found = getattr(super(self._owner, instance or kind), self._name)
        return self._ours if found is self._theirs else found


class Environment(BaseEnvironment):
    """A Jinja environment that belongs to an application and loads from it and its blueprints."""

    context_class: type[BaseContext] = t.cast(t.Any, _UnlessReplaced(BaseContext, Context))
    template_class: type[Template] = t.cast(t.Any, _UnlessReplaced(Template, ApplicationTemplate))

    def __init__(self, app: App, **options: t.Any) -> None:
        if "loader" not in options:
            options["loader"] = app.create_global_jinja_loader()
        super().__init__(**options)
        self.app = app


class DispatchingJinjaLoader(BaseLoader):
    """Looks for a template in the application's folder, then in those of its blueprints in the
    order of their registration.
    """

    def __init__(self, app: App) -> None:
        self.app = app

    def get_source(self, environment: BaseEnvironment, template: str) -> t.Any:
        """Return source, file name and a check for changes; see Jinja's ``BaseLoader``.

        :raises TemplateNotFound: if no loader has it.
        """
        explain = self.app.config["EXPLAIN_TEMPLATE_LOADING"]
        found: _Source | None = None
        attempts: list[_Attempt] = []
        for owner, loader in self._owned_loaders():
            try:
                source: _Source | None = loader.get_source(environment, template)
            except TemplateNotFound:
                source = None
            attempts.append((loader, owner, source))
            found = found or source
            if found is not None and not explain:
                return found
        if explain:
            explain_template_loading_attempts(self.app, template, attempts)
        if found is None:
            raise TemplateNotFound(template)
        return found

    def _owned_loaders(self) -> t.Iterator[tuple[Scaffold, BaseLoader]]:
        owner: Scaffold
        for owner in (self.app, *self.app.iter_blueprints()):
            loader = owner.jinja_loader
            if loader is not None:
                yield owner, loader

    def list_templates(self) -> list[str]:
        """Return the names of all templates."""
        names: set[str] = set()
        for _, loader in self._owned_loaders():
            names.update(loader.list_templates())
        return list(names)


def _announced(app: Flask, template: Template, context: dict[str, t.Any]) -> None:
    app.update_template_context(context)
    if before_render_template.receivers:
        before_render_template.send(
            app, _async_wrapper=app.ensure_sync, template=template, context=context
        )


def _finished(app: Flask, template: Template, context: dict[str, t.Any]) -> None:
    if template_rendered.receivers:
        template_rendered.send(
            app, _async_wrapper=app.ensure_sync, template=template, context=context
        )


def _render(app: Flask, template: Template, context: dict[str, t.Any]) -> str:
    _announced(app, template, context)
    text = template.render(context)
    _finished(app, template, context)
    return text


def _stream(app: Flask, template: Template, context: dict[str, t.Any]) -> t.Iterator[str]:
    _announced(app, template, context)

    def pieces() -> t.Iterator[str]:
        yield from template.generate(context)
        _finished(app, template, context)

    # The template may use the request for as long as it streams.
    return stream_with_context(pieces()) if request else pieces()


_own_current_app = current_app


def _current() -> Flask:
    # PERF: the variable behind the proxy is read directly, unless a test has put something else
    # in the proxy's place.
    context = _cv_app.get(None)
    if context is not None and current_app is _own_current_app:
        return context.app
    return current_app._get_current_object()  # type: ignore[attr-defined, no-any-return]


def render_template(
    template_name_or_list: str | Template | list[str | Template], **context: t.Any
) -> str:
    """Return a template's text.

    :param template_name_or_list: a name, or several of which the first that exists is taken.
    :param context: the variables of the template.
    :raises ~jinja2.TemplateNotFound: if there is none.
    """
    app = _current()
    template = app.jinja_env.get_or_select_template(template_name_or_list)
    return _render(app, template, context)


def render_template_string(source: str, **context: t.Any) -> str:
    """Return the text of a template that is given as source, with autoescaping as for HTML."""
    app = _current()
    return _render(app, app.jinja_env.from_string(source), context)


def stream_template(
    template_name_or_list: str | Template | list[str | Template], **context: t.Any
) -> t.Iterator[str]:
    """Return an iterator over a template's text, to be the body of a streamed response."""
    app = _current()
    template = app.jinja_env.get_or_select_template(template_name_or_list)
    return _stream(app, template, context)


def stream_template_string(source: str, **context: t.Any) -> t.Iterator[str]:
    """Like :func:`stream_template`, for a template that is given as source."""
    app = _current()
    return _stream(app, app.jinja_env.from_string(source), context)
