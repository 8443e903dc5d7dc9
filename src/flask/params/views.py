"""Compilation of typed views to callables that take only the URL variables."""

from __future__ import annotations

import contextlib
import dataclasses
import typing as t
import weakref
from collections.abc import Callable, MutableMapping
from functools import update_wrapper
from types import FunctionType

from ..globals import _cv_request, request_ctx
from ..helpers import is_async
from .bodies import body_extractor
from .contract import Contract, read_contract
from .faults import MOST_FAULTS, Fault
from .forms import form_extractor
from .markers import Body, Cookie, File, Form, Header, Query
from .problem import InvalidInput, Problem
from .results import ATTRIBUTE as RESPONSES
from .results import ResultEncoder, answers_of, holds_model, is_encoded
from .strings import (
    Extract,
    cookie_extractor,
    header_extractor,
    path_extractor,
    query_extractor,
)

F = t.TypeVar("F", bound=Callable[..., t.Any])
View = Callable[..., t.Any]

CONTRACT = "__flask_contract__"
"""Attribute of a compiled view: its contract, or those of a class's methods."""

_COMPILED = "__flask_compiled__"
"""Attribute of a view: itself and the compiled view."""

_FINISH = "__flask_finish__"
"""Attribute of a compiled view: the encoder of its results."""

METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")


def typed(view: F) -> F:
    """Compile a view here, so that the decorators above run before validation.

    Without this decorator, a view is compiled when it is registered, and its parameters are
    validated before any decorator runs.

    .. code-block:: python

        @app.post("/items")
        @login_required
        @typed
        def create(item: Body[Item]) -> Item: ...
    """
    return t.cast(F, _compile(view, read_contract(view)))


def compile_view(view: View) -> View:
    """Return the callable for a registered view.

    It is the view itself unless the view declares parameters or returns a model. The same view
    gives the same callable each time.

    :raises TypeError: if its declaration is wrong.
    """
    if isinstance(view, FunctionType) and view in _untyped:
        return view
    kept = getattr(view, _COMPILED, None)
    if kept is not None and kept[0] is view:  # and not copied from a view that this one wraps
        return t.cast(View, kept[1])
    compiled = _compile_registered(view)
    if compiled is not view:
        with contextlib.suppress(AttributeError, TypeError):  # a callable may have no room for it
            setattr(view, _COMPILED, (view, compiled))
    elif isinstance(view, FunctionType):
        _untyped.add(view)
    return compiled


_untyped: weakref.WeakSet[FunctionType] = weakref.WeakSet()
"""Views known to declare nothing, whose annotations needn't be read again."""


def compile_views(views: MutableMapping[str, View]) -> None:
    """Compile views that were put into a registry without a route."""
    # Other threads may declare views meanwhile: a copy is made in one step, a list is not.
    known = dict.copy(views) if isinstance(views, dict) else dict(views)
    for endpoint, view in known.items():
        compiled = compile_view(view)
        if compiled is not view and views.get(endpoint) is view:
            views[endpoint] = compiled


def contracts_of(view: t.Any) -> dict[str | None, Contract]:
    """Return the contracts of a compiled view by HTTP method, or by ``None`` for a function.

    The mapping is empty for other views.
    """
    found = getattr(view, CONTRACT, None)
    if found is None:
        return {}
    return found if isinstance(found, dict) else {None: found}


def _compile_registered(view: t.Any) -> View:
    if hasattr(view, CONTRACT):
        return _with_declarations_above(view)
    if not callable(view):
        return t.cast(View, view)
    view_class = getattr(view, "view_class", None)
    if view_class is not None:
        return _compile_class(view, view_class)
    contract = read_contract(view)
    return _compile(view, contract) if _declares(contract) else t.cast(View, view)


def _with_declarations_above(view: t.Any) -> View:
    """Apply the declarations above ``typed`` to a view that it has compiled."""
    contract, finish = getattr(view, CONTRACT), getattr(view, _FINISH, None)
    if finish is not None and hasattr(view, RESPONSES):
        contract = dataclasses.replace(contract, view=view)
        finish.declare(answers_of(contract))
        setattr(view, CONTRACT, contract)
    return t.cast(View, view)


def _declares(contract: Contract) -> bool:
    """Return whether a view is typed."""
    if contract.parameters or contract.path or hasattr(contract.view, RESPONSES):
        return True
    return any(
        (is_encoded(it.kind) and holds_model(it.kind)) or (it.is_empty and it.status is not None)
        for it in answers_of(contract)
    )


