"""docs/deploy/azure.md, carried out: the function, called with requests of Azure's worker."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from deploy_host import DEPLOY, Host
from deploy_pages import commands

HOME = "https://board.azurewebsites.net"
# A process of its own calls the function: the applications of all guides are called "app".
CALLER = """
import base64, json, sys
import azure.functions as func
from function_app import app, board, function, serve

@app.get("/broken")
def broken():
    return "broken", 503

@app.get("/names/<name>")
def names(name):
    return name

@app.get("/logs")
def logs():
    app.logger.warning("logged")
    return "logged"

@app.get("/stderr")
def stderr():
    from flask import request
    print("written", file=request.environ["wsgi.errors"])
    return "written"

(registered,) = function.get_functions()
handle = registered.get_user_function()
for line in sys.stdin:
    asked = json.loads(line)
    body = base64.b64decode(asked.pop("body", ""))
    try:
        answer = handle(func.HttpRequest(body=body, **asked), None)
        said = [answer.status_code, list(answer.headers.items()), answer.get_body().decode()]
    except Exception as error:
        said = [0, [], type(error).__name__]
    print(json.dumps(said), flush=True)
print(registered.get_trigger().route, file=sys.stderr)
"""

Call = Callable[..., list[Any]]


@pytest.fixture
def call(host: Host) -> Call:
    folder = host.install_probe()
    host.install(DEPLOY / "azure" / "function_app.py", "/srv/board/function_app.py")

    def ask(*paths: str, method: str = "GET", **headers: str) -> list[Any]:
        lines = [
            json.dumps({"method": method, "url": f"{HOME}{path}", "headers": headers})
            for path in paths
        ]
        done = subprocess.run(
            [sys.executable, "-c", CALLER],
            input="\n".join(lines),
            cwd=folder,
            env=host.environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr.splitlines()[-1] == "{*path}"
        return [json.loads(line) for line in done.stdout.splitlines()]

    return ask


def test_every_command_of_the_page_is_run_here() -> None:
    assert commands("azure") == []
    settings = json.loads((DEPLOY / "azure" / "host.json").read_text())
    assert settings["extensions"]["http"]["routePrefix"] == ""


def test_probe_is_served(call: Call) -> None:
    page, where, style, nowhere = call("/", "/where?a=%C3%A9", "/static/style.css", "/nowhere")
    assert page[0] == 200
    assert "It runs" in page[2]
    said = json.loads(where[2])
    assert (said["home"], said["url"]) == (f"{HOME}/", f"{HOME}/where?a=é")
    assert "font-family" in style[2]
    assert nowhere[0] == 404


def test_session_lasts_from_one_request_to_the_next(call: Call) -> None:
    ((status, headers, _),) = call("/count", method="POST")
    assert status == 302
    found = dict(headers)
    assert found["Location"] == "/count"
    cookie = found["Set-Cookie"].partition(";")[0]
    ((_, _, body),) = call("/count", Cookie=cookie)
    assert json.loads(body) == {"count": 1}


def test_what_the_page_warns_of(call: Call) -> None:
    paths = ("/names/%C3%A9", "/broken", "/logs", "/stderr", "/")
    name, broken, logged, written, after = call(*paths)
    assert name[2] != "é"
    assert broken[0] == 0
    assert logged[0] == 200
    assert (written[0], after[0]) == (0, 0)
