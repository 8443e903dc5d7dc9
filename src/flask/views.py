"""Views written as classes: one per endpoint, or one method per HTTP method."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Collection, Mapping
from typing import Any, ClassVar

from . import typing as ft
from .globals import _cv_app, _cv_request
from .globals import current_app as current_app
from .globals import request as request

F = t.TypeVar("F", bound=t.Callable[..., t.Any])

http_method_funcs = frozenset({"get", "post", "head", "options", "delete", "put", "trace", "patch"})
"""Names of :class:`MethodView` methods, each for the HTTP method of that name."""


class View:
    """A view that is a class: override :meth:`dispatch_request`, register :meth:`as_view`.

    .. code-block:: python

        class Greeting(View):
            init_every_request = False

            def __init__(self, salutation):
                self.salutation = salutation

            def dispatch_request(self, name):
                return f"{self.salutation}, {name}!"

        app.add_url_rule("/hello/<name>", view_func=Greeting.as_view("hello", "Hello"))
    """

    methods: ClassVar[Collection[str] | None] = None
    """The HTTP methods the view is registered for; ``None`` leaves the choice to the route."""

    provide_automatic_options: ClassVar[bool | None] = None
    """True to answer ``OPTIONS`` for the view; ``None`` leaves the choice to the route."""

    decorators: ClassVar[list[Callable[..., Any]]] = []
    """Decorators for the view function, applied from first to last, so the last is outermost."""

    init_every_request: ClassVar[bool] = True
    """True to create an instance for each request.

    With ``False``, :meth:`as_view` creates a single instance that serves all requests, which is
    faster. Store data of a request on ``g`` then, never on ``self``.
    """

    def dispatch_request(self) -> ft.ResponseReturnValue:
        """Handle the request. Implementations take the URL variables as keyword arguments."""
        raise NotImplementedError

    @classmethod
    def as_view(cls, name: str, *class_args: Any, **class_kwargs: Any) -> ft.RouteCallable:
        """Return a view function for the class.

        :param name: the name of the function, which is the default endpoint.
        :param class_args: passed to the constructor, as are ``class_kwargs``.
        """
        view: Any
        if cls.init_every_request:

            def view_by_fresh_instance(**kwargs: Any) -> Any:
                # Read from the function that was handed out, which code may have pointed at
                # another class since.
                instance = view.view_class(*class_args, **class_kwargs)
                return _app().ensure_sync(instance.dispatch_request)(**kwargs)

            view = view_by_fresh_instance

        else:
            instance = cls(*class_args, **class_kwargs)

            def view_by_shared_instance(**kwargs: Any) -> Any:
                return _app().ensure_sync(instance.dispatch_request)(**kwargs)

            view = view_by_shared_instance

        identity: dict[str, object] = {"__name__": name, "__module__": cls.__module__}
        _set_attributes(view, identity)  # for the decorators, which may name something after it
        for decorate in cls.decorators:
            view = decorate(view)
        declared: dict[str, object] = {
            "__doc__": cls.__doc__,
            "view_class": cls,
            "methods": cls.methods,
            "provide_automatic_options": cls.provide_automatic_options,
        }
        _set_attributes(view, identity | declared)
        return view  # type: ignore[no-any-return]


_CURRENT_APP = current_app
_REQUEST = request


def _app() -> Any:
    # PERF: resolving the proxy takes longer than what is asked of it. In a test, the name may
    # stand for something else.
    ctx = _cv_app.get(None)
    return current_app if ctx is None or current_app is not _CURRENT_APP else ctx.app


def _set_attributes(target: object, attributes: Mapping[str, object]) -> None:
    for name, value in attributes.items():
        setattr(target, name, value)


class MethodView(View):
    """A view that handles each HTTP method with the method of the same name.

    A subclass is registered for the methods it defines or inherits, unless it sets ``methods``.

    .. code-block:: python

        class Shelf(MethodView):
            def get(self, book):
                return shelf.describe(book)

            def delete(self, book):
                shelf.discard(book)
                return "", 204

        app.add_url_rule("/shelf/<book>", view_func=Shelf.as_view("shelf"))
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "methods" in cls.__dict__:
            return
        found = {name.upper() for name in http_method_funcs if hasattr(cls, name)}
        for base in cls.__bases__:
            found.update(getattr(base, "methods", None) or ())
        # A class without any method yet may be meant as a base: then nothing is settled.
        if found:
            cls.methods = found

    def dispatch_request(self, **kwargs: Any) -> ft.ResponseReturnValue:
        """Call the method named after the request's HTTP method; ``get`` also handles ``HEAD``.

        :raises AssertionError: if the class has no such method.
        """
        # PERF: without a context, the proxy raises what says so.
        ctx = _cv_request.get(None)
        is_usual = request is _REQUEST  # in a test, it may be something else
        method = ctx.method if is_usual and ctx is not None else request.method
        handler = getattr(self, method.lower(), None)
        if handler is None and method == "HEAD":
            handler = getattr(self, "get", None)
        if handler is None:
            raise AssertionError(
                f"{type(self).__name__} is registered for {method}"
                f" but has no method named {method.lower()!r}."
            )
        rv: ft.ResponseReturnValue = _app().ensure_sync(handler)(**kwargs)
        return rv
