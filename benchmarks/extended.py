"""Applications that use one published extension each, or a whole production stack of them.

`FACTORIES` maps a name to the function that builds that application; an extension is imported only
there, so that a worker loads no other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.application import SECRET_KEY
from benchmarks.customised import create_plain
from flask import Flask, session
from flask.views import MethodView

# Long enough for Flask-Compress, which leaves short answers alone.
PARAGRAPHS = "<p>Some words, and others that follow them, in a paragraph.</p>\n" * 40


def create_apiflask() -> Flask:
    from apiflask import APIFlask

    return create_plain(APIFlask)


def create_sentry() -> Flask:
    """Errors and release health are reported, as by default; nothing is sent over a socket."""
    _start_sentry()
    return create_plain()


def _start_sentry() -> None:
    import sentry_sdk
    from sentry_sdk.transport import Transport

    class Discarding(Transport):
        def capture_envelope(self, envelope: Any) -> None:
            pass

    sentry_sdk.init(dsn="http://key@localhost/1", transport=Discarding())


def create_opentelemetry() -> Flask:
    """Each request makes one span; spans leave in batches, to an exporter that drops them."""
    from opentelemetry.instrumentation.flask import FlaskInstrumentor
    from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

    class Discarding(SpanExporter):
        def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
            return SpanExportResult.SUCCESS

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(Discarding()))
    app = create_plain()
    FlaskInstrumentor().instrument_app(app, tracer_provider=provider)
    return app


def create_production() -> Flask:
    """What a site behind a proxy commonly has at once; its request is anonymous and plain."""
    from flask_cors import CORS
    from flask_talisman import Talisman
    from flask_wtf import CSRFProtect
    from werkzeug.middleware.proxy_fix import ProxyFix

    _start_sentry()
    app = create_plain()
    CORS(app)
    Talisman(app)
    CSRFProtect(app)
    _add_login(app)
    app.wsgi_app = ProxyFix(app.wsgi_app)
    return app


def _add_login(app: Flask) -> None:
    from flask_login import LoginManager, UserMixin, login_required, login_user

    class User(UserMixin):
        def __init__(self, user_id: str) -> None:
            self.id = user_id

    LoginManager(app).user_loader(User)

    @app.route("/login")
    def login() -> str:
        login_user(User("1"))
        return "logged in"

    @app.route("/account")
    @login_required
    def account() -> str:
        return "your account"


def create_login() -> Flask:
    app = create_plain()
    _add_login(app)
    return app


def create_limiter() -> Flask:
    from flask_limiter import Limiter
    from flask_limiter.util import get_remote_address

    app = create_plain()
    limits = ["1000000 per second"]
    Limiter(get_remote_address, app=app, default_limits=limits, storage_uri="memory://")
    return app


def create_sqlalchemy() -> Flask:
    """One row by its primary key, from SQLite in memory."""
    from flask_sqlalchemy import SQLAlchemy

    app = create_plain()
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    db: Any = SQLAlchemy(app)

    class Book(db.Model):
        id = db.Column(db.Integer, primary_key=True)
        title = db.Column(db.String, nullable=False)

    with app.app_context():
        db.create_all()
        db.session.add(Book(id=1, title="Notes"))
        db.session.commit()

    @app.route("/book")
    def book() -> str:
        title: str = db.session.get(Book, 1).title
        return title

    return app


def create_session() -> Flask:
    """Sessions kept in the memory of the process, through cachelib."""
    from cachelib import SimpleCache
    from flask_session import Session

    app = create_plain()
    app.config.update(SESSION_TYPE="cachelib", SESSION_CACHELIB=SimpleCache())
    Session(app)

    @app.route("/start")
    def start() -> str:
        session["user"] = "ada"
        return "started"

    @app.route("/read")
    def read() -> str:
        return f"Hello, {session['user']}!"

    return app


def create_restx() -> Flask:
    from flask_restx import Api, Resource, fields

    app = Flask(__name__)
    app.secret_key = SECRET_KEY
    api = Api(app, doc=False)
    model = api.model("Book", {"id": fields.Integer, "title": fields.String})

    @api.route("/book")
    class Book(Resource):
        @api.marshal_with(model)
        def get(self) -> dict[str, object]:
            return {"id": 1, "title": "Notes", "secret": "unseen"}

    return app


def create_smorest() -> Flask:
    import marshmallow
    from flask_smorest import Api, Blueprint

    class BookSchema(marshmallow.Schema):
        id = marshmallow.fields.Int()
        title = marshmallow.fields.String()

    app = create_plain()
    app.config.update(API_TITLE="Books", API_VERSION="1", OPENAPI_VERSION="3.0.3")
    blueprint = Blueprint("books", __name__)

    @blueprint.route("/book")
    class Book(MethodView):
        @blueprint.response(200, BookSchema)
        def get(self) -> dict[str, object]:
            return {"id": 1, "title": "Notes", "secret": "unseen"}

    Api(app).register_blueprint(blueprint)
    return app


def create_prometheus() -> Flask:
    from prometheus_client import CollectorRegistry
    from prometheus_flask_exporter import PrometheusMetrics

    app = create_plain()
    PrometheusMetrics(app, registry=CollectorRegistry())
    return app


def create_babel() -> Flask:
    from flask_babel import Babel, format_decimal, gettext

    from flask import request

    app = create_plain()
    Babel(app, locale_selector=lambda: request.accept_languages.best_match(["de", "en"]))

    @app.route("/price")
    def price() -> str:
        return f"{gettext('Price')}: {format_decimal(1234.5)}"

    return app


def create_compress() -> Flask:
    from flask_compress import Compress

    app = create_plain()
    # Brotli's default here is for files that are compressed once.
    app.config["COMPRESS_ALGORITHM"] = "gzip"
    Compress(app)
    app.add_url_rule("/long", "long", lambda: PARAGRAPHS)
    return app


def create_debugtoolbar() -> Flask:
    from flask_debugtoolbar import DebugToolbarExtension

    app = create_plain()
    app.config["DEBUG_TB_ENABLED"] = False
    DebugToolbarExtension(app)
    return app


FACTORIES: dict[str, Callable[[], Flask]] = {
    "apiflask": create_apiflask,
    "sentry": create_sentry,
    "opentelemetry": create_opentelemetry,
    "production": create_production,
    "login": create_login,
    "limiter": create_limiter,
    "sqlalchemy": create_sqlalchemy,
    "session": create_session,
    "restx": create_restx,
    "smorest": create_smorest,
    "prometheus": create_prometheus,
    "babel": create_babel,
    "compress": create_compress,
    "debugtoolbar": create_debugtoolbar,
}
