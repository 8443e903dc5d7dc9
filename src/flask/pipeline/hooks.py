"""The functions around the view: before it, after it, and at the end of the request.

They are read from the registries as they are at that moment.
"""

from __future__ import annotations

import typing as t
from functools import partial

from ..ctx import RequestContext
from ..globals import _cv_request
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


def first_of(failed: BaseException | None, raised: BaseException) -> BaseException:
    """The error to raise once all functions have run: the first; the others are notes to it."""
    if failed is None:
        return raised
    failed.add_note(f"A later teardown function failed too: {raised!r}")
    return failed


def _run_all(calls: t.Iterable[t.Callable[[], t.Any]]) -> None:
    """Make all calls, each although one before it raised; then raise the first error."""
    failed: BaseException | None = None
    for call in calls:
        try:
            call()
        except BaseException as raised:
            failed = first_of(failed, raised)
    if failed is not None:
        try:
            raise failed
        finally:
            del failed  # its traceback holds this frame


def run_teardown_request(app: Flask, exc: BaseException | None) -> None:
    """Run all ``teardown_request`` functions of the current request; the first error is raised
    when all have run.
    """
    ctx = _cv_request.get()

    def calls() -> t.Iterator[t.Callable[[], t.Any]]:
        for name in (*ctx.request.blueprints, None):
            for function in reversed(app.teardown_request_funcs.get(name, ())):
                yield partial(app.ensure_sync(function), exc)
        if request_tearing_down.receivers:
            yield partial(request_tearing_down.send, app, _async_wrapper=app.ensure_sync, exc=exc)

    _run_all(calls())


def run_teardown_appcontext(app: Flask, exc: BaseException | None) -> None:
    """Run all ``teardown_appcontext`` functions; the first error is raised when all have run."""

    def calls() -> t.Iterator[t.Callable[[], t.Any]]:
        for function in reversed(app.teardown_appcontext_funcs):
            yield partial(app.ensure_sync(function), exc)
        if appcontext_tearing_down.receivers:
            yield partial(
                appcontext_tearing_down.send, app, _async_wrapper=app.ensure_sync, exc=exc
            )

    _run_all(calls())
