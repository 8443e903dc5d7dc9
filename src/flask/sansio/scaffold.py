"""``Scaffold``: the decorators and folders that applications and blueprints share."""

from __future__ import annotations

import importlib.util
import os
import pathlib
import sys
import typing as t
from collections import defaultdict as defaultdict
from functools import update_wrapper

from jinja2 import BaseLoader, FileSystemLoader
from werkzeug.exceptions import HTTPException, default_exceptions
from werkzeug.utils import cached_property

from .. import typing as ft
from ..diagnostics.declarations import warn_of_missing_parentheses
from ..helpers import get_root_path
from ..templating import _default_template_ctx_processor
from .registries import WatchedDefaultDict, WatchedDict, WatchedList, lists_by_name

F = t.TypeVar("F", bound=t.Callable[..., t.Any])
T_after = t.TypeVar("T_after", bound="ft.AfterRequestCallable[t.Any]")
T_before = t.TypeVar("T_before", bound=ft.BeforeRequestCallable)
T_error = t.TypeVar("T_error", bound=ft.ErrorHandlerCallable)
T_route = t.TypeVar("T_route", bound=ft.RouteCallable)
T_teardown = t.TypeVar("T_teardown", bound=ft.TeardownCallable)
T_context = t.TypeVar("T_context", bound=ft.TemplateContextProcessorCallable)
T_defaults = t.TypeVar("T_defaults", bound=ft.URLDefaultCallable)
T_preprocessor = t.TypeVar("T_preprocessor", bound=ft.URLValuePreprocessorCallable)
# As published code knows them.
T_after_request, T_before_request, T_error_handler = T_after, T_before, T_error
T_template_context_processor, T_url_defaults = T_context, T_defaults
(T_url_value_preprocessor,) = (T_preprocessor,)

Key = ft.AppOrBlueprintKey
ErrorHandlers = dict[Key, dict["int | None", dict[type[Exception], ft.ErrorHandlerCallable]]]


def setupmethod(f: F) -> F:
    """Mark a method as set-up: it raises once its declarations are in use."""
    name = f.__name__

    def declaring(self: Scaffold, *args: t.Any, **kwargs: t.Any) -> t.Any:
        self._check_setup_finished(name)
        return f(self, *args, **kwargs)

    return t.cast(F, update_wrapper(declaring, f))


