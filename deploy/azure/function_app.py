"""An application on Azure Functions: every path leads to it."""

import logging

import azure.functions as func

from app import app

# Where no handler is set up, the application logs to the server's error stream, and the
# middleware answers anything there by failing. Azure's worker sets one up; elsewhere this does.
logging.basicConfig()

board = func.WsgiMiddleware(app)
function = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@function.route("{*path}", methods=list(func.HttpMethod))
def serve(request: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    return board.handle(request, context)
