"""The first chapters of an introduction to Flask, each answered by a real process."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from importlib.metadata import version
from pathlib import Path

from server_process import (
    APPS,
    ON_FREE_PORT,
    Server,
    clean_environment,
    copy_on_free_port,
    python,
    running,
)

CHANGED = f"""
from flask import Flask

app = Flask(__name__)

@app.route("/")
def hello():
    return "Hello again!"

@app.route("/boom")
def boom():
    return 1 / 0

if __name__ == "__main__":
    {ON_FREE_PORT}
"""


def wait_for_text(server: Server, text: str) -> None:
    """Ask for the start page until it says `text`: the reloader needs a moment."""
    deadline = time.monotonic() + 20
    answer = ""
    while time.monotonic() < deadline:
        try:
            answer = server.fetch("/").text
        except OSError:
            answer = "no connection"
        if answer == text:
            return
        time.sleep(0.05)
    raise AssertionError(f"still {answer!r}, log:\n{server.log}")


def test_ten_line_application_runs_reloads_and_debugs(tmp_path: Path) -> None:
    source = copy_on_free_port(APPS / "hello.py", tmp_path)
    with running(python(source.name), tmp_path, tmp_path / "log") as server:
        answer = server.fetch("/")
        assert (answer.status, answer.text) == (200, "Hello, World!")
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert "Debugger PIN" in server.log
        assert "Debugger is active" in server.log

        source.write_text(CHANGED)
        wait_for_text(server, "Hello again!")
        failed = server.fetch("/boom")
        assert failed.status == 500
        assert "ZeroDivisionError: division by zero" in failed.text
        assert "__debugger__=yes" in failed.text


def test_index(site: Server) -> None:
    answer = site.fetch("/")
    assert (answer.status, answer.text) == (200, "Hello, World!")


def test_name_in_the_path(site: Server) -> None:
    assert site.fetch("/hello/Ada").text == "Hello, Ada!"
    assert site.fetch("/hello/J%C3%BCrgen%20%26%20Co").text == "Hello, Jürgen & Co!"


def test_json_in_and_a_dict_out(site: Server) -> None:
    sent = {"name": "Ada", "tags": ["ä", None, 1.5]}
    answer = site.fetch(
        "/data", "POST", json.dumps(sent).encode(), {"Content-Type": "application/json"}
    )
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert json.loads(answer.body) == {"received": sent, "count": 2}


def test_template_with_a_stylesheet(site: Server) -> None:
    page = site.fetch("/page/%3CAda%3E").text
    assert "<h1>Hello, &lt;Ada&gt;!</h1>" in page
    assert '<link rel="stylesheet" href="/static/style.css">' in page

    style = site.fetch("/static/style.css")
    assert style.headers["Content-Type"] == "text/css; charset=utf-8"
    assert style.body == (APPS / "site" / "static" / "style.css").read_bytes()
    unchanged = site.fetch("/static/style.css", headers={"If-None-Match": style.headers["ETag"]})
    assert (unchanged.status, unchanged.body) == (304, b"")


def test_session_comes_back_from_a_cookie_jar(site: Server) -> None:
    jar = CookieJar()
    browser = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(jar)
    )
    form = urllib.parse.urlencode({"user": "Ada Lövelace"}).encode()
    with browser.open(f"{site.url}/login", form, timeout=10) as answer:
        assert answer.url == f"{site.url}/whoami"
        assert answer.read().decode() == "Ada Lövelace"
    # gunicorn's workers share nothing, so the cookie alone has to carry the session.
    for _ in range(8):
        with browser.open(f"{site.url}/whoami", timeout=10) as answer:
            assert answer.read().decode() == "Ada Lövelace"
    assert [cookie.name for cookie in jar] == ["session"]
    assert site.fetch("/whoami").text == "nobody"


def test_own_404_page(site: Server) -> None:
    answer = site.fetch("/no/such/page")
    assert (answer.status, answer.text) == (404, "<h1>No such page</h1>")


def test_blueprint(site: Server) -> None:
    posts = json.loads(site.fetch("/blog/").body)
    assert posts[1] == {"title": "Second post", "url": "/blog/2"}
    assert site.fetch("/blog/2").text == "Second post"
    assert site.fetch("/blog/3").status == 404
    moved = site.fetch("/blog")
    assert moved.status in {301, 308}
    assert urllib.parse.urlsplit(moved.headers["Location"]).path == "/blog/"


def test_head_and_options(site: Server) -> None:
    head = site.fetch("/hello/Ada", "HEAD")
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", "11")
    options = site.fetch("/data", "OPTIONS")
    assert set(options.headers["Allow"].split(", ")) == {"OPTIONS", "POST"}


def test_version_names_what_is_installed() -> None:
    done = subprocess.run(
        python("-m", "flask", "--version"),
        capture_output=True,
        text=True,
        timeout=30,
        env=clean_environment(),
        check=True,
    )
    assert f"Flask {version('flask')}" in done.stdout
    assert f"Werkzeug {version('werkzeug')}" in done.stdout
    assert "Python 3." in done.stdout
