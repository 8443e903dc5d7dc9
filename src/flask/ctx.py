"""The application context and the request context."""

from __future__ import annotations

import contextvars
import enum
import sys
import typing as t
from functools import update_wrapper
from types import TracebackType

from werkzeug.exceptions import HTTPException

from . import typing as ft
from .globals import _cv_app, _cv_request
from .pipeline.invalidation import keep_methods_in_base
from .sessions import open_from_environ
from .signals import appcontext_popped, appcontext_pushed
from .wrappers import Request, decode_wsgi, environ_with_body, lazy_attribute, request_of_scope

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.routing import MapAdapter, Rule

    from .app import Flask
    from .sessions import SessionMixin

F = t.TypeVar("F", bound=t.Callable[..., t.Any])


class Unset:
    """The type of :data:`UNSET`, the default of arguments for which ``None`` is a value."""

    def __repr__(self) -> str:
        return "<unset>"


UNSET = Unset()


class _AppCtxGlobals:
    """Class of :data:`flask.g`: a namespace that lives as long as its context.

    >>> from flask import Flask, g
    >>> with Flask("shop").app_context():
    ...     g.user = "ada"
    ...     "user" in g, g.get("page", 1), g.pop("user")
    (True, 1, 'ada')
    """

    def __getattr__(self, name: str) -> t.Any:
        raise AttributeError(f"'g' has no attribute {name!r}", name=name, obj=self)

    # Declared for type checkers: any name may be set and deleted.
    def __setattr__(self, name: str, value: t.Any) -> None:
        self.__dict__[name] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self.__dict__[name]
        except KeyError:
            raise AttributeError(f"'g' has no attribute {name!r}", name=name, obj=self) from None

    def get(self, name: str, default: t.Any | None = None) -> t.Any:
        """Return an attribute, or the default if it is not set."""
        return self.__dict__.get(name, default)

    def pop(self, name: str, default: t.Any = UNSET) -> t.Any:
        """Remove an attribute and return it, or the default.

        :raises KeyError: if it is not set and no default was given.
        """
        if default is UNSET:
            return self.__dict__.pop(name)
        return self.__dict__.pop(name, default)

    def setdefault(self, name: str, default: t.Any = None) -> t.Any:
        """Return an attribute; set it to the default first if it is not set."""
        return self.__dict__.setdefault(name, default)

    def __contains__(self, item: str) -> bool:
        return item in self.__dict__

    def __iter__(self) -> t.Iterator[str]:
        return iter(self.__dict__)

    def __repr__(self) -> str:
        context = _cv_app.get(None)
        if context is not None:
            return f"<flask.g of {context.app.name!r}>"
        return object.__repr__(self)


_REQUEST_INIT = Request.__init__


def after_this_request(f: ft.AfterRequestCallable[t.Any]) -> ft.AfterRequestCallable[t.Any]:
    """Call the decorated function with the response to the current request; it returns a response.

    :raises RuntimeError: outside of a request context.
    """
    context = _cv_request.get(None)
    if context is None:
        raise RuntimeError(
            "'after_this_request' can only be used while a request is handled: call it from a view"
            " or a hook, or use 'app.after_request' for every request."
        )
    context._after_request_functions.append(f)
    return f


def copy_current_request_context(f: F) -> F:
    """Bind a function to the current request, for calls from other threads or greenlets.

    The function can use ``request`` and ``session`` there. Each call gets its own context, so calls
    may overlap.

    >>> from flask import Flask, copy_current_request_context, request
    >>> with Flask("shop").test_request_context("/books"):
    ...     bound = copy_current_request_context(lambda: request.path)
    >>> bound()
    '/books'

    :raises RuntimeError: outside of a request context.
    """
    original = _cv_request.get(None)
    if original is None:
        raise RuntimeError(
            "'copy_current_request_context' can only be used while a request is handled: apply it"
            " inside of a view, where there is a request to copy."
        )
    template = original.copy()

    def wrapper(*args: t.Any, **kwargs: t.Any) -> t.Any:
        with template.copy() as context:
            return context.app.ensure_sync(f)(*args, **kwargs)

    return t.cast("F", update_wrapper(wrapper, f))


def has_request_context() -> bool:
    """Return whether a request is current, so that ``request`` and ``session`` are available.

    >>> has_request_context()
    False
    """
    return _cv_request.get(None) is not None


def has_app_context() -> bool:
    """Return whether an application is current, so that ``current_app`` and ``g`` are available.

    >>> from flask import Flask, has_app_context
    >>> with Flask("shop").app_context():
    ...     has_app_context()
    True
    """
    return _cv_app.get(None) is not None


