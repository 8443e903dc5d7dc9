"""The order of the steps from a handshake to the end of its connection."""

from __future__ import annotations

import asyncio
import contextlib
import typing as t

from werkzeug.exceptions import Forbidden, HTTPException, InternalServerError, ServiceUnavailable
from werkzeug.routing import RoutingException

from ..diagnostics.notes import annotate
from ..doors.lifespan import ensure_started_on_loop
from ..doors.on_loop import Answer, InThread, LoopRequest, bind
from ..doors.sending import WHOLE_BODIES
from ..pipeline import steps
from ..pipeline.steps import merge_teardown_errors
from ..signals import appcontext_popped, appcontext_tearing_down, got_request_exception
from .connection import CLOSED, CONNECTING, OPEN
from .context import WebsocketContext
from .errors import WebsocketDisconnected
from .handler import Handler
from .messages import Message, Receive, Send
from .origin import is_allowed
from .websocket import Websocket

if t.TYPE_CHECKING:
    from ..app import Flask
    from ..doors.asgi import AsgiDoor
    from ..doors.scope import Scope
    from ..sansio.websockets import Hooks

POLICY = 1008
FAILED = 1011
RESPONSE = "websocket.http.response"
"""The extension of ASGI by which a handshake is refused with a response."""

DEFAULT_THREADS = 128
"""Default of ``WEBSOCKET_THREADS``, the maximum number of concurrent sync handlers."""


async def serve_websocket(
    app: Flask, door: AsgiDoor, scope: Scope, receive: Receive, send: Send
) -> None:
    """Handle one connection of an ASGI server, from its handshake to its end."""
    if app.has_serving_functions:
        await ensure_started_on_loop(app)
    vars(app)["_got_first_request"] = True
    message = await receive()
    if message["type"] != "websocket.connect":
        return
    calls = door.request(app)
    context = WebsocketContext(app, scope, receive, send, _run_blocking(app, calls))
    try:
        await handle(app, door, context, calls)
    finally:
        calls.end()


def _run_blocking(app: Flask, calls: LoopRequest) -> t.Any:
    """Return what calls a method of the session interface: in a thread, unless it is ours."""
    if app._current_program().lazy_session:
        return None

    async def run(function: t.Callable[..., t.Any], *args: t.Any) -> t.Any:
        try:
            return await calls.call_in_thread(function, *args)
        finally:
            calls.end()

    return run


async def handle(app: Flask, door: AsgiDoor, context: WebsocketContext, calls: LoopRequest) -> None:
    """Run hooks, handler and error handlers, close the connection, and tear down."""
    websocket = context.websocket
    error: BaseException | None = None
    context.enter()
    try:
        try:
            response = await respond(app, door, context, calls)
        except Exception as raised:
            error = raised
            response = await handle_exception(app, context, raised, calls)
        if response is not None or websocket.state is CONNECTING:
            await refuse(context, response or Forbidden(), calls)
        elif websocket.state is OPEN:
            await websocket.close()
    except WebsocketDisconnected:
        pass
    except BaseException as raised:
        error = raised
        raise
    finally:
        try:
            await leave(app, context, error, calls)
        finally:
            error = None  # its traceback holds this frame


async def respond(
    app: Flask, door: AsgiDoor, context: WebsocketContext, calls: LoopRequest
) -> t.Any:
    """Return the response that refuses the connection, or ``None``: the handler has ended."""
    try:
        rv = await dispatch(app, door, context, calls)
    except Exception as error:
        rv = await handle_user_exception(app, context, error, calls)
        if context.websocket.state is OPEN:
            await context.websocket.close(close_code_of(error))
            rv = None
    return await finalize(app, context, rv, calls)


async def dispatch(
    app: Flask, door: AsgiDoor, context: WebsocketContext, calls: LoopRequest
) -> t.Any:
    """Find the handler, run what comes before it, and call it."""
    program = app._current_program()
    if not program.lazy_session:
        await context.call(context.open_session)
    plan = steps.match(app, context, program)
    request = context.request
    if request.routing_exception is not None:
        app.raise_routing_exception(request)
    handler = app.view_functions[t.cast(str, plan.endpoint)]
    if not isinstance(handler, Handler):
        raise TypeError(
            f"The endpoint {plan.endpoint!r} has the view {handler!r}, which is no WebSocket"
            " handler. Declare one by '@app.websocket' or 'add_websocket'."
        )
    check_origin(app, context)
    view_args = t.cast("dict[str, t.Any]", request.view_args)
    for preprocess in plan.preprocessors:
        preprocess(plan.endpoint, view_args)
    for before in hooks(app.before_websocket_funcs, (None, *reversed(plan.blueprints))):
        rv = await calls.run(bind(app, before))
        if rv is not None:
            return rv
    # A thread that hooks ran in is not held for as long as the connection is open.
    calls.end()
    rv = await call_handler(door, app, context, handler, view_args)
    if rv is not None and context.websocket.state is OPEN:
        raise TypeError(
            f"The WebSocket handler {handler.__name__!r} returned {type(rv).__name__!r} after it"
            " accepted the connection. Only a connection that is not accepted yet can be refused"
            " with a response."
        )
    return rv


