"""WebSocket handlers and hooks, declared on applications and blueprints."""

from __future__ import annotations

import typing as t
from functools import cached_property

H = t.TypeVar("H", bound=t.Callable[..., t.Any])
F = t.TypeVar("F", bound=t.Callable[..., t.Any])

Hooks = dict[str | None, list[t.Callable[..., t.Any]]]
"""Functions in registration order, by blueprint name; ``None`` for all handlers."""


class AppWebsockets:
    """Mixin of an application with WebSocket handlers and hooks."""

    if t.TYPE_CHECKING:

        def _check_setup_finished(self, f_name: str) -> None: ...

    # PERF: made when first asked for, so that an application without any pays nothing.

    @cached_property
    def before_websocket_funcs(self) -> Hooks:
        """Functions called before the handler, by blueprint name."""
        return {}

    @cached_property
    def after_websocket_funcs(self) -> Hooks:
        """Functions called after the handler, by blueprint name."""
        return {}

    @cached_property
    def teardown_websocket_funcs(self) -> Hooks:
        """Functions called when the connection ends, by blueprint name."""
        return {}

    @property
    def has_websockets(self) -> bool:
        """True if there are WebSocket handlers."""
        return "_websocket_endpoints" in self.__dict__

    def websocket(self, rule: str, **options: t.Any) -> t.Callable[[H], H]:
        """Register the decorated function as the handler of WebSocket connections to a path.

        .. code-block:: python

            @app.websocket("/rooms/<name>")
            async def room(name):
                async for message in websocket:
                    await websocket.send(f"{name}: {message}")

        A coroutine function runs on the server's event loop, any other function in a thread.

        :param rule: a path with ``<converter:name>`` variables.
        :param options: passed to :meth:`add_websocket`.
        """

        def declare(f: H) -> H:
            self.add_websocket(rule, options.pop("endpoint", None), f, **options)
            return f

        return declare

    def add_websocket(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: t.Callable[..., t.Any] | None = None,
        **options: t.Any,
    ) -> None:
        """Register a handler of WebSocket connections without a decorator.

        :param endpoint: name for ``url_for``, by default the function's name.
        :param view_func: function called with the URL variables as keyword arguments.
        :param options: passed to :class:`werkzeug.routing.Rule`; ``methods`` is not allowed.
        :raises TypeError: without a function, or for ``methods``.
        """
        self._check_setup_finished("add_websocket")
        name, handler = named_handler(rule, endpoint, view_func, options)
        from ..websockets.handler import Handler  # PERF: most applications have none

        t.cast(t.Any, self).add_url_rule(
            rule,
            name,
            Handler(handler),
            methods=["GET"],
            websocket=True,
            provide_automatic_options=False,
            **options,
        )
        self.__dict__.setdefault("_websocket_endpoints", set()).add(name)

    def before_websocket(self, f: F) -> F:
        """Call the decorated function before each handler. If it returns a value other than
        ``None``, the connection is refused with that response.
        """
        self._check_setup_finished("before_websocket")
        self.before_websocket_funcs.setdefault(None, []).append(f)
        return f

    def after_websocket(self, f: F) -> F:
        """Call the decorated function after each handler. It gets the response that refuses the
        connection, or ``None`` if it was accepted, and returns either.
        """
        self._check_setup_finished("after_websocket")
        self.after_websocket_funcs.setdefault(None, []).append(f)
        return f

    def teardown_websocket(self, f: F) -> F:
        """Call the decorated function at the end of each connection. It gets the exception that
        ended the connection, or ``None``, also if the client disconnected.
        """
        self._check_setup_finished("teardown_websocket")
        self.teardown_websocket_funcs.setdefault(None, []).append(f)
        return f


