"""The plain path by ASGI: a view without hooks that returns text or JSON.

:func:`.on_loop.serve_on_loop` is its slow twin, with which it shares every observable effect.
Sync views are found here and answered in a thread, by :mod:`.plain_thread`.
"""

from __future__ import annotations

import sys
import typing as t

from ..ctx import ACTIVE, ENDED, AppContext, RequestContext
from ..globals import _cv_app, _cv_request
from ..http.encoded import EncodedBody
from ..http.pristine import IS_UNCHANGED
from ..json.provider import is_json_body_all
from ..pipeline import conductor, steps
from ..pipeline.program import CLASSES, RequestProgram
from ..signals import (
    appcontext_popped,
    appcontext_pushed,
    appcontext_tearing_down,
    request_finished,
    request_started,
    request_tearing_down,
)
from ..wrappers import Request, emits_as_built_in
from .body import Inlet, Receive, receive_at_once
from .drive import drive_on
from .on_loop import (
    DEFAULT_BODY_MEMORY,
    STREAMS_BODY,
    Answer,
    LoopRequest,
    Watch,
    find_table,
    wants_loop,
)
from .plain_thread import make_plain_answer
from .scope import EXTRA, WORKERS, Scope
from .sending import Send, raw_type, text_type

if t.TYPE_CHECKING:
    from ..app import Flask
    from .asgi import AsgiDoor

Handler = t.Callable[["Flask", Scope, Receive, Send], t.Awaitable[None]]

_NOTED = frozenset(
    {b"host", b"cookie", b"upgrade", b"content-length", b"content-type", b"transfer-encoding"}
)
"""Headers that the plain path reads, or whose requests take more than it does."""


# PERF: to format a number takes as long as to send a message.
_MOST_LENGTHS = 1024
_LENGTHS = tuple((b"content-length", b"%d" % number) for number in range(_MOST_LENGTHS))


