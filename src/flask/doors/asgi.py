"""The ASGI door: one application object that ASGI servers call as well."""

from __future__ import annotations

import asyncio
import os
import typing as t
import weakref
from contextvars import copy_context
from functools import partial

from .body import Inlet, PulledBody, Receive, expects_body, input_of, read_ahead
from .lifespan import handle_lifespan
from .scope import WORKERS, Scope, environ_of
from .sending import PathFile, Send, Transfer
from .threads import Mailbox, WorkerPool

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from ..sansio.app import App

DEFAULT_THREADS = 40
DEFAULT_BACKLOG = 2048
DEFAULT_BODY_MEMORY = 64 * 1024
DEFAULT_TIMEOUT = 60.0


class AsgiDoor:
    """The ASGI side of one application: its worker threads, and the loop that it serves on.

    Holds nothing of the application, to which it belongs.
    """

    def __init__(self) -> None:
        self._mailbox: Mailbox | None = None
        self._pool: WorkerPool | None = None
        self._pid = os.getpid()

    async def __call__(
        self, app: App, application: t.Any, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Handle one connection.

        :param application: the WSGI application that stands for the app, with its middleware.
        """
        kind = scope["type"]
        if kind == "http":
            await self.serve_wsgi(app, application, scope, receive, send)
        elif kind == "lifespan":
            self._current_mailbox()
            await handle_lifespan(app, receive, send, partial(finish_background_tasks, app))
            self.close()
        elif kind == "websocket":
            await _refuse_websocket(receive, send)
        else:
            raise ValueError(
                f"An ASGI server asked for {kind!r}; the application {app.name!r} serves"
                " 'http' and 'lifespan'."
            )

    def _current_mailbox(self) -> Mailbox:
        mailbox = self._mailbox
        loop = asyncio.get_running_loop()
        if mailbox is None or mailbox.loop is not loop:
            mailbox = self._mailbox = Mailbox(loop)
        return mailbox

    async def serve_wsgi(
        self, app: t.Any, application: t.Any, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Handle a request by calling a WSGI application in a worker thread.

        :param app: has the configuration.
        """
        mailbox = self._current_mailbox()
        environ = environ_of(scope)
        config = app.config
        inlet: Inlet | None = None
        pulled: PulledBody | None = None
        if expects_body(environ):
            inlet = Inlet(receive, config.get("BODY_TIMEOUT", DEFAULT_TIMEOUT))
            pulled = await _receive_body(app, environ, inlet, mailbox)
        extensions = scope.get("extensions")
        if extensions and "http.response.pathsend" in extensions:
            environ["wsgi.file_wrapper"] = PathFile
        timeout = config.get("RESPONSE_TIMEOUT", DEFAULT_TIMEOUT)
        workers = scope.get(WORKERS)
        if workers is not None:
            transfer = Transfer(application, environ, mailbox, None, timeout)
            workers.accept(transfer)
        else:
            pool = self._pool or self._open_pool(app)
            if pool.waiting >= config.get("ASGI_BACKLOG", DEFAULT_BACKLOG):
                await _send_overloaded(send)
                return
            transfer = Transfer(application, environ, mailbox, copy_context(), timeout)
            pool.submit(transfer.run)
        try:
            await transfer.deliver(send, receive, inlet, pulled)
        finally:
            if pulled is not None:
                pulled.stop()

    def _open_pool(self, app: t.Any) -> WorkerPool:
        pool = self._pool = WorkerPool(app.config.get("ASGI_THREADS", DEFAULT_THREADS))
        weakref.finalize(self, pool.close)
        return pool

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The loop of the server, if it runs."""
        mailbox = self._mailbox
        return mailbox.loop if mailbox is not None and mailbox.loop.is_running() else None

    def close(self) -> None:
        """Let the worker threads end; those of a later request are new ones."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()


async def finish_background_tasks(app: App) -> None:
    """Wait for what requests left to be done, for as long as the configuration allows."""
    if "_background_tasks" in app.__dict__:
        from .background import background_tasks, shutdown_timeout

        await background_tasks(app).finish(shutdown_timeout(app))


async def _receive_body(
    app: t.Any, environ: WSGIEnvironment, inlet: Inlet, mailbox: Mailbox
) -> PulledBody | None:
    """Receive a body that is small, and put it or what pulls it into the environ."""
    most = app.config.get("ASGI_BODY_MEMORY", DEFAULT_BODY_MEMORY)
    allowed = app.config["MAX_CONTENT_LENGTH"]
    if allowed is not None:
        most = min(most, allowed)
    pieces = await read_ahead(inlet, _announced_length(environ), most)
    environ["wsgi.input_terminated"] = True
    environ["wsgi.input"], pulled = input_of(inlet, pieces, mailbox)
    return pulled


def _announced_length(environ: WSGIEnvironment) -> int | None:
    announced: str = environ.get("CONTENT_LENGTH", "")
    if "HTTP_TRANSFER_ENCODING" in environ or not announced.isdecimal() or len(announced) > 20:
        return None
    return int(announced)


async def _send_overloaded(send: Send) -> None:
    body = b"The server has more requests than it can handle. Try again later.\n"
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
        (b"retry-after", b"1"),
    ]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _refuse_websocket(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "websocket.close", "code": 1000})
