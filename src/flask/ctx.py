"""The contexts: what is current while an application works, and while it handles a request."""

from __future__ import annotations

import contextvars
import sys
import typing as t
from functools import update_wrapper
from types import TracebackType

from werkzeug.exceptions import HTTPException

from . import typing as ft
from .globals import _cv_app, _cv_request
from .sansio.registries import WatchedType
from .signals import appcontext_popped, appcontext_pushed
from .wrappers import Request, decode_wsgi, derived

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
    """What :data:`flask.g` stands for: a plain namespace that lives as long as its context."""

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


def after_this_request(f: ft.AfterRequestCallable[t.Any]) -> ft.AfterRequestCallable[t.Any]:
    """Have a function called with the response to the current request; it returns a response.

    :raises RuntimeError: outside of a request context.
    """
    context = _cv_request.get(None)
    if context is None:
        raise RuntimeError(
            "'after_this_request' can only be used while a request is handled: call it from a view"
            " or a hook, or use 'app.after_request' for every request."
        )
    if not context._after_request_functions:
        context._after_request_functions = []
    context._after_request_functions.append(f)
    return f


def copy_current_request_context(f: F) -> F:
    """Return the function bound to the current request, to be called from elsewhere.

    Used where work is handed to a thread or greenlet that needs ``request`` or ``session``.
    Each call gets a context of its own, so that calls may overlap.

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

    return update_wrapper(wrapper, f)  # type: ignore[return-value]


def has_request_context() -> bool:
    """Whether a request is current, so that ``request`` and ``session`` may be used."""
    return _cv_request.get(None) is not None


def has_app_context() -> bool:
    """Whether an application is current, so that ``current_app`` and ``g`` may be used."""
    return _cv_app.get(None) is not None


class _Context(metaclass=WatchedType):
    """What both contexts share: they are pushed and popped, also by a ``with`` block."""

    watched_names = frozenset({"push", "pop", "match_request"})

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


class AppContext(_Context):
    """The application that is current, with the namespace ``g`` and a URL adapter.

    Pushed by :meth:`Flask.app_context`, with each request, and around each command.
    """

    # PERF: class attributes stand for what most contexts never have, as setting them on each
    # instance costs time in each request.
    _tokens: tuple[contextvars.Token[AppContext], ...] = ()

    app: Flask

    def __init__(self, app: Flask) -> None:
        self.app = app

    @derived
    def g(self) -> _AppCtxGlobals:
        """The namespace for this context, an ``app.app_ctx_globals_class``."""
        return self.app.app_ctx_globals_class()

    @derived
    def url_adapter(self) -> MapAdapter | None:
        """Builds URLs outside of requests; ``None`` where ``SERVER_NAME`` is not set."""
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
        """Make the context current again that was before the last push."""
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


class RequestContext(_Context):
    """One request on its way through the application.

    :param environ: the WSGI environment.
    :param request: the request, if there is one already.
    :param session: the session, if it is open already.
    """

    # PERF: as in AppContext; a request that needs none of these does not pay for them.
    flashes: list[tuple[str, str]] | None = None
    """Messages flashed before this request, once they were asked for."""

    rule: Rule | None = None
    """The rule that matched, from the moment that routing has found it."""

    _after_request_functions: t.Any = ()
    _opened: SessionMixin | None = None
    _made: Request | None = None
    routing_error: HTTPException | None = None
    _view_args: dict[str, t.Any] | None = None
    _tokens: tuple[tuple[contextvars.Token[RequestContext], AppContext | None], ...] | None = None
    _adapter: MapAdapter | Unset | None = UNSET
    keeps_adapter = False
    """Whether URLs are only built by the adapter: somebody else's, or none at all."""

    _opening = False
    _shares_app_context = False

    app: Flask

    def __init__(
        self,
        app: Flask,
        environ: WSGIEnvironment,
        request: Request | None = None,
        session: SessionMixin | None = None,
    ) -> None:
        self.app = app
        self.environ = environ
        if request is not None:
            self._made = request
            setattr(self, "request", request)  # noqa: B010 - instead of deriving it
        if session is not None:
            self._opened = session

    @derived
    def request(self) -> Request:
        """The request, an ``app.request_class``."""
        app = self.app
        request = app.request_class(self.environ)
        request.json_module = app.json
        if self.rule is not None:
            request.url_rule = self.rule
            request.view_args = self._view_args
        elif self.routing_error is not None:
            request.routing_exception = self.routing_error
        self._made = request
        return request

    @property
    def method(self) -> str:
        """The request's method, upper case."""
        if self._made is None and self.app.request_class is Request:
            method: str = self.environ["REQUEST_METHOD"]
            return method.upper()
        return self.request.method

    @property
    def url_adapter(self) -> MapAdapter | None:
        """Matches this request's path and builds URLs on its host."""
        adapter = self._adapter
        if isinstance(adapter, Unset):
            adapter = self._adapter = None
            try:
                adapter = self._adapter = self.app.create_url_adapter(self.request)
            except HTTPException as error:
                self.keeps_adapter = True
                self.keep_routing_error(error)
        return adapter

    @url_adapter.setter
    def url_adapter(self, adapter: MapAdapter | None) -> None:
        self._adapter = adapter
        self.keeps_adapter = True

    @derived
    def url_root(self) -> str:
        """What the paths of URLs begin with: where the application is mounted, and a slash."""
        return decode_wsgi(self.environ.get("SCRIPT_NAME") or "").rstrip("/") + "/"

    @property
    def session(self) -> SessionMixin:
        """The session; asking for it is what makes a response vary by cookie.

        :raises AssertionError: before the context was pushed.
        """
        session = self._opened
        if session is None:
            if self._tokens is None:
                raise AssertionError(
                    "The session is opened when the request context is pushed, which this one"
                    " has not been."
                )
            session = self._open_session()
        session.accessed = True
        return session

    @property
    def _session(self) -> SessionMixin | None:
        """The session without the mark that someone asked for it."""
        if self._opened is None and self._tokens is not None and not self._opening:
            return self._open_session()
        return self._opened

    @_session.setter
    def _session(self, session: SessionMixin | None) -> None:
        self._opened = session

    def _open_session(self) -> SessionMixin:
        app = self.app
        interface = app.session_interface
        self._opening = True  # and remains so if that fails
        session = interface.open_session(app, self.request)
        if session is None:
            session = interface.make_null_session(app)
        self._opened = session
        self._opening = False
        return session

    def keep_routing_error(self, error: HTTPException) -> None:
        self.routing_error = error
        if self._made is not None:
            self._made.routing_exception = error

    def forget_way_to_routing_error(self) -> None:
        """Drop how a routing error that was answered came about: the frames hold this context."""
        error = self.routing_error
        if error is not None and sys.exc_info()[1] is not error:
            error.__traceback__ = error.__context__ = None

    def open_early(self, lazy_session: bool) -> None:
        """Make what a class of the application's own may expect to be made for each request."""
        self.request  # noqa: B018 - derived when asked for
        if not lazy_session and self._opened is None:
            self._open_session()

    def copy(self) -> t.Self:
        """Return a context with the same request and session, to be pushed elsewhere."""
        return type(self)(self.app, self.request.environ, self.request, self._session)

    def match_request(self) -> None:
        """Find the rule for the request; a failure is kept until the view would be called."""
        adapter = self.url_adapter
        if adapter is None:
            return
        try:
            rule, view_args = adapter.match(return_rule=True)
        except HTTPException as error:
            self.keep_routing_error(error)
        else:
            self.rule = rule
            self._view_args = args = dict(view_args)
            if self._made is not None:
                self._made.url_rule, self._made.view_args = rule, args

    def push(self) -> None:
        """Make this the current request; the opposite is :meth:`pop`.

        Pushes a context of the application too, unless its own is current already, opens the
        session, so that converters may use it, and finds the rule.
        """
        current = _cv_app.get(None)
        own: AppContext | None = None
        if current is None or current.app is not self.app:
            own = self.app.app_context()
            own.push()
        else:
            self._shares_app_context = True
        self._tokens = (*(self._tokens or ()), (_cv_request.set(self), own))
        if self._opened is None:
            self._open_session()
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
            *rest, (token, own) = self._tokens
            self._tokens = tuple(rest)
            _cv_request.reset(token)
            if self.routing_error is not None and not rest:
                self.forget_way_to_routing_error()
            if own is not None:
                own.pop(exc)
        _check_order("request", current, self)

    def _tear_down(self, exc: BaseException | None) -> None:
        try:
            self.app.do_teardown_request(exc)
        finally:
            if self._made is not None:
                self.close_request()

    def close_request(self) -> None:
        """Close what the request opened, such as uploaded files."""
        # The environ holds the request, and the request the environ.
        self.environ["werkzeug.request"] = None
        close = getattr(self.request, "close", None)
        if close is not None:
            close()

    def is_at(self, rule: Rule | None) -> bool:
        """Whether the request still has the rule, which a hook or the view may have changed."""
        request = self._made
        return self.rule is rule and (request is None or request.url_rule is rule)

    def begin_stream(self) -> AppContext | None:
        """Announce that the application is current again, for a stream; where another one is,
        push a context, and return it.
        """
        current = _cv_app.get()
        current.announce_push()
        if current.app is self.app:
            return None
        own = self.app.app_context()
        own.push()
        return own

    def end_stream(self, exc: BaseException | None, own: AppContext | None) -> None:
        """Run the teardown functions again, for what a stream used after the request's end.

        :param exc: what ended the stream, or ``None``.
        :param own: what :meth:`begin_stream` pushed.
        """
        try:
            if not self._tokens:  # otherwise it is still pushed, and its end will come
                self._tear_down(exc)
        finally:
            if own is not None:
                own.pop(exc)
            elif not (self._tokens or self._shares_app_context):
                self.app.do_teardown_appcontext(exc)
            _cv_app.get().announce_end()

    def __repr__(self) -> str:
        request = self.request
        return f"<{type(self).__name__} {request.url!r} [{request.method}] of {self.app.name}>"