class Scaffold:
    """Base of :class:`.App` and :class:`.Blueprint`.

    :param import_name: the module of the application or blueprint, usually ``__name__``.
    :param static_folder: folder of static files, relative to the root path.
    :param static_url_path: their URL path; by default the folder's name.
    :param template_folder: folder of templates, relative to the root path.
    :param root_path: base of relative folders; by default the module's folder.
    """

    name: str
    _static_folder: str | None = None
    _static_path: tuple[t.Any, str | None, str] = (None, None, "")
    """The root path and the folder that were joined last, and the result."""

    _static_url_path: str | None = None

    view_functions: dict[str, ft.RouteCallable]
    """Views by endpoint."""

    error_handler_spec: ErrorHandlers
    """Error handlers, by blueprint name, by status code, by exception class."""

    before_request_funcs: dict[Key, list[ft.BeforeRequestCallable]]
    """Functions called before the view, by blueprint name."""

    after_request_funcs: dict[Key, list[ft.AfterRequestCallable[t.Any]]]
    """Functions called with the response, by blueprint name."""

    teardown_request_funcs: dict[Key, list[ft.TeardownCallable]]
    """Functions called when the request ends, by blueprint name."""

    template_context_processors: dict[Key, list[ft.TemplateContextProcessorCallable]]
    """Functions that return variables for templates, by blueprint name."""

    url_value_preprocessors: dict[Key, list[ft.URLValuePreprocessorCallable]]
    """Functions called with the endpoint and the URL variables, by blueprint name."""

    url_default_functions: dict[Key, list[ft.URLDefaultCallable]]
    """Functions that add values to URLs that are built, by blueprint name."""

    def __init__(
        self,
        import_name: str,
        static_folder: str | os.PathLike[str] | None = None,
        static_url_path: str | None = None,
        template_folder: str | os.PathLike[str] | None = None,
        root_path: str | None = None,
    ) -> None:
        self.import_name = import_name
        self.static_folder = static_folder
        self.static_url_path = static_url_path
        self.template_folder = template_folder
        self.root_path = get_root_path(import_name) if root_path is None else root_path
        self.view_functions = WatchedDict()
        self.error_handler_spec = WatchedDefaultDict(_handlers_by_code)
        self.before_request_funcs = lists_by_name()
        self.after_request_funcs = lists_by_name()
        self.teardown_request_funcs = lists_by_name()
        self.template_context_processors = lists_by_name()
        self.template_context_processors[None].append(_default_template_ctx_processor)
        self.url_value_preprocessors = lists_by_name()
        self.url_default_functions = lists_by_name()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"

    def _check_setup_finished(self, f_name: str) -> None:
        raise NotImplementedError(f"{type(self).__name__} must say when its set-up ends")

    @property
    def static_folder(self) -> str | None:
        """The absolute path of the static files, or ``None``."""
        folder = self._static_folder
        if folder is None:
            return None
        # PERF: joining paths takes longer than looking at a file.
        root_path, joined_folder, joined = self._static_path
        if folder is not joined_folder or self.root_path is not root_path:
            joined = os.path.join(self.root_path, folder)
            self._static_path = self.root_path, folder, joined
        return joined

    @static_folder.setter
    def static_folder(self, value: str | os.PathLike[str] | None) -> None:
        self._static_folder = None if value is None else os.fspath(value).rstrip(r"\/")

    @property
    def has_static_folder(self) -> bool:
        """True if there is a folder of static files."""
        return self.static_folder is not None

    @property
    def static_url_path(self) -> str | None:
        """URL path of the static files, or ``None`` if there are none."""
        if self._static_url_path is not None:
            return self._static_url_path
        if self.static_folder is None:
            return None
        return f"/{os.path.basename(self.static_folder)}".rstrip("/")

    @static_url_path.setter
    def static_url_path(self, value: str | None) -> None:
        self._static_url_path = None if value is None else value.rstrip("/")

    @cached_property
    def jinja_loader(self) -> BaseLoader | None:
        """Loader of the template folder, or ``None`` if there is none."""
        if self.template_folder is None:
            return None
        return FileSystemLoader(os.path.join(self.root_path, self.template_folder))

    def _method_route(
        self, method: str, rule: str, options: dict[str, t.Any]
    ) -> t.Callable[[T_route], T_route]:
        if "methods" in options:
            raise TypeError(
                f"'{method.lower()}' takes no 'methods': it is a route for {method} alone. Use"
                " 'route' for a view with several methods."
            )
        if callable(rule):
            warn_of_missing_parentheses(method.lower(), self, rule)
        return self.route(rule, methods=[method], **options)

    @setupmethod
    def get(self, rule: str, **options: t.Any) -> t.Callable[[T_route], T_route]:
        """Register a view for ``GET`` requests; see :meth:`route`."""
        return self._method_route("GET", rule, options)

    @setupmethod
    def post(self, rule: str, **options: t.Any) -> t.Callable[[T_route], T_route]:
        """Register a view for ``POST`` requests; see :meth:`route`."""
        return self._method_route("POST", rule, options)

    @setupmethod
    def put(self, rule: str, **options: t.Any) -> t.Callable[[T_route], T_route]:
        """Register a view for ``PUT`` requests; see :meth:`route`."""
        return self._method_route("PUT", rule, options)

    @setupmethod
    def delete(self, rule: str, **options: t.Any) -> t.Callable[[T_route], T_route]:
        """Register a view for ``DELETE`` requests; see :meth:`route`."""
        return self._method_route("DELETE", rule, options)

    @setupmethod
    def patch(self, rule: str, **options: t.Any) -> t.Callable[[T_route], T_route]:
        """Register a view for ``PATCH`` requests; see :meth:`route`."""
        return self._method_route("PATCH", rule, options)

    @setupmethod
    def route(self, rule: str, **options: t.Any) -> t.Callable[[T_route], T_route]:
        """Register the decorated function as the view of a rule; see :meth:`add_url_rule`.

        The option ``endpoint`` sets the endpoint, by default the function's name.

        >>> from flask import Flask, request
        >>> app = Flask("shop")
        >>> @app.route("/books", methods=["GET", "POST"])
        ... def books():
        ...     return request.method
        >>> app.test_client().post("/books").text
        'POST'
        """
        if callable(rule) and not options:
            warn_of_missing_parentheses("route", self, rule)

        def declare(f: T_route) -> T_route:
            endpoint = options.pop("endpoint", None)
            self.add_url_rule(rule, endpoint, f, **options)
            return f

        return declare

    @setupmethod
    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: ft.RouteCallable | None = None,
        provide_automatic_options: bool | None = None,
        **options: t.Any,
    ) -> None:
        """Register a URL rule and its view.

        :param rule: a path with ``<converter:name>`` variables.
        :param endpoint: name of the endpoint, by default the view function's name.
        :param view_func: function called with the variables as keyword arguments.
        :param provide_automatic_options: answer ``OPTIONS`` requests without the view.
        :param options: passed to :class:`werkzeug.routing.Rule`; ``methods`` is a list of names.

        >>> from flask import Flask
        >>> app = Flask("shop")
        >>> app.add_url_rule("/books/<int:number>", "book", lambda number: f"Book {number}")
        >>> app.test_client().get("/books/7").text
        'Book 7'
        """
        raise NotImplementedError(f"{type(self).__name__} must implement 'add_url_rule'")

    @setupmethod
    def endpoint(self, endpoint: str) -> t.Callable[[F], F]:
        """Register the decorated function as the view of an endpoint whose rule is registered
        separately.
        """

        def declare(f: F) -> F:
            self.view_functions[endpoint] = f
            return f

        return declare

    @setupmethod
    def before_request(self, f: T_before) -> T_before:
        """Call the decorated function before each request. If it returns a value other than
        ``None``, that is the response and the view is not called.

        >>> from flask import Flask, abort, request
        >>> app = Flask("shop", static_folder=None)
        >>> @app.before_request
        ... def require_key():
        ...     if request.headers.get("X-Key") != "secret":
        ...         abort(401)
        >>> app.test_client().get("/").status_code
        401
        """
        self.before_request_funcs.setdefault(None, WatchedList()).append(f)
        return f

    @setupmethod
    def after_request(self, f: T_after) -> T_after:
        """Call the decorated function with each response; it returns a response.

        >>> from flask import Flask
        >>> app = Flask("shop")
        >>> @app.after_request
        ... def forbid_framing(response):
        ...     response.headers["X-Frame-Options"] = "DENY"
        ...     return response
        >>> app.test_client().get("/").headers["X-Frame-Options"]
        'DENY'
        """
        self.after_request_funcs.setdefault(None, WatchedList()).append(f)
        return f

    @setupmethod
    def teardown_request(self, f: T_teardown) -> T_teardown:
        """Call the decorated function when a request ends, also after an error. It gets the
        exception that ended the request, or ``None``.
        """
        self.teardown_request_funcs.setdefault(None, WatchedList()).append(f)
        return f

    @setupmethod
    def context_processor(self, f: T_context) -> T_context:
        """Register a function that returns variables for templates.

        >>> from flask import Flask, render_template_string
        >>> app = Flask("shop")
        >>> @app.context_processor
        ... def add_title():
        ...     return {"title": "Shop"}
        >>> with app.app_context():
        ...     render_template_string("{{ title }}")
        'Shop'
        """
        self.template_context_processors.setdefault(None, WatchedList()).append(f)
        return f

    @setupmethod
    def url_value_preprocessor(self, f: T_preprocessor) -> T_preprocessor:
        """Call the decorated function with the endpoint and the dict of URL variables, which it may
        change.
        """
        self.url_value_preprocessors.setdefault(None, WatchedList()).append(f)
        return f

    @setupmethod
    def url_defaults(self, f: T_defaults) -> T_defaults:
        """Call the decorated function with the endpoint and the dict of values when a URL is built.
        It may change the dict.
        """
        self.url_default_functions.setdefault(None, WatchedList()).append(f)
        return f

    @setupmethod
    def errorhandler(
        self, code_or_exception: type[Exception] | int
    ) -> t.Callable[[T_error], T_error]:
        """Register the decorated function as the handler of a status code or exception class. It
        gets the exception and returns a response value as a view does.

        >>> from flask import Flask
        >>> app = Flask("shop")
        >>> @app.errorhandler(404)
        ... def missing(error):
        ...     return {"error": error.name}, 404
        >>> app.test_client().get("/missing").json
        {'error': 'Not Found'}
        """

        def declare(f: T_error) -> T_error:
            self.register_error_handler(code_or_exception, f)
            return f

        return declare

    @setupmethod
    def register_error_handler(
        self,
        code_or_exception: type[Exception] | int,
        f: ft.ErrorHandlerCallable,
    ) -> None:
        """Register an error handler without a decorator; see :meth:`errorhandler`.

        :raises TypeError: for an instance instead of a class, or no exception class.
        :raises ValueError: for an unknown status code.
        """
        exception_class, code = self._get_exc_class_and_code(code_or_exception)
        self.error_handler_spec[None][code][exception_class] = f

    @staticmethod
    def _get_exc_class_and_code(
        exc_class_or_code: type[Exception] | int,
    ) -> tuple[type[Exception], int | None]:
        """Return the exception class, and the status code of an HTTP exception."""
        if isinstance(exc_class_or_code, int):
            known = default_exceptions.get(exc_class_or_code)
            if known is None:
                raise ValueError(
                    f"{exc_class_or_code} is not the code of an HTTP error. Use the class of an"
                    " HTTPException with that code, or a known code."
                )
            return known, known.code
        given = exc_class_or_code
        if isinstance(given, Exception):
            raise TypeError(
                f"{given!r} is an instance, not a class. Register the error handler for"
                f" {type(given).__name__}, or for a status code."
            )
        if not isinstance(given, type):
            raise TypeError(
                f"{given!r} is not a class. Error handlers are for exception classes, such as"
                " LookupError, and for status codes."
            )
        if not issubclass(given, Exception):
            raise ValueError(
                f"{given.__name__!r} is neither an Exception subclass nor a status code, which"
                " are what error handlers are for."
            )
        return given, given.code if issubclass(given, HTTPException) else None


