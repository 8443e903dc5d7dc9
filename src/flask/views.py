"""Views written as classes: one per endpoint, or one method per HTTP method."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, ClassVar

from . import typing as ft
from .globals import current_app, request

http_method_funcs = frozenset({"get", "post", "head", "options", "delete", "put", "trace", "patch"})
"""The names of :class:`MethodView` methods that answer the HTTP method of that name."""


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
    """The HTTP methods the view is registered for; ``None`` leaves it to the route."""

    provide_automatic_options: ClassVar[bool | None] = None
    """Whether ``OPTIONS`` is answered for the view; ``None`` leaves it to the route."""

    decorators: ClassVar[list[Callable[..., Any]]] = []
    """Decorators for the view function, applied from first to last, so the last is outermost."""

    init_every_request: ClassVar[bool] = True
    """Whether each request gets an instance of its own.

    With ``False`` a single instance is made by :meth:`as_view` and serves every request, which
    is faster; data of one request then belongs on ``g``, never on ``self``.
    """

    def dispatch_request(self) -> ft.ResponseReturnValue:
        """Answer the request. Subclasses take the URL's variables as keyword arguments."""
        raise NotImplementedError

    @classmethod
    def as_view(cls, name: str, *class_args: Any, **class_kwargs: Any) -> ft.RouteCallable:
        """Make the function that a route calls.

        :param name: the name of the function, so the endpoint unless the route names another.
        :param class_args: passed to the class wherever it is instantiated,
            as are ``class_kwargs``.
        """
        view: Any
        if cls.init_every_request:

            def view(**kwargs: Any) -> ft.ResponseReturnValue:
                # Read from the function that was handed out, which code may have pointed at
                # another class since.
                instance = view.view_class(*class_args, **class_kwargs)
                return current_app.ensure_sync(instance.dispatch_request)(**kwargs)  # type: ignore[no-any-return]

        else:
            instance = cls(*class_args, **class_kwargs)

            def view(**kwargs: Any) -> ft.ResponseReturnValue:
                return current_app.ensure_sync(instance.dispatch_request)(**kwargs)  # type: ignore[no-any-return]

        if cls.decorators:
            # Decorators may read these, for instance to name an endpoint.
            view.__name__ = name
            view.__module__ = cls.__module__
            for decorator in cls.decorators:
                view = decorator(view)

        view.view_class = cls
        view.methods = cls.methods
        view.provide_automatic_options = cls.provide_automatic_options
        view.__name__ = name
        view.__doc__ = cls.__doc__
        view.__module__ = cls.__module__
        return view  # type: ignore[no-any-return]


class MethodView(View):
    """A view that answers each HTTP method by the method of the same name.

    A subclass is registered for the methods it defines or inherits; ``methods`` in its body
    overrules that.

    .. code-block:: python

        class Counter(MethodView):
            def get(self):
                return {"count": session.get("count", 0)}

            def post(self):
                session["count"] = session.get("count", 0) + 1
                return redirect(url_for("counter"))

        app.add_url_rule("/counter", view_func=Counter.as_view("counter"))
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
        """Call the method named like the request's HTTP method; ``get`` stands in for ``head``.

        :raises AssertionError: if a route lets through an HTTP method the class has no method for.
        """
        handler = getattr(self, request.method.lower(), None)
        if handler is None and request.method == "HEAD":
            handler = getattr(self, "get", None)
        if handler is None:
            raise AssertionError(
                f"{type(self).__name__} is registered for {request.method}"
                f" but has no method named {request.method.lower()!r}."
            )
        return current_app.ensure_sync(handler)(**kwargs)  # type: ignore[no-any-return]
