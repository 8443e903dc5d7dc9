"""Flask-Cors: which other sites may read a response."""

from __future__ import annotations

import re

import pytest
from flask_cors import CORS, cross_origin

import flask

SITE = "https://site.example"


def headers_of(client, path: str, origin: str | None = SITE, **more: str) -> dict[str, str]:
    headers = more | ({"Origin": origin} if origin else {})
    return dict(client.get(path, headers=headers).headers)


def preflight(client, path: str, method: str, origin: str = SITE, ask: str = ""):
    headers = {"Origin": origin, "Access-Control-Request-Method": method}
    if ask:
        headers["Access-Control-Request-Headers"] = ask
    return client.options(path, headers=headers)


def bare_app() -> flask.Flask:
    app = flask.Flask(__name__)

    @app.route("/api/data", methods=["GET", "POST"])
    def data():
        return {"n": 1}

    @app.get("/page")
    def page():
        return "page"

    @app.get("/api/fail")
    def fail():
        raise RuntimeError

    return app


def test_every_site_may_read_by_default() -> None:
    app = bare_app()
    CORS(app)
    assert headers_of(app.test_client(), "/page")["Access-Control-Allow-Origin"] == SITE


def test_wildcard_is_sent_when_asked_for() -> None:
    app = bare_app()
    CORS(app, send_wildcard=True)
    assert headers_of(app.test_client(), "/page")["Access-Control-Allow-Origin"] == "*"


def test_resources_limit_it_to_paths_and_origins() -> None:
    app = bare_app()
    CORS(app, resources={r"/api/*": {"origins": [SITE, re.compile(r"https://.*\.ours\.example$")]}})
    client = app.test_client()
    allowed = headers_of(client, "/api/data")
    assert allowed["Access-Control-Allow-Origin"] == SITE
    assert "Origin" in allowed["Vary"]
    ours = headers_of(client, "/api/data", "https://a.ours.example")
    assert ours["Access-Control-Allow-Origin"] == "https://a.ours.example"
    for path, origin in [("/page", SITE), ("/api/data", "https://evil.example")]:
        assert "Access-Control-Allow-Origin" not in headers_of(client, path, origin)


def test_request_without_origin_gets_no_headers_of_it() -> None:
    app = bare_app()
    CORS(app, origins=[SITE], always_send=False)
    assert "Access-Control-Allow-Origin" not in headers_of(app.test_client(), "/page", None)


def test_preflight_is_answered_with_methods_headers_and_age() -> None:
    app = bare_app()
    CORS(app, origins=SITE, methods=["GET", "POST"], allow_headers=["X-Key"], max_age=600)
    answer = preflight(app.test_client(), "/api/data", "POST", ask="X-Key, X-Other")
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == SITE
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, POST"
    assert answer.headers["Access-Control-Allow-Headers"] == "X-Key"
    assert answer.headers["Access-Control-Max-Age"] == "600"
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}


def test_preflight_of_another_site_is_told_nothing() -> None:
    app = bare_app()
    CORS(app, origins=SITE)
    answer = preflight(app.test_client(), "/api/data", "POST", "https://evil.example")
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_credentials_and_exposed_headers() -> None:
    app = bare_app()
    CORS(app, origins=SITE, supports_credentials=True, expose_headers=["X-Total"])
    headers = headers_of(app.test_client(), "/api/data")
    assert headers["Access-Control-Allow-Credentials"] == "true"
    assert headers["Access-Control-Expose-Headers"] == "X-Total"


def test_error_answers_can_be_read_too() -> None:
    app = bare_app()
    CORS(app)
    client = app.test_client()
    for path, status in [("/nowhere", 404), ("/api/fail", 500)]:
        answer = client.get(path, headers={"Origin": SITE})
        assert answer.status_code == status
        assert answer.headers["Access-Control-Allow-Origin"] == SITE


def test_exception_raised_to_the_server_can_be_intercepted() -> None:
    app = bare_app()
    app.testing = True
    CORS(app, intercept_exceptions=True)
    with pytest.raises(RuntimeError):
        app.test_client().get("/api/fail")


def test_settings_may_come_from_the_configuration() -> None:
    app = bare_app()
    app.config["CORS_ORIGINS"] = [SITE]
    app.config["CORS_RESOURCES"] = r"/api/.*"
    cors = CORS()
    cors.init_app(app)
    client = app.test_client()
    assert headers_of(client, "/api/data")["Access-Control-Allow-Origin"] == SITE
    assert "Access-Control-Allow-Origin" not in headers_of(client, "/page")


def test_blueprint_has_rules_of_its_own() -> None:
    app = bare_app()
    api = flask.Blueprint("v2", __name__, url_prefix="/v2")
    CORS(api, origins=SITE)
    api.get("/data", endpoint="data")(lambda: {"n": 2})
    app.register_blueprint(api)
    client = app.test_client()
    assert headers_of(client, "/v2/data")["Access-Control-Allow-Origin"] == SITE
    assert "Access-Control-Allow-Origin" not in headers_of(client, "/api/data")


def test_decorator_opens_one_view_and_answers_its_preflight() -> None:
    app = bare_app()
    app.add_url_rule(
        "/open", "open", cross_origin(origins=[SITE])(lambda: "open"), methods=["PUT", "GET"]
    )
    client = app.test_client()
    assert headers_of(client, "/open")["Access-Control-Allow-Origin"] == SITE
    answer = preflight(client, "/open", "PUT")
    assert answer.headers["Access-Control-Allow-Origin"] == SITE
    assert "PUT" in answer.headers["Access-Control-Allow-Methods"]
    assert "Access-Control-Allow-Origin" not in headers_of(client, "/page")


def test_views_own_header_is_kept() -> None:
    app = bare_app()
    CORS(app)

    @app.get("/own")
    @cross_origin(origins="https://one.example")
    def own():
        return "own"

    headers = headers_of(app.test_client(), "/own", "https://one.example")
    assert headers["Access-Control-Allow-Origin"] == "https://one.example"


def test_private_network_is_opened_only_when_asked_for() -> None:
    app = bare_app()
    CORS(app, origins=SITE, allow_private_network=True)
    ask = {
        "Origin": SITE,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Private-Network": "true",
    }
    answer = app.test_client().options("/page", headers=ask)
    assert answer.headers["Access-Control-Allow-Private-Network"] == "true"
