"""Test clients and runners: requests, sessions and commands without a server."""

from __future__ import annotations

# Published code takes these from here.
import importlib as importlib
import typing as t  # noqa: F401
from contextlib import ExitStack as ExitStack
from contextlib import contextmanager as contextmanager
from copy import copy as copy
from types import TracebackType as TracebackType
from urllib.parse import urlsplit as urlsplit

import werkzeug as werkzeug
from click.testing import CliRunner as CliRunner
from click.testing import Result as Result
from werkzeug.test import Client as Client
from werkzeug.wrappers import Request as BaseRequest  # noqa: F401

from ..cli import ScriptInfo as ScriptInfo
from ..sessions import SessionMixin as SessionMixin
from .client import FlaskClient as FlaskClient
from .client import _get_werkzeug_version as _get_werkzeug_version
from .environ import EnvironBuilder as EnvironBuilder
from .runner import FlaskCliRunner as FlaskCliRunner

_werkzeug_version = ""
