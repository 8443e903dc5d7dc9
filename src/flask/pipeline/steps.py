"""Steps of a request that never wait: ordinary functions that the conductor calls in order."""

from __future__ import annotations

import sys
import typing as t
from inspect import CO_COROUTINE, iscoroutinefunction
from types import FunctionType, MethodType
from weakref import ref

from blinker import Signal
from blinker.base import ANY_ID
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.routing import RequestRedirect

from ..ctx import ACTIVE, AppContext, RequestContext
from ..diagnostics.explanations import FormDataRoutingRedirect
from ..diagnostics.routes import log_nearest_routes
from ..diagnostics.tracebacks import shortened
from ..globals import _cv_app, _cv_request
from ..http.pristine import pristine
from ..routing.table import MISSING
from ..signals import appcontext_pushed
from ..wrappers import (
    Request,
    Response,
    decode_wsgi,
)
from .plan import Plan
from .response import make_response

if t.TYPE_CHECKING:
    from blinker import NamedSignal
    from werkzeug.routing import Rule

    from ..app import Flask
    from .program import RequestProgram

Call = tuple[t.Callable[..., t.Any], dict[str, t.Any]]


def send(signal: NamedSignal, app: Flask, **values: t.Any) -> None:
    """Send a signal to its receivers for this application."""
    kind = type(signal)
    own = vars(signal)
    if (
        kind.send is not _SEND
        or kind.receivers_for is not _RECEIVERS_FOR
        or "send" in own
        or "receivers_for" in own
        or signal.is_muted
    ):
        if signal.has_receivers_for(app):
            signal.send(app, _async_wrapper=app.ensure_sync, **values)
        return
    # PERF: most of what sending takes is a generator, what identifies the application, and asking
    # each receiver in four ways whether it is async.
    by_sender, receivers = own["_by_sender"], own["receivers"]
    everybodys, those_of_app = by_sender[ANY_ID], by_sender.get(id(app))
    for key in everybodys | those_of_app if those_of_app else everybodys.copy():
        receiver: t.Any = receivers.get(key)
        if isinstance(receiver, ref):
            receiver = receiver()
        if receiver is None:
            continue  # gone, or disconnected by another one
        function: t.Any = receiver.__func__ if isinstance(receiver, MethodType) else receiver
        if type(function) is FunctionType and not (
            function.__code__.co_flags & CO_COROUTINE or function.__dict__
        ):
            receiver(app, **values)
        elif iscoroutinefunction(receiver):
            app.ensure_sync(receiver)(app, **values)
        else:
            receiver(app, **values)


_SEND = pristine(Signal, "send")
# Where a release of Blinker keeps its receivers elsewhere, it is asked for them.
_RECEIVERS_FOR = pristine(Signal, "receivers_for") if "_by_sender" in vars(Signal()) else None


def shortened_exc_info() -> t.Any:
    """Return :func:`sys.exc_info` with a traceback that begins in the application's code."""
    kind, error, trace = sys.exc_info()
    return kind, error, shortened(trace)


# Contexts and routing


def make_context(app: Flask, environ: dict[str, t.Any], program: RequestProgram) -> RequestContext:
    """Return the context of an incoming request."""
    replaced = program.replaced
    if replaced.request_context or replaced.create_url_adapter:
        return app.request_context(environ)
    ctx = RequestContext(app, environ)
    if not program.lazy_request:
        ctx.request  # noqa: B018 - derived when asked for
    return ctx


def open_request(app: Flask, ctx: RequestContext, program: RequestProgram) -> Plan:
    """Push the contexts, open the session and find the rule; return the plan of its endpoint."""
    replaced = program.replaced
    if (
        type(ctx) is not RequestContext
        or not program.has_standard_contexts
        or replaced.app_context
        or replaced.create_url_adapter
    ):
        ctx.push()
        return current_plan(app, ctx)
    current = _cv_app.get(None)
    app_context = None
    if current is None or current.app is not app:
        app_context = AppContext(app)
        app_context._tokens = (_cv_app.set(app_context),)
        if appcontext_pushed.receivers:
            send(appcontext_pushed, app)
    else:
        ctx._shares_app_context = True
    ctx._tokens = ((_cv_request.set(ctx), app_context),)
    ctx.state = ACTIVE
    if not program.lazy_session and ctx._session_object is None:
        ctx.open_session()
    return match(app, ctx, program)