class ContextState(enum.Enum):
    """State of a context."""

    NEW = "new"
    """Never pushed."""

    ACTIVE = "active"
    """Pushed, once or several times."""

    ENDED = "ended"
    """Popped as often as it was pushed; it may be pushed again."""


NEW, ACTIVE, ENDED = ContextState


class _Context:
    """Base of both contexts, with ``push`` and ``pop`` and support for ``with``."""

    if t.TYPE_CHECKING:

        def push(self) -> None: ...

        def pop(self, exc: t.Any = UNSET) -> None: ...

    def __enter__(self) -> t.Self:
        self.push()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.pop(exc_value)


@keep_methods_in_base
class AppContext(_Context):
    """Context of the current application, with the namespace ``g`` and a URL adapter.

    Pushed by :meth:`Flask.app_context`, with each request, and around each command.
    """

    # PERF: class attributes stand for what most contexts never have, as setting them on each
    # instance costs time in each request.
    _tokens: tuple[contextvars.Token[AppContext], ...] = ()

    app: Flask

    def __init__(self, app: Flask) -> None:
        self.app = app

    @lazy_attribute
    def g(self) -> _AppCtxGlobals:
        """The namespace for this context, an ``app.app_ctx_globals_class``."""
        return self.app.app_ctx_globals_class()

    @lazy_attribute
    def url_adapter(self) -> MapAdapter | None:
        """Adapter for URLs outside of requests; ``None`` if ``SERVER_NAME`` is not set."""
        return self.app.create_url_adapter(None)

    def push(self) -> None:
        """Make this the current context; the opposite is :meth:`pop`."""
        self._tokens += (_cv_app.set(self),)
        self.announce_push()

    def pop(self, exc: BaseException | Unset | None = UNSET) -> None:
        """Run the teardown functions, if it was pushed once, and restore the context before.

        :param exc: handed to the teardown functions; by default the one being handled.
        :raises AssertionError: if another context is current.
        """
        current = _cv_app.get()
        if not self._tokens:
            raise LookupError(f"{self!r} is not pushed")
        try:
            if len(self._tokens) == 1:
                self.app.do_teardown_appcontext(sys.exc_info()[1] if exc is UNSET else exc)
        finally:
            self.restore()
        _check_order("app", current, self)
        self.announce_end()

    def restore(self) -> None:
        """Restore the context that was current before the last push."""
        tokens = self._tokens
        self._tokens = tokens[:-1]
        _cv_app.reset(tokens[-1])

    def announce_push(self) -> None:
        if appcontext_pushed.receivers:
            appcontext_pushed.send(self.app, _async_wrapper=self.app.ensure_sync)

    def announce_end(self) -> None:
        if appcontext_popped.receivers:
            appcontext_popped.send(self.app, _async_wrapper=self.app.ensure_sync)


def _check_order(kind: str, current: _Context, popped: _Context) -> None:
    if current is not popped:
        raise AssertionError(
            f"Popped wrong {kind} context. {popped!r} was popped while {current!r}, pushed after"
            " it, was still current: pop contexts in the opposite order, or use 'with'."
        )


