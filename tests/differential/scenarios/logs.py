"""Logging: names, levels, handlers, where lines go."""

from __future__ import annotations

import io
import logging
import sys

import flask
import flask.logging
from flask.logging import default_handler, has_level_handler, wsgi_errors_stream

from ..harness import Lab, family, scenario


def quiet(lab: Lab):
    """Take the lab's own root handler away, so that no handler is effective."""
    root = logging.getLogger()
    kept = root.handlers[:]
    root.handlers.clear()
    lab.exit.callback(root.handlers.extend, kept)
    return root


@family("shop", "shop.deep", "a.b.c")
def name_of_the_logger(lab: Lab, name):
    app = flask.Flask(name)
    return [
        app.logger.name,
        app.logger is app.logger,
        app.name,
        app.logger is logging.getLogger(app.name),
    ]


@scenario
def same_logger_for_apps_of_one_name(lab: Lab):
    return lab.app("same").logger is lab.app("same").logger


@family(plain={}, debug={"DEBUG": True}, testing={"TESTING": True})
def level(lab: Lab, options):
    app = lab.app(**options)
    return [app.logger.level, app.logger.getEffectiveLevel()]


@scenario
def level_set_before_is_kept(lab: Lab):
    logging.getLogger("shop").setLevel(logging.ERROR)
    app = lab.app(DEBUG=True)
    return app.logger.level


@scenario
def debug_switched_on_after_the_logger_was_made(lab: Lab):
    app = lab.app()
    first = app.logger.level
    app.debug = True
    return [first, app.logger.level]


@scenario
def default_handler_when_none_is_effective(lab: Lab):
    quiet(lab)
    app = lab.app()
    return [[handler is default_handler for handler in app.logger.handlers], app.logger.propagate]


@family("root", "own", "root_high", "own_high", "parent", "null")
def default_handler_beside_another(lab: Lab, where):
    root = quiet(lab)
    handler = logging.NullHandler() if where == "null" else logging.StreamHandler(io.StringIO())
    if "high" in where:
        handler.setLevel(logging.CRITICAL)
    name = "shop.deep"
    target = {
        "root": root,
        "root_high": root,
        "own": logging.getLogger(name),
        "own_high": logging.getLogger(name),
        "parent": logging.getLogger("shop"),
        "null": root,
    }[where]
    target.addHandler(handler)
    app = lab.app(name)
    seen = [h is default_handler for h in app.logger.handlers]
    root.handlers.clear()
    return seen


@scenario
def handler_on_root_with_debug_level(lab: Lab):
    root = quiet(lab)
    handler = logging.StreamHandler(io.StringIO())
    handler.setLevel(logging.INFO)
    root.addHandler(handler)
    app = lab.app(DEBUG=True)
    seen = [h is default_handler for h in app.logger.handlers]
    root.handlers.clear()
    return [seen, app.logger.level]


@scenario
def propagation_switched_off(lab: Lab):
    root = quiet(lab)
    root.addHandler(logging.StreamHandler(io.StringIO()))
    logging.getLogger("shop").propagate = False
    app = lab.app()
    seen = [h is default_handler for h in app.logger.handlers]
    root.handlers.clear()
    return seen


@scenario
def has_level_handler_facts(lab: Lab):
    root = quiet(lab)
    logger = logging.getLogger("shop.x")
    seen = [has_level_handler(logger)]
    handler = logging.StreamHandler(io.StringIO())
    root.addHandler(handler)
    seen.append(has_level_handler(logger))
    handler.setLevel(logging.ERROR)
    seen.append(has_level_handler(logger))
    logger.setLevel(logging.ERROR)
    seen.append(has_level_handler(logger))
    logger.propagate = False
    seen.append(has_level_handler(logger))
    root.handlers.clear()
    return seen


@scenario
def default_handler_facts(lab: Lab):
    record = logging.LogRecord(
        "shop", logging.WARNING, "/x/module_name.py", 1, "the text", (), None
    )
    formatted = default_handler.format(record)
    return [
        "the text" in formatted,
        "WARNING" in formatted,
        "module_name" in formatted,
        formatted.startswith("["),
        type(default_handler).__name__,
    ]