def check_origin(app: Flask, context: WebsocketContext) -> None:
    """Refuse a handshake that another site's page sends.

    :raises ~werkzeug.exceptions.Forbidden: if it does.
    """
    websocket = context.websocket
    request = websocket.request
    allowed = app.config.get("WEBSOCKET_ALLOWED_ORIGINS")
    if not is_allowed(websocket.origin, request.host, request.scheme, allowed):
        app.logger.info(
            "WebSocket refused: the origin %.200r is neither the host %.200r nor among"
            " WEBSOCKET_ALLOWED_ORIGINS",
            websocket.origin,
            request.host,
        )
        raise Forbidden("Pages of this origin may not open a WebSocket here.")


async def call_handler(
    door: AsgiDoor,
    app: Flask,
    context: WebsocketContext,
    handler: Handler,
    view_args: dict[str, t.Any],
) -> t.Any:
    """Call the handler: on the loop, or if it is no coroutine function in a thread of its own."""
    websocket = context.websocket
    websocket.watch_for(asyncio.current_task(), cancels=handler.is_async)
    try:
        if handler.is_async:
            return await handler.function(**view_args)
        most = app.config.get("WEBSOCKET_THREADS", DEFAULT_THREADS)
        calls = door.websocket_request(most)
        if calls is None:
            raise ServiceUnavailable("The server has more WebSockets than it can handle.")
        try:
            return await calls.run(InThread(handler.function), **view_args)
        finally:
            calls.end()
    except asyncio.CancelledError:
        if not is_disconnect(websocket):
            raise
        return None  # a disconnect ends a handler as a return does
    finally:
        websocket.watch_for(None)
        if websocket.has_cancelled:
            await absorb_cancellation()


def is_disconnect(websocket: Websocket) -> bool:
    """Return whether only the end of the connection has cancelled the current task."""
    task = asyncio.current_task()
    requests = 0 if task is None else task.cancelling()
    return websocket.state is CLOSED and requests <= websocket.has_cancelled


async def absorb_cancellation() -> None:
    """Take back a cancellation of the current task, delivered or not."""
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.sleep(0)
    task = asyncio.current_task()
    if task is not None:
        task.uncancel()


# Errors


async def handle_user_exception(
    app: Flask, context: WebsocketContext, error: Exception, calls: LoopRequest
) -> t.Any:
    """Return what the error handler of an exception returns, or raise it again."""
    try:
        if isinstance(error, HTTPException) and not app.trap_http_exception(error):
            if error.code is None or isinstance(error, RoutingException):
                return error
            return await run_error_handler(app, context, error, calls, error)
        found = app._find_error_handler(error, blueprints_of(context))
        if found is None:
            steps.raise_again(error)
        return await calls.run(bind(app, found), error)
    finally:
        del error  # once raised again, its traceback holds this frame


async def run_error_handler(
    app: Flask, context: WebsocketContext, error: Exception, calls: LoopRequest, default: t.Any
) -> t.Any:
    """Return what the error handler of an exception returns, or a default without one."""
    found = app._find_error_handler(error, blueprints_of(context))
    return default if found is None else await calls.run(bind(app, found), error)


def blueprints_of(context: WebsocketContext) -> tuple[str, ...]:
    """Return the names of the blueprints whose hooks and handlers hold."""
    return () if context.plan is None else context.plan.blueprints


def close_code_of(error: Exception) -> int:
    """Return the status code that an open connection is closed with after an exception."""
    if isinstance(error, HTTPException) and (error.code or 500) < 500:
        return POLICY
    return FAILED


