"""The explanations of debug mode, under the name that they are documented by."""

from __future__ import annotations

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