@keep_methods_in_base
class RequestContext(_Context):
    """Context of a request.

    :param environ: the WSGI environment.
    :param request: the request, if it exists already.
    :param session: the session, if it is open already.
    """

    # PERF: class attributes stand for what most requests never have, as setting them on each
    # instance costs time in each request.
    flashes: list[tuple[str, str]] | None = None
    """Flashed messages, once they were read."""

    state = NEW
    """State of the context: new, active or ended."""

    error: BaseException | None = None
    """Error that ended the request, while it is being served."""

    plan: t.Any = None
    """Plan of the request's endpoint."""

    adapter_overridden = False
    """True if URLs must be built by an adapter that the application provides."""

    # Routing results belong to the request object from the moment that it is made.
    _rule: Rule | None = None
    _view_args: dict[str, t.Any] | None = None
    _routing_error: HTTPException | None = None

    _request: Request | None = None
    _session_object: SessionMixin | None = None
    _is_opening_session = False
    _response_functions: list[ft.AfterRequestCallable[t.Any]] | None = None
    _tokens: tuple[tuple[contextvars.Token[RequestContext], AppContext | None], ...] = ()
    _adapter: MapAdapter | Unset | None = UNSET
    _shares_app_context = False

    _scope: t.Any = None
    """The ASGI scope, where the request came by ASGI and its environ is not made yet."""

    _body = b""
    """The whole body of such a request."""

    _has_json = False
    """True if that body has a JSON content type."""

    app: Flask

    @lazy_attribute
    def environ(self) -> WSGIEnvironment:
        """The WSGI environment, by ASGI made when it is first asked for."""
        request = self._request
        if request is not None:
            return request.environ
        return environ_with_body(self._scope, self._body)

    def __init__(
        self,
        app: Flask,
        environ: WSGIEnvironment,
        request: Request | None = None,
        session: SessionMixin | None = None,
    ) -> None:
        self.app = app
        # It stands in place of the derived attribute of the same name.
        self.environ = environ  # pyright: ignore
        if request is not None:
            self._request = request
            setattr(self, "request", request)  # noqa: B010 - instead of deriving it
        if session is not None:
            self._session_object = session

    @lazy_attribute
    def request(self) -> Request:
        """The request, an ``app.request_class``."""
        app = self.app
        if self._scope is not None and self._can_go_without_environ():
            request = request_of_scope(self._scope, self._body, self._has_json)
        else:
            request = app.request_class(self.environ)
        request.json_module = app.json
        if self._rule is not None:
            request.url_rule = self._rule
            request.view_args = self._view_args
        elif self._routing_error is not None:
            request.routing_exception = self._routing_error
        self._request = request
        return request

    def _can_go_without_environ(self) -> bool:
        """Return whether the environ of an ASGI request is unused, and not needed before the
        request.
        """
        return (
            "environ" not in self.__dict__
            and self.app.request_class is Request
            and Request.__init__ is _REQUEST_INIT
        )

    @property
    def method(self) -> str:
        """The request's method, upper case."""
        if self._request is None and self.app.request_class is Request:
            method: str = self.environ["REQUEST_METHOD"]
            return method.upper()
        return self.request.method

    @property
    def g(self) -> _AppCtxGlobals:
        """The namespace of the application context that is current."""
        return _cv_app.get().g

    @property
    def url_rule(self) -> Rule | None:
        """The rule that matched, or its replacement."""
        request = self._request
        return self._rule if request is None else request.url_rule

    @property
    def _blueprints(self) -> t.Sequence[str]:
        """Names of the endpoint's blueprint and its parents, innermost first."""
        plan, request = self.plan, self._request
        if (
            plan is None
            or plan.revision.program is not plan.program
            or not plan.program.names_blueprints
            or (request is not None and request.url_rule is not self._rule)
        ):
            return self.request.blueprints
        blueprints: tuple[str, ...] = plan.blueprints
        return blueprints

    @property
    def _after_request_functions(self) -> list[ft.AfterRequestCallable[t.Any]]:
        """Functions to call with the response to this request."""
        if self._response_functions is None:
            self._response_functions = []
        return self._response_functions

    @_after_request_functions.setter
    def _after_request_functions(self, functions: list[ft.AfterRequestCallable[t.Any]]) -> None:
        self._response_functions = functions

    @property
    def url_adapter(self) -> MapAdapter | None:
        """Adapter that matches this request's path and builds URLs on its host."""
        adapter = self._adapter
        if isinstance(adapter, Unset):
            adapter = self._adapter = None
            try:
                adapter = self._adapter = self.app.create_url_adapter(self.request)
            except HTTPException as error:
                self.adapter_overridden = True
                self.keep_routing_error(error)
        return adapter

    @url_adapter.setter
    def url_adapter(self, adapter: MapAdapter | None) -> None:
        self._adapter = adapter
        self.adapter_overridden = True

    @lazy_attribute
    def url_root(self) -> str:
        """Path where the application is mounted, with a trailing slash."""
        return decode_wsgi(self.environ.get("SCRIPT_NAME") or "").rstrip("/") + "/"

    @property
    def session(self) -> SessionMixin:
        """The session. Reading it makes the response vary by cookie.

        :raises AssertionError: before the context was pushed.
        """
        session = self._session_object
        if session is None:
            if self.state is NEW:
                raise AssertionError(
                    "The session is opened when the request context is pushed, which this one"
                    " has not been."
                )
            session = self.open_session()
        session.accessed = True
        return session

    @property
    def _session(self) -> SessionMixin | None:
        """The session, without marking it as accessed."""
        if self._session_object is None and self.state is not NEW and not self._is_opening_session:
            return self.open_session()
        return self._session_object

    @_session.setter
    def _session(self, session: SessionMixin | None) -> None:
        self._session_object = session

    def open_session(self) -> SessionMixin:
        """Open the session with the session interface."""
        app = self.app
        interface = app.session_interface
        self._is_opening_session = True  # and remains so if that fails
        session: SessionMixin | None = None
        if self._request is None and "environ" in self.__dict__:
            session = open_from_environ(app, interface, self.environ)
        if session is None:
            session = interface.open_session(app, self.request)
        if session is None:
            session = interface.make_null_session(app)
        self._session_object = session
        self._is_opening_session = False
        return session

    def keep_routing_error(self, error: HTTPException) -> None:
        """Store the routing error, which is raised in place of the view."""
        self._routing_error = error
        if self._request is not None:
            self._request.routing_exception = error

    def clear_routing_traceback(self) -> None:
        """Drop the traceback of a handled routing error, whose frames refer to this context."""
        error = self._routing_error
        if error is not None and sys.exc_info()[1] is not error:
            error.__traceback__ = error.__context__ = None

    def copy(self) -> t.Self:
        """Return a context with the same request and session, to push in another place."""
        return type(self)(self.app, self.request.environ, self.request, self._session)

    def match_request(self) -> None:
        """Find the rule of the request; an error is raised later, in place of the view."""
        adapter = self.url_adapter
        if adapter is None:
            return
        try:
            rule, view_args = adapter.match(return_rule=True)
        except HTTPException as error:
            self.keep_routing_error(error)
        else:
            self._rule = rule
            self._view_args = args = dict(view_args)
            if self._request is not None:
                self._request.url_rule, self._request.view_args = rule, args

    def push(self) -> None:
        """Make this the current request; the opposite is :meth:`pop`.

        This pushes an application context unless the application is current already, opens the
        session, so that converters may use it, and finds the rule.
        """
        current = _cv_app.get(None)
        app_context: AppContext | None = None
        if current is None or current.app is not self.app:
            app_context = self.app.app_context()
            app_context.push()
        else:
            self._shares_app_context = True
        self._tokens += ((_cv_request.set(self), app_context),)
        self.state = ACTIVE
        if self._session_object is None:
            self.open_session()
        if self.url_adapter is not None:
            self.match_request()

    def pop(self, exc: BaseException | Unset | None = UNSET) -> None:
        """Run the teardown functions, if it was pushed once, and restore the context before.

        :param exc: handed to the teardown functions; by default the one being handled.
        :raises AssertionError: if another context is current.
        """
        current = _cv_request.get()
        if not self._tokens:
            raise LookupError(f"{self!r} is not pushed")
        if isinstance(exc, Unset):
            exc = sys.exc_info()[1]
        try:
            if len(self._tokens) == 1:
                self._tear_down(exc)
        finally:
            *rest, (token, app_context) = self._tokens
            self._tokens = tuple(rest)
            _cv_request.reset(token)
            if not rest:
                self.state = ENDED
                if self._routing_error is not None:
                    self.clear_routing_traceback()
            if app_context is not None:
                app_context.pop(exc)
        _check_order("request", current, self)

    def _tear_down(self, exc: BaseException | None) -> None:
        try:
            self.app.do_teardown_request(exc)
        finally:
            if self._request is not None:
                self.close_request()

    def close_request(self) -> None:
        """Close what the request opened, such as uploaded files."""
        request = self.request
        # The environ holds the request, and the request the environ, if there is one.
        if self._scope is None or "environ" in self.__dict__ or "environ" in request.__dict__:
            self.environ["werkzeug.request"] = None
        close = getattr(request, "close", None)
        if close is not None:
            close()

    def begin_stream(self) -> AppContext | None:
        """Announce that the application is current again, for a stream; where another one is,
        push a context, and return it.
        """
        current = _cv_app.get()
        current.announce_push()
        if current.app is self.app:
            return None
        app_context = self.app.app_context()
        app_context.push()
        return app_context

    def end_stream(self, exc: BaseException | None, app_context: AppContext | None) -> None:
        """Run the teardown functions again, for resources that a stream used after the request.

        :param exc: error that ended the stream, or ``None``.
        :param app_context: the context that :meth:`begin_stream` pushed.
        """
        try:
            if self.state is not ACTIVE:  # otherwise its end will come
                self._tear_down(exc)
        finally:
            if app_context is not None:
                app_context.pop(exc)
            elif self.state is not ACTIVE and not self._shares_app_context:
                self.app.do_teardown_appcontext(exc)
            _cv_app.get().announce_end()

    def __repr__(self) -> str:
        request = self.request
        return f"<{type(self).__name__} {request.url!r} [{request.method}] of {self.app.name}>"
