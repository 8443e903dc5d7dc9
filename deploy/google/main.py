"""An application as a Google Cloud function: the target is ``serve``."""

import functions_framework
from flask import Request
from werkzeug import Response

from app import app


@functions_framework.http
def serve(request: Request) -> Response:
    """Hand the request to the application, and its answer back."""
    return Response.from_app(app, request.environ)
