"""The functions around the view: before it, after it, and at the end of the request.

They are read from the registries as they are at that moment.
"""

from __future__ import annotations

import typing as t

from ..ctx import RequestContext
from ..globals import _cv_app, _cv_request
from ..signals import appcontext_tearing_down, request_tearing_down

if t.TYPE_CHECKING:
    from ..app import Flask


def run_before(app: Flask, ctx: RequestContext) -> t.Any:
    """Run URL value preprocessors and ``before_request`` functions; return the response value of
    the first that has one.
    """
    request = ctx.request
    names = (None, *reversed(request.blueprints))
    for name in names:
        for preprocess in app.url_value_preprocessors.get(name, ()):
            preprocess(request.endpoint, request.view_args)
    for name in names:
        for before in app.before_request_funcs.get(name, ()):
            rv = app.ensure_sync(before)()
            if rv is not None:
                return rv
    return None


def run_after(app: Flask, ctx: RequestContext, response: t.Any) -> t.Any:
    """Run the functions for this response, then the ``after_request`` functions, and save the
    session.
    """
    for after in ctx._after_request_functions:
        response = app.ensure_sync(after)(response)
    for name in (*ctx.request.blueprints, None):
        for after in reversed(app.after_request_funcs.get(name, ())):
            response = app.ensure_sync(after)(response)
    save_session(app, ctx, response)
    return response


def save_session(app: Flask, ctx: RequestContext, response: t.Any) -> None:
    session = ctx._session
    interface = app.session_interface
    if not interface.is_null_session(session):
        interface.save_session(app, t.cast(t.Any, session), response)


class AllOf:
    """Calls functions one after the other, each although one before it raised."""

    def __init__(self) -> None:
        self.error: BaseException | None = None

    def call(self, function: t.Callable[..., t.Any], *args: t.Any, **kwargs: t.Any) -> None:
        try:
            function(*args, **kwargs)
        except BaseException as error:
            if self.error is None:
                self.error = error
            else:
                self.error.add_note(f"A later teardown function failed too: {error!r}")

    def finish(self) -> None:
        error, self.error = self.error, None
        if error is not None:
            try:
                raise error
            finally:
                del error  # the traceback would hold this frame, and this frame the error


def run_teardown_request(app: Flask, exc: BaseException | None) -> None:
    """Run all ``teardown_request`` functions of the current request; the first error is raised
    when all have run.
    """
    all_of = AllOf()
    ctx = _cv_request.get()
    for name in (*ctx.request.blueprints, None):
        for function in reversed(app.teardown_request_funcs.get(name, ())):
            all_of.call(app.ensure_sync(function), exc)
    if request_tearing_down.receivers:
        all_of.call(request_tearing_down.send, app, _async_wrapper=app.ensure_sync, exc=exc)
    all_of.finish()


def run_teardown_appcontext(app: Flask, exc: BaseException | None) -> None:
    """Run all ``teardown_appcontext`` functions; the first error is raised when all have run."""
    _cv_app.get()
    all_of = AllOf()
    for function in reversed(app.teardown_appcontext_funcs):
        all_of.call(app.ensure_sync(function), exc)
    if appcontext_tearing_down.receivers:
        all_of.call(appcontext_tearing_down.send, app, _async_wrapper=app.ensure_sync, exc=exc)
    all_of.finish()
