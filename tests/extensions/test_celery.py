"""Celery: tasks with an application context."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from testkit.processes import clean_environment, started

pytestmark = pytest.mark.uses("a worker process")

PROGRAM = """
import os
import flask
from celery import Celery, Task, shared_task
from celery.result import AsyncResult

def celery_init_app(app):
    class FlaskTask(Task):
        def __call__(self, *args, **kwargs):
            with app.app_context():
                return self.run(*args, **kwargs)

    celery = Celery(app.name, task_cls=FlaskTask)
    celery.config_from_object(app.config["CELERY"])
    celery.set_default()
    app.extensions["celery"] = celery
    return celery

@shared_task(ignore_result=False)
def greet(name):
    flask.g.greeted = flask.g.get("greeted", 0) + 1
    with flask.current_app.test_request_context():
        link = flask.url_for("result", id="x")
    return [flask.current_app.config["GREETING"], name, flask.g.greeted, link]

@shared_task(ignore_result=False)
def divide(a, b):
    return a / b

def create_app(**settings):
    app = flask.Flask("shop")
    app.config["GREETING"] = "hello"
    app.config["CELERY"] = dict(
        broker_url=os.environ.get("REDIS_URL", "memory://"),
        result_backend=os.environ.get("REDIS_URL", "cache+memory://"),
        broker_connection_retry_on_startup=True,
        **settings,
    )
    app.gone = []
    app.teardown_appcontext(app.gone.append)
    celery_init_app(app)

    @app.post("/greet")
    def start():
        return {"id": greet.delay(flask.request.form["name"]).id}

    @app.get("/result/<id>")
    def result(id):
        found = AsyncResult(id)
        value = found.get(timeout=90, propagate=False)
        return {"ok": found.successful(), "value": value if found.successful() else repr(value)}

    @app.post("/divide/<int:a>/<int:b>")
    def start_division(a, b):
        return {"id": divide.delay(a, b).id}

    return app
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "celery_shop.py").write_text(PROGRAM)
    (tmp_path / "worker.py").write_text(
        "from celery_shop import create_app\ncelery_app = create_app().extensions['celery']\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield __import__("celery_shop")
    sys.modules.pop("celery_shop")


@pytest.fixture
def worker(module, tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch):
    """A real worker process that takes its tasks from Redis."""
    monkeypatch.setenv("REDIS_URL", redis_url)
    command = ["celery", "-A", "worker", "worker", "--pool", "solo", "--loglevel", "warning"]
    words = [sys.executable, "-m", *command, "--without-gossip", "--without-mingle"]
    environment = clean_environment(REDIS_URL=redis_url, PYTHONPATH=str(tmp_path))
    with started(words, tmp_path / "log", cwd=tmp_path, env=environment) as group:
        yield group


def test_task_of_a_worker_has_the_app_and_a_context_of_its_own(module, worker) -> None:
    client = module.create_app().test_client()
    for name in ("ada", "bob"):
        started = client.post("/greet", data={"name": name}).json
        result = client.get(f"/result/{started['id']}").json
        assert result == {"ok": True, "value": ["hello", name, 1, "/result/x"]}


def test_failure_in_a_worker_comes_back_as_its_exception(module, worker) -> None:
    client = module.create_app().test_client()
    started = client.post("/divide/1/0").json
    result = client.get(f"/result/{started['id']}").json
    assert (result["ok"], "division by zero" in result["value"]) == (False, True)
    again = client.post("/divide/6/3").json
    assert client.get(f"/result/{again['id']}").json == {"ok": True, "value": 2.0}


def test_eager_task_within_a_request_keeps_the_requests_context(module) -> None:
    app = module.create_app(task_always_eager=True, task_store_eager_result=False)
    with app.test_request_context("/?q=1"):
        import flask

        flask.g.mine = "request"
        assert module.greet.delay("ada").get()[:3] == ["hello", "ada", 1]
        assert flask.g.mine == "request"
        assert "greeted" not in flask.g
        assert flask.request.args["q"] == "1"


def test_context_is_torn_down_with_the_tasks_exception(module) -> None:
    app = module.create_app(task_always_eager=True)
    assert isinstance(module.divide.delay(1, 0).result, ZeroDivisionError)
    assert [type(error) for error in app.gone] == [ZeroDivisionError]
