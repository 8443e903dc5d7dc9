"""A test client that calls the application directly, keeps cookies and can keep contexts."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from copy import copy
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

import werkzeug.test
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse
from werkzeug.wrappers import Request as WerkzeugRequest
from werkzeug.wsgi import get_current_url

from ..sessions import SessionMixin
from .environ import EnvironBuilder
from .plain import make_plain_environ, origin

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.datastructures import Headers

    from ..app import Flask
    from .websockets import SyncWebsocketTestConnection

DOOR_VARIABLE = "FLASK_TEST_CLIENT_DOOR"
"""Environment variable with the default protocol of clients, ``wsgi`` or ``asgi``."""

#: Where an application finds a function to hand its contexts to, if they are to be kept.
_PRESERVE = "werkzeug.debug.preserve_context"


@cache
def _get_werkzeug_version() -> str:
    # Only tests need it, and reading metadata is slow.
    from importlib.metadata import version

    return version("werkzeug")


class FlaskClient(werkzeug.test.Client):
    """A :class:`werkzeug.test.Client` with the application's configuration and contexts.

    In a ``with`` block the contexts of the latest request stay current after it, so that a test
    can look at ``request``, ``session`` and ``g``; they are popped at the next request or at
    the end of the block:

    .. code-block:: python

        with app.test_client() as client:
            client.get("/?page=2")
            assert request.args["page"] == "2"
    """

    application: Flask

    default_door: ClassVar[str] = "wsgi"
    """Protocol of clients if neither an argument nor the environment names one."""

    preserve_context: bool
    """True to keep contexts current after a request, as inside a ``with`` block."""

    environ_base: dict[str, Any]
    """Defaults of the WSGI environment of every request."""

    def __init__(self, *args: Any, door: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._door = door or os.environ.get(DOOR_VARIABLE) or self.default_door
        if self._door not in {"asgi", "wsgi"}:
            raise ValueError(f"A test client goes through 'wsgi' or 'asgi', not {self._door!r}.")
        self.preserve_context = False
        self.environ_base = {
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_USER_AGENT": f"Werkzeug/{_get_werkzeug_version()}",
        }
        # Handed over by the application during a request, to be entered after it ...
        self._new_contexts: list[AbstractContextManager[Any]] = []
        # ... and those that are entered now.
        self._context_stack = ExitStack()

    def _keep_cookies(self, environ: WSGIEnvironment, headers: Headers) -> None:
        url = urlsplit(get_current_url(environ))
        cookies = headers.getlist("Set-Cookie")
        self._update_cookies_from_response(url.hostname or "localhost", url.path, cookies)

    def __enter__(self) -> Self:
        if self.preserve_context:
            raise RuntimeError(
                "This client is in a 'with' block already, and keeps one request's contexts at a"
                " time: use a second client, or end the first block."
            )
        self.preserve_context = True
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.preserve_context = False
        self._context_stack.close()

    def open(
        self,
        *args: Any,
        buffered: bool = False,
        follow_redirects: bool = False,
        **kwargs: Any,
    ) -> TestResponse:
        """Send a request and return the response; ``get``, ``post`` and so on call this method.

        :param args: arguments of :class:`EnvironBuilder` after the application, as are
            ``kwargs``; or a single builder, WSGI environment or request object, which is not
            changed.
        :param buffered: read the response to its end, so that the request is finished on return.
        :param follow_redirects: follow redirects until a response is not a redirect.
        """
        if args and isinstance(args[0], werkzeug.test.EnvironBuilder | dict | WerkzeugRequest):
            request = self._request_from(args[0])
        else:
            request = self._request_from_builder_args(args, kwargs)

        self._context_stack.close()
        try:
            response = super().open(request, buffered=buffered, follow_redirects=follow_redirects)
        except BaseException:
            # The contexts of a request that failed are not for a later request to leave behind.
            self._new_contexts.clear()
            raise
        for answer in (response, *response.history):
            answer.json_module = self.application.json  # type: ignore[assignment]
        for context in self._new_contexts:
            self._context_stack.enter_context(context)
        self._new_contexts.clear()
        return response

    def _request_from_builder_args(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> WerkzeugRequest:
        """Return a request for the arguments of an :class:`EnvironBuilder`."""
        base = self._with_environ_base(kwargs.get("environ_base") or {})
        if len(args) == 1:
            environ = make_plain_environ(self.application, base, args[0], kwargs)
            if environ is not None:
                return EnvironBuilder.request_class(environ)
        builder = EnvironBuilder(self.application, *args, **{**kwargs, "environ_base": base})
        try:
            return builder.get_request()
        finally:
            builder.close()

    def _request_from(
        self, given: werkzeug.test.EnvironBuilder | WSGIEnvironment | WerkzeugRequest
    ) -> WerkzeugRequest:
        """Return a request for an object that describes one, without changing it."""
        if isinstance(given, WerkzeugRequest):
            request = copy(given)
            request.environ = self._with_environ_base(given.environ)
            return request
        if isinstance(given, dict):
            return EnvironBuilder.from_environ(
                given, app=self.application, environ_base=self._with_environ_base({})
            ).get_request()
        builder = copy(given)
        builder.environ_base = self._with_environ_base(builder.environ_base or {})
        return builder.get_request()

    def run_wsgi_app(
        self, environ: WSGIEnvironment, buffered: bool = False
    ) -> tuple[Iterable[bytes], str, Headers]:
        # PERF: Werkzeug's own makes the whole URL twice, to take the host and the path of it.
        where = origin(environ)
        if where is None and self._door == "wsgi":
            return super().run_wsgi_app(environ, buffered)
        self._add_cookies_to_wsgi(environ)
        answer = self._call_application(environ, buffered)
        if where is None:
            self._keep_cookies(environ, answer[2])
        else:
            self._update_cookies_from_response(*where, answer[2].getlist("Set-Cookie"))
        return answer

    def _call_application(
        self, environ: WSGIEnvironment, buffered: bool
    ) -> tuple[Iterable[bytes], str, Headers]:
        if self._door == "wsgi":
            return werkzeug.test.run_wsgi_app(self.application, environ, buffered=buffered)
        from .asgi import run_asgi_app  # PERF: imports asyncio

        return run_asgi_app(self.application, environ, buffered)

    def _add_cookies_to_wsgi(self, environ: WSGIEnvironment) -> None:
        where = None if self._cookies is None else origin(environ)
        if where is None:
            super()._add_cookies_to_wsgi(environ)
            return
        cookies = [
            cookie._to_request_header()
            for cookie in (self._cookies or {}).values()
            if cookie._matches_request(*where)
        ]
        if cookies:
            environ["HTTP_COOKIE"] = "; ".join(cookies)
        else:
            environ.pop("HTTP_COOKIE", None)

    def _with_environ_base(self, environ: Mapping[str, Any]) -> WSGIEnvironment:
        merged = {**self.environ_base, **environ}
        if self.preserve_context:
            merged[_PRESERVE] = self._new_contexts.append
        return merged

    def websocket(
        self, *args: Any, subprotocols: Sequence[str] = (), **kwargs: Any
    ) -> SyncWebsocketTestConnection:
        """Open a WebSocket in a ``with`` block:

        .. code-block:: python

            with client.websocket("/echo") as socket:
                socket.send("hello")
                assert socket.receive() == "hello"

        :param args: as for :meth:`open`, as are ``kwargs``: the path, ``headers`` and so on.
        :param subprotocols: those that the client asks for, the best first.
        :raises WebsocketResponseError: if the application refuses it, on entering the block.
        """
        from .websockets import (  # PERF: imports asyncio
            SyncWebsocketTestConnection,
            WebsocketTestConnection,
        )

        request = self._request_from_builder_args(args, kwargs)
        return SyncWebsocketTestConnection(WebsocketTestConnection(self, request, subprotocols))

    @contextmanager
    def session_transaction(self, *args: Any, **kwargs: Any) -> Iterator[SessionMixin]:
        """Read and change the client's session in a ``with`` block.

        The session is saved at the end of the block, and the client gets the resulting cookies.

        :param args: passed to :meth:`flask.Flask.test_request_context`, as are ``kwargs``, to make
            the request that the session is opened for.
        :raises TypeError: if the client was created without cookies.
        :raises RuntimeError: if the application can't open a session, for example because it has no
            secret key.

        >>> from flask import Flask, session
        >>> app = Flask("shop", static_folder=None)
        >>> app.secret_key = "test"
        >>> app.add_url_rule("/", "index", lambda: session["user"])
        >>> client = app.test_client()
        >>> with client.session_transaction() as opened:
        ...     opened["user"] = "ada"
        >>> client.get("/").text
        'ada'
        """
        if self._cookies is None:
            raise TypeError(
                "Cookies are disabled: this client was made with 'use_cookies=False', and sessions"
                " need cookies."
            )
        app = self.application
        context = app.test_request_context(*args, **kwargs)
        environ = context.request.environ
        self._add_cookies_to_wsgi(environ)

        with context:
            session = app.session_interface.open_session(app, context.request)
        if session is None:
            raise RuntimeError(
                "Session backend did not open a session: the application's session interface"
                " returned None. The built-in one does so without a SECRET_KEY."
            )
        yield session
        if app.session_interface.is_null_session(session):
            return

        response = app.response_class()
        with context:
            app.session_interface.save_session(app, session, response)
        self._keep_cookies(environ, response.headers)
