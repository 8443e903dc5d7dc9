"""The plain path of sync views by ASGI: found on the loop, and answered in a worker thread.

:meth:`.asgi.AsgiDoor.serve_wsgi` is its slow twin, with which it shares every observable effect.
"""

from __future__ import annotations

import typing as t

from ..ctx import ACTIVE, ENDED, AppContext, RequestContext
from ..globals import _cv_app, _cv_request
from ..http.encoded import EncodedBody
from ..json.provider import is_json_body_all
from ..pipeline import _conductor_sync as conductor
from ..pipeline import steps
from ..signals import (
    appcontext_popped,
    appcontext_tearing_down,
    request_finished,
    request_tearing_down,
)
from ..wrappers import emits_as_built_in
from .sending import PathFile, Transfer, raw_type, text_type

if t.TYPE_CHECKING:
    from ..app import Flask
    from ..pipeline.program import RequestProgram
    from .scope import Scope

Answer = t.Callable[..., t.Iterable[bytes]]


class PlainTransfer(Transfer):
    """Transfer of a request whose rule was found on the loop.

    :param arguments: for the function that answers, after the transfer.
    """

    __slots__ = ("_arguments",)

    def __init__(self, answer: Answer, arguments: tuple[t.Any, ...], *of_transfer: t.Any) -> None:
        super().__init__(answer, *of_transfer)
        self._arguments = arguments

    def _call(self) -> t.Iterator[None] | None:
        return self._take(self._application(self, *self._arguments))

    def start_plainly(self, content_type: tuple[bytes, bytes], length: int) -> None:
        """Begin a response of status 200, in place of ``start_response``."""
        self._headers = [content_type, (b"content-length", b"%d" % length)]
        self._status = 200


def make_plain_answer(declared: Flask, base: RequestProgram) -> Answer:
    """Return the function that answers requests in threads for as long as a program holds."""
    revision, replaced = base.revision, base.replaced
    provider: t.Any = declared.json
    json_body = base.json_body
    html = text_type(base.text_type)
    types: dict[str, tuple[bytes, bytes]] = {}
    get_app, set_app, reset_app = _cv_app.get, _cv_app.set, _cv_app.reset
    get_request, set_request, reset_request = _cv_request.get, _cv_request.set, _cv_request.reset
    new_request_context, new_app_context = RequestContext.__new__, AppContext.__new__
    # Blinker keeps these dicts for as long as the signals live.
    finished, tearing_down = request_finished.receivers, request_tearing_down.receivers
    app_tearing_down, popped = appcontext_tearing_down.receivers, appcontext_popped.receivers

    # PERF: one function for what reads as five steps, as in 'doors/wsgi.py'. The environ, which
    # takes as long to make as all the rest, is made when somebody asks for it.
    def answer_plainly(
        transfer: PlainTransfer,
        app: Flask,
        scope: Scope,
        rule: t.Any,
        plan: t.Any,
        view_args: dict[str, t.Any],
    ) -> t.Iterable[bytes]:
        # Contexts
        ctx = new_request_context(RequestContext)
        ctx.app = app
        ctx._scope = scope
        extensions = scope.get("extensions")
        if extensions and "http.response.pathsend" in extensions:
            ctx.environ["wsgi.file_wrapper"] = PathFile
        app_context = new_app_context(AppContext)
        app_context.app = app
        app_token = set_app(app_context)
        app_context._tokens = app_tokens = (app_token,)
        request_token = set_request(ctx)
        ctx._tokens = tokens = ((request_token, app_context),)
        ctx.state = ACTIVE
        ctx.plan = plan
        ctx._rule = rule
        ctx._view_args = view_args
        rv: t.Any
        body: bytes | None = None
        content_type: t.Any = None
        response: t.Any = None
        try:
            try:
                # View
                try:
                    rv = plan.view(**view_args)
                except Exception as raised:
                    rv = conductor.answer_error(app, ctx, raised, replaced)
                # Response
                if (
                    not finished
                    and ctx._session_object is None
                    and ctx._response_functions is None
                    and revision.program is base
                    and ((request := ctx._request) is None or request.url_rule is rule)
                    and emits_as_built_in()
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
                    response = conductor.finalize_request(app, ctx, rv)
            except Exception as raised:
                ctx.error = raised
                body, response = None, app.handle_exception(raised)
            except BaseException as raised:
                ctx.error = raised
                raise
            try:
                if body is None:
                    pieces: t.Iterable[bytes] = response(ctx.environ, transfer._start_response)
                    return pieces
                transfer.start_plainly(content_type, len(body))
                return (body,)
            except BaseException as raised:
                ctx.error = steps.teardown_error(ctx.error, raised)
                raise
        # End
        finally:
            rv = None  # perhaps an exception, whose traceback holds this frame
            request = ctx._request
            if (
                tearing_down
                or app_tearing_down
                or popped
                or ctx.error is not None
                or ctx._tokens is not tokens
                or revision.program is not base
                or app_context._tokens is not app_tokens
                or (request is not None and request.url_rule is not rule)
                or get_request(None) is not ctx
                or get_app(None) is not app_context
            ):
                conductor.end_request(app, ctx)
            else:
                try:
                    if request is not None:
                        ctx.close_request()
                finally:
                    reset_request(request_token)
                    reset_app(app_token)
                    ctx._tokens = app_context._tokens = ()
                    ctx.state = ENDED

    return answer_plainly
