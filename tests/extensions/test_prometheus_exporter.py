"""prometheus-flask-exporter: every request counted and timed, custom metrics."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families
from prometheus_flask_exporter import PrometheusMetrics

from flask import Blueprint, Flask, abort, request


@pytest.fixture
def app():
    app = Flask(__name__)
    metrics = PrometheusMetrics(app, group_by="endpoint", registry=CollectorRegistry())
    metrics.info("shop_info", "About the shop", version="1.0")
    api = Blueprint("api", __name__, url_prefix="/api")

    @app.route("/books/<int:id>")
    @metrics.counter("books_total", "Books shown", labels={"id": lambda: request.view_args["id"]})
    def book(id):
        return f"{id}"

    @app.route("/status/<int:code>")
    @metrics.histogram(
        "by_status", "By status", labels={"status": lambda response: response.status_code}
    )
    def status(code):
        abort(code)

    @app.route("/broken")
    def broken():
        raise LookupError

    @app.route("/hidden")
    @metrics.do_not_track()
    def hidden():
        return "hidden"

    @api.route("/list")
    def list_all():
        return ["a"]

    app.register_blueprint(api)
    return app


@pytest.fixture
def client(app):
    return app.test_client()


def samples(client, name):
    text = client.get("/metrics").text
    return {
        tuple(value for key, value in sorted(sample.labels.items()) if key != "le"): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name
    }


def test_requests_are_counted_by_endpoint_method_and_status(client):
    for path in ("/books/1", "/books/2", "/api/list", "/status/404", "/broken", "/absent"):
        client.get(path)
    client.post("/books/1")
    assert samples(client, "flask_http_request_total") == {
        ("GET", "200"): 3,
        ("GET", "404"): 2,
        ("GET", "500"): 1,
        ("POST", "405"): 1,
    }
    timed = samples(client, "flask_http_request_duration_seconds_count")
    assert timed[("book", "GET", "200")] == 2
    assert timed[("api.list_all", "GET", "200")] == 1
    assert timed[("status", "GET", "404")] == 1


def test_figures_of_ones_own(client):
    for path in ("/books/1", "/books/1", "/books/2", "/status/403"):
        client.get(path)
    assert samples(client, "books_total") == {("1",): 2, ("2",): 1}
    assert samples(client, "by_status_count") == {("403",): 1}
    assert samples(client, "shop_info") == {("1.0",): 1}


def test_exceptions_are_counted(client):
    client.get("/broken")
    assert samples(client, "flask_http_request_exceptions_total") == {("GET", "500"): 1}
    client.application.testing = True
    with pytest.raises(LookupError):
        client.get("/broken")
    assert samples(client, "flask_http_request_exceptions_total") == {("GET", "500"): 2}


def test_hidden_views_are_not_counted(client):
    client.get("/hidden")
    client.get("/metrics")
    assert samples(client, "flask_http_request_total") == {}


def test_the_page_is_chosen_by_name(client):
    client.get("/books/1")
    text = client.get("/metrics?name[]=books_total").text
    assert "books_total" in text
    assert "flask_http" not in text


def test_for_a_factory():
    metrics = PrometheusMetrics.for_app_factory(registry=CollectorRegistry(), path="/figures")
    app = Flask(__name__)
    metrics.init_app(app)
    app.add_url_rule("/", "page", lambda: "page")
    client = app.test_client()
    client.get("/")
    assert 'status="200"' in client.get("/figures").text
