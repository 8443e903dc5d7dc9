"""The WSGI entry point: a request comes in as environ and goes out by ``start_response``."""

from __future__ import annotations

import typing as t

from werkzeug.exceptions import NotFound

from ..ctx import ACTIVE, ENDED, AppContext, RequestContext
from ..globals import _cv_app, _cv_request
from ..http.encoded import EncodedBody
from ..http.headers import full_content_type
from ..http.pristine import IS_UNCHANGED
from ..http.session_answers import answer_with_session
from ..json.provider import DefaultJSONProvider, is_json_body_all
from ..pipeline import _conductor_sync as conductor
from ..pipeline import steps
from ..pipeline.program import CLASSES, RequestProgram
from ..routing.table import MISSING, RoutingTable
from ..signals import (
    appcontext_popped,
    appcontext_pushed,
    appcontext_tearing_down,
    request_finished,
    request_started,
    request_tearing_down,
)
from ..wrappers import Response, decode_wsgi, emission

if t.TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from ..app import Flask


class NoLeaf:
    """Takes the place of a leaf of the routing table for paths that no rule has."""

    endpoint = rule = None
    plan: t.Any = None


Handler = t.Callable[["Flask", "WSGIEnvironment", "StartResponse"], t.Iterable[bytes]]
_NO_RESPONSE: t.Any = None
"""Not the constant itself, which type checkers would take for all that a response can be."""


def serve(
    app: Flask, environ: WSGIEnvironment, start_response: StartResponse, program: RequestProgram
) -> t.Iterable[bytes]:
    """Handle a request step by step."""
    ctx = steps.make_context(app, environ, program)
    try:
        response: t.Any = conductor.handle_request(app, ctx, program)
        # What fails from here on is nothing that an error handler could answer.
        try:
            body: t.Iterable[bytes] = response(environ, start_response)
            return body
        except BaseException as raised:
            ctx.error = steps.teardown_error(ctx.error, raised)
            raise
    finally:
        conductor.end_request(app, ctx)


def make_wsgi_handler(declared: Flask, program: RequestProgram) -> Handler:
    """Return the function that handles requests for a program.

    It is called with the application and doesn't store it, so that compiled code doesn't keep an
    application alive.
    """
    if not program.is_inlined:

        def handle(
            app: Flask, environ: WSGIEnvironment, start_response: StartResponse
        ) -> t.Iterable[bytes]:
            return serve(app, environ, start_response, program)

        return handle
    return _inlined_handler(declared, program)


