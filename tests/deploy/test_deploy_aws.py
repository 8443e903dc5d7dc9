"""docs/deploy/aws-lambda.md, carried out: the handler, called with AWS's events."""

from __future__ import annotations

import base64
import copy
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from deploy_host import DEPLOY, Host
from deploy_pages import commands

Event = dict[str, Any]
Answer = dict[str, Any]

EVENTS = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in (DEPLOY / "aws" / "events").glob("*.json")
}
GATEWAY = "https://70ixmpl4fl.execute-api.us-east-2.amazonaws.com/prod"
HOMES = {
    "rest_api_v1": GATEWAY,
    "http_api_v2": "https://r3pmxmplak.execute-api.us-east-2.amazonaws.com",
    "load_balancer": "https://board.example",
}
# A process of its own calls the handler: the applications of all guides are called "app".
CALLER = """
import json, sys
from lambda_function import lambda_handler
for line in sys.stdin:
    print(json.dumps(lambda_handler(json.loads(line), None)), flush=True)
"""


@pytest.fixture(scope="module")
def handler(host_of_module: Host) -> Iterator[Callable[[Event], Answer]]:
    """Call the handler, which stays from one event to the next as it does on AWS."""
    host = host_of_module
    folder = host.install_probe()
    host.install(DEPLOY / "aws" / "lambda_function.py", "/srv/board/lambda_function.py")
    with subprocess.Popen(
        [sys.executable, "-c", CALLER],
        cwd=folder,
        env=host.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def call(event: Event) -> Answer:
            print(json.dumps(event), file=process.stdin, flush=True)
            line = process.stdout.readline()
            assert line, "the handler has failed"
            return dict(json.loads(line))

        try:
            yield call
        finally:
            process.stdin.close()
            process.wait(30)


def event(
    kind: str, path: str, method: str = "GET", body: bytes = b"", cookie: str = "", **headers: str
) -> Event:
    """The event of a kind, for another request than that which stands in the file."""
    made: Event = copy.deepcopy(EVENTS[kind])
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if kind == "http_api_v2":
        made["rawPath"] = made["requestContext"]["http"]["path"] = path
        made["requestContext"]["http"]["method"] = method
        made["headers"] |= given
        made["cookies"] = [cookie] if cookie else []
    else:
        made["path"] = path
        made["httpMethod"] = method
        if cookie:
            given["cookie"] = cookie
        made["multiValueHeaders"] |= {name: [value] for name, value in given.items()}
    made["body"] = base64.b64encode(body).decode()
    made["isBase64Encoded"] = True
    return made


def header(answer: Answer, name: str) -> str:
    if name == "Set-Cookie" and answer.get("cookies"):
        return str(answer["cookies"][0])
    headers = answer.get("multiValueHeaders") or {k: [v] for k, v in answer["headers"].items()}
    found = {key.lower(): values for key, values in headers.items()}
    return str(found[name.lower()][0])


def test_every_command_of_the_page_is_run_here() -> None:
    assert commands("aws-lambda") == []
    assert set(HOMES) == set(EVENTS)


@pytest.mark.parametrize("kind", HOMES)
def test_place_and_visitor_are_the_true_ones(handler: Callable[[Event], Answer], kind: str) -> None:
    answer = handler(EVENTS[kind])
    assert answer["statusCode"] == 200
    said = json.loads(answer["body"])
    assert said["home"] == f"{HOMES[kind]}/"
    assert said["url"] == f"{HOMES[kind]}/where?a=é&b=1&b=2"
    assert said["client"] == "192.0.2.7"


@pytest.mark.parametrize("kind", HOMES)
def test_session_lasts_from_one_event_to_the_next(
    handler: Callable[[Event], Answer], kind: str
) -> None:
    cookie = ""
    for expected in (1, 2):
        answer = handler(event(kind, "/count", "POST", cookie=cookie))
        assert answer["statusCode"] == 302
        prefix = "/prod" if kind == "rest_api_v1" else ""
        assert header(answer, "Location") == f"{prefix}/count"
        cookie = header(answer, "Set-Cookie").partition(";")[0]
        counted = handler(event(kind, "/count", cookie=cookie))
        assert json.loads(counted["body"]) == {"count": expected}


@pytest.mark.parametrize("kind", HOMES)
def test_bodies_of_any_bytes_come_and_go(handler: Callable[[Event], Answer], kind: str) -> None:
    content = os.urandom(10_000)
    headers = {"content_type": "application/octet-stream"}
    answer = handler(event(kind, "/upload", "POST", content, **headers))
    assert json.loads(answer["body"])["size"] == len(content)
    form = urlencode({"a": "é"}).encode()
    headers = {"content_type": "application/x-www-form-urlencoded"}
    assert handler(event(kind, "/upload", "POST", form, **headers))["statusCode"] == 200
    assert handler(event(kind, "/upload", "POST", bytes(2_000_000)))["statusCode"] == 413

    style = handler(event(kind, "/static/style.css"))
    assert "font-family" in style["body"]
    assert handler(event(kind, "/nowhere"))["statusCode"] == 404


def test_stage_of_an_http_api_is_cut_off(handler: Callable[[Event], Answer]) -> None:
    staged = event("http_api_v2", "/prod/where")
    staged["requestContext"]["stage"] = "prod"
    said = json.loads(handler(staged)["body"])
    assert said["home"] == f"{HOMES['http_api_v2']}/prod/"
    assert said["path"] == "/prod/where"


def test_domain_of_ones_own_has_no_stage(handler: Callable[[Event], Answer]) -> None:
    own = event("rest_api_v1", "/where", host="board.example")
    del own["multiValueHeaders"]["Host"]
    assert json.loads(handler(own)["body"])["home"] == "https://board.example/"
