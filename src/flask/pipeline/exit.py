"""The end of a request: teardown, and the contexts before it restored."""

from __future__ import annotations

import typing as t

from ..ctx import RequestContext
from ..globals import _cv_app, _cv_request
from .hooks import first_of

if t.TYPE_CHECKING:
    from werkzeug.routing import Rule

    from ..app import Flask
    from .compiler import Compiled
    from .plan import Plan

PRESERVE = "werkzeug.debug.preserve_context"
"""The environ key under which a debugger or a test client asks for the contexts."""


_DISCONNECTS = (BrokenPipeError, ConnectionAbortedError, ConnectionResetError, GeneratorExit)
"""What is raised where a client does not wait for the rest of the response."""


def what_ended(error: BaseException | None, raised: BaseException) -> BaseException | None:
    """Return what the teardown functions are to be told of a response that was not delivered.

    :param error: what had ended the request before, which remains the reason.
    :param raised: what delivering the response raised; that the client went away is no error.
    """
    if error is None and not isinstance(raised, _DISCONNECTS):
        return raised
    return error


def hand_over_contexts(environ: dict[str, t.Any]) -> None:
    """Give the current contexts to whoever wants to push them again after the request."""
    keep = environ[PRESERVE]
    keep(_cv_app.get())
    keep(_cv_request.get())


def leave(
    app: Flask,
    ctx: RequestContext,
    tokens: tuple[t.Any, ...],
    compiled: Compiled,
    plan: Plan,
    rule: Rule | None,
    error: BaseException | None,
) -> None:
    """End a request that came through the direct door.

    :param rule: what the plan is for.
    :param tokens: what the door pushed; other ones mean that somebody pushed or popped since.
    """
    if PRESERVE in ctx.environ:
        hand_over_contexts(ctx.environ)
    if error is not None and app.should_ignore_error(error):
        error = None
    if ctx._tokens is not tokens or app._generation.compiled is not compiled or not ctx.is_at(rule):
        ctx.pop(error)
        return
    # PERF: a 'try' in the loop costs nothing unless something is raised; a call for each does.
    failed: BaseException | None = None
    for function in plan.teardown:
        try:
            function(error)
        except BaseException as raised:
            failed = first_of(failed, raised)
    if ctx._made is not None:
        try:
            ctx.close_request()
        except BaseException as raised:
            failed = first_of(failed, raised)
    ((token, own),) = tokens
    ctx._tokens = ()
    _cv_request.reset(token)
    for function in compiled.teardown_appcontext:
        try:
            function(error)
        except BaseException as raised:
            failed = first_of(failed, raised)
    own.restore()
    if ctx.routing_error is not None:
        ctx.forget_way_to_routing_error()
    if failed is not None:
        try:
            raise failed
        finally:
            del failed  # its traceback holds this frame
