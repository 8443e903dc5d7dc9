"""The conductor: the order of a request's steps, and the only code that waits between them.

It is written once, as async code. ``scripts/generate_conductor.py`` generates
``_conductor_sync.py`` from this file, where ``await run(function, ...)`` is a plain call. Steps
that never wait are in :mod:`.steps`.

If the application replaces a step, its method is called instead.
"""

from __future__ import annotations

import typing as t

from werkzeug.exceptions import BadRequestKeyError, HTTPException, InternalServerError
from werkzeug.routing import RoutingException

from ..ctx import ENDED, AppContext, RequestContext
from ..diagnostics.notes import annotate
from ..globals import _cv_app, _cv_request
from ..signals import (
    appcontext_popped,
    appcontext_tearing_down,
    got_request_exception,
    request_finished,
    request_started,
    request_tearing_down,
)
from . import steps
from .plan import Plan
from .replaced import Replaced
from .steps import current_plan, merge_teardown_errors, send

if t.TYPE_CHECKING:
    from ..app import Flask
    from ..wrappers import Response
    from .program import RequestProgram

Run = t.Callable[..., t.Awaitable[t.Any]]
"""Function that calls a function of the application and waits for its result."""


async def handle_request(
    app: Flask, ctx: RequestContext, program: RequestProgram, run: Run
) -> Response:
    """Return the response to a request; an error is stored as the context's ``error``."""
    try:
        plan = steps.open_request(app, ctx, program)
        if program.replaced.full_dispatch_request:
            return app.full_dispatch_request()
        vars(app)["_got_first_request"] = True
        return await respond(app, ctx, plan, run)
    except Exception as error:
        ctx.error = error
        if program.replaced.handle_exception:
            step = program.replaced.step(app.handle_exception)
            response: Response = await run(step, error)
            return response
        return await handle_exception(app, ctx, error, run)
    except BaseException as error:
        ctx.error = error
        raise


async def respond(app: Flask, ctx: RequestContext, plan: Plan, run: Run) -> Response:
    """Run hooks, view and error handlers; return the finished response."""
    rv: t.Any = await answer(app, ctx, plan, run)
    try:
        if plan.program.replaced.finalize_request:
            return app.finalize_request(rv)
        return await finalize_request(app, ctx, rv, run)
    finally:
        del rv  # perhaps an exception, whose traceback holds this frame


async def answer(app: Flask, ctx: RequestContext, plan: Plan, run: Run) -> t.Any:
    """Run hooks, view and error handlers; return the response value."""
    replaced = plan.program.replaced
    rv: t.Any = None
    try:
        if request_started.receivers:
            send(request_started, app)
            plan = current_plan(app, ctx)
        if replaced.preprocess_request:
            rv = app.preprocess_request()
        elif not plan.has_no_pre_hooks:
            rv = await preprocess_request(app, ctx, plan, run)
        if rv is None:
            if replaced.dispatch_request:
                rv = app.dispatch_request()
            else:
                rv = await dispatch_request(app, ctx, plan, run)
        return rv
    except Exception as error:
        rv = None  # perhaps an exception, whose traceback holds this frame
        return await answer_error(app, ctx, error, replaced, run)


async def answer_error(
    app: Flask, ctx: RequestContext, error: Exception, replaced: Replaced, run: Run
) -> t.Any:
    """Return the response value for an exception, or raise it again."""
    try:
        if replaced.handle_user_exception:
            step = replaced.step(app.handle_user_exception)
            return await run(step, error)
        return await handle_user_exception(app, ctx, error, run)
    finally:
        del error  # once raised again, its traceback holds this frame


async def preprocess_request(app: Flask, ctx: RequestContext, plan: Plan, run: Run) -> t.Any:
    """Run the hooks before the view; return the first response value, if any."""
    if plan.preprocessors:
        request = ctx._request
        view_args = ctx._view_args if request is None else request.view_args
        for preprocess in plan.preprocessors:
            preprocess(plan.endpoint, view_args)
    for before in plan.before:
        rv = await run(before)
        if rv is not None:
            return rv
    return None


