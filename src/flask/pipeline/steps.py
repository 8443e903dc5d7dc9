"""The steps of the direct way, as far as a request takes more than the door does itself."""

from __future__ import annotations

import typing as t

from ..ctx import RequestContext
from ..signals import request_finished, request_started
from ..wrappers import text_response
from .hooks import save_session
from .response import make_response
from .view import call_view

if t.TYPE_CHECKING:
    from ..app import Flask
    from ..wrappers import Response
    from .compiler import Compiled
    from .plan import Plan


def match_by_adapter(app: Flask, ctx: RequestContext, compiled: Compiled) -> Plan:
    """Ask Werkzeug's matcher; return the plan of the endpoint that it finds, if any."""
    ctx.match_request()
    if ctx.rule is None:
        return compiled.unmatched
    return compiled.plan(app, ctx.rule.endpoint)


def run_planned(app: Flask, ctx: RequestContext, compiled: Compiled, plan: Plan) -> t.Any:
    """Run the hooks before the view, and the view unless one of them has the response."""
    view_args = ctx._view_args
    for preprocess in plan.preprocessors:
        preprocess(plan.endpoint, view_args)
    for before in plan.before:
        rv = before()
        if rv is not None:
            return rv
    request = ctx._made
    if (
        plan.view is None
        or view_args is None
        or app._generation.compiled is not compiled
        or ctx.environ["REQUEST_METHOD"] == "OPTIONS"
        or (
            request is not None
            and (
                request.url_rule is not ctx.rule
                or request.view_args is not view_args
                or request.routing_exception is not None
            )
        )
    ):
        return call_view(app, ctx)  # also says what is wrong
    return plan.view(**view_args)


def must_refresh_session(app: Flask, ctx: RequestContext) -> bool:
    """Whether the session has to be saved although nobody asked for it: it is permanent.

    Asked of requests that have a cookie.
    """
    config = app.config
    if not config["SESSION_REFRESH_EACH_REQUEST"]:
        return False
    if config["SESSION_COOKIE_NAME"] not in ctx.environ["HTTP_COOKIE"]:
        return False
    session = ctx._session
    return session is not None and session.permanent


def finish(app: Flask, ctx: RequestContext, compiled: Compiled, plan: Plan, rv: t.Any) -> Response:
    """Make the response, run the hooks after the view and save the session."""
    if app._generation.compiled is not compiled:
        return app.finalize_request(rv)
    response: Response
    if type(rv) is str and compiled.text_type is not None:
        response = text_response(rv, compiled.text_type)
    else:
        response = make_response(app, rv)
    for after in ctx._after_request_functions:
        response = app.ensure_sync(after)(response)
    for after in plan.after:
        response = after(response)
    if ctx._opened is None and not (
        "HTTP_COOKIE" in ctx.environ and must_refresh_session(app, ctx)
    ):
        return response
    if compiled.lazy_session and app._generation.compiled is compiled:  # unless a hook moved it
        standard: t.Any = app.session_interface
        standard.save_where_needed(app, ctx._session, response)
    else:
        save_session(app, ctx, response)
    return response


def announce_start(app: Flask) -> None:
    if request_started.receivers:
        request_started.send(app, _async_wrapper=app.ensure_sync)


def announce_response(app: Flask, response: Response) -> None:
    if request_finished.receivers:
        request_finished.send(app, _async_wrapper=app.ensure_sync, response=response)
