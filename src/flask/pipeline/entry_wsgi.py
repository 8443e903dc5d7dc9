"""The WSGI door: a request comes in as environ and goes out through ``start_response``."""

from __future__ import annotations

import typing as t

from werkzeug.exceptions import NotFound

from ..ctx import AppContext, RequestContext
from ..globals import _cv_app, _cv_request
from ..http.headers import full_content_type
from ..routing.table import MISSING
from ..wrappers import decode_wsgi
from .compiler import Compiled
from .exit import PRESERVE, hand_over_contexts, leave, what_ended
from .plan import Plan
from .steps import finish, match_by_adapter, must_refresh_session, run_planned

if t.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from werkzeug.routing import Rule

    from ..app import Flask

WEB_SCHEMES = {"http", "https"}

Door = t.Callable[["Flask", "WSGIEnvironment", "StartResponse"], t.Iterable[bytes]]


def open_door(app: Flask, compiled: Compiled) -> Door:
    """Return the door for an application: the direct one, or one that goes step by step.

    The door is called with the application, which it does not hold: nothing that was compiled
    keeps an application alive.
    """
    return _direct_door(app, compiled) if compiled.direct else go_step_by_step


def go_step_by_step(
    app: Flask, environ: WSGIEnvironment, start_response: StartResponse
) -> t.Iterable[bytes]:
    """Handle a request by calling the application's method for each step."""
    ctx = app.request_context(environ)
    error: BaseException | None = None
    try:
        try:
            ctx.push()
            response: t.Any = app.full_dispatch_request()
        except Exception as raised:
            error = raised
            response = app.handle_exception(raised)
        except BaseException as raised:
            error = raised
            raise
        try:
            return response(environ, start_response)  # type: ignore[no-any-return]
        except BaseException as raised:
            error = what_ended(error, raised)
            raise
    finally:
        if PRESERVE in environ:
            hand_over_contexts(environ)
        if error is not None and app.should_ignore_error(error):
            error = None
        try:
            ctx.pop(error)
        finally:
            error = None  # its traceback holds this frame


def _direct_door(declared: Flask, compiled: Compiled) -> Door:
    """Return a door that does the built-in steps itself.

    :func:`go_step_by_step` is its slow twin, with which it shares every observable effect.
    """
    generation = declared._generation
    config = declared.config
    find, literal, hosts = compiled.table.find, compiled.table.literal, compiled.hosts
    unmatched = compiled.unmatched
    lazy = compiled.lazy_session and compiled.lazy_request
    json_body = compiled.json_body
    html = compiled.text_type
    provider: t.Any = declared.json
    own_json = getattr(provider, "__dict__", {})
    emits_text = html is not None
    emits_json = emits_text and json_body is not None
    tears_down_app = bool(compiled.teardown_appcontext)
    get_app, set_app, reset_app = _cv_app.get, _cv_app.set, _cv_app.reset
    set_request, reset_request = _cv_request.set, _cv_request.reset

    # PERF: one function for what reads as seven steps, as each call costs as much as the work
    # of most of them. What it needs is closed over: cells are read as fast as locals.
    def direct_door(
        app: Flask, environ: WSGIEnvironment, start_response: StartResponse
    ) -> t.Iterable[bytes]:
        if get_app(None) is not None:  # a request from inside of another context
            return go_step_by_step(app, environ, start_response)
        # Contexts
        ctx = RequestContext(app, environ)
        own = AppContext(app)
        app_token = set_app(own)
        own._tokens = (app_token,)
        request_token = set_request(ctx)
        ctx._tokens = tokens = ((request_token, own),)
        plan: Plan = unmatched
        rule: Rule | None = None
        view_args: dict[str, t.Any] = {}
        rv: t.Any
        response: t.Any = None
        body: bytes | None = None
        method = ""
        error: BaseException | None = None
        try:
            try:
                # Match
                if not lazy:
                    ctx.open_early(compiled.lazy_session)
                leaf = None
                method = environ["REQUEST_METHOD"]
                if (
                    environ.get("HTTP_HOST") in hosts
                    and config["TRUSTED_HOSTS"] is None
                    and "HTTP_UPGRADE" not in environ
                    and environ["wsgi.url_scheme"] in WEB_SCHEMES
                ) or compiled.accepts_host(app, environ):
                    path = environ.get("PATH_INFO", "")
                    if not path.isascii():
                        path = decode_wsgi(path)
                    by_method = literal.get(path)
                    if by_method is None:
                        found = find(path, method)
                        if found is MISSING:
                            ctx.keep_routing_error(NotFound())
                        elif found is not None:
                            leaf, view_args = found
                    else:
                        leaf = by_method.get(method)
                        if leaf is not None:
                            view_args = {} if leaf.defaults is None else dict(leaf.defaults)
                if leaf is None:
                    if ctx.routing_error is None:
                        plan = match_by_adapter(app, ctx, compiled)
                else:
                    ctx.rule = leaf.rule
                    ctx._view_args = view_args
                    if not lazy:
                        ctx.request.url_rule, ctx.request.view_args = leaf.rule, view_args
                    kept = leaf.plan
                    if kept is None or kept.compiled is not compiled:
                        kept = compiled.plan_of(app, leaf)
                    plan = kept
                rule = ctx.rule
                # Hooks and view
                try:
                    if leaf is not None and plan.bare and method != "OPTIONS":
                        rv = plan.view(**view_args)  # type: ignore[misc]
                    else:
                        rv = run_planned(app, ctx, compiled, plan)
                except Exception as raised:
                    rv = app.handle_user_exception(raised)
                # Response
                if (
                    emits_text
                    and ctx._opened is None
                    and not ctx._after_request_functions
                    and not plan.after
                    and generation.compiled is compiled
                    and ctx.is_at(rule)
                    and ("HTTP_COOKIE" not in environ or not must_refresh_session(app, ctx))
                ):
                    kind = type(rv)
                    if kind is str:
                        body, content_type = rv.encode(), html
                    elif (
                        emits_json and (kind is dict or kind is list) and "response" not in own_json
                    ):
                        content_type = ("Content-Type", full_content_type(provider.mimetype))
                        body = json_body(rv)  # type: ignore[misc]
                if body is None:
                    response = (
                        finish(app, ctx, compiled, plan, rv)
                        if ctx.is_at(rule)
                        else app.finalize_request(rv)
                    )
            except Exception as raised:
                error = raised
                response = app.handle_exception(raised)
            except BaseException as raised:
                error = raised
                raise
            # Delivery: what fails from here on is nothing that an error handler could answer.
            try:
                if body is None:
                    return response(environ, start_response)  # type: ignore[no-any-return]
                length = ("Content-Length", str(len(body)))
                start_response("200 OK", [content_type, length])  # type: ignore[list-item]
                return () if method == "HEAD" else (body,)
            except BaseException as raised:
                error = what_ended(error, raised)
                raise
        finally:
            # Exit
            rv = None  # perhaps an exception, whose traceback holds this frame
            if (
                error is None
                and ctx._tokens is tokens
                and not plan.teardown
                and not tears_down_app
                and PRESERVE not in environ
                and generation.compiled is compiled
                and ctx.is_at(rule)
            ):
                try:
                    if ctx._made is not None:
                        ctx.close_request()
                finally:
                    reset_request(request_token)
                    reset_app(app_token)
                    ctx._tokens = own._tokens = ()
                    if plan is unmatched:
                        ctx.forget_way_to_routing_error()
            else:
                try:
                    leave(app, ctx, tokens, compiled, plan, rule, error)
                finally:
                    error = None  # its traceback holds this frame

    return direct_door
