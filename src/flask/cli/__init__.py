"""The ``flask`` command line program and the classes for building your own."""

from __future__ import annotations

# Published code takes the standard library's modules from here, or patches them here.
import ast as ast
import collections.abc as cabc  # noqa: F401
import importlib as importlib
import inspect as inspect
import os as os
import platform as platform
import re as re
import sys as sys
import traceback as traceback
import typing as t
from functools import update_wrapper as update_wrapper
from operator import itemgetter as itemgetter
from types import ModuleType as ModuleType

import click as click
from click.core import ParameterSource as ParameterSource
from werkzeug.serving import is_running_from_reloader as is_running_from_reloader
from werkzeug.serving import run_simple as run_simple
from werkzeug.utils import import_string as import_string

from ..globals import current_app as current_app
from ..helpers import get_debug_flag as get_debug_flag
from ..helpers import get_load_dotenv as get_load_dotenv
from .discovery import NoAppException as NoAppException
from .discovery import _called_with_wrong_args as _called_with_wrong_args
from .discovery import find_app_by_string as find_app_by_string
from .discovery import find_best_app as find_best_app
from .discovery import locate_app as locate_app
from .discovery import prepare_import as prepare_import
from .environment import _path_is_ancestor as _path_is_ancestor
from .environment import load_dotenv as load_dotenv
from .groups import AppGroup as AppGroup
from .groups import with_appcontext as with_appcontext
from .options import _app_option as _app_option
from .options import _debug_option as _debug_option
from .options import _env_file_callback as _env_file_callback
from .options import _env_file_option as _env_file_option
from .options import _set_app as _set_app
from .options import _set_debug as _set_debug
from .options import get_version as get_version
from .options import version_option as version_option
from .program import FlaskGroup as FlaskGroup
from .program import cli as cli
from .program import main as main
from .routes import routes_command as routes_command
from .run import CertParamType as CertParamType
from .run import SeparatedPathType as SeparatedPathType
from .run import _validate_key as _validate_key
from .run import run_command as run_command
from .run import show_server_banner as show_server_banner
from .script import ScriptInfo as ScriptInfo
from .script import pass_script_info as pass_script_info
from .shell import shell_command as shell_command

F = t.TypeVar("F", bound=t.Callable[..., t.Any])