async def dispatch_request(app: Flask, ctx: RequestContext, plan: Plan, run: Run) -> t.Any:
    """Call the view, or raise the routing error."""
    request = ctx._request
    if plan.revision.program is not plan.program or (
        request is not None and request.url_rule is not ctx._rule
    ):
        plan = current_plan(app, ctx)
    view, view_args = steps.find_view(app, ctx, plan)
    return await run(view, **view_args)


async def handle_user_exception(
    app: Flask, ctx: RequestContext, error: Exception, run: Run
) -> t.Any:
    """Return the response value for an exception of a hook or view, or raise it again."""
    try:
        if isinstance(error, BadRequestKeyError) and (
            app.debug or app.config["TRAP_BAD_REQUEST_ERRORS"]
        ):
            error.show_exception = True
        if isinstance(error, HTTPException) and not app.trap_http_exception(error):
            replaced = current_plan(app, ctx).program.replaced
            if replaced.handle_http_exception:
                step = replaced.step(app.handle_http_exception)
                return await run(step, error)
            return await handle_http_exception(app, ctx, error, run)
        handler = steps.find_error_handler(app, ctx, error)
        if handler is None:
            steps.raise_again(error)
        return await run(handler, error)
    finally:
        del error  # once raised again, its traceback holds this frame


async def handle_http_exception(
    app: Flask, ctx: RequestContext, error: HTTPException, run: Run
) -> t.Any:
    """Return the response value for an HTTP exception: its handler's, else the exception."""
    # A redirect of the routing is an answer, and an exception without a code carries one.
    if error.code is None or isinstance(error, RoutingException):
        return error
    handler = steps.find_error_handler(app, ctx, error)
    return error if handler is None else await run(handler, error)


async def handle_exception(app: Flask, ctx: RequestContext, error: Exception, run: Run) -> Response:
    """Log an unhandled exception and return the response of a server error, or raise it again for
    debuggers and tests.
    """
    try:
        annotate(app, error)
        got_request_exception.send(app, _async_wrapper=app.ensure_sync, exception=error)
        propagate = app.config["PROPAGATE_EXCEPTIONS"]
        if app.testing or app.debug if propagate is None else propagate:
            steps.raise_again(error)
        app.log_exception(steps.shortened_exc_info())
        answer: t.Any = InternalServerError(original_exception=error)
        handler = steps.find_error_handler(app, ctx, answer)
        if handler is not None:
            answer = await run(handler, answer)
        if current_plan(app, ctx).program.replaced.finalize_request:
            return app.finalize_request(answer, from_error_handler=True)
        return await finalize_request(app, ctx, answer, run, from_error_handler=True)
    finally:
        del error  # once raised again, its traceback holds this frame


async def finalize_request(
    app: Flask, ctx: RequestContext, rv: t.Any, run: Run, from_error_handler: bool = False
) -> Response:
    """Create the response and run the hooks after the view.

    :param from_error_handler: log errors of these steps instead of raising them.
    """
    plan = ctx.plan
    request = ctx._request
    if (
        plan is None
        or plan.revision.program is not plan.program
        or (request is not None and request.url_rule is not ctx._rule)
    ):
        plan = current_plan(app, ctx)
    response: Response = steps.respond_with(app, plan, rv)
    try:
        program = plan.program
        if program.replaced.process_response:
            response = app.process_response(response)
        elif (
            plan.after
            or ctx._response_functions is not None
            or ctx._session_object is not None
            or not program.session_waits
            or "HTTP_COOKIE" in ctx.environ
        ):
            response = await process_response(app, ctx, plan, response, run)
        if request_finished.receivers:
            send(request_finished, app, response=response)
    except Exception:
        if not from_error_handler:
            raise
        app.logger.exception("The response to an error could not be finished as usual")
    return response


async def process_response(
    app: Flask, ctx: RequestContext, plan: Plan, response: t.Any, run: Run
) -> Response:
    """Run the functions for this response, then the ``after_request`` functions, and save the
    session.
    """
    program = plan.program
    for after in ctx._response_functions or ():
        function = program.bind(app, after)
        response = await run(function, response)
    for after in plan.after:
        response = await run(after, response)
    steps.save_session(app, ctx, program, response)
    made: Response = response
    return made


