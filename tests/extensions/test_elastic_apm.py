"""elastic-apm: transactions and errors arrive over HTTP at a collector."""

from __future__ import annotations

import gzip
import json
import time
import zlib

import elasticapm
import pytest
import requests
from elasticapm.contrib.flask import ElasticAPM
from loopback import serving
from werkzeug import Request, Response

from flask import Flask, abort, render_template_string, request

pytestmark = pytest.mark.uses("a collector")

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"


class Collector:
    """Takes in what the agent sends and keeps it, by kind."""

    def __init__(self):
        self.items = []

    def __call__(self, environ, start_response):
        sent = Request(environ)
        if sent.path == "/intake/v2/events":
            unpack = {"gzip": gzip.decompress, "deflate": zlib.decompress}
            data = unpack.get(sent.headers.get("Content-Encoding"), bytes)(sent.get_data())
            for line in data.splitlines():
                self.items.extend(json.loads(line).items())
            return Response(status=202)(environ, start_response)
        return Response('{"version": "8.0.0"}', mimetype="application/json")(
            environ, start_response
        )

    def of_kind(self, kind):
        return [item for name, item in self.items if name == kind]


@pytest.fixture
def collector():
    collector = Collector()
    with serving(collector) as url:
        collector.url = url
        yield collector


@pytest.fixture
def app(collector):
    app = Flask(__name__)
    app.config["ELASTIC_APM"] = {
        "SERVICE_NAME": "shop",
        "SERVER_URL": collector.url,
        "CENTRAL_CONFIG": False,
        "CLOUD_PROVIDER": False,
        "METRICS_INTERVAL": "0ms",
        "CAPTURE_BODY": "all",
    }

    @app.route("/books/<int:id>")
    def book(id):
        with elasticapm.capture_span("look it up"):
            return render_template_string("{{ apm.trace_id }} {{ id }}", id=id)

    @app.route("/broken", methods=["POST"])
    def broken():
        raise LookupError(request.form["word"])

    @app.route("/missing")
    def missing():
        abort(404)

    app.apm = ElasticAPM(app)
    yield app
    app.apm.client.close()
    elasticapm.uninstrument()


def collected(app, collector, kind, least=1):
    """Let the agent send what it has; what it ends after the answer takes a moment longer."""
    app.apm.client.close()
    deadline = time.monotonic() + 30
    while len(collector.of_kind(kind)) < least and time.monotonic() < deadline:
        time.sleep(0.01)
    return collector.of_kind(kind)


def test_every_request_is_a_transaction(app, collector):
    headers = {"traceparent": f"00-{TRACE_ID}-00f067aa0ba902b7-01"}
    with serving(app, threaded=False) as url, requests.Session() as client:
        assert client.get(f"{url}/books/1", headers=headers).text == f"{TRACE_ID} 1"
        client.get(f"{url}/missing")
        client.get(f"{url}/absent")
    sent = collected(app, collector, "transaction", least=3)
    assert [(item["name"], item["result"]) for item in sent] == [
        ("GET /books/<int:id>", "HTTP 2xx"),
        ("GET /missing", "HTTP 4xx"),
        ("", "HTTP 4xx"),
    ]
    assert sent[0]["trace_id"] == TRACE_ID
    assert sent[0]["context"]["request"]["url"]["pathname"] == "/books/1"
    assert sent[0]["context"]["response"]["status_code"] == 200
    assert sent[0]["span_count"]["started"] >= 1
    spans = [item["name"] for item in collector.of_kind("span")]
    assert "look it up" in spans


def test_an_error_arrives_with_its_request(app, collector):
    with serving(app, threaded=False) as url:
        answer = requests.post(f"{url}/broken", data={"word": "lost"}, timeout=30)
    assert answer.status_code == 500
    (error,) = collected(app, collector, "error")
    assert error["exception"]["message"] == "LookupError: lost"
    assert error["exception"]["handled"] is False
    assert error["context"]["request"]["body"] == {"word": "lost"}
    (transaction,) = collected(app, collector, "transaction")
    assert (transaction["result"], transaction["outcome"]) == ("HTTP 5xx", "failure")
    assert error["transaction_id"] == transaction["id"]


def test_a_propagated_error_arrives_once(app, collector):
    app.testing = True
    with pytest.raises(LookupError):
        app.test_client().post("/broken", data={"word": "lost"})
    assert len(collected(app, collector, "error")) == 1


def test_the_framework_is_named(app, collector):
    with app.test_client() as client:
        client.get("/books/1").close()
    (metadata, *_) = collected(app, collector, "metadata")
    assert metadata["service"]["framework"]["name"] == "flask"
    assert metadata["service"]["framework"]["version"].startswith("3.1.3")
