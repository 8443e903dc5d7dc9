"""``Flask``: the application, with each step of a request as a method that can be overridden."""

from __future__ import annotations

import collections.abc as cabc  # noqa: F401 - published code takes it from here
import importlib
import os
import sys
import typing as t
import weakref
from collections.abc import Iterable
from datetime import timedelta
from inspect import iscoroutinefunction as iscoroutinefunction
from itertools import chain as chain
from types import TracebackType
from urllib.parse import quote as _url_quote  # noqa: F401 - and this

from werkzeug.datastructures import Headers as Headers
from werkzeug.datastructures import ImmutableDict
from werkzeug.exceptions import BadRequestKeyError as BadRequestKeyError
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import InternalServerError as InternalServerError
from werkzeug.routing import BuildError as BuildError
from werkzeug.routing import Map, MapAdapter
from werkzeug.routing import RequestRedirect as RequestRedirect
from werkzeug.routing import RoutingException as RoutingException
from werkzeug.routing import Rule as Rule
from werkzeug.serving import is_running_from_reloader as is_running_from_reloader
from werkzeug.wrappers import Response as BaseResponse  # noqa: F401 - and this
from werkzeug.wsgi import get_host as get_host

from . import typing as ft
from .blueprints import STATIC_OPTIONS, CommandsOnDemand, max_age_setting, open_in
from .ctx import UNSET, AppContext, RequestContext, Unset
from .diagnostics.explanations import warn_of_debug_mode
from .diagnostics.tracebacks import shortened
from .doors.application import AsgiApplication
from .doors.wsgi import make_wsgi_handler
from .globals import _cv_app as _cv_app
from .globals import _cv_request, g, request, session
from .globals import current_app as current_app
from .globals import request_ctx as request_ctx
from .helpers import get_debug_flag as get_debug_flag
from .helpers import get_flashed_messages, is_async, send_from_directory
from .helpers import get_load_dotenv as get_load_dotenv
from .http.pristine import IS_UNCHANGED
from .pipeline import _conductor_sync as conductor
from .pipeline import replaced, steps, urls
from .pipeline import response as responses
from .pipeline.invalidation import keep_methods_in_base
from .pipeline.program import (
    CLASSES,
    RequestProgram,
    compile_program,
    note_empty_class,
)
from .rendering.shortcuts import links, shortcuts
from .routing.building import build_from_template, build_here
from .sansio.app import App
from .sansio.app import T_shell_context_processor as T_shell_context_processor
from .sansio.app import T_teardown as T_teardown
from .sansio.app import T_template_filter as T_template_filter
from .sansio.app import T_template_global as T_template_global
from .sansio.app import T_template_test as T_template_test
from .sansio.app import _make_timedelta as _make_timedelta
from .sansio.websockets import AppWebsockets
from .sessions import SecureCookieSessionInterface, SessionInterface
from .signals import appcontext_tearing_down as appcontext_tearing_down
from .signals import got_request_exception as got_request_exception
from .signals import request_finished as request_finished
from .signals import request_started as request_started
from .signals import request_tearing_down as request_tearing_down
from .templating import (
    Environment,
    _default_template_ctx_processor,
    add_built_in_variables,
)
from .wrappers import Request, Response

if t.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from .cli import AppGroup
    from .doors.body import Receive
    from .doors.scope import Scope
    from .doors.sending import Send
    from .testing import FlaskClient, FlaskCliRunner
    from .testing.asgi_client import AsyncFlaskClient


def _bind_to_environ(url_map: Map, environ: WSGIEnvironment, *args: t.Any) -> MapAdapter:
    """Bind the map to a request; filters know Werkzeug's warning about the host by this module."""
    return url_map.bind_to_environ(environ, *args)


