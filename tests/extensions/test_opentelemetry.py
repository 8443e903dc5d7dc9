"""opentelemetry-instrumentation-flask: one span for each request, none left open."""

from __future__ import annotations

import logging

import pytest
from opentelemetry import trace
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

import flask
from flask import Flask, abort, copy_current_request_context, stream_with_context

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"


def add_views(app):
    @app.route("/books/<int:id>")
    def book(id):
        trace.get_current_span().set_attribute("book", id)
        return f"{id}"

    @app.route("/missing")
    def missing():
        abort(404)

    @app.route("/broken")
    def broken():
        raise LookupError("broken")

    @app.route("/health")
    def health():
        return "well"

    @app.route("/stream")
    def stream():
        def pieces():
            yield from "abc"

        return stream_with_context(pieces())

    @app.route("/thread")
    def thread():
        from threading import Thread

        heard = []

        @copy_current_request_context
        def work():
            heard.append(flask.request.path)

        worker = Thread(target=work)
        worker.start()
        worker.join()
        return heard


@pytest.fixture
def exporter():
    return InMemorySpanExporter()


@pytest.fixture
def provider(exporter):
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider


@pytest.fixture
def app(provider):
    app = Flask(__name__)
    FlaskInstrumentor().instrument_app(app, tracer_provider=provider, excluded_urls="health")
    add_views(app)
    return app


@pytest.fixture(autouse=True)
def no_complaints(caplog):
    """Fail where the instrumentation only logs that it lost its way."""
    yield
    assert [r for r in caplog.records if r.name.startswith("opentelemetry")] == []
    assert trace.get_current_span().get_span_context().is_valid is False


def test_a_request_is_a_span_named_for_its_rule(app, exporter):
    headers = {"traceparent": f"00-{TRACE_ID}-00f067aa0ba902b7-01"}
    assert app.test_client().get("/books/3", headers=headers).text == "3"
    (span,) = exporter.get_finished_spans()
    assert (span.name, span.kind) == ("GET /books/<int:id>", SpanKind.SERVER)
    assert f"{span.context.trace_id:032x}" == TRACE_ID
    assert span.attributes["book"] == 3
    assert span.attributes["http.route"] == "/books/<int:id>"
    assert span.attributes["http.status_code"] == 200


@pytest.mark.parametrize(
    ("path", "name", "status", "code"),
    [
        ("/missing", "GET /missing", 404, StatusCode.UNSET),
        ("/absent", "GET /absent", 404, StatusCode.UNSET),
        ("/broken", "GET /broken", 500, StatusCode.ERROR),
    ],
)
def test_errors_are_spans_with_their_status(app, exporter, path, name, status, code):
    assert app.test_client().get(path).status_code == status
    (span,) = exporter.get_finished_spans()
    assert span.name in (name, "GET")
    assert (span.attributes["http.status_code"], span.status.status_code) == (status, code)


def test_a_propagated_exception_ends_the_span(app, exporter):
    app.testing = True
    with pytest.raises(LookupError):
        app.test_client().get("/broken")
    (span,) = exporter.get_finished_spans()
    assert [event.name for event in span.events] == ["exception"]


@pytest.mark.parametrize("path", ["/stream", "/thread"])
def test_streams_and_copied_contexts_end_their_span_once(app, exporter, path):
    assert app.test_client().get(path).data
    assert [span.name for span in exporter.get_finished_spans()] == [f"GET {path}"]


def test_excluded_addresses_make_no_span(app, exporter):
    assert app.test_client().get("/health").text == "well"
    assert exporter.get_finished_spans() == ()


def test_hooks_see_span_and_headers(provider, exporter):
    app = Flask(__name__)
    seen = []
    FlaskInstrumentor().instrument_app(
        app,
        tracer_provider=provider,
        request_hook=lambda span, environ: span.set_attribute("path", environ["PATH_INFO"]),
        response_hook=lambda span, status, headers: seen.append((status, dict(headers))),
    )
    add_views(app)
    app.test_client().get("/books/1")
    assert exporter.get_finished_spans()[0].attributes["path"] == "/books/1"
    ((status, headers),) = seen
    assert (status, headers["Content-Length"]) == ("200 OK", "1")


def test_uninstrumented_after_requests_were_served(app, exporter):
    client = app.test_client()
    client.get("/books/1")
    FlaskInstrumentor().uninstrument_app(app)
    assert client.get("/books/2").text == "2"
    assert len(exporter.get_finished_spans()) == 1


def test_requests_are_counted_and_timed(provider):
    reader = InMemoryMetricReader()
    app = Flask(__name__)
    FlaskInstrumentor().instrument_app(
        app, tracer_provider=provider, meter_provider=MeterProvider([reader])
    )
    add_views(app)
    client = app.test_client()
    for _ in range(3):
        client.get("/books/1")
    (resource,) = reader.get_metrics_data().resource_metrics
    metrics = {m.name: m.data for scope in resource.scope_metrics for m in scope.metrics}
    assert [point.value for point in metrics["http.server.active_requests"].data_points] == [0]
    assert sum(point.count for point in metrics["http.server.duration"].data_points) == 3


def test_every_application_made_afterwards(provider, exporter, caplog):
    caplog.set_level(logging.WARNING)
    instrumentor = FlaskInstrumentor()
    instrumentor.instrument(tracer_provider=provider)
    try:
        app = flask.Flask(__name__)
    finally:
        instrumentor.uninstrument()
    add_views(app)
    app.test_client().get("/books/1")
    assert [span.name for span in exporter.get_finished_spans()] == ["GET /books/<int:id>"]
