"""The logger of an application: its level, its handler, and the stream the handler writes to."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterator

import pytest

from flask import Flask
from flask.logging import create_logger, default_handler, has_level_handler, wsgi_errors_stream


@pytest.fixture(autouse=True)
def root() -> Iterator[logging.Logger]:
    """Put the loggers of these tests below a root without the handlers that pytest adds."""
    real = logging.getLogger()
    shop, cart = logging.getLogger("shop"), logging.getLogger("shop.cart")
    shop.parent = logging.RootLogger(logging.WARNING)
    yield shop.parent
    shop.parent = real
    for logger in (shop, cart):
        logger.handlers.clear()
        logger.setLevel(logging.NOTSET)
        logger.propagate = True


@pytest.fixture
def app() -> Flask:
    return Flask("shop")


def test_logger_is_named_after_the_application_and_made_once(app: Flask) -> None:
    assert app.logger is logging.getLogger("shop")
    assert app.logger is app.logger


def test_without_configuration_the_default_handler_is_added(app: Flask) -> None:
    assert app.logger.handlers == [default_handler]
    assert app.logger.level == logging.NOTSET
    assert create_logger(app).handlers == [default_handler]


def test_debug_mode_sets_the_level(app: Flask) -> None:
    app.debug = True
    assert app.logger.level == logging.DEBUG


def test_debug_mode_leaves_a_level_that_was_set(app: Flask) -> None:
    logging.getLogger("shop").setLevel(logging.ERROR)
    app.debug = True
    assert app.logger.level == logging.ERROR


def test_configured_logging_is_left_alone(app: Flask, root: logging.Logger) -> None:
    root.addHandler(logging.StreamHandler(io.StringIO()))
    assert app.logger.handlers == []


def test_handler_that_lets_too_little_through_does_not_count(
    app: Flask, root: logging.Logger
) -> None:
    handler = logging.StreamHandler(io.StringIO())
    handler.setLevel(logging.CRITICAL)
    root.addHandler(handler)
    assert app.logger.handlers == [default_handler]


def test_has_level_handler_looks_up_the_chain() -> None:
    child = logging.getLogger("shop.cart")
    assert not has_level_handler(child)
    logging.getLogger("shop").addHandler(logging.NullHandler())
    assert has_level_handler(child)


def test_has_level_handler_stops_where_records_stop() -> None:
    child = logging.getLogger("shop.cart")
    logging.getLogger("shop").addHandler(logging.NullHandler())
    child.propagate = False
    assert not has_level_handler(child)


def test_has_level_handler_compares_with_the_effective_level() -> None:
    logger = logging.getLogger("shop")
    handler = logging.NullHandler()
    handler.setLevel(logging.ERROR)
    logger.addHandler(handler)
    assert not has_level_handler(logger)
    logger.setLevel(logging.ERROR)
    assert has_level_handler(logger)


def test_records_go_to_the_stream_of_the_request(app: Flask) -> None:
    stream = io.StringIO()

    @app.get("/")
    def index() -> str:
        app.logger.error("out of %s", "stock")
        assert wsgi_errors_stream._get_current_object() is stream
        return ""

    app.test_client().get("/", errors_stream=stream)
    assert stream.getvalue().endswith("] ERROR in test_logging: out of stock\n")
    assert stream.getvalue().startswith("[")


def test_records_outside_of_a_request_go_to_the_current_stderr(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    with app.app_context():
        app.logger.warning("low stock")
    assert stream.getvalue().endswith("] WARNING in test_logging: low stock\n")
    assert wsgi_errors_stream._get_current_object() is stream
    assert default_handler.stream is wsgi_errors_stream


@pytest.mark.parametrize(
    ("debug", "server", "warns"),
    [
        (True, "gunicorn/27.0.1", True),
        (False, "gunicorn/27.0.1", False),
        (True, "Werkzeug/3.1.9", False),
        (True, None, False),
    ],
)
def test_debug_mode_behind_a_production_server_is_warned_of_once(
    app: Flask, caplog: pytest.LogCaptureFixture, debug: bool, server: str | None, warns: bool
) -> None:
    app.debug = debug
    environ = {} if server is None else {"SERVER_SOFTWARE": server}
    client = app.test_client()
    client.get("/", environ_overrides=environ)
    app.before_request_funcs.setdefault(None, []).append(lambda: "later")  # so compiled anew
    assert client.get("/", environ_overrides=environ).text == "later"

    told = [record for record in caplog.records if record.name == "flask"]
    assert len(told) == warns
    if warns:
        assert "debug mode" in told[0].getMessage()
        assert "gunicorn/27.0.1" in told[0].getMessage()
