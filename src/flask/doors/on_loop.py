"""Requests whose view is a coroutine function: the conductor runs on the server's loop.

Coroutine functions run there as well.  Sync functions run in one thread that the request acquires
at the first of them and keeps to its end, unless they are marked as non-blocking.
"""

from __future__ import annotations

import asyncio
import io
import tempfile
import typing as t
from contextvars import copy_context
from functools import partial

from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from ..ctx import RequestContext
from ..globals import _cv_request
from ..helpers import is_async
from ..http.streams import AsyncBody
from ..pipeline import conductor, steps
from ..pipeline.invalidation import Revision
from ..pipeline.program import RequestProgram
from ..pipeline.replaced import Replaced
from ..routing.table import MISSING
from .body import Inlet, Receive, expects_body, read_ahead
from .drive import drive
from .leases import Leases, ThreadCall
from .scope import Scope, environ_of, path_below
from .sending import WHOLE_BODIES, Send, Transfer, raw_headers, sends_body

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from ..app import Flask
    from ..pipeline.plan import Plan
    from ..routing.table import RoutingTable
    from .threads import Mailbox, PinnedThread

F = t.TypeVar("F", bound=t.Callable[..., t.Any])

DEFAULT_BODY_MEMORY = 64 * 1024
DEFAULT_SPOOL_LIMIT = 128 * 1024 * 1024

NON_BLOCKING = "_flask_non_blocking"
STREAMS_BODY = "_flask_streams_body"
INLET = "flask.inlet"
"""The key of an environ with what a view that streams the body reads it from."""


# Compiling


