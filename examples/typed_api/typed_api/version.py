"""The blueprint of version 1, which all views are registered on."""

from flask import Blueprint

v1 = Blueprint("v1", __name__, url_prefix="/v1")