def match(app: Flask, ctx: RequestContext, program: RequestProgram) -> Plan:
    """Find the rule of a request with the routing table or Werkzeug's matcher."""
    environ = ctx.environ
    table = program.find_table(app, environ)
    if table is None and program.matches_by_table:
        table = program.learn_plain_host(app, environ)
        if table is None and ctx.url_adapter is not None:
            table = program.learn_host(app, environ, ctx.url_adapter)
    if table is not None:
        method = environ["REQUEST_METHOD"]
        path = environ.get("PATH_INFO", "")
        if not path.isascii():
            path = decode_wsgi(path)
        try:
            found = table.find_literal(path, method) or table.find(path, method)
        except HTTPException as error:  # from a converter
            ctx.keep_routing_error(error)
            found = MISSING
        if found is MISSING:
            if ctx._routing_error is None:
                ctx.keep_routing_error(NotFound())
            plan = ctx.plan = planned(app, ctx, program)
            return plan
        if found is not None:
            leaf, view_args = found
            rule = ctx._rule = leaf.rule
            ctx._view_args = view_args
            request = ctx._request
            if request is not None:
                request.url_rule, request.view_args = rule, view_args
            kept: Plan | None = leaf.plan
            if kept is None or kept.program is not program or not program.names_blueprints:
                kept = leaf.plan = planned(app, ctx, program)
            ctx.plan = kept
            return kept
        methods = table.allowed_methods(path)
        if methods and method.upper() not in methods:
            ctx.keep_routing_error(MethodNotAllowed([*methods]))
            plan = ctx.plan = planned(app, ctx, program)
            return plan
    if ctx.url_adapter is not None:
        ctx.match_request()
    plan = ctx.plan = planned(app, ctx, program)
    return plan


def open_session_and_keep_match(
    ctx: RequestContext, program: RequestProgram, rule: Rule, view_args: dict[str, t.Any]
) -> None:
    """Open the session unless it can wait, then store the match in the request."""
    if not program.lazy_session:
        ctx.open_session()
    ctx._rule, ctx._view_args = rule, view_args
    request = ctx._request
    if request is not None:
        request.url_rule, request.view_args = rule, view_args


def planned(app: Flask, ctx: RequestContext, program: RequestProgram) -> Plan:
    """Return the plan for the request's current state."""
    rule = ctx.url_rule
    endpoint = None if rule is None else rule.endpoint
    if program.names_blueprints:
        return program.plan(app, endpoint)
    return program.plan_for(app, endpoint, tuple(ctx.request.blueprints))


def current_plan(app: Flask, ctx: RequestContext) -> Plan:
    """Return the plan of a request, which a hook may have changed, or the application's plans."""
    plan: Plan | None = ctx.plan
    if plan is not None and plan.revision.program is plan.program:
        if not plan.program.names_blueprints:
            plan = planned(app, ctx, plan.program)
        else:
            request = ctx._request
            rule = ctx._rule if request is None else request.url_rule
            if (None if rule is None else rule.endpoint) == plan.endpoint:
                return plan
            plan = plan.program.plan(app, None if rule is None else rule.endpoint)
    else:
        plan = planned(app, ctx, app._current_program())
    ctx.plan = plan
    return plan


# The view


def find_view(app: Flask, ctx: RequestContext, plan: Plan) -> Call:
    """Return the view and its arguments, or a replacement for the view.

    :raises Exception: the routing error, if there is one.
    """
    request = ctx._request
    if request is None:
        error, rule, view_args = ctx._routing_error, ctx._rule, ctx._view_args
    else:
        error, rule = request.routing_exception, request.url_rule
        view_args = request.view_args
    if error is not None:
        app.raise_routing_exception(ctx.request)
    view: t.Any = plan.view
    arguments: t.Any = view_args
    method = ctx.environ["REQUEST_METHOD"] if request is None else request.method
    if method == "OPTIONS" and answers_options(rule):
        return app.make_default_options_response, {}
    if view is None:
        # Says what is missing.
        return plan.program.bind(app, app.view_functions[t.cast("Rule", rule).endpoint]), {}
    return view, arguments


def answers_options(rule: Rule | None) -> bool:
    """Return whether the framework answers ``OPTIONS`` requests for a rule."""
    return bool(getattr(rule, "provide_automatic_options", False))


def raise_routing_exception(app: Flask, request: Request) -> t.NoReturn:
    """Raise the routing error; in debug mode, explain a redirect that loses form data."""
    error: HTTPException | None = request.routing_exception
    assert error is not None, "routing succeeded"
    loses_body = (
        app.debug
        and isinstance(error, RequestRedirect)
        and error.code not in {307, 308}
        and request.method not in {"GET", "HEAD", "OPTIONS"}
    )
    if loses_body:
        raise FormDataRoutingRedirect(request)
    if app.debug and isinstance(error, NotFound):
        log_nearest_routes(app.url_map, request.path)
    try:
        raise error
    finally:
        error = None  # its traceback holds this frame