def _inlined_handler(declared: Flask, program: RequestProgram) -> Handler:
    """Return a handler that finds the rule, pushes and pops the contexts and sends text and JSON
    by itself, and asks the conductor for every other step that a plan has.

    :func:`serve` is its slow twin, with which it shares every observable effect.
    """
    revision = program.revision
    no_match: t.Any = NoLeaf(), None
    config = declared.config
    hosts_by_scheme = program.hosts
    html = program.text_type
    provider: t.Any = declared.json
    own_provider = getattr(provider, "__dict__", {})
    json_body = program.json_body
    json_mimetype = "application/json"
    json_type = ("Content-Type", full_content_type(json_mimetype))
    classes = CLASSES.canary
    touch_session = program.touch_session
    response_class = program.response_class
    prepares = not (program.lazy_request and program.lazy_session)
    replaced = program.replaced
    answers_all = replaced.full_dispatch_request
    preserve = steps.PRESERVE
    # PERF: what 'emission.holds' does, without the call.
    canary = emission.canary
    get_app, set_app, reset_app = _cv_app.get, _cv_app.set, _cv_app.reset
    get_request, set_request, reset_request = _cv_request.get, _cv_request.set, _cv_request.reset
    new_request_context, new_app_context = RequestContext.__new__, AppContext.__new__
    # Blinker keeps these dicts for as long as the signals live.
    started, finished = request_started.receivers, request_finished.receivers
    tearing_down, pushed = request_tearing_down.receivers, appcontext_pushed.receivers
    app_tearing_down, popped = appcontext_tearing_down.receivers, appcontext_popped.receivers

    # PERF: one function for what reads as seven steps, as each call costs as much as the work
    # of most of them. What it needs is closed over: cells are read as fast as locals.
    def handle_inlined(
        app: Flask, environ: WSGIEnvironment, start_response: StartResponse
    ) -> t.Iterable[bytes]:
        # Match
        # PERF: two subscripts take a third of what three calls of 'get' do.
        table: RoutingTable | None
        path: t.Any
        try:
            table = hosts_by_scheme[environ["wsgi.url_scheme"]][environ["HTTP_HOST"]]
            path = environ["PATH_INFO"]
        except KeyError:
            table = path = None  # a host that was not seen before
        method = environ["REQUEST_METHOD"]
        if (
            table is None
            or pushed
            or "HTTP_UPGRADE" in environ
            or config["TRUSTED_HOSTS"] is not None
            or get_app(None) is not None
            or preserve in environ
        ):
            return serve(app, environ, start_response, program)
        by_method = table.literal.get(path)  # of ASCII alone
        view_args: t.Any  # None where no rule was found
        if by_method is not None:
            leaf = by_method.get(method)
            if leaf is None:
                return serve(app, environ, start_response, program)
            # PERF: 'Leaf.has_changed' takes a call to say this.
            rule = leaf.rule
            methods = rule.methods
            if rule.endpoint is not leaf.endpoint or methods is None or method not in methods:
                return serve(app, environ, start_response, program)
            defaults = rule.defaults
            view_args = dict(defaults) if defaults else {}
        else:
            if not path.isascii():
                path = decode_wsgi(path)
            found = table.find(path, method, in_context=False)
            if found is None:
                return serve(app, environ, start_response, program)
            leaf, view_args = no_match if found is MISSING else found
            rule = leaf.rule
        plan: t.Any = leaf.plan
        if plan is None or plan.program is not program:
            plan = leaf.plan = program.plan(app, leaf.endpoint)
        # Contexts
        # PERF: a class takes a third longer to make an instance.
        ctx = new_request_context(RequestContext)
        ctx.app = app
        ctx.environ = environ  # pyright: ignore
        if prepares and not program.lazy_request:
            ctx.request  # noqa: B018 - derived when asked for
        app_context = new_app_context(AppContext)
        app_context.app = app
        app_token = set_app(app_context)
        app_context._tokens = app_tokens = (app_token,)
        request_token = set_request(ctx)
        ctx._tokens = tokens = ((request_token, app_context),)
        ctx.state = ACTIVE
        rv: t.Any
        body: bytes | None = None
        content_type: t.Any = None
        response: t.Any = _NO_RESPONSE
        try:
            try:
                if prepares:
                    steps.open_session_and_keep_match(ctx, program, rule, view_args)
                else:
                    ctx._rule = rule
                    ctx._view_args = view_args
                ctx.plan = plan
                # Hooks and view
                if plan.is_direct and not started and method != "OPTIONS":
                    try:
                        rv = plan.view(**view_args)
                    except Exception as raised:
                        rv = conductor.answer_error(app, ctx, raised, replaced)
                else:
                    if rule is None:
                        ctx.keep_routing_error(NotFound())
                    if answers_all:
                        rv, response = None, app.full_dispatch_request()
                    else:
                        rv = conductor.answer(app, ctx, plan)
                # Response
                if (
                    plan.has_plain_answer
                    and not finished
                    and ctx._session_object is None
                    and ctx._response_functions is None
                    and revision.program is program
                    and ((request := ctx._request) is None or request.url_rule is rule)
                    and (
                        "HTTP_COOKIE" not in environ
                        or steps.is_without_session(app, environ, program)
                    )
                    and ((canary.__flags__ & IS_UNCHANGED and emission.held) or emission.holds())
                ):
                    kind = type(rv)
                    if kind is str:
                        body, content_type = rv.encode(), html
                    elif (
                        (kind is dict or kind is list)
                        and json_body is not None
                        # PERF: what 'is_json_body_all' says, as long as its class is unchanged.
                        and (
                            (
                                classes.__flags__ & IS_UNCHANGED
                                and type(provider) is DefaultJSONProvider
                                and "response" not in own_provider
                                and "_prepare_response_obj" not in own_provider
                            )
                            or is_json_body_all(provider)
                        )
                    ):
                        mimetype = provider.mimetype
                        content_type = (
                            json_type
                            if mimetype == json_mimetype
                            else ("Content-Type", full_content_type(mimetype))
                        )
                        body = json_body(rv)
                    elif kind is EncodedBody:
                        body, content_type = rv.body, rv.header
                    elif kind is Response and response_class is Response and touch_session is None:
                        response = rv  # to be sent as it is
                    if touch_session is not None and body is not None:
                        touch_session(app)
                        if ctx._session_object is not None:
                            body = None  # a getter asked for it: the answer varies by cookie
                if body is None and response is _NO_RESPONSE and not answers_all:
                    if replaced.finalize_request:
                        response = app.finalize_request(rv)
                    else:
                        if (
                            type(rv) is str
                            and html is not None
                            and plan.has_plain_answer
                            and program.has_standard_session
                            and not finished
                            and ctx._session_object is not None
                            and ctx._response_functions is None
                            and revision.program is program
                            and ((request := ctx._request) is None or request.url_rule is rule)
                            and method != "HEAD"
                        ):
                            response = answer_with_session(app, ctx._session_object, rv, html)
                        if response is _NO_RESPONSE:
                            response = conductor.finalize_request(app, ctx, rv)
            except Exception as raised:
                ctx.error = raised
                body, response = None, app.handle_exception(raised)
            except BaseException as raised:
                ctx.error = raised
                raise
            try:
                if body is None:
                    pieces: t.Iterable[bytes] = response(environ, start_response)
                    return pieces
                length = ("Content-Length", str(len(body)))
                start_response("200 OK", [content_type, length])
                return iter(() if method == "HEAD" else (body,))
            except BaseException as raised:
                ctx.error = steps.teardown_error(ctx.error, raised)
                raise
        finally:
            rv = None  # perhaps an exception, whose traceback holds this frame
            if (
                not plan.has_plain_end
                or tearing_down
                or app_tearing_down
                or popped
                or ctx.error is not None
                or ctx._tokens is not tokens
                or revision.program is not program
                or app_context._tokens is not app_tokens
            ):
                conductor.end_request(app, ctx)
            elif (request := ctx._request) is None:
                reset_request(request_token)
                reset_app(app_token)
                ctx._tokens = app_context._tokens = ()
                ctx.state = ENDED
            elif (
                request.url_rule is not rule
                or get_request(None) is not ctx
                or get_app(None) is not app_context
            ):
                conductor.end_request(app, ctx)
            else:
                try:
                    if rule is None:
                        ctx.clear_routing_traceback()
                    ctx.close_request()
                finally:
                    reset_request(request_token)
                    reset_app(app_token)
                    ctx._tokens = app_context._tokens = ()
                    ctx.state = ENDED

    return handle_inlined
