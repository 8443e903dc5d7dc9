"""Other people's validators find nothing wrong with the documents."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torture
from openapi_spec_validator import OpenAPIV31SpecValidator

from flask import Flask


def document_of(app: Flask) -> Any:
    response = app.test_client().get("/openapi.json")
    assert response.status_code == 200
    return json.loads(response.data)


@pytest.fixture(params=["example", "torture"])
def document(request: pytest.FixtureRequest, example: Flask) -> Any:
    return document_of(example if request.param == "example" else torture.app)


def test_the_specifications_validator_is_content(document: Any) -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_the_validator_finds_faults_that_are_there(document: Any) -> None:
    del document["info"]["version"]
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()]


def test_redocly_is_content(document: Any, node_tool: Callable[[str], str], tmp_path: Path) -> None:
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(document))
    command = [node_tool("redocly"), "lint", "--format", "json", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["totals"]["errors"] == 0


def test_swagger_ui_is_served_from_its_package() -> None:
    from flask.openapi import OpenAPI

    app = Flask(__name__)
    OpenAPI(app, page="swagger-ui")
    client = app.test_client()
    page = client.get("/docs")
    assert "/docs/swagger-ui-bundle.js" in page.text
    for name in ("swagger-ui-bundle.js", "swagger-ui.css", "swagger-start.js"):
        assert client.get(f"/docs/{name}").status_code == 200
    assert client.get("/docs/index.html").status_code == 404
