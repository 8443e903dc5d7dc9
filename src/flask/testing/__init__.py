"""Test an application without a server: requests, sessions and command lines."""

from __future__ import annotations

from ..cli import ScriptInfo as ScriptInfo
from ..sessions import SessionMixin as SessionMixin
from .client import FlaskClient as FlaskClient
from .environ import EnvironBuilder as EnvironBuilder
from .runner import FlaskCliRunner as FlaskCliRunner