def named_handler(
    rule: str,
    endpoint: str | None,
    handler: t.Callable[..., t.Any] | None,
    options: dict[str, t.Any],
) -> tuple[str, t.Callable[..., t.Any]]:
    """Check a declaration and return its endpoint and handler."""
    if handler is None or callable(rule):
        raise TypeError(
            "A WebSocket needs a path and a handler: write '@app.websocket(\"/path\")', or pass"
            " 'view_func' to 'add_websocket'."
        )
    if "methods" in options:
        raise TypeError(
            f"The WebSocket {rule!r} takes no 'methods': a handshake is always a GET request."
        )
    return endpoint or handler.__name__, handler


class BlueprintWebsockets:
    """Mixin of a blueprint with WebSocket handlers and hooks."""

    if t.TYPE_CHECKING:

        def record(self, func: t.Callable[[t.Any], None]) -> None: ...

        def record_once(self, func: t.Callable[[t.Any], None]) -> None: ...

    def websocket(self, rule: str, **options: t.Any) -> t.Callable[[H], H]:
        """Register the decorated function as the handler of WebSocket connections to a path below
        the blueprint's ``url_prefix``; see :meth:`flask.Flask.websocket`.
        """

        def declare(f: H) -> H:
            self.add_websocket(rule, options.pop("endpoint", None), f, **options)
            return f

        return declare

    def add_websocket(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: t.Callable[..., t.Any] | None = None,
        **options: t.Any,
    ) -> None:
        """Register a handler of WebSocket connections; see :meth:`flask.Flask.add_websocket`.

        :raises ValueError: if the endpoint contains a dot.
        """
        name, handler = named_handler(rule, endpoint, view_func, options)
        if "." in name:
            raise ValueError(
                f"The endpoint {name!r} may not contain a dot: on a blueprint, dots are between its"
                " name and the endpoint's."
            )
        self.record(lambda state: _add_below(state, rule, name, handler, dict(options)))

    def before_websocket(self, f: F) -> F:
        """Call the decorated function before each handler of this blueprint."""
        self.record(lambda state: _hooks(state, "before", full_name(state)).append(f))
        return f

    def after_websocket(self, f: F) -> F:
        """Call the decorated function after each handler of this blueprint."""
        self.record(lambda state: _hooks(state, "after", full_name(state)).append(f))
        return f

    def teardown_websocket(self, f: F) -> F:
        """Call the decorated function at the end of each connection to this blueprint."""
        self.record(lambda state: _hooks(state, "teardown", full_name(state)).append(f))
        return f

    def before_app_websocket(self, f: F) -> F:
        """Call the decorated function before each handler of the application."""
        self.record_once(lambda state: _hooks(state, "before", None).append(f))
        return f

    def after_app_websocket(self, f: F) -> F:
        """Call the decorated function after each handler of the application."""
        self.record_once(lambda state: _hooks(state, "after", None).append(f))
        return f

    def teardown_app_websocket(self, f: F) -> F:
        """Call the decorated function at the end of each connection to the application."""
        self.record_once(lambda state: _hooks(state, "teardown", None).append(f))
        return f


def full_name(state: t.Any) -> str:
    """Return the name that a blueprint is registered under, with those of blueprints around it."""
    return f"{state.name_prefix}.{state.name}".lstrip(".")


def _hooks(state: t.Any, kind: str, name: str | None) -> list[t.Any]:
    registry: Hooks = getattr(state.app, f"{kind}_websocket_funcs")
    return registry.setdefault(name, [])


def _add_below(
    state: t.Any, rule: str, name: str, handler: t.Any, options: dict[str, t.Any]
) -> None:
    """Declare a handler on the application, placed as this registration places its rules."""
    if state.url_prefix is not None:
        rule = f"{state.url_prefix.rstrip('/')}/{rule.lstrip('/')}" if rule else state.url_prefix
    options["defaults"] = {**state.url_defaults, **(options.get("defaults") or {})}
    options.setdefault("subdomain", state.subdomain)
    state.app.add_websocket(rule, f"{full_name(state)}.{name}", handler, **options)