class InThread:
    """A sync function of the application, to be called in the request's thread."""

    __slots__ = ("function",)

    def __init__(self, function: t.Callable[..., t.Any]) -> None:
        self.function = function

    def __call__(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
        return self.function(*args, **kwargs)


class Inline(InThread):
    """A sync function of the application that doesn't block, to be called on the loop."""

    __slots__ = ()


def bind(app: Flask, function: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
    """Return the callable that a conductor on the loop uses for a function."""
    if is_async(function):
        return function
    return Inline(function) if is_non_blocking(app, function) else InThread(function)


def is_non_blocking(app: Flask, function: t.Callable[..., t.Any]) -> bool:
    """Return whether a sync function is marked as non-blocking."""
    if getattr(function, NON_BLOCKING, False):
        return True
    module = getattr(function, "__module__", None) or ""
    return any(
        module == name or module.startswith(f"{name}.")
        for name in app.config.get("ASGI_INLINE") or ()
    )


class _LoopRevision(Revision):
    """Revision of a program for the loop, valid as long as that of the one for threads."""

    __slots__ = ("_base", "_compiled")

    def __init__(self, base: RequestProgram) -> None:
        self._base = base
        self._compiled: RequestProgram | None = None

    @property
    def program(self) -> RequestProgram | None:
        base = self._base
        return self._compiled if base.revision.program is base else None

    def keep(self, program: RequestProgram) -> None:
        self._compiled = program

    def invalidate(self) -> None:
        """The base is told as well."""


ERROR_STEPS = frozenset({"handle_exception", "handle_http_exception", "handle_user_exception"})
"""Steps that may be replaced without sending all requests to threads: few take them."""


class _LoopReplaced(Replaced):
    """Has replaced steps called in the request's thread, where they may call the built-in ones."""

    __slots__ = ()

    def step(self, method: F) -> F:
        return t.cast(F, InThread(partial(_call_with_sync_plan, method)))


def _call_with_sync_plan(method: t.Callable[..., t.Any], *args: t.Any) -> t.Any:
    """Call a sync method while the request has the plan of one in a thread."""
    ctx = _cv_request.get()
    plan, ctx.plan = ctx.plan, None
    try:
        return method(*args)
    finally:
        ctx.plan = plan


class LoopProgram(RequestProgram):
    """The program of requests on the loop."""

    replaced_class = _LoopReplaced

    streams_bodies = False
    """True if there are views that read the body themselves."""

    def _compile_plan(self, app: Flask, endpoint: str | None, blueprints: tuple[str, ...]) -> Plan:
        plan = super()._compile_plan(app, endpoint, blueprints)
        plan.is_plain = plan.is_plain and not isinstance(plan.view, InThread)
        return plan


def loop_program(app: Flask, built_in: type, base: RequestProgram) -> LoopProgram | None:
    """Return the program for requests on the loop; ``None``: all run in threads.

    They do where no function wants the loop, and where a step is replaced, as replaced steps are
    sync and may call each other.  Those that answer exceptions are called in a thread alone.
    """
    known: t.Any = vars(base)
    if "loop_program" not in known:
        known["loop_program"] = _compile(app, built_in, base)
    program: LoopProgram | None = known["loop_program"]
    return program


def _compile(app: Flask, built_in: type, base: RequestProgram) -> LoopProgram | None:
    if base.replaced.any(ERROR_STEPS) or not base.has_standard_contexts or not base.lazy_session:
        return None
    if t.cast(t.Any, type(app)).async_to_sync is not t.cast(t.Any, built_in).async_to_sync:
        return None
    if all(type(bind(app, function)) is InThread for function in _functions(app)):
        return None
    vars(app)["_got_first_request"] = True
    revision = _LoopRevision(base)
    program = LoopProgram(app, built_in, revision, bind)
    views = list(app.view_functions.values())
    program.streams_bodies = any(getattr(view, STREAMS_BODY, False) for view in views)
    revision.keep(program)
    return program


def _functions(app: Flask) -> t.Iterator[t.Any]:
    yield from list(app.view_functions.values())
    registries: tuple[dict[t.Any, list[t.Any]], ...] = (
        app.before_request_funcs,
        app.after_request_funcs,
        app.teardown_request_funcs,
    )
    for registry in registries:
        for functions in list(registry.values()):
            yield from list(functions)
    yield from list(app.teardown_appcontext_funcs)


Tables = dict[bytes, tuple[t.Any, t.Any]]
"""Scheme and routing table of hosts."""

MOST_TABLES = 1024


def find_plan(app: Flask, program: RequestProgram, scope: Scope, tables: Tables) -> Plan | None:
    """Return the plan of a request, or ``None`` if it needs more than a look-up.

    :param tables: keeps the table of the request's host.
    """
    table = find_table(program, scope, tables)
    if table is None:
        return None
    path = scope["path"]
    root = scope.get("root_path")
    if root:
        path = path_below(root, path)
    method = scope["method"]
    found = table.find_literal(path, method) or table.find(path, method, in_context=False)
    if found is MISSING:
        return program.plan(app, None)
    return None if found is None else program.plan(app, found[0].endpoint)


def find_table(program: RequestProgram, scope: Scope, tables: Tables) -> RoutingTable | None:
    """Return the routing table of a request's host if the program knows it, and keep it."""
    scheme = scope.get("scheme")
    hosts = program.hosts.get(scheme or "http")
    host = _host_of(scope)
    table = None if hosts is None else hosts.get(host)
    if table is not None and len(tables) < MOST_TABLES and not scope.get("root_path"):
        tables[host.encode("latin-1")] = (scheme, table)
    return table


def match_plan(app: Flask, program: RequestProgram, scope: Scope) -> Plan | None:
    """Return the plan of a request by Werkzeug's matcher, and remember its host.

    ``None``: it can only be told while the request is current.
    """
    ctx = RequestContext(app, environ_of(scope))
    adapter = ctx.url_adapter
    if adapter is None:
        return program.plan(app, None)
    program.learn_host(app, ctx.environ, adapter)
    try:
        rule = adapter.match(return_rule=True)[0]
    except HTTPException:
        return program.plan(app, None)
    except Exception:  # of a converter that asks for the request
        return None
    return program.plan(app, rule.endpoint)


def _host_of(scope: Scope) -> str:
    """Return the request's host; empty if it is ambiguous or a WebSocket's."""
    host = ""
    for name, value in scope["headers"]:
        if name == b"host":
            if host:
                return ""
            host = value.decode("latin-1")
        elif name == b"upgrade":
            return ""
    return host


def wants_loop(plan: Plan) -> bool:
    """Return whether requests of a plan run on the loop, because one of their functions does."""
    known: dict[Plan, bool] = vars(plan.program).setdefault("wants_loop", {})
    wants = known.get(plan)
    if wants is None:
        functions = (plan.view, *plan.before, *plan.after, *plan.teardown)
        wants = known[plan] = any(type(f) is not InThread and f is not None for f in functions)
    return wants


# Serving


class LoopRequest:
    """One request on the loop: its thread, if it has acquired one, and its response."""

    __slots__ = ("_leases", "_mailbox", "_thread", "is_gone")

    def __init__(self, mailbox: Mailbox, leases: Leases) -> None:
        self._mailbox = mailbox
        self._leases = leases
        self._thread: PinnedThread | None = None
        self.is_gone = False
        """True if the client disconnected."""

    async def run(self, function: t.Callable[..., t.Any], *args: t.Any, **kwargs: t.Any) -> t.Any:
        """Call a function of the application where it belongs, and wait for what it returns."""
        kind = type(function)
        if kind is InThread:
            return await self.call_in_thread(t.cast(InThread, function).function, *args, **kwargs)
        result = function(*args, **kwargs)
        # What is neither is the application's own method, or a coroutine function.
        if kind is not Inline and hasattr(result, "__await__"):
            return await result
        return result

    async def call_in_thread(
        self, function: t.Callable[..., t.Any], *args: t.Any, **kwargs: t.Any
    ) -> t.Any:
        """Call a sync function in the request's thread."""
        if self._thread is None:
            self._thread = await self._leases.acquire()
        return await ThreadCall(self._thread, self._mailbox, function, (args, kwargs))

    async def stream(self, transfer: Transfer, send: Send, inlet: Inlet) -> None:
        """Send a body that is a sync iterable, which the request's thread goes over."""
        if self._thread is None:
            self._thread = await self._leases.acquire()
        self._thread.submit(transfer.run)
        await transfer.deliver(send, inlet, None)

    def end(self) -> None:
        """Give the thread back."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._leases.release(thread)


class Watch:
    """Watch that cancels a request's task when the client disconnects."""

    def __init__(self, inlet: Inlet) -> None:
        self._inlet = inlet
        self._watcher: asyncio.Task[None] | None = None
        self._request: asyncio.Task[t.Any] | None = None
        self.has_cancelled = False

    def begin(self) -> None:
        """Watch from now on, on behalf of the current task."""
        if self._watcher is None:
            self._request = asyncio.current_task()
            self._watcher = asyncio.ensure_future(self._watch())

    async def _watch(self) -> None:
        if not self._inlet.is_owned:
            try:
                await self._inlet.wait_for_disconnect()
            except Exception:
                self._inlet.is_disconnected = True
            if self._request is not None:
                self.has_cancelled = True
                self._request.cancel()

    def end(self) -> None:
        """Watch no more; what is under way is not cancelled."""
        self._request = None
        if self._watcher is not None:
            self._watcher.cancel()

    def absorb(self) -> None:
        """Take back the cancellation of the current task, which was this watch's."""
        task = asyncio.current_task()
        if task is not None:
            task.uncancel()


async def serve_on_loop(
    app: Flask,
    program: RequestProgram,
    mailbox: Mailbox,
    leases: Leases,
    plan: Plan | None,
    scope: Scope,
    receive: Receive,
    send: Send,
) -> None:
    """Handle a request step by step.

    :param plan: of the endpoint, as far as it is known.
    """
    environ = environ_of(scope)
    inlet = Inlet(receive, app.config.get("BODY_TIMEOUT", 60.0))
    streams = plan is not None and getattr(plan.view, STREAMS_BODY, False)
    if streams:
        environ[INLET] = inlet
        inlet.is_owned = True
    request = LoopRequest(mailbox, leases)
    watch = Watch(inlet)
    try:
        if not streams and expects_body(environ):
            await receive_all(app, environ, inlet)
        answer = await drive(handle(app, program, environ, request), watch.begin)
        await answer.send_to(send, request, watch, inlet, app)
    except asyncio.CancelledError:
        if not watch.has_cancelled:
            raise
        watch.absorb()
    finally:
        watch.end()
        request.end()
        close_input(environ)


async def handle(
    app: Flask, program: RequestProgram, environ: WSGIEnvironment, request: LoopRequest
) -> Answer:
    """Return the answer to a request, whose teardown functions have run."""
    ctx: RequestContext = steps.make_context(app, environ, program)
    run = request.run
    try:
        response: t.Any = await conductor.handle_request(app, ctx, program, run)
        # What fails from here on is nothing that an error handler could answer.
        try:
            return Answer(response, environ)
        except BaseException as raised:
            ctx.error = steps.teardown_error(ctx.error, raised)
            raise
    finally:
        await conductor.end_request(app, ctx, run)


class Answer:
    """A response, as ASGI sends it."""

    def __init__(self, response: t.Any, environ: WSGIEnvironment) -> None:
        self._environ = environ
        self._source = getattr(response, "response", None)
        self.body: t.Any = response(environ, self._start_response)

    def _start_response(self, status: str, headers: t.Any, exc_info: t.Any = None) -> t.Any:
        self._line, self._headers = status, headers
        self.status = int(status.partition(" ")[0])
        self.start = {
            "type": "http.response.start",
            "status": self.status,
            "headers": raw_headers(headers),
        }

        def write(piece: bytes) -> None:
            raise RuntimeError("'write' is not there on an event loop: return the body instead.")

        return write

    async def deliver(self, app: Flask, send: Send, receive: Receive, request: LoopRequest) -> None:
        """Send it all to the client of a request without a body, and end the request."""
        inlet = Inlet(receive, None)
        watch = Watch(inlet)
        try:
            await self.send_to(send, request, watch, inlet, app)
        except asyncio.CancelledError:
            if not watch.has_cancelled:
                raise
            watch.absorb()
        finally:
            watch.end()
            request.end()

    async def send_to(
        self, send: Send, request: LoopRequest, watch: Watch, inlet: Inlet, app: Flask
    ) -> None:
        """Send it all."""
        body = self.body
        kind = type(body)
        if kind in WHOLE_BODIES:
            data = b"".join(body) if sends_body(self._environ, self.status) else b""
            await send(self.start)
            await send({"type": "http.response.body", "body": data})
            return
        timeout = app.config.get("RESPONSE_TIMEOUT", 60.0)
        if isinstance(self._source, AsyncBody):
            watch.begin()
            await self._send_async(self._source, send, timeout)
            return
        watch.end()  # the transfer has its own
        context = copy_context()
        mailbox = request._mailbox
        transfer = Transfer(self._give_body, self._environ, mailbox, context, timeout)
        await request.stream(transfer, send, inlet)

    def _give_body(self, environ: t.Any, start_response: t.Any) -> t.Any:
        start_response(self._line, self._headers)
        return self.body

    async def _send_async(self, source: AsyncBody, send: Send, timeout: float | None) -> None:
        is_wanted = sends_body(self._environ, self.status)
        try:
            await send(self.start)
            if is_wanted:
                async for piece in source:
                    async with asyncio.timeout(timeout):
                        await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            try:
                await source.aclose()
            finally:
                self.body.close()


# Bodies


async def receive_all(app: Flask, environ: WSGIEnvironment, inlet: Inlet) -> None:
    """Receive a body, into memory if it is small and else to disk, and put it into the environ."""
    config = app.config
    allowed = config["MAX_CONTENT_LENGTH"]
    most = config.get("ASGI_SPOOL_LIMIT", DEFAULT_SPOOL_LIMIT) if allowed is None else allowed
    announced = environ.get("CONTENT_LENGTH", "")
    environ["wsgi.input_terminated"] = True
    if announced.isdecimal() and len(announced) < 20 and int(announced) > most:
        environ["wsgi.input"] = Refused(RequestEntityTooLarge())
        return
    in_memory = config.get("ASGI_BODY_MEMORY", DEFAULT_BODY_MEMORY)
    pieces: list[bytes] = await read_ahead(inlet, None, min(most, in_memory))
    file: t.Any = io.BytesIO(pieces[0] if len(pieces) == 1 else b"".join(pieces))
    size = len(file.getbuffer())
    if not inlet.is_over and size <= most:
        file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the request
        environ["wsgi.input"] = file
        file.writelines(pieces)
        while size <= most and (piece := await inlet.next_piece()):
            file.write(piece)
            size += len(piece)
        file.seek(0)
    environ["wsgi.input"] = file
    if inlet.failure is not None:
        environ["wsgi.input"] = Refused(inlet.failure, file)
    elif size > most and allowed is None:
        environ["wsgi.input"] = Refused(RequestEntityTooLarge(), file)


def close_input(environ: WSGIEnvironment) -> None:
    """Close the file that a large body was put into."""
    close = getattr(environ["wsgi.input"], "close", None)
    if close is not None:
        close()


class Refused:
    """The input of a request whose body is not there: reading it raises the reason."""

    def __init__(self, reason: Exception, file: t.Any = None) -> None:
        self._reason = reason
        self._file = file

    def read(self, size: int | None = -1) -> bytes:
        raise self._reason

    readline = readlines = readinto = read

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def __iter__(self) -> t.Iterator[bytes]:
        raise self._reason