async def end_request(app: Flask, ctx: RequestContext, run: Run) -> None:
    """Run all teardown functions, even if one fails, and restore the contexts."""
    if steps.PRESERVE in ctx.environ:
        steps.hand_over_contexts(ctx.environ)
    error, ctx.error = ctx.error, None
    failed: BaseException | None = None
    try:
        if error is not None and app.should_ignore_error(error):
            error = None
        if not steps.has_standard_end(ctx):
            ctx.pop(error)
            return
        try:
            await tear_down_request(app, ctx, error, run)
        except BaseException as raised:
            failed = raised
        try:
            if ctx._request is not None:
                ctx.close_request()
        except BaseException as raised:
            failed = merge_teardown_errors(failed, raised)
        try:
            await leave_contexts(app, ctx, error, run)
        except BaseException as raised:
            failed = merge_teardown_errors(failed, raised)
        if failed is not None:
            raise failed
    finally:
        error = failed = None  # their tracebacks hold this frame


async def tear_down_request(
    app: Flask, ctx: RequestContext, error: BaseException | None, run: Run
) -> None:
    """Run the teardown functions of a request, before its context is popped."""
    plan = ctx.plan
    request = ctx._request
    if plan.revision.program is not plan.program or (
        request is not None and request.url_rule is not ctx._rule
    ):
        plan = current_plan(app, ctx)
    if plan.program.replaced.do_teardown_request:
        app.do_teardown_request(error)
    elif plan.teardown or request_tearing_down.receivers:
        await run_teardown_request(app, plan, error, run)


async def run_teardown_request(
    app: Flask, plan: Plan, error: BaseException | None, run: Run
) -> None:
    """Run all ``teardown_request`` functions, then raise their first error."""
    failed: BaseException | None = None
    # PERF: a 'try' in the loop costs nothing unless something is raised; a call for each does.
    for function in plan.teardown:
        try:
            await run(function, error)
        except BaseException as raised:
            failed = merge_teardown_errors(failed, raised)
    try:
        if request_tearing_down.receivers:
            send(request_tearing_down, app, exc=error)
    except BaseException as raised:
        failed = merge_teardown_errors(failed, raised)
    try:
        if failed is not None:
            raise failed
    finally:
        del failed  # its traceback holds this frame


async def leave_contexts(
    app: Flask, ctx: RequestContext, error: BaseException | None, run: Run
) -> None:
    """Restore the previous contexts and end the application context."""
    ((token, app_context),) = ctx._tokens
    ctx._tokens = ()
    ctx.state = ENDED
    _cv_request.reset(token)
    if ctx._routing_error is not None:
        ctx.clear_routing_traceback()
    if app_context is None:
        return
    if (
        type(app_context) is not AppContext
        or len(app_context._tokens) != 1
        or _cv_app.get(None) is not app_context
    ):
        app_context.pop(error)
        return
    program = ctx.plan.program
    if program.revision.program is not program:
        program = app._current_program()
    try:
        if program.replaced.do_teardown_appcontext:
            app.do_teardown_appcontext(error)
        elif program.teardown_appcontext or appcontext_tearing_down.receivers:
            await run_teardown_appcontext(app, program, error, run)
    finally:
        app_context.restore()
    if appcontext_popped.receivers:
        send(appcontext_popped, app)


async def run_teardown_appcontext(
    app: Flask, program: RequestProgram, error: BaseException | None, run: Run
) -> None:
    """Run all ``teardown_appcontext`` functions, then raise their first error."""
    failed: BaseException | None = None
    for function in program.teardown_appcontext:
        try:
            await run(function, error)
        except BaseException as raised:
            failed = merge_teardown_errors(failed, raised)
    try:
        if appcontext_tearing_down.receivers:
            send(appcontext_tearing_down, app, exc=error)
    except BaseException as raised:
        failed = merge_teardown_errors(failed, raised)
    try:
        if failed is not None:
            raise failed
    finally:
        del failed  # its traceback holds this frame
