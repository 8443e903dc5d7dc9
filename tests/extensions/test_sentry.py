"""sentry-sdk: errors and transactions arrive over HTTP at a collector."""

from __future__ import annotations

import gzip
import json

import brotli
import pytest
import requests
import sentry_sdk
from loopback import serving
from sentry_sdk.integrations.dedupe import DedupeIntegration
from sentry_sdk.integrations.flask import FlaskIntegration
from werkzeug import Request, Response

from flask import Flask, abort, render_template_string, request

pytestmark = pytest.mark.uses("a collector")


class Collector:
    """Takes in envelopes and keeps what lies in them, by kind."""

    def __init__(self):
        self.items = []

    def __call__(self, environ, start_response):
        sent = Request(environ)
        unpack = {"gzip": gzip.decompress, "br": brotli.decompress}
        data = unpack.get(sent.headers.get("Content-Encoding"), bytes)(sent.get_data())
        lines = data.splitlines()[1:]
        while len(lines) >= 2:
            header, payload = json.loads(lines.pop(0)), lines.pop(0)
            self.items.append((header["type"], json.loads(payload)))
        return Response("{}", mimetype="application/json")(environ, start_response)

    def of_kind(self, kind):
        sentry_sdk.flush(30)
        return [item for name, item in self.items if name == kind]


@pytest.fixture
def collector():
    collector = Collector()
    with serving(collector) as url:
        sentry_sdk.init(
            dsn=url.replace("://", "://key@") + "/1",
            integrations=[FlaskIntegration(), DedupeIntegration()],
            default_integrations=False,
            auto_enabling_integrations=False,
            traces_sample_rate=1.0,
            send_default_pii=True,
        )
        try:
            yield collector
        finally:
            sentry_sdk.get_client().close()
            sentry_sdk.init(default_integrations=False, auto_enabling_integrations=False)


@pytest.fixture
def client(collector):
    app = Flask(__name__)

    @app.route("/books/<int:id>")
    def book(id):
        return render_template_string("{{ sentry_trace_meta }} {{ id }}", id=id)

    @app.route("/broken", methods=["GET", "POST"])
    def broken():
        raise LookupError(request.form.get("word", "broken"))

    @app.route("/missing")
    def missing():
        abort(404)

    @app.route("/handled")
    def handled():
        raise KeyError("handled")

    @app.errorhandler(KeyError)
    def handle(error):
        sentry_sdk.capture_message("a handled error")
        return "handled", 400

    return app.test_client()


def test_an_error_arrives_with_its_request(client, collector):
    assert client.post("/broken?a=1", data={"word": "lost"}).status_code == 500
    (event,) = collector.of_kind("event")
    (error,) = event["exception"]["values"]
    assert (error["type"], error["value"]) == ("LookupError", "lost")
    assert error["mechanism"] == {"type": "flask", "handled": False}
    assert event["transaction"] == "broken"
    assert event["request"]["url"] == "http://localhost/broken"
    assert event["request"]["query_string"] == "a=1"
    assert event["request"]["data"] == {"word": "lost"}


def test_a_propagated_error_arrives_once(client, collector):
    client.application.testing = True
    with pytest.raises(LookupError):
        client.get("/broken")
    assert len(collector.of_kind("event")) == 1


def test_every_request_is_a_transaction(client, collector):
    with serving(client.application, threaded=False) as url:
        for path in ("/books/1", "/books/2", "/missing", "/absent", "/broken"):
            requests.get(url + path, timeout=20)
    kinds = [
        (item["transaction"], item["contexts"]["response"]["status_code"])
        for item in collector.of_kind("transaction")
    ]
    assert [status for _, status in kinds] == [200, 200, 404, 404, 500]
    assert [name for name, _ in kinds[:3]] == ["book", "book", "missing"]


def test_expected_errors_are_no_events(client, collector):
    client.get("/missing")
    assert collector.of_kind("event") == []
    assert client.get("/handled").text == "handled"
    (event,) = collector.of_kind("event")
    assert event["message"] == "a handled error"


def test_templates_are_given_the_trace(client):
    assert '<meta name="sentry-trace"' in client.get("/books/7").text


def test_requests_do_not_share_their_scope(client, collector):
    @client.application.before_request
    def tag():
        if "tag" in request.args:
            sentry_sdk.set_tag("shade", request.args["tag"])

    client.get("/broken?tag=dark")
    client.get("/broken")
    assert [event.get("tags") for event in collector.of_kind("event")] == [{"shade": "dark"}, None]
