"""``flask routes --plan``: the steps of each route and the reason for each cost."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from blinker import NamedSignal

from .. import signals
from ..pipeline.replaced import STEPS
from .sources import place_of

if TYPE_CHECKING:
    from werkzeug.routing import Rule

    from ..app import Flask
    from ..pipeline.plan import Plan
    from ..pipeline.program import RequestProgram


def application_lines(app: Flask) -> Iterator[str]:
    """Yield the costs of every request beside the view and the route's hooks."""
    program = app._current_program()
    yield f"Application {app.name!r}"
    causes = [*_replaced(app, program), *_receivers(app), *_modes(app, program)]
    for function in program.teardown_appcontext:
        causes.append(f"teardown of the application context: {described(function)}")
    yield from _indented(causes or ["nothing beside the views and the hooks of each route"])


def route_lines(app: Flask, rule: Rule) -> Iterator[str]:
    """Yield the steps of requests for a rule, in their order."""
    plan = app._current_program().plan(app, rule.endpoint)
    methods = ", ".join(sorted(rule.methods or ()))
    yield f"{rule.rule}  {rule.endpoint}  {methods}"
    steps: list[str] = []
    for title, functions in (
        ("URL value preprocessor", plan.preprocessors),
        ("before", plan.before),
        ("view", () if plan.view is None else (plan.view,)),
        ("after", plan.after),
        ("teardown", plan.teardown),
    ):
        steps.extend(f"{title}: {described(function)}" for function in functions)
    steps.extend(_handlers(app, plan))
    if plan.is_plain:
        steps.append("plain: the entry point does the rest itself")
    yield from _indented(steps)


def described(function: Callable[..., Any]) -> str:
    """Return a function's name and place: ``shop.views.index (shop/views.py:12)``."""
    function = _behind(function)
    name = f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', function)!s}"
    how = ", coroutine function" if inspect.iscoroutinefunction(function) else ""
    place = place_of(function)
    return f"{name} ({place}{how})" if place else f"{name}{how and f' ({how[2:]})'}"


def _behind(function: Any) -> Any:
    """Return the application's function that a wrapper of the framework calls."""
    if isinstance(function, functools.partial):
        return _behind(function.func)
    if getattr(function, "__module__", "").startswith("flask.pipeline"):
        for cell in function.__closure__ or ():
            if callable(cell.cell_contents) and inspect.isroutine(cell.cell_contents):
                return cell.cell_contents
    return function


def _replaced(app: Flask, program: RequestProgram) -> Iterator[str]:
    for name in STEPS:
        if getattr(program.replaced, name):
            yield f"replaced step {name!r}: {described(_definition(app, name))}"


def _definition(app: Flask, name: str) -> Any:
    if name in vars(app):
        return vars(app)[name]
    return next(vars(cls)[name] for cls in type(app).__mro__ if name in vars(cls))


def _receivers(app: Flask) -> Iterator[str]:
    """Yield the receivers of the signals that a request sends."""
    for name, signal in vars(signals).items():
        if isinstance(signal, NamedSignal) and signal.has_receivers_for(app):
            for receiver in signal.receivers_for(app):
                yield f"receiver of {name!r}: {described(receiver)}"


def _modes(app: Flask, program: RequestProgram) -> Iterator[str]:
    """Yield settings, and classes of the application's own, that add work to each request."""
    if not program.matches_by_table:
        yield "URLs are matched by Werkzeug's map: a replaced step, context or map wants it so"
    elif not program.one_domain:
        kind = "host matching" if app.url_map.host_matching else "subdomain matching"
        yield f"{kind}: the host of each request is looked up as well"
    if not program.lazy_request or not program.names_blueprints:
        yield f"request class {described(app.request_class)}: an object is made for each request"
    if not program.lazy_session:
        yield (
            f"sessions by {described(type(app.session_interface))}: opened and saved for each"
            " request"
        )
    if program.text_type is None:
        yield f"response class {described(app.response_class)}: its methods send each response"
    if any(app.url_default_functions.values()):
        yield "URL defaults: each URL is built by Werkzeug's map"
    if app.config["TRUSTED_HOSTS"] is not None:
        yield "TRUSTED_HOSTS: the host of each request is checked"


def _handlers(app: Flask, plan: Plan) -> Iterator[str]:
    """Yield the error handlers that requests of a plan may reach, nearest blueprint first."""
    for owner in (*plan.blueprints, None):
        for handlers in app.error_handler_spec.get(owner, {}).values():
            for error, handler in handlers.items():
                code = getattr(error, "code", None)
                name = error.__name__ if code is None else f"{code} {error.__name__}"
                where = "" if owner is None else f" in {owner!r}"
                yield f"error handler of {name}{where}: {described(handler)}"


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"    {line}" for line in lines)