async def handle_exception(
    app: Flask, context: WebsocketContext, error: Exception, calls: LoopRequest
) -> t.Any:
    """Log an exception that nobody handled and close the connection; return the response that
    refuses it, if it was not accepted yet.
    """
    websocket = context.websocket
    try:
        if websocket.state is OPEN:
            await websocket.close(FAILED)
        annotate(app, error)
        got_request_exception.send(app, _async_wrapper=app.ensure_sync, exception=error)
        propagate = app.config["PROPAGATE_EXCEPTIONS"]
        if app.testing if propagate is None else propagate:
            if websocket.state is CONNECTING:
                await refuse(context, InternalServerError(), calls)
            steps.raise_again(error)
        app.log_exception(steps.shortened_exc_info())
        if websocket.state is not CONNECTING:
            return None
        answer = InternalServerError(original_exception=error)
        rv = await run_error_handler(app, context, answer, calls, answer)
        return await finalize(app, context, rv, calls)
    finally:
        del error  # its traceback holds this frame


# The end


async def finalize(app: Flask, context: WebsocketContext, rv: t.Any, calls: LoopRequest) -> t.Any:
    """Make the response, if there is one, and run what comes after the handler."""
    response = None
    if rv is not None and context.websocket.state is CONNECTING:
        plan = context.plan or app._current_program().plan(app, None)
        response = steps.respond_with(app, plan, rv)
    names = (*blueprints_of(context), None)
    for after in hooks(app.after_websocket_funcs, names, reverse=True):
        response = await calls.run(bind(app, after), response)
    return response


async def refuse(context: WebsocketContext, response: t.Any, calls: LoopRequest) -> None:
    """Refuse the handshake with a response, or where the server can't send one, with a 403."""
    websocket = context.websocket
    if websocket.state is not CONNECTING:
        return
    if RESPONSE not in (context.scope.get("extensions") or {}):
        await websocket.refuse([{"type": "websocket.close", "code": 1000}])
        return
    if isinstance(response, HTTPException):
        response = response.get_response(context.environ)
    session = context._session_object
    if session is not None:
        await context.save_session(session, response)
    answer = Answer(response, context.environ)
    body = answer.body
    if type(body) in WHOLE_BODIES:
        data = b"".join(body)
    else:
        data = await calls.call_in_thread(read_all, body)
    await websocket.refuse(response_messages(answer.start, data))


def read_all(body: t.Any) -> bytes:
    """Return a body as a whole, and close it."""
    try:
        return b"".join(body)
    finally:
        close = getattr(body, "close", None)
        if close is not None:
            close()


def response_messages(start: t.Mapping[str, t.Any], body: bytes) -> tuple[Message, Message]:
    """Return the messages that send a response in place of a handshake."""
    return {**start, "type": f"{RESPONSE}.start"}, {"type": f"{RESPONSE}.body", "body": body}


async def leave(
    app: Flask, context: WebsocketContext, error: BaseException | None, calls: LoopRequest
) -> None:
    """Run the teardown functions, each though one before it failed, and restore the contexts."""
    failed: BaseException | None = None
    names = (*blueprints_of(context), None)
    app_context = t.cast(t.Any, context._app_context)
    try:
        for function in hooks(app.teardown_websocket_funcs, names, reverse=True):
            try:
                await calls.run(bind(app, function), error)
            except BaseException as raised:
                failed = merge_teardown_errors(failed, raised)
        if context._request is not None:
            context.close_request()
        context.leave()
        try:
            await tear_down_application(app, error, calls)
        except BaseException as raised:
            failed = merge_teardown_errors(failed, raised)
        app_context.restore()
        steps.send(appcontext_popped, app)
        if failed is not None:
            raise failed
    finally:
        error = failed = None  # their tracebacks hold this frame


async def tear_down_application(
    app: Flask, error: BaseException | None, calls: LoopRequest
) -> None:
    """Run the ``teardown_appcontext`` functions, or what the application has in their place."""
    if app._current_program().replaced.do_teardown_appcontext:
        await calls.call_in_thread(app.do_teardown_appcontext, error)
        return
    failed: BaseException | None = None
    for function in reversed(list(app.teardown_appcontext_funcs)):
        try:
            await calls.run(bind(app, function), error)
        except BaseException as raised:
            failed = merge_teardown_errors(failed, raised)
    steps.send(appcontext_tearing_down, app, exc=error)
    try:
        if failed is not None:
            raise failed
    finally:
        error = failed = None  # their tracebacks hold this frame


def hooks(
    registry: Hooks, names: t.Iterable[str | None], reverse: bool = False
) -> t.Iterator[t.Callable[..., t.Any]]:
    """Yield the functions of a registry for these names, in the order to call them in."""
    for name in names:
        functions = list(registry.get(name, ()))
        yield from reversed(functions) if reverse else functions