def options_response(app: Flask, ctx: RequestContext) -> Response:
    """Return the automatic response to ``OPTIONS`` with the allowed methods."""
    response = app.response_class()
    program: RequestProgram | None = app._revision.program
    table = None
    if program is not None and not ctx.adapter_overridden and program.holds(app):
        table = program.find_table(app, ctx.environ)
    if table is not None:
        # PERF: the adapter has its matcher fail for a method that does not exist.
        methods = table.allowed_methods(decode_wsgi(ctx.environ.get("PATH_INFO", "")))
        if methods and all(map(str.isalpha, methods)):
            allowed = ", ".join(methods)
            if type(response) is not Response or not response._put_first("Allow", allowed):
                response.headers["Allow"] = allowed
            return response
    adapter = ctx.url_adapter
    response.allow.update(() if adapter is None else adapter.allowed_methods())
    return response


# Errors


def find_error_handler(
    app: Flask, ctx: RequestContext, error: Exception
) -> t.Callable[..., t.Any] | None:
    """Return the handler of an exception, ready to be called, or ``None``."""
    plan = current_plan(app, ctx)
    program = plan.program
    if program.replaced._find_error_handler:
        handler = app._find_error_handler(error, ctx.request.blueprints)
        return None if handler is None else program.bind(app, handler)
    error_class = type(error)
    if error_class in plan.handlers:
        return plan.handlers[error_class]
    handler = app._find_error_handler(error, plan.blueprints)
    bound = None if handler is None else program.bind(app, handler)
    plan.keep_handler(error_class, bound)
    return bound


def raise_again(error: Exception) -> t.NoReturn:
    """Raise the exception being handled without adding a line to its traceback."""
    try:
        if sys.exc_info()[1] is error:
            raise
        raise error
    finally:
        del error


# The response


def respond_with(app: Flask, plan: Plan, rv: t.Any) -> t.Any:
    """Convert a view's return value to a response."""
    program = plan.program
    if program.replaced.make_response:
        return app.make_response(rv)
    if type(rv) is str and program.text_type is not None:
        return program.response_class(rv)
    return make_response(app, rv)


def is_without_session(app: Flask, environ: dict[str, t.Any], program: RequestProgram) -> bool:
    """Return whether no cookie of the request can hold a session that must be saved."""
    config = app.config
    return (not config["SESSION_REFRESH_EACH_REQUEST"] and program.has_standard_session) or config[
        "SESSION_COOKIE_NAME"
    ] not in environ["HTTP_COOKIE"]


def must_refresh_session(app: Flask, ctx: RequestContext, program: RequestProgram) -> bool:
    """Return whether to save a session that was not used: it is permanent, or a custom interface
    decides.

    Called only for requests with a cookie.
    """
    if is_without_session(app, ctx.environ, program):
        return False
    session = ctx._session
    return session is not None and (session.permanent or not program.has_standard_session)


def save_session(app: Flask, ctx: RequestContext, program: RequestProgram, response: t.Any) -> None:
    """Save the session with the session interface."""
    if program.lazy_session and program.revision.program is program:
        touch = program.touch_session
        if ctx._session_object is None and not (
            "HTTP_COOKIE" in ctx.environ and must_refresh_session(app, ctx, program)
        ):
            if touch is None:
                return
            touch(app)
            if ctx._session_object is None:
                return
        if program.has_standard_session:
            standard: t.Any = app.session_interface
            standard.save_where_needed(app, ctx._session, response)
            return
    session = ctx._session
    interface = app.session_interface
    if not interface.is_null_session(t.cast(t.Any, session)):
        interface.save_session(app, t.cast(t.Any, session), response)


# The end

PRESERVE = "werkzeug.debug.preserve_context"
"""Environ key by which a debugger or test client requests the contexts."""

_DISCONNECTS = (BrokenPipeError, ConnectionAbortedError, ConnectionResetError, GeneratorExit)
"""Exceptions raised when a client doesn't wait for the rest of the response."""


def teardown_error(error: BaseException | None, raised: BaseException) -> BaseException | None:
    """Return the error to pass to teardown functions when sending the response failed.

    :param error: the error that ended the request before, which takes precedence.
    :param raised: the exception from sending; a disconnect of the client is not an error.
    """
    if error is None and not isinstance(raised, _DISCONNECTS):
        return raised
    return error


def merge_teardown_errors(failed: BaseException | None, raised: BaseException) -> BaseException:
    """Return the error to raise after all functions: the first, with the others as notes."""
    if failed is None:
        return raised
    failed.add_note(f"A later teardown function failed too: {raised!r}")
    return failed


def has_standard_end(ctx: RequestContext) -> bool:
    """Return whether ending the request does the same as popping its context."""
    return (
        type(ctx) is RequestContext
        and ctx.plan is not None
        and ctx.plan.program.has_standard_contexts
        and len(ctx._tokens) == 1
        and _cv_request.get(None) is ctx
    )


def hand_over_contexts(environ: dict[str, t.Any]) -> None:
    """Pass the current contexts to a debugger or test client, to push them again later."""
    keep = environ[PRESERVE]
    keep(_cv_app.get())
    keep(_cv_request.get())
