"""The rows that show what a customisation or an extension adds to a request.

Each is one request to an application that differs from the plain one in one thing. A row is
measured in processes of its own, for receivers and agents reach every application of a process.
"""

from __future__ import annotations

from typing import Any

from benchmarks.scenarios import Exchange, Request, Scenario

PLAIN = "nothing-special"
GREETING = Exchange(Request("/"), body=b"Hello, World!")
BOOK = Exchange(Request("/book"), data={"id": 1, "title": "Notes"})
# What a proxy that ends TLS adds.
PROXIED = {
    "HTTP_X_FORWARDED_PROTO": "https",
    "HTTP_X_FORWARDED_FOR": "203.0.113.7",
    "HTTP_X_FORWARDED_HOST": "127.0.0.1:8000",
}


def _customised(name: str, title: str) -> Scenario:
    return Scenario(name, title, (GREETING,), application=name)


def _extended(
    name: str, title: str, needs: str, exchange: Exchange = GREETING, **more: Any
) -> Scenario:
    return Scenario(name, title, (exchange,), application=name, needs=needs, **more)


CUSTOMISED = (
    _customised(PLAIN, "nothing special"),
    _customised("blueprint", "the view on a blueprint"),
    _customised("override-dispatch-request", "overrides `dispatch_request`"),
    _customised("override-make-response", "overrides `make_response`"),
    _customised("override-process-response", "overrides `process_response`"),
    _customised("override-full-dispatch-request", "overrides `full_dispatch_request`"),
    _customised("override-finalize-request", "overrides `finalize_request`"),
    _customised("override-preprocess-request", "overrides `preprocess_request`"),
    _customised("receiver-request-started", "a receiver of `request_started`"),
    _customised("receiver-request-finished", "a receiver of `request_finished`"),
    _customised("receiver-request-tearing-down", "a receiver of `request_tearing_down`"),
    _customised("receiver-elsewhere", "a receiver for another application"),
    _customised("matching-subdomains", "`subdomain_matching`"),
    _customised("matching-hosts", "`host_matching`"),
    _customised("url-defaults", "a function of `url_defaults`"),
    _customised("url-value-preprocessor", "a function of `url_value_preprocessor`"),
    _customised("request-class", "a subclass of `Request`"),
    _customised("response-class", "a subclass of `Response`"),
    _customised("session-interface", "a session interface with one getter replaced"),
)
EXTENDED = (
    _extended("apiflask", "APIFlask", "apiflask"),
    _extended("sentry", "Sentry SDK", "sentry_sdk"),
    _extended("opentelemetry", "OpenTelemetry", "opentelemetry.instrumentation.flask"),
    _extended(
        "production",
        "Sentry, Flask-Cors, Talisman, CSRFProtect, Flask-Login and ProxyFix together",
        "flask_talisman",
        Exchange(Request("/", headers=PROXIED), body=b"Hello, World!"),
    ),
    _extended("limiter", "Flask-Limiter, counting in memory", "flask_limiter"),
    _extended(
        "login",
        "Flask-Login, a view behind `login_required`",
        "flask_login",
        Exchange(Request("/account"), body=b"your account"),
        sign_in=Request("/login"),
    ),
    _extended(
        "sqlalchemy",
        "Flask-SQLAlchemy, one row by its key",
        "flask_sqlalchemy",
        Exchange(Request("/book"), body=b"Notes"),
    ),
    _extended(
        "session",
        "Flask-Session, a session read",
        "flask_session",
        Exchange(Request("/read"), body=b"Hello, ada!"),
        sign_in=Request("/start"),
    ),
    _extended("restx", "flask-restx, a marshalled resource", "flask_restx", BOOK),
    _extended("smorest", "flask-smorest, a response schema", "flask_smorest", BOOK),
    _extended("prometheus", "prometheus-flask-exporter", "prometheus_flask_exporter"),
    _extended(
        "babel",
        "Flask-Babel, a text and a number",
        "flask_babel",
        Exchange(Request("/price"), body=b"Price: 1,234.5"),
    ),
    _extended(
        "compress",
        "Flask-Compress, 2.5 KB",
        "flask_compress",
        Exchange(Request("/long"), headers={"Content-Encoding": "gzip"}),
    ),
    _extended("debugtoolbar", "Flask-DebugToolbar, switched off", "flask_debugtoolbar"),
)
ADDITIONS = CUSTOMISED + EXTENDED
BY_NAME: dict[str, Scenario] = {scenario.name: scenario for scenario in ADDITIONS}
