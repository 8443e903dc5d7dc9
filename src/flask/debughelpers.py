"""The explanations of debug mode, under the name that they are documented by."""

from __future__ import annotations

from .blueprints import Blueprint as Blueprint
from .diagnostics import DebugFilesKeyError as DebugFilesKeyError
from .diagnostics import FormDataRoutingRedirect as FormDataRoutingRedirect
from .diagnostics import UnexpectedUnicodeError as UnexpectedUnicodeError
from .diagnostics import attach_enctype_error_multidict as attach_enctype_error_multidict
from .diagnostics import explain_template_loading_attempts as explain_template_loading_attempts
from .globals import request_ctx as request_ctx
from .sansio.app import App as App