def make_plain_handler(
    declared: Flask, base: RequestProgram, program: RequestProgram, door: AsgiDoor
) -> Handler:
    """Return the function that handles connections for as long as a program holds.

    It hands over to the door whatever is not plain.

    :param base: the program of requests in threads, by which changes are noticed.
    :param program: the program of requests on the loop, or the base if there are none.
    """
    serve, serve_wsgi, serve_plain = door.serve, door.serve_wsgi, door.serve_plain
    answer_in_thread = make_plain_answer(declared, base)
    has_loop = program is not base
    revision = base.revision
    mro, needs_check = base.mro, base.needs_check
    canary = CLASSES.canary
    config = declared.config
    tables = door.tables
    request_class = program.request_class
    provider: t.Any = declared.json
    json_body = program.json_body
    html = text_type(program.text_type)
    types: dict[str, tuple[bytes, bytes]] = {}
    kind_of_app: t.Any = type(declared)
    built_in_call, built_in_entry = kind_of_app.built_in_call, kind_of_app.built_in_entry
    get_app, set_app, reset_app = _cv_app.get, _cv_app.set, _cv_app.reset
    set_request, reset_request = _cv_request.set, _cv_request.reset
    new_request_context, new_app_context = RequestContext.__new__, AppContext.__new__
    # Blinker keeps these dicts for as long as the signals live.
    started, finished = request_started.receivers, request_finished.receivers
    tearing_down, pushed = request_tearing_down.receivers, appcontext_pushed.receivers
    app_tearing_down, popped = appcontext_tearing_down.receivers, appcontext_popped.receivers

    # PERF: one function for what reads as seven steps, as in 'doors/wsgi.py'. The environ, which
    # takes longer to make than all the rest, is made when somebody asks for it.
    async def handle_plain(app: Flask, scope: Scope, receive: Receive, send: Send) -> None:
        # The program
        if (
            scope["type"] != "http"
            or revision.program is not base
            or (cls := type(app)).__mro__ is not mro
            or not (
                (canary.__flags__ & IS_UNCHANGED and CLASSES.generation == base.generation)
                or base.classes_hold()
            )
            or (needs_check and not base.unobserved_hold())
            or started
            or finished
            or tearing_down
            or pushed
            or app_tearing_down
            or popped
            or config["TRUSTED_HOSTS"] is not None
            or request_class.trusted_hosts is not None
            or get_app(None) is not None
            or scope.get("root_path")
            or EXTRA in scope
            or not emits_as_built_in()
            # PERF: '_replaced_entry' takes a call to say this.
            or cls.__call__ is not built_in_call
            or cls.wsgi_app is not built_in_entry
            or "wsgi_app" in (own := app.__dict__)
            or "async_to_sync" in own
        ):
            await serve(app, scope, receive, send)
            return
        # Match
        host: t.Any = None
        length: bytes | None = None
        sent_type: bytes | None = None
        for name, value in scope["headers"]:
            if name in _NOTED:
                if name == b"host" and host is None:
                    host = value
                elif name == b"content-length" and length is None:
                    length = value
                elif name == b"content-type" and sent_type is None:
                    sent_type = value
                else:
                    await serve(app, scope, receive, send)
                    return
        table: t.Any = tables.get(host)
        method = scope["method"]
        if table is None or table[0] != scope.get("scheme") or method == "OPTIONS":
            if not has_loop:
                find_table(program, scope, tables)
            await serve(app, scope, receive, send)
            return
        table = table[1]
        by_method = table.literal.get(scope["path"])
        view_args: dict[str, t.Any]
        if by_method is not None:
            leaf = by_method.get(method)
            if leaf is None:
                await serve(app, scope, receive, send)
                return
            # PERF: 'Leaf.has_changed' takes a call to say this.
            rule = leaf.rule
            methods = rule.methods
            if rule.endpoint is not leaf.endpoint or methods is None or method not in methods:
                await serve(app, scope, receive, send)
                return
            defaults = rule.defaults
            view_args = dict(defaults) if defaults else {}
        else:
            found = table.find(scope["path"], method, in_context=False)
            if type(found) is not tuple:
                await serve(app, scope, receive, send)
                return
            leaf, view_args = found
        plan: t.Any = leaf.plan
        if plan is None or plan.program is not program:
            plan = program.plan(app, leaf.endpoint)
            leaf.plan = plan
        if not has_loop or not plan.is_plain or scope["http_version"] >= "2":
            if has_loop:
                if wants_loop(plan):
                    await serve(app, scope, receive, send)
                    return
                plan = base.plan(app, leaf.endpoint)
            if (
                plan.is_plain
                and (length is None or length == b"0")
                and scope["http_version"] < "2"
                and WORKERS not in scope
            ):
                found = app, scope, leaf.rule, plan, view_args
                await serve_plain(app, answer_in_thread, found, scope, receive, send)
            else:
                await serve_wsgi(app, app.wsgi_app, scope, receive, send)
            return
        # Body
        posted: t.Any = b""
        if length is not None and length != b"0":
            announced = int(length) if length.isdigit() and len(length) < 10 else sys.maxsize
            allowed = config["MAX_CONTENT_LENGTH"]
            posted = None
            if (
                announced <= config.get("ASGI_BODY_MEMORY", DEFAULT_BODY_MEMORY)
                and (allowed is None or announced <= allowed)
                and not getattr(plan.view, STREAMS_BODY, False)
            ):
                posted = receive_at_once(receive, announced)
            if type(posted) is not bytes:
                await serve(app, scope, posted or receive, send)
                return
        # Contexts
        ctx = new_request_context(RequestContext)
        ctx.app = app
        ctx._scope = scope
        if posted:
            ctx._body = posted
            ctx._has_json = sent_type == b"application/json"
        app_context = new_app_context(AppContext)
        app_context.app = app
        app_token = set_app(app_context)
        app_context._tokens = app_tokens = (app_token,)
        request_token = set_request(ctx)
        ctx._tokens = tokens = ((request_token, app_context),)
        ctx.state = ACTIVE
        ctx.plan = plan
        ctx._rule = leaf.rule
        ctx._view_args = view_args
        body: bytes | None = None
        content_type: t.Any = None
        response: t.Any = None
        answer: Answer | None = None
        request: LoopRequest | None = None
        watch: Watch | None = None
        try:
            try:
                # View
                try:
                    coroutine = plan.view(**view_args)
                    try:
                        awaited = coroutine.send(None)
                    except StopIteration as stop:
                        rv = stop.value
                    else:
                        watch = Watch(Inlet(receive, None))
                        watch.begin()
                        rv = await drive_on(coroutine, awaited)
                except Exception as raised:
                    request = door.request(app)
                    rv = await conductor.handle_user_exception(app, ctx, raised, request.run)
                # Response
                if (
                    ctx._session_object is None
                    and ctx._response_functions is None
                    and revision.program is base
                    and (ctx._request is None or steps.current_plan(app, ctx) is plan)
                ):
                    kind = type(rv)
                    if kind is str:
                        body, content_type = rv.encode(), html
                    elif (
                        (kind is dict or kind is list)
                        and json_body is not None
                        and is_json_body_all(provider)
                    ):
                        mimetype = provider.mimetype
                        content_type = types.get(mimetype) or raw_type(types, mimetype)
                        body = json_body(rv)
                    elif kind is EncodedBody:
                        body, content_type = rv.body, text_type(rv.header)
                if body is None:
                    request = request or door.request(app)
                    response = await conductor.finalize_request(app, ctx, rv, request.run)
            except Exception as raised:
                ctx.error = raised
                request = request or door.request(app)
                response = await conductor.handle_exception(app, ctx, raised, request.run)
            except BaseException as raised:
                ctx.error = raised
                raise
            if body is None:
                try:
                    answer = Answer(response, ctx.environ)
                except BaseException as raised:
                    ctx.error = steps.teardown_error(ctx.error, raised)
                    raise
        except BaseException:
            if watch is None or not watch.has_cancelled:
                raise
            watch.absorb()
        finally:
            rv = None  # perhaps an exception, whose traceback holds this frame
            asked = ctx._request
            if (
                (asked is None or (type(asked) is Request and asked.url_rule is leaf.rule))
                and ctx.error is None
                and ctx._tokens is tokens
                and revision.program is base
                and app_context._tokens is app_tokens
            ):
                try:
                    if asked is not None:
                        ctx.close_request()
                finally:
                    reset_request(request_token)
                    reset_app(app_token)
                    ctx._tokens = app_context._tokens = ()
                    ctx.state = ENDED
            else:
                request = request or door.request(app)
                await conductor.end_request(app, ctx, request.run)
            if watch is not None:
                watch.end()
            if request is not None and answer is None:
                request.end()
        # Delivery
        if body is not None:
            count = len(body)
            length_header = (
                _LENGTHS[count] if count < _MOST_LENGTHS else (b"content-length", b"%d" % count)
            )
            await send(
                {
                    "type": "http.response.start",
                    "status": 200,
                    "headers": [content_type, length_header],
                }
            )
            await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})
        elif answer is not None:
            request = request or door.request(app)
            await answer.deliver(app, send, receive, request)

    return handle_plain
