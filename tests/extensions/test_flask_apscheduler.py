"""Flask-APScheduler: jobs with an application context, and its REST interface."""

from __future__ import annotations

from threading import Event

import pytest
from flask_apscheduler import APScheduler

from flask import Flask, current_app


def nothing():
    """Be a job that a request can name."""


@pytest.fixture
def app():
    app = Flask(__name__)
    app.config.update(SCHEDULER_API_ENABLED=True, SCHEDULER_TIMEZONE="UTC", GREETING="hello")
    scheduler = APScheduler()
    scheduler.init_app(app)
    scheduler.start(paused=False)
    yield app
    if scheduler.running:
        scheduler.shutdown()


def test_a_job_runs_with_the_application_it_belongs_to(app):
    ran, seen = Event(), []

    @app.apscheduler.task("date", id="once", misfire_grace_time=None)
    def once():
        with app.apscheduler.app.app_context():
            seen.append(current_app.config["GREETING"])
        ran.set()

    assert ran.wait(30)
    assert seen == ["hello"]


def test_jobs_are_managed_over_http(app):
    client = app.test_client()
    assert client.get("/scheduler").json["running"] is True
    job = {"id": "j", "func": f"{__name__}:nothing", "trigger": "interval", "minutes": 5}
    made = client.post("/scheduler/jobs", json=job)
    assert made.status_code == 200, made.text
    assert made.json["minutes"] == 5
    assert client.post("/scheduler/jobs", json=job).status_code == 409
    assert [entry["id"] for entry in client.get("/scheduler/jobs").json] == ["j"]
    assert client.post("/scheduler/jobs/j/pause").status_code in (200, 204)
    assert client.get("/scheduler/jobs/j").json["next_run_time"] is None
    assert client.patch("/scheduler/jobs/j", json={"name": "renamed"}).json["name"] == "renamed"
    assert client.delete("/scheduler/jobs/j").status_code == 204
    assert client.get("/scheduler/jobs/j").status_code == 404
    assert client.post("/scheduler/jobs/j/run").status_code == 404


def test_jobs_of_the_configuration_are_loaded():
    app = Flask(__name__)
    app.config.update(
        SCHEDULER_TIMEZONE="UTC",
        JOBS=[{"id": "j", "func": nothing, "trigger": "interval", "seconds": 10}],
    )
    scheduler = APScheduler()
    scheduler.init_app(app)
    scheduler.start(paused=True)
    try:
        assert [job.id for job in scheduler.get_jobs()] == ["j"]
    finally:
        scheduler.shutdown()
