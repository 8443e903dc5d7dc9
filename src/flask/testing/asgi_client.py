"""An async test client that calls the ASGI entry point on the test's own loop."""

from __future__ import annotations

import asyncio
import typing as t
from contextlib import AbstractContextManager, asynccontextmanager

from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.test import ClientRedirectError, TestResponse
from werkzeug.wrappers import Request as WerkzeugRequest

from .asgi import Feed, headers_from, scope_of
from .client import FlaskClient

if t.TYPE_CHECKING:
    from types import TracebackType

    from werkzeug.datastructures import Headers
    from werkzeug.test import Cookie

    from ..app import Flask
    from ..doors.body import Message
    from ..sessions import SessionMixin
    from .websockets import WebsocketTestConnection

REDIRECTS = {301, 302, 303, 305, 307, 308}


class _Jar(FlaskClient):
    """A sync client that builds requests and keeps cookies but sends nothing."""

    def open(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
        """Return the request instead of sending it, also for redirects."""
        if args and not isinstance(args[0], str):
            return self._request_from(args[0])
        return self._request_from_builder_args(args, kwargs)


class AsyncFlaskClient:
    """A test client for async tests, which calls the ASGI entry point on the running loop.

    An ``async with`` block starts and stops the application, so that
    ``before_serving``, ``while_serving`` and ``after_serving`` run:

    .. code-block:: python

        async with app.async_test_client() as client:
            response = await client.get("/")
            assert response.status_code == 200

    :param app: the application.
    :param use_cookies: keep cookies between requests.
    :param kwargs: passed to :class:`FlaskClient`.
    """

    def __init__(self, app: Flask, use_cookies: bool = True, **kwargs: t.Any) -> None:
        self.application = app
        self._jar = _Jar(app, app.response_class, use_cookies=use_cookies, **kwargs)
        self._lifespan: _Lifespan | None = None

    async def __aenter__(self) -> t.Self:
        self._lifespan = _Lifespan(self.application)
        await self._lifespan.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        assert self._lifespan is not None
        await self._lifespan.stop()

    # Requests

    async def open(
        self, *args: t.Any, follow_redirects: bool = False, **kwargs: t.Any
    ) -> TestResponse:
        """Send a request and return the response, read to its end.

        :param args: as for :meth:`FlaskClient.open`, as are ``kwargs``.
        :param follow_redirects: follow redirects until a response is not a redirect.
        """
        request: WerkzeugRequest = self._jar.open(*args, **kwargs)
        response = await self._send(request)
        if not follow_redirects:
            return response
        history: list[TestResponse] = []
        seen: set[tuple[str | None, int]] = set()
        while response.status_code in REDIRECTS:
            entry = (response.location, response.status_code)
            if entry in seen:
                raise ClientRedirectError(f"The redirects to {response.location!r} go in a circle.")
            seen.add(entry)
            history.append(response)
            response = await self._send(t.cast(t.Any, self._jar.resolve_redirect(response)))
            response.history = tuple(history)
        return response

    async def _send(self, request: WerkzeugRequest) -> TestResponse:
        async with self._exchange(request) as exchange:
            body = [piece async for piece in exchange]
            answer = self._jar.response_wrapper(
                body, exchange.status, exchange.headers, request=request
            )
            answer.json_module = self.application.json  # type: ignore[assignment]
            return answer

    @asynccontextmanager
    async def _exchange(self, request: WerkzeugRequest) -> t.AsyncIterator[StreamedResponse]:
        environ = request.environ
        self._jar._add_cookies_to_wsgi(environ)
        exchange = StreamedResponse(self.application, environ)
        await exchange.begin()
        try:
            if exchange.is_started:
                self._jar._keep_cookies(environ, exchange.headers)
            yield exchange
        finally:
            await exchange.close()

    @asynccontextmanager
    async def stream(
        self, method: str, *args: t.Any, **kwargs: t.Any
    ) -> t.AsyncIterator[StreamedResponse]:
        """Send a request and read the response in chunks; leaving the block disconnects.

        .. code-block:: python

            async with client.stream("GET", "/events") as response:
                async for piece in response:
                    ...
        """
        request: WerkzeugRequest = self._jar.open(*args, method=method, **kwargs)
        async with self._exchange(request) as exchange:
            yield exchange

    async def get(self, *args: t.Any, **kwargs: t.Any) -> TestResponse:
        """Send a ``GET`` request; see :meth:`open`."""
        return await self.open(*args, method="GET", **kwargs)

    async def post(self, *args: t.Any, **kwargs: t.Any) -> TestResponse:
        """Send a ``POST`` request; see :meth:`open`."""
        return await self.open(*args, method="POST", **kwargs)

    async def put(self, *args: t.Any, **kwargs: t.Any) -> TestResponse:
        """Send a ``PUT`` request; see :meth:`open`."""
        return await self.open(*args, method="PUT", **kwargs)

    async def patch(self, *args: t.Any, **kwargs: t.Any) -> TestResponse:
        """Send a ``PATCH`` request; see :meth:`open`."""
        return await self.open(*args, method="PATCH", **kwargs)

    async def delete(self, *args: t.Any, **kwargs: t.Any) -> TestResponse:
        """Send a ``DELETE`` request; see :meth:`open`."""
        return await self.open(*args, method="DELETE", **kwargs)

    async def head(self, *args: t.Any, **kwargs: t.Any) -> TestResponse:
        """Send a ``HEAD`` request; see :meth:`open`."""
        return await self.open(*args, method="HEAD", **kwargs)

    async def options(self, *args: t.Any, **kwargs: t.Any) -> TestResponse:
        """Send an ``OPTIONS`` request; see :meth:`open`."""
        return await self.open(*args, method="OPTIONS", **kwargs)

    def websocket(
        self, *args: t.Any, subprotocols: t.Sequence[str] = (), **kwargs: t.Any
    ) -> WebsocketTestConnection:
        """Open a WebSocket in an ``async with`` block; see :class:`WebsocketTestConnection`.

        :param args: as for :meth:`open`, as are ``kwargs``: the path, ``headers`` and so on.
        :param subprotocols: those that the client asks for, the best first.
        :raises WebsocketResponseError: if the application refuses it, on entering the block.
        """
        from .websockets import WebsocketTestConnection  # PERF: most tests open none

        request: WerkzeugRequest = self._jar.open(*args, **kwargs)
        return WebsocketTestConnection(self._jar, request, subprotocols)

    # Cookies

    def get_cookie(self, key: str, domain: str = "localhost", path: str = "/") -> Cookie | None:
        """Return a cookie, or ``None``."""
        return self._jar.get_cookie(key, domain, path)

    def set_cookie(self, key: str, value: str = "", **kwargs: t.Any) -> None:
        """Set a cookie; see :meth:`werkzeug.test.Client.set_cookie`."""
        self._jar.set_cookie(key, value, **kwargs)

    def delete_cookie(self, key: str, **kwargs: t.Any) -> None:
        """Delete a cookie."""
        self._jar.delete_cookie(key, **kwargs)

    def session_transaction(
        self, *args: t.Any, **kwargs: t.Any
    ) -> AbstractContextManager[SessionMixin]:
        """Read and change the session in a ``with`` block; see
        :meth:`FlaskClient.session_transaction`.
        """
        return self._jar.session_transaction(*args, **kwargs)


class StreamedResponse:
    """A response that is still being sent: status, headers, and chunks of the body."""

    def __init__(self, app: Flask, environ: dict[str, t.Any]) -> None:
        self._app = app
        self._feed = Feed(environ)
        self._scope = scope_of(environ)
        self._arrived: asyncio.Queue[bytes | None] = asyncio.Queue(1)
        self._started = asyncio.Event()
        self._start: Message | None = None

    @property
    def is_started(self) -> bool:
        """True if the application has started to respond."""
        return self._start is not None

    @property
    def status_code(self) -> int:
        """The status code of the response."""
        assert self._start is not None
        return int(self._start["status"])

    @property
    def status(self) -> str:
        """The status code with its usual phrase."""
        phrase = HTTP_STATUS_CODES.get(self.status_code, "Unknown")
        return f"{self.status_code} {phrase.upper()}"

    @property
    def headers(self) -> Headers:
        """The headers of the response."""
        assert self._start is not None
        return headers_from(self._start["headers"])

    async def begin(self) -> None:
        """Send the request and wait for the start of the response.

        :raises BaseException: any exception the application raises before that.
        """
        self._task = asyncio.ensure_future(self._serve())
        started = asyncio.ensure_future(self._started.wait())
        await asyncio.wait((self._task, started), return_when=asyncio.FIRST_COMPLETED)
        started.cancel()
        if not self.is_started:
            await self._task
            raise AssertionError("The application ended without a response.")

    async def _serve(self) -> None:
        try:
            await self._app.asgi_app(self._scope, self._feed.receive, self._send)
        finally:
            self._feed.rewind()
            if self.is_started and not self._feed.gone.is_set():
                await self._arrived.put(None)

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            self._started.set()
        elif message.get("body") and not self._feed.gone.is_set():
            await self._arrived.put(message["body"])

    async def __aiter__(self) -> t.AsyncIterator[bytes]:
        while (piece := await self._arrived.get()) is not None:
            yield piece
        await self._task

    async def close(self) -> None:
        """Disconnect and wait until the application has noticed."""
        self._feed.gone.set()
        while not self._arrived.empty():
            self._arrived.get_nowait()
        await asyncio.wait((self._task,))


class _Lifespan:
    """The lifespan protocol, from the server's side."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._incoming: asyncio.Queue[Message] = asyncio.Queue()
        self._outgoing: asyncio.Queue[Message] = asyncio.Queue()

    async def start(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}}
        call = self._app.asgi_app(scope, self._incoming.get, self._outgoing.put)
        self._task = asyncio.ensure_future(call)
        await self._exchange("startup")

    async def stop(self) -> None:
        await self._exchange("shutdown")
        await self._task

    async def _exchange(self, phase: str) -> None:
        await self._incoming.put({"type": f"lifespan.{phase}"})
        answer = asyncio.ensure_future(self._outgoing.get())
        await asyncio.wait((self._task, answer), return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            answer.cancel()
            await self._task
        elif answer.result()["type"] == f"lifespan.{phase}.failed":
            raise RuntimeError(
                f"The application failed at its {phase}: {answer.result().get('message', '')}"
            )
