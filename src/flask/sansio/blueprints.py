"""Blueprints: parts of an application, declared separately and registered with it."""

from __future__ import annotations

import os
import typing as t
from collections import defaultdict as defaultdict
from collections.abc import Callable
from functools import update_wrapper

from .. import typing as ft
from ..pipeline.plan import HOOKS
from .scaffold import Scaffold, _endpoint_from_view_func, setupmethod
from .serving import BlueprintServing

if t.TYPE_CHECKING:
    from .app import App

DeferredSetupFunction = Callable[["BlueprintSetupState"], None]
"""Function called at registration, to declare on the application."""

T_after = t.TypeVar("T_after", bound="ft.AfterRequestCallable[t.Any]")
T_before = t.TypeVar("T_before", bound=ft.BeforeRequestCallable)
T_error = t.TypeVar("T_error", bound=ft.ErrorHandlerCallable)
T_teardown = t.TypeVar("T_teardown", bound=ft.TeardownCallable)
T_context = t.TypeVar("T_context", bound=ft.TemplateContextProcessorCallable)
T_defaults = t.TypeVar("T_defaults", bound=ft.URLDefaultCallable)
T_preprocessor = t.TypeVar("T_preprocessor", bound=ft.URLValuePreprocessorCallable)
T_filter = t.TypeVar("T_filter", bound=ft.TemplateFilterCallable)
T_global = t.TypeVar("T_global", bound=ft.TemplateGlobalCallable)
T_test = t.TypeVar("T_test", bound=ft.TemplateTestCallable)
# As published code knows them.
T_after_request, T_before_request, T_error_handler = T_after, T_before, T_error
T_template_context_processor, T_url_defaults = T_context, T_defaults
T_url_value_preprocessor, T_template_filter = T_preprocessor, T_filter
T_template_global, T_template_test = T_global, T_test

UNSET: t.Any = object()


class BlueprintSetupState:
    """One registration of a blueprint: the application and the options."""

    def __init__(
        self,
        blueprint: Blueprint,
        app: App,
        options: t.Any,
        first_registration: bool,
    ) -> None:
        self.app = app
        self.blueprint = blueprint
        self.options = options
        self.first_registration = first_registration
        self.subdomain: str | None = _first(options.get("subdomain"), blueprint.subdomain)
        self.url_prefix: str | None = _first(options.get("url_prefix"), blueprint.url_prefix)
        self.name: str = options.get("name", blueprint.name)
        self.name_prefix: str = options.get("name_prefix", "")
        self.url_defaults = {**blueprint.url_values_defaults, **(options.get("url_defaults") or {})}

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: ft.RouteCallable | None = None,
        **options: t.Any,
    ) -> None:
        """Declare a rule on the application with this registration's prefix, subdomain, defaults
        and name.
        """
        if self.url_prefix is not None:
            rule = (
                "/".join((self.url_prefix.rstrip("/"), rule.lstrip("/")))
                if rule
                else (self.url_prefix)
            )
        own = endpoint or _endpoint_from_view_func(t.cast(t.Any, view_func))
        options["defaults"] = {**self.url_defaults, **(options.get("defaults") or {})}
        self.app.add_url_rule(
            rule,
            f"{self.name_prefix}.{self.name}.{own}".lstrip("."),
            view_func,
            **{"subdomain": self.subdomain, **options},
        )


def _first(*values: t.Any) -> t.Any:
    return next((value for value in values if value is not None), None)


