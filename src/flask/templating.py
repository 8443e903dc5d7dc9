"""Templates: Jinja with the application's loaders, and the rendering functions."""

from __future__ import annotations

import typing as t

from jinja2 import BaseLoader, Template, TemplateNotFound
from jinja2 import Environment as BaseEnvironment
from jinja2.compiler import CodeGenerator

from .ctx import AppContext, RequestContext
from .diagnostics.explanations import explain_template_loading_attempts
from .globals import _cv_app, _cv_request, current_app, request
from .helpers import stream_with_context
from .rendering.finding import cached_template
from .rendering.finding import watch as watch_finding
from .signals import before_render_template, template_rendered

if t.TYPE_CHECKING:
    from .app import Flask
    from .sansio.app import App
    from .sansio.scaffold import Scaffold

_Source = tuple[str, "str | None", "t.Callable[[], bool] | None"]
_Attempt = tuple[BaseLoader, "Scaffold", "_Source | None"]


def _default_template_ctx_processor() -> dict[str, t.Any]:
    """Return ``g`` in an application context, and ``request`` in a request.

    ``session`` is a global of the environment instead, so that only templates that use it make the
    response vary by cookie.
    """
    app_context: AppContext | None = _cv_app.get(None)
    request_context: RequestContext | None = _cv_request.get(None)
    context: dict[str, t.Any] = {}
    if app_context is not None:
        context["g"] = app_context.g
    if request_context is not None:
        context["request"] = request_context.request
    return context


def add_built_in_variables(
    context: dict[str, t.Any], request_context: RequestContext | None
) -> None:
    """Add the same, except for names that the context has."""
    app_context: AppContext | None = _cv_app.get(None)
    if app_context is not None and "g" not in context:
        context["g"] = app_context.g
    if request_context is not None and "request" not in context:
        context["request"] = request_context.request


class _UnlessReplaced:
    """A class attribute of :class:`Environment` that replaces only Jinja's own value.

    A value defined by another base class, such as a sandbox, by an instance or by a patch of
    Jinja's class takes precedence.
    """

    def __init__(self, theirs: type, find_ours: t.Callable[[], type]) -> None:
        self._theirs = theirs
        self._find_ours = find_ours

    def __set_name__(self, owner: type, name: str) -> None:
        self._owner = owner
        self._name = name

    def __get__(self, instance: object | None, kind: type) -> t.Any:
        found = getattr(super(self._owner, instance or kind), self._name)
        return self._find_ours() if found is self._theirs else found


# PERF: what compiles templates is imported with the first of them.


def _template_class() -> type:
    from .rendering.pristine import watch
    from .rendering.template import ApplicationTemplate

    watch(Environment)
    return ApplicationTemplate


def _code_generator_class() -> type:
    from .rendering.generator import Generator

    return Generator


class Environment(BaseEnvironment):
    """A Jinja environment that loads templates from an application and its blueprints."""

    code_generator_class: type[CodeGenerator] = t.cast(
        t.Any, _UnlessReplaced(CodeGenerator, _code_generator_class)
    )
    template_class: type[Template] = t.cast(t.Any, _UnlessReplaced(Template, _template_class))

    def __init__(self, app: App, **options: t.Any) -> None:
        if "loader" not in options:
            options["loader"] = app.create_global_jinja_loader()
        super().__init__(**options)
        self.app = app


watch_finding(Environment)


class DispatchingJinjaLoader(BaseLoader):
    """Loader that searches the application's folder, then those of its blueprints in the order
    of their registration.
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

    def load(
        self,
        environment: BaseEnvironment,
        name: str,
        globals: t.MutableMapping[str, t.Any] | None = None,
    ) -> Template:
        """Return the template of that name, compiled or from the environment's bytecode cache.

        :raises TemplateNotFound: if no loader has it.
        """
        cache = environment.bytecode_cache
        if cache is None:
            return super().load(environment, name, globals)
        from .rendering.runtime import ENTRY

        source, filename, is_current = self.get_source(environment, name)
        # Code that other versions of this package or Jinja alone put into the cache would work,
        # but be slower; the addition tells them apart.
        bucket = cache.get_bucket(environment, name, filename, f"{source}{{# {ENTRY} #}}")
        code = bucket.code
        if code is None:
            code = bucket.code = environment.compile(source, name, filename)
            cache.set_bucket(bucket)
        made = {} if globals is None else globals
        return environment.template_class.from_code(environment, code, made, is_current)

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
    # PERF: what the two functions above do.
    app.update_template_context(context)
    if before_render_template.receivers:
        before_render_template.send(
            app, _async_wrapper=app.ensure_sync, template=template, context=context
        )
    text = template.render(context)
    if template_rendered.receivers:
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
    proxy: t.Any = current_app
    return t.cast("Flask", proxy._get_current_object())


def render_template(
    template_name_or_list: str | Template | list[str | Template], **context: t.Any
) -> str:
    """Render a template and return the text.

    :param template_name_or_list: a name, or several names; the first template that exists is used.
    :param context: the variables of the template.
    :raises ~jinja2.TemplateNotFound: if no such template exists.

    >>> from flask import Flask, render_template
    >>> from jinja2 import DictLoader
    >>> app = Flask("shop")
    >>> app.jinja_loader = DictLoader({"book.html": "<h1>{{ title }}</h1>"})
    >>> with app.app_context():
    ...     render_template("book.html", title="War & Peace")
    '<h1>War &amp; Peace</h1>'
    """
    app = _current()
    environment = app.jinja_env
    template = cached_template(environment, template_name_or_list)
    if template is None:
        template = environment.get_or_select_template(template_name_or_list)
    return _render(app, template, context)


def render_template_string(source: str, **context: t.Any) -> str:
    """Render a template from its source, with autoescaping as for HTML, and return the text.

    >>> from flask import Flask, render_template_string
    >>> with Flask("shop").app_context():
    ...     render_template_string("<p>{{ note }}</p>", note="<script>")
    '<p>&lt;script&gt;</p>'
    """
    app = _current()
    return _render(app, app.jinja_env.from_string(source), context)


def stream_template(
    template_name_or_list: str | Template | list[str | Template], **context: t.Any
) -> t.Iterator[str]:
    """Render a template as an iterator of text, the body of a streamed response."""
    app = _current()
    template = app.jinja_env.get_or_select_template(template_name_or_list)
    return _stream(app, template, context)


def stream_template_string(source: str, **context: t.Any) -> t.Iterator[str]:
    """Render a template from its source as :func:`stream_template` does.

    >>> from flask import Flask, stream_template_string
    >>> with Flask("shop").app_context():
    ...     "".join(stream_template_string("Hello, {{ name }}!", name="Ada"))
    'Hello, Ada!'
    """
    app = _current()
    return _stream(app, app.jinja_env.from_string(source), context)
