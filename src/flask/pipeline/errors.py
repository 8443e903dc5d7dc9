"""Exceptions: from what was raised to the handler that answers it, or to the log and a 500."""

from __future__ import annotations

import sys
import typing as t

from werkzeug.exceptions import BadRequestKeyError, HTTPException, InternalServerError
from werkzeug.routing import RoutingException

from ..ctx import RequestContext
from ..signals import got_request_exception

if t.TYPE_CHECKING:
    from ..app import Flask


def handle_user_exception(app: Flask, ctx: RequestContext, error: Exception) -> t.Any:
    """Return the response value for an exception from a hook or a view, or raise it again."""
    try:
        if isinstance(error, BadRequestKeyError) and (
            app.debug or app.config["TRAP_BAD_REQUEST_ERRORS"]
        ):
            error.show_exception = True
        if isinstance(error, HTTPException) and not app.trap_http_exception(error):
            return app.handle_http_exception(error)
        handler = app._find_error_handler(error, ctx.request.blueprints)
        if handler is None:
            _raise_again(error)
        return app.ensure_sync(handler)(error)
    finally:
        del error  # once raised again, its traceback holds this frame


def handle_http_exception(app: Flask, ctx: RequestContext, error: HTTPException) -> t.Any:
    """Return the response value for an HTTP exception: its handler's, or itself."""
    # A redirect of the routing is an answer, and an exception without a code carries one.
    if error.code is None or isinstance(error, RoutingException):
        return error
    handler = app._find_error_handler(error, ctx.request.blueprints)
    return error if handler is None else app.ensure_sync(handler)(error)


def handle_exception(app: Flask, ctx: RequestContext, error: Exception) -> t.Any:
    """Log an exception that nobody handled and return the response of a server error, or raise it
    again where a debugger or a test is to see it.
    """
    try:
        got_request_exception.send(app, _async_wrapper=app.ensure_sync, exception=error)
        propagate = app.config["PROPAGATE_EXCEPTIONS"]
        if app.testing or app.debug if propagate is None else propagate:
            _raise_again(error)
        return _answer_server_error(app, ctx, error)
    finally:
        del error  # once raised again, its traceback holds this frame


def _answer_server_error(app: Flask, ctx: RequestContext, error: Exception) -> t.Any:
    app.log_exception(t.cast(t.Any, sys.exc_info()))
    answer: t.Any = InternalServerError(original_exception=error)
    handler = app._find_error_handler(answer, ctx.request.blueprints)
    if handler is not None:
        answer = app.ensure_sync(handler)(answer)
    return app.finalize_request(answer, from_error_handler=True)


def _raise_again(error: Exception) -> t.NoReturn:
    try:
        if sys.exc_info()[1] is error:
            raise  # does not add this frame's line to the traceback twice
        raise error
    finally:
        del error