@scenario
def lines_go_to_the_request_errors_stream(lab: Lab):
    quiet(lab)
    app = lab.app()

    @app.get("/")
    def index():
        app.logger.warning("inside request")
        return str(wsgi_errors_stream._get_current_object() is flask.request.environ["wsgi.errors"])

    errors, stderr = io.StringIO(), io.StringIO()
    lab.patch(sys, "stderr", stderr)
    body = lab.brief(app, errors_stream=errors)
    app.logger.warning("outside of request")
    same = wsgi_errors_stream._get_current_object() is stderr
    return [
        body,
        "inside request" in errors.getvalue(),
        "outside of request" in stderr.getvalue(),
        "inside" in stderr.getvalue(),
        same,
    ]


@scenario
def traceback_goes_to_the_errors_stream(lab: Lab):
    quiet(lab)
    app = lab.app()
    app.add_url_rule("/fail", "fail", lambda: 1 / 0)
    errors = io.StringIO()
    code = lab.code(app, "/fail?x=1", errors_stream=errors)
    text = errors.getvalue()
    return [
        code,
        "ZeroDivisionError" in text,
        "/fail" in text,
        "[GET]" in text,
        "Traceback" in text,
        text.count("ZeroDivisionError"),
    ]


@scenario
def removing_the_default_handler(lab: Lab):
    quiet(lab)
    app = lab.app()
    app.logger.removeHandler(default_handler)
    return [app.logger.handlers, app.logger.handlers]


@scenario
def configured_before_the_app(lab: Lab):
    import logging.config

    stream = io.StringIO()
    quiet(lab)
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"f": {"format": "%(name)s %(levelname)s %(message)s"}},
            "handlers": {
                "h": {"class": "logging.StreamHandler", "stream": stream, "formatter": "f"}
            },
            "root": {"level": "INFO", "handlers": ["h"]},
        }
    )
    app = lab.app()
    app.logger.info("t: info")
    app.logger.debug("t: debug")
    logging.getLogger().handlers.clear()
    logging.getLogger().setLevel(logging.WARNING)
    return [stream.getvalue(), app.logger.handlers]


@family("debug", "info", "warning", "error", "exception", "critical")
def records_of_a_view(lab: Lab, name):
    app = lab.app()

    @app.get("/")
    def index():
        getattr(app.logger, name)("t: %s", name)
        return "x"

    app.logger.setLevel(logging.DEBUG)
    return lab.brief(app)


@scenario
def log_exception_overridden(lab: Lab):
    class Shop(flask.Flask):
        def log_exception(self, exc_info):
            self.logger.error("t: own %s", exc_info[0].__name__)

    app = lab.app(cls=Shop)
    app.add_url_rule("/", "index", lambda: 1 / 0)
    return lab.code(app)


@scenario
def exception_record(lab: Lab):
    app = lab.app()
    app.add_url_rule("/p/<x>", "p", lambda x: 1 / 0, methods=["POST"])
    seen = []

    class Handler(logging.Handler):
        def emit(self, record):
            text = record.getMessage()
            seen.append(
                [
                    record.name,
                    record.levelname,
                    "/p/value" in text,
                    "[POST]" in text,
                    record.exc_info[0].__name__,
                    record.module,
                ]
            )

    handler = Handler()
    app.logger.addHandler(handler)
    lab.code(app, "POST /p/value?q=1")
    app.logger.removeHandler(handler)
    return [item[:5] for item in seen]


@scenario
def module_names(lab: Lab):
    return [callable(flask.logging.create_logger), flask.logging.create_logger(lab.app()).name]


@scenario
def logger_made_inside_a_request(lab: Lab):
    quiet(lab)
    app = lab.app(DEBUG=True)
    app.add_url_rule("/", "index", lambda: f"{app.logger.level} {len(app.logger.handlers)}")
    return lab.brief(app, errors_stream=io.StringIO())
