"""Declaration of an application: settings, registries, folders, templates.

Nothing here depends on how requests arrive; other frameworks build on this class too.
"""

from __future__ import annotations

import logging
import os
import sys
import typing as t
from datetime import timedelta
from itertools import chain as chain

from jinja2 import BaseLoader
from werkzeug.datastructures import ImmutableDict
from werkzeug.exceptions import Aborter, BadRequest, BadRequestKeyError
from werkzeug.routing import BuildError
from werkzeug.routing import Map as BaseMap
from werkzeug.routing import Rule as BaseRule
from werkzeug.sansio.response import Response as Response
from werkzeug.utils import cached_property
from werkzeug.utils import redirect as _wz_redirect
from werkzeug.wrappers import Response as BaseResponse

from .. import typing as ft
from ..config import Config, ConfigAttribute
from ..ctx import _AppCtxGlobals
from ..diagnostics.declarations import explain_converter, warn_of_arguments
from ..helpers import get_debug_flag
from ..json.provider import DefaultJSONProvider, JSONProvider
from ..logging import create_logger
from ..pipeline.invalidation import NO_REVISION, Revision
from ..routing.map import Map
from ..routing.rule import Rule
from ..templating import DispatchingJinjaLoader, Environment
from ..wrappers import blueprint_chain
from .registries import WatchedDict, WatchedList
from .scaffold import (
    Scaffold,
    _endpoint_from_view_func,
    find_package,
    setupmethod,
)
from .serving import AppServing

if t.TYPE_CHECKING:
    from ..testing import FlaskClient, FlaskCliRunner
    from .blueprints import Blueprint

T_shell = t.TypeVar("T_shell", bound=ft.ShellContextProcessorCallable)
T_teardown = t.TypeVar("T_teardown", bound=ft.TeardownCallable)
T_filter = t.TypeVar("T_filter", bound=ft.TemplateFilterCallable)
T_global = t.TypeVar("T_global", bound=ft.TemplateGlobalCallable)
T_test = t.TypeVar("T_test", bound=ft.TemplateTestCallable)
# As published code knows them.
T_shell_context_processor, T_template_filter = T_shell, T_filter
T_template_global, T_template_test = T_global, T_test
_split_blueprint_path = blueprint_chain


BuildErrorHandler = t.Callable[[Exception, str, dict[str, t.Any]], str]
"""Called with a failed ``url_for``: the error, the endpoint and the values."""


def _make_timedelta(value: timedelta | int | None) -> timedelta | None:
    if value is None or isinstance(value, timedelta):
        return value
    return timedelta(seconds=value)


class _ConfiguredProvider:
    """Descriptor of the JSON provider, created on first use from ``JSON_PROVIDER``, unless the
    application sets its own class.
    """

    is_made_once = True
    """Reading it outside of a request is safe, and gives the same each time."""

    def __get__(self, app: App | None, owner: type | None = None) -> t.Any:
        if app is None:
            return self
        provider = _configured_provider_class(app.config.get("JSON_PROVIDER"))(app)
        vars(app)["json"] = provider
        return provider


_JSON: t.Any = _ConfiguredProvider()


def _configured_provider_class(setting: object) -> type[JSONProvider]:
    """Return the class for the setting ``JSON_PROVIDER``.

    :raises ValueError: for an unknown value.
    :raises ImportError: if it is "fast" and the ``fast`` extra is not installed.
    """
    if setting is None:
        return DefaultJSONProvider
    if setting == "fast":
        from ..json.fast import FastJSONProvider  # an extra

        return FastJSONProvider
    if isinstance(setting, type) and issubclass(setting, JSONProvider):
        return setting
    raise ValueError(
        f"'JSON_PROVIDER' is {setting!r}, which is no JSON provider: set it to 'fast', to a"
        " subclass of flask.json.provider.JSONProvider, or leave it out."
    )


