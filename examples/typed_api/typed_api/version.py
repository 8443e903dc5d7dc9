"""The blueprint of version 1, on which the modules of views declare theirs."""

from flask import Blueprint

v1 = Blueprint("v1", __name__, url_prefix="/v1")
