"""Texts that programs and tests match on are kept, whatever else a message says."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import flask


def test_a_relative_instance_path() -> None:
    with pytest.raises(ValueError, match="must be absolute"):
        flask.Flask("shop", instance_path="relative")


def test_positional_and_keyword_arguments_of_jsonify() -> None:
    with (
        flask.Flask("shop").app_context(),
        pytest.raises(TypeError, match=r"args or kwargs"),
    ):
        flask.jsonify(1, a=2)


def test_a_handler_for_an_instance() -> None:
    with pytest.raises(TypeError, match="is an instance, not a class"):
        flask.Flask("shop").register_error_handler(ValueError(), str)  # type: ignore[arg-type]


def test_explained_template_loading(caplog: pytest.LogCaptureFixture) -> None:
    app = flask.Flask("shop")
    app.config["EXPLAIN_TEMPLATE_LOADING"] = True
    app.logger.setLevel(logging.INFO)
    blueprint = flask.Blueprint("front", "shop", template_folder="front")
    app.register_blueprint(blueprint)
    app.logger.addHandler(caplog.handler)
    try:
        with app.test_request_context(), pytest.raises(flask.templating.TemplateNotFound):
            flask.render_template("missing.html")
    finally:
        app.logger.removeHandler(caplog.handler)
        app.logger.setLevel(logging.NOTSET)
    assert "1: trying loader of application 'shop'" in caplog.text
    assert "2: trying loader of blueprint 'front'" in caplog.text


def run_flask(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "flask", *arguments]
    environ = {key: value for key, value in os.environ.items() if not key.startswith("FLASK_")}
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environ)


@pytest.mark.parametrize("arguments", [("--app", "missing", "unknown"), ("unknown",)])
def test_an_unknown_command_without_an_application(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    run = run_flask(*arguments, cwd=tmp_path)
    assert run.returncode == 2
    assert run.stderr.startswith("Error: Could not ")
    assert "Usage: " in run.stderr
    assert "No such command 'unknown'" in run.stderr


def test_the_first_line_of_the_development_server(capsys: pytest.CaptureFixture[str]) -> None:
    flask.cli.show_server_banner(False, "shop")
    assert capsys.readouterr().out.splitlines() == [
        " * Serving Flask app 'shop'",
        " * Debug mode: off",
    ]


def test_the_warning_about_another_server_name_is_that_of_the_application_module() -> None:
    app = flask.Flask("shop", subdomain_matching=True)
    app.config["SERVER_NAME"] = "shop.example"
    app.add_url_rule("/", view_func=lambda: "")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "Current server name", module=r"flask\.app")
        assert app.test_client().get("/", base_url="http://other.example").status_code == 404
