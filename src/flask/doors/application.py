"""``AsgiApplication``: the methods that ``Flask`` inherits to be called by ASGI."""

from __future__ import annotations

import typing as t
from functools import wraps
from inspect import CO_VARARGS
from types import FunctionType

from ..ctx import after_this_request, has_request_context
from ..diagnostics.tracebacks import shortened

if t.TYPE_CHECKING:
    from ..sansio.app import App
    from .asgi import AsgiDoor
    from .body import Receive
    from .scope import Scope
    from .sending import Send

    _App = App
else:
    _App = object


def takes_wsgi_alone(call: t.Any) -> bool:
    """Return whether a function in place of ``Flask.__call__`` can't be called by ASGI servers."""
    if not isinstance(call, FunctionType):
        return False
    code = call.__code__
    return code.co_argcount == 3 and not code.co_flags & CO_VARARGS and not call.__defaults__


def with_asgi(call: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
    """Return a ``Flask.__call__`` that leaves requests by WSGI to another one."""

    @wraps(call)
    def call_by_either(
        self: t.Any, environ: t.Any, start_response: t.Any = None, send: t.Any = None
    ) -> t.Any:
        if send is not None:
            return self.asgi_app(environ, start_response, send)
        if start_response is None:
            return self._asgi2_instance(environ)
        return call(self, environ, start_response)

    return call_by_either


class AsgiApplication(_App):
    """Mixin of an application for ASGI servers and background tasks."""

    if t.TYPE_CHECKING:
        wsgi_app: t.Callable[..., t.Any]

    built_in: t.ClassVar[t.Any]
    """The class whose methods are the built-in ones."""

    built_in_call: t.ClassVar[t.Callable[..., t.Any]]
    """The ``__call__`` that does nothing but call :attr:`wsgi_app` or :attr:`asgi_app`."""

    built_in_entry: t.ClassVar[t.Callable[..., t.Any]]
    """The ``wsgi_app`` that handles requests."""

    _asgi_door: AsgiDoor | None = None

    async def asgi_app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a connection by ASGI.

        Wrap this method in middleware, not the application:
        ``app.asgi_app = Middleware(app.asgi_app)``.
        """
        door = self._asgi_door
        if door is None:
            door = self._open_asgi_door()
        try:
            await (door.handle or door.serve)(t.cast(t.Any, self), scope, receive, send)
        except Exception as error:
            error.__traceback__ = shortened(error.__traceback__)
            raise

    @classmethod
    def _keep_asgi(cls) -> None:
        """Have a ``__call__`` that a package put in the place of ours take ASGI's arguments too.

        Sentry's SDK does so with a function of a WSGI application's two arguments.
        """
        call = AsgiApplication.built_in.__call__
        if call is not AsgiApplication.built_in_call and takes_wsgi_alone(call):
            AsgiApplication.built_in.__call__ = with_asgi(call)

    def _replaced_entry(self) -> t.Any:
        """Return the WSGI application if it is wrapped or replaced, else ``None``.

        Middleware replaces :attr:`wsgi_app`; some packages replace ``__call__`` of the class.
        """
        cls = type(self)
        if cls.__call__ is not AsgiApplication.built_in_call:
            return self
        own = vars(self)
        if (
            cls.wsgi_app is AsgiApplication.built_in_entry
            and "wsgi_app" not in own
            and "async_to_sync" not in own  # which is to call coroutine functions
        ):
            return None
        return self.wsgi_app

    def _open_asgi_door(self) -> AsgiDoor:
        from .asgi import AsgiDoor  # PERF: imports asyncio, which WSGI servers don't need

        door = self.__dict__["_asgi_door"] = AsgiDoor()
        return door

    def _asgi2_instance(self, scope: Scope) -> t.Callable[[Receive, Send], t.Awaitable[None]]:
        """Return a function for one connection, as ASGI version 2 calls it."""

        async def instance(receive: Receive, send: Send) -> None:
            await self.asgi_app(scope, receive, send)

        return instance

    def _ensure_started(self) -> None:
        """Run the functions before serving if no server announced its start."""
        from .lifespan import ensure_started  # PERF: as above

        ensure_started(self)

    def add_background_task(
        self, func: t.Callable[..., t.Any], *args: t.Any, **kwargs: t.Any
    ) -> None:
        """Call a function in the background, after the response if a request is current.

        :param func: a sync or async function; it runs in an application context without a request.
        :raises RuntimeError: if too many tasks are pending.
        """
        from .background import background_tasks  # PERF: as above

        def start() -> None:
            door = self._asgi_door
            loop = None if door is None else door.loop
            background_tasks(self).start(self, loop, func, args, kwargs)

        def start_when_sent(response: t.Any) -> t.Any:
            response.call_on_close(start)
            return response

        if has_request_context():
            after_this_request(start_when_sent)
        else:
            start()