class Blueprint(BlueprintServing, Scaffold):
    """A part of an application.

    :param name: prefix of its endpoints, followed by a dot.
    :param import_name: the module of the blueprint, usually ``__name__``.
    :param static_folder: folder of static files, relative to the root path.
    :param static_url_path: their URL path, below ``url_prefix``; by default the folder's name.
    :param template_folder: folder of templates; the application's templates take precedence.
    :param url_prefix: prefix of all its rules.
    :param subdomain: subdomain of its rules.
    :param url_defaults: default values for the arguments of all its views.
    :param root_path: base of relative folders; by default the module's folder.
    :param cli_group: the group of its commands, by default its name; ``None`` adds them to the
        application's commands.

    >>> from flask import Blueprint, Flask
    >>> books = Blueprint("books", __name__, url_prefix="/books")
    >>> @books.get("/<int:number>")
    ... def show(number):
    ...     return f"Book {number}"
    >>> app = Flask("shop")
    >>> app.register_blueprint(books)
    >>> app.test_client().get("/books/7").text
    'Book 7'
    """

    _got_registered_once = False

    def __init__(
        self,
        name: str,
        import_name: str,
        static_folder: str | os.PathLike[str] | None = None,
        static_url_path: str | None = None,
        template_folder: str | os.PathLike[str] | None = None,
        url_prefix: str | None = None,
        subdomain: str | None = None,
        url_defaults: dict[str, t.Any] | None = None,
        root_path: str | None = None,
        cli_group: str | None = UNSET,
    ) -> None:
        super().__init__(
            import_name, static_folder, static_url_path, template_folder, root_path=root_path
        )
        if not name or "." in name:
            fault = "contain a dot" if name else "be empty"
            raise ValueError(
                f"'name' may not {fault}, as {name!r} does: a dot stands between the blueprint's"
                " name and what is named after it."
            )
        self.name = name
        self.url_prefix = url_prefix
        self.subdomain = subdomain
        self.deferred_functions: list[DeferredSetupFunction] = []
        self.url_values_defaults = url_defaults or {}
        self.cli_group = cli_group
        self._blueprints: list[tuple[Blueprint, dict[str, t.Any]]] = []

    def _check_setup_finished(self, f_name: str) -> None:
        if self._got_registered_once:
            raise AssertionError(
                f"The setup method {f_name!r} can no longer be called: the blueprint"
                f" {self.name!r} was registered, and what is declared later would be missing from"
                " that registration. Declare everything before 'register_blueprint', for example"
                " by importing the views first."
            )

    @setupmethod
    def record(self, func: DeferredSetupFunction) -> None:
        """Call a function with each registration's :class:`BlueprintSetupState`."""
        self.deferred_functions.append(func)

    @setupmethod
    def record_once(self, func: DeferredSetupFunction) -> None:
        """Call a function at the first registration on an application."""

        def only_first(state: BlueprintSetupState) -> None:
            if state.first_registration:
                func(state)

        self.record(update_wrapper(only_first, func))

    def make_setup_state(
        self, app: App, options: dict[str, t.Any], first_registration: bool = False
    ) -> BlueprintSetupState:
        """Return the argument for the recorded functions."""
        return BlueprintSetupState(self, app, options, first_registration)

    @setupmethod
    def register_blueprint(self, blueprint: Blueprint, **options: t.Any) -> None:
        """Nest a blueprint in this one. It is registered together with this one.

        :raises ValueError: if it is this blueprint.
        """
        if blueprint is self:
            raise ValueError(f"The blueprint {self.name!r} cannot be registered on itself.")
        self._blueprints.append((blueprint, options))

    def register(self, app: App, options: dict[str, t.Any]) -> None:
        """Register the blueprint with an application; called by ``register_blueprint``.

        :raises ValueError: if the name is taken by another registration.
        """
        name_prefix = options.get("name_prefix", "")
        own_name = options.get("name", self.name)
        name = f"{name_prefix}.{own_name}".lstrip(".")
        if name in app.blueprints:
            other = app.blueprints[name]
            what = "this" if other is self else "a different"
            raise ValueError(
                f"The name {name!r} is already registered for {what} blueprint: {other!r}. Pass"
                " 'name' to register it under another."
            )
        first_on_app = not any(registered is self for registered in app.blueprints.values())
        app.blueprints[name] = self
        self._got_registered_once = True
        state = self.make_setup_state(app, options, first_on_app)

        if self.has_static_folder:
            state.add_url_rule(
                f"{self.static_url_path}/<path:filename>",
                view_func=self.send_static_file,  # type: ignore[attr-defined]
                endpoint="static",
            )
        self._merge_into(app, name)
        for deferred in self.deferred_functions:
            deferred(state)
        self._register_commands(app, options, name)
        self._register_nested(app, state, name)

    def _merge_into(self, app: App, name: str) -> None:
        """Merge the registries into the application's, under this registration's name."""

        def renamed(key: str | None) -> str:
            return name if key is None else f"{name}.{key}"

        for key, by_code in self.error_handler_spec.items():
            for code, handlers in by_code.items():
                app.error_handler_spec[renamed(key)][code].update(handlers)
        for endpoint, view in self.view_functions.items():
            app.view_functions[endpoint] = view
        registry: str
        registries = (kind.registry for kind in HOOKS.values())
        for registry in (*registries, "url_default_functions", "template_context_processors"):
            of_app = getattr(app, registry)
            for key, functions in getattr(self, registry).items():
                of_app[renamed(key)].extend(functions)

    def _register_commands(self, app: App, options: dict[str, t.Any], name: str) -> None:
        declared = vars(self).get("cli", getattr(type(self), "cli", None))
        if declared is None or not getattr(declared, "commands", True):
            return  # PERF: a group that nobody accessed is not made
        cli = getattr(self, "cli", None)
        if cli is None or not cli.commands:
            return
        group = options.get("cli_group", self.cli_group)
        of_app = app.cli  # type: ignore[attr-defined]
        if group is None:
            of_app.commands.update(cli.commands)
            return
        cli.name = name if group is UNSET else group
        of_app.add_command(cli)

    def _register_nested(self, app: App, state: BlueprintSetupState, name: str) -> None:
        for blueprint, given in self._blueprints:
            prefix = _first(given.get("url_prefix"), blueprint.url_prefix)
            if None not in (state.url_prefix, prefix):
                prefix = f"{t.cast(str, state.url_prefix).rstrip('/')}/{prefix.lstrip('/')}"
            subdomain = _first(given.get("subdomain"), blueprint.subdomain)
            if None not in (state.subdomain, subdomain):
                subdomain = f"{subdomain}.{state.subdomain}"
            placed = {
                "url_prefix": _first(prefix, state.url_prefix),
                "subdomain": _first(subdomain, state.subdomain),
            }
            placed = {option: value for option, value in placed.items() if value is not None}
            blueprint.register(app, {**given, **placed, "name_prefix": name})

    @setupmethod
    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: ft.RouteCallable | None = None,
        provide_automatic_options: bool | None = None,
        **options: t.Any,
    ) -> None:
        """Declare a rule; see :meth:`.Scaffold.add_url_rule`.

        :raises ValueError: if the endpoint or the view's name contains a dot.
        """
        for what, given in (
            ("endpoint", endpoint),
            ("view function name", getattr(view_func, "__name__", None)),
        ):
            if given and "." in given:
                raise ValueError(
                    f"The {what} {given!r} may not contain a dot: on a blueprint, dots are between"
                    " its name and the endpoint's."
                )
        self.record(
            lambda state: state.add_url_rule(
                rule,
                endpoint,
                view_func,
                provide_automatic_options=provide_automatic_options,
                **options,
            )
        )

    def _on_app_once(self, registry: str, f: t.Any) -> None:
        """Add a function to the application's list at the first registration."""
        self.record_once(lambda state: getattr(state.app, registry)[None].append(f))

    @setupmethod
    def before_app_request(self, f: T_before) -> T_before:
        """Like :meth:`before_request`, but before every request of the application."""
        self._on_app_once("before_request_funcs", f)
        return f

    @setupmethod
    def after_app_request(self, f: T_after) -> T_after:
        """Like :meth:`after_request`, but after every request of the application."""
        self._on_app_once("after_request_funcs", f)
        return f

    @setupmethod
    def teardown_app_request(self, f: T_teardown) -> T_teardown:
        """Like :meth:`teardown_request`, but for every request of the application."""
        self._on_app_once("teardown_request_funcs", f)
        return f

    @setupmethod
    def app_context_processor(self, f: T_context) -> T_context:
        """Like :meth:`context_processor`, but for the templates of all views."""
        self._on_app_once("template_context_processors", f)
        return f

    @setupmethod
    def app_url_value_preprocessor(self, f: T_preprocessor) -> T_preprocessor:
        """Like :meth:`url_value_preprocessor`, but for every request of the application."""
        self._on_app_once("url_value_preprocessors", f)
        return f

    @setupmethod
    def app_url_defaults(self, f: T_defaults) -> T_defaults:
        """Like :meth:`url_defaults`, but for all URLs of the application."""
        self._on_app_once("url_default_functions", f)
        return f

    @setupmethod
    def app_errorhandler(self, code: type[Exception] | int) -> t.Callable[[T_error], T_error]:
        """Like :meth:`errorhandler`, but for every request of the application."""

        def declare(f: T_error) -> T_error:
            self.record_once(lambda state: state.app.register_error_handler(code, f))
            return f

        return declare

    @t.overload
    def app_template_filter(self, name: T_filter) -> T_filter: ...

    @t.overload
    def app_template_filter(self, name: str | None = None) -> t.Callable[[T_filter], T_filter]: ...

    @setupmethod
    def app_template_filter(self, name: t.Any = None) -> t.Any:
        """Declare the decorated function as a filter of the application's templates."""

        if callable(name):  # without parentheses
            self.add_app_template_filter(name)
            return name

        def declare(f: T_filter) -> T_filter:
            self.add_app_template_filter(f, name=name)
            return f

        return declare

    @setupmethod
    def add_app_template_filter(
        self, f: ft.TemplateFilterCallable, name: str | None = None
    ) -> None:
        """Declare a filter of the application's templates, by default under its name."""
        self.record_once(lambda state: state.app.add_template_filter(f, name=name))

    @t.overload
    def app_template_test(self, name: T_test) -> T_test: ...

    @t.overload
    def app_template_test(self, name: str | None = None) -> t.Callable[[T_test], T_test]: ...

    @setupmethod
    def app_template_test(self, name: t.Any = None) -> t.Any:
        """Declare the decorated function as a test of the application's templates."""

        if callable(name):  # without parentheses
            self.add_app_template_test(t.cast(t.Any, name))
            return name

        def declare(f: T_test) -> T_test:
            self.add_app_template_test(f, name=name)
            return f

        return declare

    @setupmethod
    def add_app_template_test(self, f: ft.TemplateTestCallable, name: str | None = None) -> None:
        """Declare a test of the application's templates, by default under its name."""
        self.record_once(lambda state: state.app.add_template_test(f, name=name))

    @t.overload
    def app_template_global(self, name: T_global) -> T_global: ...

    @t.overload
    def app_template_global(self, name: str | None = None) -> t.Callable[[T_global], T_global]: ...

    @setupmethod
    def app_template_global(self, name: t.Any = None) -> t.Any:
        """Declare the decorated function as a global of the application's templates."""

        if callable(name):  # without parentheses
            self.add_app_template_global(name)
            return name

        def declare(f: T_global) -> T_global:
            self.add_app_template_global(f, name=name)
            return f

        return declare

    @setupmethod
    def add_app_template_global(
        self, f: ft.TemplateGlobalCallable, name: str | None = None
    ) -> None:
        """Declare a global of the application's templates, by default under its name."""
        self.record_once(lambda state: state.app.add_template_global(f, name=name))