@keep_methods_in_base
class Flask(AsgiApplication, AppWebsockets, App):
    """A web application, callable by WSGI and ASGI servers.

    Each step of a request is a method that subclasses and instances can replace. The pipeline
    does the work of built-in methods, often without calling them.

    >>> from flask import Flask
    >>> app = Flask("shop")
    >>> @app.get("/hello/<name>")
    ... def hello(name):
    ...     return {"hello": name}
    >>> app.test_client().get("/hello/world").json
    {'hello': 'world'}
    """

    default_config = ImmutableDict(
        {
            "DEBUG": None,
            "TESTING": False,
            "PROPAGATE_EXCEPTIONS": None,
            "SECRET_KEY": None,
            "SECRET_KEY_FALLBACKS": None,
            "PERMANENT_SESSION_LIFETIME": timedelta(days=31),
            "USE_X_SENDFILE": False,
            "TRUSTED_HOSTS": None,
            "SERVER_NAME": None,
            "APPLICATION_ROOT": "/",
            "PREFERRED_URL_SCHEME": "http",
            "SESSION_COOKIE_NAME": "session",
            "SESSION_COOKIE_DOMAIN": None,
            "SESSION_COOKIE_PATH": None,
            "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_SECURE": False,
            "SESSION_COOKIE_PARTITIONED": False,
            "SESSION_COOKIE_SAMESITE": None,
            "SESSION_REFRESH_EACH_REQUEST": True,
            "MAX_CONTENT_LENGTH": None,
            "MAX_FORM_MEMORY_SIZE": 500_000,
            "MAX_FORM_PARTS": 1_000,
            "SEND_FILE_MAX_AGE_DEFAULT": None,
            "TRAP_BAD_REQUEST_ERRORS": None,
            "TRAP_HTTP_EXCEPTIONS": False,
            "EXPLAIN_TEMPLATE_LOADING": False,
            "TEMPLATES_AUTO_RELOAD": None,
            "MAX_COOKIE_SIZE": 4093,
            "PROVIDE_AUTOMATIC_OPTIONS": True,
        }
    )
    """Default configuration."""

    watched_names = replaced.WATCHED

    request_class: type[Request] = Request
    """Class of :data:`flask.request`."""

    response_class: type[Response] = Response  # pyright: ignore[reportIncompatibleVariableOverride]
    """Class of responses."""

    session_interface: SessionInterface = SecureCookieSessionInterface()
    """Interface that opens and saves sessions."""

    if t.TYPE_CHECKING:
        cli: AppGroup
    else:
        cli = CommandsOnDemand()
    """Commands of the application, available to ``flask``."""

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
            import_name,
            static_url_path,
            static_folder,
            static_host,
            host_matching,
            subdomain_matching,
            template_folder,
            instance_path,
            instance_relative_config,
            root_path,
        )
        CommandsOnDemand.reserve(self)
        self._keep_asgi()
        if self.has_static_folder:
            self._add_static_rule(static_host, host_matching)

    def _add_static_rule(self, static_host: str | None, host_matching: bool) -> None:
        if bool(static_host) != host_matching:
            raise AssertionError(
                "'static_host' and 'host_matching' go together: with host matching, static files"
                " need a host; without it, they cannot have one."
            )
        # Not a bound method: the view would keep the application alive until the garbage
        # collector finds the cycle.
        this = weakref.ref(self)

        def send_static(**arguments: t.Any) -> Response:
            app: t.Any = this()
            response: Response = app.send_static_file(**arguments)
            return response

        self.add_url_rule(
            f"{self.static_url_path}/<path:filename>",
            endpoint="static",
            host=static_host,
            view_func=send_static,
        )

    # Files

    def get_send_file_max_age(self, filename: str | None) -> int | None:
        """Return the number of seconds that clients may cache a file without asking again.

        ``None`` makes them revalidate each time. The default is ``SEND_FILE_MAX_AGE_DEFAULT`` for
        every file.
        """
        return max_age_setting(self.config)

    def send_static_file(self, filename: str) -> Response:
        """Return a response with a file from the static folder; the view of ``static``.

        :raises RuntimeError: if there is no such folder.
        """
        folder = self.static_folder
        if folder is None:
            raise RuntimeError(f"{self!r} has no 'static_folder' to serve files from.")
        max_age = self.get_send_file_max_age(filename)
        if not STATIC_OPTIONS.isdisjoint(self.config):
            from .http.precompressed import send_static  # PERF: most applications don't ask for it

            return send_static(folder, filename, max_age)
        return send_from_directory(folder, filename, max_age=max_age)

    def open_resource(
        self, resource: str, mode: str = "rb", encoding: str | None = None
    ) -> t.IO[t.AnyStr]:
        """Open a file below the root path for reading.

        :raises ValueError: for a mode that writes.
        """
        return open_in(self.root_path, resource, mode, encoding)

    def open_instance_resource(
        self, resource: str, mode: str = "rb", encoding: str | None = "utf-8"
    ) -> t.IO[t.AnyStr]:
        """Open a file in the instance folder for reading or writing."""
        path = os.path.join(self.instance_path, resource)
        return open(path, mode, encoding=None if "b" in mode else encoding)

    # Templates

    def create_jinja_environment(self) -> Environment:
        """Return a new Jinja environment with the default globals."""
        options = {"autoescape": self.select_jinja_autoescape, **self.jinja_options}
        if options.get("auto_reload") is None:
            reload = self.config["TEMPLATES_AUTO_RELOAD"]
            options["auto_reload"] = self.debug if reload is None else reload
        made = self.jinja_environment(self, **options)
        made.policies["json.dumps_function"] = self.json.dumps
        # Macros that are imported without their context see globals alone.
        made.globals |= {"g": g, "request": request, "session": session}
        made.globals |= {"config": self.config, "url_for": self.url_for}
        made.globals["get_flashed_messages"] = get_flashed_messages
        return made

    def __init_subclass__(cls, **kwargs: t.Any) -> None:
        super().__init_subclass__(**kwargs)
        if hasattr(cls, "built_in"):  # from when this very class is complete
            from .pipeline.context_first import adapt_class  # PERF: nobody else needs it

            adapt_class(cls, cls.built_in)

    def update_template_context(self, context: dict[str, t.Any]) -> None:
        """Add the variables from context processors to those of a template. Variables that the
        view passed take precedence.
        """
        current = _cv_request.get(None)
        processors = self.template_context_processors
        names: tuple[str | None, ...] = (None,)
        if current is not None and len(processors) > 1:
            names = (None, *reversed(current._blueprints))
        if type(self).ensure_sync is _ENSURE_SYNC and "ensure_sync" not in self.__dict__:
            # PERF: most applications and blueprints have no function but the built-in one.
            for name in names:
                if name in processors and processors[name] != _BUILT_IN_PROCESSORS:
                    break
            else:
                if None in processors:
                    add_built_in_variables(context, current)
                return
        passed = context.copy()
        for name in names:
            for processor in processors.get(name, ()):
                context.update(self.ensure_sync(processor)())
        context.update(passed)

    def make_shell_context(self) -> dict[str, t.Any]:
        """Return the names that are available in ``flask shell``."""
        context = {"app": self, "g": g}
        for processor in self.shell_context_processors:
            context.update(processor())
        return context

    # URLs

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Return the URL adapter, which matches a request's path and builds URLs on its host.

        :param request: ``None`` outside of requests: URLs are built from ``SERVER_NAME``,
            ``APPLICATION_ROOT`` and ``PREFERRED_URL_SCHEME``. Without ``SERVER_NAME`` there is no
            adapter.
        :raises ~werkzeug.exceptions.SecurityError: for a host not among ``TRUSTED_HOSTS``.
        """
        return urls.make_adapter(self, request, _bind_to_environ)

    def url_for(
        self,
        /,
        endpoint: str,
        *,
        _anchor: str | None = None,
        _method: str | None = None,
        _scheme: str | None = None,
        _external: bool | None = None,
        **values: t.Any,
    ) -> str:
        """Return the URL of an endpoint.

        :param endpoint: name of the endpoint; a leading dot means the current blueprint.
        :param _anchor: fragment, after the ``#``.
        :param _method: HTTP method to choose among the endpoint's rules.
        :param _scheme: scheme of an external URL.
        :param _external: include scheme and host; false by default in a request.
        :param values: variables of the rule; others are appended as the query string.
        :raises ~werkzeug.routing.BuildError: if no rule fits; see ``url_build_error_handlers``.
        :raises RuntimeError: outside of a request if ``SERVER_NAME`` is not set.
        """
        if _anchor is None and _method is None and _scheme is None and not _external:
            url = urls.build_quickly(self, endpoint, values)
            if url is not None:
                return url
        special = {
            "_method": _method,
            "_scheme": _scheme,
            "_anchor": _anchor,
            "_external": _external,
        }
        return urls.build_url(self, endpoint, values, special)

    # Serving

    def run(
        self,
        host: str | None = None,
        port: int | None = None,
        debug: bool | None = None,
        load_dotenv: bool = True,
        **options: t.Any,
    ) -> None:
        """Serve on Werkzeug's development server, with debugger and reloader in debug mode.

        Does nothing while the ``flask`` command imports the application.

        :param host: by default the host of ``SERVER_NAME``, else 127.0.0.1.
        :param port: by default the port of ``SERVER_NAME``, else 5000.
        :param debug: value for :attr:`debug`.
        :param load_dotenv: read ``.env`` and ``.flaskenv`` first.
        :param options: passed to :func:`werkzeug.serving.run_simple`.
        """
        from .cli import devserver  # PERF: production servers have no need of it

        devserver.run(self, host, port, debug, load_dotenv, options)

    def test_client(self, use_cookies: bool = True, **kwargs: t.Any) -> FlaskClient:
        """Return a client that sends requests without a server.

        Set :attr:`testing` first, so that exceptions propagate to the test.

        :param kwargs: passed to ``test_client_class``.

        >>> from flask import Flask
        >>> app = Flask("shop")
        >>> app.add_url_rule("/", "index", lambda: "It runs.")
        >>> response = app.test_client().get("/")
        >>> response.status_code, response.text
        (200, 'It runs.')
        """
        from .testing import FlaskClient  # PERF: a served application never needs it

        client_class = self.test_client_class or FlaskClient
        return client_class(self, self.response_class, use_cookies=use_cookies, **kwargs)

    def async_test_client(self, use_cookies: bool = True, **kwargs: t.Any) -> AsyncFlaskClient:
        """Return a client for async tests, which sends requests by ASGI without a server.

        :param kwargs: passed to :class:`flask.testing.FlaskClient`.
        """
        from .testing.asgi_client import AsyncFlaskClient  # PERF: as above

        return AsyncFlaskClient(self, use_cookies, **kwargs)

    def test_cli_runner(self, **kwargs: t.Any) -> FlaskCliRunner:
        """Return a runner that invokes commands without a shell.

        :param kwargs: passed to ``test_cli_runner_class``.
        """
        from .testing import FlaskCliRunner  # PERF: as above

        runner_class = self.test_cli_runner_class or FlaskCliRunner
        return runner_class(self, **kwargs)

    # Contexts

    def app_context(self) -> AppContext:
        """Return a context that makes the application current in a ``with`` block."""
        context = AppContext(self)
        if self._replaces("create_url_adapter"):
            context.url_adapter  # noqa: B018 - an override may expect to be called each time
        return context

    def request_context(self, environ: WSGIEnvironment) -> RequestContext:
        """Return a context that makes the request of an environ current."""
        context = RequestContext(self, environ)
        if self.request_class.__init__ is not _REQUEST_INIT:
            context.request  # noqa: B018 - a class may want to be called before others are
        if self._replaces("create_url_adapter"):
            context.url_adapter  # noqa: B018 - an override may expect to be called each time
        return context

    def _replaces(self, name: str) -> bool:
        """Return whether the application replaced a step."""
        return name in vars(self) or getattr(type(self), name) is not replaced.BUILT_IN[Flask][name]

    def test_request_context(self, *args: t.Any, **kwargs: t.Any) -> RequestContext:
        """Return the context of a test request, for use in a ``with`` block.

        Hooks don't run; call :meth:`preprocess_request` or :meth:`full_dispatch_request` for that.

        :param args: arguments of :class:`werkzeug.test.EnvironBuilder`, starting with the path.

        >>> from flask import Flask, request
        >>> with Flask("shop").test_request_context("/books?page=2"):
        ...     request.args["page"]
        '2'
        """
        from .testing.plain import make_environ  # PERF: as above

        return self.request_context(make_environ(self, args, kwargs))

    # Sync and async

    def ensure_sync(self, func: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
        """Return a function that can be called without ``await``: itself, unless it is async.

        >>> from flask import Flask
        >>> async def answer():
        ...     return 42
        >>> Flask("shop").ensure_sync(answer)()
        42
        """
        if is_async(func):
            return self.async_to_sync(func)
        return func

    def async_to_sync(
        self, func: t.Callable[..., t.Coroutine[t.Any, t.Any, t.Any]]
    ) -> t.Callable[..., t.Any]:
        """Return a function that runs a coroutine function to its end.

        :raises RuntimeError: if asgiref, from the ``async`` extra, is not installed.
        """
        try:
            import asgiref.sync  # noqa: F401 - the extra that async code is documented to need
        except ImportError:
            raise RuntimeError(
                f"{func!r} is a coroutine function, which takes asgiref to run: install"
                " 'flask[async]'."
            ) from None
        from . import asynchronous  # PERF: asyncio takes longer to import than all of this package

        return asynchronous.to_sync(func)

    # The way of a request. Each method is one step and may be overridden; where it is not, the
    # compiled pipeline does the step's work without calling it.

    @t.overload
    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse, /
    ) -> Iterable[bytes]: ...

    @t.overload
    def __call__(
        self, environ: Scope, start_response: Receive, send: Send, /
    ) -> t.Awaitable[None]: ...

    @t.overload
    def __call__(self, environ: Scope, /) -> t.Callable[[Receive, Send], t.Awaitable[None]]: ...

    def __call__(self, environ: t.Any, start_response: t.Any = None, send: t.Any = None) -> t.Any:
        """Handle a request: ``app(environ, start_response)`` calls :attr:`wsgi_app`, and
        ``await app(scope, receive, send)`` calls :attr:`asgi_app`.

        Middleware replaces those two.
        """
        if send is not None:
            # PERF: 'asgi_app' does this as well, for the price of a coroutine.
            door = self._asgi_door
            if (
                door is not None
                and door.handle is not None
                and type(self).asgi_app is AsgiApplication.asgi_app
                and "asgi_app" not in self.__dict__
            ):
                return door.handle(self, environ, start_response, send)
            return self.asgi_app(environ, start_response, send)
        if start_response is None:
            return self._asgi2_instance(environ)
        return self.wsgi_app(environ, start_response)

    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Handle a request by WSGI (:pep:`3333`).

        Wrap this method in middleware, not the application:
        ``app.wsgi_app = Middleware(app.wsgi_app)``.
        """
        program = self._revision.program
        # PERF: '_current_program' does all of this, at the price of two calls.
        if (
            program is None
            or not (
                (_CANARY.__flags__ & IS_UNCHANGED and CLASSES.generation == program.generation)
                or program.classes_hold()
            )
            or (program.needs_check and not program.unobserved_hold())
        ):
            program = self._current_program()
        try:
            body: Iterable[bytes] = program.door(self, environ, start_response)
            return body
        except Exception as error:
            error.__traceback__ = shortened(error.__traceback__)
            raise

    def _current_program(self) -> RequestProgram:
        """Return the compiled program, compiled again if something has changed."""
        program: RequestProgram | None = self._revision.program
        if program is None or not program.holds(self):
            return compile_program(self, Flask, _open_door)
        return program

    def full_dispatch_request(self) -> Response:
        """Run hooks, view and error handlers; return the finished response."""
        vars(self)["_got_first_request"] = True
        ctx = _cv_request.get()
        return conductor.respond(self, ctx, steps.current_plan(self, ctx))

    def preprocess_request(self) -> ft.ResponseReturnValue | None:
        """Run the hooks before the view. A result other than ``None`` is the response."""
        ctx = _cv_request.get()
        rv = conductor.preprocess_request(self, ctx, steps.current_plan(self, ctx))
        return t.cast("ft.ResponseReturnValue | None", rv)

    def dispatch_request(self) -> ft.ResponseReturnValue:
        """Call the view, or raise the routing error."""
        ctx = _cv_request.get()
        # PERF: 'dispatch_request' itself sees to it that the plan is the current one.
        plan = ctx.plan or steps.current_plan(self, ctx)
        rv: ft.ResponseReturnValue = conductor.dispatch_request(self, ctx, plan)
        return rv

    def raise_routing_exception(self, request: Request) -> t.NoReturn:
        """Raise the routing error of a request."""
        steps.raise_routing_exception(self, request)

    def make_default_options_response(self) -> Response:
        """Return the automatic response to ``OPTIONS`` requests."""
        return steps.options_response(self, _cv_request.get())

    def make_response(self, rv: ft.ResponseReturnValue) -> Response:
        """Convert a view's return value into a response.

        ``str`` and ``bytes`` are the body, ``dict`` and ``list`` become JSON, an iterator is
        streamed, and responses and WSGI applications are used directly. A tuple adds status and
        headers.

        :raises TypeError: for any other value.

        >>> from flask import Flask
        >>> app = Flask("shop")
        >>> with app.test_request_context():
        ...     app.make_response(({"id": 7}, 201)).get_json()
        {'id': 7}
        """
        return responses.make_response(self, rv)

    def finalize_request(
        self, rv: ft.ResponseReturnValue | HTTPException, from_error_handler: bool = False
    ) -> Response:
        """Create the response and run the hooks after the view.

        :param from_error_handler: log errors of these steps instead of raising them.
        """
        return conductor.finalize_request(
            self, _cv_request.get(), rv, from_error_handler=from_error_handler
        )

    def process_response(self, response: Response) -> Response:
        """Run the hooks after the view and save the session."""
        ctx = _cv_request.get()
        return conductor.process_response(self, ctx, steps.current_plan(self, ctx), response)

    def do_teardown_request(self, exc: BaseException | Unset | None = UNSET) -> None:
        """Run the teardown functions of a request, before its context is popped.

        :param exc: error that ended the request; by default the exception being handled.
        """
        plan = steps.current_plan(self, _cv_request.get())
        conductor.run_teardown_request(self, plan, _given_or_handled(exc))

    def do_teardown_appcontext(self, exc: BaseException | Unset | None = UNSET) -> None:
        """Run the teardown functions of the application context, before it is popped.

        :param exc: error that ended it; by default the exception being handled.
        """
        program = self._current_program()
        conductor.run_teardown_appcontext(self, program, _given_or_handled(exc))

    # Errors

    def handle_user_exception(self, e: Exception) -> HTTPException | ft.ResponseReturnValue:
        """Handle an exception from a hook or view: return a response value or raise it again."""
        try:
            rv = conductor.handle_user_exception(self, _cv_request.get(), e)
            return t.cast("ft.ResponseReturnValue", rv)
        finally:
            del e  # once raised again, its traceback holds this frame

    def handle_http_exception(self, e: HTTPException) -> HTTPException | ft.ResponseReturnValue:
        """Return the response value for an HTTP exception: its handler's, else the exception."""
        return t.cast(
            "ft.ResponseReturnValue", conductor.handle_http_exception(self, _cv_request.get(), e)
        )

    def handle_exception(self, e: Exception) -> Response:
        """Return the response for an unhandled exception, a server error.

        In debug mode and in tests the exception is raised again (``PROPAGATE_EXCEPTIONS``).
        """
        try:
            return conductor.handle_exception(self, _cv_request.get(), e)
        finally:
            del e  # once raised again, its traceback holds this frame

    def log_exception(
        self,
        exc_info: tuple[type, BaseException, TracebackType] | tuple[None, None, None],
    ) -> None:
        """Log an unhandled exception with the request's path and method."""
        self.logger.error("Exception on %s [%s]", request.path, request.method, exc_info=exc_info)