def _handlers_by_code() -> t.Any:
    return WatchedDefaultDict(WatchedDict)


def _endpoint_from_view_func(view_func: ft.RouteCallable) -> str:
    """Return the default endpoint of a view, its name."""
    if view_func is None:
        raise AssertionError("a rule needs an endpoint if it has no view function to name it after")
    return view_func.__name__


def find_package(import_name: str) -> tuple[str | None, str]:
    """Return the installation prefix of a module's top-level package, and the folder it is in.

    The prefix is ``None`` for a package that is not installed, as in development.
    """
    folder = pathlib.Path(_folder_of_top_level(import_name)).resolve()
    if folder.is_relative_to(pathlib.Path(sys.prefix).resolve()):
        return sys.prefix, str(folder)
    if folder.name.lower() != "site-packages":
        return None, str(folder)
    around = folder.parent
    if around.name.lower() == "lib":  # Windows: PREFIX/Lib/site-packages
        prefix = around.parent
    elif around.parent.name.lower() == "lib":  # PREFIX/lib/pythonX.Y/site-packages
        prefix = around.parent.parent
    else:
        prefix = around
    return str(prefix), str(folder)


def _folder_of_top_level(import_name: str) -> str:
    top_level = import_name.partition(".")[0]
    try:
        spec = importlib.util.find_spec(top_level)
    except (ImportError, ValueError):
        spec = None
    if spec is None:
        return os.getcwd()
    if spec.submodule_search_locations is None:
        return os.path.dirname(spec.origin or os.getcwd())
    if spec.origin is not None and spec.origin != "namespace":
        return os.path.dirname(os.path.dirname(spec.origin))
    return os.path.dirname(_namespace_portion(import_name, spec.submodule_search_locations))


_find_package_path = _folder_of_top_level


def _namespace_portion(import_name: str, portions: t.Iterable[str]) -> str:
    """Return the folder of a namespace package that contains the module."""
    portions = list(portions)
    try:
        spec = importlib.util.find_spec(import_name)
    except (ImportError, ValueError):
        spec = None
    if spec is not None and spec.origin is not None:
        inside = pathlib.Path(spec.origin)
        for portion in portions:
            if inside.is_relative_to(portion):
                return portion
    return portions[0]