def _compile(view: View, contract: Contract) -> View:
    extractors = make_extractors(contract)
    finish = ResultEncoder(answers_of(contract))
    current = _cv_request.get
    call: View

    if is_async(view):

        async def await_typed(*args: t.Any, **kwargs: t.Any) -> t.Any:
            prepare(extractors, kwargs)
            return finish(await view(*args, **kwargs))

        call = await_typed
    else:

        def call_typed(*args: t.Any, **kwargs: t.Any) -> t.Any:
            # PERF: `prepare`, without the call.
            ctx: t.Any = current(None) or _missing_context()
            environ = ctx.environ
            for extract in extractors:
                if extract(ctx, environ, kwargs) is not None:
                    raise _refusal(extractors, ctx, kwargs)
            return finish(view(*args, **kwargs))

        call = call_typed
    update_wrapper(call, view)
    setattr(call, CONTRACT, contract)
    setattr(call, _FINISH, finish)
    return call


def _compile_class(view: t.Any, view_class: t.Any) -> View:
    """Compile the view function of a :class:`~flask.views.View`."""
    methods: dict[str | None, View] = {
        it.upper(): getattr(view_class, it) for it in METHODS if hasattr(view_class, it)
    }
    if not methods:
        methods = {None: view_class.dispatch_request}
    contracts = {name: read_contract(method) for name, method in methods.items()}
    contracts = {name: it for name, it in contracts.items() if _declares(it)}
    if not contracts:
        return t.cast(View, view)
    steps = {
        name: (make_extractors(contract), ResultEncoder(answers_of(contract)))
        for name, contract in contracts.items()
        if not hasattr(contract.view, CONTRACT)  # compiled by `typed`
    }

    def call_typed_method(**kwargs: t.Any) -> t.Any:
        method = request_ctx.request.method
        step = steps.get(method) or steps.get(None)
        if step is None and method == "HEAD" and "HEAD" not in methods:
            step = steps.get("GET")
        if step is None:
            return view(**kwargs)
        prepare(step[0], kwargs)
        return step[1](view(**kwargs))

    update_wrapper(call_typed_method, view)
    setattr(call_typed_method, CONTRACT, contracts)
    return call_typed_method


def prepare(extractors: t.Sequence[Extract], arguments: dict[str, t.Any]) -> None:
    """Add the declared parameters to a view's arguments.

    :raises Problem: with all faults of the request.
    """
    ctx: t.Any = _cv_request.get(None) or _missing_context()
    for extract in extractors:
        if extract(ctx, ctx.environ, arguments) is not None:
            raise _refusal(extractors, ctx, arguments)


def _missing_context() -> t.Any:
    """Raise the proxy's error about the missing context."""
    proxy: t.Any = request_ctx
    return proxy._get_current_object()


def _refusal(extractors: t.Sequence[Extract], ctx: t.Any, arguments: dict[str, t.Any]) -> Problem:
    """Run all extractors again to find every fault, and return the exception to raise."""
    faults: list[Fault] = []
    problem: Problem | None = None
    for extract in extractors:
        try:
            faults += extract(ctx, ctx.environ, arguments) or ()
        except Problem as raised:  # what kind of body it is decides about the status
            problem = raised
            faults += raised.errors
    if problem is None:
        return InvalidInput(errors=faults[:MOST_FAULTS])
    return type(problem)(errors=faults[:MOST_FAULTS])


def make_extractors(contract: Contract) -> tuple[Extract, ...]:
    """Return the extractors of a contract's parameters: one for each source.

    :raises TypeError: if the sources can't be combined.
    """
    bodies = contract.of_source(t.cast(type, Body))
    fields, files = (contract.of_source(t.cast(type, it)) for it in (Form, File))
    if len(bodies) > 1 or (bodies and (fields or files)):
        names = ", ".join(repr(it.name) for it in (*bodies, *fields, *files))
        raise TypeError(
            f"{contract.view.__qualname__} takes the body more than once, by {names}. Declare one"
            " Body, or Form and File parameters."
        )
    found: list[Extract] = []
    if contract.path:
        found.append(path_extractor(contract.path))
    for marker, make in _OF_STRINGS:
        parameters = contract.of_source(t.cast(type, marker))
        if parameters:
            found.append(make(parameters))
    found += [body_extractor(it) for it in bodies]
    if fields or files:
        found.append(form_extractor(fields, files))
    return tuple(found)


_OF_STRINGS: tuple[tuple[t.Any, Callable[..., Extract]], ...] = (
    (Query, query_extractor),
    (Header, header_extractor),
    (Cookie, cookie_extractor),
)