class App(AppServing, Scaffold):
    """An application without I/O; :class:`flask.Flask` adds serving.

    :param import_name: the package or module of the application, usually ``__name__``.
    :param static_url_path: URL path of the static files; by default the folder's name.
    :param static_folder: folder of the static files.
    :param static_host: host of the static files; required with ``host_matching``.
    :param host_matching: match rules by host.
    :param subdomain_matching: match rules by subdomain of ``SERVER_NAME``.
    :param template_folder: folder of the templates.
    :param instance_path: folder outside of the package for files of this installation.
    :param instance_relative_config: load configuration files relative to the instance folder.
    :param root_path: base of relative folders; by default the module's folder.
    """

    aborter_class = Aborter
    """Class of :attr:`aborter`, instantiated by :meth:`make_aborter`."""

    jinja_environment = Environment
    """Class of :attr:`jinja_env`, instantiated by :meth:`create_jinja_environment`."""

    app_ctx_globals_class = _AppCtxGlobals
    """Class of :data:`flask.g`."""

    config_class = Config
    """Class of :attr:`config`, instantiated by :meth:`make_config`."""

    testing = ConfigAttribute[bool]("TESTING")
    """``TESTING``: exceptions propagate to the test instead of becoming a response."""

    secret_key = ConfigAttribute["str | bytes | None"]("SECRET_KEY")
    """``SECRET_KEY``: signs sessions."""

    permanent_session_lifetime = ConfigAttribute[timedelta](
        "PERMANENT_SESSION_LIFETIME",
        get_converter=_make_timedelta,  # type: ignore[arg-type]
    )
    """``PERMANENT_SESSION_LIFETIME`` as a timedelta; the setting may be in seconds."""

    json_provider_class: type[JSONProvider] = DefaultJSONProvider
    """Class of :attr:`json`."""

    if t.TYPE_CHECKING:
        json: JSONProvider
        """Writes and reads JSON. ``JSON_PROVIDER`` chooses it: ``"fast"``, or a class."""
    else:
        json = _JSON

    jinja_options: t.ClassVar[dict[str, t.Any]] = {}
    """Arguments of the Jinja environment. Change them before it is first used."""

    url_rule_class: type[BaseRule] = Rule
    """Class of rules, instantiated by :meth:`add_url_rule`."""

    url_map_class: type[BaseMap] = Map
    """Class of :attr:`url_map`."""

    test_client_class: type[FlaskClient] | None = None
    """Class of :meth:`test_client`; ``None`` for :class:`flask.testing.FlaskClient`."""

    test_cli_runner_class: type[FlaskCliRunner] | None = None
    """Class of :meth:`test_cli_runner`; ``None`` for :class:`flask.testing.FlaskCliRunner`."""

    watched_names: t.ClassVar[frozenset[str]] = frozenset()
    """Attributes and methods that compiled programs depend on."""

    _revision: Revision = NO_REVISION

    default_config: ImmutableDict[str, t.Any]
    response_class: type[BaseResponse]
    """Class of responses."""

    def __init__(
        self,
        import_name: str,
        static_url_path: str | None = None,
        static_folder: str | os.PathLike[str] | None = "static",
        static_host: str | None = None,
        host_matching: bool = False,
        subdomain_matching: bool = False,
        template_folder: str | os.PathLike[str] | None = "templates",
        instance_path: str | None = None,
        instance_relative_config: bool = False,
        root_path: str | None = None,
    ) -> None:
        super().__init__(
            import_name, static_folder, static_url_path, template_folder, root_path=root_path
        )
        self.instance_path = self._checked_instance_path(instance_path)
        self.config = self.make_config(instance_relative_config)
        if self.json_provider_class is not DefaultJSONProvider or type(self).json is not _JSON:
            self.json = self.json_provider_class(self)
        self.aborter = self.make_aborter()
        self.extensions: dict[str, t.Any] = {}
        self.blueprints: dict[str, Blueprint] = WatchedDict()
        self.shell_context_processors: list[ft.ShellContextProcessorCallable] = []
        self.teardown_appcontext_funcs: list[ft.TeardownCallable] = WatchedList()
        self.url_build_error_handlers: list[BuildErrorHandler] = []
        self.subdomain_matching = subdomain_matching
        self.url_map = self.url_map_class(host_matching=host_matching)
        self._got_first_request = False
        self._told_of_debug = False

    def _checked_instance_path(self, given: str | None) -> str:
        if given is None:
            return self.auto_find_instance_path()
        if not os.path.isabs(given):
            raise ValueError(
                f"The instance path {given!r} must be absolute: there is no folder that it could"
                " be relative to."
            )
        return given

    def __setattr__(self, name: str, value: t.Any) -> None:
        super().__setattr__(name, value)
        if name in self.watched_names:
            self._revision.invalidate()

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        if name in self.watched_names:
            self._revision.invalidate()

    def __getstate__(self) -> dict[str, t.Any]:
        # A copy is compiled on its own: it shares registries, not what was made of them.
        return {name: value for name, value in vars(self).items() if name != "_revision"}

    def _check_setup_finished(self, f_name: str) -> None:
        if self._got_first_request:
            raise AssertionError(
                f"The setup method {f_name!r} can no longer be called: the application"
                f" {self.name!r} has handled its first request, and what is declared later would"
                " hold for some requests only. Declare everything before it serves, for example"
                " in an application factory."
            )

    @cached_property
    def name(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The import name, or the file's name if the application is run as a script."""
        if self.import_name != "__main__":
            return self.import_name
        file = getattr(sys.modules["__main__"], "__file__", None)
        return "__main__" if file is None else os.path.splitext(os.path.basename(file))[0]

    @cached_property
    def logger(self) -> logging.Logger:
        """A standard logger with the application's name."""
        return create_logger(self)

    @cached_property
    def jinja_env(self) -> Environment:
        """The Jinja environment, created on first use."""
        return self.create_jinja_environment()

    def create_jinja_environment(self) -> Environment:
        """Return a new Jinja environment for :attr:`jinja_env`."""
        raise NotImplementedError(
            f"{type(self).__name__} must implement 'create_jinja_environment'"
        )

    def make_config(self, instance_relative: bool = False) -> Config:
        """Return a new configuration with the defaults and the debug flag."""
        root_path = self.instance_path if instance_relative else self.root_path
        return self.config_class(root_path, {**self.default_config, "DEBUG": get_debug_flag()})

    def make_aborter(self) -> Aborter:
        """Return the object that :func:`flask.abort` calls."""
        return self.aborter_class()

    def auto_find_instance_path(self) -> str:
        """Return the default instance folder: ``instance`` beside the package, or below ``var`` of
        the Python installation for an installed package.
        """
        prefix, folder = find_package(self.import_name)
        if prefix is None:
            return os.path.join(folder, "instance")
        return os.path.join(prefix, "var", f"{self.name}-instance")

    def create_global_jinja_loader(self) -> BaseLoader:
        """Return a new loader for :attr:`jinja_env`."""
        return DispatchingJinjaLoader(self)

    def select_jinja_autoescape(self, filename: str | None) -> bool:
        """Return whether to autoescape a template: for markup, and for templates from a string."""
        if filename is None:
            return True
        return filename.endswith((".html", ".htm", ".xml", ".xhtml", ".svg"))

    @property
    def debug(self) -> bool:
        """``DEBUG``: show errors in detail, reload templates that change."""
        debug: bool = self.config["DEBUG"]
        return debug

    @debug.setter
    def debug(self, value: bool) -> None:
        self.config["DEBUG"] = value
        if self.config["TEMPLATES_AUTO_RELOAD"] is None and "jinja_env" in self.__dict__:
            self.jinja_env.auto_reload = value

    @setupmethod
    def register_blueprint(self, blueprint: Blueprint, **options: t.Any) -> None:
        """Add what a blueprint declares to the application.

        :param options: ``url_prefix``, ``subdomain``, ``url_defaults`` and ``name`` replace the
            blueprint's own; others are for what the blueprint records.
        """
        blueprint.register(self, options)

    def iter_blueprints(self) -> t.ValuesView[Blueprint]:
        """The registered blueprints, in the order of their registration."""
        return self.blueprints.values()

    @setupmethod
    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: ft.RouteCallable | None = None,
        provide_automatic_options: bool | None = None,
        **options: t.Any,
    ) -> None:
        if endpoint is None:
            endpoint = _endpoint_from_view_func(t.cast(t.Any, view_func))
        methods = _declared_methods(rule, options.pop("methods", None), view_func)
        required = set(getattr(view_func, "required_methods", ()))
        automatic = provide_automatic_options
        if automatic is None:
            automatic = getattr(view_func, "provide_automatic_options", None)
        if automatic is None:
            automatic = "OPTIONS" not in methods and self.config["PROVIDE_AUTOMATIC_OPTIONS"]
            required |= {"OPTIONS"} if automatic else set()

        declared = self.url_rule_class(
            rule, methods=methods | required, endpoint=endpoint, **options
        )
        declared.provide_automatic_options = automatic  # type: ignore[attr-defined]
        try:
            self.url_map.add(declared)
        except LookupError as error:
            explain_converter(error, rule, self.url_map)
            raise
        if view_func is not None:
            self._set_view(endpoint, view_func)
            if self.debug:
                warn_of_arguments(self, declared, view_func)

    def _set_view(self, endpoint: str, view_func: ft.RouteCallable) -> None:
        params = sys.modules.get("flask.params")  # which a view with declared parameters imports
        if params is not None:
            view_func = params.compile_view(view_func)
        other = self.view_functions.get(endpoint)
        if other is not None and other != view_func:
            raise AssertionError(
                f"View function mapping is overwriting an existing endpoint: {endpoint!r} has"
                f" the view {_where(other)}, and {_where(view_func)} was declared for it too. Pass"
                " a different 'endpoint', or rename one of them; a decorator without"
                " functools.wraps gives all views one name."
            )
        self.view_functions[endpoint] = view_func

    @t.overload
    def template_filter(self, name: T_filter) -> T_filter: ...

    @t.overload
    def template_filter(self, name: str | None = None) -> t.Callable[[T_filter], T_filter]: ...

    @setupmethod
    def template_filter(self, name: t.Any = None) -> t.Any:
        """Declare the decorated function as a template filter, by default under its name."""

        if callable(name):  # without parentheses
            self.add_template_filter(name)
            return name

        def declare(f: T_filter) -> T_filter:
            self.add_template_filter(f, name=name)
            return f

        return declare

    @setupmethod
    def add_template_filter(self, f: ft.TemplateFilterCallable, name: str | None = None) -> None:
        """Declare a template filter, by default under the function's name."""
        self.jinja_env.filters[name or f.__name__] = f

    @t.overload
    def template_test(self, name: T_test) -> T_test: ...

    @t.overload
    def template_test(self, name: str | None = None) -> t.Callable[[T_test], T_test]: ...

    @setupmethod
    def template_test(self, name: t.Any = None) -> t.Any:
        """Declare the decorated function as a template test, by default under its name."""

        if callable(name):  # without parentheses
            self.add_template_test(t.cast(t.Any, name))
            return name

        def declare(f: T_test) -> T_test:
            self.add_template_test(f, name=name)
            return f

        return declare

    @setupmethod
    def add_template_test(self, f: ft.TemplateTestCallable, name: str | None = None) -> None:
        """Declare a template test, by default under the function's name."""
        self.jinja_env.tests[name or f.__name__] = f

    @t.overload
    def template_global(self, name: T_global) -> T_global: ...

    @t.overload
    def template_global(self, name: str | None = None) -> t.Callable[[T_global], T_global]: ...

    @setupmethod
    def template_global(self, name: t.Any = None) -> t.Any:
        """Declare the decorated function as a template global, by default under its name."""

        if callable(name):  # without parentheses
            self.add_template_global(name)
            return name

        def declare(f: T_global) -> T_global:
            self.add_template_global(f, name=name)
            return f

        return declare

    @setupmethod
    def add_template_global(self, f: ft.TemplateGlobalCallable, name: str | None = None) -> None:
        """Declare a template global, by default under the function's name."""
        self.jinja_env.globals[name or f.__name__] = f

    @setupmethod
    def teardown_appcontext(self, f: T_teardown) -> T_teardown:
        """Call the decorated function at the end of each application context, after those of
        requests. It gets the exception that ended the context, or ``None``.
        """
        self.teardown_appcontext_funcs.append(f)
        return f

    @setupmethod
    def shell_context_processor(self, f: T_shell) -> T_shell:
        """Register a function that returns names for ``flask shell``."""
        self.shell_context_processors.append(f)
        return f

    def _find_error_handler(self, e: Exception, blueprints: t.Sequence[str]) -> t.Any:
        """Return the handler for an exception: one for its code before one for its class, the
        innermost blueprint's first, the most specific class first.
        """
        exception_class, code = self._get_exc_class_and_code(type(e))
        for wanted in (code, None) if code is not None else (None,):
            for name in (*blueprints, None):
                handlers = (self.error_handler_spec.get(name) or _NONE).get(wanted)
                if not handlers:
                    continue
                for cls in exception_class.__mro__:
                    if cls in handlers:
                        return handlers[cls]
        return None

    def trap_http_exception(self, e: Exception) -> bool:
        """Return whether to treat an HTTP exception like any other, as configured."""
        config = self.config
        if config["TRAP_HTTP_EXCEPTIONS"]:
            return True
        trap_bad_requests = config["TRAP_BAD_REQUEST_ERRORS"]
        if trap_bad_requests is None:
            return self.debug and isinstance(e, BadRequestKeyError)
        return bool(trap_bad_requests) and isinstance(e, BadRequest)

    def should_ignore_error(self, error: BaseException | None) -> bool:
        """Return whether to hide an exception from teardown functions; by default, false."""
        return False

    def redirect(self, location: str, code: int = 302) -> BaseResponse:
        """Return a redirect to another URL.

        :param code: 301, 302, 303, 305, 307 or 308.
        """
        return _wz_redirect(location, code=code, Response=self.response_class)

    def inject_url_defaults(self, endpoint: str, values: dict[str, t.Any]) -> None:
        """Complete the values of a URL with the functions of :meth:`url_defaults`: the
        application's first, then those of the endpoint's blueprints, outermost first.
        """
        names: t.Iterable[str | None] = (None,)
        if "." in endpoint:
            names = (None, *reversed(blueprint_chain(endpoint.rpartition(".")[0])))
        for name in names:
            for complete in self.url_default_functions.get(name, ()):
                complete(endpoint, values)

    def handle_url_build_error(
        self, error: BuildError, endpoint: str, values: dict[str, t.Any]
    ) -> str:
        """Return the first URL that one of ``url_build_error_handlers`` returns, or raise the last
        :exc:`~werkzeug.routing.BuildError`.
        """
        for handler in self.url_build_error_handlers:
            try:
                url = handler(error, endpoint, values)
            except BuildError as other:
                error = other
            else:
                if url is not None:
                    return url
        if error is sys.exc_info()[1]:
            raise  # keeps the traceback short
        raise error


_NONE: t.Any = {}


def _declared_methods(rule: str, given: t.Any, view_func: t.Any) -> set[str]:
    """Return the methods of a rule: those given, else those of the view, else ``GET``."""
    if given is None:
        given = getattr(view_func, "methods", None) or ["GET"]
    if isinstance(given, str):
        raise TypeError(
            f"Allowed methods must be a list of strings, but those of the rule {rule!r} are the"
            f" string {given!r}: write [{given!r}]."
        )
    return {method.upper() for method in given}


def _where(view: t.Any) -> str:
    code = getattr(view, "__code__", None)
    name = f"{getattr(view, '__module__', '?')}.{getattr(view, '__qualname__', view)}"
    return name if code is None else f"{name} (line {code.co_firstlineno})"
