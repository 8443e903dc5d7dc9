"""The ASGI door: one application object that ASGI servers call as well."""

from __future__ import annotations

import asyncio
import os
import typing as t
import weakref
from contextvars import copy_context
from functools import partial

from ..ctx import ENDED
from ..globals import _cv_app, _cv_request
from .body import Inlet, PulledBody, Receive, expects_body, input_of, read_ahead
from .leases import Leases
from .lifespan import ensure_started_on_loop, handle_lifespan
from .on_loop import (
    LoopRequest,
    Tables,
    find_plan,
    loop_program,
    match_plan,
    serve_on_loop,
    wants_loop,
)
from .plain_asgi import Handler, make_plain_handler
from .plain_thread import Answer, PlainTransfer
from .scope import WORKERS, Scope, environ_of
from .sending import PathFile, Send, Transfer
from .threads import Mailbox, WorkerPool

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from ..app import Flask
    from ..pipeline.program import RequestProgram
    from ..sansio.app import App

DEFAULT_THREADS = 40
DEFAULT_BACKLOG = 2048
DEFAULT_HELD_THREADS = 512
DEFAULT_BODY_MEMORY = 64 * 1024
DEFAULT_TIMEOUT = 60.0


class AsgiDoor:
    """The ASGI side of one application: its worker threads, and the loop that it serves on.

    Holds nothing of the application, to which it belongs.
    """

    def __init__(self) -> None:
        self._mailbox: Mailbox | None = None
        self._pool: WorkerPool | None = None
        self._leases: Leases | None = None
        self._websocket_leases: Leases | None = None
        self._program: RequestProgram | None = None
        self.tables: Tables = {}
        self.handle: Handler | None = None
        """Handles a connection in place of :meth:`serve`, if the application is a plain one."""
        self._pid = os.getpid()

    async def serve(self, app: Flask, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        kind = scope["type"]
        forget_ended_contexts()
        if kind == "http":
            await self._serve_http(app, scope, receive, send)
        elif kind == "lifespan":
            self._current_mailbox()
            await handle_lifespan(app, receive, send, partial(finish_background_tasks, app))
            self.close()
        elif kind == "websocket":
            await self._serve_websocket(app, scope, receive, send)
        else:
            raise ValueError(
                f"An ASGI server asked for {kind!r}; the application {app.name!r} serves"
                " 'http', 'websocket' and 'lifespan'."
            )

    async def _serve_http(self, app: Flask, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request, on the loop or in a thread, as its functions want it."""
        entry = app._replaced_entry()
        if entry is None:
            base = app._current_program()
            program = loop_program(app, app.built_in, base)
            if program is not None:
                if app.has_serving_functions:
                    await ensure_started_on_loop(app)
                if program is not self._program:
                    self._use(app, base, program)
                plan = find_plan(app, program, scope, self.tables)
                if plan is None and program.streams_bodies:
                    plan = match_plan(app, program, scope)
                if plan is None or wants_loop(plan):
                    leases = self._leases or self._open_leases(app)
                    mailbox = self._current_mailbox()
                    await serve_on_loop(app, program, mailbox, leases, plan, scope, receive, send)
                    return
            elif base.is_plain and base is not self._program and not app.has_serving_functions:
                vars(app)["_got_first_request"] = True
                self._use(app, base, base)
            entry = app.wsgi_app
        await self.serve_wsgi(app, entry, scope, receive, send)

    async def _serve_websocket(
        self, app: Flask, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if not app.has_websockets:
            await _refuse_websocket(receive, send)
            return
        from ..websockets.conductor import serve_websocket  # PERF: most applications have none

        await serve_websocket(app, self, scope, receive, send)

    def websocket_request(self, most: int) -> LoopRequest | None:
        """Return what a WebSocket calls its sync handler by; ``None`` if too many of them run.

        :param most: how many may.
        """
        leases = self._websocket_leases
        if leases is None:
            leases = self._websocket_leases = Leases(most)
            weakref.finalize(self, leases.close)
        if leases.held >= most:
            return None
        return LoopRequest(self._current_mailbox(), leases)

    def _use(self, app: Flask, base: RequestProgram, program: RequestProgram) -> None:
        """Serve by a program that was compiled anew: one for the loop, or the base itself."""
        self._program = program
        self.tables = {}
        self.handle = None
        if program.is_plain:
            self.handle = make_plain_handler(app, base, program, self)

    def request(self, app: Flask) -> LoopRequest:
        """Return what a request on the loop calls its functions by."""
        return LoopRequest(self._current_mailbox(), self._leases or self._open_leases(app))

    def _open_leases(self, app: Flask) -> Leases:
        most = app.config.get("ASGI_HELD_THREADS", DEFAULT_HELD_THREADS)
        leases = self._leases = Leases(most)
        weakref.finalize(self, leases.close)
        return leases

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
        inlet = Inlet(receive, config.get("BODY_TIMEOUT", DEFAULT_TIMEOUT))
        pulled: PulledBody | None = None
        if expects_body(environ):
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
            context = copy_context()
            transfer = Transfer(application, environ, mailbox, context, timeout, pool.expect_thread)
            pool.submit(transfer.run)
        try:
            await transfer.deliver(send, inlet, pulled)
        finally:
            if pulled is not None:
                pulled.stop()

    async def serve_plain(
        self,
        app: Flask,
        answer: Answer,
        found: tuple[t.Any, ...],
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        """Handle a request without a body whose rule was found, in a worker thread.

        :param answer: called in the thread with a transfer and what was found.
        """
        config = app.config
        pool = self._pool or self._open_pool(app)
        if pool.waiting >= config.get("ASGI_BACKLOG", DEFAULT_BACKLOG):
            await _send_overloaded(send)
            return
        environ = {"REQUEST_METHOD": scope["method"]}  # all of it that a transfer reads
        timeout = config.get("RESPONSE_TIMEOUT", DEFAULT_TIMEOUT)
        mailbox, context = self._current_mailbox(), copy_context()
        transfer = PlainTransfer(
            answer, found, environ, mailbox, context, timeout, pool.expect_thread
        )
        pool.submit(transfer.run)
        await transfer.deliver(send, Inlet(receive, None), None)

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
        leases, self._leases = self._leases, None
        if leases is not None:
            leases.close()
        leases, self._websocket_leases = self._websocket_leases, None
        if leases is not None:
            leases.close()


def forget_ended_contexts() -> None:
    """Forget the contexts of an earlier request, in whose context the server has left a connection.

    asyncio handles what comes in by a socket in the context in which reading was last begun, and
    servers begin to read again when a request takes a piece of its body or sends its response.
    """
    app_context, ctx = _cv_app.get(None), _cv_request.get(None)
    if app_context is not None and not app_context._tokens:
        _cv_app.set(t.cast(t.Any, None))
    if ctx is not None and ctx.state is ENDED:
        _cv_request.set(t.cast(t.Any, None))


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
