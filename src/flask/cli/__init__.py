"""The ``flask`` command line program, and what programs like it are made of."""

from __future__ import annotations

import click as click
from werkzeug.serving import run_simple as run_simple

from ..globals import current_app as current_app
from ..helpers import get_debug_flag as get_debug_flag
from ..helpers import get_load_dotenv as get_load_dotenv
from .discovery import NoAppException as NoAppException
from .discovery import find_app_by_string as find_app_by_string
from .discovery import find_best_app as find_best_app
from .discovery import locate_app as locate_app
from .discovery import prepare_import as prepare_import
from .environment import load_dotenv as load_dotenv
from .groups import AppGroup as AppGroup
from .groups import with_appcontext as with_appcontext
from .options import get_version as get_version
from .options import version_option as version_option
from .program import FlaskGroup as FlaskGroup
from .program import cli as cli
from .program import main as main
from .routes import routes_command as routes_command
from .run import CertParamType as CertParamType
from .run import SeparatedPathType as SeparatedPathType
from .run import run_command as run_command
from .run import show_server_banner as show_server_banner
from .script import ScriptInfo as ScriptInfo
from .script import pass_script_info as pass_script_info
from .shell import shell_command as shell_command
