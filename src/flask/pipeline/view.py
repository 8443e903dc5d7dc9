"""The view: finding it, and calling it with the arguments from the path."""

from __future__ import annotations

import typing as t

from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from ..ctx import RequestContext
from ..diagnostics.explanations import FormDataRoutingRedirect
from ..wrappers import decode_wsgi

if t.TYPE_CHECKING:
    from ..app import Flask
    from ..wrappers import Request, Response


def call_view(app: Flask, ctx: RequestContext) -> t.Any:
    """Return what the view returns, or raise what kept routing from finding one."""
    request = ctx.request
    if request.routing_exception is not None:
        app.raise_routing_exception(request)
    rule: t.Any = request.url_rule
    if getattr(rule, "provide_automatic_options", False) and request.method == "OPTIONS":
        return app.make_default_options_response()
    view_args: dict[str, t.Any] = request.view_args  # type: ignore[assignment]
    return app.ensure_sync(app.view_functions[rule.endpoint])(**view_args)


def raise_routing_exception(app: Flask, request: Request) -> t.NoReturn:
    """Raise what routing failed with; in debug mode, explain a redirect that loses form data."""
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
    try:
        raise error
    finally:
        error = None  # its traceback holds this frame


def options_response(app: Flask, ctx: RequestContext) -> Response:
    """Return the answer to ``OPTIONS`` where the view does not give one: the allowed methods."""
    response = app.response_class()
    compiled = app._generation.compiled
    if compiled is not None and compiled.direct and not ctx.keeps_adapter:
        # PERF: the adapter has its matcher fail for a method that does not exist.
        methods = compiled.table.allowed_methods(decode_wsgi(ctx.environ.get("PATH_INFO", "")))
        if methods and all(map(str.isalpha, methods)):
            response.headers["Allow"] = ", ".join(methods)
            return response
    adapter = ctx.url_adapter
    response.allow.update(() if adapter is None else adapter.allowed_methods())
    return response
