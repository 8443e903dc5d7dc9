"""locust: its web interface starts a load test on an application, shows figures and stops it."""

from __future__ import annotations

import re
import time

import pytest
import requests
from loopback import serving

from flask import Flask

PROGRAM = """
import os

from locust import HttpUser, constant, task
from locust.env import Environment
import gevent


class Visitor(HttpUser):
    wait_time = constant(0.05)

    @task
    def page(self):
        self.client.get("/page")


environment = Environment(user_classes=[Visitor], host=os.environ["TARGET"])
environment.create_local_runner()
web = environment.create_web_ui("127.0.0.1", 0)


@web.app.route("/added")
def added():
    return "added"


while web.server is None or not web.server.started:
    gevent.sleep(0.01)
print(f"Running on http://127.0.0.1:{web.server.server_port}", flush=True)
web.greenlet.join()
"""


@pytest.fixture
def target():
    app = Flask(__name__)
    app.visits = []
    app.add_url_rule("/page", "page", lambda: app.visits.append(1) or "page")
    return app


@pytest.fixture
def url(target, run_server):
    with serving(target) as target_url:
        yield run_server(PROGRAM, TARGET=target_url).url


def test_a_swarm_is_started_watched_and_stopped(target, url):
    started = requests.post(f"{url}/swarm", data={"user_count": 2, "spawn_rate": 5}, timeout=30)
    assert started.json()["success"] is True
    deadline = time.monotonic() + 60
    while len(target.visits) < 5 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(target.visits) >= 5
    while time.monotonic() < deadline:
        figures = requests.get(f"{url}/stats/requests", timeout=30).json()
        if any(entry["name"] == "/page" for entry in figures["stats"]):
            break
        time.sleep(0.2)
    assert {entry["name"] for entry in figures["stats"]} == {"/page", "Aggregated"}
    assert figures["fail_ratio"] == 0
    assert requests.post(f"{url}/stop", timeout=30).json()["success"] is True
    report = requests.get(f"{url}/stats/requests/csv", timeout=30)
    assert report.headers["Content-Type"].startswith("text/csv")
    assert "/page" in report.text


def test_page_its_files_and_routes_added_to_it(url):
    page = requests.get(url, timeout=30)
    assert "Locust" in page.text
    (script,) = re.findall(r'src="\.?(/assets/[^"]+\.js)"', page.text)
    answer = requests.get(url + script, timeout=30)
    assert (answer.status_code, "javascript" in answer.headers["Content-Type"]) == (200, True)
    assert requests.get(f"{url}/added", timeout=30).text == "added"


def test_errors(url):
    assert requests.get(f"{url}/assets/absent.js", timeout=30).status_code == 404
    assert requests.get(f"{url}/absent", timeout=30).status_code == 404
    assert requests.get(f"{url}/swarm", timeout=30).status_code == 405
