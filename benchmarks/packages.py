"""The distributions that measured environments hold beside Flask."""

# What both environments should have at the same version, so that only Flask itself differs.
SHARED = ("werkzeug", "jinja2", "markupsafe", "itsdangerous", "click", "blinker")
EXTENSIONS = (
    "APIFlask",
    "Flask-Babel",
    "Flask-Compress",
    "Flask-Cors",
    "Flask-DebugToolbar",
    "Flask-Limiter",
    "flask-login",
    "flask-restx",
    "Flask-Session",
    "flask-smorest",
    "Flask-SQLAlchemy",
    "flask-talisman",
    "Flask-WTF",
    "opentelemetry-instrumentation-flask",
    "opentelemetry-sdk",
    "prometheus-flask-exporter",
    "sentry-sdk",
)
PEERS = (
    *("bottle", "falcon", "granian", "gunicorn", "gevent", "packaging", "flask-login"),
    "whitenoise",
)
# Compiled where they are installed: measured if they are there on both sides.
COMPILED = ("bjoern", "uwsgi")
