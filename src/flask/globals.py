"""Proxies for the current context: ``request``, ``session``, ``g``, ``current_app``.

Each is a :class:`werkzeug.local.LocalProxy` for one of two context variables. Only these two keep
per-request state outside of a context object.
"""

from __future__ import annotations

import typing as t
from contextvars import ContextVar
from operator import attrgetter

from werkzeug.local import LocalProxy as LocalProxy
from werkzeug.local import LocalProxy as WerkzeugProxy

if t.TYPE_CHECKING:
    from .app import Flask
    from .ctx import AppContext, RequestContext, _AppCtxGlobals
    from .sessions import SessionMixin
    from .wrappers import Request

T = t.TypeVar("T")

_cv_app: ContextVar[AppContext] = ContextVar("flask.app_ctx")
_cv_request: ContextVar[RequestContext] = ContextVar("flask.request_ctx")

_failed_read: ContextVar[AttributeError | None] = ContextVar("flask.failed_read", default=None)
"""Exception from reading through a proxy, passed from one of its methods to the next."""

_NO_APP = (
    "Working outside of application context.\n\n"
    "Something here asked for the current application ('current_app' or 'g', perhaps through an"
    " extension) while none was active. Wrap the code in 'with app.app_context():', or run it"
    " as a 'flask' command."
)
_NO_REQUEST = (
    "Working outside of request context.\n\n"
    "Something here asked for the current request ('request' or 'session') while none was being"
    " handled. Call it from a view or a hook; in a test, from inside"
    " 'with app.test_request_context():'."
)
# As published code knows them.
_no_app_msg, _no_req_msg = _NO_APP, _NO_REQUEST


def _itself(context: t.Any) -> t.Any:
    return context


def _make_proxy(
    variable: ContextVar[t.Any], attribute: str | None, message: str
) -> WerkzeugProxy[t.Any]:
    """Return a ``LocalProxy`` for an attribute of the variable's value, or for the value itself."""
    get_context = variable.get
    read_attribute: t.Callable[[t.Any], t.Any]
    read_attribute = _itself if attribute is None else attrgetter(attribute)

    # PERF: Werkzeug's proxy takes five calls to read one attribute of what it stands for, and
    # views do that dozens of times. Here it is one, with the same result. CPython 3.11 makes an
    # error, and drops it, before it calls a '__getattr__'; there, this way takes a third.

    def __getattribute__(self: WerkzeugProxy[t.Any], name: str) -> t.Any:
        if name in own_names:
            return read_own(self, name)
        try:
            context = get_context()
        except LookupError:
            raise RuntimeError(message) from None
        try:
            return getattr(read_attribute(context), name)
        except AttributeError as error:
            _failed_read.set(error)
            raise

    def __getattr__(self: WerkzeugProxy[t.Any], name: str) -> t.Any:
        # Python calls this after an AttributeError. Reading again might do something twice.
        error = _failed_read.get()
        if error is None:
            return getattr(current(), name)
        _failed_read.set(None)
        try:
            raise error
        finally:
            del error  # its traceback holds this frame

    def __setattr__(self: WerkzeugProxy[t.Any], name: str, value: t.Any) -> None:
        try:
            context = get_context()
        except LookupError:
            raise RuntimeError(message) from None
        setattr(read_attribute(context), name, value)

    def current() -> t.Any:
        try:
            context = get_context()
        except LookupError:
            raise RuntimeError(message) from None
        return read_attribute(context)

    def __getitem__(self: WerkzeugProxy[t.Any], key: t.Any) -> t.Any:
        return current()[key]

    def __setitem__(self: WerkzeugProxy[t.Any], key: t.Any, value: t.Any) -> None:
        current()[key] = value

    def __contains__(self: WerkzeugProxy[t.Any], key: t.Any) -> bool:
        return key in current()

    def __iter__(self: WerkzeugProxy[t.Any]) -> t.Iterator[t.Any]:
        if get_context(None) is None:  # Python would try to iterate by __getitem__
            raise TypeError(f"{type(self).__name__!r} object is not iterable: {message}")
        return iter(current())

    def __reduce_ex__(self: WerkzeugProxy[t.Any], protocol: t.SupportsIndex) -> t.Any:
        if get_context(None) is None:
            raise TypeError(f"cannot pickle a proxy that stands for nothing: {message}")
        return object.__reduce_ex__(self, protocol)

    def __bool__(self: WerkzeugProxy[t.Any]) -> bool:
        context = get_context(None)
        return context is not None and bool(read_attribute(context))

    members: dict[str, t.Any] = {
        "__slots__": (),
        "__module__": WerkzeugProxy.__module__,
        "__doc__": vars(WerkzeugProxy)["__doc__"],
        "__bool__": __bool__,
        "__contains__": __contains__,
        "__getattr__": __getattr__,
        "__getattribute__": __getattribute__,
        "__getitem__": __getitem__,
        "__iter__": __iter__,
        "__reduce_ex__": __reduce_ex__,
        "__setattr__": __setattr__,
        "__setitem__": __setitem__,
    }
    proxy_class = type("LocalProxy", (WerkzeugProxy,), members)
    own_names = frozenset(dir(proxy_class))
    read_own = object.__getattribute__
    proxy: WerkzeugProxy[t.Any] = proxy_class(variable, attribute, unbound_message=message)
    return proxy


app_ctx: AppContext = _make_proxy(_cv_app, None, _NO_APP)  # type: ignore[assignment]
current_app: Flask = _make_proxy(_cv_app, "app", _NO_APP)  # type: ignore[assignment]
g: _AppCtxGlobals = _make_proxy(_cv_app, "g", _NO_APP)  # type: ignore[assignment]
request_ctx: RequestContext = _make_proxy(  # type: ignore[assignment]
    _cv_request, None, _NO_REQUEST
)
request: Request = _make_proxy(_cv_request, "request", _NO_REQUEST)  # type: ignore[assignment]
session: SessionMixin = _make_proxy(  # type: ignore[assignment]
    _cv_request, "session", _NO_REQUEST
)
