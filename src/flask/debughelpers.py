"""Explanations of debug mode, under their documented module name."""

from __future__ import annotations

import typing as t

from jinja2.loaders import BaseLoader
from werkzeug.routing import RequestRedirect as RequestRedirect

from .blueprints import Blueprint as Blueprint
from .diagnostics.explanations import DebugFilesKeyError as DebugFilesKeyError
from .diagnostics.explanations import FormDataRoutingRedirect as FormDataRoutingRedirect
from .diagnostics.explanations import UnexpectedUnicodeError as UnexpectedUnicodeError
from .diagnostics.explanations import (
    attach_enctype_error_multidict as attach_enctype_error_multidict,
)
from .diagnostics.explanations import (
    explain_template_loading_attempts as explain_template_loading_attempts,
)
from .globals import request_ctx as request_ctx
from .sansio.app import App as App


def _dump_loader_info(loader: BaseLoader) -> t.Iterator[str]:
    """Describe a template loader: its class, and those attributes that are plain values, a line
    each; the items of a list follow it.
    """
    yield f"class: {type(loader).__module__}.{type(loader).__name__}"
    for name, value in sorted(vars(loader).items()):
        if name.startswith("_"):
            continue
        if isinstance(value, (list, tuple)):
            if all(isinstance(item, str) for item in value):
                yield f"{name}:"
                yield from (f"  - {item}" for item in value)
        elif isinstance(value, (str, int, float, bool)):
            yield f"{name}: {value!r}"