def __getattr__(name: str) -> t.Any:
    if name in {"cli", "click"}:  # PERF: see CommandsOnDemand
        return importlib.import_module("flask.cli" if name == "cli" else name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


_REQUEST_INIT = Request.__init__


def _open_door(
    app: Flask, environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    """Handle the first request to a program, for which its handler is made."""
    program = app._current_program()
    if app.has_serving_functions:
        app._ensure_started()
    program.door = make_wsgi_handler(app, program)
    if app.has_websockets:
        from .websockets.wsgi import with_websockets  # PERF: most applications have none

        program.door = with_websockets(program.door)
    warn_of_debug_mode(app, environ)
    body: Iterable[bytes] = program.door(app, environ, start_response)
    return body


def _given_or_handled(exc: BaseException | Unset | None) -> BaseException | None:
    return sys.exc_info()[1] if isinstance(exc, Unset) else exc


replaced.remember(Flask)
note_empty_class(Flask)
AsgiApplication.built_in = Flask
AsgiApplication.built_in_call = Flask.__call__
AsgiApplication.built_in_entry = Flask.wsgi_app
shortcuts[Flask.url_for] = build_from_template
links[Flask.url_for] = build_here

_CANARY = CLASSES.canary
_ENSURE_SYNC = Flask.ensure_sync
_BUILT_IN_PROCESSORS = [_default_template_ctx_processor]
