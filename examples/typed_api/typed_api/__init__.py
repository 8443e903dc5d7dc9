"""A typed REST service: accounts with tokens, items, search with paging, pictures."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from flask import Flask, Response
from flask.openapi import OpenAPI
from flask.params import answer_with_problems

from . import accounts, database, items, pictures
from .version import v1

DESCRIPTION = """
A small marketplace: people offer things for sale and search for them.

Create an account with `POST /v1/accounts`. The response contains a token; send it with other
requests as `Authorization: Bearer ...`. Prices are in cents.
"""


def create_app(settings: Mapping[str, Any] | None = None) -> Flask:
    """Create the application.

    :param settings: override the defaults and the ``TYPED_API_...`` variables.
    """
    app = Flask(__name__, instance_relative_config=True)
    app.config.from_mapping(
        DATABASE=f"sqlite:///{os.path.join(app.instance_path, 'typed_api.sqlite')}",
        MAX_CONTENT_LENGTH=2 * 1024 * 1024,
        PASSWORD_METHOD="scrypt",
    )
    app.config.from_prefixed_env("TYPED_API")
    app.config.from_mapping(settings)
    os.makedirs(app.instance_path, exist_ok=True)

    OpenAPI(
        app,
        title="Things",
        version="1.0",
        description=DESCRIPTION,
        license={"name": "BSD-3-Clause", "identifier": "BSD-3-Clause"},
        tags={
            "accounts": "Accounts and access tokens.",
            "items": "Things to sell.",
            "pictures": "Photos of the things for sale.",
        },
        security_schemes={"token": {"type": "http", "scheme": "bearer"}},
        security=["token"],
    )
    answer_with_problems(app)
    database.init_app(app)
    app.register_blueprint(v1)

    @app.after_request
    def keep_private(response: Response) -> Response:
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return app


__all__ = ["accounts", "create_app", "items", "pictures"]
