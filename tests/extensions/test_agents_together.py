"""Several at once: monitoring agents and other extensions on one application."""

from __future__ import annotations

import gzip

import pytest
import sentry_sdk
from flask_compress import Compress
from flask_debugtoolbar import DebugToolbarExtension
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry
from prometheus_flask_exporter import PrometheusMetrics
from sentry_sdk.integrations.dedupe import DedupeIntegration
from sentry_sdk.integrations.flask import FlaskIntegration
from sentry_sdk.transport import Transport
from werkzeug.middleware.proxy_fix import ProxyFix

from flask import Flask, g, request
from flask.views import MethodView

HTML = "<!doctype html><html><body>{}</body></html>"


class Kept(Transport):
    """Keep what Sentry's agent would send."""

    def __init__(self):
        super().__init__()
        self.events = []

    def capture_envelope(self, envelope):
        self.events += [item.payload.json for item in envelope.items if item.payload.json]

    def of_kind(self, kind):
        return [event for event in self.events if event.get("type", "event") == kind]


@pytest.fixture
def sentry():
    transport = Kept()
    sentry_sdk.init(
        dsn="http://key@localhost/1",
        transport=transport,
        integrations=[FlaskIntegration(), DedupeIntegration()],
        default_integrations=False,
        auto_enabling_integrations=False,
        traces_sample_rate=1.0,
    )
    yield transport
    sentry_sdk.get_client().close()
    sentry_sdk.init(default_integrations=False, auto_enabling_integrations=False)


@pytest.fixture
def spans():
    return InMemorySpanExporter()


@pytest.fixture
def app(sentry, spans):
    app = Flask(__name__)
    app.secret_key = "k"
    app.config.update(DEBUG_TB_ENABLED=True, COMPRESS_MIN_SIZE=10)
    app.wsgi_app = ProxyFix(app.wsgi_app)
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    FlaskInstrumentor().instrument_app(app, tracer_provider=provider)
    app.registry = CollectorRegistry()
    PrometheusMetrics(app, group_by="endpoint", registry=app.registry)
    Compress(app)
    DebugToolbarExtension(app)

    @app.before_request
    def stop():
        g.stopped = "stop" in request.args
        return (HTML.format("stopped"), 403) if g.stopped else None

    @app.route("/page/<word>")
    def page(word):
        return HTML.format(word)

    class Things(MethodView):
        def get(self):
            return ["thing"] * 10

        def post(self):
            raise LookupError

    app.add_url_rule("/things", view_func=Things.as_view("things"))
    return app


def counted(app):
    return {
        (sample.labels["method"], sample.labels["status"]): int(sample.value)
        for family in app.registry.collect()
        for sample in family.samples
        if sample.name == "flask_http_request_total"
    }


def test_each_agent_sees_every_request(app, sentry, spans):
    client = app.test_client()
    statuses = [
        client.open(path, method=method).status_code
        for method, path in (
            ("GET", "/page/one"),
            ("GET", "/page/two?stop"),
            ("GET", "/things"),
            ("POST", "/things"),
            ("PUT", "/things"),
            ("GET", "/absent"),
            ("OPTIONS", "/things"),
        )
    ]
    assert statuses == [200, 403, 200, 500, 405, 404, 200]
    seen = [span.attributes["http.status_code"] for span in spans.get_finished_spans()]
    assert seen == statuses
    assert counted(app) == {
        ("GET", "200"): 2,
        ("GET", "403"): 1,
        ("GET", "404"): 1,
        ("POST", "500"): 1,
        ("PUT", "405"): 1,
        ("OPTIONS", "200"): 1,
    }
    transactions = sentry.of_kind("transaction")
    # Sentry's agent leaves OPTIONS out by default.
    assert [t["contexts"]["response"]["status_code"] for t in transactions] == statuses[:-1]
    assert len(sentry.of_kind("event")) == 1


def test_a_page_is_compressed_and_has_its_toolbar(app):
    answer = app.test_client().get("/page/one", headers={"Accept-Encoding": "gzip"})
    text = gzip.decompress(answer.data).decode()
    assert "one" in text
    assert "flDebug" in text
    assert int(answer.headers["Content-Length"]) == len(answer.data)


def test_the_proxy_before_them_all_is_believed(app):
    @app.route("/where")
    def where():
        return request.url

    headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}
    assert app.test_client().get("/where", headers=headers).text == "https://localhost/where"
