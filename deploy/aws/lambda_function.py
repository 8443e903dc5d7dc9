"""An application on AWS Lambda, behind API Gateway or a load balancer: ``lambda_handler``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from apig_wsgi import make_lambda_handler

from app import app

Environ = dict[str, Any]


def as_it_is(
    wsgi_app: Callable[[Environ, Any], Iterable[bytes]],
) -> Callable[[Environ, Any], Iterable[bytes]]:
    """Correct what the adapter takes from the visitor: the address, and where the root is."""

    def serve(environ: Environ, start_response: Any) -> Iterable[bytes]:
        context = environ["apig_wsgi.request_context"]
        if "elb" in context:
            # A load balancer appends the address that it sees; what stands before is the visitor's.
            environ["REMOTE_ADDR"] = environ["HTTP_X_FORWARDED_FOR"].rpartition(",")[2].strip()
        elif "identity" in context:
            environ["REMOTE_ADDR"] = context["identity"]["sourceIp"]
        stage = context.get("stage", "$default")
        if stage != "$default" and environ["SERVER_NAME"].endswith(".amazonaws.com"):
            # The gateway's own addresses begin with the stage; those of your domain don't.
            root = environ["SCRIPT_NAME"] = f"/{stage}"
            if "http" in context:
                environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix(root) or "/"
        return wsgi_app(environ, start_response)

    return serve


app.wsgi_app = as_it_is(app.wsgi_app)  # type: ignore[method-assign]

lambda_handler = make_lambda_handler(app, binary_support=True)
